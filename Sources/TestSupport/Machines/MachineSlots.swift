import Foundation

/// How many machines run at once: more than there are processors would only slow each other down,
/// and blur what is measured.
package actor MachineSlots {
  package static let shared = MachineSlots(
    count: max(2, ProcessInfo.processInfo.activeProcessorCount))

  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  package init(count: Int) {
    free = count
  }

  /// Returns once there is a slot, first come first served. Each needs its `leave()`.
  package func enter() async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiting.append($0) }
    }
  }

  package func leave() {
    if waiting.isEmpty {
      free += 1
    } else {
      waiting.removeFirst().resume()
    }
  }
}
