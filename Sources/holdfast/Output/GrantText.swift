/// Grants and what they opened, in sentences.
enum GrantText {
  static let bundleBehind =
    "The cluster has a newer trust bundle than this host: holdfast bundle import FILE"

  /// `By ana@example.com, tenant token of retail.`
  static func describe(_ grant: Reply, tenant: String?) -> String {
    let by = grant.text("sub").map { "By \($0), " } ?? "By "
    return by + token(grant, tenant: tenant) + "."
  }

  /// `tenant token of retail`
  static func token(_ grant: Reply, tenant: String? = nil) -> String {
    let scope = grant.text("scope") ?? "unknown"
    let whose: String?
    switch scope {
    case "tenant": whose = grant.text("tenant") ?? tenant
    case "agent": whose = grant.text("agent")
    default: whose = nil
    }
    let article = grant.text("sub") == nil ? (scope == "agent" ? "an " : "a ") : ""
    return "\(article)\(scope) token" + (whose.map { " of \($0)" } ?? "")
  }

  /// What an `unprotect` did.
  static func opened(_ reply: Reply, view: View) -> [String] {
    let released = reply.members("released")
    let names = released.filter { $0.value.text == "released" }.map { UnitArgument.short($0.name) }
    var head = view.paint.good("Unprotected")
    if let until = reply.number("until") {
      head += " until \(Times.moment(until, now: view.now))"
      head += ", for \(Times.span(seconds: until - view.now))"
    }
    head += names.isEmpty ? "." : ": \(names.joined(separator: ", "))."
    var lines = [head]
    lines += released.filter { $0.value.text != "released" }.map {
      view.paint.bad("Not released: \(UnitArgument.short($0.name)) (\($0.value.brief)).")
    }
    let recorded = reply.number("record").map { "Recorded as \($0)." }
    let who = reply["scope"].map { _ in describe(reply, tenant: nil) }
    lines += [[who, recorded].compactMap(\.self).joined(separator: " ")].filter { !$0.isEmpty }
    if reply.flag("again") {
      lines.append("The same token had opened it before; nothing was added.")
    }
    if reply.flag("bundle_behind") { lines.append(view.paint.warning(bundleBehind)) }
    return lines
  }

  /// What a `protect` did.
  static func closed(_ reply: Reply, view: View) -> [String] {
    let services = reply.members("engaged")
    let names = services.map { UnitArgument.short($0.name) }.joined(separator: ", ")
    let list = names.isEmpty ? "." : ": \(names)."
    var lines: [String]
    switch reply.text("state") {
    case "protected"?: lines = [view.paint.good("Protected") + list]
    case "degraded"?: lines = [view.paint.bad("Protected, but degraded") + list]
    case "engaging"?: lines = [view.paint.warning("Protecting") + list]
    case let state?: lines = [view.paint.warning(Text.capitalised(state)) + list]
    case nil: lines = ["Done."]
    }
    for (unit, shields) in services {
      let odd = shields.members.filter { !["engaged", "none"].contains($0.value.text) }
      guard !odd.isEmpty else { continue }
      let words = odd.map { "\($0.name) \($0.value.brief)" }.joined(separator: ", ")
      lines.append(view.paint.warning("  \(UnitArgument.short(unit)): \(words)"))
    }
    if lines.count > 1 { lines.append("How it stands: holdfast status") }
    return lines
  }
}
