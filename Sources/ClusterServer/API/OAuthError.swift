internal import AgentToken
internal import Cluster
internal import HTTPTypes
internal import JSON

extension Endpoint {
  /// How an endpoint says no.
  enum Style: Sendable {
    case problem
    /// As RFC 6749, section 5.2, wants it.
    case oauth

    /// For `WWW-Authenticate`.
    func challenge(_ code: Refusal.Code) -> String {
      switch self {
      case .problem: "Bearer realm=\"holdfast\""
      case .oauth: "Basic realm=\"holdfast\", charset=\"UTF-8\""
      }
    }
  }
}

/// A refusal as a client of OAuth 2.0 knows it.
enum OAuthError {
  static let unsupportedGrant = Refusal.Code(rawValue: "unsupported_grant_type")

  static func answer(_ refusal: Refusal) -> (HTTPResponse.Status, JSON, String) {
    let status = refusal.code.status
    let error =
      switch refusal.code {
      case .loginFailed, .unauthenticated: "invalid_client"
      case unsupportedGrant: refusal.code.rawValue
      default: status.code < 500 ? "invalid_request" : "server_error"
      }
    return (
      refusal.code == unsupportedGrant ? .badRequest : status,
      [
        "error": .string(error), "error_description": .string(description(refusal)),
        "code": .string(refusal.code.rawValue),
      ], "application/json"
    )
  }

  /// What RFC 6749 has in an `error_description`: printable ASCII without quotes and backslashes.
  private static func description(_ refusal: Refusal) -> String {
    String(
      String.UnicodeScalarView(
        refusal.message.unicodeScalars.map {
          (" "..."~").contains($0) && $0 != "\"" && $0 != "\\" ? $0 : "'"
        }))
  }

  static let schema = Schema.named(
    "OAuthError",
    .object([
      Schema.required("error", .any), Schema.optional("error_description", .any),
      Schema.optional("code", .any),
    ]))
}
