internal import CSystemd
internal import Glibc

/// A connection to systemd's manager or to the system bus, for asynchronous calls only: sd-bus(3).
///
/// It does not come back by itself once it is lost (the manager re-executed, or went away): connect
/// again, waiting longer each time. Calls that were on their way then have got a `noReply`.
package final class Bus {
  /// `sd_bus *`
  let bus: OpaquePointer
  private var loop: EventLoop?
  private var disconnected: BusSlot?
  private var isClosed = false

  /// Called once when the connection is lost, or could not be made after all; not for `close`. It
  /// may drop this object.
  package var onDisconnect: (() -> Void)?

  /// PID 1's own socket, which needs no bus daemon and takes only root. The connection is made in
  /// the background, once it is attached; calls may be made at once.
  package static func connectToManager(
    path: String = "/run/systemd/private"
  ) throws(SystemError) -> Bus {
    try Bus(path: path)
  }

  private init(path: String) throws(SystemError) {
    var made: OpaquePointer?
    try check("make a bus", sd_bus_new(&made))
    guard let made else { throw SystemError(errno: ENOMEM, operation: "make a bus") }
    bus = made
    let address = "unix:path=" + Self.escaped(path)
    try check("set the bus address", sd_bus_set_address(bus, address))
    do throws(BusError) {
      disconnected = try signal(
        BusMatchRule(
          path: "/org/freedesktop/DBus/Local", interface: "org.freedesktop.DBus.Local",
          member: "Disconnected")
      ) { [weak self] _ in self?.lost() }
    } catch {
      throw SystemError(errno: error.errno, operation: "watch for the end of the connection")
    }
    try check("connect to \(path)", sd_bus_start(bus))
  }

  deinit {
    close()
    _ = sd_bus_unref(bus)
  }

  /// Lets the loop drive the connection. Nothing is sent or received before.
  package func attach(to loop: EventLoop, priority: Int32 = 0) throws(SystemError) {
    try check("attach the bus", sd_bus_attach_event(bus, loop.event, priority))
    self.loop = loop
  }

  /// Ends the connection. Calls on their way get no reply any more, and `onDisconnect` is not
  /// called.
  package func close() {
    if isClosed { return }
    isClosed = true
    onDisconnect = nil
    disconnected?.cancel()
    _ = sd_bus_detach_event(bus)
    sd_bus_close(bus)
  }

  /// Whether the connection is set up and not lost.
  package var isReady: Bool {
    sd_bus_is_ready(bus) > 0
  }

  private func lost() {
    let handler = onDisconnect
    onDisconnect = nil
    handler?()
  }

  /// Starts a call and returns at once. The reply, or why there is none, comes exactly once, from
  /// the loop; never from within this function, and not after `cancel` or `close`. Keep the result:
  /// dropping it cancels the call.
  ///
  /// - Parameter timeout: microseconds from now, after which the reply is a `noReply`.
  /// - Parameter build: appends the arguments. What it throws, this throws; else it is a
  ///   `BusError`.
  package func call(
    destination: String = "org.freedesktop.systemd1", path: String, interface: String,
    member: String, timeout: UInt64 = 5_000_000,
    _ build: (BusMessage) throws -> Void = { _ in },
    reply: @escaping (Result<BusMessage, BusError>) -> Void
  ) throws -> BusCall {
    let message = try message(destination, path, interface, member)
    try build(message)
    let call = BusCall()
    let slot = try BusSlot("call \(member)") { [weak call] message in
      guard let call, call.end() else { return }
      if sd_bus_message_is_method_error(message.message, nil) > 0 {
        reply(.failure(BusError(reply: message.message)))
      } else {
        reply(.success(message))
      }
    } add: { slot, userdata in
      sd_bus_call_async(bus, slot, message.message, BusSlot.receive, userdata, max(timeout, 1))
    }
    call.start(slot, timer: try deadline(of: call, member, timeout, reply))
    return call
  }

  /// Sends a call whose reply nobody wants.
  package func send(
    destination: String = "org.freedesktop.systemd1", path: String, interface: String,
    member: String, _ build: (BusMessage) throws -> Void = { _ in }
  ) throws {
    let message = try message(destination, path, interface, member)
    try build(message)
    try checkBus("send \(member)", sd_bus_message_set_expect_reply(message.message, 0))
    try checkBus("send \(member)", sd_bus_send(bus, message.message, nil))
  }

  /// A call without its arguments.
  func message(
    _ destination: String, _ path: String, _ interface: String, _ member: String
  ) throws(BusError) -> BusMessage {
    var message: OpaquePointer?
    try checkBus(
      "make a call of \(member)",
      sd_bus_message_new_method_call(bus, &message, destination, path, interface, member))
    guard let message else { throw BusError("make a call of \(member)", -ENOMEM) }
    return BusMessage(adopting: message)
  }

  /// sd-bus counts a call's time only from when the connection is set up, which a manager that
  /// hangs never does; until then the loop counts.
  private func deadline(
    of call: BusCall, _ member: String, _ timeout: UInt64,
    _ reply: @escaping (Result<BusMessage, BusError>) -> Void
  ) throws(BusError) -> EventSource? {
    guard let loop, !isReady else { return nil }
    do throws(SystemError) {
      return try loop.after(microseconds: timeout) { [weak self, weak call] in
        guard let self, let call, !self.isReady, call.end() else { return }
        reply(.failure(BusError("call \(member)", -ETIMEDOUT)))
      }
    } catch {
      throw BusError("call \(member)", -error.errno)
    }
  }

  /// Calls the handler for every signal that fits. `argument` is the signal's first one, or
  /// the one at `position`, where that is a string. Nil fits everything, but a sender should be named on a bus.
  ///
  /// PID 1 sends its signals on a direct connection without being asked (`Subscribe`), and many:
  /// some 400 for a daemon-reload. Say as much as is known.
  package func onSignal(
    sender: String? = nil, path: String? = nil, interface: String, member: String,
    argument: String? = nil, position: Int = 0, handler: @escaping (BusMessage) -> Void
  ) throws(BusError) -> BusMatch {
    BusMatch(
      try signal(
        BusMatchRule(
          sender: sender, path: path, interface: interface, member: member, argument: argument,
          position: position),
        handler))
  }

  private func signal(
    _ rule: BusMatchRule, _ handler: @escaping (BusMessage) -> Void
  ) throws(BusError) -> BusSlot {
    let text = try rule.text()
    return try BusSlot("match a signal", handler: handler) { slot, userdata in
      sd_bus_add_match_async(bus, slot, text, BusSlot.receive, nil, userdata)
    }
  }
}
