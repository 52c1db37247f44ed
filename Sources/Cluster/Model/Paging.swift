/// A piece of a list, and where the next one begins.
package struct Page<Item: Sendable>: Sendable {
  package let items: [Item]
  /// What to ask for the next page with; nil where there is none.
  package let next: String?

  package init(items: [Item], next: String?) {
    self.items = items
    self.next = next
  }

  package func map<Other: Sendable>(_ transform: (Item) -> Other) -> Page<Other> {
    Page<Other>(items: items.map(transform), next: next)
  }
}

/// Which piece of a list is asked for. Lists are in one order each, and nothing in them is shown twice
/// or left out because something else came or went.
package struct PageRequest: Sendable {
  package static let largest = 500
  package static let usual = 100

  /// 1 … `largest`.
  package let limit: Int
  /// As the page before said it; nil for the first.
  package let after: String?

  package init(limit: Int = PageRequest.usual, after: String? = nil) {
    self.limit = min(max(limit, 1), Self.largest)
    self.after = after
  }
}
