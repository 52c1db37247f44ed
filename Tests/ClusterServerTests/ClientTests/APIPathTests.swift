import ClusterClient
import Testing

@Suite("Paths of the API")
struct APIPathTests {
  @Test(
    "Whatever is in an id stays one segment",
    arguments: [
      ("retail", "retail"), ("a/b:c", "a%2Fb%3Ac"), ("..?x=1#y", "..%3Fx%3D1%23y"),
      ("100 %", "100%20%25"), ("ö", "%C3%B6"), ("-_.~", "-_.~"),
    ])
  func encodes(segment: String, encoded: String) {
    #expect(APIPath("tenants", segment).text == "/api/v1/tenants/\(encoded)")
  }

  @Test("What is nil in a query is left out")
  func query() {
    let path = APIPath("agents", query: ["tenant": nil, "label": "a=b&c", "q": "x y"])
    #expect(path.text == "/api/v1/agents?label=a%3Db%26c&q=x%20y")
    #expect(path.with("limit", "5").text == path.text + "&limit=5")
    #expect(
      APIPath("agents").with("after", nil).with("limit", "5").text == "/api/v1/agents?limit=5")
  }
}
