import Linux

/// What a reply is seen through: colours, and now.
struct View {
  let paint: Paint
  /// Wall time, seconds since the epoch.
  let now: Int64

  static var standardOutput: View { View(paint: .standardOutput, now: Clock.wall()) }
  static var standardError: View { View(paint: .standardError, now: Clock.wall()) }
}
