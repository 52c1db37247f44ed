/// The process that asked for something, as it was then.
package struct LedgerPeer: Sendable, Equatable {
  /// The process that started it.
  package struct Parent: Sendable, Equatable {
    package var pid: Int32
    /// The path of its program.
    package var exe: String?

    package init(pid: Int32, exe: String? = nil) {
      self.pid = pid
      self.exe = exe
    }
  }

  package var pid: Int32
  package var uid: UInt32
  package var gid: UInt32
  /// Who logged in, whoever they became since; nil where nobody did.
  package var loginuid: UInt32?
  package var tty: String?
  /// The path of its program.
  package var exe: String?
  package var parent: Parent?

  package init(
    pid: Int32, uid: UInt32, gid: UInt32, loginuid: UInt32? = nil, tty: String? = nil,
    exe: String? = nil, parent: Parent? = nil
  ) {
    self.pid = pid
    self.uid = uid
    self.gid = gid
    self.loginuid = loginuid
    self.tty = tty
    self.exe = exe
    self.parent = parent
  }
}
