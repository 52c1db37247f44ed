internal import Linux

/// What healing has to remember between one event and the next.
struct Healing {
  /// Per service, how often it was healed and what of that went on record.
  var tallies: [String: HealingTally] = [:]
  /// Units that were not up when they were engaged, and are being started.
  var starting: Set<String> = []
  /// Units that were seen on their way down, and are ended if they take too long.
  var leaving: [String: EventSource] = [:]
  /// Groups that PID 1 was asked to thaw.
  var thawing: [String: ThawAttempts] = [:]
  /// Processes that were found held by a tracer, until they are looked at again.
  var held: Set<Int32> = []
  /// Per unit, what PID 1 held it to after the last reload.
  var limits: [String: Limits] = [:]
  /// Per unit, when PID 1 was last seen to go by our files alone: CLOCK_MONOTONIC microseconds.
  var lastClean: [String: UInt64] = [:]
  /// Until it is looked whether the socket's unit is still down.
  var socketReturn: EventSource?

  /// PID 1 asked to thaw a group that it may not know to be frozen.
  struct ThawAttempts {
    static let most = 5
    var count = 0
    var next: EventSource?
  }
}
