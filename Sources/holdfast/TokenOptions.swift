import ArgumentParser
import Linux

/// Where an agent token comes from: the command line, standard input, a prompt or a file.
struct TokenOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "The agent token, or - to be asked for it (or to read it from standard input).",
      valueName: "token"))
  var token: String?

  @Option(
    name: .long, help: ArgumentHelp("Read the token from a file's first line.", valueName: "file"),
    completion: .file())
  var file: String?

  func validate() throws {
    if token != nil && file != nil {
      throw ValidationError("Give the token or --file, not both.")
    }
  }

  /// The token's text. Whether it is one, the daemon says.
  func read() throws(Failure) -> String {
    if let file { return try Self.token(in: Input.file(file, limit: Self.limit), from: file) }
    if let token, token != "-" { return token }
    if Terminal.isTerminal(.standardInput) {
      return try Self.token(in: Self.ask(for: "agent token"), from: "the answer")
    }
    guard token == "-" else {
      throw .usage(
        "No agent token was given",
        hint: "On the command line, or with --file FILE, or - for standard input.")
    }
    return try Self.token(in: Input.standardInput(limit: Self.limit), from: "standard input")
  }

  /// Asks at the terminal, showing nothing of the answer.
  static func ask(for what: String) throws(Failure) -> String {
    do throws(SystemError) {
      let answer = try PasswordPrompt.ask(
        "\(Text.capitalised(what)): ", on: .standardError, from: .standardInput)
      return String(decoding: answer, as: UTF8.self)
    } catch {
      throw error.errno == ErrorNumber.canceled
        ? .usage("No \(what) was given")
        : .usage("The terminal cannot be asked: \(Text.reason(of: error))")
    }
  }

  /// Bytes; a token has at most 2,048.
  private static let limit = 4096

  /// The first line that is not blank, trimmed.
  static func token(
    in text: String, from source: String, what: String = "agent token"
  ) throws(Failure) -> String {
    for line in text.split(whereSeparator: \.isNewline) {
      let trimmed = Text.trimmed(line)
      if !trimmed.isEmpty { return trimmed }
    }
    throw .usage("There is no \(what) in \(Text.printable(source)): it is empty")
  }
}
