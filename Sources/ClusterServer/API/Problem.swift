internal import AgentToken
internal import Hummingbird
internal import JSON

/// A refusal as a problem document (RFC 9457).
struct Problem: Sendable {
  static let type = "application/problem+json"

  let refusal: Refusal
  var status: HTTPResponse.Status { refusal.code.status }

  init(_ refusal: Refusal) { self.refusal = refusal }

  var json: JSON {
    var members: [JSON.Member] = [
      .init(name: "type", value: .string("urn:holdfast:problem:" + refusal.code.rawValue)),
      .init(name: "title", value: .string(status.reasonPhrase)),
      .init(name: "status", value: .integer(Int64(status.code))),
      .init(name: "detail", value: .string(Self.sentence(refusal.message))),
      .init(name: "code", value: .string(refusal.code.rawValue)),
    ]
    if let hint = refusal.hint { members.append(.init(name: "hint", value: .string(hint))) }
    return .object(members)
  }

  /// What the issuer says begins where a command has begun, and has no full stop.
  private static func sentence(_ text: String) -> String {
    text.hasSuffix(".") ? text : text.prefix(1).uppercased() + text.dropFirst() + "."
  }

  static let schema = Schema.named(
    "Problem",
    .object([
      Schema.required("type", .any, "A URN of the code."),
      Schema.required("title", .any, "The status in words."),
      Schema.required("status", .integer(400...599)),
      Schema.required("detail", .any, "What is wrong, for a person."),
      Schema.required("code", .any, "What is wrong, for programs: stable."),
      Schema.optional("hint", .any, "What to do next."),
    ]))
}
