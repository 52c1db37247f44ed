import AsyncHTTPClient
import Cluster
import JSON
import LinkMessages
import NIOHTTP1
import Testing

/// An agent's way: enrolled, connected, told to protect, told to come back.
@Suite struct LinkTests {
  @Test func enrolsConnectsAndSaysGoodbye() async throws {
    var ended: [Downward] = []
    let (lines, say) = AsyncStream<Downward>.makeStream()
    var reading: Task<Void, any Error>?
    var host: Enrolled?
    try await LiveServer.run { server in
      let token = try await server.logIn()
      try await server.tenant("red", by: token)
      let enrolled = try await Enrolled.host("web-1", tenant: "red", server, by: token)
      host = enrolled
      #expect(enrolled.reply.tenant == "red" && enrolled.reply.cluster == "test")
      let stream = enrolled.lines(server)
      reading = Task {
        defer { say.finish() }
        for try await line in stream { say.yield(line) }
      }
      var iterator = lines.makeAsyncIterator()
      guard case .hello(let cluster, _, let next)? = await iterator.next() else {
        Issue.record("no hello came first")
        return
      }
      #expect(cluster == "test" && next == 1)
      let agents = try await server.ask(.GET, "/api/v1/agents?connected=true", token: token)
      let agent = try #require(agents.json["items"]?.array?.first, "\(agents.json)")
      #expect(agent["agent"]?.string == "web-1" && agent["connected"]?.bool == true)
      let id = try #require(agent["id"]?.string)
      let told = try await server.ask(.POST, "/api/v1/agents/\(id)/protect", token: token)
      #expect(told.status == 200 && told.json["connected"]?.bool == true, "\(told.json)")
      var line = await iterator.next()
      while let next = line, next != .protect { line = await iterator.next() }
      #expect(line == .protect)
      let nonsense = try await enrolled.ask(server, LinkPath.report, ["machine": "x"])
      #expect(nonsense.status == 400)
    }
    // The server has stopped: it said so, and the response ended as one does.
    for await line in lines { ended.append(line) }
    try await reading?.value
    guard case .bye? = ended.last else {
      Issue.record("no bye came last: \(ended)")
      return
    }
    try await host?.client.shutdown()
  }

  @Test func servesOneUseOnce() async throws {
    try await LiveServer.run { server in
      let token = try await server.logIn()
      try await server.tenant("red", by: token)
      let made = try await server.ask(
        .POST, "/api/v1/registration-tokens", ["entries": [["tenant": "red"]]], token: token)
      let text = try #require(made.json["items"]?.array?.first?["text"]?.string)
      // Ten hosts race for it.
      let codes = try await withThrowingTaskGroup(of: (Int, String?).self) { group in
        for number in 0..<10 {
          let csr = try Enrolled.request().csr
          group.addTask {
            let request = EnrolmentRequest(
              token: text, csr: csr, agent: "web-\(number)", hostname: "web",
              machine: String(repeating: "\(number)", count: 64), version: "1.0")
            let reply = try await server.ask(.POST, LinkPath.enroll, request.json)
            return (reply.status, reply.code)
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(codes.count { $0.0 == 200 } == 1, "\(codes)")
      #expect(
        codes.count { $0 == (403, "registration_token_used_up") } == 9, "\(codes)")
    }
  }
}
