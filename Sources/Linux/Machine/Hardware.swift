/// What tells one machine from its copies, apart from its machine id. Only root may read it.
package enum Hardware {
  /// The product's UUID, as firmware or hypervisor say it; nil where they do not.
  package static func productUUID() -> String? {
    guard let text = try? Files.text("/sys/class/dmi/id/product_uuid", limit: 256) else {
      return nil
    }
    let uuid = text.prefix { $0 != "\n" }.lowercased()
    // All zeros or all ones: the firmware has none.
    let isBlank = uuid.allSatisfy { "0-".contains($0) } || uuid.allSatisfy { "f-".contains($0) }
    return isBlank ? nil : uuid
  }

  /// The VM generation id: another one after a virtual machine was cloned, or went back to a
  /// snapshot. Nil where the hypervisor has none, or the kernel does not show it (QEMU's, through
  /// the module `qemu_fw_cfg`).
  package static func generationID() -> String? {
    let path = "/sys/firmware/qemu_fw_cfg/by_name/etc/vmgenid_guid/raw"
    guard let bytes = try? Files.read(path, limit: 64 << 10), bytes.count >= 56 else { return nil }
    // The GUID follows 40 bytes that the firmware needs (QEMU's docs/specs/vmgenid).
    let guid = Array(bytes[40..<56])
    return guid.allSatisfy { $0 == 0 } ? nil : Hex.encode(guid)
  }
}
