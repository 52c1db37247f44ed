internal import JSON
internal import Ledger
internal import Linux

/// What this boot knows of the state, held by PID 1 for us: memory in the service's descriptor store
/// (FileDescriptorStoreMax= in systemd.service(5)), which outlives the daemon however it ends, and
/// which nobody else can write to. So copies that were put back while the daemon was down are
/// noticed until the next boot, both of them too.
final class Witness {
  /// What the witness of an earlier run of this boot says; nil for the first run.
  private(set) var known: Known?
  private var memory: SharedMemory?
  private var counter: Int64 = 0
  private var said = Known()

  struct Known: Equatable {
    /// The state as it is, and as it is about to be while it is being written.
    var seals: [Seal] = []
    /// Where the ledger stood, synced or not.
    var head: LedgerHead?
    /// When the daemon ended by faults of its own, CLOCK_BOOTTIME in seconds.
    var faults: [Int64] = []
    /// The boot was one to `emergency.target` or `rescue.target`.
    var isRepair = false

    var generation: Int64 { seals.map(\.generation).max() ?? 0 }
  }

  /// In the store under one of two names, so that the old one goes only once the new one is there.
  private static let names = ["witness-a", "witness-b"]
  private let taken: [String]

  /// What the service manager is given; a test is one too.
  var descriptor: FileDescriptor? { memory?.descriptor }

  static func isOurs(_ name: String) -> Bool { names.contains(name) }

  /// - Parameter descriptors: what the service manager kept for us.
  init(_ descriptors: [(name: String, fd: FileDescriptor)]) {
    let ours = descriptors.filter { Self.names.contains($0.name) }
    taken = ours.map(\.name)
    // More than one where the daemon was killed between putting one in and taking the other out.
    known = ours.compactMap { Self.read($0.fd) }.max { $0.generation < $1.generation }
  }

  private static func read(_ file: FileDescriptor) -> Known? {
    guard let bytes = try? file.read(at: 0, upTo: 2 * Slots.size),
      let text = Slots.newest(in: bytes), let json = try? JSON.parse(text)
    else { return nil }
    var known = Known(seals: (json["seals"]?.array ?? []).compactMap(Seal.init(json:)))
    known.head = json["head"].flatMap(LedgerHead.init(json:))
    known.faults = (json["faults"]?.array ?? []).compactMap(\.integer)
    known.isRepair = json["repair"]?.bool ?? false
    let fault = (try? file.read(at: Int64(2 * Slots.size), upTo: 8)) ?? []
    let time = fault.reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
    if time > 0 { known.faults.append(time) }
    return known
  }

  /// Begins the witness of this run, and hands it to the service manager in the old one's place.
  func begin(_ seal: Seal) {
    said = known ?? Known()
    said.seals = [seal]
    said.faults = Array(said.faults.suffix(Self.faultsKept))
    memory = try? SharedMemory(name: "holdfast-witness", size: 2 * Slots.size + 8)
    guard let memory else { return }
    write()
    OwnFaults.note(in: memory, at: 2 * Slots.size)
    let name = Self.names.first { !taken.contains($0) } ?? Self.names[0]
    _ = try? ServiceManager.notify("FDSTOREREMOVE=1\nFDNAME=\(name)")
    _ = try? ServiceManager.notify(
      "FDSTORE=1\nFDNAME=\(name)\nFDPOLL=0", descriptors: [memory.descriptor])
    for old in taken where old != name {
      _ = try? ServiceManager.notify("FDSTOREREMOVE=1\nFDNAME=\(old)")
    }
  }

  /// `next` is about to be written to the disk; either of the two may be found there.
  func expect(_ next: Seal) {
    said.seals = [said.seals.last, next].compactMap(\.self)
    write()
  }

  /// That is what stands on the disk now.
  func settle(_ seal: Seal) {
    said.seals = [seal]
    write()
  }

  func note(isRepair: Bool) {
    said.isRepair = isRepair
    write()
  }

  private static let faultsKept = 8

  func note(_ head: LedgerHead) {
    said.head = head
    write()
  }

  private func write() {
    guard let memory else { return }
    counter += 1
    let json: JSON = [
      "head": said.head?.json ?? .null,
      "seals": .array(said.seals.map(\.json)),
      "faults": .array(said.faults.map(JSON.integer)), "repair": .bool(said.isRepair),
    ]
    let slot = Slots.encode(json.encodedBytes(), counter: counter)
    memory.write(slot.bytes, at: slot.offset)
  }
}
