package import AgentToken
internal import JSON
internal import Linux

/// Where the link keeps what it knows: `/var/lib/holdfast-link`, readable by its user only.
package struct StateDirectory: Sendable {
  package static let standard = "/var/lib/holdfast-link"

  private let path: String
  private static let limit = 1 << 20

  package init(_ path: String = standard) { self.path = path }

  /// What systemd asks for before it starts the link.
  private var stateFile: String { "\(path)/agent.json" }
  private var bundleFile: String { "\(path)/bundle.jws" }
  private var pendingFile: String { "\(path)/pending.json" }
  private var lockFile: String { "\(path)/lock" }

  // MARK: The state

  /// - Returns: nil where this host is enrolled with no cluster.
  package func load() throws(Refusal) -> LinkState? {
    try read(stateFile).map { bytes throws(Refusal) in try LinkState(bytes: bytes) }
  }

  package func store(_ state: LinkState) throws(Refusal) {
    try write(stateFile, state.bytes)
  }

  /// An enrolment that is done: the state last, and the pending key is nobody's any more.
  package func store(_ state: LinkState, bundle: String) throws(Refusal) {
    try write(bundleFile, Array(bundle.utf8))
    try store(state)
    try remove(pendingFile)
  }

  package func forget() throws(Refusal) {
    for file in [stateFile, bundleFile, pendingFile] { try remove(file) }
  }

  // MARK: The bundle

  package var shelf: BundleShelf {
    BundleShelf(
      keep: { jws in
        let bytes = Array(jws.utf8)
        guard (try? read(bundleFile)) != .some(bytes) else { return }
        try? write(bundleFile, bytes)
      },
      kept: { ((try? read(bundleFile)) ?? nil).flatMap { String(validating: $0, as: UTF8.self) } })
  }

  // MARK: Enrolling

  /// Held for as long as somebody enrols.
  package func lock() throws(Refusal) -> EnrolmentLock {
    do throws(SystemError) {
      if let file = try FileLock.take(lockFile) { return EnrolmentLock(file: file) }
    } catch {
      throw failure(error)
    }
    throw Refusal(
      .busy, "This host is being enrolled already.", hint: "Try again in a few seconds.")
  }

  /// The key that a registration token was shown with before, in case its answer got lost: shown again,
  /// it takes no further use. Else a new one, which is kept.
  func pendingKey(for endpoint: Endpoint, secret: String) throws(Refusal) -> LinkKey {
    let purpose = SHA256Hash.hex(SHA256Hash.of(Array("\(endpoint.text) \(secret)".utf8)))
    if let json = try read(pendingFile).flatMap({ try? JSON.parse($0) }),
      json["purpose"]?.string == purpose, let key = json["key"]?.string.flatMap(LinkKey.init(pem:))
    {
      return key
    }
    let key = LinkKey()
    let json: JSON = ["purpose": .string(purpose), "key": .string(key.pem)]
    try write(pendingFile, json.encodedBytes())
    return key
  }

  // MARK: Files

  private func read(_ file: String) throws(Refusal) -> [UInt8]? {
    do throws(SystemError) {
      return try Files.read(file, limit: Self.limit)
    } catch {
      if error.isMissing { return nil }
      throw failure(error)
    }
  }

  private func write(_ file: String, _ bytes: [UInt8]) throws(Refusal) {
    do throws(SystemError) {
      try Files.writeAtomically(file, bytes, mode: 0o600)
    } catch {
      throw failure(error)
    }
  }

  private func remove(_ file: String) throws(Refusal) {
    do throws(SystemError) {
      try Files.remove(file)
    } catch {
      if !error.isMissing { throw failure(error) }
    }
  }

  private func failure(_ error: SystemError) -> Refusal {
    Refusal(
      .internalError, "The link's state cannot be kept: \(error)",
      hint: error.isDiskFull ? "Make room below \(path), then try again." : nil)
  }
}

/// That nobody else enrols this host.
package struct EnrolmentLock: Sendable {
  private let file: FileDescriptor

  init(file: FileDescriptor) { self.file = file }
}
