import Foundation
import TestSupport
import Testing

extension Trait where Self == ConditionTrait {
  /// For what boots machines: skipped, with the reason, where that cannot be.
  static var bootsMachines: Self {
    .enabled(if: Surroundings.obstacle == nil, Comment(rawValue: Surroundings.obstacle ?? ""))
  }

  /// For what needs Debian's archive.
  static var reachesDebian: Self {
    .enabled("deb.debian.org cannot be reached from here") { await Surroundings.reachesDebian }
  }
}

/// What the machine that the tests run on can do.
enum Surroundings {
  /// Why no machine can be booted here, if so.
  static let obstacle: String? = {
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

  static var reachesDebian: Bool {
    get async {
      let probe = "exec 3<>/dev/tcp/deb.debian.org/80"
      return (try? await HostCommand.run(["bash", "-c", probe], seconds: 5))?.succeeded ?? false
    }
  }
}
