import AgentToken
import JSON
import Link
import Synchronization
import Testing

@testable import ClusterClient

@Suite("Lists, page by page")
struct PagesTests {
  /// What was asked for, and what is answered.
  private final class Server: Sendable {
    let asked = Mutex<[String]>([])
    let replies: [JSON]

    init(_ replies: [JSON]) { self.replies = replies }

    func pages(limit: Int? = nil, start: String? = nil) -> Pages {
      Pages(limit: limit, start: start) { size, next throws(Refusal) in
        let count = self.asked.withLock {
          $0.append("\(size) \(next ?? "-")")
          return $0.count
        }
        guard count <= self.replies.count else {
          throw Refusal(.internalError, "More was asked for than there is.")
        }
        return self.replies[count - 1]
      }
    }
  }

  @Test("All of them, also where a page is empty though more follow")
  func all() async throws {
    let server = Server([
      ["items": [1, 2], "next": "a"], ["items": [], "next": "b"], ["items": [3], "next": nil],
    ])
    let (items, next) = try await server.pages().collect()
    #expect(items == [1, 2, 3])
    #expect(next == nil)
    #expect(server.asked.withLock { $0 } == ["500 -", "500 a", "500 b"])
  }

  @Test("No more than are wanted, and where the rest begins")
  func limit() async throws {
    let server = Server([["items": [1, 2], "next": 7], ["items": [3], "next": 8]])
    let (items, next) = try await server.pages(limit: 3, start: "4").collect()
    #expect(items == [1, 2, 3])
    #expect(next == "8")
    #expect(server.asked.withLock { $0 } == ["3 4", "1 7"])
  }

  @Test("A list that goes round in a circle, and one that is none, are refused")
  func malformed() async {
    for replies in [
      [["items": [1], "next": "a"], ["items": [1], "next": "a"]], [["things": []]], ["no"],
    ] as [[JSON]] {
      await #expect {
        _ = try await Server(replies).pages().collect()
      } throws: {
        ($0 as? Refusal)?.code == .clusterMalformed
      }
    }
  }
}
