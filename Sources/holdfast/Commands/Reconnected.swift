import ArgumentParser

struct Reconnected: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say that the cluster is back: what a reconnect hook calls.",
    discussion: "Protects again if the host is unprotected. Needs no token.")

  @Argument(help: ArgumentHelp("The cluster that is back.", valueName: "cluster-id"))
  var cluster: String?

  @OptionGroup var options: GlobalOptions

  func run() throws {
    var request = Request("reconnected")
    if let cluster { request = try request.adding(cluster, name: "the cluster's id") }
    try options.perform(request) { reply, view in
      reply.flag("reprotected")
        ? [view.paint.good("Protected again.")] : ["Nothing to do: it was protected already."]
    }
  }
}
