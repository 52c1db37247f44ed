/// `holdfast status` in words: where and what this host is, how it stands, one line per service,
/// what to look at.
struct StatusReport {
  let status: Reply
  let view: View

  private var paint: Paint { view.paint }
  private var now: Int64 { view.now }

  var lines: [String] {
    if status.text("state") == "unmanaged" { return unmanaged }
    return [identity] + headline + auditing + block(services)
      + block(surroundings) + problems + changed
  }

  private var unmanaged: [String] {
    if let profile = status["profile"] {
      let version = profile.number("version").map { " \($0)" } ?? ""
      return [
        identity,
        paint.warning("Switched off by the cluster's profile\(version)")
          + ": nothing is protected. Only another profile switches it on again.",
      ] + block(surroundings) + problems
    }
    return [
      paint.warning("This host is not enrolled, so nothing is protected."),
      "Offline:        holdfast enroll --bundle FILE --root FILE --tenant TENANT",
      "With a cluster: holdfast enroll --cluster https://HOST:8443 --token -",
    ] + problems
  }

  /// Lines with an empty one before them.
  private func block(_ lines: [String]) -> [String] {
    lines.isEmpty ? [] : [""] + lines
  }

  private var identity: String {
    var parts = [status.text("agent") ?? "agent unknown"]
    if let tenant = status.text("tenant") { parts.append("tenant \(tenant)") }
    if let cluster = status["cluster"]?.text("id") { parts.append("cluster \(cluster)") }
    return parts.joined(separator: ", ")
  }

  // MARK: How it stands

  private var headline: [String] {
    let state = status.text("state") ?? "unknown"
    let since = status.number("since").map { " for \(Times.age(seconds: now - $0))" } ?? ""
    switch state {
    case "protected" where isOnlyWatched:
      return [paint.warning("Watched") + since + ": nothing is enforced on this host (Mode=audit)."]
    case "protected":
      return [paint.good("Protected") + since + ", \(shieldNames)."]
    case "degraded" where isOnlyWatched:
      return [paint.bad("Watched") + since + ": nothing is enforced on this host."]
    case "degraded":
      return [paint.bad("Degraded") + since + ": protected, but not all is as it should be."]
    case "engaging":
      return [paint.warning("Protecting") + since + ": not every shield is up yet."]
    case "releasing":
      return [paint.warning("Unprotecting") + since + ": shields are being released."]
    case "unprotected":
      return [paint.warning("Unprotected") + since + window] + grant + [Self.wayBack]
    default:
      return [paint.warning(Text.capitalised(state)) + since + "."]
    }
  }

  /// Said plainly, because `protected` above is not about these.
  private var auditing: [String] {
    let services = status.members("services")
    let watched = services.filter { $0.value.text("mode") == "audit" }
    guard !watched.isEmpty, !isOnlyWatched else { return [] }
    let names = watched.map { UnitArgument.short($0.name) }.joined(separator: ", ")
    return [paint.warning("Only watched") + " (Mode=audit): \(names)."]
  }

  private var isOnlyWatched: Bool {
    let services = status.members("services")
    return !services.isEmpty && services.allSatisfy { $0.value.text("mode") == "audit" }
  }

  /// What ends an open window.
  static let wayBack =
    "It protects itself again then, on a restart, or when the cluster is back. "
    + "Now: holdfast protect"

  private var window: String {
    guard let until = status.number("until") else { return ", with no end of its own." }
    return ", until \(Times.moment(until, now: now)) "
      + "(\(Times.span(seconds: until - now)) more)."
  }

  private var grant: [String] {
    status["grant"].map { [GrantText.describe($0, tenant: status.text("tenant"))] } ?? []
  }

  private var shieldNames: String {
    let hasKernel = status.members("services").contains {
      $0.value["shields"]?.text("kernel") == "engaged"
    }
    return hasKernel ? "by kernel and user space" : "by user space"
  }

  // MARK: Services

  private var services: [String] {
    let services = status.members("services")
    guard !services.isEmpty else {
      return ["No service is guarded yet: holdfast guard add UNIT"]
    }
    var table = Table()
    for (unit, service) in services {
      table.add([
        .init(UnitArgument.short(unit)), running(service),
        .init(service.text("state") ?? "unknown", paint: paint.state),
        .init(notes(on: service).joined(separator: "; ")),
      ])
    }
    return table.lines()
  }

