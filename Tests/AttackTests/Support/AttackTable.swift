import Foundation
import Protection
import TestSupport

/// Tests/attacks/attacks.table: what the suite tries. Its first lines say how it is written.
struct AttackTable: Sendable {
  struct Mistake: Error, CustomStringConvertible {
    let line: Int
    let what: String
    var description: String { "attacks.table:\(line): \(what)" }
  }

  private(set) var attacks: [Attack] = []
  private(set) var harmless: [Attack] = []

  /// How long a machine has to be whole again, where the table says nothing else.
  static let patience = 5

  static let shared = Result { try AttackTable(String(contentsOfFile: path, encoding: .utf8)) }

  static var path: String { Checkout.top + "/Tests/attacks/attacks.table" }

  init(_ text: String) throws {
    var entries: [(line: Int, text: String)] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      if line.hasPrefix(" "), !entries.isEmpty {
        entries[entries.count - 1].text += "\n" + line.trimmingCharacters(in: .whitespaces)
      } else if !line.isEmpty, !line.hasPrefix("#") {
        entries.append((index + 1, String(line)))
      }
    }
    var ids: Set<String> = []
    for (number, entry) in entries {
      let attack = try Self.attack(entry, line: number)
      guard ids.insert(attack.id).inserted else {
        throw Mistake(line: number, what: "there is another \(attack.id)")
      }
      if attack.kind == nil { harmless.append(attack) } else { attacks.append(attack) }
    }
  }

  private static func attack(_ entry: String, line: Int) throws -> Attack {
    let fields = entry.split(maxSplits: 3, whereSeparator: { $0 == " " || $0 == "\n" })
    guard fields.count == 4 else {
      throw Mistake(line: line, what: "ID CLASS EXPECTED COMMAND are needed")
    }
    let expected = fields[2].split(separator: ":")
    let seconds = expected.count == 2 ? Int(expected[1]) : patience
    guard let seconds, expected.count <= 2 else {
      throw Mistake(line: line, what: "\(fields[2]): the seconds are not a number")
    }
    let id = String(fields[0])
    guard id.allSatisfy({ $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") }) else {
      throw Mistake(line: line, what: "\(id): lower case, digits and hyphens only")
    }
    let command = String(fields[3])
    if fields[1] == "harmless" {
      guard expected.first == "works" else { throw Mistake(line: line, what: "it is to work") }
      return Attack(id: id, kind: nil, expected: .works, seconds: seconds, command: command)
    }
    guard let kind = AttackClass(rawValue: String(fields[1])) else {
      throw Mistake(line: line, what: "\(fields[1]) is no class of AttackClass")
    }
    let isTold = expected.first == "told"
    guard
      let verdict = isTold
        ? .healed : expected.first.flatMap({ AttackVerdict(rawValue: String($0)) })
    else {
      throw Mistake(line: line, what: "\(fields[2]) is no verdict")
    }
    return Attack(
      id: id, kind: kind, expected: .verdict(verdict), seconds: seconds, isTold: isTold,
      command: command)
  }

  /// The classes that have attacks, in the order of `AttackClass`.
  var classes: [AttackClass] {
    let used = Set(attacks.compactMap(\.kind))
    return AttackClass.allCases.filter(used.contains)
  }

  func attacks(of kind: AttackClass) -> [Attack] { attacks.filter { $0.kind == kind } }
}
