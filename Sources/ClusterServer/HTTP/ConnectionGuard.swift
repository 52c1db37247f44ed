internal import AgentToken
internal import HTTPTypes
internal import JSON
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes
internal import NIOSSL
internal import NIOTLS

/// Keeps one connection within the limits: how many there are, how long a request may take to come, how
/// long an answer may wait to be read. Ends it in words where HTTP has some.
///
/// Between the HTTP codec and the server; lives on the connection's event loop.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private enum Deadline { case request, body, drain, stall }

  private let limits: ServerLimits
  private let connections: ConnectionLimits
  /// What this connection is counted by; nil where it is not.
  private var key: String?
  private var timer: Scheduled<Void>?
  /// A head has come, and not yet the end.
  private var isReading = false
  /// Heads that have come less answers that are finished.
  private var unanswered = 0
  /// The head of an answer went out, and not yet the end.
  private var isAnswering = false
  private var closesAfterAnswer = false
  /// The answer has no end of its own.
  private var isStreaming = false
  /// An answer was finished before its request: what still comes of that is thrown away.
  private var isDraining = false

  init(_ limits: ServerLimits, _ connections: ConnectionLimits) {
    self.limits = limits
    self.connections = connections
  }

  // MARK: Coming and going

  func channelActive(context: ChannelHandlerContext) {
    let source = Source.key(context.remoteAddress)
    guard connections.enter(source) else {
      context.close(promise: nil)
      return
    }
    key = source
    arm(.request, after: limits.firstRequest, context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    leave()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { leave() }

  private func leave() {
    timer?.cancel()
    timer = nil
    if let key { connections.leave(key) }
    key = nil
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case TLSUserEvent.handshakeCompleted = event, let source = key,
      let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate(),
      let der = try? certificate.toDERBytes()
    {
      let agent = "agent:\(der.hashValue)"
      guard connections.move(source, to: agent) else {
        context.close(promise: nil)
        return
      }
      key = agent
    }
    if case ChannelEvent.inputClosed = event, unanswered == 0 || isStreaming {
      // Nobody is there to ask for more, or to read what has no end.
      context.close(promise: nil)
      return
    }
    context.fireUserInboundEventTriggered(event)
  }

  // MARK: Requests and answers

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isDraining {
      if case .end = unwrapInboundIn(data) { context.close(promise: nil) }
      return
    }
    switch unwrapInboundIn(data) {
    case .head(let head):
      isReading = true
      unanswered += 1
      arm(.body, after: limits.body, context)
      if head.headerFields[.expect]?.lowercased() == "100-continue", unanswered == 1 {
        context.writeAndFlush(
          wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
      }
    case .body: break
    case .end:
      isReading = false
      disarm()
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(var head):
      if head.status.kind == .informational { break }
      isAnswering = true
      // What is refused before it has come whole ends the connection: nobody is to ask again on it.
      if isReading { head.headerFields[.connection] = "close" }
      if head.headerFields[.connection]?.lowercased() == "close" { closesAfterAnswer = true }
      isStreaming = head.headerFields[.contentType] == BodyReader.lines
      context.write(wrapOutboundOut(.head(head)), promise: promise)
      return
    case .body: break
    case .end:
      isAnswering = false
      unanswered -= 1
      finishAnswer(context: context, data: data, promise: promise)
      return
    }
    context.write(data, promise: promise)
  }

  private func finishAnswer(
    context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
  ) {
    if isReading {
      // Whoever is still sending would lose the answer to a reset.
      isDraining = true
      context.writeAndFlush(data, promise: promise)
      arm(.drain, after: 2, context)
    } else if closesAfterAnswer, unanswered == 0 {
      context.writeAndFlush(data, promise: promise)
      context.close(mode: .output, promise: nil)
      arm(.drain, after: 2, context)
    } else {
      context.write(data, promise: promise)
      if unanswered == 0 { arm(.request, after: limits.nextRequest, context) }
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      if !isReading, unanswered > 0 { disarm() }
    } else if timer == nil {
      arm(.stall, after: limits.stall, context)
    }
    context.fireChannelWritabilityChanged()
  }

  // MARK: Ends

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case HTTPParserError.headerOverflow:
      refuse(
        Refusal(
          .headersTooLarge,
          "The request's line and headers are larger than \(limits.headers) bytes."),
        context)
    case is HTTPParserError:
      refuse(Refusal(.invalidRequest, "What came is no HTTP/1.1 request."), context)
    case is IOError, is ChannelError, is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
      context.fireErrorCaught(error)
      context.close(promise: nil)
    default:
      refuse(Refusal(.invalidRequest, "What came is no HTTP/1.1 request."), context)
    }
  }

  private func arm(_ deadline: Deadline, after seconds: Int64, _ context: ChannelHandlerContext) {
    timer?.cancel()
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(seconds)) {
      self.timer = nil
      self.isOver(deadline, context)
    }
  }

  private func disarm() {
    timer?.cancel()
    timer = nil
  }

  private func isOver(_ deadline: Deadline, _ context: ChannelHandlerContext) {
    switch deadline {
    case .body where isReading && !isAnswering:
      refuse(
        Refusal(
          .requestTimeout, "The request's body did not come within \(limits.body) s."), context)
    case .stall where context.channel.isWritable: break
    default: context.close(promise: nil)
    }
  }

  /// Answers in the server's place, where no answer has begun, and closes.
  private func refuse(_ refusal: Refusal, _ context: ChannelHandlerContext) {
    guard !isAnswering, !isDraining, unanswered <= 1 else {
      context.close(promise: nil)
      return
    }
    isDraining = true
    let problem = Problem(refusal)
    let bytes = problem.json.encodedBytes()
    var head = HTTPResponse(status: problem.status)
    head.headerFields = Headers.common
    head.headerFields[.contentType] = Problem.type
    head.headerFields[.contentLength] = String(bytes.count)
    head.headerFields[.connection] = "close"
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(ByteBuffer(bytes: bytes))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    context.close(mode: .output, promise: nil)
    arm(.drain, after: 2, context)
  }
}

@available(*, unavailable)
extension ConnectionGuard: Sendable {}
