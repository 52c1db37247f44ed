import Linux
import TestSupport
import Testing

/// The daemon runs as root, so it is small: no Foundation, no NIO, no Swift concurrency, nothing
/// that speaks to a network.
@Suite struct LinkageTests {
  let manifest: PackageManifest

  init() throws {
    manifest = PackageManifest(try Files.text("\(Checkout.top)/Package.swift"))
  }

  @Test func theDaemonIsMadeOfTheseTargets() {
    #expect(
      manifest.closure(of: "holdfastd") == [
        "holdfastd", "Agent", "AgentToken", "ControlSocket", "HostConfiguration", "JSON", "Ledger",
        "Linux", "Protection", "Shields", "Version", "CLinux", "CSodium", "CSystemd",
      ])
    #expect(manifest.systemLibraries == ["CLinux", "CSodium", "CSystemd"])
  }

  /// What is not a dependency in Package.swift may still be found by the compiler: Foundation in
  /// the toolchain, other targets in the build folder.
  @Test func itsTargetsImportOnlyTheirDependencies() throws {
    for target in manifest.closure(of: "holdfastd").subtracting(manifest.systemLibraries) {
      var allowed = Set(manifest.dependencies[target] ?? [])
      if target == "Linux" { allowed.insert("Glibc") }
      let imports = try SourceImports.of(target: target)
      #expect(imports.filter { !allowed.contains($0.module) }.map(\.description) == [])
    }
  }

  /// One module imports C, and the others speak Swift.
  @Test func onlyLinuxImportsC() throws {
    let modules = manifest.systemLibraries.union(["Glibc", "Musl", "Darwin", "SwiftGlibc"])
    let targets = Set(manifest.dependencies.keys)
      .subtracting(["Linux", "TestSupport", "SimulatedDisk", "holdfast-bench", "holdfast-fuzz"])
    #expect(targets.isSuperset(of: ["Issuing", "holdfast", "holdfast-cluster", "holdfastd"]))
    for target in targets {
      let imports = try SourceImports.of(target: target)
      #expect(imports.filter { modules.contains($0.module) }.map(\.description) == [])
    }
  }

  @Test(arguments: [
    ("import Foundation", ["Foundation"]),
    ("  internal import Glibc\npackage import JSON", ["Glibc", "JSON"]),
    ("@preconcurrency import Dispatch; import Linux", ["Dispatch", "Linux"]),
    ("import struct Foundation.URL", ["Foundation"]),
    ("@_exported public import class Foundation.Process", ["Foundation"]),
    ("// import Foundation\nlet text = \"import Foundation\"\n/// import it", []),
  ])
  func importsAreFound(text: String, expected: [String]) {
    #expect(SourceImports.modules(in: text) == expected)
  }

  // MARK: The program

  @Test(.enabled(if: Daemon.isBuilt, "no holdfastd beside the tests, and no HOLDFAST_BIN"))
  func theProgramAsksForFewLibraries() throws {
    let daemon = try ELFFile(path: Daemon.path)
    let foreign = daemon.libraries.filter { library in
      !Daemon.libraries.contains { library.hasPrefix("\($0).so") || library.hasPrefix("\($0)-") }
    }
    #expect(foreign == [])
    #expect(daemon.libraries.contains { $0.hasPrefix("libsystemd.so") })
  }

  /// Also holds a static binary to it, which asks for no library that could give it away.
  @Test(.enabled(if: Daemon.isBuilt, "no holdfastd beside the tests, and no HOLDFAST_BIN"))
  func theProgramUsesNoRuntimeButSwifts() throws {
    let daemon = try ELFFile(path: Daemon.path)
    #expect(daemon.symbols.contains("sd_event_loop"))
    #expect(daemon.symbols.filter(Daemon.isForbidden).sorted() == [])
  }

  @Test func forbiddenSymbolsAreKnown() {
    for symbol in [
      "swift_task_create", "swift_task_switch", "swift_continuation_await", "$sScPMa",
      "swift_defaultActor_initialize", "$s10Foundation4DataVMa", "$s20FoundationEssentials3URLVMa",
      "$s8NIOPosix27MultiThreadedEventLoopGroupCMa", "dispatch_async", "getaddrinfo",
    ] {
      #expect(Daemon.isForbidden(symbol))
    }
    for symbol in ["sd_event_loop", "swift_retain", "$sSS6appendyySSF", "$sS2ScfC", "socket"] {
      #expect(!Daemon.isForbidden(symbol))
    }
  }
}

/// holdfastd as it was built: beside the tests, or where HOLDFAST_BIN says.
private enum Daemon {
  static var path: String {
    if let path = Environment.value(of: "HOLDFAST_BIN") { return path }
    let tests = (try? Files.readLink("/proc/self/exe")) ?? ""
    return "\(Files.directory(of: tests))/holdfastd"
  }

  static var isBuilt: Bool {
    Environment.value(of: "HOLDFAST_BIN") != nil || Files.exists(path)
  }

  static let libraries = [
    "libsystemd", "libsodium",
    // The C library, with the parts that it had before glibc 2.34.
    "libc", "libm", "libpthread", "libdl", "librt", "ld-linux",
    // The C++ that a static Swift runtime is written in.
    "libgcc_s", "libstdc++",
    // A debug build's Swift runtime.
    // Not libswift_Concurrency and libswift_StringProcessing: a module asks the linker for them,
    // used or not, where Package.swift does not build it as `core`.
    "libswiftCore", "libswiftGlibc", "libswiftSwiftOnoneSupport",
  ]

  /// Whether a symbol, mangled as Swift does, belongs to something that has no place in the daemon.
  static func isForbidden(_ symbol: String) -> Bool {
    starts.contains(where: symbol.hasPrefix) || parts.contains(where: symbol.contains)
  }

  private static let starts = [
    // Swift concurrency: its runtime, and its types, whose names are mangled as `Sc…`.
    "swift_task_", "swift_taskGroup_", "swift_asyncLet_", "swift_continuation_", "swift_job_",
    "swift_defaultActor_", "swift_nonDefaultDistributedActor_", "$sSc",
    "dispatch_", "getaddrinfo", "gethostby",
  ]
  private static let parts = [
    "12_Concurrency", "17_StringProcessing", "12_RegexParser", "Foundation", "8Dispatch", "NIOCore",
    "NIOPosix", "CNIO",
  ]
}
