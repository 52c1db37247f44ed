/// Who is connected, and the way down to them.
package final class LinkHub: Sendable {
  package init() {}
}
