internal import AgentToken
internal import ArgumentParser
internal import Issuing
internal import JSON

struct RootExport: IssuerCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Print the public root key, for `holdfast enroll --root`.")

  @OptionGroup var options: IssuerOptions

  @Option(
    name: .long, help: ArgumentHelp("Write it there, not to standard output.", valueName: "FILE"))
  var output: String?

  func perform(_ issuer: Issuer, _ console: Console) throws(Refusal) {
    let bundle = try issuer.bundle()
    let root = bundle.signer
    try console.hand(
      root.jwk.encoded() + "\n", to: output, mode: 0o644,
      [
        .init(name: "cluster", value: .string(bundle.cluster)),
        .init(name: "root", value: root.jwk),
      ])
    if let output {
      console.note("Wrote the public root key \(root.kid) of \(bundle.cluster) to \(output).")
    }
  }
}
