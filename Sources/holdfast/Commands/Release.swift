import ArgumentParser

struct Release: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Take a release manifest: what packages may be upgraded to without a token.",
    discussion: """
      Without a file, says which releases this host took. A manifest comes from \
      `holdfast-cluster release sign`.
      """)

  @Argument(
    help: ArgumentHelp("The manifest, or - for standard input.", valueName: "file"),
    completion: .file())
  var file: String?

  @OptionGroup var options: GlobalOptions

  func run() throws {
    guard let file else {
      try options.perform(Request("release list")) { reply, _ in Self.table(reply) }
      return
    }
    try options.perform(Self.request(file), describe: Self.describe)
  }

  static func request(_ file: String) throws(Failure) -> Request {
    let text = Text.trimmed(try Input.file(file, limit: 512 << 10)[...])
    return try Request("release").adding(document: String(text), name: "the release manifest")
  }

  static func describe(_ reply: Reply, view: View) -> [String] {
    let packages = reply.list("packages").map(label).joined(separator: ", ")
    return reply.flag("changed")
      ? [view.paint.good("Taken") + ": \(packages) may be upgraded to without a token."]
      : ["Known already: \(packages)."]
  }

  private static func table(_ reply: Reply) -> [String] {
    let packages = reply.list("packages")
    guard !packages.isEmpty else { return ["No release was taken here."] }
    return packages.map { package in
      let state =
        package.flag("revoked") ? "revoked" : package.flag("installed") ? "installed" : "released"
      return "\(label(package)) (\(package.text("architecture") ?? "")): \(state), signed by "
        + "\(package.text("kid") ?? "")"
    }
  }

  private static func label(_ package: Reply) -> String {
    "\(package.text("name") ?? "") \(package.text("version") ?? "")"
  }
}
