import AgentToken
import JSON
import TestSupport
import Testing

@Suite("Values")
struct ValueTests {
  @Test func refusalsAreWrittenAsTheSocketSendsThem() {
    #expect(
      Refusal(.internalError, "it broke").json == ["code": "internal", "message": "it broke"])
    #expect(
      Refusal(.busy, "later", hint: "wait").json
        == ["code": "busy", "message": "later", "hint": "wait"])
    #expect(Refusal(.expired, "over").json["hint"]?.string == Refusal.Code.expired.hint)
    #expect(Refusal(.expired, "over").hint != nil)
  }

  /// The codes of both contract pages.
  @Test func everyCodeHasItsName() {
    let codes: [Refusal.Code: String] = [
      .notEnrolled: "not_enrolled", .trustMissing: "trust_missing", .malformed: "malformed",
      .unsupportedAlgorithm: "unsupported_algorithm", .keyRevoked: "key_revoked",
      .unknownKey: "unknown_key", .badSignature: "bad_signature", .keyExpired: "key_expired",
      .wrongCluster: "wrong_cluster", .wrongAudience: "wrong_audience",
      .scopeNotAllowed: "scope_not_allowed",
      .lifetimeExceedsMaximum: "lifetime_exceeds_maximum", .wrongTenant: "wrong_tenant",
      .wrongAgent: "wrong_agent", .tokenRevoked: "token_revoked",
      .challengeUnknown: "challenge_unknown", .challengeExpired: "challenge_expired",
      .challengeRequired: "challenge_required", .clockStateMissing: "clock_state_missing",
      .clockRolledBack: "clock_rolled_back", .clockBehind: "clock_behind", .expired: "expired",
      .alreadyUsed: "already_used", .rateLimited: "rate_limited",
      .bundleMalformed: "bundle_malformed", .bundleUnknownRoot: "bundle_unknown_root",
      .bundleBadSignature: "bundle_bad_signature", .bundleWrongCluster: "bundle_wrong_cluster",
      .bundleOlder: "bundle_older", .bundleJump: "bundle_jump",
      .bundleConflict: "bundle_conflict", .protected: "protected", .unitUnknown: "unit_unknown",
      .unitUnsupported: "unit_unsupported", .denied: "denied", .unknownVerb: "unknown_verb",
      .badArguments: "bad_arguments", .lineTooLong: "line_too_long", .busy: "busy",
      .internalError: "internal",
    ]
    #expect(codes.count == 40)
    for (code, name) in codes { #expect(code.rawValue == name) }
    #expect(Refusal.notEnrolled.code.rawValue == "not_enrolled")
    #expect(Refusal.trustMissing.code.rawValue == "trust_missing")
    #expect(Refusal.trustMissing.message.contains("rescue boot"))
  }

  @Test func identitiesAreMadeOfIDs() throws {
    let longest = String(repeating: "x", count: 128)
    let identity = try Identity(cluster: "eu-prod", tenant: longest, agent: "a.b_c:d/e-F9")
    #expect(identity.tenant == longest)
    for (cluster, tenant, agent, named) in [
      ("", "t", "a", "cluster"), ("c", "t t", "a", "tenant"), ("c", "t", longest + "x", "agent"),
      ("\u{212A}", "t", "a", "cluster"), ("c", "t", "a\n", "agent"),
    ] {
      let refused = refusal { () throws(Refusal) in
        try Identity(cluster: cluster, tenant: tenant, agent: agent)
      }
      #expect(refused?.code == .badArguments)
      #expect(refused?.message.contains(named) == true)
    }
  }

  @Test(
    arguments: [
      "a.service", "a.socket", "a.target", "a.device", "a.mount", "a.automount", "a.swap",
      "a.timer", "a.path", "a.slice", "a.scope", "getty@tty1.service", "-.slice", "-.mount",
      "dev-disk-by\\x2duuid.device", "a.b.service", "..service", "A:_.\\@-.service",
    ])
  func unitNamesAreTaken(_ name: String) {
    #expect(UnitName.isValid(name))
  }

  @Test(
    arguments: [
      "", "a", ".service", "a.", "a.Service", "a.service ", "a.services", "a.conf", "a/b.service",
      "a b.service", "é.service", "a\n.service", "a.service\u{0}", "$(id).service", "a;b.service",
      "a*.service", "service", "a~b.service",
    ])
  func otherNamesAreNot(_ name: String) {
    #expect(!UnitName.isValid(name))
  }

  @Test func unitNamesHaveAtMost255Characters() {
    #expect(UnitName.isValid(String(repeating: "a", count: 247) + ".service"))
    #expect(!UnitName.isValid(String(repeating: "a", count: 248) + ".service"))
  }

  @Test func trustedTimeStaysInRange() {
    #expect(TrustedTime(now: -1).now == 0)
    #expect(TrustedTime(now: .min).now == 0)
    #expect(TrustedTime(now: .max).now == 253_402_300_799)
    #expect(TrustedTime(now: 253_402_300_799).now == 253_402_300_799)
    #expect(TrustedTime(now: now).now == now)
  }

  /// Dates as `date -u -d @SECONDS` has them, through the one message that shows a bare time.
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00Z"), (951_782_399, "2000-02-28T23:59:59Z"),
      (951_782_400, "2000-02-29T00:00:00Z"), (951_868_800, "2000-03-01T00:00:00Z"),
      (1_078_012_800, "2004-02-29T00:00:00Z"), (1_767_225_599, "2025-12-31T23:59:59Z"),
      (1_767_225_600, "2026-01-01T00:00:00Z"), (4_107_542_399, "2100-02-28T23:59:59Z"),
      (4_107_542_400, "2100-03-01T00:00:00Z"), (253_402_300_799, "9999-12-31T23:59:59Z"),
    ] as [(Int64, String)])
  func timesAreShownInUTC(_ seconds: Int64, _ text: String) {
    let refused = TokenVerifier.alreadyUsed(SpentRecord(at: seconds, record: 1))
    #expect(refused.message.contains(text), "\(refused.message)")
  }

  @Test func rolesSignTheirScopes() {
    let table: [Role: Set<Scope>] = [
      .siteAdmin: [.cluster, .tenant], .customerSupport: [.tenant], .agentInstaller: [.agent],
      .tenantOwner: [.tenant], .cluster: [], .release: [],
    ]
    for role in Role.allCases {
      for scope in Scope.allCases {
        #expect(role.maySign(scope) == table[role]?.contains(scope))
      }
    }
    #expect(
      Role.allCases.map(\.rawValue) == [
        "site-admin", "customer-support", "agent-installer", "tenant-owner", "cluster", "release",
      ])
  }
}
