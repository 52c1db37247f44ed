package import Protection

/// What was seen of this host that decides over attacks: looked up for each diagnosis, so that it
/// says what is so and not what was asked for.
package struct HostFacts: Sendable, Equatable {
  /// systemd's version, such as 252; 0 where PID 1 did not say.
  package var systemd = 0
  /// Whether the kernel's one hierarchy of control groups is there: cgroups(7).
  package var hasUnifiedControlGroups = true
  /// Whether PID 1 itself thaws a daemon that somebody froze.
  package var thawsDaemon = false
  /// The first of the daemon's own files on a file system without the immutable flag.
  package var daemonUnflaggable: String?
  /// What is wrong with the daemon's own shields, the first of it.
  package var daemonDamage: String?
  package var services: [ServiceFacts] = []

  package init() {}
}

/// What was seen of one protected service.
package struct ServiceFacts: Sendable, Equatable {
  package var unit: String
  package var isPackaged = true
  /// Its package may be changed by dpkg without a token.
  package var upgradesFreely = false
  /// What keeps anything from being enforced, an open window or audit mode, and what ends that.
  package var opening: Opening?

  package struct Opening: Sendable, Equatable {
    package var reason: String
    package var improve: String

    package init(reason: String, improve: String) {
      (self.reason, self.improve) = (reason, improve)
    }
  }

  /// The first of its files on a file system without the immutable flag.
  package var unflaggable: String?
  /// By shield, what was found wrong with it, the first of it.
  package var damage: [String: String] = [:]
  /// Shields that wait for a running dpkg.
  package var waiting: Set<String> = []
  /// It runs in a mount namespace of its own.
  package var hasOwnMounts = false

  package init(unit: String) { self.unit = unit }
}

/// The diagnosis of one class of attacks.
package struct ClassFinding: Sendable, Equatable {
  package var attack: AttackClass
  package var verdict: AttackVerdict
  /// Why, in a clause that a person reads after the verdict.
  package var reason: String
  /// What would make it better here; nil where nothing would, or nothing need.
  package var improve: String?
}
