package dev.callboard;

import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import java.net.UnixDomainSocketAddress;
import java.util.concurrent.TimeUnit;

/**
 * The thread that serves a Unix socket. gRPC by itself has sockets on Linux only; Java's own are
 * there wherever the system has them.
 */
final class SocketLoop implements AutoCloseable {

  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("callboard-socket", true), NioIoHandler.newFactory());

  /** Begins a channel to a socket. */
  ManagedChannelBuilder<?> channelBuilder(String path) {
    return NettyChannelBuilder.forAddress(
            UnixDomainSocketAddress.of(path), InsecureChannelCredentials.create())
        .channelType(NioDomainSocketChannel.class)
        .eventLoopGroup(group)
        // gRPC sets it for every channel, and a socket has none.
        .withOption(ChannelOption.SO_KEEPALIVE, null)
        // The default would be the socket's path, which servers refuse.
        .overrideAuthority("localhost");
  }

  /** Ends it once the channel is shut down. */
  @Override
  public void close() {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
