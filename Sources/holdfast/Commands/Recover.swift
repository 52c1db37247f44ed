import ArgumentParser

struct Recover: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put this host right after its files were restored from a backup.",
    discussion: """
      Only while all of the host is unprotected. Takes the machine as it is now as good: baselines
      are taken anew when it is protected again, alarms are over. Tokens that were spent stay spent.
      """)

  @OptionGroup var options: GlobalOptions

  func run() throws {
    try options.perform(Request("recover")) { reply, view in
      let strays = reply.texts("removed").map { "  removed \($0), of a service not protected here" }
      return [view.paint.good("Recovered.") + " It is protected as it is now: holdfast protect"]
        + strays
    }
  }
}
