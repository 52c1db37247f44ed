internal import AgentToken
internal import Cluster
internal import Hummingbird

extension Refusal.Code {
  /// The status that goes with a refusal; all others are 422.
  var status: HTTPResponse.Status {
    switch self {
    case .invalidRequest, .malformed, .badArguments, .bundleMalformed: .badRequest
    case .unauthenticated, .loginFailed, .certificateRequired: .unauthorized
    case .forbidden, .denied, .agentUnknown, .scopeNotAllowed, .registrationUnknown,
      .registrationExpired, .registrationUsedUp, .registrationRevoked, .registrationSuspended:
      .forbidden
    case .notFound: .notFound
    case .methodNotAllowed: .methodNotAllowed
    case .requestTimeout: .requestTimeout
    case .conflict, .agentExists, .agentNotProtected, .keyUnderWay: .conflict
    case .bodyTooLarge: .contentTooLarge
    case .unsupportedMediaType: .unsupportedMediaType
    case .tooMany, .rateLimited: .tooManyRequests
    case .headersTooLarge: .requestHeaderFieldsTooLarge
    case .internalError, Self(rawValue: "system_error"): .internalServerError
    case .busy, .storeFailed: .serviceUnavailable
    default: .unprocessableContent
    }
  }
}
