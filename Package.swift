// swift-tools-version: 6.2
import PackageDescription

/// What every target is held to: Swift 6, no implicit re-exports, no warning left standing.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

/// Linux declares `ucred`, `accept4` and their like only to those who ask for GNU extensions.
let gnu: [CSetting] = [.define("_GNU_SOURCE")]

let arguments: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")

/// What the daemon is made of: neither Swift's concurrency runtime nor its regular expressions, not
/// even by accident, and small rather than fast where the two differ.
let lean: [SwiftSetting] =
  strict + [
    .unsafeFlags([
      "-Xfrontend", "-disable-implicit-concurrency-module-import",
      "-Xfrontend", "-disable-implicit-string-processing-module-import",
    ]),
    .unsafeFlags(["-Osize"], .when(configuration: .release)),
  ]

/// A library that the daemon links.
func core(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, cSettings: gnu, swiftSettings: lean)
}

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, cSettings: gnu, swiftSettings: strict)
}

func program(
  _ name: String, _ dependencies: [Target.Dependency], settings: [SwiftSetting] = strict
) -> Target {
  .executableTarget(name: name, dependencies: dependencies, cSettings: gnu, swiftSettings: settings)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, resources: resources,
    cSettings: gnu, swiftSettings: strict)
}

/// libFuzzer links with nothing but itself, so this is there only for `make fuzz`.
let fuzzers: [Target] =
  Context.environment["HOLDFAST_FUZZ"] == nil
  ? [] : [program("holdfast-fuzz", ["HostileInput"])]

let package = Package(
  name: "holdfast",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: [
    // The C boundary: headers and nothing else.
    .systemLibrary(
      name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(name: "CLinux"),

    // Pure: no I/O, no clock.
    core("JSON"),
    core("AgentToken", ["JSON"]),
    core("Protection", ["AgentToken", "JSON"]),
    core("Configuration", ["JSON", "AgentToken", "Protection"]),
    core("Version"),

    // The machine.
    core("Linux", ["CSystemd", "CSodium", "CLinux"]),
    core("Ledger", ["JSON", "Linux"]),
    core("Shields", ["JSON", "Protection", "Linux"]),
    core("ControlSocket", ["JSON", "AgentToken", "Protection", "Linux"]),

    // The daemon, the command and the issuer.
    core(
      "Agent",
      [
        "JSON", "AgentToken", "Protection", "Configuration", "Linux", "Ledger", "Shields",
        "ControlSocket", "Version",
      ]),
    library("DebianArchive", ["Linux"]),
    library("Cluster", ["JSON", "AgentToken", "Linux", "DebianArchive"]),
    program("holdfastd", ["Agent", "Linux"], settings: lean),
    program(
      "holdfast",
      [
        "JSON", "AgentToken", "Configuration", "ControlSocket", "DebianArchive", "Ledger", "Linux",
        "Version", arguments,
      ]),
    program("holdfast-canary", ["Linux"], settings: lean),
    program(
      "holdfast-prove", ["JSON", "Protection", "ControlSocket", "Linux", "Version", arguments]),
    program(
      "holdfast-cluster",
      ["Cluster", "AgentToken", "Configuration", "JSON", "Linux", "Version", arguments]),

    // Tests: all but SystemTests are fast and need no privilege.
    library("TestSupport", ["JSON", "AgentToken", "Linux"]),
    // The C library's file calls, on a disk in memory that fails: linked into tests and nothing else.
    .target(name: "CInterposed", cSettings: gnu),
    library("SimulatedDisk", ["CInterposed"]),
    library(
      "HostileInput", ["AgentToken", "Configuration", "ControlSocket", "JSON", "Ledger", "Linux"]),
    program("holdfast-bench", ["TestSupport", "JSON", "AgentToken", "Linux"]),
    tests("JSONTests", ["JSON", "TestSupport"], resources: [.copy("Vectors")]),
    tests(
      "AgentTokenTests", ["AgentToken", "JSON", "Linux", "TestSupport"],
      resources: [.copy("Vectors")]),
    tests("ProtectionTests", ["Protection", "AgentToken", "JSON", "TestSupport"]),
    tests("ConfigurationTests", ["Configuration", "JSON", "Protection", "TestSupport"]),
    tests("LinuxTests", ["Linux", "TestSupport"]),
    tests("LedgerTests", ["Ledger", "JSON", "Linux", "TestSupport"]),
    tests("ShieldsTests", ["Shields", "Protection", "Linux", "TestSupport"]),
    tests("ControlSocketTests", ["ControlSocket", "JSON", "Linux", "TestSupport"]),
    tests(
      "AgentTests",
      ["Agent", "AgentToken", "JSON", "Protection", "Ledger", "Linux", "Version", "TestSupport"]),
    tests("ClusterTests", ["Cluster", "AgentToken", "JSON", "Linux", "TestSupport"]),
    tests("DebianArchiveTests", ["DebianArchive", "Linux", "TestSupport"]),
    tests(
      "CrashTests",
      [
        "Agent", "AgentToken", "JSON", "Ledger", "Linux", "Protection", "SimulatedDisk",
        "TestSupport",
      ]),
    tests("HostileInputTests", ["HostileInput", "Linux", "TestSupport"]),
    tests("AttackTests", ["Protection", "TestSupport", "JSON"]),
    tests("LongTests", ["TestSupport", "JSON"]),
    tests(
      "SystemTests", ["TestSupport", "JSON", "AgentToken", "Cluster", "DebianArchive", "Linux"]),
  ] + fuzzers
)
