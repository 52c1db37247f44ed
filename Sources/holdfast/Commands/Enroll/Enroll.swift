import ArgumentParser
import JSON

struct Enroll: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make this host an agent of a cluster: from then on it is protected.",
    discussion: """
      With a cluster that is reached over the network, --cluster and --token; otherwise --bundle, \
      --root and --tenant, with the files that the cluster exports (see holdfast-cluster(1)). The \
      registration token is read from standard input or a file, and never is an argument.
      """)

  @Option(
    name: .long, help: ArgumentHelp("The cluster's address: https://HOST:8443.", valueName: "url"))
  var cluster: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Where the registration token is: a file, or - for standard input.", valueName: "file"),
    completion: .file())
  var token: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The authority to trust the cluster by; not needed where the token names it.",
      valueName: "file"),
    completion: .file())
  var ca: String?

  @Option(
    name: .long, help: ArgumentHelp("The cluster's trust bundle.", valueName: "file"),
    completion: .file())
  var bundle: String?

  @Option(
    name: .long,
    help: ArgumentHelp("The cluster's root key, as a JWK. It is pinned.", valueName: "file"),
    completion: .file())
  var root: String?

  @Option(name: .long, help: "The tenant this host belongs to.")
  var tenant: String?

  @Option(name: .long, help: "This host's id; derived from the machine id where not given.")
  var agent: String?

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    let online = [cluster, token, ca].contains { $0 != nil }
    let offline = [bundle, root, tenant].contains { $0 != nil }
    guard online != offline else {
      throw ValidationError(
        online
          ? "It is --cluster and --token, or --bundle, --root and --tenant, not both."
          : "Give --cluster and --token, or --bundle, --root and --tenant.")
    }
    if online, cluster == nil { throw ValidationError("Missing --cluster URL.") }
    if offline, [bundle, root, tenant].contains(nil) {
      throw ValidationError("Without a cluster's address it takes --bundle, --root and --tenant.")
    }
  }

  func run() throws {
    if let cluster {
      return try ClusterEnrolment(
        address: cluster, token: token, authority: ca,
        agent: agent.map { agent throws(Failure) in
          try OfflineEnrolment.id(agent, name: "the agent")
        },
        options: options
      ).run()
    }
    let request = try OfflineEnrolment(
      bundle: bundle ?? "", root: root ?? "", tenant: tenant ?? "", agent: agent
    ).request()
    try options.perform(request) { Self.describe($0, view: $1) }
  }

  static func describe(_ reply: Reply, view: View) -> [String] {
    let agent = reply.text("agent") ?? "this host"
    let tenant = reply.text("tenant").map { ", tenant \($0)" } ?? ""
    let cluster = reply.text("cluster").map { ", cluster \($0)" } ?? ""
    return [
      view.paint.good("Enrolled") + " as \(agent)\(tenant)\(cluster).",
      "Next, per service: holdfast guard add UNIT",
    ]
  }
}
