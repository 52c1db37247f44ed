internal import JSON
internal import Linux

/// Which machine this state is of: what tells a machine from a clone of it and, where the hypervisor
/// says so, from an older self that a snapshot brought back.
final class MachineStore {
  /// Of each mark its SHA-256: a machine id is confidential (machine-id(5)).
  typealias Marks = [String: String]

  private(set) var known: Marks
  private let vault: StateVault
  static let name = "machine.json"

  init(vault: StateVault) {
    self.vault = vault
    known = vault.places[0].read(Self.name).flatMap { try? JSON.parse($0) }.map(Self.marks) ?? [:]
  }

  /// What this machine is.
  static func current() -> Marks {
    [
      "machine id": Machine.machineID(), "hardware UUID": Hardware.productUUID(),
      "VM generation id": Hardware.generationID(),
    ].compactMapValues { $0.map { SHA256Hash.hex(SHA256Hash.of(Array($0.utf8))) } }
  }

  /// What ids are derived for (sd_id128_get_machine_app_specific(3)).
  private static let application = "678510a9620d48b5a1226f69549161d2"

  /// The machine id as it is for Holdfast alone: nobody can tell the machine id from it.
  static var ownID: String? { Machine.appSpecificMachineID(application) }

  /// What a cluster can tell this machine from a copy of it by, and nothing else: a hash of machine id
  /// and hardware UUID. Nil where it has neither.
  static func fingerprint(
    id: String? = ownID, hardware: String? = Hardware.productUUID()
  ) -> String? {
    guard id != nil || hardware != nil else { return nil }
    return SHA256Hash.hex(
      SHA256Hash.of(Array("holdfast machine\n\(id ?? "")\n\(hardware ?? "")".utf8)))
  }

  /// The marks that are others than they were. One that was not known, or that cannot be read now,
  /// says nothing.
  func differences(_ marks: Marks) -> [String] {
    known.filter { name, hash in marks[name].map { $0 != hash } ?? false }.keys.sorted()
  }

  /// This is the machine from now on.
  func accept(_ marks: Marks) throws(SystemError) {
    let all = known.merging(marks) { $1 }
    guard all != known else { return }
    try vault.write(Self.name, Self.encode(all))
    known = all
  }

  /// What the file should hold.
  var content: [UInt8] { Self.encode(known) }

  private static func encode(_ marks: Marks) -> [UInt8] {
    let json = JSON.object(
      marks.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .string($0.value)) })
    return Array((json.encoded() + "\n").utf8)
  }

  private static func marks(_ json: JSON) -> Marks {
    (json.members ?? []).reduce(into: [:]) { $0[$1.name] = $1.value.string }
  }
}
