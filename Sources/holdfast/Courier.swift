import JSON
import Linux

/// The link to the cluster, as the command runs it: the program with the network, as the user without
/// rights.
struct Courier {
  static let unit = "holdfast-link.service"
  private static let user = "holdfast-link"
  private static let program = "/usr/libexec/holdfast/holdfast-link"
  /// Bytes: a trust bundle and what is around it.
  private static let answerLimit = 1 << 20

  /// What the unit has in its environment: systemd.exec(5), EnvironmentFile=.
  private static let settings = "/etc/default/holdfast-link"

  private let command: UserCommand
  /// `NAME=VALUE`: the proxy that this command was told of.
  private let proxies: [String]

  init() throws(Failure) {
    guard let uid = Users.id(named: Self.user), let gid = Groups.id(named: Self.user), uid != 0
    else {
      throw Failure(
        .refused, "There is no user \(Self.user), who the link to the cluster runs as",
        hint: "Make it: systemd-sysusers holdfast.conf")
    }
    if let error = ChildProcess.obstacle(to: Self.program) {
      throw Failure(.refused, "\(Self.program) cannot be run: \(Text.reason(of: error))")
    }
    proxies = ["HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"].compactMap { name in
      Environment.value(of: name).map { "\(name)=\($0)" }
    }
    command = UserCommand(
      uid: uid, gid: gid, environment: ["PATH=/usr/bin:/bin", "LANG=C.UTF-8"] + proxies)
  }

  /// - Returns: what it says: an `enrolment`, or an `error`.
  func enroll(_ arguments: [String], input: [UInt8]) throws(Failure) -> JSON {
    let answer: UserCommand.Answer
    do throws(SystemError) {
      answer = try command.run(
        [Self.program, "enroll"] + arguments, input: input, outputLimit: Self.answerLimit)
    } catch {
      throw Failure(.refused, "The link cannot be asked to enrol: \(Text.reason(of: error))")
    }
    guard [0, 1].contains(answer.status), let json = try? JSON.parse(answer.output),
      json["error"] != nil || json["enrolment"]?.members != nil
    else {
      forget()
      throw Failure(
        .refused, "The link ended without an answer (exit status \(answer.status))",
        hint: "Nothing was changed on this host.")
    }
    return json
  }

  /// Has it forget what it got from the cluster.
  func forget() {
    _ = try? command.run([Self.program, "forget"], input: [], outputLimit: Self.answerLimit)
  }

  /// Has it go through the same proxy from now on as for the enrolment, unless somebody settled that.
  ///
  /// - Returns: where that is written, if it is.
  func keepProxies() -> String? {
    // What would need quotes is nobody's address.
    let plain = proxies.filter {
      Text.problem(inWord: $0) == nil && !$0.contains { "\"'\\#$".contains($0) }
    }
    guard !plain.isEmpty, !Files.exists(Self.settings) else { return nil }
    // It may hold a password.
    let text = plain.joined(separator: "\n") + "\n"
    return (try? Files.writeAtomically(Self.settings, text, mode: 0o600)).map { Self.settings }
  }

  /// Has it run, now and at every boot; whether that worked.
  func start() -> Bool {
    let signals = HeldSignals()
    return [["--quiet", "enable", Self.unit], ["restart", Self.unit]].allSatisfy {
      ChildProcess.run(["systemctl"] + $0, holding: signals) == .ended(0)
    }
  }
}
