package import Protection

/// What the daemon is told by `holdfast.conf` and its drop-ins: everything but the services.
package struct Settings: Sendable, Equatable {
  package var control: ControlLimits
  /// The longest that a token can unprotect for, in seconds. `[Protection] MaxWindowSec=`
  package var maxWindow: Int64
  /// Whether tokens are taken that answer no challenge. `[Protection] Bearer=`
  package var bearer: BearerTokens
  /// Which services an administrator may have protected. `[Protection] LocalGuards=`
  package var localGuards: LocalGuards
  /// Whether services are protected or only watched. `[Protection] Mode=`
  package var mode: ProtectionMode
  package var ledger: LedgerRoom

  package init(
    control: ControlLimits = ControlLimits(), maxWindow: Int64 = 3600,
    bearer: BearerTokens = .always, localGuards: LocalGuards = .packaged,
    mode: ProtectionMode = .enforce, ledger: LedgerRoom = LedgerRoom()
  ) {
    self.control = control
    self.maxWindow = maxWindow
    self.bearer = bearer
    self.localGuards = localGuards
    self.mode = mode
    self.ledger = ledger
  }

  /// What holds where no file says anything.
  package static let standard = Settings()
}

/// Whether a token opens this host by being shown alone, within its time.
package enum BearerTokens: String, Sendable, CaseIterable {
  /// Yes, where this host's clock can be believed.
  case always
  /// Only one that answers a challenge which this host made.
  case never
}

/// How much the control socket bears. The section `[Control]`.
package struct ControlLimits: Sendable, Equatable {
  /// Connections in all. `MaxConnections=`
  package var maxConnections: Int
  /// Connections of one uid. `MaxConnectionsPerUser=`
  package var maxConnectionsPerUser: Int
  /// How long a complete line may take, in microseconds. `FirstLineTimeoutSec=`
  package var firstLineTimeout: UInt64
  /// Tokens of one uid that may fail within a minute. `FailedTokensPerMinute=`
  package var failedTokensPerMinute: Int

  package init(
    maxConnections: Int = 64, maxConnectionsPerUser: Int = 16,
    firstLineTimeout: UInt64 = 10_000_000, failedTokensPerMinute: Int = 10
  ) {
    self.maxConnections = maxConnections
    self.maxConnectionsPerUser = maxConnectionsPerUser
    self.firstLineTimeout = firstLineTimeout
    self.failedTokensPerMinute = failedTokensPerMinute
  }
}

/// How much of the disk the ledger takes, in bytes. The section `[Ledger]`.
package struct LedgerRoom: Sendable, Equatable {
  /// A file that is as large is put away, and another begun. `FileSize=`
  package var fileSize: Int64
  /// The most that is kept of all files together. `MaxUse=`
  package var maxUse: Int64

  package init(fileSize: Int64 = 1 << 20, maxUse: Int64 = 128 << 20) {
    self.fileSize = fileSize
    self.maxUse = maxUse
  }
}

/// Which services may be protected on an administrator's word, so that protection does not become
/// malware's bodyguard.
package enum LocalGuards: String, Sendable, CaseIterable, Comparable {
  /// Those whose unit and program come unmodified from an installed package.
  case packaged
  /// Any.
  case any
  /// None: only a signed profile says what is protected.
  case none

  /// The looser one is the greater.
  package static func < (left: LocalGuards, right: LocalGuards) -> Bool {
    left.looseness < right.looseness
  }

  private var looseness: Int {
    switch self {
    case .none: 0
    case .packaged: 1
    case .any: 2
    }
  }
}
