import HostConfiguration
import Linux

/// The configuration's files as they are on the disk, for the code that judges them.
struct ConfigurationFiles {
  var sources: [ConfigurationSource] = []
  /// Files that could not be read.
  var issues: [ConfigurationIssue] = []

  /// Reads `holdfast.conf`, `holdfast.conf.d/*.conf` and `services.d/*.conf` of a folder; each may
  /// be missing.
  static func read(_ directory: String) throws(Failure) -> ConfigurationFiles {
    let name = Text.printable(directory)
    guard Files.isDirectory(directory) else { throw .usage("\(name) is no folder") }
    let folder = directory.hasSuffix("/") ? String(directory.dropLast()) : directory
    var files = ConfigurationFiles()
    files.take("\(folder)/holdfast.conf", .main)
    files.take(all: "\(folder)/holdfast.conf.d", .dropIn)
    files.take(all: "\(folder)/services.d", .service)
    return files
  }

  private mutating func take(all directory: String, _ kind: ConfigurationSource.Kind) {
    do {
      for name in try Files.list(directory) where name.hasSuffix(".conf") && !name.hasPrefix(".") {
        take("\(directory)/\(name)", kind)
      }
    } catch  where error.errno == ErrorNumber.noSuchFile {
      return
    } catch {
      report(directory, error)
    }
  }

  private mutating func take(_ path: String, _ kind: ConfigurationSource.Kind) {
    do {
      // One byte more than a file may have: that is then said by the code that judges it.
      let bytes = try Files.read(path, limit: ConfigurationSource.maxBytes + 1)
      sources.append(ConfigurationSource(path: path, bytes: bytes, kind: kind))
    } catch  where error.errno == ErrorNumber.noSuchFile && !Files.exists(path) {
      return
    } catch {
      report(path, error)
    }
  }

  private mutating func report(_ path: String, _ error: SystemError) {
    let reason =
      error.errno == ErrorNumber.fileTooLarge
      ? "it is longer than \(ConfigurationSource.maxBytes) bytes" : Text.reason(of: error)
    issues.append(
      ConfigurationIssue(file: path, line: 0, key: nil, message: "Cannot be read: \(reason)."))
  }
}
