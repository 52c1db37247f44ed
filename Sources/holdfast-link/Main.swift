import AgentToken
import Dispatch
import JSON
import Link
import LinkMessages
import Linux
import Version

/// The courier between holdfastd and its cluster: `run` is the service, `enroll` and `forget` are what
/// the command asks for.
@main
enum Main {
  private static let usage = """
    usage: holdfast-link run
           holdfast-link enroll --cluster URL [--ca FILE|-] [--agent ID] [--machine HEX]
           holdfast-link forget
    Run by systemd and by holdfast enroll; see holdfast-link(8).

    """

  static func main() async {
    ignoreSIGPIPE()
    let arguments = CommandLine.arguments.dropFirst()
    switch arguments.first {
    case "run" where arguments.count == 1: exitProcess(await run())
    case "enroll": exitProcess(await enroll(arguments.dropFirst()))
    case "forget" where arguments.count == 1: exitProcess(forget())
    case "--version" where arguments.count == 1:
      write("holdfast-link \(holdfastVersion)\n", to: .standardOutput)
    default:
      write(usage, to: .standardError)
      exitProcess(2)
    }
  }

  private static func run() async -> Int32 {
    // Lines with their priority in front, which systemd takes apart: sd-daemon(3).
    let log = LinkLog { level, text in
      write("<\(level.rawValue)>\(text)\n", to: .standardError)
    }
    let service = Task {
      try await LinkService(log: log).run { _ = try? ServiceManager.notify("READY=1") }
    }
    let sources = [Signals.terminate, Signals.interrupt].map { signal in
      let source = DispatchSource.makeSignalSource(signal: signal, queue: .global())
      source.setEventHandler {
        _ = try? ServiceManager.notify("STOPPING=1")
        service.cancel()
      }
      source.resume()
      return source
    }
    defer { for source in sources { source.cancel() } }
    do {
      if try await !service.value { log(.notice, "This host is enrolled with no cluster.") }
      return 0
    } catch {
      log(.error, "\(error)")
      return 1
    }
  }

  private static func enroll(_ arguments: some Collection<String>) async -> Int32 {
    do throws(Refusal) {
      let reply = try await EnrolmentCommand(arguments).run(
        input: .standardInput, in: StateDirectory(), version: holdfastVersion)
      write(reply.output.encoded() + "\n", to: .standardOutput)
      return 0
    } catch {
      return refuse(error)
    }
  }

  private static func forget() -> Int32 {
    do throws(Refusal) {
      try StateDirectory().forget()
      return 0
    } catch {
      return refuse(error)
    }
  }

  private static func refuse(_ refusal: Refusal) -> Int32 {
    let reply: JSON = ["error": refusal.json]
    write(reply.encoded() + "\n", to: .standardOutput)
    return 1
  }

  private static func write(_ text: String, to file: FileDescriptor) {
    try? file.writeAll(Array(text.utf8))
  }
}
