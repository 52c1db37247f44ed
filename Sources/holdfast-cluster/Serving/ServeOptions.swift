internal import AgentToken
internal import Cluster
internal import ClusterServer
internal import HostConfiguration
internal import Issuing
internal import JSON
internal import Linux

/// What a server is started with: the configuration file, overridden by the command line.
struct ServeOptions {
  static let configurationPath = "/etc/holdfast/cluster.conf"

  var address = ClusterServer.Address(host: "0.0.0.0", port: 8443)
  var names: [String]
  var settings = ClusterSettings()

  /// - Parameter config: nil for the usual file, which may be missing.
  init(config: String?, listen: String?, names: [String]) throws(Refusal) {
    let file = try Self.file(config)
    if let listen = listen ?? file.listen { address = try Self.address(listen) }
    self.names = Self.ownNames + file.names + names
    for name in self.names where !Self.isName(name) {
      throw Refusal(.invalid, "\(name.quoted()) is neither a host name nor an address.")
    }
    if let tenantOwners = file.tenantOwners { settings.tenantOwners = tenantOwners }
    if let session = file.session { settings.session = session }
    if let grant = file.grant { settings.grant = grant }
    if let gone = file.agentGoneAfter { settings.agentGoneAfter = gone }
  }

  private static func file(_ path: String?) throws(Refusal) -> ServerSettings {
    if path == nil, !Files.exists(configurationPath) { return ServerSettings() }
    let path = path ?? configurationPath
    let bytes: [UInt8]
    do {
      bytes = try Files.read(path, limit: 64 << 10)
    } catch {
      throw Refusal(error, "read \(path)")
    }
    do {
      return try ServerSettings.parse(path: path, bytes)
    } catch {
      throw Refusal(.invalid, error.description)
    }
  }

  /// `127.0.0.1:8443`, `[::]:8443`.
  static func address(_ text: String) throws(Refusal) -> ClusterServer.Address {
    guard let colon = text.lastIndex(of: ":"),
      let port = UInt16(text[text.index(after: colon)...])
    else {
      throw Refusal(
        .invalid, "\(text.quoted()) is not ADDRESS:PORT.",
        hint: "Such as 0.0.0.0:8443, or [::]:8443.")
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard !host.isEmpty else { throw Refusal(.invalid, "\(text.quoted()) has no address.") }
    return .init(host: String(host), port: Int(port))
  }

  private static var ownNames: [String] {
    let name = Machine.hostName()
    return (isName(name) ? [name] : []) + ["localhost", "127.0.0.1", "::1"]
  }

  private static func isName(_ text: String) -> Bool {
    (1...253).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: ".-:*".utf8.contains($0)
        }
      }
  }
}
