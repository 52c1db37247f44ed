internal import HTTPTypes
internal import LinkMessages
internal import Linux

/// What every answer carries.
enum Headers {
  /// Nothing here is to be kept, framed, guessed at or run.
  static var common: HTTPFields {
    [
      .date: HTTPDate.text(Clock.wall()),
      .cacheControl: "no-store",
      .xContentTypeOptions: "nosniff",
      .contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'",
      .strictTransportSecurity: "max-age=31536000",
      referrerPolicy: "no-referrer",
    ]
  }

  static let referrerPolicy = name("Referrer-Policy")
  static let idempotencyKey = name("Idempotency-Key")
  static let machine = name(LinkPath.machineHeader)
  static let idempotencyReplayed = name("Idempotent-Replayed")

  /// The names here are all tokens of HTTP.
  private static func name(_ text: String) -> HTTPField.Name {
    HTTPField.Name(text) ?? .trailer
  }
}

/// Times as HTTP writes them (RFC 9110, section 5.6.7).
enum HTTPDate {
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// - Parameter seconds: since the epoch, not before it.
  static func text(_ seconds: Int64) -> String {
    let days = seconds / 86_400
    let time = seconds % 86_400
    // Howard Hinnant's civil_from_days: eras of 400 years that begin on 1 March.
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return "\(Self.days[Int(days % 7)]), \(two(day)) \(months[Int(month) - 1]) \(year) "
      + "\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60)) GMT"
  }

  private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
