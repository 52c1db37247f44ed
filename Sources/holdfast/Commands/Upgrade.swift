import ArgumentParser
import DebianArchive
import Linux

struct Upgrade: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Upgrade a protected package to a signed release, without a token.",
    discussion: """
      For services with Upgrades=signed, and for Holdfast itself. The package is compared with \
      the release manifest that this host took, file by file, then given to dpkg; what has landed \
      is compared once more by the daemon, which puts back what was there before where anything \
      differs. apt and dpkg do the same when they are called directly.
      """)

  @Argument(
    help: ArgumentHelp("The package to install.", valueName: "file.deb"), completion: .file())
  var package: String

  @Argument(help: .hidden)
  var version: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Take this release manifest first.", valueName: "file"),
    completion: .file())
  var release: String?

  @OptionGroup var options: GlobalOptions

  func run() throws {
    // A package's name is what the script asks with that stands in for the prerm.
    guard package.contains("/") || package.hasSuffix(".deb") else { return try letThrough() }
    if let release {
      try options.perform(Release.request(release), describe: Release.describe)
    }
    let archive = try Releases.archive(package)
    try Releases.check(archive, package, options.daemon)
    let status = try install()
    try settle(archive, dpkg: status)
  }

  // MARK: For a running dpkg

  private func letThrough() throws {
    if let version, try Releases.areAskedFor(package, options.daemon) {
      for path in try Releases.incoming(package, version) {
        try Releases.check(try Releases.archive(path), path, options.daemon)
      }
    }
    var request = try Request("upgrade").adding(package, name: "the package's name")
    if let version { request = try request.adding(version, name: "the version") }
    try options.perform(request) { _, _ in [] }
  }

  // MARK: From a terminal

  private func install() throws(Failure) -> Int32 {
    let path = package.hasPrefix("/") ? package : "./\(package)"
    // dpkg is not to be left half-way by a key on this terminal.
    switch ChildProcess.run(["dpkg", "--install", path], holding: HeldSignals()) {
    case .ended(let status): return status
    case .notRun(let error):
      throw Failure(.refused, "dpkg cannot be run: \(Text.reason(of: error))")
    }
  }

  /// How long the daemon may take to look at what landed: seconds.
  private static let patience = 60

  /// Waits until the daemon has looked at what landed.
  private func settle(_ archive: DebianArchive, dpkg status: Int32) throws {
    let label = "\(archive.name) \(archive.version)"
    let request = try Releases.request(archive)
    for _ in 0..<(Self.patience * 4) {
      // Holdfast's own upgrade restarts it.
      let reply = try? options.daemon.ask(request)
      if let reply, reply.refusal == nil, !reply.flag("in_hand") {
        guard status == 0, reply.flag("installed") else { break }
        if options.json {
          Console.print([reply.encoded])
        } else {
          Console.print([
            View.standardOutput.paint.good("Upgraded")
              + ": \(label) is as its release lists it, and protected."
          ])
        }
        return
      }
      Clock.sleep(microseconds: 250_000)
    }
    throw Failure(
      .refused,
      status == 0
        ? "\(label) is not what is protected now" : "dpkg did not install \(label) (\(status))",
      hint: "What came of it: holdfast log, and holdfast status")
  }
}

/// What this host's releases say of package files.
enum Releases {
  static func archive(_ path: String) throws(Failure) -> DebianArchive {
    do {
      return try DebianArchive(path: path)
    } catch {
      throw Failure(.usage, "\(Text.printable(path)) \(Text.printable(error.reason))")
    }
  }

  static func request(_ archive: DebianArchive) throws(Failure) -> Request {
    try Request("release show").adding(archive.name, name: "the package's name")
      .adding(archive.version, name: "the version")
      .adding(archive.architecture, name: "the architecture")
  }

  /// Throws unless the daemon knows a release with exactly these files and scripts.
  static func check(
    _ archive: DebianArchive, _ path: String, _ daemon: Daemon
  ) throws(Failure) {
    let reply = try daemon.ask(request(archive))
    if let refusal = reply.refusal { throw refusal }
    let listed = { (name: String) in
      Dictionary(
        (reply["package"]?.members(name) ?? []).map { ($0.name, $0.value.text ?? "") },
        uniquingKeysWith: { first, _ in first })
    }
    let odd = archive.differences(
      files: listed("files"), links: listed("links"), scripts: listed("scripts"))
    guard let first = odd.first else { return }
    let more = odd.count > 1 ? ", and \(odd.count - 1) more" : ""
    throw Failure(
      .refused,
      "Refused: \(Text.printable(path)) is not \(archive.name) \(archive.version) as it was "
        + "released: \(Text.printable(first))\(more)",
      hint: "See where it came from. Nothing was changed.")
  }

  /// Whether a package's upgrades need a signed release.
  static func areAskedFor(_ package: String, _ daemon: Daemon) throws(Failure) -> Bool {
    let reply = try daemon.ask(Request("guard list"))
    if let refusal = reply.refusal { throw refusal }
    return reply.list("services").contains {
      $0["package"]?.text("name") == package && $0.text("upgrades") == "signed"
    }
  }

  /// The package files of that name and version which a dpkg above this process was given.
  static func incoming(_ package: String, _ version: String) throws(Failure) -> [String] {
    let found = dpkg().map(files) ?? []
    let matching = found.filter { path in
      DebianArchive.label(of: path).map { $0.name == package && $0.version == version } ?? false
    }
    guard !matching.isEmpty else {
      throw Failure(
        .refused,
        "Refused: the file of \(Text.printable(package)) \(Text.printable(version)) that dpkg is "
          + "installing was not found, so it was not compared with its release",
        hint: "Try: holdfast upgrade FILE.deb")
    }
    return matching
  }

  /// The nearest dpkg above this process.
  private static func dpkg() -> Int32? {
    var next = Processes.status(Processes.own)?.parent
    for _ in 0..<8 {
      guard let pid = next, pid > 1 else { return nil }
      if Processes.executable(pid) == "/usr/bin/dpkg" { return pid }
      next = Processes.status(pid)?.parent
    }
    return nil
  }

  /// The files among a process's arguments, and those in directories there (`--recursive`).
  private static func files(_ pid: Int32) -> [String] {
    let folder = (try? Files.readLink("/proc/\(pid)/cwd")) ?? "/"
    return (Processes.arguments(pid) ?? []).dropFirst().filter { !$0.hasPrefix("-") }
      .map { $0.hasPrefix("/") ? $0 : "\(folder)/\($0)" }
      .flatMap { files(at: $0, depth: 0) }
  }

  private static func files(at path: String, depth: Int) -> [String] {
    guard Files.isDirectory(path) else { return Files.exists(path) ? [path] : [] }
    guard depth < 4 else { return [] }
    return ((try? Files.list(path)) ?? []).flatMap { files(at: "\(path)/\($0)", depth: depth + 1) }
      .filter { $0.hasSuffix(".deb") }
  }
}
