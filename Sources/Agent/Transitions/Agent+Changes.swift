internal import Linux
internal import Protection
internal import Shields

/// What became of a service's files while it was let go of.
extension Agent {
  /// `holdfast accept` in the window that is open: what had changed by then is as it should be.
  struct Acceptance {
    /// When, in nanoseconds since the epoch.
    let at: Int64
    /// Files that were gone by then.
    let gone: Set<String>
  }

  /// Compares a new baseline with the one before. All that changed is recorded; what is neither as it
  /// was nor as its package shipped it is named until somebody accepts it.
  func sayChanges(from old: ServiceDefinition, to new: ServiceDefinition) {
    guard !old.units.isEmpty else { return }
    let changes = BaselineChanges(from: old, to: new)
    guard !changes.isEmpty else { return }
    // Of a signed upgrade all of it was compared with the release.
    let odd =
      old.signedUpgrade == nil ? board.unexplained(changes).filter { !isAccepted($0) } : []
    recorder.event(
      old.isOpenToPackage && machine.state.grant == nil
        ? "changed_by_upgrade" : "changed_while_unprotected", outcome: new.unit,
      details: [
        ("changed", changes.changed.map(\.path).joined(separator: " ")),
        ("new", changes.new.map(\.path).joined(separator: " ")),
        ("gone", changes.gone.joined(separator: " ")),
        ("not_as_shipped", odd.joined(separator: " ")),
      ])
    guard !odd.isEmpty else { return }
    notices.note(changed: odd, of: new.unit)
    Announcer.say(
      .trouble, .warning,
      "Changed while unprotected, and not as its package shipped it: "
        + "\(odd.joined(separator: ", ")). Once that was looked at: holdfast accept",
      [("UNIT", new.unit)])
  }

  private func isAccepted(_ path: String) -> Bool {
    guard let acceptance else { return false }
    guard let status = try? Files.status(path) else { return acceptance.gone.contains(path) }
    return status.ctime <= acceptance.at
  }
}

/// How two baselines of a service differ.
struct BaselineChanges {
  var changed: [KeptFile] = []
  var new: [KeptFile] = []
  var gone: [String] = []
  /// dpkg's own files change with the package's version, and there is no sum for them.
  let records: Set<String>
  let isOtherVersion: Bool

  init(from old: ServiceDefinition, to new: ServiceDefinition) {
    let before = Dictionary(old.everyFile.map { ($0.path, $0.hash) }) { first, _ in first }
    for file in new.everyFile where before[file.path] != file.hash {
      before[file.path] == nil ? self.new.append(file) : changed.append(file)
    }
    let after = Set(new.everyFile.map(\.path))
    gone = old.everyFile.map(\.path).filter { !after.contains($0) }
    records = Set(
      [old, new].compactMap(\.package).flatMap { $0.records.map(\.path) + [$0.prermPath] })
    isOtherVersion = old.package?.version != new.package?.version
  }

  var isEmpty: Bool { changed.isEmpty && new.isEmpty && gone.isEmpty }
}

extension ShieldBoard {
  /// Of what changed, the paths that no package accounts for.
  func unexplained(_ changes: BaselineChanges) -> [String] {
    let files = (changes.changed + changes.new).map(\.path)
    let owners = packages.owners(of: files + changes.gone)
    var entries: [String: PackageDatabase.Entry] = [:]
    for stem in Set(owners.values) { entries[stem] = packages.entry(stem: stem) }
    return (files + changes.gone).filter { path in
      if changes.records.contains(path) { return !changes.isOtherVersion }
      guard let owner = owners[path].flatMap({ entries[$0] }) else {
        // Nobody's but the administrator's; one that went with an upgrade was its package's.
        return Files.exists(path) || !changes.isOtherVersion
      }
      guard
        let sum = packages.shippedSum(of: path, in: owner) ?? owner.conffileSums[path]
      else { return true }
      return (try? MD5.hex(ofFile: path)) != sum
    }
  }
}
