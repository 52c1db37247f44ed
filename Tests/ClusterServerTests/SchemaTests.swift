import AgentToken
import HTTPTypes
import JSON
import Testing

@testable import ClusterServer

@Suite struct SchemaTests {
  private static let schema = Schema.object([
    Schema.required("name", .text(.words(1...3))),
    Schema.optional("many", .array(.integer(0...9), 1...2)),
    Schema.optional("kind", .nullable(.word(["a", "b"]))),
    Schema.optional("labels", .map(.labelName, .text(.labelValue), most: 1)),
  ])

  @Test(arguments: [
    #"{"name":"x"}"#, #"{"name":"äöü","many":[0,9],"kind":null,"labels":{"a/b":""}}"#,
    #"{"kind":"b","name":"x"}"#,
  ])
  func takesWhatFits(text: String) throws {
    try Self.schema.check(JSON.parse(Array(text.utf8)), at: "body")
  }

  @Test(arguments: [
    (#"[]"#, "body"), (#"{}"#, "name"), (#"{"name":1}"#, "body.name"),
    (#"{"name":""}"#, "body.name"), (#"{"name":"xxxx"}"#, "body.name"),
    (#"{"name":"a\u0007"}"#, "body.name"), (#"{"name":"x","more":1}"#, "\"more\""),
    (#"{"name":"x","Name":"x"}"#, "\"Name\""), (#"{"name":"x","many":[]}"#, "body.many"),
    (#"{"name":"x","many":[1,10]}"#, "body.many[1]"),
    (#"{"name":"x","many":[true]}"#, "body.many[0]"), (#"{"name":"x","kind":"c"}"#, "body.kind"),
    (#"{"name":null}"#, "body.name"), (#"{"name":"x","labels":{"a":"1","b":"2"}}"#, "body.labels"),
    (#"{"name":"x","labels":{"ä":"1"}}"#, "body.labels"),
    (#"{"name":"x","labels":{"a":"ä"}}"#, "body.labels.a"),
  ])
  func namesWhatDoesNot(text: String, place: String) throws {
    let json = try JSON.parse(Array(text.utf8))
    let refusal = #expect(throws: Refusal.self) { try Self.schema.check(json, at: "body") }
    #expect(refusal?.code == .invalidRequest)
    #expect(refusal?.message.contains(place) == true, "\(refusal?.message ?? "")")
  }

  /// Letters that look alike are not the same: K and the sign for kelvin.
  @Test func comparesBytes() throws {
    let schema = Schema.word(["K"])
    try schema.check("K", at: "it")
    #expect(throws: Refusal.self) { try schema.check("\u{212A}", at: "it") }
  }

  @Test(
    arguments: [
      ("limit=5", 5), ("limit=%35", 5), ("", nil), ("limit=1&", 1),
    ] as [(String, Int64?)])
  func readsQueries(query: String, limit: Int64?) throws {
    let values = try QueryReader.read("/x?\(query)", Endpoint.paging)
    #expect(values["limit"]?.integer == limit)
  }

  @Test(arguments: [
    "limit=0", "limit=501", "limit=+5", "limit=05", "limit=", "limit=5&limit=5", "limit=%3", "x=1",
    "limit=%ff", "after=", "after=%00", "Limit=5",
  ])
  func refusesQueries(query: String) {
    let refusal = #expect(throws: Refusal.self) {
      _ = try QueryReader.read("/x?\(query)", Endpoint.paging)
    }
    #expect(refusal?.code == .invalidRequest)
  }

  @Test func everyEndpointIsThereOnce() {
    let all = Endpoint.all
    #expect(Set(all.map(\.id)).count == all.count)
    #expect(Set(all.map { "\($0.method) \($0.path)" }).count == all.count)
    for endpoint in all {
      let named = endpoint.path.split(separator: "/").filter { $0.hasPrefix("{") }
        .map { String($0.dropFirst().dropLast()) }
      #expect(Set(named) == Set(endpoint.segments.keys), "\(endpoint.id)")
      #expect(endpoint.isIdempotent == false || endpoint.method == .post, "\(endpoint.id)")
    }
  }

  @Test(
    arguments: [
      ("/api/v1/tenants", "listTenants"), ("/api/v1/tenants/a%2Fb", "getTenant"),
      ("/api/v1/agents/protect", nil), ("/api/v1/tenants/", nil), ("//api/v1/tenants", nil),
      ("/api/v1/tenants/a/b", nil), ("/api/v1/tenants/%", nil), ("", nil), ("api", nil),
    ] as [(String, String?)])
  func findsEndpoints(path: String, id: String?) {
    let table = RoutingTable(Endpoint.all)
    if case .endpoint(let endpoint, let segments) = table.match(.get, path: path[...]) {
      #expect(endpoint.id == id)
      #expect(segments["tenant"] ?? "a/b" == "a/b")
    } else {
      #expect(id == nil)
    }
  }

  @Test(arguments: [
    (Int64(0), "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
    (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
  ])
  func writesDates(seconds: Int64, text: String) { #expect(HTTPDate.text(seconds) == text) }

  @Test(arguments: [
    ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYmFy", "foobar"),
  ])
  func readsBase64(text: String, plain: String) {
    #expect(Base64.decode(text[...]).map { String(decoding: $0, as: UTF8.self) } == plain)
  }

  @Test(arguments: ["Z", "Zg", "Zg=", "Z===", "Zm9v\n", "Zm-v"])
  func refusesBase64(text: String) { #expect(Base64.decode(text[...]) == nil) }

  @Test func slowsOneSource() {
    let paces = Paces(.init())
    let (burst, perMinute) = Pace.login.allowance(.init())
    for _ in 0..<burst { #expect(paces.take(.login, "a", at: 1) == nil) }
    #expect(paces.take(.login, "a", at: 1) == 60 / perMinute)
    #expect(paces.take(.login, "b", at: 1) == nil)
    #expect(paces.take(.grant, "a", at: 1) == nil)
    #expect(paces.take(.login, "a", at: 1 + UInt64(60_000_000 / perMinute)) == nil)
  }
}
