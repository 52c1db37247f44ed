import Foundation
import Linux
import Testing

@testable import Ledger

/// A file system of its own, gone after the test.
private final class Volume {
  let place: Place
  let mountPoint: String

  /// Nil where mounting is not possible, as in most containers.
  init?(_ kind: String, megabytes: Int) throws {
    place = try Place()
    mountPoint = place.root + "/volume"
    try Files.makeDirectory(mountPoint)
    let image = place.root + "/image"
    let command =
      switch kind {
      case "tmpfs": "mount -t tmpfs -o size=\(megabytes)m tmpfs '\(mountPoint)'"
      default:
        "truncate -s \(megabytes)M '\(image)' && mkfs.\(kind) -q '\(image)'"
          + " && mount -o loop '\(image)' '\(mountPoint)'"
      }
    guard try shell(command) == 0 else { return nil }
  }

  deinit {
    _ = try? shell("umount '\(mountPoint)' || umount -l '\(mountPoint)'")
  }

  var directory: String { mountPoint + "/ledger" }

  func open() throws -> Ledger.Opened { try Ledger.open(directory: directory, now: noon) }

  /// Writes until not a byte more can be written, root's own blocks included.
  func fill() throws {
    for block in ["64k", "4k", "1k"] {
      try shell("dd if=/dev/zero of='\(mountPoint)/fill-\(block)' bs=\(block); sync")
    }
    #expect(try Files.freeSpace(mountPoint) < 64 << 10)
  }
}

/// Whether file systems can be mounted here, which most containers forbid to root too.
private let canMount = geteuid() == 0 && ((try? Volume("tmpfs", megabytes: 1)) ?? nil) != nil

/// Real file systems, small and full; only root can mount them.
@Suite(.serialized, .enabled(if: canMount, "needs to mount file systems"))
struct RealDiskTests {
  @Test(arguments: ["ext4", "tmpfs"])
  func aThousandUnlocksAreRecordedOnAFullDisk(kind: String) throws {
    let volume = try #require(try Volume(kind, megabytes: 40))
    var ledger = try volume.open().ledger
    try #require(ledger.reserveAvailable)
    try ledger.append(event("started"))
    try volume.fill()

    while (try? ledger.append(event())) != nil {}
    #expect(ledger.dropped == 1)

    // A start on the full disk in the middle, after a crash that tore the last record.
    for number in 1...500 {
      try ledger.append(intent("t\(number)"))
      try ledger.append(result("t\(number)"))
    }
    if kind == "ext4" {
      ledger = try volume.open().ledger
    }
    for number in 501...1000 {
      try ledger.append(intent("t\(number)"))
      try ledger.append(result("t\(number)"))
    }
    try ledger.close()
    let opened = try volume.open()
    #expect(opened.damaged == [])
    #expect(opened.repaired == nil)
    for number in 1...1000 { #expect(opened.spent["eu-prod", "t\(number)"] != nil) }
    #expect(throws: LedgerError.self) { try opened.ledger.append(event()) }
  }

  @Test func aLedgerOnAReadOnlyDiskIsReadAndNotWritten() throws {
    let volume = try #require(try Volume("ext4", megabytes: 40))
    try volume.open().ledger.append(intent("a"))
    #expect(try shell("mount -o remount,ro '\(volume.mountPoint)'") == 0)

    let ledger = try volume.open().ledger
    #expect(ledger.spent["eu-prod", "a"] != nil)
    #expect(try ledger.records(since: 0, limit: 9).count == 1)
    for _ in 1...2 {
      let error = #expect(throws: LedgerError.self) { try ledger.append(intent("b")) }
      #expect(error?.kind == .io)
    }
    #expect(ledger.spent["eu-prod", "b"] == nil)

    #expect(try shell("mount -o remount,rw '\(volume.mountPoint)'") == 0)
    #expect(try ledger.append(intent("b")) == 2)
    #expect(try volume.open().spent.count == 2)
  }

  @Test func aNewLedgerOnAReadOnlyDiskIsEmptyAndRefuses() throws {
    let volume = try #require(try Volume("tmpfs", megabytes: 4))
    #expect(try shell("mount -o remount,ro '\(volume.mountPoint)'") == 0)
    let ledger = try volume.open().ledger
    #expect(ledger.spent.count == 0)
    #expect(try ledger.records(since: 0, limit: 9) == [])
    let error = #expect(throws: LedgerError.self) { try ledger.append(intent("a")) }
    #expect(error?.kind == .io)
    #expect(!ledger.reserveAvailable)
  }

  /// A failing ext4 goes read-only under the open file.
  @Test func aDiskThatGoesReadOnlyRefuses() throws {
    let volume = try #require(try Volume("ext4", megabytes: 40))
    let ledger = try volume.open().ledger
    try ledger.append(intent("a"))
    #expect(try shell("mount -o remount,abort '\(volume.mountPoint)'") == 0)
    let error = #expect(throws: LedgerError.self) { try ledger.append(intent("b")) }
    #expect(error?.kind == .io)
    #expect(ledger.spent["eu-prod", "b"] == nil)
    #expect(ledger.spent["eu-prod", "a"] != nil)
  }

  @Test func aTornRecordIsCutOffOnAFullDisk() throws {
    let volume = try #require(try Volume("ext4", megabytes: 40))
    try volume.open().ledger.append(intent("a"))
    try volume.fill()
    try shell("printf '{\"seq\":2,' >>'\(volume.directory)/ledger.jsonl'")
    let opened = try volume.open()
    #expect(opened.repaired != nil)
    for number in 1...1000 {
      try opened.ledger.append(intent("t\(number)"))
      try opened.ledger.append(result("t\(number)"))
    }
  }
}
