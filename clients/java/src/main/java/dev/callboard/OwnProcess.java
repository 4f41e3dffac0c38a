package dev.callboard;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** What the server is told of this process, so that it can see whether it lives. */
final class OwnProcess {

  private static final Path LINUX_HOST_NAME = Path.of("/proc/sys/kernel/hostname");

  private OwnProcess() {}

  /** Its id; 0 when it is none that the API can hold. */
  static int pid() {
    long pid = ProcessHandle.current().pid();
    return pid > Integer.MAX_VALUE ? 0 : (int) pid;
  }

  /** Its command line; empty when the system does not tell it. */
  static String commandline() {
    return ProcessHandle.current().info().commandLine().orElse("");
  }

  /** Its working directory. */
  static String folder() {
    return System.getProperty("user.dir", "");
  }

  /** The host's own name for itself, which is not always the one that a resolver gives. */
  static String host() {
    try {
      if (Files.isReadable(LINUX_HOST_NAME)) {
        return Files.readString(LINUX_HOST_NAME).strip();
      }
      boolean windows =
          System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");
      String name = windows ? System.getenv("COMPUTERNAME") : null;
      return name == null ? InetAddress.getLocalHost().getHostName() : name;
    } catch (IOException unreadable) {
      return "";
    }
  }
}
