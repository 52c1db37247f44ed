internal import AgentToken
internal import ClusterClient
internal import Issuing
internal import JSON
internal import Link
internal import Linux

/// Where somebody is logged in, as a file that only they can read.
struct SavedSession: Equatable {
  var url: String
  /// What the server's certificate leads to, as PEM; nil for what the system trusts.
  var authority: String?
  /// What was logged in with.
  var name: String
  var token: String
  /// Seconds since the epoch.
  var expires: Int64

  func access() throws(Refusal) -> ClusterAccess {
    ClusterAccess(
      endpoint: try Endpoint(url), trust: authority.map { .authority($0) } ?? .system,
      token: token)
  }

  /// `$XDG_CONFIG_HOME/holdfast/cluster.json`
  static func path() throws(Refusal) -> String {
    if let home = ClusterAccess.variable("XDG_CONFIG_HOME"), home.hasPrefix("/") {
      return home + "/holdfast/cluster.json"
    }
    guard let home = ClusterAccess.variable("HOME") else {
      throw Refusal(
        .systemError, "There is no place for a session: HOME is not set.",
        hint: "Set HOLDFAST_CLUSTER_URL and HOLDFAST_CLUSTER_TOKEN instead.")
    }
    return home + "/.config/holdfast/cluster.json"
  }

  /// - Returns: nil where there is none.
  static func read() throws(Refusal) -> SavedSession? {
    let path = try path()
    guard Files.exists(path) else { return nil }
    let bytes: [UInt8]
    do {
      bytes = try Files.read(path, limit: 1 << 20)
    } catch {
      throw Refusal(error, "read \(path)")
    }
    guard let json = try? JSON.parse(bytes), let session = SavedSession(json) else {
      throw Refusal(
        .systemError, "\(path) is no session.", hint: "Log in again: holdfast-cluster login")
    }
    return session
  }

  func write() throws(Refusal) {
    let path = try Self.path()
    do {
      try Files.makeDirectory(Files.directory(of: path), mode: 0o700, parents: true)
      try Files.writeAtomically(path, json.encodedBytes() + [UInt8(ascii: "\n")], mode: 0o600)
    } catch {
      throw Refusal(error, "write \(path)")
    }
  }

  static func remove() throws(Refusal) {
    let path = try path()
    guard Files.exists(path) else { return }
    do {
      try Files.remove(path)
    } catch {
      throw Refusal(error, "remove \(path)")
    }
  }
}

extension SavedSession {
  var json: JSON {
    [
      "url": .string(url), "authority": authority.map { .string($0) } ?? .null,
      "name": .string(name), "access_token": .string(token), "expires": .integer(expires),
    ]
  }

  init?(_ json: JSON) {
    guard let url = json["url"]?.string, let name = json["name"]?.string,
      let token = json["access_token"]?.string, let expires = json["expires"]?.integer
    else { return nil }
    self.init(
      url: url, authority: json["authority"]?.string, name: name, token: token, expires: expires)
  }
}
