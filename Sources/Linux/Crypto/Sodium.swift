internal import CSodium

/// libsodium, made ready once.
enum Sodium {
  /// Whether sodium_init(3) worked. It picks the fastest code for this processor and opens the
  /// source of randomness.
  static let isReady = sodium_init() >= 0
}
