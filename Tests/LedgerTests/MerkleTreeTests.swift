import Linux
import Testing

@testable import Ledger

/// RFC 6962, section 2.1.
@Suite struct MerkleTreeTests {
  /// The reference implementation's: google/certificate-transparency,
  /// transparency-dev/merkle/testonly.
  private static let leaves = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
  ]
  private static let roots = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ]

  @Test func theReferenceRootsComeOut() throws {
    var tree = MerkleTree()
    #expect(tree.rootText == Self.roots[0])
    for (leaf, root) in zip(Self.leaves, Self.roots.dropFirst()) {
      tree.append(try #require(Hex.decode(leaf)))
      #expect(tree.rootText == root)
      #expect(tree.peaks.count == tree.size.nonzeroBitCount)
    }
  }

  /// The definition itself, which splits at the largest power of two below the number of leaves.
  private func root(_ leaves: ArraySlice<[UInt8]>) -> [UInt8] {
    guard let first = leaves.first else { return SHA256Hash.of([]) }
    guard leaves.count > 1 else { return SHA256Hash.of([0] + first) }
    var half = 1
    while half * 2 < leaves.count { half *= 2 }
    return SHA256Hash.of([1] + root(leaves.prefix(half)) + root(leaves.dropFirst(half)))
  }

  @Test func itIsTheTreeOfTheDefinition() {
    let leaves = (0..<200).map { Array("leaf \($0)".utf8) }
    var tree = MerkleTree()
    for count in 1...leaves.count {
      tree.append(leaves[count - 1])
      #expect(tree.root == root(leaves.prefix(count)))
    }
  }

  @Test func itGoesOnFromWhatWasKept() throws {
    var tree = MerkleTree()
    for number in 0..<100 {
      var again = try #require(MerkleTree(size: tree.size, peaks: tree.peaks))
      #expect(again == tree)
      tree.append(Array("\(number)".utf8))
      again.append(Array("\(number)".utf8))
      #expect(again == tree)
    }
    #expect(MerkleTree(size: 100, peaks: Array(tree.peaks.dropLast())) == nil)
    #expect(MerkleTree(size: 99, peaks: tree.peaks) == nil)
    #expect(MerkleTree(size: 1, peaks: [[1, 2, 3]]) == nil)
    #expect(MerkleTree(size: -1, peaks: []) == nil)
  }
}
