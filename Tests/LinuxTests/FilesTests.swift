import Glibc
import Linux
import Testing

@Suite struct FilesTests {
  let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  @Test func readsWhatWasWritten() throws {
    let path = directory("file")
    try Files.writeAtomically(path, [1, 2, 3])
    #expect(try Files.read(path) == [1, 2, 3])
    #expect(try Files.status(path)?.size == 3)
  }

  @Test func readsFilesOfProcThatSayTheyAreEmpty() throws {
    #expect(try Files.text("/proc/self/stat").isEmpty == false)
  }

  @Test func refusesMoreThanTheLimit() throws {
    let path = directory("file")
    try Files.writeAtomically(path, [UInt8](repeating: 7, count: 100))
    #expect(try Files.read(path, limit: 100).count == 100)
    let error = #expect(throws: SystemError.self) { try Files.read(path, limit: 99) }
    #expect(error?.errno == EFBIG)
  }

  @Test func doesNotWaitForAFifo() throws {
    let path = directory("fifo")
    #expect(mkfifo(path, 0o600) == 0)
    #expect(try Files.read(path) == [])
    #expect(try Files.status(path)?.kind == .other)
  }

  @Test func refusesTextThatIsNotUTF8() throws {
    let path = directory("file")
    try Files.writeAtomically(path, [0x61, 0xff])
    let error = #expect(throws: SystemError.self) { try Files.text(path) }
    #expect(error?.errno == EILSEQ)
  }

  @Test func refusesPathsWithANulByte() throws {
    let path = directory("a")
    try Files.writeAtomically(path, "a")
    let error = #expect(throws: SystemError.self) { try Files.read("\(path)\0b") }
    #expect(error?.errno == EINVAL)
  }

  @Test func hasNoStatusForWhatIsNotThere() throws {
    #expect(try Files.status(directory("none")) == nil)
    #expect(!Files.exists(directory("none")))
    try Files.touch(directory("file"))
    #expect(try Files.status(directory("file/below")) == nil)
  }

  @Test func tellsALinkFromWhatItNames() throws {
    try Files.makeDirectory(directory("target"))
    try Files.symlink("target", at: directory("link"))
    #expect(try Files.status(directory("link"))?.kind == .symlink)
    #expect(try Files.status(directory("link"), follow: true)?.kind == .directory)
    #expect(try Files.readLink(directory("link")) == "target")
    #expect(try Files.resolve(directory("link")) == directory("target"))
    #expect(Files.isDirectory(directory("link")))
    try Files.symlink("nowhere", at: directory("dangling"))
    #expect(Files.exists(directory("dangling")))
    #expect(!Files.isDirectory(directory("dangling")))
  }

  @Test func listsNamesInOrder() throws {
    for name in ["b", ".hidden", "a", "c c"] { try Files.touch(directory(name)) }
    #expect(try Files.list(directory.path) == [".hidden", "a", "b", "c c"])
    #expect(throws: SystemError.self) { try Files.list(directory("a")) }
  }

  @Test func makesDirectoriesWithExactlyTheMode() throws {
    try Files.makeDirectory(directory("a/b/c"), mode: 0o2775, parents: true)
    #expect(try Files.status(directory("a/b"))?.mode == 0o755)
    #expect(try Files.status(directory("a/b/c"))?.mode == 0o2775)
    try Files.makeDirectory(directory("a/b/c"), mode: 0o700, parents: true)
    #expect(try Files.status(directory("a/b/c"))?.mode == 0o2775)
    let error = #expect(throws: SystemError.self) { try Files.makeDirectory(directory("a")) }
    #expect(error?.errno == EEXIST)
  }

  @Test func renamesAndLinks() throws {
    try Files.writeAtomically(directory("a"), "a")
    try Files.link(directory("a"), at: directory("b"))
    #expect(try Files.status(directory("a"))?.links == 2)
    try Files.rename(directory("b"), to: directory("c"))
    try Files.remove(directory("a"))
    #expect(try Files.list(directory.path) == ["c"])
  }

  @Test func knowsTheFreeSpace() throws {
    #expect(try Files.freeSpace(directory.path) > 0)
  }

  @Test func saysWhatFailedAndWhy() throws {
    let error = #expect(throws: SystemError.self) { try Files.read("/nonexistent") }
    #expect(error?.description == "open /nonexistent: No such file or directory")
  }

  @Test func splitsPaths() {
    #expect(Files.directory(of: "/etc/passwd") == "/etc")
    #expect(Files.directory(of: "/etc") == "/")
    #expect(Files.directory(of: "name") == ".")
  }

  @Test func descriptorsAreNotInherited() throws {
    let path = directory("file")
    let file = try FileDescriptor.open(path, flags: O_RDWR | O_CREAT, mode: 0o600)
    #expect(fcntl(file.raw, F_GETFD) & FD_CLOEXEC != 0)
    #expect(fcntl(try file.duplicate().raw, F_GETFD) & FD_CLOEXEC != 0)
  }

  @Test func reservesAndTruncates() throws {
    let path = directory("file")
    let file = try FileDescriptor.open(path, flags: O_RDWR | O_CREAT | O_APPEND, mode: 0o600)
    try file.writeAll([1, 2, 3, 4])
    #expect(try file.read(at: 1, upTo: 2) == [2, 3])
    #expect(try file.read(at: 4, upTo: 2) == [])
    try file.truncate(to: 2)
    #expect(try Files.read(path) == [1, 2])
    do throws(SystemError) {
      try file.reserve(from: 2, length: 1 << 20)
      #expect(try file.allocated() >= 1 << 20)
    } catch {
      // Not every file system can.
      #expect(error.errno == EOPNOTSUPP)
    }
    #expect(try file.status().size == 2)
  }
}
