package dev.callboard;

import io.grpc.BindableService;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;

/** A server of the test's own, for what the real one does not do when asked. */
final class ScriptedServer implements AutoCloseable {

  private final Server server;

  ScriptedServer(BindableService script) throws IOException {
    this(script, InsecureServerCredentials.create());
  }

  ScriptedServer(BindableService script, ServerCredentials credentials) throws IOException {
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0), credentials)
            .addService(script)
            .build()
            .start();
  }

  /** Its host:port. */
  String address() {
    return "127.0.0.1:" + server.getPort();
  }

  CallboardClient connect() {
    return connect(Duration.ofSeconds(30));
  }

  CallboardClient connect(Duration timeout) {
    return ServerTest.in(Map.of())
        .address(address())
        .project("demo")
        .timeout(timeout)
        .connect();
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
