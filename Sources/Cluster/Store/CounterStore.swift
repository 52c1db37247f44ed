package import AgentToken

/// Numbers that only ever go up, and small texts, by name.
package protocol CounterStore: Sendable {
  /// 0 where there is none yet.
  func counter(_ name: String) async throws(Refusal) -> Int64
  /// Puts a counter at least there, and returns where it is.
  func raise(counter: String, atLeast: Int64) async throws(Refusal) -> Int64
  /// Adds one, and returns the new value: nobody else gets it.
  func next(counter: String) async throws(Refusal) -> Int64
  func text(_ name: String) async throws(Refusal) -> String?
  func set(text name: String, to value: String) async throws(Refusal)
}
