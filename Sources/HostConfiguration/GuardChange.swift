internal import Protection

extension GuardSettings {
  /// What differs between the protected services, by the old order and then the new: services that
  /// came and went, and for the others their settings, one change for each file.
  package static func change(
    from old: [GuardSettings], to new: [GuardSettings]
  ) -> [SettingChange] {
    var changes: [SettingChange] = []
    for before in old {
      if let after = new.first(where: { $0.unit == before.unit }) {
        changes += before.changes(to: after)
      } else {
        changes.append(
          SettingChange(
            unit: before.unit, key: "[Service] Unit", old: before.unit, new: nil, loosens: true))
      }
    }
    for after in new where !old.contains(where: { $0.unit == after.unit }) {
      changes.append(after.arrival)
    }
    return changes
  }

  /// Takes over everything that does not loosen protection: new services, a stricter `Upgrades=`,
  /// more files. What is missing in `new` stays protected.
  ///
  /// - Parameter open: units that are released, of which everything is taken over.
  package static func tightened(
    _ old: [GuardSettings], by new: [GuardSettings], open: Set<String> = []
  ) -> Taking<[GuardSettings]> {
    var result: [GuardSettings] = []
    var taken: [SettingChange] = []
    for before in old {
      var merged = before
      if let after = new.first(where: { $0.unit == before.unit }) {
        if open.contains(before.unit) { merged = after } else { merged.tighten(by: after) }
      }
      result.append(merged)
      taken += before.changes(to: merged)
    }
    for after in new where !old.contains(where: { $0.unit == after.unit }) {
      guard result.count < maxServices else { break }
      result.append(after)
      taken.append(after.arrival)
    }
    // Whatever still differs from what was asked for was refused.
    return Taking(value: result, taken: taken, refused: change(from: result, to: new))
  }

  private var arrival: SettingChange {
    SettingChange(unit: unit, key: "[Service] Unit", old: nil, new: unit, loosens: false)
  }

  /// What differs in the settings of the same service.
  private func changes(to new: GuardSettings) -> [SettingChange] {
    var changes: [SettingChange] = []
    if upgrades != new.upgrades {
      changes.append(
        SettingChange(
          unit: unit, key: "[Service] Upgrades", old: upgrades.rawValue,
          new: new.upgrades.rawValue, loosens: new.upgrades > upgrades))
    }
    if mode != new.mode {
      changes.append(
        SettingChange(
          unit: unit, key: "[Service] Mode", old: mode?.rawValue, new: new.mode?.rawValue,
          loosens: loosens(to: new.mode)))
    }
    if logs != new.logs {
      changes.append(
        SettingChange(
          unit: unit, key: "[Service] Logs", old: logs.map(Self.text), new: new.logs.map(Self.text),
          loosens: !Self.isPart(new.logs, of: logs)))
    }
    if allowSignals != new.allowSignals {
      changes.append(
        SettingChange(
          unit: unit, key: "[Service] AllowSignals", old: allowSignals.map(Self.text),
          new: new.allowSignals.map(Self.text),
          loosens: !Self.isPart(new.allowSignals, of: allowSignals)))
    }
    let (mine, theirs) = (files, new.files)
    for path in extraFiles where !theirs.contains(Array(path.utf8)) {
      changes.append(
        SettingChange(unit: unit, key: "[Service] Files", old: path, new: nil, loosens: true))
    }
    for path in new.extraFiles where !mine.contains(Array(path.utf8)) {
      changes.append(
        SettingChange(unit: unit, key: "[Service] Files", old: nil, new: path, loosens: false))
    }
    return changes
  }

  private mutating func tighten(by new: GuardSettings) {
    upgrades = min(upgrades, new.upgrades)
    if !loosens(to: new.mode) { mode = new.mode }
    if Self.isPart(new.logs, of: logs) { logs = new.logs }
    if Self.isPart(new.allowSignals, of: allowSignals) { allowSignals = new.allowSignals }
    let mine = files
    for path in new.extraFiles
    where !mine.contains(Array(path.utf8)) && extraFiles.count < Self.maxFiles {
      extraFiles.append(path)
    }
  }

  /// Without a mode of its own the host's counts, which may be either: taking `enforce` away is no
  /// less than `audit`.
  private func loosens(to new: ProtectionMode?) -> Bool {
    switch (mode, new) {
    case (_, .enforce?), (.audit?, _), (nil, nil): false
    case (_, .audit?), (.enforce?, nil): true
    }
  }

  /// Whether a list of what is left open is no longer than another. What a package says is not known
  /// here, so only the empty list is shorter than that.
  private static func isPart(_ new: [String]?, of old: [String]?) -> Bool {
    guard let new else { return old == nil }
    return new.isEmpty || new.allSatisfy { path in old?.contains(path) == true }
  }

  private static func text(_ words: [String]) -> String {
    words.map(WordList.quoted).joined(separator: " ")
  }

  /// The files named, to be compared byte for byte.
  private var files: Set<[UInt8]> { Set(extraFiles.map { Array($0.utf8) }) }
}
