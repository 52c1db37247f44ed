internal import Linux
package import Protection

/// The drop-in that makes a unit refuse: what `systemctl status` shows to whoever was refused.
package enum DropIn {
  package static let fileName = "50-protected-by-holdfast.conf"

  /// Variables by which a library is slipped into a process (ld.so(8)); PID 1 hands on its own
  /// environment, so `systemctl set-environment` would reach the service with them. The second
  /// line has what makes an interpreter run a file or an option of somebody else's first; not what
  /// services have in their EnvironmentFile= for good reasons, such as PYTHONPATH.
  package static let loaderVariables = [
    "LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "GLIBC_TUNABLES",
    "GCONV_PATH", "BASH_ENV", "SHELLOPTS", "PERL5OPT", "PERL5DB", "RUBYOPT",
  ]

  /// - Parameters:
  ///   - mayBeStopped: by hand too, which what upholds it makes good at once.
  ///   - restartDelay: seconds.
  ///   - afterwards: what a shell is to do each time it has ended.
  package static func text(
    _ unit: ProtectedUnit, mayBeStopped: Bool = false, restartDelay: Int = 0,
    afterwards: String? = nil
  ) -> String {
    var text = """
      # Holdfast protects this unit. How to get in: man holdfast-unprotect
      [Unit]
      Documentation=man:holdfast-unprotect(1)
      RefuseManualStop=\(mayBeStopped ? "no" : "yes")
      IgnoreOnIsolate=yes
      StartLimitIntervalSec=0

      """
    text += ordering(unit)
    if ["holdfastd.", "holdfast-thaw."].contains(where: unit.name.hasPrefix) {
      // A mount over the kernel's command line would say `holdfast=off` at the next start. A rescue
      // boot takes this away before it would matter.
      text += "ConditionKernelCommandLine=\n"
    }
    guard unit.name.hasSuffix(".service") else { return text }
    text += "\n[Service]\n"
    if unit.type != "oneshot" {  // which systemd refuses to load with Restart=always
      text += "Restart=always\nRestartSec=\(restartDelay)\n"
    }
    let unset = loaderVariables.filter { !unit.ownEnvironment.contains($0) }
    if !unset.isEmpty {
      text += "UnsetEnvironment=\(unset.joined(separator: " "))\n"
    }
    if let afterwards {
      let doubled = afterwards.map { $0 == "%" || $0 == "$" ? "\($0)\($0)" : "\($0)" }.joined()
      text += "ExecStopPost=-+/bin/sh -c '\(doubled)'\n"
    }
    return text
  }

  /// For the daemon, of which nobody is left to put it back where its program is gone, or another
  /// stands in its place, and it is killed before it has noticed: a program that ends without
  /// having been ready is looked at, and put back from the baseline. Without single quotes.
  package static func restoring(_ program: KeptFile, from copy: String) -> String {
    let (path, new) = (program.path, "\(program.path).holdfast")
    let facts = "\(String(program.mode, radix: 8)):\(program.uid):\(program.gid)"
    return [
      "case $SERVICE_RESULT in exit-code|protocol|timeout) ;; *) exit ;; esac",
      "export PATH=/usr/sbin:/usr/bin:/sbin:/bin",
      "[ \"$(stat -c %a:%u:%g \(path))\" = \(facts) ] && cmp -s \(copy) \(path) && exit",
      "echo \"\(program.hash)  \(copy)\" | sha256sum --check --status || exit",
      "umount -l \(path)",
      "chattr -f -i -a \(Files.directory(of: path)) \(path) \(new)",
      "rm -rf \(new)",
      "cp \(copy) \(new) && chown \(program.uid):\(program.gid) \(new) || exit",
      "chmod \(String(program.mode, radix: 8)) \(new) && rm -rf \(path) && mv -T \(new) \(path)",
    ].joined(separator: "; ")
  }

  /// Against stopping `sysinit.target` or everything at once: systemd's default dependencies have a
  /// unit require what others may stop. What they are good for stays, written out: the order at
  /// boot, and the stop at shutdown (systemd.service(5), "Default Dependencies").
  private static func ordering(_ unit: ProtectedUnit) -> String {
    guard unit.hasDefaultDependencies, let kind = unit.name.split(separator: ".").last else {
      return ""
    }
    let after = kind == "service" ? "sysinit.target basic.target" : "sysinit.target"
    let own = ["socket": ["sockets.target"], "path": ["paths.target"], "timer": ["timers.target"]]
    // A target comes after what it wants only where both have default dependencies.
    let wanting = unit.links.compactMap(\.wantingTarget).map { directory in
      directory.split(separator: ".").dropLast().joined(separator: ".")
    }
    let before = Set(own[String(kind), default: []] + wanting + ["shutdown.target"])
    return """
      DefaultDependencies=no
      After=\(after)
      Before=\(before.sorted().joined(separator: " "))
      Conflicts=shutdown.target

      """
  }
}
