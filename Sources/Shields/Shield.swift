package import Protection

/// One mechanism that enforces protection.
///
/// A shield works on a definition, never on what it did before: engaging is idempotent and mends
/// what it finds damaged, releasing leaves the machine as it was, and inspecting looks at the
/// machine and nothing else.
package protocol Shield {
  var name: ShieldName { get }

  /// Puts the shield up, or back up. Never throws: what could not be done is in the result, and
  /// everything else stands.
  func engage(_ service: ServiceDefinition) -> Engagement

  /// Takes the shield down. What is not Holdfast's own stays as it is.
  ///
  /// - Parameter sparing: paths that another protected service needs too.
  func release(_ service: ServiceDefinition, sparing: Set<String>) -> [Problem]

  /// What of the machine the shield takes care of, for this service.
  func paths(_ service: ServiceDefinition) -> Set<String>

  /// What of it has the immutable flag.
  func flagged(_ service: ServiceDefinition) -> [String]

  /// What is not as it should be, if anything.
  func inspect(_ service: ServiceDefinition) -> [Problem]

  /// What of the service is no longer as the baseline has it, on a machine where the shield is not
  /// up and was not.
  func differences(_ service: ServiceDefinition) -> [Problem]
}

package enum ShieldName: String, Sendable, CaseIterable {
  case unit, file, package
}

/// Something that is not as it should be, or that could not be put right.
package struct Problem: Sendable, Equatable {
  package let path: String
  /// What is wrong with it, to be read after the path: `was removed`.
  package let what: String
  /// Whether it shows in what is read from there, and not only in who may write it.
  package let isVisible: Bool
  /// Whether a start of the service in the meantime was one with what is not its own.
  package let reachesService: Bool
  /// Whether somebody did it, and not only a new directory asks for something of ours in it.
  package let isDamage: Bool

  package init(
    path: String, what: String, isVisible: Bool = true, reachesService: Bool = false,
    isDamage: Bool = true
  ) {
    self.path = path
    self.what = what
    self.isVisible = isVisible
    self.reachesService = reachesService
    self.isDamage = isDamage
  }

  static func lostFlag(_ path: String) -> Problem {
    Problem(path: path, what: "lost its immutable flag", isVisible: false)
  }

  package var sentence: String { "\(path) \(what)" }
}

/// What engaging a shield came to.
package struct Engagement: Sendable, Equatable {
  /// What was not in place and is now.
  package var mended: [Problem]
  /// What could not be put in place.
  package var problems: [Problem]
  /// Whether PID 1 has to read its unit files again.
  package var needsReload: Bool

  package init(mended: [Problem] = [], problems: [Problem] = [], needsReload: Bool = false) {
    self.mended = mended
    self.problems = problems
    self.needsReload = needsReload
  }
}

extension Shield {
  package func release(_ service: ServiceDefinition) -> [Problem] { release(service, sparing: []) }
}
