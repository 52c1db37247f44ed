internal import Cluster
internal import HTTPTypes
internal import Hummingbird
internal import JSON

/// What an endpoint answers.
struct Answer: Sendable {
  enum Body: Sendable {
    case none
    case json(JSON)
    /// Bytes of a media type.
    case bytes([UInt8], type: String)
    /// A body that is written as there is something to say.
    case stream(type: String, ResponseBody)
  }

  var status: HTTPResponse.Status
  var body: Body
  /// Where what was created is.
  var location: String?
  var headers: [(HTTPField.Name, String)] = []

  /// The body, where it is JSON.
  var json: JSON? {
    if case .json(let json) = body { json } else { nil }
  }

  static func ok(_ json: JSON) -> Answer { Answer(status: .ok, body: .json(json)) }

  static func created(_ json: JSON, at location: String?) -> Answer {
    Answer(status: .created, body: .json(json), location: location)
  }

  static let none = Answer(status: .noContent, body: .none)

  static func page<Item>(_ page: Page<Item>, _ json: (Item) -> JSON) -> Answer {
    .ok([
      "items": .array(page.items.map(json)),
      "next": page.next.map { .string($0) } ?? .null,
    ])
  }

  static func items<Item>(_ items: [Item], _ json: (Item) -> JSON) -> Answer {
    .ok(["items": .array(items.map(json))])
  }
}
