import ArgumentParser
import Version

/// The command's root. Every verb is one file in `Commands`.
struct Holdfast: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "holdfast",
    abstract: "Protects this host's services; lets in who has an agent token.",
    discussion: """
      Getting in:         holdfast unprotect -        (asks for the token)
      How things stand:   holdfast status
      Without the daemon: boot with holdfast=off on the kernel command line; see \
      holdfast-unprotect(1).

      Exit status: 0 done, 1 refused, 2 wrong usage, 3 the daemon cannot be reached,
      4 not permitted, 5 this host is not enrolled.
      """,
    version: "holdfast \(holdfastVersion)",
    groupedSubcommands: [
      CommandGroup(
        name: "Every day",
        subcommands: [
          Status.self, Unprotect.self, Challenge.self, Protect.self, WithToken.self, Check.self,
          Restart.self, Accept.self,
        ]),
      CommandGroup(
        name: "Looking closer",
        subcommands: [Doctor.self, Log.self, Watch.self, Ping.self, Version.self]),
      CommandGroup(
        name: "Setting up",
        subcommands: [
          Enroll.self, Guard.self, Reload.self, Config.self, Import.self, Bundle.self,
          Release.self, Upgrade.self, Reconnected.self, Recover.self,
        ]),
    ])

  @OptionGroup var options: GlobalOptions
}
