extension JSON {
  /// How much the parser takes before it refuses.
  package struct Limits: Sendable, Equatable {
    /// Bytes of the whole text.
    package var maxBytes: Int
    /// Arrays and objects inside each other; the outermost one is 1.
    package var maxDepth: Int
    /// Members of one object.
    package var maxMembers: Int
    /// Whether an integer may have a minus sign.
    package var allowNegative: Bool

    package init(
      maxBytes: Int = 1 << 20, maxDepth: Int = 16, maxMembers: Int = 4096,
      allowNegative: Bool = true
    ) {
      self.maxBytes = maxBytes
      self.maxDepth = maxDepth
      self.maxMembers = maxMembers
      self.allowNegative = allowNegative
    }

    /// 1 MiB, 16 deep, 4,096 members, minus signs allowed.
    package static let standard = Limits()
  }

  /// Why a text is not the JSON that we take, and where.
  package struct ParseError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Bytes before the place.
    package let offset: Int
    /// A phrase for a person; never holds anything but printable ASCII from the text.
    package let reason: String

    package var description: String { "\(reason) at byte \(offset)" }
  }
}
