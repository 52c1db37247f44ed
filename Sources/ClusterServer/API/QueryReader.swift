internal import AgentToken
internal import JSON

/// Reads a query as an endpoint has it.
enum QueryReader {
  /// - Throws: `invalid_request` for a parameter that there is not, that comes twice or is not fit.
  static func read(
    _ target: String, _ parameters: [Endpoint.Parameter]
  ) throws(Refusal) -> [String: JSON] {
    let text = target.drop { $0 != "?" }.dropFirst()
    guard let fields = PercentEncoding.fields(text), fields.count <= 32 else {
      throw Refusal(.invalidRequest, "The query cannot be read.")
    }
    var values: [String: JSON] = [:]
    for (name, text) in fields {
      guard let parameter = parameters.first(where: { $0.name.hasSameUTF8(as: name) }) else {
        let known = parameters.map(\.name).joined(separator: ", ")
        throw Refusal(
          .invalidRequest, "There is no parameter \(name.quoted(limit: 64)).",
          hint: known.isEmpty ? "This takes none." : "There are: \(known).")
      }
      let value = value(text, parameter.schema)
      try parameter.schema.check(value, at: "the parameter \(parameter.name)")
      guard values.updateValue(value, forKey: parameter.name) == nil else {
        throw Refusal(.invalidRequest, "The parameter \(parameter.name) comes twice.")
      }
    }
    for parameter in parameters where parameter.isRequired && values[parameter.name] == nil {
      throw Refusal(.invalidRequest, "The parameter \(parameter.name) is missing.")
    }
    return values
  }

  /// Text as the kind of value that it should be; a string where it is none.
  private static func value(_ text: String, _ schema: Schema) -> JSON {
    switch schema {
    case .integer:
      // As JSON writes numbers: no plus sign, no leading zero.
      guard let number = Int64(text), String(number) == text else { return .string(text) }
      return .integer(number)
    case .boolean: return text == "true" ? true : text == "false" ? false : .string(text)
    default: return .string(text)
    }
  }
}
