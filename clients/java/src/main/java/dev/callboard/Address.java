package dev.callboard;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server's address, understood.
 *
 * @param target what gRPC calls the target: {@code dns:///host:port}, or {@code unix:PATH}
 * @param host the host without brackets; empty for a Unix socket
 * @param secure whether to speak TLS
 */
record Address(String target, String host, boolean secure) {

  /** Where the server listens unless something else is said. */
  static final String DEFAULT = "127.0.0.1:50051";

  private static final Pattern NETWORK =
      Pattern.compile(
          "(?:(?<scheme>https?)://)?(?<host>\\[[0-9a-f:.]+]|[^\\[\\]:/?#@\\s]+):(?<port>[0-9]{1,5})/?",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern LOOPBACK =
      Pattern.compile("localhost|127(?:\\.[0-9]{1,3}){3}|::1", Pattern.CASE_INSENSITIVE);
  private static final int PORT_MAX = 65535;

  /** Understands {@code host:port}, {@code http(s)://host:port} and {@code unix:PATH}. */
  static Address parse(String text) {
    if (text.startsWith("unix:")) {
      String rest = text.substring("unix:".length());
      String path = rest.startsWith("//") ? rest.substring(2) : rest;
      if (path.isEmpty()) {
        throw new IllegalArgumentException("address \"" + text + "\" has no path; write unix:PATH");
      }
      return new Address("unix:" + path, "", false);
    }
    Matcher parts = NETWORK.matcher(text);
    if (!parts.matches() || !isPort(parts.group("port"))) {
      throw new IllegalArgumentException(
          "address \""
              + text
              + "\" is not understood; write host:port, http://host:port, https://host:port or"
              + " unix:PATH");
    }
    String scheme = parts.group("scheme");
    String host = parts.group("host").toLowerCase(Locale.ROOT);
    // A URI takes no brackets in a path.
    String escaped = host.replace("[", "%5B").replace("]", "%5D");
    boolean secure = scheme != null && scheme.equalsIgnoreCase("https");
    return new Address(
        "dns:///" + escaped + ":" + parts.group("port"), host.replaceAll("[\\[\\]]", ""), secure);
  }

  /** Whether it is a Unix socket. */
  boolean isSocket() {
    return host.isEmpty();
  }

  /** The socket's path; only of a Unix socket. */
  String path() {
    return target.substring("unix:".length());
  }

  /** Whether the server is on this machine. */
  boolean isLocal() {
    return isSocket() || LOOPBACK.matcher(host).matches();
  }

  private static boolean isPort(String digits) {
    int port = Integer.parseInt(digits);
    return 0 < port && port <= PORT_MAX;
  }
}
