internal import Agent
internal import Linux

/// The daemon's beginning: everything it does is in `Agent`.
@main
enum Main {
  static func main() {
    ignoreSIGPIPE()
    do {
      let agent = try Agent()
      exitProcess(try agent.run())
    } catch {
      Journal.send(
        message: "holdfastd cannot start: \(error)", priority: 2, messageID: nil, fields: [])
      exitProcess(1)
    }
  }
}
