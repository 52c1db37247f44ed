internal import AgentToken
internal import ArgumentParser
internal import ClusterClient
internal import JSON

struct TrustCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trust",
    abstract: "What hosts trust the cluster by.",
    subcommands: [TrustShow.self, TrustImport.self])
}

enum TrustWords {
  static func text(_ trust: JSON) -> String {
    let roots = (trust["roots"]?.array ?? []).map { $0.text("kid") }.joined(separator: ", ")
    return "Cluster \(trust.text("cluster")), trust bundle \(trust.text("seq"))\n"
      + Table.text([
        ["signed", trust.time("issued_at")], ["roots", roots],
        ["authority", trust.text("fingerprint")],
        [
          "root key",
          trust.flag("root_lies_here")
            ? "lies beside the server, sealed: better kept elsewhere" : "is not on the server",
        ],
      ])
  }
}

struct TrustShow: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show the trust bundle in force, and the fingerprint of the cluster's authority.")

  @OptionGroup var options: ClientOptions

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let reply = try await api.get(APIPath("trust"))
    try console.report(TrustWords.text(reply), reply.members ?? [])
  }
}

struct TrustImport: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Give the cluster a trust bundle that was signed where the root key is.",
    discussion: "All its agents get it.")

  @OptionGroup var options: ClientOptions

  @Argument(
    help: ArgumentHelp(
      "As `bundle export` writes it; several are taken in their order. - for standard input.",
      valueName: "FILE"))
  var file: String

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let bundles = try LinesFile.read(file).flatMap { $0.split(whereSeparator: \.isWhitespace) }
    guard !bundles.isEmpty else { throw Refusal(.usage, "There is nothing in \(file).") }
    var reply = JSON.null
    for bundle in bundles {
      reply = try await api.post(APIPath("trust"), ["bundle": .string(String(bundle))])
    }
    try console.report(TrustWords.text(reply), reply.members ?? [])
  }
}
