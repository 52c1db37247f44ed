package import AgentToken
internal import JSON
package import LinkMessages
package import Linux

/// `holdfast-link enroll`: its arguments, and what it reads from standard input.
package struct EnrolmentCommand: Sendable, Equatable {
  package enum Authority: Sendable, Equatable {
    case file(String)
    /// After the token, on standard input.
    case standardInput
  }

  package private(set) var endpoint: Endpoint
  package private(set) var authority: Authority?
  private(set) var agent: String?
  private(set) var machine: String?

  private static let tokenLimit = 4 << 10
  private static let authorityLimit = 64 << 10

  /// - Throws: `bad_arguments`.
  package init(_ arguments: some Collection<String>) throws(Refusal) {
    var values: [String: String] = [:]
    var rest = Array(arguments)[...]
    while let name = rest.popFirst() {
      guard ["--cluster", "--ca", "--agent", "--machine"].contains(name), values[name] == nil,
        let value = rest.popFirst(), !value.isEmpty
      else {
        throw Refusal(
          .badArguments, "\(name.quoted()) is not understood.", hint: "holdfast-link(8)")
      }
      values[name] = value
    }
    guard let cluster = values["--cluster"] else {
      throw Refusal(.badArguments, "There is no --cluster URL.", hint: "holdfast-link(8)")
    }
    endpoint = try Endpoint(cluster)
    authority = values["--ca"].map { $0 == "-" ? .standardInput : .file($0) }
    agent = values["--agent"]
    machine = values["--machine"]
    if let machine, !(16...128).contains(machine.utf8.count) || Hex.decode(machine) == nil {
      throw Refusal(.badArguments, "--machine is 16 to 128 hexadecimal digits.")
    }
  }

  /// Reads what it needs and enrols.
  ///
  /// - Parameters:
  ///   - input: standard input.
  ///   - version: Holdfast's.
  package func run(
    input: FileDescriptor, in directory: StateDirectory, version: String
  ) async throws(Refusal) -> EnrolmentReply {
    let (token, certificates) = try read(input)
    let proxy: ProxySettings?
    do throws(ProxySettings.Unusable) {
      proxy = try ProxySettings.of(endpoint, variable: { Environment.value(of: $0) })
    } catch {
      throw .unusableProxy
    }
    guard let machine = machine ?? Machine.appSpecificMachineID(Self.application) else {
      throw Refusal(
        .badArguments, "This machine has no id by which it could be told from a copy of it.",
        hint: "systemd-machine-id-setup")
    }
    guard
      let agent = agent
        ?? Machine.appSpecificMachineID(Self.application).map({ "host-\($0.prefix(16))" })
    else {
      throw Refusal(
        .badArguments, "This machine has no machine id to derive an agent id from.",
        hint: "Name one with --agent.")
    }
    let enroller = Enroller(
      endpoint: endpoint, proxy: proxy, token: token, authority: certificates, agent: agent,
      hostname: Machine.hostName(), machine: machine, version: version)
    return try await enroller.enrol(in: directory)
  }

  /// What holdfastd derives agent ids for.
  private static let application = "678510a9620d48b5a1226f69549161d2"

  // MARK: Reading

  private func read(
    _ input: FileDescriptor
  ) throws(Refusal) -> (RegistrationTokenText, authority: String?) {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes =
        try authority == .standardInput
        ? input.readAll(limit: Self.tokenLimit + Self.authorityLimit) : Self.line(of: input)
    } catch {
      throw Refusal(.badArguments, "Standard input cannot be read: \(error.reason)")
    }
    let end = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    guard end <= Self.tokenLimit,
      let token = RegistrationTokenText(
        Self.trimmed(String(decoding: bytes[..<end], as: UTF8.self)))
    else {
      throw Refusal(
        .malformed, "What standard input has is no registration token.",
        hint: "Paste the whole registration token, on one line and without quotes.")
    }
    switch authority {
    case nil: return (token, nil)
    case .standardInput: return (token, String(decoding: bytes[end...], as: UTF8.self))
    case .file(let path):
      do throws(SystemError) {
        return (token, try Files.text(path, limit: Self.authorityLimit))
      } catch {
        throw Refusal(.badArguments, "\(path.quoted()) cannot be read: \(error.reason)")
      }
    }
  }

  /// Up to the first line feed, so that nobody at a terminal has to end the input.
  private static func line(of input: FileDescriptor) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    while !bytes.contains(UInt8(ascii: "\n")), bytes.count <= tokenLimit {
      let piece = try input.read(upTo: tokenLimit)
      if piece.isEmpty { break }
      bytes += piece
    }
    return bytes
  }

  private static func trimmed(_ text: String) -> String {
    let isSpace = { (character: Character) in
      character == " " || character == "\t" || character == "\r"
    }
    return String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
  }
}
