internal import AgentToken
internal import HostConfiguration
internal import Issuing
package import JSON

/// A profile to be made.
package struct ProfileDraft: Sendable {
  package var name: String
  /// The only tenant that may use it; nil for all.
  package var tenant: String?
  /// The configuration's keys (`ProfileSettings`).
  package var settings: JSON

  package init(name: String, tenant: String? = nil, settings: JSON) {
    self.name = name
    self.tenant = tenant
    self.settings = settings
  }
}

extension Profile {
  /// A signed profile has at most 256 KiB, a third more than what is in it.
  private static let mostSettings = 128 << 10

  /// Settings as they are kept.
  ///
  /// - Throws: `invalid_request`, with all that a host would find wrong with them.
  static func text(of settings: JSON) throws(Refusal) -> String {
    do throws(ConfigurationIssues) {
      _ = try ProfileSettings(settings)
    } catch {
      throw Refusal(
        .invalid,
        "The settings are not as they must be: "
          + error.issues.prefix(10).map(\.description).joined(separator: " "),
        hint: "They are the keys of holdfast.conf(5), by section.")
    }
    let text = settings.encoded()
    guard text.utf8.count <= mostSettings else {
      throw Refusal(
        .invalid,
        "The settings have \(text.utf8.count) bytes, and at most \(mostSettings) can be signed.")
    }
    return text
  }
}
