package import AgentToken
internal import JSON

/// Where a cluster is: `https://HOST[:PORT]`, and nothing after it.
package struct Endpoint: Sendable, Equatable {
  /// A name or an address; IPv6 without its brackets.
  package let host: String
  package let port: Int

  /// - Throws: `bad_arguments`.
  package init(_ text: String) throws(Refusal) {
    func refused(_ why: String) -> Refusal {
      Refusal(
        .badArguments, "The cluster's address \(text.quoted()) \(why).",
        hint:
          "It is https:// and a name, with a port where that is not 443: https://holdfast.example.org:7443"
      )
    }
    guard text.lowercased().hasPrefix("https://") else {
      throw refused("does not begin with https://")
    }
    var rest = text.dropFirst("https://".count)
    if rest.hasSuffix("/") { rest.removeLast() }
    guard let (host, port) = Self.split(rest, defaultPort: 443) else {
      throw refused("is no name and port")
    }
    self.host = host
    self.port = port
  }

  /// As it is given to others.
  package var text: String {
    "https://\(host.contains(":") ? "[\(host)]" : host)\(port == 443 ? "" : ":\(port)")"
  }

  /// `HOST`, `HOST:PORT`, `[ADDRESS]` or `[ADDRESS]:PORT`.
  static func split(_ text: Substring, defaultPort: Int) -> (host: String, port: Int)? {
    var host = text
    var port = defaultPort
    func isHost(_ text: Substring, _ more: String) -> Bool {
      (1...255).contains(text.utf8.count)
        && text.utf8.allSatisfy { byte in
          switch byte {
          case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
          default: more.utf8.contains(byte)
          }
        }
    }
    var portText: Substring?
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      host = text[text.index(after: text.startIndex)..<end]
      let after = text[text.index(after: end)...]
      guard isHost(host, ":"), after.isEmpty || after.hasPrefix(":") else { return nil }
      if !after.isEmpty { portText = after.dropFirst() }
    } else {
      if let colon = text.firstIndex(of: ":") {
        host = text[..<colon]
        portText = text[text.index(after: colon)...]
      }
      guard isHost(host, "_") else { return nil }
    }
    if let portText {
      guard portText.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
        let number = Int(portText), (1...65535).contains(number)
      else { return nil }
      port = number
    }
    return (String(host), port)
  }
}
