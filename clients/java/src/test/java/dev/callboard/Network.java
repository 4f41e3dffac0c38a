package dev.callboard;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/** A way to the server that a test can break: a forwarder on a port of its own. */
final class Network implements AutoCloseable {

  private final InetSocketAddress target;
  private final List<Socket> open = new ArrayList<>();
  private final ServerSocket listener;
  private boolean cut;

  Network(String address) throws IOException {
    int colon = address.lastIndexOf(':');
    String host = address.substring(0, colon).replaceFirst("^http://", "");
    target = new InetSocketAddress(host, Integer.parseInt(address.substring(colon + 1)));
    listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    start(this::accept);
  }

  String address() {
    return "127.0.0.1:" + listener.getLocalPort();
  }

  /** Breaks every connection, and new ones at once. The port stays ours, to be mended. */
  synchronized void cut() throws IOException {
    cut = true;
    for (Socket socket : open) {
      socket.close();
    }
    open.clear();
  }

  /** Lets connections through again. */
  synchronized void mend() {
    cut = false;
  }

  @Override
  public void close() throws IOException {
    listener.close();
    cut();
  }

  private void accept() {
    while (true) {
      try {
        connect(listener.accept());
      } catch (IOException closed) {
        return;
      }
    }
  }

  private synchronized void connect(Socket near) throws IOException {
    if (cut) {
      near.close();
      return;
    }
    Socket far = new Socket(target.getAddress(), target.getPort());
    open.add(near);
    open.add(far);
    start(() -> forward(near, far));
    start(() -> forward(far, near));
  }

  private static void forward(Socket source, Socket destination) {
    try (source;
        destination) {
      source.getInputStream().transferTo(destination.getOutputStream());
    } catch (IOException cut) {
      // Both ends are closed.
      return;
    }
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work, "network");
    thread.setDaemon(true);
    thread.start();
  }
}
