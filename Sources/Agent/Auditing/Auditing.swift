internal import Shields

/// What watching without enforcing has to remember between one event and the next.
struct Auditing {
  /// What of each service was told, and when.
  var tallies: [String: Tally] = [:]
  /// A dpkg run was going on when watched files were to be looked at.
  var awaitsPackages = false
  /// Per watched service, what of it is known not to be as in its baseline.
  var told: [String: [Problem]] = [:]

  /// What was noticed of a service, and how much of that went on record.
  struct Tally {
    /// PID 1 has a job for it: what happens to it now, somebody asked for.
    var hasJob = false
    var isDown = false
    var isFrozen = false
    var isStopped = false
    /// When something was last recorded (CLOCK_MONOTONIC microseconds), and what since was not.
    var recorded: UInt64 = 0
    var unrecorded = 0
  }
}
