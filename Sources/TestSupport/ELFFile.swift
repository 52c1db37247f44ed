internal import Linux

/// What is known of a program from its file alone: elf(5), 64 bits and little-endian.
package struct ELFFile: Sendable {
  /// The file is not one of these, or not whole.
  package struct Malformed: Error {
    let offset: Int
  }

  /// The shared libraries that it asks for itself (DT_NEEDED), in their order.
  package let libraries: [String]
  /// The names of its symbols, defined here or elsewhere; of those defined here only the exported
  /// ones, where it was stripped.
  package let symbols: Set<String>

  package init(path: String) throws {
    try self.init(try Files.read(path, limit: 1 << 30))
  }

  init(_ bytes: [UInt8]) throws(Malformed) {
    let reader = ELFReader(bytes: bytes)
    let sections = try reader.sections()
    var libraries: [String] = []
    var symbols: Set<String> = []
    for section in sections {
      guard let names = sections.indices.contains(section.link) ? sections[section.link] : nil
      else { continue }
      switch section.kind {
      case 6:  // SHT_DYNAMIC
        for entry in section.entries(of: 16) {
          let tag = try reader.number(at: entry, bytes: 8)
          if tag == 0 { break }
          guard tag == 1 else { continue }  // DT_NEEDED
          libraries.append(
            try reader.text(at: names.offset + reader.number(at: entry + 8, bytes: 8)))
        }
      case 2, 11:  // SHT_SYMTAB, SHT_DYNSYM
        for entry in section.entries(of: 24) {
          let name = try reader.text(at: names.offset + reader.number(at: entry, bytes: 4))
          if !name.isEmpty { symbols.insert(name) }
        }
      default:
        continue
      }
    }
    self.libraries = libraries
    self.symbols = symbols
  }
}

private struct ELFReader {
  let bytes: [UInt8]

  struct Section {
    let kind: Int
    let offset: Int
    let size: Int
    /// The section that holds this one's texts, by its number.
    let link: Int

    /// The offsets of entries of so many bytes each.
    func entries(of bytes: Int) -> StrideTo<Int> {
      stride(from: offset, to: offset + size / bytes * bytes, by: bytes)
    }
  }

  func sections() throws(ELFFile.Malformed) -> [Section] {
    guard bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]) else {
      throw ELFFile.Malformed(offset: 0)
    }
    let start = try number(at: 0x28, bytes: 8)
    let size = try number(at: 0x3A, bytes: 2)
    var sections: [Section] = []
    for index in 0..<(try number(at: 0x3C, bytes: 2)) {
      let header = start + index * size
      sections.append(
        Section(
          kind: try number(at: header + 4, bytes: 4),
          offset: try number(at: header + 0x18, bytes: 8),
          size: try number(at: header + 0x20, bytes: 8),
          link: try number(at: header + 0x28, bytes: 4)))
    }
    return sections
  }

  /// An unsigned number; nothing in a file is as far away as 2⁴⁸ bytes.
  func number(at offset: Int, bytes count: Int) throws(ELFFile.Malformed) -> Int {
    guard offset >= 0, offset <= bytes.count - count else {
      throw ELFFile.Malformed(offset: offset)
    }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[offset + index]) << (8 * UInt64(index)) }
    guard value < 1 << 48 else { return 1 << 48 }
    return Int(value)
  }

  /// A text that ends with a NUL byte.
  func text(at offset: Int) throws(ELFFile.Malformed) -> String {
    guard bytes.indices.contains(offset), let end = bytes[offset...].firstIndex(of: 0) else {
      throw ELFFile.Malformed(offset: offset)
    }
    return String(decoding: bytes[offset..<end], as: UTF8.self)
  }
}
