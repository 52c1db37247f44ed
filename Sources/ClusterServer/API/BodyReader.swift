internal import AgentToken
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import NIOCore

/// Reads a body as an endpoint has it.
enum BodyReader {
  static let json = "application/json"
  static let form = "application/x-www-form-urlencoded"
  static let lines = "application/x-ndjson"

  /// - Throws: `unsupported_media_type`, `body_too_large`, `invalid_request`.
  static func read(
    _ request: Request, _ input: Endpoint.Input
  ) async throws(Refusal) -> (JSON, [UInt8]) {
    switch input {
    case .none:
      // A body where there should be none is read and has to be empty.
      guard try await bytes(request, limit: 0, what: "This takes no body.").isEmpty else {
        throw Refusal(.invalidRequest, "This takes no body.")
      }
      return (.null, [])
    case .json(let schema, let limit):
      try demand(json, request)
      let bytes = try await bytes(request, limit: limit)
      let value: JSON
      do {
        value = try JSON.parse(
          bytes, limits: .init(maxBytes: limit, maxDepth: 12, maxMembers: 512))
      } catch {
        throw Refusal(.invalidRequest, "The body is not the JSON that we take: \(error).")
      }
      try schema.check(value, at: "body")
      return (value, bytes)
    case .form:
      try demand(form, request)
      let bytes = try await bytes(request, limit: 16 << 10)
      return (try fields(bytes), bytes)
    case .lines(let limit):
      try demand(lines, request)
      return (.null, try await bytes(request, limit: limit))
    }
  }

  private static func demand(_ type: String, _ request: Request) throws(Refusal) {
    let sent = request.headers[.contentType]?.prefix { $0 != ";" } ?? ""
    guard sent.split(separator: " ").joined().lowercased() == type else {
      throw Refusal(
        .unsupportedMediaType, "The body has to be \(type).",
        hint: "Send Content-Type: \(type)")
    }
    if let encoding = request.headers[.contentEncoding], encoding.lowercased() != "identity" {
      throw Refusal(.unsupportedMediaType, "The body has to be sent as it is, not encoded.")
    }
  }

  private static func bytes(
    _ request: Request, limit: Int, what: String? = nil
  ) async throws(Refusal) -> [UInt8] {
    let refusal =
      what.map { Refusal(.invalidRequest, $0) }
      ?? Refusal(.bodyTooLarge, "The body has more than \(limit) bytes.")
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
      throw refusal
    }
    do {
      let buffer = try await request.body.collect(upTo: limit)
      return Array(buffer.readableBytesView)
    } catch is NIOTooManyBytesError {
      throw refusal
    } catch {
      throw Refusal(.requestTimeout, "The body did not come whole.")
    }
  }

  private static func fields(_ bytes: [UInt8]) throws(Refusal) -> JSON {
    guard let text = String(validating: bytes, as: UTF8.self),
      let fields = PercentEncoding.fields(text[...]), fields.count <= 32
    else { throw Refusal(.invalidRequest, "The form cannot be read.") }
    var members: [JSON.Member] = []
    for (name, value) in fields {
      guard !members.contains(where: { $0.name.hasSameUTF8(as: name) }) else {
        throw Refusal(.invalidRequest, "A field of the form comes twice.")
      }
      members.append(.init(name: name, value: .string(value)))
    }
    return .object(members)
  }
}
