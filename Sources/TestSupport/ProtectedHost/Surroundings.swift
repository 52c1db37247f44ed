import Foundation

/// What the machine that the tests run on can do.
package enum Surroundings {
  /// Why no machine can be booted here, if so.
  package static let obstacle: String? = {
    guard geteuid() == 0 else { return "booting machines needs root" }
    for tool in ["systemd-nspawn", "mmdebstrap", "nsenter", "mkfs.ext4"] {
      let folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"]
      guard
        folders.contains(where: { FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)") })
      else { return "\(tool) is missing: packaging/install-needed.sh machine" }
    }
    guard Checkout.package("holdfast", version: Checkout.version) != nil,
      Checkout.package("example-agent", version: "1.1") != nil
    else { return "there are no packages in build/: make deb" }
    return nil
  }()

  package static var reachesDebian: Bool {
    get async {
      let probe = "exec 3<>/dev/tcp/deb.debian.org/80"
      return (try? await HostCommand.run(["bash", "-c", probe], seconds: 5))?.succeeded ?? false
    }
  }
}
