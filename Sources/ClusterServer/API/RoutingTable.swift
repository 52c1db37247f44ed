internal import Hummingbird

/// Finds the endpoint for a method and a path.
struct RoutingTable: Sendable {
  /// What a path leads to.
  enum Match: Sendable {
    case endpoint(Endpoint, segments: [String: String])
    /// There is something, and it takes these methods.
    case otherMethods([HTTPRequest.Method])
    case nothing
  }

  private struct Route: Sendable {
    enum Part: Sendable {
      case word(String)
      case segment(String)
    }

    let parts: [Part]
    let endpoint: Endpoint

    init(_ endpoint: Endpoint) {
      self.endpoint = endpoint
      parts = endpoint.path.split(separator: "/").map {
        $0.hasPrefix("{") ? .segment(String($0.dropFirst().dropLast())) : .word(String($0))
      }
    }

    /// How many words there are: `…/tenants/current` goes before `…/tenants/{tenant}`.
    var words: Int {
      parts.count { if case .word = $0 { true } else { false } }
    }

    func match(_ asked: [String]) -> [String: String]? {
      guard asked.count == parts.count else { return nil }
      var segments: [String: String] = [:]
      for (part, text) in zip(parts, asked) {
        switch part {
        case .word(let word): guard word.utf8.elementsEqual(text.utf8) else { return nil }
        case .segment(let name): segments[name] = text
        }
      }
      return segments
    }
  }

  private let routes: [Int: [Route]]
  let endpoints: [Endpoint]

  init(_ endpoints: [Endpoint]) {
    self.endpoints = endpoints
    routes = Dictionary(grouping: endpoints.map(Route.init), by: \.parts.count)
      .mapValues { $0.sorted { $0.words > $1.words } }
  }

  /// - Parameter path: without the query, as it was sent.
  func match(_ method: HTTPRequest.Method, path: Substring) -> Match {
    // One slash at the front, none at the end, none twice: each thing has one path.
    guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count <= 2048 else { return .nothing }
    var asked: [String] = []
    for part in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      guard let text = PercentEncoding.decode(part), !text.isEmpty else { return .nothing }
      asked.append(text)
    }
    var found: [(Endpoint, [String: String])] = []
    for route in routes[asked.count] ?? [] {
      guard let segments = route.match(asked) else { continue }
      // What is spelled out hides what stands for anything.
      if let first = found.first, first.1.count < segments.count { break }
      found.append((route.endpoint, segments))
    }
    guard !found.isEmpty else { return .nothing }
    let wanted: HTTPRequest.Method = method == .head ? .get : method
    if let (endpoint, segments) = found.first(where: { $0.0.method == wanted }) {
      return .endpoint(endpoint, segments: segments)
    }
    let methods = found.map(\.0.method)
    return .otherMethods(methods.contains(.get) ? methods + [.head] : methods)
  }
}
