import Foundation
import Linux

/// The part that runs in the machine, as root, beside the daemon.
enum Inside {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  static let controlSocket = "/run/holdfast/control.sock"

  /// - Parameter arguments: what to measure, then the numbers that it needs.
  /// - Returns: the exit status. What was measured is printed as `Figures` reads it.
  static func run(_ arguments: [String]) -> Int32 {
    let numbers = arguments.dropFirst().map { Int($0) ?? 0 }
    do {
      switch (arguments.first, numbers.count) {
      case ("starts", 1):
        try Starts.measure(numbers[0])
      case ("requests", 0):
        try Requests.measure()
      case ("once", 1):
        try Changes.countReloads(arguments[1])
      case ("changes", 3):
        try Changes.measure(
          rounds: numbers[0], unprotectSyncs: numbers[1], protectSyncs: numbers[2])
      default:
        throw Failure(description: "no such measurement: \(arguments)")
      }
      return 0
    } catch {
      print("\(error)")
      return 1
    }
  }

  static func print(_ name: String, _ values: [Double]) {
    guard !values.isEmpty else { return }
    Swift.print(([name] + values.map { "\($0)" }).joined(separator: "\t"))
  }

  private static func print(_ text: String) { Swift.print(text) }

  static func sleep(milliseconds: Int) {
    Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
  }
}
