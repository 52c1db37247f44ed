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

// What talks over a network is built on; nothing that the daemon links, nor the host's command.
let hummingbird: [Target.Dependency] = [
  .product(name: "Hummingbird", package: "hummingbird"),
  .product(name: "HummingbirdCore", package: "hummingbird"),
  .product(name: "HummingbirdTLS", package: "hummingbird"),
  .product(name: "HTTPTypes", package: "swift-http-types"),
  .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
  .product(name: "NIOHTTP1", package: "swift-nio"),
  .product(name: "NIOTLS", package: "swift-nio"),
]
let certificates: [Target.Dependency] = [
  .product(name: "X509", package: "swift-certificates"),
  .product(name: "SwiftASN1", package: "swift-asn1"),
  .product(name: "Crypto", package: "swift-crypto"),
]
let tls: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nio: [Target.Dependency] = [
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOPosix", package: "swift-nio"),
]
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let lifecycle: Target.Dependency = .product(
  name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let database: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")

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
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(
      url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
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
    core("HostConfiguration", ["JSON", "AgentToken", "Protection"]),
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
        "JSON", "AgentToken", "Protection", "HostConfiguration", "Linux", "Ledger", "Shields",
        "ControlSocket", "Version",
      ]),
    library("DebianArchive", ["Linux"]),
    library("Issuing", ["JSON", "AgentToken", "Linux", "DebianArchive"]),

    // What is spoken between a host's link and its cluster: pure.
    library("LinkMessages", ["JSON", "AgentToken"]),
    // The courier.
    library(
      "Link",
      [
        "LinkMessages", "JSON", "AgentToken", "Linux", tls, httpClient,
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ] + certificates + nio),
    // The control plane: what it does, how it is kept, how it is reached.
    library(
      "Cluster",
      ["LinkMessages", "Issuing", "JSON", "AgentToken", "Ledger", "Linux", "HostConfiguration"]
        + certificates),
    library(
      "ClusterSQLite", ["Cluster", "Issuing", "JSON", "AgentToken", "Linux", database]),
    library(
      "ClusterServer",
      [
        "Cluster", "LinkMessages", "JSON", "AgentToken", "Linux", "Version", tls, lifecycle,
        logging,
      ] + certificates + nio + hummingbird),
    library(
      "ClusterClient",
      ["Link", "LinkMessages", "JSON", "AgentToken", "Linux", tls, httpClient] + nio),
    program("holdfastd", ["Agent", "Linux"], settings: lean),
    program(
      "holdfast",
      [
        "JSON", "AgentToken", "HostConfiguration", "ControlSocket", "DebianArchive", "Ledger",
        "Linux",
        "Version", arguments,
      ]),
    program("holdfast-canary", ["Linux"], settings: lean),
    program(
      "holdfast-prove", ["JSON", "Protection", "ControlSocket", "Linux", "Version", arguments]),
    program(
      "holdfast-cluster",
      [
        "Issuing", "Cluster", "ClusterSQLite", "ClusterServer", "ClusterClient", "Link",
        "AgentToken", "HostConfiguration", "JSON", "Linux", "Version", arguments, lifecycle,
        logging, .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ]),
    program("holdfast-link", ["Link", "LinkMessages", "AgentToken", "Linux", "Version", "JSON"]),

    // Tests: all but SystemTests are fast and need no privilege.
    library("TestSupport", ["JSON", "AgentToken", "Linux"]),
    // The C library's file calls, on a disk in memory that fails: linked into tests and nothing else.
    .target(name: "CInterposed", cSettings: gnu),
    library("SimulatedDisk", ["CInterposed"]),
    library(
      "HostileInput",
      ["AgentToken", "HostConfiguration", "ControlSocket", "JSON", "Ledger", "Linux"]),
    program("holdfast-bench", ["TestSupport", "JSON", "AgentToken", "Linux"]),
    program(
      "holdfast-soak",
      [
        "Link", "LinkMessages", "Issuing", "Ledger", "JSON", "AgentToken", "Linux", arguments,
        httpClient, tls,
      ] + nio),
    tests("JSONTests", ["JSON", "TestSupport"], resources: [.copy("Vectors")]),
    tests(
      "AgentTokenTests", ["AgentToken", "JSON", "Linux", "TestSupport"],
      resources: [.copy("Vectors")]),
    tests("ProtectionTests", ["Protection", "AgentToken", "JSON", "TestSupport"]),
    tests("HostConfigurationTests", ["HostConfiguration", "JSON", "Protection", "TestSupport"]),
    tests("LinuxTests", ["Linux", "TestSupport"]),
    tests("LedgerTests", ["Ledger", "JSON", "Linux", "TestSupport"]),
    tests("ShieldsTests", ["Shields", "Protection", "Linux", "TestSupport"]),
    tests("ControlSocketTests", ["ControlSocket", "JSON", "Linux", "TestSupport"]),
    tests(
      "AgentTests",
      ["Agent", "AgentToken", "JSON", "Protection", "Ledger", "Linux", "Version", "TestSupport"]),
    tests("IssuingTests", ["Issuing", "AgentToken", "JSON", "Linux", "TestSupport"]),
    tests("LinkTests", ["Link", "LinkMessages", "AgentToken", "JSON", "Linux"] + nio),
    tests(
      "ClusterTests",
      [
        "Cluster", "ClusterSQLite", "Issuing", "LinkMessages", "Ledger", "AgentToken", "JSON",
        "Linux", database,
      ] + certificates),
    tests(
      "ClusterServerTests",
      [
        "ClusterServer", "Cluster", "ClusterSQLite", "ClusterClient", "Link", "LinkMessages",
        "Issuing", "AgentToken", "JSON", "Linux", lifecycle, logging, httpClient, tls,
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
      ] + certificates + nio),
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
      "SystemTests", ["TestSupport", "JSON", "AgentToken", "Issuing", "DebianArchive", "Linux"]),
  ] + fuzzers
)
