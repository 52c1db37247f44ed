/// A path of a cluster's API with its query, each piece percent-encoded (RFC 3986, section 2.1): ids
/// of tenants have slashes and colons in them.
package struct APIPath: Sendable, Equatable {
  package private(set) var text: String

  /// Below `/api/v1`: `APIPath("agents", id, "labels")`. What is nil in the query is left out.
  package init(_ segments: String..., query: KeyValuePairs<String, String?> = [:]) {
    text = "/api/v1/" + segments.map(Self.encode).joined(separator: "/")
    for (name, value) in query {
      if let value { add(name, value) }
    }
  }

  /// A path as it is, for what is beside the API.
  package init(verbatim path: String) { text = path }

  package func with(_ name: String, _ value: String?) -> APIPath {
    var path = self
    if let value { path.add(name, value) }
    return path
  }

  private mutating func add(_ name: String, _ value: String) {
    text += text.contains("?") ? "&" : "?"
    text += "\(name)=\(Self.encode(value))"
  }

  /// All but the unreserved characters.
  package static func encode(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        encoded += "%" + (digits.count < 2 ? "0" : "") + digits
      }
    }
    return encoded
  }
}
