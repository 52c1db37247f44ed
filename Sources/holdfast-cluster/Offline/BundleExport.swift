internal import AgentToken
internal import ArgumentParser
internal import Issuing
internal import JSON

struct BundleExport: IssuerCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Print the trust bundle in force, for hosts to enrol with or to import.",
    discussion: """
      With --from, prints what takes a host at that bundle to the one in force: one bundle on each \
      line, to be imported in this order. There is more than one only where the root was replaced.
      """)

  @OptionGroup var options: IssuerOptions

  @Option(
    name: .long,
    help: ArgumentHelp("The number of the bundle that the host has.", valueName: "SEQ"))
  var from: Int64?

  @Option(
    name: .long, help: ArgumentHelp("Write it there, not to standard output.", valueName: "FILE"))
  var output: String?

  func perform(_ issuer: Issuer, _ console: Console) throws(Refusal) {
    let current = try issuer.bundle()
    let chain = if let from { try issuer.chain(from: from) } else { [current] }
    if let from, chain.isEmpty {
      console.note("Bundle \(from) is the one in force: that host needs nothing.")
      guard console.json || output != nil else { return }
    }
    try console.hand(
      chain.map { $0.jws + "\n" }.joined(), to: output, mode: 0o644,
      Describe.members(current)
        + [.init(name: "bundles", value: .array(chain.map { .string($0.jws) }))])
    if let output, !chain.isEmpty {
      let numbers = chain.map { String($0.sequence) }.joined(separator: ", ")
      let word = chain.count == 1 ? "bundle" : "bundles"
      console.note("Wrote trust \(word) \(numbers) of \(current.cluster) to \(output).")
    }
  }
}
