import Foundation

/// A machine with a cluster's server on it, as its package installs it, and a host of that cluster: the
/// server has a network of its own, with a cable to the host's that can be cut.
package struct ClusterMachine: Sendable {
  package let machine: Machine

  /// Besides Debian's least: what both packages depend on, and ip(8).
  package static let packages = Machine.Image.libraries + ["libsqlite3-0", "iproute2"]

  private static let address = "10.77.1.1"

  /// Installs the server and the host's package with `example-agent`, lays the cable, and logs in.
  package static func prepared(on machine: Machine) async throws -> ClusterMachine {
    try await ProtectedDisk.installHoldfast(on: machine)
    try await machine.install(try ProtectedDisk.package("example-agent", "1.0"))
    try await machine.must(
      """
      systemd-run --quiet --unit=cluster-net --property=Type=exec --property=PrivateNetwork=yes \\
        sleep infinity
      mkdir -p /etc/systemd/system/holdfast-cluster.service.d
      printf '[Unit]\\nJoinsNamespaceOf=cluster-net.service\\n[Service]\\nPrivateNetwork=yes\\n' \
        >/etc/systemd/system/holdfast-cluster.service.d/network.conf
      there=$(systemctl show --value --property MainPID cluster-net)
      ip link add uplink type veth peer name downlink netns "$there"
      ip address add 10.77.1.2/24 dev uplink
      ip link set uplink up
      nsenter --target "$there" --net ip address add \(address)/24 dev downlink
      nsenter --target "$there" --net ip link set downlink up
      nsenter --target "$there" --net ip link set lo up
      echo \(address) cluster >>/etc/hosts
      mkdir -p /etc/holdfast
      printf '[Server]\\nName=cluster\\n' >/etc/holdfast/cluster.conf
      """)
    try await machine.install(try ProtectedDisk.package("holdfast-cluster", Checkout.version))
    try await machine.must("systemctl daemon-reload; systemctl restart holdfast-cluster")
    let cluster = ClusterMachine(machine: machine)
    try await cluster.logIn()
    return cluster
  }

  private func logIn() async throws {
    guard try await machine.eventually("test -s /var/lib/holdfast-cluster/first-login") else {
      throw Machine.Failure(
        description: try await machine.run("journalctl -u holdfast-cluster").text)
    }
    let words = try machine.read("/var/lib/holdfast-cluster/first-login")
    let lines = words.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    guard
      let password = lines.first(where: { $0.hasPrefix("password ") })?.split(separator: " ").last
    else { throw Machine.Failure(description: "no password: \(words)") }
    try await machine.must(
      """
      holdfast-cluster login --cluster https://cluster:8443 \
        --ca /var/lib/holdfast-cluster/authority/authority.pem --password-file - admin ||
        { journalctl --no-pager -u holdfast-cluster; ss -ltn; exit 1; }
      """, input: String(password) + "\n")
  }

  /// Runs a command of the cluster's administrator; returns its result, without what it says about it.
  @discardableResult
  package func administrate(_ command: String) async throws -> String {
    try await machine.must(
      "holdfast-cluster \(command) 2>/tmp/said || { cat /tmp/said; exit 1; }")
  }

  /// Enrols this host over the network, and waits until the cluster knows how it stands.
  package func enrol(tenant: String = "retail", agent: String = "web-1") async throws {
    let token = try await administrate(
      "registration-tokens create --tenant \(tenant) --yes")
    try await machine.must(
      "holdfast enroll --cluster https://cluster:8443 --token - --agent \(agent)",
      input: token + "\n")
    guard try await isConnected(),
      try await machine.eventually(
        within: 60, "holdfast-cluster agents list | grep -q ' protected '")
    else {
      throw Machine.Failure(
        description: try await machine.run("journalctl -u holdfast-link -u holdfastd").text)
    }
  }

  /// Cuts the cable between the server and the host, or mends it.
  package func cable(isUp: Bool) async throws {
    try await machine.must("ip link set uplink \(isUp ? "up" : "down")")
  }

  package func isConnected() async throws -> Bool {
    try await machine.eventually(
      within: 60, #"holdfast status --json | grep -q '"link":"connected"'"#)
  }
}
