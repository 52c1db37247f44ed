internal import JSON
internal import Linux
internal import Protection

/// What somebody has to look at, kept until it is accepted in an open window: signs that the state
/// was tampered with, and files that changed while unprotected.
final class NoticeStore {
  /// Sentences. The host is `degraded` with them.
  private(set) var alarms: [String] = []
  /// Per unit, paths that are neither as they were before the window nor as their package shipped
  /// them. Said, and no damage.
  private(set) var changed: [String: [String]] = [:]

  private let vault: StateVault
  private static let name = "notices.json"
  /// More are counted only, so that the file stays small.
  private static let limit = 32

  init(vault: StateVault) {
    self.vault = vault
    guard let bytes = vault.places[0].read(Self.name), let json = try? JSON.parse(bytes) else {
      return
    }
    alarms = (json["alarms"]?.array ?? []).compactMap(\.string)
    for member in json["changed"]?.members ?? [] {
      changed[member.name] = (member.value.array ?? []).compactMap(\.string)
    }
  }

  var isEmpty: Bool { alarms.isEmpty && changed.isEmpty }

  func alarm(_ sentence: String) {
    guard !alarms.contains(sentence), alarms.count < Self.limit else { return }
    alarms.append(sentence)
    store()
  }

  func note(changed paths: [String], of unit: String) {
    let known = changed[unit] ?? []
    let new = paths.filter { !known.contains($0) }
    guard !new.isEmpty, known.count < Self.limit else { return }
    changed[unit] = Array((known + new).prefix(Self.limit))
    store()
  }

  /// All of it is as it should be.
  func clear() {
    guard !isEmpty else { return }
    (alarms, changed) = ([], [:])
    store()
  }

  /// What the file should hold.
  var content: [UInt8] {
    let json: JSON = [
      "alarms": .strings(alarms),
      "changed": .object(
        changed.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .strings($0.value)) }),
    ]
    return Array((json.encoded() + "\n").utf8)
  }

  private func store() {
    do {
      try isEmpty ? vault.remove(Self.name) : vault.write(Self.name, content)
    } catch {
      Announcer.say(.trouble, .error, "What has to be looked at cannot be stored: \(error)")
    }
  }
}
