import ArgumentParser

struct Restart: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Restart a protected service, without a token.",
    discussion: """
      For a changed library or a rotated log. The service's files are verified first; at most \
      once in 60 seconds, and recorded.
      """)

  @Argument(help: "The protected service.")
  var unit: UnitArgument

  @OptionGroup var options: GlobalOptions

  func run() throws {
    let request = try Request("restart").adding(unit.name, name: "the unit's name")
    try options.perform(request) { reply, view in
      let record = reply.number("record").map { " Recorded as \($0)." } ?? ""
      return [view.paint.good("Restarted") + " \(UnitArgument.short(unit.name)).\(record)"]
    }
  }
}
