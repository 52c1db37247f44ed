import Glibc
import Linux
import Testing

@Suite struct FileLockTests {
  let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  @Test(.enabled(if: hasPerl, "needs perl")) func seesAnotherProcessWithALock() throws {
    let path = directory("lock-frontend")
    try Files.touch(path)
    #expect(!FileLock.isHeld(path))
    let child = try Child(
      "perl", "-MFcntl", "-e",
      """
      open(F, "+<", $ARGV[0]) or die;
      my $lock = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0);
      fcntl(F, F_SETLK, $lock) or die;
      $| = 1; print "locked\\n"; sleep 60;
      """, path)
    #expect(try child.waitForOutput() == "locked\n")
    #expect(FileLock.isHeld(path))
    #expect(try FileLock.holder(of: path) == child.pid)
    #expect(try FileLock.take(path) == nil)
    child.end()
    #expect(!FileLock.isHeld(path))
  }

  @Test func isTakenOnce() throws {
    let path = directory("lock")
    var first = try FileLock.take(path)
    #expect(first != nil)
    #expect(try FileLock.take(path) == nil)
    #expect(FileLock.isHeld(path))
    // Opening and closing the file elsewhere does not let go of it.
    _ = try Files.read(path)
    #expect(FileLock.isHeld(path))
    first = nil
    #expect(try FileLock.take(path) != nil)
  }

  @Test func isWaitedFor() throws {
    let path = directory("lock")
    var first = try FileLock.take(path)
    // Whoever waits is told of it, and that ends the wait here.
    var waits = 0
    let second = try FileLock.wait(for: path) {
      waits += 1
      first = nil
    }
    #expect(waits == 1 && first == nil)
    #expect(try FileLock.take(path) == nil)
    withExtendedLifetime(second) {}
  }

  @Test func isNotWaitedForWhereItIsFree() throws {
    let lock = try FileLock.wait(for: directory("lock")) { Issue.record("it waited") }
    #expect(FileLock.isHeld(directory("lock")))
    withExtendedLifetime(lock) {}
  }

  @Test func isNotHeldWhereThereIsNoFile() {
    #expect(!FileLock.isHeld(directory("none")))
  }
}
