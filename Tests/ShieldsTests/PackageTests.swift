import Foundation
import Linux
import Testing

@testable import Shields

@Suite struct PackageDatabaseTests {
  @Test func findsTheOwnerByTheWholeLine() throws {
    let fixture = try Fixture()
    let packages = PackageDatabase(directory: "\(fixture.root)/var/lib/dpkg")
    let path = "\(fixture.root)/usr/sbin/demo"
    let owners = packages.owners(of: [path, "\(fixture.root)/usr/sbin/dem", "/nowhere"])
    #expect(owners == [path: "demo"])
    let entry = try #require(packages.entry(stem: "demo"))
    #expect(entry.name == "demo")
    #expect(entry.version == "1.0-1")
    #expect(entry.conffiles == ["\(fixture.root)/etc/demo/demo.conf"])
    #expect(!entry.isBasic)
    #expect(packages.entry(stem: "demo:arm64") == nil)
    #expect(packages.entry(stem: "demo:amd64")?.name == "demo")
  }

  @Test func aRemovedPackageIsNotInstalled() throws {
    let fixture = try Fixture()
    try fixture.write(
      "/var/lib/dpkg/status",
      "Package: demo\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n")
    #expect(
      PackageDatabase(directory: "\(fixture.root)/var/lib/dpkg").entry(stem: "demo") == nil)
  }
}

/// RFC 1321, appendix A.5.
@Suite struct MD5Tests {
  @Test(arguments: [
    ("", "d41d8cd98f00b204e9800998ecf8427e"),
    ("a", "0cc175b9c0f1b6a831c399e269772661"),
    ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
    (
      "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
      "57edf4a22be3c955ac49da2e2107b67a"
    ),
  ])
  func hashesAsTheRFCDoes(text: String, sum: String) {
    #expect(MD5.hex(of: Array(text.utf8)) == sum)
  }
}
