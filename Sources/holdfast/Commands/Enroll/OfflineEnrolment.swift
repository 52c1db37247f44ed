import JSON

/// What the daemon is asked to enrol with, from the files that a cluster exports.
struct OfflineEnrolment {
  let bundle: String
  let root: String
  let tenant: String
  let agent: String?

  func request() throws(Failure) -> Request {
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

  static func id(_ text: String, name: String) throws(Failure) -> String {
    if text.isEmpty { throw .usage("\(Text.capitalised(name)) is empty") }
    if let problem = Text.problem(inWord: text) {
      throw .usage("\(Text.capitalised(name)) has \(problem) in it: \(Text.printable(text))")
    }
    return text
  }
}
