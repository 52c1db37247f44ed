import ArgumentParser

struct Guard: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say which services are protected.",
    subcommands: [Add.self, Remove.self, List.self])

  @OptionGroup var options: GlobalOptions

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Protect a service; shows what was derived, and from where.",
      discussion: "Needs no token: tightening is free.")

    @Argument(help: "The service to protect.")
    var unit: UnitArgument

    @Flag(name: .long, help: "Only show what would be protected.")
    var dryRun = false

    @Flag(name: .long, help: "Also where something speaks against it that can be overruled.")
    var force = false

    @OptionGroup var options: GlobalOptions

    func run() throws {
      var request = try Request("guard add").adding(unit.name, name: "the unit's name")
      if dryRun { request = try request.adding("dry-run", name: "dry-run") }
      if force { request = try request.adding("force", name: "force") }
      try options.perform(request, describe: GuardReport.added)
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Protect a service no longer.",
      discussion: "Only while the host is unprotected: see `holdfast unprotect`.")

    @Argument(help: "The service to let go.")
    var unit: UnitArgument

    @OptionGroup var options: GlobalOptions

    func run() throws {
      let request = try Request("guard remove").adding(unit.name, name: "the unit's name")
      try options.perform(request) { reply, view in
        let name = UnitArgument.short(reply.text("unit") ?? unit.name)
        return reply.flag("removed")
          ? [view.paint.good("Removed") + ": \(name) is guarded no longer."]
          : ["\(name) was not guarded."]
      }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the protected services, and who added each.")

    @OptionGroup var options: GlobalOptions

    func run() throws {
      try options.perform(Request("guard list"), describe: GuardReport.list)
    }
  }
}
