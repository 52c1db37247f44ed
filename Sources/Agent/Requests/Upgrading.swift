internal import AgentToken
internal import ControlSocket
internal import JSON
internal import Linux
internal import Protection
internal import Shields

/// `upgrade`: what stands in for a package's prerm asks for dpkg to be let through.
extension Agent {
  func upgrade(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try request.expect(1...1)
    try requireEnrolled()
    let package = request.arguments[0]
    whenFree(.other, connection) { [weak self] () throws(Refusal) in
      guard let self else { return }
      let services = guards.definitions.filter { $0.package?.name == package }
      guard !services.isEmpty else {
        throw Refusal(
          .unitUnknown, "No protected service here is from the package \(package.prefix(64)).")
      }
      guard services.allSatisfy({ $0.upgrades == .any }) else {
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
      do {
        try guards.markVoid(Set(units))
      } catch {
        throw Refusal(
          .internalError, "The upgrade cannot be noted, so nothing was opened: \(error)")
      }
      recorder.event(
        "upgrade", outcome: package, peer: connection.peer,
        details: [("services", units.joined(separator: " "))])
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
