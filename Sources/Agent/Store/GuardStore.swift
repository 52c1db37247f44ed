internal import JSON
internal import Linux
internal import Protection

/// The services this host protects, as the daemon accepted them. What stands in /etc/holdfast is a
/// request; this is what counts.
final class GuardStore {
  /// In the order in which they were added, Holdfast's own first.
  private(set) var definitions: [ServiceDefinition] = []
  /// Services that were released since their baseline was taken. On disk before the release, so
  /// that no crash ever puts old files back over what was done with permission.
  private(set) var void: Set<String> = []
  /// Files that could not be read as definitions.
  private(set) var damaged: [String] = []
  private let vault: StateVault
  private static let folder = "guards"

  static let limit = 64

  init(vault: StateVault) throws(SystemError) {
    self.vault = vault
    let place = vault.places[0]
    for name in place.names() where name.hasPrefix("\(Self.folder)/") {
      guard name.hasSuffix(Self.suffix), let bytes = place.read(name),
        let json = try? JSON.parse(bytes), let definition = ServiceDefinition(json: json)
      else {
        damaged.append(place.path(name))
        continue
      }
      definitions.removeAll { $0.unit == definition.unit }
      definitions.append(definition)
      if name.hasSuffix(Self.voidSuffix) { void.insert(definition.unit) }
    }
    sort()
  }

  /// Whether a rescue boot says that it let go of everything here.
  var saysRescued: Bool { vault.wasRescued }

  /// What was done on a rescued host was done with permission: no baseline holds any more.
  func acceptRescue() throws(SystemError) {
    try markVoid(Set(definitions.map(\.unit)))
    vault.forgetRescue()
  }

  /// Nothing was let go of: the marker is somebody's invention.
  func denyRescue() { vault.forgetRescue() }

  /// What the file of this name should hold.
  func content(_ name: String) -> [UInt8]? {
    definitions.first { self.name(of: $0.unit) == name }.map(Self.encode)
  }

  func definition(of unit: String) -> ServiceDefinition? {
    definitions.first { $0.unit == unit }
  }

  /// The protected service that goes by a name, which may be an alias; else the name itself.
  func unit(named name: String) -> String {
    if definition(of: name) != nil { return name }
    return definitions.first { $0.aliases.contains(name) }?.unit ?? name
  }

  /// Adds or replaces a definition.
  func store(_ definition: ServiceDefinition) throws(SystemError) {
    if let index = definitions.firstIndex(where: { $0.unit == definition.unit }) {
      if definitions[index] == definition { return }
      try write(definition)
      definitions[index] = definition
    } else {
      try write(definition)
      definitions.append(definition)
      sort()
    }
  }

  func remove(_ unit: String) throws(SystemError) {
    try vault.remove(name(of: unit))
    definitions.removeAll { $0.unit == unit }
    void.remove(unit)
  }

  /// Marks baselines as no longer what to go back to; on disk when this returns. A file's name
  /// says so, because a rename works on a full disk too.
  /// What a signed upgrade would put back is over with that: there is permission now.
  func markVoid(_ units: Set<String>) throws(SystemError) {
    for definition in definitions
    where units.contains(definition.unit) && definition.signedUpgrade != nil {
      var permitted = definition
      permitted.signedUpgrade = nil
      try store(permitted)
    }
    let new = units.subtracting(void).filter { definition(of: $0) != nil }
    try rename(new, to: Self.voidSuffix) { void.insert($0) }
  }

  /// Replaces definitions together with whether their baselines are void, in one step: what a signed
  /// upgrade may be gone by, and what it came to.
  func replace(_ changed: [ServiceDefinition], void isVoid: Bool) throws(SystemError) {
    var change = StateVault.Change()
    for definition in changed {
      let suffix = isVoid ? Self.voidSuffix : Self.suffix
      let name = "\(Self.folder)/\(definition.unit)\(suffix)"
      let former = self.name(of: definition.unit)
      if name != former { change.renames.append((former, name)) }
      change.writes.append((name, Self.encode(definition)))
    }
    try vault.apply(change)
    for definition in changed {
      if isVoid { void.insert(definition.unit) } else { void.remove(definition.unit) }
      guard let index = definitions.firstIndex(where: { $0.unit == definition.unit }) else {
        continue
      }
      definitions[index] = definition
    }
  }

  func clearVoid(_ units: Set<String>) throws(SystemError) {
    try rename(units.intersection(void), to: Self.suffix) { void.remove($0) }
  }

  private func rename(
    _ units: Set<String>, to suffix: String, then note: (String) -> Void
  ) throws(SystemError) {
    guard !units.isEmpty else { return }
    try vault.apply(
      StateVault.Change(
        renames: units.sorted().map { (name(of: $0), "\(Self.folder)/\($0)\(suffix)") }))
    for unit in units { note(unit) }
  }

  private static let suffix = ".json"
  private static let voidSuffix = ".void.json"

  private func write(_ definition: ServiceDefinition) throws(SystemError) {
    try vault.write(name(of: definition.unit), Self.encode(definition))
  }

  private static func encode(_ definition: ServiceDefinition) -> [UInt8] {
    Array((definition.json.encoded() + "\n").utf8)
  }

  private func name(of unit: String) -> String {
    "\(Self.folder)/\(unit)\(void.contains(unit) ? Self.voidSuffix : Self.suffix)"
  }

  private func sort() {
    definitions.sort {
      ($0.unit == Own.service ? 0 : 1, $0.addedBy.at, $0.unit)
        < ($1.unit == Own.service ? 0 : 1, $1.addedBy.at, $1.unit)
    }
  }
}
