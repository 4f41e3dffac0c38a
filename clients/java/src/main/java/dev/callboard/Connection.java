package dev.callboard;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ConnectivityState;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.stub.MetadataUtils;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The channel to a server: it connects with the first call and again after every break. */
final class Connection implements AutoCloseable {

  /** Answers are bounded by the server at 3 MiB, a frame with one message of 1 MiB at less. */
  private static final int RECEIVE_BYTES_MAX = 16 << 20;

  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final ManagedChannel channel;

  /** What serves a Unix socket; null for any other address. */
  private final SocketLoop socketLoop;

  private final Channel intercepted;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Set<Closing> streams = Collections.newSetFromMap(new WeakHashMap<>());

  /**
   * Opens the channel.
   *
   * @param token what to sign in with; empty means nothing
   * @param files what TLS is made of; not read for an address without it
   */
  Connection(Address address, String token, TlsFiles files) {
    if (!token.isEmpty() && !address.secure() && !address.isLocal()) {
      throw new IllegalArgumentException(
          "a token is only sent over TLS, a Unix socket, or to this machine");
    }
    ManagedChannelBuilder<?> builder;
    if (address.isSocket()) {
      socketLoop = new SocketLoop();
      builder = socketLoop.channelBuilder(address.path());
    } else {
      socketLoop = null;
      builder =
          Grpc.newChannelBuilder(
              address.target(),
              address.secure() ? files.credentials() : InsecureChannelCredentials.create());
    }
    if (address.isLocal()) {
      // A proxy from the environment cannot reach this machine's loopback.
      builder.proxyDetector(target -> null);
    }
    channel =
        builder
            .keepAliveTime(30, TimeUnit.SECONDS)
            .keepAliveTimeout(10, TimeUnit.SECONDS)
            .maxInboundMessageSize(RECEIVE_BYTES_MAX)
            .build();
    Channel reconnecting = ClientInterceptors.intercept(channel, new Reconnect());
    if (token.isEmpty()) {
      intercepted = reconnecting;
    } else {
      Metadata headers = new Metadata();
      headers.put(AUTHORIZATION, "Bearer " + token);
      intercepted =
          ClientInterceptors.intercept(
              reconnecting, MetadataUtils.newAttachHeadersInterceptor(headers));
    }
  }

  /** The channel for stubs and calls: every call signs in. */
  Channel channel() {
    return intercepted;
  }

  /** Refuses what is begun after it was closed. */
  void demandOpen() {
    if (isClosed()) {
      throw new IllegalStateException("the client is closed");
    }
  }

  /** Has something closed with the connection, for as long as it is in use. */
  void closeWithThis(Closing stream) {
    synchronized (streams) {
      demandOpen();
      streams.add(stream);
    }
  }

  /** What is counted down when it is closed. */
  CountDownLatch closed() {
    return closed;
  }

  /** Whether it was closed. */
  boolean isClosed() {
    return closed.getCount() == 0;
  }

  /** Ends every call and closes the connection. */
  @Override
  public void close() {
    List<Closing> open;
    synchronized (streams) {
      closed.countDown();
      open = List.copyOf(streams);
    }
    open.forEach(Closing::close);
    channel.shutdownNow();
    if (socketLoop != null) {
      socketLoop.close();
    }
  }

  /** Something that runs over the connection, and ends without an error when it is closed. */
  interface Closing {
    /** Ends it. */
    void close();
  }

  /**
   * Has a call connect at once when the last attempt to connect failed. By itself the channel would
   * wait longer after every failure, up to two minutes, and fail all calls meanwhile; how often to
   * try is the business of whoever repeats calls.
   */
  private final class Reconnect implements ClientInterceptor {
    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(
        MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      if (channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
        channel.resetConnectBackoff();
      }
      return next.newCall(method, options);
    }
  }
}
