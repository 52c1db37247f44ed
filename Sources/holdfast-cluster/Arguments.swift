internal import AgentToken
internal import ArgumentParser
internal import Issuing

extension Scope: ExpressibleByArgument {}
extension Role: ExpressibleByArgument {}

/// A span of time as it is written: `30m`, `1h`, `1h30m`, `900`.
struct SpanArgument: ExpressibleByArgument {
  let seconds: Int64

  init?(argument: String) {
    guard let seconds = TimeSpan.seconds(argument) else { return nil }
    self.seconds = seconds
  }
}
