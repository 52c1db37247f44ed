import FoundationEssentials
import JSON
import Linux
import NIOHTTP1
import Testing

@Suite struct OpenAPITests {
  @Test func describesItself() async throws {
    try await LiveServer.run { server in
      let reply = try await server.ask(.GET, "/openapi.json")
      #expect(reply.status == 200)
      #expect(reply.json["openapi"]?.string == "3.1.0")
      let tenants = reply.json["paths"]?["/api/v1/tenants"]
      #expect(tenants?["post"]?["operationId"]?.string == "createTenant")
      #expect(reply.json["components"]?["schemas"]?["Problem"] != nil)
    }
  }

  /// What the description promises is what the server does.
  @Test func isHeldToItsDescription() async throws {
    let sources = String(#filePath.split(separator: "/").dropLast(3).joined(separator: "/"))
    try await LiveServer.run { server in
      let token = try await server.logIn()
      let authority = "\(server.directory)/authority/authority.pem"
      let output = await Shell.run(
        "bash '/\(sources)/Tests/openapi/run.sh' '\(server.base)' '\(authority)' '\(token)' "
          + "'/\(sources)/.build/schemathesis' 2>&1; echo exit=$?")
      if output.hasSuffix("exit=77\n") {
        try Test.cancel("\(output.split(separator: "\n").dropLast().last ?? "")")
      }
      #expect(output.hasSuffix("exit=0\n"), "\(output.suffix(12_000))")
    }
  }
}
