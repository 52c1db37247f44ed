internal import AgentToken
internal import ControlSocket
internal import JSON
internal import Linux
internal import Protection
internal import Shields

/// `upgrade`: what stands in for a package's prerm asks for dpkg to be let through.
extension Agent {
  func upgrade(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try request.expect(1...2)
    try requireEnrolled()
    let package = request.arguments[0]
    let version = request.arguments.count > 1 ? request.arguments[1] : nil
    whenFree(.other, connection) { [weak self] () throws(Refusal) in
      guard let self else { return }
      let services = guards.definitions.filter { $0.package?.name == package }
      guard !services.isEmpty else {
        throw Refusal(
          .unitUnknown, "No protected service here is from the package \(package.prefix(64)).")
      }
      let policy = services.map(\.upgrades).min() ?? .token
      guard policy != .token else {
        throw Refusal(
          .protected, "\(package) is protected, and its upgrades need an unprotect.",
          hint: "Unprotect first: holdfast unprotect -")
      }
      guard board.packages.isInTransaction, isRunByDpkg(connection.peer) else {
        throw Refusal(
          .denied, "Only a running dpkg asks for \(package) to be opened to it.",
          hint: "Upgrade it with apt or dpkg; they need no leave here.")
      }
      let units = services.map(\.unit)
      if policy == .signed { try requireReleased(version, services) }
      do {
        if policy == .signed, let version {
          // One that a window left void already has its permission.
          let closed = services.filter {
            $0.signedUpgrade != nil || !guards.void.contains($0.unit)
          }
          try guards.replace(closed.map { $0.openedToRelease(of: version) }, void: true)
        } else {
          try guards.markVoid(Set(units))
        }
      } catch {
        throw Refusal(
          .internalError, "The upgrade cannot be noted, so nothing was opened: \(error)")
      }
      recorder.event(
        "upgrade", outcome: package, peer: connection.peer,
        details: [("services", units.joined(separator: " ")), ("version", version ?? "")])
      whenSettled.append { [weak self] in
        guard let self else { return }
        connection.succeed([
          .init(name: "package", value: .string(package)),
          .init(name: "services", value: .strings(units)),
          .init(name: "state", value: .string(machine.state.name)),
        ])
      }
      handle(.definitionsChanged)
    }
  }

  /// Throws unless a release lists that version, it is no older than what is here, and the scripts
  /// that dpkg is about to run are those listed.
  private func requireReleased(
    _ version: String?, _ services: [ServiceDefinition]
  ) throws(Refusal) {
    guard let version, let installed = services.first?.package else {
      throw Refusal(.badArguments, "The version to upgrade to is missing.")
    }
    guard DebianVersion(version) >= DebianVersion(installed.version) else {
      throw Refusal(
        ArtefactType.release.older,
        "\(installed.name) \(version.prefix(128)) is older than \(installed.version), which is here.",
        hint: "Going back needs an unprotect: holdfast unprotect -")
    }
    let package = try released(installed.name, version, installed.architecture)
    let scripts = board.packages.incomingScripts()
    let names = Set(scripts.keys).union(package.scripts.keys).sorted()
    if let odd = names.first(where: { scripts[$0] != package.scripts[$0] }) {
      throw Refusal(
        .releaseMismatch,
        "The script \(odd) that dpkg is about to run is not the one that the release lists for "
          + "\(package.name) \(package.version).",
        hint: "This is not the package that was released: see where it came from.")
    }
  }

  /// Whether the caller is a maintainer script's, or the script itself.
  private func isRunByDpkg(_ peer: Peer) -> Bool {
    var next = peer.isStillThere() ? peer.parent : nil
    for _ in 0..<6 {
      guard let pid = next, pid > 1 else { return false }
      if Processes.executable(pid) == "/usr/bin/dpkg" { return true }
      next = Processes.status(pid)?.parent
    }
    return false
  }
}

extension ServiceDefinition {
  /// Goes back, should it not become that version, to what it was before the first of several runs.
  fileprivate func openedToRelease(of version: String) -> ServiceDefinition {
    var opened = self
    opened.signedUpgrade = .to(version: version, from: signedUpgrade?.origin ?? self)
    return opened
  }
}
