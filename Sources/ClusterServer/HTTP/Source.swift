internal import NIOCore

/// Where a connection comes from, as far as limits tell apart: an IPv4 address, or the network that one
/// subscriber gets of IPv6 (RFC 6177).
enum Source {
  /// As it is logged and audited.
  static func text(_ address: SocketAddress?) -> String { address?.ipAddress ?? "unknown" }

  /// What limits are counted by.
  static func key(_ address: SocketAddress?) -> String {
    let text = text(address)
    guard text.utf8.contains(UInt8(ascii: ":")) else { return text }
    // inet_ntop(3) writes what is IPv4 within IPv6 so.
    if text.hasPrefix("::ffff:"), text.utf8.contains(UInt8(ascii: ".")) {
      return String(text.dropFirst(7))
    }
    return network(text)
  }

  /// The first four of an address's eight groups.
  private static func network(_ text: String) -> String {
    let halves = text.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
      .map { $0.split(separator: ":").map(String.init) }
    var groups = halves[0]
    if halves.count > 1 {
      groups += Array(repeating: "0", count: max(0, 8 - halves[0].count - halves[1].count))
      groups += halves[1]
    }
    return groups.prefix(4).joined(separator: ":") + "::/64"
  }
}
