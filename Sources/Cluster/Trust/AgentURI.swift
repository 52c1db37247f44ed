package import AgentToken

/// An agent's name in its certificate, a URI after SPIFFE's pattern:
/// `spiffe://CLUSTER/tenant/TENANT/agent/AGENT`, each part percent-encoded (RFC 3986).
package enum AgentURI {
  package static func text(_ identity: Identity) -> String {
    "spiffe://\(encode(identity.cluster))/tenant/\(encode(identity.tenant))/agent/"
      + encode(identity.agent)
  }

  /// - Returns: nil for what `text` did not make.
  package static func identity(_ uri: String) -> Identity? {
    let parts = uri.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 7, parts[0] == "spiffe:", parts[1].isEmpty, parts[3] == "tenant",
      parts[5] == "agent", let cluster = decode(parts[2]), let tenant = decode(parts[4]),
      let agent = decode(parts[6]),
      let identity = try? Identity(cluster: cluster, tenant: tenant, agent: agent),
      text(identity) == uri
    else { return nil }
    return identity
  }

  private static func encode(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"):
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        result += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return result
  }

  private static func decode(_ text: String) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let value = UInt8(String(Substring(rest.prefix(2))), radix: 16) else {
        return nil
      }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
