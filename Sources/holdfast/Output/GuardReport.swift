/// What `guard` derived, and from where.
enum GuardReport {
  static func added(_ reply: Reply, view: View) -> [String] {
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
    add("unit", reply.text("fragment").map { [$0] } ?? [])
    add("drop-ins", reply.texts("dropins"))
    add("program", reply.texts("program"), "from ExecStart=")
    let package = reply["package"]
    add("settings", folded(reply.texts("settings")), package == nil ? "" : "from the package")
    if let package {
      let name = [package.text("name"), package.text("version")].compactMap(\.self)
      add("package", [name.joined(separator: " ")], upgrades(reply.text("upgrades")))
    } else {
      add("package", ["none: its files belong to no package"])
    }
    add("cgroup", reply.text("cgroup").map { [$0] } ?? [])
    add("written", reply.flag("dry_run") ? [] : reply.text("file").map { [$0] } ?? [])
    return [head] + table.lines() + [ending(reply, view: view)]
  }

  private static func upgrades(_ value: String?) -> String {
    switch value {
    case "token"?: "upgrades need an unprotect"
    case let other?: "upgrades: \(other)"
    case nil: ""
    }
  }

  private static func ending(_ reply: Reply, view: View) -> String {
    if reply.flag("dry_run") { return "Only looked at; nothing was changed (--dry-run)." }
    if reply.flag("already") { return "It was guarded already; nothing was changed." }
    if reply.text("state") == "protected" { return view.paint.good("Protected, by user space.") }
    return view.paint.good("Guarded from now on.") + " How it stands: holdfast status"
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
