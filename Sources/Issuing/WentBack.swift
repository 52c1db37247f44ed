package import AgentToken
package import Linux

/// An issuer that went back to an older copy of itself, as by the restore of a backup.
///
/// What it signed since is lost here, and hosts have it: they refuse what has a lower number, and what
/// has the same number and says something else. So from then on its numbers are above the second in
/// which it went back, which no number was that came of counting, nor one of an earlier time.
extension Issuer {
  /// What is signed from now on has numbers above this one; 0 where it never went back.
  ///
  /// - Throws: `issuer_damaged`, `system_error`.
  package func floor() throws(Refusal) -> Int64 {
    let path = Self.wentBackPath(directory)
    do {
      guard try Files.status(path) != nil else { return 0 }
      let text = try Files.text(path).filter { !$0.isNewline }
      if let number = Int64(text), (0...Self.latest).contains(number) { return number }
    } catch {
      throw Refusal(error, "read \(path)")
    }
    throw Refusal(
      .issuerDamaged, "\(path) is no time", hint: "It is seconds since the epoch, of the restore.")
  }

  /// Notes that the issuer in a directory went back.
  ///
  /// - Parameter now: seconds since the epoch.
  package static func noteReturn(of directory: String, at now: Int64) throws(SystemError) {
    try Files.writeAtomically(wentBackPath(directory), "\(now)\n")
  }

  /// The end of the year 9999.
  private static let latest: Int64 = 253_402_300_799

  private static func wentBackPath(_ directory: String) -> String { "\(directory)/went-back" }
}
