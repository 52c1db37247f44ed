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

func library(_ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil) -> Target {
  .target(name: name, dependencies: dependencies, path: path, cSettings: gnu, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, cSettings: gnu, swiftSettings: strict)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, resources: resources,
    cSettings: gnu, swiftSettings: strict)
}

let package = Package(
  name: "holdfast",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: [
    // The C boundary: headers and nothing else.
    .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(name: "CLinux"),

    // Pure: no I/O, no clock.
    library("JSON"),
    library("AgentToken", ["JSON"]),
    library("Protection", ["AgentToken", "JSON"]),
    library("Configuration", ["Protection"]),

    // The machine.
    library("Linux", ["CSystemd", "CSodium", "CLinux"]),
    library("Ledger", ["JSON", "Linux"]),
    library("Shields", ["JSON", "Protection", "Linux"]),
    library("ControlSocket", ["JSON", "AgentToken", "Protection", "Linux"]),

    // The daemon, the command and the issuer.
    library(
      "Agent",
      [
        "JSON", "AgentToken", "Protection", "Configuration", "Linux", "Ledger", "Shields",
        "ControlSocket",
      ]),
    library("Cluster", ["JSON", "AgentToken", "Linux"]),
    program("holdfastd", ["Agent", "Linux"]),
    program("holdfast", ["JSON", "Configuration", "ControlSocket", "Linux", arguments]),
    program("holdfast-cluster", ["Cluster", "AgentToken", "JSON", "Linux", arguments]),

    // Tests: all but SystemTests are fast and need no privilege.
    library("TestSupport", ["JSON", "AgentToken", "Linux"]),
    tests("JSONTests", ["JSON", "TestSupport"], resources: [.copy("Vectors")]),
    tests("AgentTokenTests", ["AgentToken", "JSON", "Linux", "TestSupport"], resources: [.copy("Vectors")]),
    tests("ProtectionTests", ["Protection", "TestSupport"]),
    tests("ConfigurationTests", ["Configuration", "Protection", "TestSupport"]),
    tests("LinuxTests", ["Linux", "TestSupport"]),
    tests("LedgerTests", ["Ledger", "JSON", "Linux", "TestSupport"]),
    tests("ShieldsTests", ["Shields", "Protection", "Linux", "TestSupport"]),
    tests("ControlSocketTests", ["ControlSocket", "JSON", "Linux", "TestSupport"]),
    tests("AgentTests", ["Agent", "TestSupport"]),
    tests("ClusterTests", ["Cluster", "AgentToken", "Linux", "TestSupport"]),
    tests("SystemTests", ["TestSupport", "JSON", "AgentToken", "Cluster", "Linux"]),
  ]
)
