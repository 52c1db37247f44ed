import TestSupport
import Testing

extension Trait where Self == ConditionTrait {
  /// For what boots machines: skipped, with the reason, where that cannot be.
  static var bootsMachines: Self {
    .enabled(if: Surroundings.obstacle == nil, Comment(rawValue: Surroundings.obstacle ?? ""))
  }
}
