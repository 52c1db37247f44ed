/// Where the daemon keeps and finds things.
package struct Paths: Sendable {
  /// The daemon's own state: trust, definitions, baseline, ledger.
  package var state = "/var/lib/holdfast"
  /// The second copy of the vital part of it (`StateVault`): on another path, and where /var is a
  /// file system of its own, on another one.
  package var secondState = "/etc/holdfast.state"
  /// Where that goes when `state` cannot be used; empty at every start.
  package var fallbackState = "/run/holdfast/state"
  /// What administrators write.
  package var configuration = "/etc/holdfast"
  package var controlSocket = "/run/holdfast/control.sock"
  /// PID 1's own socket, which needs no bus daemon.
  package var manager = "/run/systemd/private"
  /// What the link to the cluster goes by, where there is one.
  package var link = "/var/lib/holdfast-link/agent.json"

  package init() {}
}

/// Holdfast's own units, which guard themselves like any service.
package enum Own {
  package static let service = "holdfastd.service"
  package static let socket = "holdfastd.socket"
  /// Units of the package that are protected with the daemon.
  package static let parts =
    units.dropFirst() + [
      "holdfast-rescue.service", "holdfast-reconnected.service",
    ]
  /// Those that are guarded as one: the service itself, its socket, and what PID 1 has instead of us
  /// while we are frozen.
  package static let units = [service, socket, thaw, "holdfast-thaw.service"]
  /// Has PID 1 thaw a frozen daemon.
  package static let thaw = "holdfast-thaw.path"
  /// What `doctor --prove` attacks: guarded for as long as that runs, and never else.
  package static let canary = "holdfast-canary.service"
  /// Files that go with the daemon, apart from its program.
  package static let files = [
    "/usr/bin/holdfast", "/usr/libexec/holdfast/holdfast-prove",
    "/usr/libexec/holdfast/holdfast-rescue",
    "/usr/lib/systemd/system-generators/holdfast-generator",
    "/usr/lib/systemd/system/holdfast-rescue.service",
    "/usr/lib/systemd/system/holdfast-reconnected.service",
    "/usr/libexec/holdfast/holdfast-link",
    "/usr/lib/systemd/system/\(link)",
  ]
  /// The courier between daemon and cluster. It may be stopped: what it carries is signed.
  package static let link = "holdfast-link.service"
  /// Its members may unprotect and protect.
  package static let group = "holdfast"
  /// The user that the link to the cluster runs as.
  package static let courier = "holdfast-link"
}
