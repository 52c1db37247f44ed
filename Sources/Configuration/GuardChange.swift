internal import Protection

extension GuardSettings {
  /// What differs between the protected services, by the old order and then the new: services that
  /// came and went, and for the others their settings, one change for each file.
  package static func change(
    from old: [GuardSettings], to new: [GuardSettings]
  ) -> [SettingChange] {
    var changes: [SettingChange] = []
    for before in old {
      if let after = new.first(where: { $0.unit == before.unit }) {
        changes += before.changes(to: after)
      } else {
        changes.append(
          SettingChange(
            unit: before.unit, key: "[Service] Unit", old: before.unit, new: nil, loosens: true))
      }
    }
    for after in new where !old.contains(where: { $0.unit == after.unit }) {
      changes.append(after.arrival)
    }
    return changes
  }

  /// Takes over everything that does not loosen protection: new services, a stricter `Upgrades=`,
  /// more files. What is missing in `new` stays protected.
  package static func tightened(
    _ old: [GuardSettings], by new: [GuardSettings]
  ) -> Taking<[GuardSettings]> {
    var result: [GuardSettings] = []
    var taken: [SettingChange] = []
    for before in old {
      var merged = before
      if let after = new.first(where: { $0.unit == before.unit }) { merged.tighten(by: after) }
      result.append(merged)
      taken += before.changes(to: merged)
    }
    for after in new where !old.contains(where: { $0.unit == after.unit }) {
      guard result.count < maxServices else { break }
      result.append(after)
      taken.append(after.arrival)
    }
    // Whatever still differs from what was asked for was refused.
    return Taking(value: result, taken: taken, refused: change(from: result, to: new))
  }

  private var arrival: SettingChange {
    SettingChange(unit: unit, key: "[Service] Unit", old: nil, new: unit, loosens: false)
  }

  /// What differs in the settings of the same service.
  private func changes(to new: GuardSettings) -> [SettingChange] {
    var changes: [SettingChange] = []
    if upgrades != new.upgrades {
      changes.append(
        SettingChange(
          unit: unit, key: "[Service] Upgrades", old: upgrades.rawValue,
          new: new.upgrades.rawValue, loosens: new.upgrades != .token))
    }
    for path in extraFiles where !new.names(path) {
      changes.append(
        SettingChange(unit: unit, key: "[Service] Files", old: path, new: nil, loosens: true))
    }
    for path in new.extraFiles where !names(path) {
      changes.append(
        SettingChange(unit: unit, key: "[Service] Files", old: nil, new: path, loosens: false))
    }
    return changes
  }

  private mutating func tighten(by new: GuardSettings) {
    if new.upgrades == .token { upgrades = .token }
    for path in new.extraFiles where !names(path) && extraFiles.count < Self.maxFiles {
      extraFiles.append(path)
    }
  }

  /// Whether the file is among those of this service; paths are compared byte for byte.
  private func names(_ path: String) -> Bool {
    extraFiles.contains { $0.utf8.elementsEqual(path.utf8) }
  }
}
