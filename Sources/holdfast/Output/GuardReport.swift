/// What `guard` derived, and from where.
enum GuardReport {
  /// Everything that a service consists of.
  static func found(_ reply: Reply, view: View) -> [String] {
    let unit = reply.text("unit") ?? "?"
    let head = [unit, reply.text("description")].compactMap(\.self).joined(separator: "  ")
    var table = Table()
    func add(_ label: String, _ values: [String], _ source: String = "") {
      for (index, value) in values.enumerated() {
        table.add([
          .init(index == 0 ? label : ""), .init(value), .init(index == 0 ? source : ""),
        ])
      }
    }
    let asked = reply.text("asked")
    add("named", asked.map { [$0] } ?? [], "an alias of \(unit)")
    add("aliases", reply.texts("aliases").filter { $0 != asked })
    add("unit", reply.text("fragment").map { [$0] } ?? [])
    add("drop-ins", reply.texts("dropins"))
    add("started by", reply.texts("triggers"), "protected with it")
    for group in programs(reply) { add(group.label, group.paths, group.source) }
    let package = reply["package"]
    add("settings", folded(reply.texts("settings")), package == nil ? "" : "from the package")
    if let package {
      let name = [package.text("name"), package.text("version")].compactMap(\.self)
      add("package", [name.joined(separator: " ")], upgrades(reply.text("upgrades")))
    } else {
      add("package", ["none: its files belong to no package"])
    }
    add("logs", reply.texts("logs"), reply.text("logs_from").map { "from \($0)" } ?? "")
    let signals = reply.texts("allow_signals")
    add("signals", signals.isEmpty ? [] : [signals.joined(separator: " ")], "others may send these")
    add("cgroup", reply.text("cgroup").map { [$0] } ?? [])
    add("mode", reply.text("mode") == "audit" ? ["audit"] : [], "only watched, nothing is enforced")
    return [head] + table.lines() + reply.texts("notes").map { "  \($0)" }
  }

  /// Programs and other files that stay as they are, by where each was found.
  private static func programs(
    _ reply: Reply
  ) -> [(label: String, paths: [String], source: String)] {
    let origins = Dictionary(
      reply.members("origins").map { ($0.name, $0.value.text ?? "") },
      uniquingKeysWith: { first, _ in first })
    let groups = [
      ("Exec", "program", "from its Exec…= lines"), ("command line", "", "from its command line"),
      ("Files", "files", "from Files= in its settings"), ("folder", "", "beside its program"),
    ]
    var left = reply.texts("program")
    var found: [(label: String, paths: [String], source: String)] = []
    for (origin, label, source) in groups {
      let paths = left.filter { origins[$0] == origin }
      left.removeAll { origins[$0] == origin }
      let only = origin == "Exec" && paths.count == 1 ? "from ExecStart=" : source
      if !paths.isEmpty { found.append((found.isEmpty ? "program" : label, paths, only)) }
    }
    if !left.isEmpty { found.append((found.isEmpty ? "program" : "", left, "")) }
    return found
  }

  private static func upgrades(_ value: String?) -> String {
    switch value {
    case "token"?: "upgrades need an unprotect"
    case "signed"?: "upgrades need a signed release"
    case "any"?: "upgrades need nothing"
    case let other?: "upgrades: \(other)"
    case nil: ""
    }
  }

  /// What came of it.
  static func ending(_ reply: Reply, view: View) -> [String] {
    if reply.flag("already") { return ["It was guarded already; nothing was changed."] }
    if reply.flag("dry_run") { return ["Only looked at; nothing was changed (--dry-run)."] }
    let written = reply.text("file").map { ["  Written to \($0)."] } ?? []
    if reply.text("mode") == "audit" {
      return written + [view.paint.warning("Watched from now on") + "; nothing is enforced."]
    }
    if reply.text("state") == "protected" {
      return written + [view.paint.good("Protected, by user space.")]
    }
    return written + [
      view.paint.good("Guarded from now on.") + " How it stands: holdfast status"
    ]
  }

  /// `/etc/filebeat (4 files)` for files of one folder.
  static func folded(_ paths: [String]) -> [String] {
    var order: [String] = []
    var folders: [String: [String]] = [:]
    for path in paths {
      let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
      if folders[folder] == nil { order.append(folder) }
      folders[folder, default: []].append(path)
    }
    return order.flatMap { folder in
      let paths = folders[folder] ?? []
      return paths.count == 1 ? paths : ["\(folder) (\(Text.count(paths.count, "file")))"]
    }
  }

  static func list(_ reply: Reply, view: View) -> [String] {
    let services = reply.list("services")
    guard !services.isEmpty else {
      return ["No service is guarded yet: holdfast guard add UNIT"]
    }
    var table = Table()
    for service in services {
      table.add([
        .init(UnitArgument.short(service.text("unit") ?? "?")),
        .init(program(of: service)), .init(package(of: service)),
        .init(origin(of: service, now: view.now)),
      ])
    }
    return table.lines(indent: "")
  }

  /// The first, and how many more; `guard add` and `--json` name them all.
  private static func program(of service: Reply) -> String {
    let programs = service.texts("program")
    guard let first = programs.first else { return "no program" }
    return programs.count == 1 ? first : "\(first) and \(programs.count - 1) more"
  }

  private static func package(of service: Reply) -> String {
    guard let package = service["package"] else { return "no package" }
    if let name = package.text { return name }
    return [package.text("name"), package.text("version")].compactMap(\.self)
      .joined(separator: " ")
  }

  private static func origin(of service: Reply, now: Int64) -> String {
    guard let added = service["added_by"] else { return "" }
    let who = People.describe(added)
    let when = added.number("at").map { "\(Times.age(seconds: now - $0)) ago" }
    let words = [who.isEmpty ? nil : "by \(who)", when].compactMap(\.self)
    return words.isEmpty ? "" : "added " + words.joined(separator: ", ")
  }
}