  private func running(_ service: Reply) -> Table.Cell {
    let active = service.text("active") ?? "unknown"
    let sub = service.text("sub") ?? active
    let word = active == "active" || active == sub ? sub : "\(active) (\(sub))"
    // 0 is systemd's "not since it started".
    let since = service.number("since").flatMap {
      $0 > 0 ? " " + Times.age(seconds: now - $0) : nil
    }
    return .init(word + (since ?? ""), paint: { active == "failed" ? paint.bad($0) : $0 })
  }

  private func notes(on service: Reply) -> [String] {
    var notes: [String] = []
    if let problem = service.text("problem"), !problem.isEmpty { notes.append(problem) }
    // Shields that are as the service's own state says need no word.
    let state = service.text("state") ?? ""
    let usual = ["released", "audit"].contains(state) ? state : "engaged"
    let odd = service.members("shields").filter {
      $0.value.text != usual && $0.value.text != "none"
    }
    if !odd.isEmpty {
      notes.append("shields: " + odd.map { "\($0.name) \($0.value.brief)" }.joined(separator: ", "))
    }
    if let healed = service.number("healed"), healed > 0 {
      let down = service.number("downtime_ms").map { ", \(Times.milliseconds($0)) down in all" }
      notes.append("healed \(Text.times(healed))\(down ?? "")")
    }
    if let added = service["added_by"] {
      let who = People.describe(added)
      if !who.isEmpty { notes.append("added by \(who)") }
    }
    return notes
  }

  // MARK: Around it

  private var surroundings: [String] {
    var sentences = [link]
    if let bundle = status["bundle"], let sequence = bundle.number("seq") {
      let age = bundle.number("issued").map { ", \(Times.age(seconds: now - $0)) old" } ?? ""
      sentences.append("Trust bundle \(sequence)\(age).")
    }
    if let version = status["profile"]?.number("version") {
      sentences.append("Profile \(version).")
    }
    sentences.append(clock)
    var lines = [sentences.filter { !$0.isEmpty }.joined(separator: " ")].filter { !$0.isEmpty }
    if status.flag("bundle_behind") { lines.append(paint.warning(GrantText.bundleBehind)) }
    return lines
  }

  private var link: String {
    guard let cluster = status["cluster"] else { return "" }
    func age(_ name: String) -> String? {
      cluster.number(name).map { Times.age(seconds: now - $0) }
    }
    switch cluster.text("link") {
    case "connected"?:
      return "Cluster connected" + (age("since").map { " for \($0)" } ?? "") + "."
    case "disconnected"?:
      return paint.warning("Cluster not reached")
        + (age("last_contact").map { " for \($0)." } ?? " so far.")
    case let link?:
      let contact = age("last_contact").map { "last contact \($0) ago" } ?? "no contact so far"
      return "Cluster \(link), \(contact)."
    case nil: return ""
    }
  }

  private var clock: String {
    switch status.text("clock") {
    case "wall"?: "Clock in step."
    case "estimated"?: paint.warning("Clock \(offset) a signed time") + ", which counts."
    case "rolled_back"?:
      paint.warning("Clock \(offset) what is known to have passed") + onlyChallenges
    case "state_missing"?: paint.warning("What was known of the time is gone") + onlyChallenges
    case "other_machine"?: paint.warning("Another machine than it was") + onlyChallenges
    case "shifted"?: paint.warning("The daemon is in a time namespace") + onlyChallenges
    case let clock?: "Clock: \(clock)."
    case nil: ""
    }
  }

  private let onlyChallenges =
    ": only a token that answers a challenge opens this host (holdfast challenge)."

  /// How far the clock is off, and in which direction.
  private var offset: String {
    let seconds = status["time"]?.number("offset") ?? 0
    return "\(Times.span(seconds: abs(seconds))) \(seconds < 0 ? "behind" : "ahead of")"
  }

  private var problems: [String] {
    let problems = status.texts("problems")
    guard !problems.isEmpty else { return [] }
    return [
      "", paint.bad("\(Text.count(problems.count, "thing")) to look at:"),
    ] + problems.map { "  \($0)" } + ["More: holdfast log --since 1h"]
  }

  /// Files that nobody accounts for; what is protected of them now.
  private var changed: [String] {
    let paths = status.members("services").flatMap { $0.value.texts("changed_while_unprotected") }
    guard !paths.isEmpty else { return [] }
    return ["", paint.warning("Changed while unprotected:")] + paths.map { "  \($0)" }
      + ["Once you looked at them, in an open window: holdfast accept"]
  }
}
