import Foundation
import JSON
import Linux

@testable import Ledger

let noon: Int64 = 1_760_000_040  // the beginning of a minute
let day: Int64 = 86_400

func event(
  _ name: String = "healed", phase: LedgerEvent.Phase? = nil, at wall: Int64 = noon,
  boottime: UInt64 = 1_000_000, uid: UInt32 = 0, iss: String? = nil, jti: String? = nil,
  exp: Int64? = nil, outcome: String = "ok", details: [JSON.Member] = []
) -> LedgerEvent {
  LedgerEvent(
    event: name, phase: phase, wall: wall, boottime: boottime, bootID: "b0a7",
    peer: LedgerPeer(pid: 7, uid: uid, gid: 8, loginuid: 1000, tty: "pts/0", exe: "/usr/bin/x"),
    iss: iss, kid: iss == nil ? nil : "k1", jti: jti, exp: exp, outcome: outcome, clock: "wall",
    details: details)
}

func intent(_ jti: String, at wall: Int64 = noon, iss: String = "eu-prod") -> LedgerEvent {
  event("unprotect", phase: .intent, at: wall, iss: iss, jti: jti, exp: wall + 900)
}

func result(_ jti: String, at wall: Int64 = noon) -> LedgerEvent {
  event("unprotect", phase: .result, at: wall, iss: "eu-prod", jti: jti, exp: wall + 900)
}

func refusal(_ code: String, uid: UInt32, at wall: Int64) -> LedgerEvent {
  event("refused", at: wall, uid: uid, outcome: code)
}

extension MerkleTree {
  mutating func append(_ leaf: [UInt8]) { append(leaf: leaf.span) }
}

/// A directory that is gone after the test, with a ledger's in it that does not exist yet.
final class Place {
  let root: String
  var directory: String { root + "/ledger" }
  var path: String { directory + "/ledger.jsonl" }

  init() throws {
    root = FileManager.default.temporaryDirectory.path + "/ledger-test-\(UUID().uuidString)"
    try Files.makeDirectory(root, mode: 0o700)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: root)
  }

  func open(now: Int64 = noon, hardFloor: Int64 = 0) throws(LedgerError) -> Ledger.Opened {
    try Ledger.open(directory: directory, now: now, hardFloor: hardFloor)
  }

  func bytes() throws -> [UInt8] { try Files.read(path) }

  func write(_ bytes: [UInt8]) throws {
    try Files.makeDirectory(directory, mode: 0o700, parents: true)
    try Files.writeAtomically(path, bytes, mode: 0o600)
  }

  func lines() throws -> [String] {
    String(decoding: try bytes(), as: UTF8.self).split(separator: "\n").map(String.init)
  }
}

/// Runs a command of the shell, and says what its exit status was.
@discardableResult
func shell(_ command: String) throws -> Int32 {
  let process = Process()
  process.executableURL = URL(filePath: "/bin/sh")
  process.arguments = ["-c", command]
  process.standardError = FileHandle.nullDevice
  process.standardOutput = FileHandle.nullDevice
  try process.run()
  process.waitUntilExit()
  return process.terminationStatus
}

/// A disk in memory, which fails when it is told to.
final class FakeDisk: LedgerStorage {
  var bytes: [UInt8] = []
  /// Bytes that file and reserve may occupy.
  var capacity = Int64.max
  var reserved: Int64 = 0
  var canReserve = true
  var writeError: Int32?
  var syncError: Int32?
  var truncateError: Int32?
  var readError: Int32?
  /// The most bytes that one write takes.
  var largestWrite = Int.max
  private(set) var syncs = 0

  private var occupied: Int64 { max(Int64(bytes.count), reserved) }

  private func failure(_ code: Int32?) throws(SystemError) {
    if let code { throw SystemError(errno: code, operation: "test") }
  }

  func prepare() throws(SystemError) -> Bool { false }
  func size() throws(SystemError) -> Int64 { Int64(bytes.count) }
  func allocated() throws(SystemError) -> Int64 { occupied }
  func free() throws(SystemError) -> Int64 { capacity - occupied }

  func read(at offset: Int64, upTo count: Int) throws(SystemError) -> [UInt8] {
    try failure(readError)
    return Array(bytes.dropFirst(Int(offset)).prefix(count))
  }

  func append(_ more: ArraySlice<UInt8>) throws(SystemError) -> Int {
    try failure(writeError)
    let room = max(capacity, reserved) - Int64(bytes.count)
    if room <= 0 { throw SystemError(errno: ENOSPC, operation: "test") }
    let count = min(more.count, largestWrite, Int(room))
    bytes += more.prefix(count)
    return count
  }

  func truncate(to size: Int64) throws(SystemError) {
    try failure(truncateError)
    bytes.removeLast(bytes.count - Int(size))
    reserved = 0
  }

  func reserve(from offset: Int64, length: Int64) throws(SystemError) {
    try failure(canReserve ? nil : EOPNOTSUPP)
    if offset + length > capacity { throw SystemError(errno: ENOSPC, operation: "test") }
    reserved = max(reserved, offset + length)
  }

  func sync() throws(SystemError) {
    syncs += 1
    try failure(syncError)
  }
}
