internal import AgentToken
internal import Cluster
internal import HTTPTypes
internal import JSON

enum ProfileEndpoints {
  static let shape = Schema.named(
    "Profile",
    .object([
      Schema.required("id", .any), Schema.required("name", .any),
      Schema.required("tenant", .nullable(.any), "The only one that may use it; null for all."),
      Schema.required("version", .count),
      Schema.required("settings", .anyObject, "The keys of holdfast.conf(5), by section."),
      Schema.required("changed_at", .time), Schema.required("changed_by", .any),
    ]))

  static func json(_ profile: Profile) -> JSON {
    [
      "id": .string(profile.id), "name": .string(profile.name), "tenant": .text(profile.tenant),
      "version": .integer(profile.version), "settings": .kept(profile.settings),
      "changed_at": .integer(profile.changedAt), "changed_by": .string(profile.changedBy),
    ]
  }

  private static let assignment = Schema.named(
    "ProfileAssignment",
    .object([
      Schema.required("profile", .text(.id)), Schema.required("tenant", .text(.identifier)),
      Schema.optional("label", .nullable(.text(.label)), "NAME=VALUE; null for every agent."),
    ]))

  private static func json(_ assignment: ProfileAssignment) -> JSON {
    [
      "profile": .string(assignment.profile), "tenant": .string(assignment.tenant),
      "label": .text(assignment.label),
    ]
  }

  private static let segment = ["profile": Schema.text(.id)]

  static let all: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/profiles", "listProfiles", "Profiles in their newest versions, by name.",
      query: Endpoint.paging, output: Endpoint.page(of: shape)
    ) { call throws(Refusal) in
      .page(try await call.plane.profiles(call.caller, call.page), json)
    },
    Endpoint(
      .post, "/api/v1/profiles", "createProfile", "Adds a profile.",
      input: .json(
        .object([
          Schema.required("name", .text(.words(1...128))),
          Schema.optional("tenant", .nullable(.text(.identifier))),
          Schema.required("settings", .anyObject),
        ]), limit: 256 << 10), status: .created, output: .json(shape), isIdempotent: true
    ) { call throws(Refusal) in
      let profile = try await call.plane.createProfile(
        call.caller,
        ProfileDraft(
          name: call.text("name") ?? "", tenant: call.text("tenant"),
          settings: call.body["settings"] ?? .object([])))
      return .created(json(profile), at: "/api/v1/profiles/\(profile.id)")
    },
    Endpoint(
      .get, "/api/v1/profiles/{profile}", "getProfile", "A profile in its newest version.",
      segments: segment, output: .json(shape)
    ) { call throws(Refusal) in
      .ok(json(try await call.plane.profile(call.caller, call.segment("profile"))))
    },
    Endpoint(
      .put, "/api/v1/profiles/{profile}", "changeProfile",
      "Adds a version, which agents get at once.", segments: segment,
      input: .json(
        .object([
          Schema.required("settings", .anyObject),
          Schema.optional("name", .text(.words(1...128))),
          Schema.optional("following", .count, "The version that was seen; refused if it changed."),
        ]), limit: 256 << 10), output: .json(shape)
    ) { call throws(Refusal) in
      .ok(
        json(
          try await call.plane.changeProfile(
            call.caller, call.segment("profile"), settings: call.body["settings"] ?? .object([]),
            name: call.text("name"), following: call.number("following"))))
    },
    Endpoint(
      .delete, "/api/v1/profiles/{profile}", "deleteProfile",
      "Removes a profile that nothing uses.", segments: segment, status: .noContent, output: .none
    ) { call throws(Refusal) in
      try await call.plane.deleteProfile(call.caller, call.segment("profile"))
      return .none
    },
    Endpoint(
      .get, "/api/v1/profiles/{profile}/versions", "listProfileVersions",
      "What a profile was, the newest first.", segments: segment, query: Endpoint.paging,
      output: Endpoint.page(of: shape)
    ) { call throws(Refusal) in
      .page(
        try await call.plane.versions(call.caller, call.segment("profile"), call.page), json)
    },
    Endpoint(
      .get, "/api/v1/profile-assignments", "listProfileAssignments",
      "Which profiles are in force for which agents.", output: Endpoint.list(of: assignment)
    ) { call throws(Refusal) in
      .items(try await call.plane.assignments(call.caller), json)
    },
    Endpoint(
      .put, "/api/v1/profile-assignments", "assignProfile",
      "Puts a profile in force for a tenant's agents, all or those with a label, in place of another.",
      input: .json(assignment), status: .noContent, output: .none
    ) { call throws(Refusal) in
      try await call.plane.assign(
        call.caller,
        ProfileAssignment(
          profile: call.text("profile") ?? "", tenant: call.text("tenant") ?? "",
          label: call.text("label")))
      return .none
    },
    Endpoint(
      .delete, "/api/v1/profile-assignments", "unassignProfile", "Ends that.",
      query: [
        .init("profile", .text(.id), "The profile.", isRequired: true),
        .init("tenant", .text(.identifier), "The tenant.", isRequired: true),
        .init("label", .text(.label), "NAME=VALUE; nothing for every agent."),
      ], status: .noContent, output: .none
    ) { call throws(Refusal) in
      try await call.plane.unassign(
        call.caller,
        ProfileAssignment(
          profile: call.query["profile"]?.string ?? "",
          tenant: call.query["tenant"]?.string ?? "", label: call.query["label"]?.string))
      return .none
    },
  ]
}
