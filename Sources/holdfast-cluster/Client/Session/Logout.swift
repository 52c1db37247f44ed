internal import AgentToken
internal import ArgumentParser
internal import Cluster
internal import ClusterClient
internal import JSON

struct Logout: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logout",
    abstract: "End the session, here and on the cluster.")

  @OptionGroup var options: ClientOptions

  func run() async throws {
    try await answering(options) { console throws(Refusal) in
      guard let session = try SavedSession.read() else {
        return try console.report("Nobody is logged in here.", [])
      }
      let access = try session.access()
      // Here it ends in any case.
      try SavedSession.remove()
      do throws(Refusal) {
        try await APIClient.use(access) { api throws(Refusal) in
          try await api.delete(APIPath("sessions", "current"))
        }
      } catch  where error.code == .unauthenticated {
        // It was over already.
      }
      try console.report("Logged \(session.name) out of \(session.url).", [])
    }
  }
}
