import Foundation
import JSON
import Testing

/// One file of nst/JSONTestSuite.
struct SuiteFile: CustomTestStringConvertible, Sendable {
  let name: String
  let url: URL

  var testDescription: String { name }

  func bytes() throws -> [UInt8] { [UInt8](try Data(contentsOf: url)) }

  /// The files whose names begin with `prefix`, sorted.
  static func all(_ prefix: String) -> [SuiteFile] {
    let folder = Bundle.module.bundleURL.appending(
      path: "Vectors/jsontestsuite/test_parsing", directoryHint: .isDirectory)
    let urls =
      (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil))
      ?? []
    return urls.map { SuiteFile(name: $0.lastPathComponent, url: $0) }
      .filter { $0.name.hasPrefix(prefix) }
      .sorted { $0.name < $1.name }
  }
}

@Suite("JSONTestSuite")
struct JSONTestSuiteTests {
  /// The valid texts that policy refuses: a name twice, fractions, exponents. All of the rest must
  /// be taken.
  static let refusedByPolicy: [String: String] = [
    "y_number.json": "fraction", "y_number_0e+1.json": "fraction",
    "y_number_0e1.json": "fraction", "y_number_double_close_to_zero.json": "fraction",
    "y_number_int_with_exp.json": "fraction", "y_number_real_capital_e.json": "fraction",
    "y_number_real_capital_e_neg_exp.json": "fraction",
    "y_number_real_capital_e_pos_exp.json": "fraction", "y_number_real_exponent.json": "fraction",
    "y_number_real_fraction_exponent.json": "fraction", "y_number_real_neg_exp.json": "fraction",
    "y_number_real_pos_exponent.json": "fraction", "y_number_simple_real.json": "fraction",
    "y_object_duplicated_key.json": "twice", "y_object_duplicated_key_and_value.json": "twice",
    "y_object_extreme_numbers.json": "fraction",
    "y_structure_lonely_negative_real.json": "fraction",
  ]

  @Test func theWholeSuiteIsThere() {
    #expect(SuiteFile.all("y_").count == 95)
    #expect(SuiteFile.all("n_").count == 188)
    #expect(SuiteFile.all("i_").count == 35)
  }

  @Test(arguments: SuiteFile.all("n_"))
  func invalidTextsAreRefused(_ file: SuiteFile) throws {
    let bytes = try file.bytes()
    #expect(throws: JSON.ParseError.self) { try JSON.parse(bytes) }
  }

  @Test(arguments: SuiteFile.all("y_"))
  func validTextsAreTakenUnlessPolicyForbids(_ file: SuiteFile) throws {
    let bytes = try file.bytes()
    if let reason = Self.refusedByPolicy[file.name] {
      let error = #expect(throws: JSON.ParseError.self) { try JSON.parse(bytes) }
      #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
      return
    }
    let value = try JSON.parse(bytes)
    let other = try JSONSerialization.jsonObject(
      with: Data(bytes), options: [.fragmentsAllowed])
    #expect(value.sorted == JSON(foundation: other)?.sorted)
    #expect(try JSON.parse(value.encodedBytes()) == value)
  }

  /// All that RFC 8259 leaves open is refused here: huge numbers, exponents, invalid UTF-8, byte
  /// order marks, UTF-16, unpaired surrogates, 500 arrays inside each other.
  @Test(arguments: SuiteFile.all("i_"))
  func openQuestionsAreRefused(_ file: SuiteFile) throws {
    let bytes = try file.bytes()
    #expect(throws: JSON.ParseError.self) { try JSON.parse(bytes) }
  }
}

extension JSON {
  /// What Foundation's parser made of the same text.
  init?(foundation value: Any) {
    switch value {
    case is NSNull: self = .null
    case let value as NSNumber where value === kTrue || value === kFalse:
      self = .bool(value.boolValue)
    case let value as NSNumber: self = .integer(value.int64Value)
    case let value as String: self = .string(value)
    case let values as [Any]: self = .array(values.compactMap { JSON(foundation: $0) })
    case let values as [String: Any]:
      self = .object(
        values.compactMap { name, value in
          JSON(foundation: value).map { Member(name: name, value: $0) }
        })
    default: return nil
    }
  }

  /// The same with the members of every object in the order of their names.
  var sorted: JSON {
    switch self {
    case .array(let values): .array(values.map(\.sorted))
    case .object(let members):
      .object(
        members.map { Member(name: $0.name, value: $0.value.sorted) }
          .sorted { $0.name < $1.name })
    default: self
    }
  }
}

private let kTrue = true as NSNumber
private let kFalse = false as NSNumber
