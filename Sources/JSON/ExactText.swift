extension String {
  /// Whether both hold the same bytes.
  ///
  /// `==` compares by canonical equivalence, under which U+212A KELVIN SIGN is the letter `K`:
  /// what decides over trust must never be compared that way.
  package func hasSameUTF8(as other: String) -> Bool {
    utf8.elementsEqual(other.utf8)
  }

  /// The text in double quotes, fit for a message to a person: printable ASCII stays, everything
  /// else is shown as an escape, and what is longer than `limit` scalars is cut.
  ///
  /// Messages end up on terminals and in logs, and what they quote may come from an attacker.
  package func quoted(limit: Int = 128) -> String {
    var text = "\""
    for (index, scalar) in unicodeScalars.enumerated() {
      guard index < limit else {
        text += "…"
        break
      }
      switch scalar {
      case "\"", "\\":
        text += "\\"
        text.unicodeScalars.append(scalar)
      case " "..."~":
        text.unicodeScalars.append(scalar)
      default:
        text += "\\u{" + String(scalar.value, radix: 16) + "}"
      }
    }
    return text + "\""
  }
}

/// A string as a set's element, the same only where its bytes are.
struct ExactText: Hashable {
  let text: String

  static func == (left: ExactText, right: ExactText) -> Bool {
    left.text.hasSameUTF8(as: right.text)
  }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
