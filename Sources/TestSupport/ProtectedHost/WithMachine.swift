/// Boots a machine that is protected, and takes it down again.
package func withProtectedHost(
  suite: String = "bookworm", arguments: [String] = [], limit seconds: Int = 420,
  _ body: (ProtectedHost) async throws -> Void
) async throws {
  let disk = try await ProtectedDisk.machine(suite: suite)
  try await withMachine(.disk(of: disk), arguments: arguments, limit: seconds) { machine in
    let host = ProtectedHost(machine: machine)
    try await body(host)
  }
}

/// Boots a machine, and takes it down again, whatever happens, after `seconds` at the latest.
///
/// Not a time limit of Swift Testing: that would count the time spent waiting for a slot.
package func withMachine(
  _ image: Machine.Image = .debian(), arguments: [String] = [], limit seconds: Int = 420,
  _ body: (Machine) async throws -> Void
) async throws {
  try await MachineSlots.shared.with {
    let machine = try await Machine.boot(image, arguments: arguments)
    let limit = Task {
      try await Task.sleep(for: .seconds(seconds))
      await machine.end()
      throw Machine.Failure(description: "not done after \(seconds) s")
    }
    let result: Result<Void, any Error>
    do {
      result = .success(try await body(machine))
    } catch {
      result = .failure(error)
    }
    limit.cancel()
    await machine.end()
    // What ended too late failed for that reason, whatever it says.
    if case .failure(let error) = await limit.result, error is Machine.Failure { throw error }
    try result.get()
  }
}
