import AgentToken
import Link
import Testing

@Suite struct EndpointTests {
  @Test(arguments: [
    ("https://holdfast.example.org", "holdfast.example.org", 443),
    ("https://holdfast.example.org/", "holdfast.example.org", 443),
    ("HTTPS://10.0.0.1:7443", "10.0.0.1", 7443),
    ("https://[2001:db8::1]", "2001:db8::1", 443),
    ("https://[2001:db8::1]:8443", "2001:db8::1", 8443),
  ])
  func isANameAndAPort(text: String, host: String, port: Int) throws {
    let endpoint = try Endpoint(text)
    #expect(endpoint.host == host)
    #expect(endpoint.port == port)
    #expect(try Endpoint(endpoint.text) == endpoint)
  }

  @Test(arguments: [
    "", "https://", "http://example.org", "example.org", "https://example.org/path",
    "https://example.org:0", "https://example.org:65536", "https://example.org:x",
    "https://example.org:", "https://a b", "https://a@b", "https://2001:db8::1", "https://[::1",
    "https://[::1]x", "https://example.org?x", "https://exa\u{301}mple.org",
    "https://a\nb", "ftp://example.org",
  ])
  func isNothingElse(text: String) {
    #expect(throws: Refusal.self) { try Endpoint(text) }
  }
}

@Suite struct ProxySettingsTests {
  private func proxy(
    _ variables: [String: String], to url: String = "https://holdfast.example.org"
  ) throws -> ProxySettings? {
    try ProxySettings.of(try Endpoint(url), variable: { variables[$0] })
  }

  @Test func isNoneWhereNoneIsSet() throws {
    #expect(try proxy([:]) == nil)
    #expect(try proxy(["HTTPS_PROXY": ""]) == nil)
    #expect(try proxy(["HTTP_PROXY": "http://proxy:3128"]) == nil)
  }

  @Test(arguments: [
    ("http://proxy.example.org:3128", "proxy.example.org", 3128),
    ("http://proxy.example.org:3128/", "proxy.example.org", 3128),
    ("proxy:8080", "proxy", 8080),
    ("10.0.0.1", "10.0.0.1", 1080),
    ("http://[::1]:3128", "::1", 3128),
  ])
  func isANameAndAPort(text: String, host: String, port: Int) throws {
    for name in ["HTTPS_PROXY", "https_proxy"] {
      let found = try #require(try proxy([name: text]))
      #expect(found.host == host)
      #expect(found.port == port)
      #expect(found.user == nil)
    }
  }

  @Test func mayHaveANameAndAPassword() throws {
    let found = try #require(try proxy(["HTTPS_PROXY": "http://me:p%40s%3As@proxy:3128"]))
    #expect(found.user?.name == "me")
    #expect(found.user?.password == "p@s:s")
  }

  @Test(arguments: [
    "https://proxy:3128", "socks5://proxy", "http://", "http://a b:1", "p:x", "%@p:1",
  ])
  func isNothingElse(text: String) {
    #expect(throws: ProxySettings.Unusable.self) { try proxy(["HTTPS_PROXY": text]) }
  }

  @Test(arguments: [
    ("holdfast.example.org", false), ("example.org", false), (".example.org", false),
    ("EXAMPLE.org", false), ("a.b, example.org", false), ("*", false),
    ("xample.org", true), ("holdfast", true), ("other.example.org", true), (".", true), ("", true),
  ])
  func isNotForWhatIsExcepted(list: String, isUsed: Bool) throws {
    let found = try proxy(["HTTPS_PROXY": "proxy:1", "NO_PROXY": list])
    #expect((found != nil) == isUsed)
  }
}
