internal import CSystemd
internal import Glibc

extension Bus {
  /// The object of a unit: `filebeat.service` is
  /// `/org/freedesktop/systemd1/unit/filebeat_2eservice`.
  package static func objectPath(unit: String) -> String {
    var path: UnsafeMutablePointer<CChar>?
    let prefix = "/org/freedesktop/systemd1/unit"
    // Fails only for want of memory; the root object then fits no unit.
    guard sd_bus_path_encode(prefix, unit, &path) >= 0, let path else { return "/" }
    defer { free(path) }
    return String(cString: path)
  }

  /// The unit of an object; nil where it is none.
  package static func unit(objectPath: String) -> String? {
    var unit: UnsafeMutablePointer<CChar>?
    let prefix = "/org/freedesktop/systemd1/unit"
    guard sd_bus_path_decode(objectPath, prefix, &unit) > 0, let unit else { return nil }
    defer { free(unit) }
    return String(cString: unit)
  }

  /// A value in a bus address: everything but a few characters as `%` and two digits.
  static func escaped(_ value: String) -> String {
    var escaped = ""
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "/"), UInt8(ascii: "."):
        escaped.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        escaped += "%" + Hex.encode([byte])
      }
    }
    return escaped
  }
}

/// Which signals a match is for: "Match Rules" in the D-Bus specification.
struct BusMatchRule {
  var sender: String?
  var path: String?
  var interface: String
  var member: String
  var argument: String?
  /// Which of the signal's arguments that is.
  var position = 0

  /// `type='signal',member='…'`. A value with a quote, which could add conditions, is refused.
  func text() throws(BusError) -> String {
    var text = "type='signal'"
    let conditions = [
      ("sender", sender), ("path", path), ("interface", interface), ("member", member),
      ("arg\(position)", argument),
    ]
    for case (let key, let value?) in conditions {
      if value.utf8.contains(where: { $0 == UInt8(ascii: "'") || $0 == 0 }) {
        throw BusError("match \(key)=\(value)", -EINVAL)
      }
      text += ",\(key)='\(value)'"
    }
    return text
  }
}
