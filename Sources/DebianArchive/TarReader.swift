internal import Linux

/// A tar archive as dpkg-deb writes it (ustar and GNU long names), read once from front to end.
struct TarReader {
  struct Entry {
    enum Kind { case file, directory, symbolicLink, hardLink, other }
    var name: String
    var link: String
    var kind: Kind
    var size: Int
  }

  /// What follows an entry's header; what of it is not read is skipped.
  final class Body {
    private let input: Input
    fileprivate private(set) var left: Int

    fileprivate init(_ input: Input, _ size: Int) {
      self.input = input
      left = size
    }

    func hash() throws(DebianArchive.Unreadable) -> String {
      var hasher = SHA256Hasher()
      while left > 0 { hasher.update(try next()) }
      return SHA256Hash.hex(hasher.finish())
    }

    func bytes() throws(DebianArchive.Unreadable) -> [UInt8] {
      var bytes: [UInt8] = []
      while left > 0 { bytes += try next() }
      return bytes
    }

    fileprivate func next() throws(DebianArchive.Unreadable) -> [UInt8] {
      let piece = try input.read(min(left, 64 << 10))
      left -= piece.count
      return piece
    }
  }

  private let input: Input
  private static let block = 512
  /// More than any path.
  private static let longestName = 64 << 10

  init(_ file: FileDescriptor) { input = Input(file) }

  func readAll(
    _ take: (Entry, Body) throws(DebianArchive.Unreadable) -> Void
  ) throws(DebianArchive.Unreadable) {
    var longName: String?
    var longLink: String?
    while let header = try input.block(Self.block) {
      // Two empty blocks end it.
      if header.allSatisfy({ $0 == 0 }) { continue }
      guard Self.sum(header) == Self.number(header[148..<156]),
        let size = Self.number(header[124..<136]), size <= 1 << 40
      else { throw damaged }
      let body = Body(input, size)
      switch header[156] {
      case UInt8(ascii: "L"): longName = try text(body)
      case UInt8(ascii: "K"): longLink = try text(body)
      default:
        let entry = Entry(
          name: longName ?? Self.name(header), link: longLink ?? Self.text(header[157..<257]),
          kind: Self.kind(header[156]), size: size)
        (longName, longLink) = (nil, nil)
        try take(entry, body)
      }
      while body.left > 0 { _ = try body.next() }
      _ = try input.read((Self.block - size % Self.block) % Self.block)
    }
  }

  private var damaged: DebianArchive.Unreadable { .init(reason: "is damaged") }

  private func text(_ body: Body) throws(DebianArchive.Unreadable) -> String {
    guard body.left <= Self.longestName else { throw damaged }
    return Self.text(try body.bytes()[...])
  }

  private static func kind(_ type: UInt8) -> Entry.Kind {
    switch type {
    case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): .file
    case UInt8(ascii: "1"): .hardLink
    case UInt8(ascii: "2"): .symbolicLink
    case UInt8(ascii: "5"): .directory
    default: .other
    }
  }

  private static func name(_ header: [UInt8]) -> String {
    let name = text(header[0..<100])
    // GNU's own format has other things where ustar has a prefix.
    let prefix =
      header[257..<263].elementsEqual(Array("ustar\0".utf8)) ? text(header[345..<500]) : ""
    return prefix.isEmpty ? name : "\(prefix)/\(name)"
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// Octal, or big-endian where the first bit is set.
  private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard let first = bytes.first else { return nil }
    if first & 0x80 != 0 {
      return bytes.dropFirst().reduce(Int(first & 0x7F)) { ($0 &<< 8) | Int($1) }
    }
    let digits = bytes.drop { $0 == UInt8(ascii: " ") }.prefix { $0 >= 48 && $0 <= 55 }
    return digits.reduce(0) { $0 &* 8 &+ Int($1 - 48) }
  }

  /// As if its own field were blank.
  private static func sum(_ header: [UInt8]) -> Int {
    header.enumerated().reduce(0) {
      $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element))
    }
  }
}

/// Bytes from a pipe, exactly as many as asked for.
private final class Input {
  private let file: FileDescriptor
  private var buffer: ArraySlice<UInt8> = []

  init(_ file: FileDescriptor) { self.file = file }

  /// - Throws: where it ends before that.
  func read(_ count: Int) throws(DebianArchive.Unreadable) -> [UInt8] {
    guard let bytes = try block(count) else { throw .init(reason: "ends too early") }
    return bytes
  }

  /// Nil at the very end.
  func block(_ count: Int) throws(DebianArchive.Unreadable) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
      if buffer.isEmpty {
        do {
          buffer = try file.read(upTo: 64 << 10)[...]
        } catch {
          throw .init(reason: "cannot be read: \(error)")
        }
        if buffer.isEmpty {
          if bytes.isEmpty, count > 0 { return nil }
          throw .init(reason: "ends too early")
        }
      }
      let piece = buffer.prefix(count - bytes.count)
      bytes += piece
      buffer = buffer.dropFirst(piece.count)
    }
    return bytes
  }
}
