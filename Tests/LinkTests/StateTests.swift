import AgentToken
import Link
import Linux
import Testing

@Suite struct StateTests {
  private let path = "/tmp/holdfast-link-\(Hex.encode(Random.bytes(8)))"
  private var directory: StateDirectory { StateDirectory(path) }

  private func withDirectory(_ body: () throws -> Void) throws {
    try Files.makeDirectory(path, mode: 0o700)
    defer {
      for name in (try? Files.list(path)) ?? [] { try? Files.remove("\(path)/\(name)") }
      try? Files.removeDirectory(path)
    }
    try body()
  }

  private func state(_ agent: String = "host-1") throws -> LinkState {
    LinkState(
      endpoint: try Endpoint("https://holdfast.example.org:7443"),
      identity: try Identity(cluster: "lab", tenant: "acme", agent: agent),
      authority: "authority\n",
      certificate: "certificate\n", key: LinkKey().pem)
  }

  @Test func isReadAsItWasWritten() throws {
    try withDirectory {
      #expect(try directory.load() == nil)
      let first = try state()
      try directory.store(first, bundle: "a.b.c")
      #expect(try directory.load() == first)
      #expect(directory.shelf.kept() == "a.b.c")
      let second = try state("host-2")
      try directory.store(second)
      #expect(try directory.load() == second)
    }
  }

  @Test func isReadableByItsOwnerOnly() throws {
    try withDirectory {
      try directory.store(try state(), bundle: "a.b.c")
      for name in ["agent.json", "bundle.jws"] {
        #expect(try Files.status("\(path)/\(name)")?.mode == 0o600)
      }
    }
  }

  @Test func isForgotten() throws {
    try withDirectory {
      try directory.forget()
      try directory.store(try state(), bundle: "a.b.c")
      try directory.forget()
      #expect(try directory.load() == nil)
      #expect(directory.shelf.kept() == nil)
    }
  }

  @Test(arguments: ["", "{}", "[]", "{\"url\":\"http://x\"}"])
  func whatIsDamagedIsRefused(text: String) throws {
    try withDirectory {
      try Files.writeAtomically("\(path)/agent.json", text)
      #expect(throws: Refusal.self) { try directory.load() }
    }
  }

  @Test func keepsTheNewestBundle() throws {
    try withDirectory {
      directory.shelf.keep("a.b.c")
      directory.shelf.keep("d.e.f")
      #expect(directory.shelf.kept() == "d.e.f")
    }
  }

  @Test func twoDoNotEnrolAtOnce() throws {
    try withDirectory {
      let lock = try directory.lock()
      #expect(throws: Refusal.self) { try directory.lock() }
      withExtendedLifetime(lock) {}
    }
  }
}

@Suite struct LinkKeyTests {
  @Test func isTheSameFromItsText() throws {
    let key = LinkKey()
    #expect(LinkKey(pem: key.pem)?.pem == key.pem)
    #expect(LinkKey(pem: "no key") == nil)
    #expect(LinkKey().pem != key.pem)
  }

  @Test func asksForACertificate() throws {
    let request = try LinkKey().request()
    #expect(request.hasPrefix("-----BEGIN CERTIFICATE REQUEST-----\n"))
  }

  @Test(arguments: ["", "no certificate"])
  func isNotCertifiedByAnything(pem: String) {
    #expect(!LinkKey().isCertified(by: pem))
  }
}

@Suite struct EnrolmentCommandTests {
  @Test func takesWhatItNeeds() throws {
    let command = try EnrolmentCommand([
      "--cluster", "https://a:7443", "--ca", "-", "--agent", "host-1", "--machine",
      "0123456789abcdef",
    ])
    #expect(command.endpoint.text == "https://a:7443")
    #expect(command.authority == .standardInput)
    #expect(
      try EnrolmentCommand(["--cluster", "https://a", "--ca", "/f"]).authority == .file("/f"))
  }

  @Test(arguments: [
    [], ["--cluster"], ["--cluster", "http://a"], ["--ca", "x"], ["--cluster", "https://a", "x"],
    ["--cluster", "https://a", "--cluster", "https://b"], ["--cluster", "https://a", "--ca", ""],
    ["--cluster", "https://a", "--machine", "xyz"], ["--cluster", "https://a", "--token", "t"],
  ])
  func takesNothingElse(arguments: [String]) {
    #expect(throws: Refusal.self) { try EnrolmentCommand(arguments) }
  }
}
