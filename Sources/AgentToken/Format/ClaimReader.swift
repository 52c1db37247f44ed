internal import JSON

/// Reads one part of a closed format, member by member, and words what is wrong with it.
///
/// Everything it throws has the same code and names the part and the member.
struct ClaimReader {
  /// What is read, as messages call it: `Payload`, `Header`, `Signing key "k1"`.
  let part: String
  let code: Refusal.Code

  /// The members of a text that must be one JSON object.
  func object(_ bytes: [UInt8], limits: JSON.Limits) throws(Refusal) -> [JSON.Member] {
    let value: JSON
    do {
      value = try JSON.parse(bytes, limits: limits)
    } catch {
      throw refusal("it is not the strict JSON that is required: \(error)")
    }
    return try object(value)
  }

  func object(_ value: JSON) throws(Refusal) -> [JSON.Member] {
    guard let members = value.members else { throw refusal("it is not a JSON object") }
    return members
  }

  func members(_ member: JSON.Member) throws(Refusal) -> [JSON.Member] {
    guard let members = member.value.members else { throw wrong(member, "is not an object") }
    return members
  }

  func array(_ member: JSON.Member) throws(Refusal) -> [JSON] {
    guard let values = member.value.array else { throw wrong(member, "is not an array") }
    return values
  }

  func strings(_ member: JSON.Member) throws(Refusal) -> [String] {
    var strings: [String] = []
    for value in try array(member) {
      guard let string = value.string else { throw wrong(member, "holds something but strings") }
      strings.append(string)
    }
    return strings
  }

  func string(_ member: JSON.Member) throws(Refusal) -> String {
    guard let string = member.value.string else { throw wrong(member, "is not a string") }
    return string
  }

  func integer(_ member: JSON.Member, in range: ClosedRange<Int64>) throws(Refusal) -> Int64 {
    guard let integer = member.value.integer else { throw wrong(member, "is not an integer") }
    guard range.contains(integer) else {
      throw wrong(member, "is not within \(range.lowerBound) and \(range.upperBound)")
    }
    return integer
  }

  /// Seconds since the epoch.
  func time(_ member: JSON.Member) throws(Refusal) -> Int64 {
    try integer(member, in: Timestamp.range)
  }

  /// The sequence of a trust bundle.
  func sequence(_ member: JSON.Member) throws(Refusal) -> Int64 {
    try integer(member, in: 1...(1 << 53 - 1))
  }

  /// 16 bytes as 22 characters of base64url.
  func nonce(_ member: JSON.Member) throws(Refusal) -> String {
    let text = try string(member)
    guard Base64URL.decode(text)?.count == 16 else {
      throw wrong(member, "is not 16 bytes in base64url")
    }
    return text
  }

  /// A string of one of the shapes that ids of all kinds have.
  func text(_ member: JSON.Member, _ shape: TextShape) throws(Refusal) -> String {
    let string = try string(member)
    guard shape.matches(string) else { throw wrong(member, "is not \(shape.description)") }
    return string
  }

  func texts(_ member: JSON.Member, _ shape: TextShape) throws(Refusal) -> [String] {
    let strings = try strings(member)
    for string in strings where !shape.matches(string) {
      throw wrong(member, "holds something that is not \(shape.description)")
    }
    return strings
  }

  func required<Value>(_ value: Value?, _ name: String) throws(Refusal) -> Value {
    guard let value else { throw refusal("\(name.quoted()) is missing") }
    return value
  }

  func unknown(_ member: JSON.Member) -> Refusal {
    wrong(member, "is not a member that is allowed there")
  }

  func wrong(_ member: JSON.Member, _ problem: String) -> Refusal {
    refusal("\(member.name.quoted(limit: 64)) \(problem)")
  }

  func refusal(_ problem: String) -> Refusal {
    Refusal(code, "\(part): \(problem).")
  }
}
