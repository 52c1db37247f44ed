/// The way to a cluster through a proxy, as HTTPS_PROXY and NO_PROXY say it: what curl(1) understands
/// by them, without its wildcards inside a name and without address ranges.
package struct ProxySettings: Sendable, Equatable {
  package var host: String
  package var port: Int
  /// Name and password.
  package var user: (name: String, password: String)?

  package static func == (left: Self, right: Self) -> Bool {
    left.host == right.host && left.port == right.port && left.user?.name == right.user?.name
      && left.user?.password == right.user?.password
  }

  /// What HTTPS_PROXY says cannot be understood.
  package struct Unusable: Error, Equatable {}

  /// The proxy for a cluster; nil where none is set, or it is not for this one.
  ///
  /// - Parameter variable: an environment variable's value.
  package static func of(
    _ endpoint: Endpoint, variable: (String) -> String?
  ) throws(Unusable) -> ProxySettings? {
    func value(_ name: String) -> String? {
      [name.lowercased(), name].lazy.compactMap(variable).first { !$0.isEmpty }
    }
    guard let text = value("HTTPS_PROXY"), !isExcepted(endpoint.host, by: value("NO_PROXY") ?? "")
    else { return nil }
    return try ProxySettings(text)
  }

  /// `[http://][USER:PASSWORD@]HOST[:PORT]`.
  init(_ text: String) throws(Unusable) {
    var rest = text[...]
    if let scheme = rest.firstRange(of: "://") {
      guard rest[..<scheme.lowerBound].lowercased() == "http" else { throw Unusable() }
      rest = rest[scheme.upperBound...]
    }
    if rest.hasSuffix("/") { rest.removeLast() }
    if let at = rest.lastIndex(of: "@") {
      let parts = rest[..<at].split(
        separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decoded(parts[0]),
        let password = Self.decoded(parts.count > 1 ? parts[1] : "")
      else { throw Unusable() }
      user = (name, password)
      rest = rest[rest.index(after: at)...]
    }
    guard let (host, port) = Endpoint.split(rest, defaultPort: 1080) else { throw Unusable() }
    self.host = host
    self.port = port
  }

  /// A name is excepted with those below it, `*` is everything.
  static func isExcepted(_ host: String, by list: String) -> Bool {
    let host = host.lowercased()
    return list.lowercased().split(whereSeparator: { $0 == "," || $0 == " " }).contains { entry in
      if entry == "*" { return true }
      let name = entry.hasPrefix(".") ? entry.dropFirst() : entry
      return !name.isEmpty && (host == name || host.hasSuffix(".\(name)"))
    }
  }

  /// Percent-decoded (RFC 3986, section 2.1).
  private static func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
