/// A cluster's control plane: who may use it, which agents it has, what is signed for them.
///
/// What it does is in extensions, a folder for each topic. It knows neither HTTP nor a database; what
/// it keeps is in `store`, so that there may be several of these at once.
package struct ControlPlane: Sendable {
  /// The cluster's id.
  package let cluster: String
  package let settings: ClusterSettings
  package let store: any ClusterStore
  package let signer: OnlineSigner
  package let authority: CertificateAuthority
  package let secrets: Secrets
  /// Who is connected.
  package let hub: LinkHub
  /// Slows down who guesses.
  package let limits: AttemptLimits
  /// The wall clock, in seconds since the epoch.
  package let now: @Sendable () -> Int64

  package init(
    cluster: String, settings: ClusterSettings, store: any ClusterStore, signer: OnlineSigner,
    authority: CertificateAuthority, secrets: Secrets, hub: LinkHub, limits: AttemptLimits,
    now: @escaping @Sendable () -> Int64
  ) {
    self.cluster = cluster
    self.settings = settings
    self.store = store
    self.signer = signer
    self.authority = authority
    self.secrets = secrets
    self.hub = hub
    self.limits = limits
    self.now = now
  }
}
