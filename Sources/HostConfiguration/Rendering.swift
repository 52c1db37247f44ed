internal import Protection

extension Settings {
  /// The settings as a file that `parse` reads back to the same; the daemon's accepted copy.
  package func render() -> String {
    """
    [Control]
    MaxConnections=\(control.maxConnections)
    MaxConnectionsPerUser=\(control.maxConnectionsPerUser)
    FirstLineTimeoutSec=\(TimeSpan.text(microseconds: control.firstLineTimeout))
    FailedTokensPerMinute=\(control.failedTokensPerMinute)

    [Protection]
    MaxWindowSec=\(maxWindowText)
    Bearer=\(bearer.rawValue)
    LocalGuards=\(localGuards.rawValue)
    Mode=\(mode.rawValue)

    [Ledger]
    FileSize=\(ValueReader.size(ledger.fileSize))
    MaxUse=\(ValueReader.size(ledger.maxUse))

    """
  }

  /// The window as a time span: `1h`.
  var maxWindowText: String {
    // No trap over a value that no file can hold.
    let seconds = UInt64(clamping: maxWindow)
    return TimeSpan.text(microseconds: min(seconds, 1 << 40) * TimeSpan.second)
  }
}

extension GuardSettings {
  /// The file in `services.d` that says this; `Settings.parse` reads it back to the same.
  package func render() -> String {
    var text = """
      # \(unit) is protected by Holdfast. To undo that: holdfast guard remove \(unit)
      [Service]
      Unit=\(unit)
      Upgrades=\(upgrades.rawValue)

      """
    if let mode { text += "Mode=\(mode.rawValue)\n" }
    for path in extraFiles { text += "Files=\(WordList.quoted(path))\n" }
    // An empty one first: also a list with nothing in it counts, and is not the package's.
    if let logs {
      text += "Logs=\n"
      for path in logs { text += "Logs=\(WordList.quoted(path))\n" }
    }
    if let allowSignals {
      text += "AllowSignals=\n"
      if !allowSignals.isEmpty { text += "AllowSignals=\(allowSignals.joined(separator: " "))\n" }
    }
    return text
  }
}
