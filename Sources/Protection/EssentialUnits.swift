/// Units that a host needs to boot or to be reached. Protecting one is possible and sometimes
/// wanted, but whoever does it should have thought of the way back in.
package enum EssentialUnits {
  /// What a host would lack if such a unit could not be mended; nil for any other unit.
  ///
  /// - Parameter unit: the name with its suffix, of an instance or not.
  package static func purpose(of unit: String) -> String? {
    let template = unit.firstIndex(of: "@").map { "\(unit[..<$0])@.service" } ?? unit
    if let purpose = purposes[template] { return purpose }
    return template.hasPrefix("systemd-") || template.hasPrefix("initrd-") ? system : nil
  }

  private static let reach = "it is how people get into this host"
  private static let network = "this host is reached over it"
  private static let system = "it is a part of the system itself"

  private static let purposes: [String: String] = {
    var table: [String: String] = [:]
    for (purpose, names) in [
      (
        reach,
        [
          "ssh", "sshd", "ssh@", "sshd@", "dropbear", "getty@", "serial-getty@", "console-getty",
          "container-getty@", "autovt@",
        ]
      ),
      (
        network,
        [
          "networking", "network", "NetworkManager", "NetworkManager-dispatcher", "ifup@",
          "ifupdown-pre", "ifupdown-wait-online", "connman", "dhcpcd", "dhcpcd@", "dhclient@",
          "wpa_supplicant", "wpa_supplicant@", "iwd", "wicked", "wickedd", "netplan-ovs-cleanup",
        ]
      ),
      (
        system,
        [
          "dbus", "dbus-broker", "polkit", "init", "emergency", "rescue", "debug-shell", "user@",
          "user-runtime-dir@", "udev", "kmod", "quotaon", "lvm2-monitor", "multipathd", "iscsid",
          "open-iscsi",
        ]
      ),
    ] {
      for name in names { table["\(name).service"] = purpose }
    }
    return table
  }()
}
