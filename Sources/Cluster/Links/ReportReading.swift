internal import AgentToken
internal import Issuing
internal import JSON
internal import LinkMessages

extension AgentReport {
  /// What lists are filtered by, read from what a host says of itself; the rest is kept as it came.
  ///
  /// - Parameter before: what it said last, for what it does not say again.
  /// - Throws: `invalid_request` where it is no reply to `status`.
  init(_ report: Report, after before: AgentReport?, at now: Int64) throws(Refusal) {
    let status = report.status
    guard let state = status["state"]?.string, Self.isWord(state) else {
      throw Refusal(.invalid, "The report has no state in its status.")
    }
    self.init(
      protection: state,
      version: Self.word(status["version"]), clock: Self.word(status["clock"]),
      enrolment: status["enrolment"]?.string.flatMap { Identity.isValidID($0) ? $0 : nil },
      bundleSequence: Self.number(status["bundle"]?["seq"]),
      revocationsSequence: Self.number(status["revocations"]),
      profileVersion: Self.number(status["profile"]?["version"]),
      status: status.encoded(), doctor: report.doctor?.encoded() ?? before?.doctor, at: now)
  }

  /// The highest number that artefacts have.
  static let highest: Int64 = 1 << 53 - 1

  private static func number(_ value: JSON?) -> Int64 {
    value?.integer.flatMap { (0...highest).contains($0) ? $0 : nil } ?? 0
  }

  private static func word(_ value: JSON?) -> String {
    value?.string.flatMap { isWord($0) ? $0 : nil } ?? "unknown"
  }

  /// 1–64 printable ASCII characters: they go into lists and messages.
  private static func isWord(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }
}
