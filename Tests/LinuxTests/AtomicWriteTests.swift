import Glibc
import Testing

@testable import Linux

@Suite struct AtomicWriteTests {
  let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  @Test func setsTheModeWhateverTheUmask() throws {
    try Files.writeAtomically(directory("file"), "text", mode: 0o666)
    #expect(try Files.status(directory("file"))?.mode == 0o666)
  }

  @Test func replacesAndLeavesNothingElse() throws {
    try Files.writeAtomically(directory("file"), "old", mode: 0o600)
    let old = try Files.status(directory("file"))
    try Files.writeAtomically(directory("file"), "new", mode: 0o644, sync: false)
    let new = try Files.status(directory("file"))
    #expect(try Files.text(directory("file")) == "new")
    #expect(old?.inode != new?.inode)
    #expect(try Files.list(directory.path) == ["file"])
  }

  @Test func replacesALinkRatherThanWhatItNames() throws {
    try Files.writeAtomically(directory("target"), "kept")
    try Files.symlink("target", at: directory("link"))
    try Files.writeAtomically(directory("link"), "new")
    #expect(try Files.text(directory("target")) == "kept")
    #expect(try Files.status(directory("link"))?.kind == .regular)
  }

  @Test func leavesNothingBehindWhenItFails() throws {
    try Files.makeDirectory(directory("there"))
    let error = #expect(throws: SystemError.self) {
      try Files.writeAtomically(directory("there"), "text")
    }
    #expect(error?.errno == EISDIR)
    #expect(try Files.list(directory.path) == ["there"])
  }

  @Test(.enabled(if: geteuid() == 0, "needs root")) func setsTheOwner() throws {
    try Files.writeAtomically(directory("file"), "text", mode: 0o4755, uid: 12, gid: 34)
    let status = try #require(try Files.status(directory("file")))
    #expect(status.uid == 12)
    #expect(status.gid == 34)
    #expect(status.mode == 0o4755)
  }

  @Test func copiesContentModeAndTime() throws {
    let bytes = Random.bytes(3 << 20)
    try Files.writeAtomically(directory("from"), bytes, mode: 0o751)
    var times = [timespec(tv_sec: 1000, tv_nsec: 5), timespec(tv_sec: 2000, tv_nsec: 7)]
    #expect(utimensat(AT_FDCWD, directory("from"), &times, 0) == 0)
    try Files.copy(directory("from"), to: directory("to"))
    #expect(try Files.read(directory("to")) == bytes)
    let status = try #require(try Files.status(directory("to")))
    #expect(status.mode == 0o751)
    #expect(status.mtime == 2_000_000_000_007)
    #expect(try Files.list(directory.path) == ["from", "to"])
  }

  @Test func copiesLinksAsLinks() throws {
    try Files.symlink("nowhere", at: directory("from"))
    try Files.writeAtomically(directory("to"), "old")
    try Files.copy(directory("from"), to: directory("to"))
    #expect(try Files.readLink(directory("to")) == "nowhere")
  }

  @Test func copiesWhatHidesItsSize() throws {
    try Files.copy("/proc/self/status", to: directory("to"))
    #expect(try Files.text(directory("to")).hasPrefix("Name:"))
  }

  @Test func refusesToCopyADirectory() throws {
    let error = #expect(throws: SystemError.self) {
      try Files.copy("/etc", to: directory("to"))
    }
    #expect(error?.errno == EINVAL)
  }

  @Test(.enabled(if: geteuid() == 0, "needs root")) func copiesOwnerAndAttributes() throws {
    try Files.writeAtomically(directory("from"), "text", mode: 0o2755, uid: 12, gid: 34)
    let attribute = Array("value".utf8)
    let from = try FileDescriptor.open(directory("from"), flags: O_RDONLY)
    try ExtendedAttributes.set("trusted.holdfast", attribute, of: from)
    try Files.copy(directory("from"), to: directory("to"))
    let status = try #require(try Files.status(directory("to")))
    #expect(status.uid == 12)
    #expect(status.gid == 34)
    #expect(status.mode == 0o2755)
    let to = try FileDescriptor.open(directory("to"), flags: O_RDONLY)
    #expect(ExtendedAttributes.value("trusted.holdfast", of: to) == attribute)
    #expect(ExtendedAttributes.value("trusted.other", of: to) == nil)
  }
}
