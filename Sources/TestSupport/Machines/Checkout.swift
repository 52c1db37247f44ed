import Foundation

/// Where this checkout's own files are, for tests that run from it.
package enum Checkout {
  /// The folder that holds Package.swift.
  package static let top = String(
    #filePath.dropLast("/Sources/TestSupport/Machines/Checkout.swift".count))

  /// What `make deb` makes: the folder with the Debian packages.
  package static var packages: String { top + "/build" }

  /// The version that the packages have.
  package static var version: String {
    let text = try? String(contentsOfFile: top + "/VERSION", encoding: .utf8)
    return text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
  }

  /// The one file in `packages` whose name starts with NAME and an underscore, and holds VERSION.
  package static func package(_ name: String, version: String) -> String? {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: packages)) ?? []
    let found = all.first { $0.hasPrefix("\(name)_\(version)_") && $0.hasSuffix(".deb") }
    return found.map { packages + "/" + $0 }
  }
}
