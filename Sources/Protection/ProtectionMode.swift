/// Whether protection is put in place, or only decided and recorded.
package enum ProtectionMode: String, Sendable, CaseIterable {
  case enforce
  /// The same decisions, recorded as what would have been refused or healed; nothing is changed on
  /// the machine.
  case audit
}
