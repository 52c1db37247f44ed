import Protection
import Testing

/// The order of deb-version(7), with the cases of dpkg's own tests.
@Suite struct DebianVersionTests {
  @Test(arguments: [
    ("0:0-0", "0:0-1"), ("0:0-a", "0:0-b"), ("0:a-0", "0:b-0"), ("0:0-0", "1:0-0"),
    ("1.0~rc1", "1.0"), ("1.0~~", "1.0~"), ("1.0~", "1.0"), ("1.0", "1.0a"), ("1.0a", "1.0+"),
    ("1.9", "1.10"), ("1.0-1", "1.0-1.1"), ("1.0", "1.0-1"), ("9", "1:1"), ("2.0", "10.0"),
    ("1.0-1~bpo12+1", "1.0-1"), ("99999999999999999999", "100000000000000000000"),
    ("1.2-3-4", "1.2-4-1"),
  ])
  func isLower(_ low: String, _ high: String) {
    #expect(DebianVersion(low) < DebianVersion(high))
    #expect(!(DebianVersion(high) < DebianVersion(low)))
    #expect(DebianVersion(low) != DebianVersion(high))
  }

  @Test(arguments: [
    ("0:1.0", "1.0"), ("1.0-0", "1.0"), ("1.00", "1.0"), ("0000:007.1", "7.1"), ("1.0-", "1.0"),
  ])
  func isTheSame(_ one: String, _ other: String) {
    #expect(DebianVersion(one) == DebianVersion(other))
  }
}
