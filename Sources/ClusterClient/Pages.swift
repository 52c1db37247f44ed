package import AgentToken
package import JSON
internal import Link

extension APIClient {
  /// A list, page by page.
  ///
  /// - Parameters:
  ///   - limit: the most items that are wanted in all; nil for all there are.
  ///   - cursor: the parameter that takes a page's `next`.
  ///   - start: what it is for the first page.
  package func pages(
    _ path: APIPath, limit: Int? = nil, cursor: String = "after", from start: Int64? = nil
  ) -> Pages {
    Pages(limit: limit, start: start.map(String.init)) { [self] size, next throws(Refusal) in
      try await get(path.with("limit", String(size)).with(cursor, next))
    }
  }
}

/// What is on one page of a list.
package struct Page: Sendable, Equatable {
  package let items: [JSON]
  /// Where the next one begins; nil after the last.
  package let next: String?

  /// - Throws: `cluster_malformed` for what is no page.
  init(_ json: JSON) throws(Refusal) {
    guard let items = json["items"]?.array else {
      throw Refusal(.clusterMalformed, "The cluster answers with no list.")
    }
    self.items = items
    switch json["next"] {
    case .string(let text): next = text
    case .integer(let number): next = String(number)
    default: next = nil
    }
  }
}

/// The pages of a list, asked for one after the other. A page may be empty although more follow.
package struct Pages: AsyncSequence, Sendable {
  package typealias Fetch = @Sendable (_ size: Int, _ next: String?) async throws(Refusal) -> JSON

  /// What a server gives at once.
  static let largest = 500

  private let limit: Int?
  private let start: String?
  private let fetch: Fetch

  init(limit: Int?, start: String? = nil, fetch: @escaping Fetch) {
    self.limit = limit
    self.start = start
    self.fetch = fetch
  }

  package func makeAsyncIterator() -> Iterator {
    Iterator(left: limit ?? .max, next: start, fetch: fetch)
  }

  package struct Iterator: AsyncIteratorProtocol {
    private var left: Int
    private var next: String?
    private var isOver = false
    private let fetch: Fetch

    init(left: Int, next: String?, fetch: @escaping Fetch) {
      self.left = left
      self.next = next
      self.fetch = fetch
    }

    package mutating func next() async throws -> Page? {
      try await next(isolation: nil)
    }

    /// - Throws: `cluster_malformed` where the list goes round in a circle.
    package mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(Refusal) -> Page? {
      guard !isOver, left > 0 else { return nil }
      let page = try Page(try await fetch(Swift.min(left, Pages.largest), next))
      guard page.next == nil || page.next != next else {
        throw Refusal(.clusterMalformed, "The cluster's list does not end.")
      }
      left -= page.items.count
      next = page.next
      isOver = page.next == nil
      return page
    }
  }

  /// All of them as one.
  package func collect() async throws(Refusal) -> (items: [JSON], next: String?) {
    var pages = makeAsyncIterator()
    var items: [JSON] = []
    var next: String?
    while let page = try await pages.next(isolation: nil) {
      items += page.items
      next = page.next
    }
    return (items, next)
  }
}
