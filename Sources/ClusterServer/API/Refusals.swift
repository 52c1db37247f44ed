package import AgentToken

/// The server's own refusals: what is wrong with a request before anybody looks at what it asks for.
extension Refusal.Code {
  /// A parameter, a body or a combination that the API does not have.
  package static let invalidRequest = Self(rawValue: "invalid_request")
  package static let methodNotAllowed = Self(rawValue: "method_not_allowed")
  package static let unsupportedMediaType = Self(rawValue: "unsupported_media_type")
  package static let bodyTooLarge = Self(rawValue: "body_too_large")
  package static let headersTooLarge = Self(rawValue: "headers_too_large")
  package static let requestTimeout = Self(rawValue: "request_timeout")
  package static let certificateRequired = Self(rawValue: "certificate_required")
  package static let keyReused = Self(rawValue: "idempotency_key_reused")
  package static let keyUnderWay = Self(rawValue: "idempotency_key_under_way")
}
