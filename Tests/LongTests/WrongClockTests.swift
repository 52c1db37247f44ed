import Foundation
import JSON
import TestSupport
import Testing

/// A clock that root sets, that goes wrong by itself, or that was wrong when the machine came up: on a
/// virtual machine, because it has one of its own.
@Suite(.bootsVirtualMachines)
struct WrongClockTests {
  @Test("a clock that is set opens nothing, and a challenge opens whatever it shows")
  func wrongClocks() async throws {
    try await withVirtualHost { host in
      let stolen = host.token()
      try await host.expect("wall")
      try await host.opens(host.token())

      // Set back in one boot, into the life of a token that was over.
      try await host.machine.must("date -s '-2 hours'")
      try await host.refuses(stolen.aged(by: 7200), "clock_rolled_back")
      try await host.expect("rolled_back")
      // Neither a new start of the daemon ends that…
      try await host.machine.must("kill -9 $(pidof holdfastd)")
      try await host.standsAgain()
      try await host.refuses(stolen.aged(by: 7200), "clock_rolled_back")
      try await host.refuses(host.token(), "clock_rolled_back")
      // …but a challenge does, and then the time is known though the clock is still wrong.
      try await host.answersChallenge()
      try await host.expect("estimated")
      try await host.opens(host.token())
      try await host.refuses(stolen.aged(by: 7200), "expired")
      try await host.machine.must("date -s '+2 hours'")
      try await host.expect("wall")
      try await host.opens(host.token())

      // Years ahead, then corrected.
      try await host.machine.must("date -s '+10 years'")
      try await host.refuses(host.token(), "expired")
      try await host.answersChallenge()
      try await host.expect("estimated")
      try await host.machine.must("date -s '-10 years'")
      try await host.expect("wall")
      try await host.opens(host.token())
    }
  }

  @Test("a machine that comes up with another time than it went down with")
  func wrongBoots() async throws {
    try await withVirtualHost { host in
      let stolen = host.token()
      try await host.opens(host.token())
      try await host.machine.cutPower()
      // A dead battery.
      try await host.machine.boot(clockAt: "2020-01-01T00:00:00")
      try await host.standsAgain()
      try await host.expect("rolled_back")
      try await host.refuses(host.token(), "clock_rolled_back")
      try await host.answersChallenge()
      try await host.expect("estimated")
      try await host.opens(host.token())
      try await host.machine.powerOff()
      // Years ahead: nothing contradicts that, so tokens are over; a challenge opens.
      try await host.machine.boot(clockAt: "2031-01-01T12:00:00")
      try await host.standsAgain()
      try await host.refuses(host.token(), "expired")
      try await host.answersChallenge()
      try await host.expect("estimated")
      // Set right, as by NTP.
      try await host.machine.must("date -s @\(ProtectedHost.now)")
      try await host.expect("wall")
      try await host.opens(host.token())
      try await host.refuses(stolen.aged(by: 3600), "expired")
    }
  }
}

extension JWSDraft {
  /// The same, issued so many seconds earlier.
  func aged(by seconds: Int64) -> JWSDraft {
    ["iat", "exp"].reduce(self) { draft, name in
      draft.with(name, .integer((payload[name]?.integer ?? 0) - seconds))
    }
  }
}
