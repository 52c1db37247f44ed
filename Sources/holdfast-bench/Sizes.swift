import TestSupport

/// How big the programs are, as the packages install them.
enum Sizes {
  private static let programs = [
    ("holdfast", ["holdfastd": "usr/sbin/holdfastd", "holdfast": "usr/bin/holdfast"]),
    ("holdfast-cluster", ["holdfast-cluster": "usr/bin/holdfast-cluster"]),
  ]

  /// Adds a row for each program whose package there is.
  static func add(to report: inout Report) async throws {
    report.heading("On the disk")
    for (name, files) in programs {
      guard let package = Checkout.package(name, version: Checkout.version) else { continue }
      let packed = try await HostCommand.run(["stat", "-c", "%s", package])
      let listing = try await HostCommand.run(
        ["sh", "-c", "dpkg-deb --fsys-tarfile \"$1\" | tar -tv --numeric-owner", "sh", package])
      for (program, path) in files.sorted(by: { $0.key > $1.key }) {
        // -rwxr-xr-x 0/0  6316032 2026-11-21 14:23 ./usr/sbin/holdfastd
        let fields = listing.text.split(separator: "\n").first { $0.hasSuffix(" ./\(path)") }?
          .split(separator: " ")
        guard let fields, fields.count > 2, let size = Double(fields[2]) else { continue }
        report.row(
          "\(program), the program", Sample([size / 1_048_576]), .mebibytes,
          beside: "its package", Double(packed.line).map { Sample([$0 / 1_048_576]) })
      }
    }
  }
}
