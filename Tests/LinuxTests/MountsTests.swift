import Testing

@testable import Linux

struct MountsTests {
  @Test func readsALine() throws {
    let line =
      #"36 35 98:0 /mnt1 /mnt\040two rw,noexec,relatime master:1 - ext3 /dev/root ro,errors=continue"#
    let mount = try #require(Mount(line: line[...]))
    #expect(mount.point == "/mnt two")
    #expect(mount.type == "ext3")
    #expect(mount.isReadOnly)
    #expect(mount.forbidsPrograms)
  }

  @Test(arguments: ["", "36 35 98:0 / /mnt rw", "1 2 3 4 5 6 7 8 9", "1 2 3 / /x rw - ext4"])
  func refusesOtherText(line: String) {
    #expect(Mount(line: line[...]) == nil)
  }

  @Test func knowsTheRoot() throws {
    #expect(try Mounts.all().contains { $0.point == "/" })
    #expect(try Mounts.all(at: ["/", "/none"]) == Mounts.all().filter { $0.point == "/" })
  }
}
