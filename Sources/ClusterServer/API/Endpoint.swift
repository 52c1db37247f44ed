internal import AgentToken
internal import Cluster
internal import Hummingbird
internal import JSON

/// Something that can be asked of the server: what is checked and what is described are read from this
/// one value.
struct Endpoint: Sendable {
  /// Who is let in.
  enum Who: Sendable {
    case anyone
    /// Somebody who is logged in; what else they need is seen to by what is asked for.
    case account
    /// The holder of an agent's certificate.
    case agent
  }

  /// What a body has to be.
  enum Input: Sendable {
    case none
    case json(Schema, limit: Int = 64 << 10)
    /// A form (`application/x-www-form-urlencoded`), its fields as strings.
    case form(Schema)
    /// Lines of JSON, looked at elsewhere.
    case lines(limit: Int)
  }

  /// What is in the answer.
  enum Output: Sendable {
    case none
    case json(Schema)
    case bytes(type: String)
  }

  struct Parameter: Sendable {
    let name: String
    let schema: Schema
    let note: String
    let isRequired: Bool

    init(_ name: String, _ schema: Schema, _ note: String, isRequired: Bool = false) {
      self.name = name
      self.schema = schema
      self.note = note
      self.isRequired = isRequired
    }
  }

  typealias Handler = @Sendable (Call) async throws(Refusal) -> Answer

  let method: HTTPRequest.Method
  /// `/api/v1/tenants/{tenant}`
  let path: String
  /// Unique, and the name that it goes by in figures.
  let id: String
  let summary: String
  let who: Who
  let segments: [String: Schema]
  let query: [Parameter]
  let input: Input
  let status: HTTPResponse.Status
  let output: Output
  /// Whether an `Idempotency-Key` counts: what creates.
  let isIdempotent: Bool
  /// Whether it is slowed for who asks often: an agent where only agents ask, else a source.
  let pace: Pace?
  /// How it says no.
  let style: Style
  /// Whether machines ask for it all the time.
  let isProbe: Bool
  let handler: Handler

  init(
    _ method: HTTPRequest.Method, _ path: String, _ id: String, _ summary: String,
    who: Who = .account, segments: [String: Schema] = [:], query: [Parameter] = [],
    input: Input = .none, status: HTTPResponse.Status = .ok, output: Output,
    isIdempotent: Bool = false, pace: Pace? = nil, style: Style = .problem, isProbe: Bool = false,
    handler: @escaping Handler
  ) {
    self.method = method
    self.path = path
    self.id = id
    self.summary = summary
    self.who = who
    self.segments = segments
    self.query = query
    self.input = input
    self.status = status
    self.output = output
    self.isIdempotent = isIdempotent
    self.pace = pace
    self.style = style
    self.isProbe = isProbe
    self.handler = handler
  }

  /// The parameters of every list.
  static let paging: [Parameter] = [
    Parameter("limit", .integer(1...Int64(PageRequest.largest)), "At most so many."),
    Parameter("after", .text(.cursor), "The `next` of the page before."),
  ]

  /// The answer of every list.
  static func page(of item: Schema) -> Output {
    .json(
      .object([
        Schema.required("items", .array(item, 0...PageRequest.largest)),
        Schema.required("next", .nullable(.any), "Ask for more with `after`; null at the end."),
      ]))
  }

  static func list(of item: Schema) -> Output {
    .json(.object([Schema.required("items", .array(item, 0...Int.max))]))
  }
}
