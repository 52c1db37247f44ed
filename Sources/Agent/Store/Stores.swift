internal import AgentToken
internal import Ledger
internal import Linux
internal import Protection
internal import Version

/// Everything that the agent keeps on disk.
struct Stores {
  let witness: Witness
  let vault: StateVault
  let recorder: Recorder
  let trust: TrustStore
  let guards: GuardStore
  let releases: ReleaseStore
  let board: ShieldBoard
  let clocks: MachineClocks
  let timekeeper: Timekeeper
  let identity: MachineStore

  init(
    _ paths: Paths, _ scheme: any SignatureScheme, _ witness: Witness
  ) throws(SystemError) {
    // What somebody put in the place of these is kept, out of the way: `StateVault` has the rest.
    Self.displace(paths.state) { Files.isDirectory($0) }
    Self.displace("\(paths.state)/ledger") { Files.isDirectory($0) }
    Self.displace("\(paths.state)/ledger/ledger.jsonl") { path in
      (try? Files.status(path))??.kind == .regular
    }
    try Files.makeDirectory(paths.state, mode: 0o700, parents: true)
    self.witness = witness
    // First of all, so that everything else reads what counts.
    vault = StateVault(primary: paths.state, secondary: paths.secondState, witness: witness)
    let known = [vault.seal.head, witness.known?.head].compactMap(\.self)
    recorder = try Recorder(
      directory: "\(paths.state)/ledger", vault: vault,
      known: known.max { $0.sequence < $1.sequence })
    trust = TrustStore(vault: vault, scheme: scheme)
    guards = try GuardStore(vault: vault)
    releases = ReleaseStore(vault: vault, scheme: scheme)
    clocks = MachineClocks()
    timekeeper = Timekeeper(
      store: ClockStore(places: vault.places), bundle: trust.trust?.bundle,
      floor: recorder.lastFloor, buildDate: holdfastReleased, read: clocks.read)
    recorder.stamp = { [timekeeper] in timekeeper.stamp }
    identity = MachineStore(vault: vault)
    board = try ShieldBoard(directory: paths.state, configuration: paths.configuration)
  }

  private static func displace(_ path: String, unless isRight: (String) -> Bool) {
    guard Files.exists(path), !isRight(path) else { return }
    try? InodeFlags.setImmutable(path, false)
    let aside = "\(path).displaced-\(Hex.encode(Random.bytes(4)))"
    guard (try? Files.rename(path, to: aside)) != nil else { return }
    Announcer.say(
      .trouble, .error,
      "Tampering: something else stood in the place of \(path); it is \(aside) now.")
  }
}
