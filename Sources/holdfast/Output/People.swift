import Linux

/// Who a uid is. The daemon sends numbers, because it never asks the name service; this command may.
enum People {
  /// `ana`, or `uid 1003` where nobody has that number.
  static func name(uid: Int64) -> String {
    guard let uid = UInt32(exactly: uid) else { return "uid \(uid)" }
    return Users.nameFromService(id: uid).map(Text.printable) ?? "uid \(uid)"
  }

  /// A peer in a few words: who it is by login, as whom it acted, where and with what.
  static func describe(_ peer: Reply) -> String {
    var parts: [String] = []
    let uid = peer.number("uid")
    // -1 as the kernel writes it: the process descends from no login.
    let login = peer.number("loginuid").flatMap { $0 == 4_294_967_295 || $0 < 0 ? nil : $0 }
    switch (login, uid) {
    case (let login?, let uid?) where login != uid:
      parts.append("\(name(uid: login)) as \(name(uid: uid))")
    case (let someone?, _), (nil, let someone?):
      parts.append(name(uid: someone))
    case (nil, nil):
      break
    }
    if let tty = peer.text("tty"), !tty.isEmpty { parts.append("on \(tty)") }
    if let program = peer.text("exe"), !program.isEmpty { parts.append("with \(program)") }
    return parts.joined(separator: " ")
  }
}
