internal import AgentToken
internal import Cluster
internal import Linux

/// Everything that is served at `/metrics`, as it is now.
enum Figures {
  static func read(
    _ plane: ControlPlane, _ server: ServerState
  ) async throws(Refusal) -> OpenMetrics {
    var metrics = OpenMetrics()
    let counts = server.metrics.now
    metrics.gauge(
      "holdfast_connections", "Connections that are open.",
      [.init(value: server.connections.count)])
    metrics.gauge(
      "holdfast_requests_in_work", "Requests that are being answered.",
      [.init(value: server.requestsInWork)])
    metrics.gauge(
      "holdfast_agents_connected", "Agents that are connected.",
      [.init(value: plane.hub.count)])
    let (states, protection) = try await plane.store.agentCounts(.all)
    metrics.gauge(
      "holdfast_agents", "Agents by state.",
      AgentRecord.State.allCases.map {
        .init(labels: [("state", $0.rawValue)], value: states[$0] ?? 0)
      })
    metrics.gauge(
      "holdfast_agents_protection", "Active agents by their state of protection.",
      protection.sorted { $0.key < $1.key }.map {
        .init(labels: [("state", $0.key)], value: $0.value)
      })
    let alarms = try await plane.store.openAlarms()
    metrics.gauge(
      "holdfast_alarms_open", "Alarms that nobody acknowledged, by kind.",
      Alarm.Kind.allCases.map { .init(labels: [("kind", $0.rawValue)], value: alarms[$0] ?? 0) })
    metrics.summary(
      "holdfast_requests", "Requests by endpoint and status, and the seconds they took.",
      counts.requests.sorted { ($0.key.endpoint, $0.key.status) < ($1.key.endpoint, $1.key.status) }
        .map { request, took in
          (
            .init(
              labels: [("endpoint", request.endpoint), ("status", String(request.status))],
              value: took.count), took.microseconds
          )
        })
    for event in Metrics.Event.allCases {
      metrics.counter(event.rawValue, event.help, [.init(value: counts.events[event] ?? 0)])
    }
    metrics.gauge(
      "process_resident_memory_bytes", "Memory of this process.",
      residentMemory.map { [.init(value: $0)] } ?? [])
    return metrics
  }

  /// proc_pid_statm(5), whose second number is in pages of 4 KiB.
  private static var residentMemory: Int? {
    guard let bytes = try? Files.read("/proc/self/statm", limit: 256) else { return nil }
    let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
    return fields.count > 1 ? Int(fields[1]).map { $0 * 4096 } : nil
  }
}
