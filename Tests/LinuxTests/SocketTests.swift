import Glibc
import Linux
import Testing

@Suite struct SocketTests {
  let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  @Test func listensWithExactlyTheMode() throws {
    let path = directory("socket")
    let listener = try UnixSocket.listen(path, mode: 0o666)
    #expect(try Files.status(path)?.mode == 0o666)
    #expect(try UnixSocket.accept(listener) == nil)
    let client = try UnixSocket.connect(path)
    let server = try #require(try UnixSocket.accept(listener))
    #expect(try server.tryRead(upTo: 10) == nil)
    try client.writeAll([1, 2, 3])
    #expect(try server.tryRead(upTo: 10) == [1, 2, 3])
    try UnixSocket.finishWriting(client)
    #expect(try server.tryRead(upTo: 10) == [])
  }

  @Test func replacesASocketAndNothingElse() throws {
    let path = directory("socket")
    _ = try UnixSocket.listen(path)
    _ = try UnixSocket.listen(path)
    try Files.writeAtomically(directory("file"), "text")
    let error = #expect(throws: SystemError.self) { try UnixSocket.listen(directory("file")) }
    #expect(error?.errno == EADDRINUSE)
    #expect(try Files.text(directory("file")) == "text")
  }

  @Test func saysWhyItCannotConnect() throws {
    let none = #expect(throws: SystemError.self) { try UnixSocket.connect(directory("none")) }
    #expect(none?.errno == ENOENT)
    _ = try UnixSocket.listen(directory("closed"))
    let refused = #expect(throws: SystemError.self) { try UnixSocket.connect(directory("closed")) }
    #expect(refused?.errno == ECONNREFUSED)
    let long = #expect(throws: SystemError.self) {
      try UnixSocket.connect(directory(String(repeating: "x", count: 108)))
    }
    #expect(long?.errno == ENAMETOOLONG)
  }

  @Test func timesOut() throws {
    let listener = try UnixSocket.listen(directory("socket"))
    let client = try UnixSocket.connect(directory("socket"), timeout: 20_000)
    #expect(try client.tryRead(upTo: 10) == nil)
    withExtendedLifetime(listener) {}
  }

  @Test func fullSocketsTakeNoMore() throws {
    let (mine, its) = try UnixSocket.pair()
    try mine.setNonBlocking(true)
    let bytes = [UInt8](repeating: 0, count: 1 << 16)
    var total = 0
    while let count = try mine.tryWrite(bytes[...]) { total += count }
    #expect(total > 0)
    withExtendedLifetime(its) {}
  }

  @Test func aClosedPeerIsAnErrorAndNoSignal() throws {
    ignoreSIGPIPE()
    var (mine, its): (FileDescriptor, FileDescriptor?) = try UnixSocket.pair()
    #expect(its != nil)
    its = nil
    let error = #expect(throws: SystemError.self) { try mine.writeAll([1]) }
    #expect(error?.errno == EPIPE)
  }
}

@Suite struct PeerTests {
  @Test func knowsItself() throws {
    let (mine, its) = try UnixSocket.pair()
    let peer = try Peer.of(socket: mine)
    #expect(peer.uid == geteuid())
    #expect(peer.gid == getegid())
    #expect(peer.pid == getpid())
    #expect(peer.isMember(of: getegid()))
    #expect(peer.startTime == Processes.startTime(getpid()))
    #expect(peer.executable == (try Files.readLink("/proc/self/exe")))
    #expect(peer.parent == getppid())
    #expect(peer.isStillThere())
    var groups = [gid_t](repeating: 0, count: 256)
    let count = getgroups(256, &groups)
    #expect(Set(peer.groups) == Set(groups.prefix(Int(count))))
    withExtendedLifetime(its) {}
  }

  @Test(.enabled(if: hasPerl, "needs perl")) func knowsAnotherProcess() throws {
    let directory = try TemporaryDirectory()
    let listener = try UnixSocket.listen(directory("socket"))
    let child = try Child(
      "perl", "-MSocket", "-e",
      """
      socket(S, PF_UNIX, SOCK_STREAM, 0);
      connect(S, sockaddr_un($ARGV[0])) or die;
      $| = 1; print "connected\\n"; sleep 60;
      """, directory("socket"))
    #expect(try child.waitForOutput() == "connected\n")
    let socket = try #require(try UnixSocket.accept(listener))
    let peer = try Peer.of(socket: socket)
    #expect(peer.pid == child.pid)
    #expect(peer.parent == getpid())
    #expect(peer.executable?.contains("perl") == true)
    #expect(peer.isStillThere())
    child.end()
    #expect(!peer.isStillThere())
    let late = try Peer.of(socket: socket)
    #expect(late.executable == nil)
    #expect(!late.isStillThere())
  }

  @Test func refusesWhatIsNotConnected() throws {
    let directory = try TemporaryDirectory()
    let file = try FileDescriptor.open(directory("file"), flags: O_RDWR | O_CREAT, mode: 0o600)
    let error = #expect(throws: SystemError.self) { try Peer.of(socket: file) }
    #expect(error?.errno == ENOTSOCK)
  }
}
