import ArgumentParser
import JSON

struct Enroll: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make this host an agent of a cluster: from then on it is protected.",
    discussion: "The cluster exports both files; see holdfast-cluster(1).")

  @Option(
    name: .long, help: ArgumentHelp("The cluster's trust bundle.", valueName: "file"),
    completion: .file())
  var bundle: String

  @Option(
    name: .long,
    help: ArgumentHelp("The cluster's root key, as a JWK. It is pinned.", valueName: "file"),
    completion: .file())
  var root: String

  @Option(name: .long, help: "The tenant this host belongs to.")
  var tenant: String

  @Option(name: .long, help: "This host's id; derived from the machine id where not given.")
  var agent: String?

  @OptionGroup var options: GlobalOptions

  func run() throws {
    let request = try request()
    try options.perform(request) { reply, view in
      let agent = reply.text("agent") ?? "this host"
      let tenant = reply.text("tenant") ?? tenant
      let cluster = reply.text("cluster").map { ", cluster \($0)" } ?? ""
      return [
        view.paint.good("Enrolled") + " as \(agent), tenant \(tenant)\(cluster).",
        "Next, per service: holdfast guard add UNIT",
      ]
    }
  }

  private func request() throws(Failure) -> Request {
    let key: JSON
    let rootName = Text.printable(root)
    do {
      key = try JSON.parse(Array(Input.file(root, limit: 16 << 10).utf8))
    } catch let error as JSON.ParseError {
      throw .usage("\(rootName) is no root key: \(error.reason) (byte \(error.offset))")
    } catch let failure as Failure {
      throw failure
    } catch {
      throw .usage("\(rootName) is no root key: \(error)")
    }
    guard key.members != nil else {
      throw .usage("\(rootName) is no root key: it holds no JSON object")
    }
    let bundles = try Bundle.read(bundle)
    guard bundles.count == 1, Text.problem(inWord: bundles[0]) == nil else {
      throw .usage(
        "\(Text.printable(bundle)) is no single trust bundle",
        hint: "The cluster writes one with: holdfast-cluster bundle export")
    }
    var members: [JSON.Member] = [
      .init(name: "root", value: key),
      .init(name: "bundle", value: .string(bundles[0])),
      .init(name: "tenant", value: .string(try Self.id(tenant, name: "the tenant"))),
    ]
    if let agent {
      members.append(.init(name: "agent", value: .string(try Self.id(agent, name: "the agent"))))
    }
    return try Request("enroll").adding(object: .object(members), name: "the enrolment")
  }

  private static func id(_ text: String, name: String) throws(Failure) -> String {
    if text.isEmpty { throw .usage("\(Text.capitalised(name)) is empty") }
    if let problem = Text.problem(inWord: text) {
      throw .usage("\(Text.capitalised(name)) has \(problem) in it: \(Text.printable(text))")
    }
    return text
  }
}
