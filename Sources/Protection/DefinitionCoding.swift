package import JSON

/// Definitions as JSON, for the daemon's own store. A stored definition that cannot be read is
/// nil, and the caller derives it anew.
extension ServiceDefinition {
  package var json: JSON {
    guard let signedUpgrade else { return bare }
    return .object(
      (bare.members ?? []) + [
        .init(
          name: "signed_upgrade",
          value: ["version": .string(signedUpgrade.version), "from": signedUpgrade.origin.bare])
      ])
  }

  private var bare: JSON {
    [
      "unit": .string(unit), "description": .string(description),
      "units": .array(units.map(\.json)), "programs": .array(programs.map(\.json)),
      "settings": .array(settings.map(\.json)), "package": package?.json ?? .null,
      "mounts": mounts.map { .array($0.map(\.json)) } ?? .null,
      "upgrades": .string(upgrades.rawValue), "offered": offered.map(JSON.string) ?? .null,
      "added_by": addedBy.json,
      "logs": .strings(logs), "allow_signals": .strings(allowSignals),
    ]
  }

  package init?(json: JSON) {
    guard let unit = json["unit"]?.string, let description = json["description"]?.string,
      let units = json["units"].all(ProtectedUnit.init),
      let programs = json["programs"].all(KeptFile.init),
      let settings = json["settings"].all(KeptFile.init),
      let upgrades = json["upgrades"]?.string.flatMap(UpgradePolicy.init),
      let added = json["added_by"].flatMap(AddedBy.init)
    else { return nil }
    var package: InstalledPackage?
    if let stored = json["package"], stored != .null {
      package = InstalledPackage(json: stored)
      if package == nil { return nil }
    }
    self.init(
      unit: unit, description: description, units: units, programs: programs, settings: settings,
      package: package, upgrades: upgrades, addedBy: added,
      // Not in definitions of before there were these.
      logs: json["logs"].all(\.string) ?? [],
      allowSignals: json["allow_signals"].all(\.string) ?? [])
    mounts = json["mounts"].all(KeptMount.init)
    offered = json["offered"]?.string
    if let stored = json["signed_upgrade"] {
      guard let version = stored["version"]?.string,
        let origin = stored["from"].flatMap(ServiceDefinition.init)
      else { return nil }
      signedUpgrade = .to(version: version, from: origin)
    }
  }
}

extension ProtectedUnit {
  var json: JSON {
    [
      "name": .string(name), "fragment": fragment?.json ?? .null,
      "drop_ins": .array(dropIns.map(\.json)), "links": .array(links.map(\.json)),
      "shadows": .strings(shadows), "own_directories": .strings(ownDirectories),
      "type": .string(type), "own_environment": .strings(ownEnvironment),
      "aliases": .strings(aliases), "default_dependencies": .bool(hasDefaultDependencies),
    ]
  }

  init?(json: JSON) {
    guard let name = json["name"]?.string, let dropIns = json["drop_ins"].all(KeptFile.init),
      let links = json["links"].all(KeptLink.init),
      let shadows = json["shadows"].all(\.string),
      let directories = json["own_directories"].all(\.string),
      let type = json["type"]?.string, let environment = json["own_environment"].all(\.string)
    else { return nil }
    self.init(
      name: name, fragment: json["fragment"].flatMap(KeptFile.init), dropIns: dropIns,
      links: links, shadows: shadows, ownDirectories: directories, type: type,
      ownEnvironment: environment, aliases: json["aliases"].all(\.string) ?? [],
      hasDefaultDependencies: json["default_dependencies"]?.bool ?? false)
  }
}

extension KeptFile {
  var json: JSON {
    [
      "path": .string(path), "sha256": .string(hash), "size": .integer(size),
      "mode": .integer(Int64(mode)), "uid": .integer(Int64(uid)), "gid": .integer(Int64(gid)),
    ]
  }

  init?(json: JSON) {
    guard let path = json["path"]?.string, let hash = json["sha256"]?.string,
      let size = json["size"]?.integer,
      let mode = json["mode"]?.integer.flatMap(UInt32.init(exactly:)),
      let uid = json["uid"]?.integer.flatMap(UInt32.init(exactly:)),
      let gid = json["gid"]?.integer.flatMap(UInt32.init(exactly:))
    else { return nil }
    self.init(path: path, hash: hash, size: size, mode: mode, uid: uid, gid: gid)
  }
}

extension KeptLink {
  var json: JSON { ["path": .string(path), "target": .string(target)] }

  init?(json: JSON) {
    guard let path = json["path"]?.string, let target = json["target"]?.string else { return nil }
    self.init(path: path, target: target)
  }
}

extension KeptMount {
  var json: JSON {
    ["point": .string(point), "read_only": .bool(isReadOnly), "noexec": .bool(forbidsPrograms)]
  }

  init?(json: JSON) {
    guard let point = json["point"]?.string, let isReadOnly = json["read_only"]?.bool,
      let forbidsPrograms = json["noexec"]?.bool
    else { return nil }
    self.init(point: point, isReadOnly: isReadOnly, forbidsPrograms: forbidsPrograms)
  }
}

extension InstalledPackage {
  var json: JSON {
    [
      "name": .string(name), "version": .string(version), "architecture": .string(architecture),
      "records": .array(records.map(\.json)), "prerm": prerm?.json ?? .null,
      "prerm_path": .string(prermPath),
    ]
  }

  init?(json: JSON) {
    guard let name = json["name"]?.string, let version = json["version"]?.string,
      let architecture = json["architecture"]?.string,
      let records = json["records"].all(KeptFile.init),
      let prermPath = json["prerm_path"]?.string
    else { return nil }
    self.init(
      name: name, version: version, architecture: architecture, records: records,
      prerm: json["prerm"].flatMap(KeptFile.init), prermPath: prermPath)
  }
}

extension AddedBy {
  package var json: JSON {
    ["uid": .integer(uid), "loginuid": loginUID.map(JSON.integer) ?? .null, "at": .integer(at)]
  }

  init?(json: JSON) {
    guard let uid = json["uid"]?.integer, let at = json["at"]?.integer else { return nil }
    self.init(uid: uid, loginUID: json["loginuid"]?.integer, at: at)
  }
}

extension JSON {
  package static func strings(_ values: [String]) -> JSON { .array(values.map(JSON.string)) }
}

extension Optional where Wrapped == JSON {
  /// Every element of the array, made by `make`; nil where there is no array or one of them fails.
  package func all<Element>(_ make: (JSON) -> Element?) -> [Element]? {
    guard let elements = self?.array else { return nil }
    let made = elements.compactMap(make)
    return made.count == elements.count ? made : nil
  }
}
