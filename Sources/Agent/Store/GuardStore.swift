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
  private let directory: String
  /// holdfast-rescue leaves it behind.
  private let rescueMarker: String

  static let limit = 64

  init(directory: String) throws(SystemError) {
    self.directory = "\(directory)/guards"
    rescueMarker = "\(directory)/rescued"
    try Files.makeDirectory(self.directory, mode: 0o700, parents: true)
    for name in try Files.list(self.directory) where name.hasSuffix(Self.suffix) {
      guard let bytes = try? Files.read("\(self.directory)/\(name)"),
        let json = try? JSON.parse(bytes), let definition = ServiceDefinition(json: json)
      else {
        damaged.append("\(self.directory)/\(name)")
        continue
      }
      definitions.removeAll { $0.unit == definition.unit }
      definitions.append(definition)
      if name.hasSuffix(Self.voidSuffix) { void.insert(definition.unit) }
    }
    sort()
  }

  /// Whether a rescue boot says that it let go of everything here.
  var saysRescued: Bool { Files.exists(rescueMarker) }

  /// What was done on a rescued host was done with permission: no baseline holds any more.
  func acceptRescue() throws(SystemError) {
    try markVoid(Set(definitions.map(\.unit)))
    try Files.remove(rescueMarker)
  }

  /// Nothing was let go of: the marker is somebody's invention.
  func denyRescue() { try? Files.remove(rescueMarker) }

  func definition(of unit: String) -> ServiceDefinition? {
    definitions.first { $0.unit == unit }
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
    try Files.remove(path(of: unit))
    definitions.removeAll { $0.unit == unit }
    void.remove(unit)
  }

  /// Marks baselines as no longer what to go back to; on disk when this returns. A file's name
  /// says so, because a rename works on a full disk too.
  func markVoid(_ units: Set<String>) throws(SystemError) {
    let new = units.subtracting(void).filter { definition(of: $0) != nil }
    try rename(new, to: Self.voidSuffix) { void.insert($0) }
  }

  func clearVoid(_ units: Set<String>) throws(SystemError) {
    try rename(units.intersection(void), to: Self.suffix) { void.remove($0) }
  }

  private func rename(
    _ units: Set<String>, to suffix: String, then note: (String) -> Void
  ) throws(SystemError) {
    guard !units.isEmpty else { return }
    for unit in units {
      try Files.rename(path(of: unit), to: "\(directory)/\(unit)\(suffix)")
      note(unit)
    }
    try Files.syncDirectory(directory)
  }

  private static let suffix = ".json"
  private static let voidSuffix = ".void.json"

  private func write(_ definition: ServiceDefinition) throws(SystemError) {
    try Files.writeAtomically(
      path(of: definition.unit), definition.json.encoded() + "\n", mode: 0o600, sync: true)
  }

  private func path(of unit: String) -> String {
    "\(directory)/\(unit)\(void.contains(unit) ? Self.voidSuffix : Self.suffix)"
  }

  private func sort() {
    definitions.sort {
      ($0.unit == Own.service ? 0 : 1, $0.addedBy.at, $0.unit)
        < ($1.unit == Own.service ? 0 : 1, $1.addedBy.at, $1.unit)
    }
  }
}
