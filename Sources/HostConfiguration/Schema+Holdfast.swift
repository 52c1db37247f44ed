internal import Protection

/// The settings there are, with the ranges of their values.
extension Schema<Settings> {
  static let settings = Schema(
    sections: [
      Section(
        name: "Control",
        settings: [
          Setting(name: "MaxConnections") { (settings, text) throws(ValueProblem) in
            settings.control.maxConnections = try ValueReader.integer(text, in: 1...1024)
          },
          Setting(name: "MaxConnectionsPerUser") { (settings, text) throws(ValueProblem) in
            settings.control.maxConnectionsPerUser = try ValueReader.integer(text, in: 1...1024)
          },
          Setting(name: "FirstLineTimeoutSec") { (settings, text) throws(ValueProblem) in
            settings.control.firstLineTimeout = try ValueReader.timeSpan(
              text, in: 100 * TimeSpan.millisecond...10 * TimeSpan.minute)
          },
          Setting(name: "FailedTokensPerMinute") { (settings, text) throws(ValueProblem) in
            settings.control.failedTokensPerMinute = try ValueReader.integer(text, in: 1...1000)
          },
        ]),
      Section(
        name: "Protection",
        settings: [
          Setting(name: "MaxWindowSec") { (settings, text) throws(ValueProblem) in
            settings.maxWindow = try ValueReader.seconds(text, in: 60...86_400)
          },
          Setting(name: "Bearer") { (settings, text) throws(ValueProblem) in
            settings.bearer = try ValueReader.choice(text)
          },
          Setting(name: "LocalGuards") { (settings, text) throws(ValueProblem) in
            settings.localGuards = try ValueReader.choice(text)
          },
          Setting(name: "Mode") { (settings, text) throws(ValueProblem) in
            settings.mode = try ValueReader.choice(text)
          },
        ]),
      Section(
        name: "Ledger",
        settings: [
          Setting(name: "FileSize") { (settings, text) throws(ValueProblem) in
            settings.ledger.fileSize = try ValueReader.bytes(text, in: 64 << 10...64 << 20)
          },
          Setting(name: "MaxUse") { (settings, text) throws(ValueProblem) in
            settings.ledger.maxUse = try ValueReader.bytes(text, in: 1 << 20...1 << 40)
          },
        ]),
    ],
    elsewhere: ["Service": "a file in services.d"])
}

extension Schema<GuardSettings.Draft> {
  static let service = Schema(
    sections: [
      Section(
        name: "Service",
        settings: [
          Setting(name: "Unit") { (draft, text) throws(ValueProblem) in
            try ServiceName.check(text)
            draft.unit = text
          },
          Setting(name: "Upgrades") { (draft, text) throws(ValueProblem) in
            draft.upgrades = try ValueReader.choice(text)
          },
          Setting(name: "Mode") { (draft, text) throws(ValueProblem) in
            draft.mode = try ValueReader.choice(text) as ProtectionMode
          },
          Setting(
            name: "Logs", isList: true,
            take: { (draft, text) throws(ValueProblem) in
              for path in try WordList.words(of: text) {
                try FilePath.check(pattern: path)
                if draft.logs?.contains(where: { $0.utf8.elementsEqual(path.utf8) }) == true {
                  continue
                }
                guard draft.logs?.count ?? 0 < GuardSettings.maxLogs else {
                  throw ValueProblem("At most \(GuardSettings.maxLogs) patterns can be named.")
                }
                draft.logs = (draft.logs ?? []) + [path]
              }
            },
            reset: { $0.logs = [] }),
          Setting(
            name: "AllowSignals", isList: true,
            take: { (draft, text) throws(ValueProblem) in
              for word in try WordList.words(of: text) {
                guard GuardSettings.signals.contains(word) else {
                  throw ValueProblem(
                    "\(ValueReader.quoted(word)) is not one of: "
                      + "\(GuardSettings.signals.joined(separator: ", ")).")
                }
                if draft.allowSignals?.contains(word) == true { continue }
                draft.allowSignals = (draft.allowSignals ?? []) + [word]
              }
            },
            reset: { $0.allowSignals = [] }),
          Setting(
            name: "Files", isList: true,
            take: { (draft, text) throws(ValueProblem) in
              for path in try WordList.words(of: text) {
                try FilePath.check(path)
                if draft.files.contains(where: { $0.utf8.elementsEqual(path.utf8) }) { continue }
                guard draft.files.count < GuardSettings.maxFiles else {
                  throw ValueProblem("At most \(GuardSettings.maxFiles) files can be named.")
                }
                draft.files.append(path)
              }
            },
            reset: { $0.files = [] }),
        ])
    ],
    elsewhere: [
      "Control": "holdfast.conf", "Protection": "holdfast.conf", "Ledger": "holdfast.conf",
    ])
}
