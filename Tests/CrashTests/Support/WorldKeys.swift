import AgentToken
import JSON
import Ledger
import Linux
import SimulatedDisk

@testable import Agent

/// Tells states of the small world apart. Two are the same where nothing that is decided by can
/// differ between them: numbers that only grow are taken relative to each other, and of the ledger
/// there is what it says of tokens.
final class WorldKeys {
  static let places = [CrashedHost.paths.state, CrashedHost.paths.secondState]
  private var known: [[UInt8]: Slot] = [:]

  private struct Slot {
    var counter: Int64 = 0
    var text = "-"
  }

  /// Of what outlives the daemon.
  func key(of remains: SmallWorld.Remains) -> String {
    let trees = [remains.disk.seen, remains.disk.kept]
    let seals = trees.flatMap { tree in
      Self.places.map { slots(tree.bytes("\($0)/seal") ?? []) }
    }
    let all = seals + [slots(remains.kept ?? [])]
    // Only which is newer counts, not by how much.
    let order = Set(all.flatMap { $0 }.map(\.counter)).sorted()
    return
      ([
        "\(remains.back) \(remains.boot) \(remains.released.sorted()) \(remains.taken.keys.sorted())"
      ]
      + all.map {
        $0.map { "\(order.firstIndex(of: $0.counter) ?? 0)\($0.text)" }.joined(separator: "/")
      }
      + trees.map { "\(Self.intents($0).map(\.jti).sorted()) \(Self.isTorn($0)) \(files($0))" })
      .joined(separator: "\n")
  }

  /// Of both slots, what a seal says but for its numbers: files, trust, spent tokens.
  private func slots(_ bytes: [UInt8]) -> [Slot] {
    [0, Slots.size].map { start in
      guard start < bytes.count else { return Slot() }
      let slot = Array(bytes[start..<min(bytes.count, start + Slots.size)])
      let text = Array(slot.prefix(Bytes.find([UInt8(ascii: "\n")], in: slot) ?? 0)) + [10]
      if let slot = known[text] { return slot }
      var found = Slot()
      if let latest = Slots.latest(in: text, size: Slots.size),
        let json = try? JSON.parse(latest.text)
      {
        // The witness has seals in its slots, and counts by itself.
        let seals = (json["seals"]?.array ?? [json]).compactMap(Seal.init(json:))
        found = Slot(
          counter: seals.map(\.generation).max() ?? 0,
          text: seals.map { seal in
            let files = seal.files.sorted { $0.key < $1.key }.map {
              "\($0.key)\($0.value.prefix(8))"
            }
            return "\(files) \(seal.spent.map(\.jti).sorted())"
          }.joined(separator: "+"))
      }
      known[text] = found
      return found
    }
  }

  /// The vital files, and what is known of the time.
  private func files(_ tree: DiskTree) -> String {
    Self.places.map { place in
      let names = tree.names("\(place)/guards").filter { !$0.hasPrefix(".holdfast-") }
      let clock = tree.bytes("\(place)/clock").flatMap {
        Slots.latest(in: $0, size: ClockStore.slotSize)?.text
      }
      return "\(names) \(String(decoding: clock ?? [], as: UTF8.self))"
    }.joined(separator: "/")
  }

  // MARK: The ledger

  /// The tokens that it says were taken.
  static func intents(_ tree: DiskTree) -> [(jti: String, services: [String])] {
    let bytes = ledger(tree)
    var found: [(jti: String, services: [String])] = []
    var start = 0
    while let end = Bytes.find([UInt8(ascii: "\n")], in: bytes, from: start) {
      let line = Array(bytes[start..<end])
      start = end + 1
      guard Bytes.find(Array("\"intent\"".utf8), in: line) != nil, let json = try? JSON.parse(line),
        json["phase"]?.string == "intent", let jti = json["jti"]?.string
      else { continue }
      found.append((jti, (json["services"]?.array ?? []).compactMap(\.string)))
    }
    return found
  }

  private static func ledger(_ tree: DiskTree) -> [UInt8] {
    tree.bytes("\(CrashedHost.paths.state)/ledger/ledger.jsonl") ?? []
  }

  private static func isTorn(_ tree: DiskTree) -> Bool {
    ledger(tree).last != UInt8(ascii: "\n")
  }
}
