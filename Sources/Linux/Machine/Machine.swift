internal import CSystemd
internal import Glibc

/// What this machine is, and how it was started.
package enum Machine {
  /// A random number of this boot, as 32 hexadecimal digits; empty where /proc has none.
  package static func bootID() -> String {
    var id = sd_id128_t()
    return sd_id128_get_boot(&id) < 0 ? "" : text(id)
  }

  /// machine-id(5), as 32 hexadecimal digits; nil where it was not set up. It is confidential: for
  /// anything that leaves the machine use `appSpecificMachineID`.
  package static func machineID() -> String? {
    var id = sd_id128_t()
    return sd_id128_get_machine(&id) < 0 ? nil : text(id)
  }

  /// An id of this machine for one application only, from which the machine id cannot be told:
  /// sd_id128_get_machine_app_specific(3). Nil also where `application` is not 32 hexadecimal
  /// digits.
  package static func appSpecificMachineID(_ application: String) -> String? {
    var key = sd_id128_t()
    var id = sd_id128_t()
    guard application.utf8.count == 32, sd_id128_from_string(application, &key) >= 0,
      sd_id128_get_machine_app_specific(key, &id) >= 0
    else { return nil }
    return text(id)
  }

  /// The kernel's name for this machine: gethostname(2).
  package static func hostName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    if gethostname(&name, name.count - 1) < 0 { return "" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func text(_ id: sd_id128_t) -> String {
    withUnsafeBytes(of: id) { Hex.encode($0) }
  }
}
