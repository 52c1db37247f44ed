internal import AgentToken
internal import Cluster
internal import HTTPTypes
internal import JSON
internal import LinkMessages

enum TrustEndpoints {
  private static let shape = Schema.object([
    Schema.required("cluster", .any), Schema.required("seq", .count, "Of the trust bundle."),
    Schema.required("issued_at", .time), Schema.required("bundle", .any, "As hosts import it."),
    Schema.required("roots", .array(.anyObject, 0...Int.max), "What hosts pin, as JWKs."),
    Schema.required("authority", .any, "What certifies the server and its agents' links, as PEM."),
    Schema.required("fingerprint", .any, "Of that: SHA-256 of its DER, base64url."),
    Schema.required(
      "root_lies_here", .boolean, "Whether the root key lies beside the server, sealed."),
  ])

  private static func json(_ plane: ControlPlane) throws(Refusal) -> JSON {
    let bundle = try plane.signer.bundle()
    return [
      "cluster": .string(bundle.cluster), "seq": .integer(bundle.sequence),
      "issued_at": .integer(bundle.issuedAt), "bundle": .string(bundle.jws),
      "roots": .array(bundle.roots.map(\.jwk)), "authority": .string(plane.authority.pem),
      "fingerprint": .string(plane.authority.fingerprint),
      "root_lies_here": .bool(try plane.signer.rootLiesHere()),
    ]
  }

  private static func take(_ jws: String, _ plane: ControlPlane) throws(Refusal) -> Bool {
    do throws(Refusal) {
      return try plane.signer.take(bundle: jws)
    } catch {
      guard error.code == .bundleMalformed else { throw error }
      throw Refusal(
        error.code, "That is no trust bundle. \(error.message)",
        hint: error.hint ?? "Give one as `holdfast-cluster bundle export` writes it, whole.")
    }
  }

  static let all: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/trust", "getTrust", "What hosts trust this cluster by.",
      output: .json(shape)
    ) { call throws(Refusal) in .ok(try json(call.plane)) },
    Endpoint(
      .post, "/api/v1/trust", "importBundle",
      "Takes a trust bundle that was signed where the root key is, and sends it to all agents.",
      input: .json(
        .object([Schema.required("bundle", .text(.secret(1...LinkLimits.line)))]),
        limit: 512 << 10), output: .json(shape)
    ) { call throws(Refusal) in
      let caller = try call.caller
      try caller.require(.administerServer)
      if try take(call.text("bundle") ?? "", call.plane) {
        let bundle = try call.plane.signer.bundle()
        try await call.plane.store.append(
          caller.entry("trust.import", at: call.plane.now(), target: "\(bundle.sequence)"))
        call.plane.hub.push(.artefact(.bundle, jws: bundle.jws))
      }
      return .ok(try json(call.plane))
    },
  ]
}
