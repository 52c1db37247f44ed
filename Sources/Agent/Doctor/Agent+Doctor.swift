internal import AgentToken
internal import ControlSocket
internal import JSON
internal import Linux
internal import Protection
internal import Shields

/// `doctor`: what each class of attacks would come to on this host. It looks, and attacks nothing.
extension Agent {
  func doctor(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    if request.arguments == ["prove"] { return try prove(connection) }
    try requireEnrolled()
    for unit in request.arguments where guards.definition(of: unit) == nil {
      throw Refusal(
        .unitUnknown, "\(unit.prefix(255)) is not protected here.", hint: "It is doctor [UNIT…].")
    }
    let services = examined(request.arguments)
    manager.version { [weak self] version in
      guard let self else { return }
      manager.reports(of: services.map(\.unit) + [Own.thaw]) { [weak self] reports in
        guard let self else { return }
        connection.succeed(diagnosis(services, reports, systemd: version))
      }
    }
  }

  /// The services that were asked for, else all; Holdfast itself only where there is no other.
  private func examined(_ units: [String]) -> [ServiceDefinition] {
    if !units.isEmpty { return units.compactMap { guards.definition(of: $0) } }
    let others = guards.definitions.filter { $0.unit != Own.service && $0.unit != Own.canary }
    return others.isEmpty ? guards.definitions.filter { $0.unit == Own.service } : others
  }

  private func diagnosis(
    _ services: [ServiceDefinition], _ reports: [UnitReport], systemd: Int
  ) -> [JSON.Member] {
    var host = HostFacts()
    host.systemd = systemd
    host.hasUnifiedControlGroups = ControlGroup.isUnified
    host.thawsDaemon = reports.contains { $0.facts.name == Own.thaw && $0.isUp }
    if let own = guards.definition(of: Own.service) {
      host.daemonDamage =
        ShieldName.allCases.lazy.compactMap {
          self.board.inspect(own, $0).first?.sentence
        }.first
      host.daemonUnflaggable = own.everyFile.first { !InodeFlags.areSupported($0.path) }?.path
    }
    host.services = services.map { service in
      facts(of: service, reports.first { $0.facts.name == service.unit })
    }
    let findings = Diagnosis.findings(for: host)
    func count(_ verdict: AttackVerdict) -> JSON {
      .integer(Int64(findings.filter { $0.verdict == verdict }.count))
    }
    let isWhole =
      machine.state == .protected && host.daemonDamage == nil
      && host.services.allSatisfy { $0.damage.isEmpty && $0.waiting.isEmpty }
    return [
      .init(name: "state", value: .string(machine.state.name)),
      .init(name: "whole", value: .bool(isWhole)),
      .init(name: "services", value: .strings(services.map(\.unit))),
      .init(name: "systemd", value: .integer(Int64(systemd))),
      .init(name: "classes", value: .array(findings.map(\.json))),
      .init(name: "refused", value: count(.refused)),
      .init(name: "healed", value: count(.healed)),
      .init(name: "possible", value: count(.possible)),
      .init(name: "problems", value: .strings(problems)),
    ]
  }

  private func facts(of service: ServiceDefinition, _ report: UnitReport?) -> ServiceFacts {
    var facts = ServiceFacts(unit: service.unit)
    facts.isPackaged = service.package != nil
    facts.upgradesFreely = service.upgrades == .any
    if let grant = machine.state.grant, grant.covers(service.unit) {
      facts.opening = ServiceFacts.Opening(
        reason: "it is unprotected until \(Clock.text(grant.endsAt))", improve: "holdfast protect")
    } else if settings.mode(of: service.unit) == .audit {
      facts.opening = ServiceFacts.Opening(
        reason: "it is only watched (Mode=audit)", improve: "Mode=enforce")
    }
    guard facts.opening == nil else { return facts }
    facts.unflaggable = service.everyFile.first { !InodeFlags.areSupported($0.path) }?.path
    for shield in ShieldName.allCases {
      if awaitsPackages, shield != .unit, guards.void.contains(service.unit) {
        facts.waiting.insert(shield.rawValue)
      } else if let problem = board.inspect(service, shield).first {
        facts.damage[shield.rawValue] = problem.sentence
      }
    }
    if let report, facts.damage[ShieldName.unit.rawValue] == nil {
      if report.facts.loadState == "loaded", !report.refusesManualStop {
        facts.damage[ShieldName.unit.rawValue] = "systemd does not go by it"
      } else if !report.isUp {
        facts.damage[ShieldName.unit.rawValue] = "it is \(report.activeState)"
      }
    }
    if let pid = groups[service.unit]?.main, pid > 0 {
      facts.hasOwnMounts = Processes.mountNamespace(pid) != Processes.mountNamespace(1)
    }
    return facts
  }
}

extension ClassFinding {
  fileprivate var json: JSON {
    var members: [JSON.Member] = [
      .init(name: "id", value: .string(attack.id)),
      .init(name: "title", value: .string(attack.title)),
      .init(name: "group", value: .string(attack.group.rawValue)),
      .init(name: "verdict", value: .string(verdict.rawValue)),
      .init(name: "reason", value: .string(reason)),
    ]
    if let improve { members.append(.init(name: "improve", value: .string(improve))) }
    return .object(members)
  }
}
