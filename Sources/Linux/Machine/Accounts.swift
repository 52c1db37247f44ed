/// Group ids, straight from /etc/group: group(5). The name service is never asked, because it can
/// wait for a network.
package enum Groups {
  /// The id of the group with this name; nil where there is none.
  package static func id(named name: String, file: String = "/etc/group") -> UInt32? {
    Accounts.lines(file).first { $0.name == name }?.id
  }

  /// The name of the first group with this id.
  package static func name(id: UInt32, file: String = "/etc/group") -> String? {
    Accounts.lines(file).first { $0.id == id }?.name
  }
}

/// User ids, straight from /etc/passwd: passwd(5).
package enum Users {
  /// The id of the user with this name; nil where there is none.
  package static func id(named name: String, file: String = "/etc/passwd") -> UInt32? {
    Accounts.lines(file).first { $0.name == name }?.id
  }

  /// The name of the first user with this id.
  package static func name(id: UInt32, file: String = "/etc/passwd") -> String? {
    Accounts.lines(file).first { $0.id == id }?.name
  }
}

/// What /etc/group and /etc/passwd have in common: name, password, number, and more.
private enum Accounts {
  static func lines(_ file: String) -> [(name: String, id: UInt32)] {
    let bytes = (try? Files.read(file)) ?? []
    return bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      let fields = line.split(
        separator: UInt8(ascii: ":"), maxSplits: 3, omittingEmptySubsequences: false)
      guard fields.count >= 3, !fields[0].isEmpty,
        let id = UInt32(String(decoding: fields[2], as: UTF8.self))
      else { return nil }
      return (String(decoding: fields[0], as: UTF8.self), id)
    }
  }
}
