internal import Linux

/// What goes to the journal: sentences for people, fields and message ids for machines
/// (systemd.journal-fields(7)).
enum Announcer {
  enum Message: String {
    case state = "69e92bd3dae047cd93bdb08047e69e3b"
    case unprotected = "e7cdc3d3a9c64ddca68dd66785526e03"
    case refused = "0aeb4fc018d34a41bd51594c7b527c89"
    case healed = "a40d73f426c54637af50f5e0a2729013"
    case trouble = "62ba416e7b104ab0b69bd40a1876f4cb"
    case audited = "2a5d5b0c37c14a6f8f0f3bb7ba1d1c65"
    case checkpoint = "57df5f8d5c5f4ef0a4b15fcd4ac77f02"
    case guarded = "4e4fc10b36824720a1362327fe3e3e7d"
    case link = "4268c7ea3ca84e8da9398bae75767a79"
  }

  /// syslog(3) levels.
  enum Priority: Int {
    case error = 3
    case warning = 4
    case notice = 5
    case information = 6
  }

  static func say(
    _ message: Message, _ priority: Priority, _ sentence: String,
    _ fields: [(String, String)] = []
  ) {
    Journal.send(
      message: sentence, priority: priority.rawValue, messageID: message.rawValue,
      fields: fields.map { ("HOLDFAST_\($0.0)", $0.1) })
  }
}
