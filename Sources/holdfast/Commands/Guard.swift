import ArgumentParser

struct Guard: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say which services are protected.",
    subcommands: [Add.self, Remove.self, List.self])

  @OptionGroup var options: GlobalOptions

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Protect services; shows what was derived, and from where, before it writes.",
      discussion: """
        Needs no token: tightening is free. What fails for one service does not keep the others \
        from being protected.
        """)

    @Argument(help: "The services to protect.")
    var units: [UnitArgument]

    @Flag(name: .long, help: "Only show what would be protected.")
    var dryRun = false

    @Flag(name: .long, help: "Also what a host needs to boot or to be reached.")
    var force = false

    @OptionGroup var options: GlobalOptions

    func run() throws {
      var failures: [Failure] = []
      try options.daemon.converse { (ask) throws(Failure) in
        for unit in units {
          do throws(Failure) {
            try add(unit, ask)
          } catch  where error.status != .unreachable {
            // Said here where others follow; of the last one, and of one alone, by `main`.
            failures.append(error)
            guard units.count > 1 else { throw error }
            for line in error.lines(paint: .standardError) { Console.error(line) }
          }
        }
      }
      guard let first = failures.first else { return }
      throw Failure(failures.count == units.count ? first.status : .refused, nil)
    }

    private func add(
      _ unit: UnitArgument, _ ask: (Request) throws(Failure) -> Reply
    ) throws(Failure) {
      var request = try Request("guard add").adding(unit.name, name: "the unit's name")
      let look = try request.adding("dry-run", name: "dry-run")
      if force { request = try request.adding("force", name: "force") }
      let lookHard = force ? try look.adding("force", name: "force") : look
      if options.json {
        return try options.show(try ask(dryRun ? lookHard : request), describe: { _, _ in [] })
      }
      let found = try ask(lookHard)
      if units.first?.name != unit.name { Console.print([""]) }
      try options.show(found, describe: GuardReport.found)
      guard !dryRun, !found.flag("already") else {
        return try options.show(found, describe: GuardReport.ending)
      }
      try options.show(try ask(request), describe: GuardReport.ending)
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
