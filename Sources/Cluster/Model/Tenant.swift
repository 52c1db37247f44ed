/// A customer or team within the cluster.
package struct Tenant: Sendable, Equatable {
  /// As it stands in tokens.
  package let id: String
  /// For people.
  package var name: String
  package let createdAt: Int64

  package init(id: String, name: String, createdAt: Int64) {
    self.id = id
    self.name = name
    self.createdAt = createdAt
  }
}
