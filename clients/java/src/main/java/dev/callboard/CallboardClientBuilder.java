package dev.callboard;

import java.nio.file.Path;
import java.time.Duration;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** Says where the server is, and who speaks. What is not given comes from the environment. */
public final class CallboardClientBuilder {

  private static final Duration TIMEOUT_DEFAULT = Duration.ofSeconds(30);

  /** What can stand in a header: visible ASCII characters. */
  private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]*");

  private final UnaryOperator<String> environment;
  private String address;
  private String token;
  private Path caFile;
  private Path certFile;
  private Path keyFile;
  private String project;
  private String task;
  private String run;
  private Duration timeout = TIMEOUT_DEFAULT;

  CallboardClientBuilder(UnaryOperator<String> environment) {
    this.environment = environment;
  }

  /**
   * Chooses the server.
   *
   * @param text {@code host:port}, {@code http://host:port}, {@code https://host:port} or {@code
   *     unix:PATH}; null means CALLBOARD_ADDR, else 127.0.0.1:50051
   * @return this builder
   */
  public CallboardClientBuilder address(String text) {
    address = text;
    return this;
  }

  /**
   * Signs in. A token is only sent over TLS, a Unix socket, or to this machine.
   *
   * @param secret the token; empty means none, and null means CALLBOARD_TOKEN, else none
   * @return this builder
   */
  public CallboardClientBuilder token(String secret) {
    token = secret;
    return this;
  }

  /**
   * Chooses the only roots that are trusted over TLS.
   *
   * @param pem a PEM file; null means CALLBOARD_CA, else the system's roots
   * @return this builder
   */
  public CallboardClientBuilder caFile(Path pem) {
    caFile = pem;
    return this;
  }

  /**
   * Chooses the certificate that is shown over TLS to a server that asks for one. It needs {@link
   * #keyFile}: both are given, or both come from the environment.
   *
   * @param pem a PEM file; null, where the key is null too, means CALLBOARD_CERT, else none
   * @return this builder
   */
  public CallboardClientBuilder certFile(Path pem) {
    certFile = pem;
    return this;
  }

  /**
   * Chooses the key of the certificate that is shown over TLS. It needs {@link #certFile}: both are
   * given, or both come from the environment.
   *
   * @param pem a PEM file with a PKCS #8 key, of RSA or of an elliptic curve; null, where the
   *     certificate is null too, means CALLBOARD_KEY, else none
   * @return this builder
   */
  public CallboardClientBuilder keyFile(Path pem) {
    keyFile = pem;
    return this;
  }

  /**
   * Chooses the project that methods use when they are not told.
   *
   * @param projectId the project; null means JRUN_PROJECT_ID
   * @return this builder
   */
  public CallboardClientBuilder project(String projectId) {
    project = projectId;
    return this;
  }

  /**
   * Chooses the task that methods use when they are not told.
   *
   * @param taskId the task; empty means the project's own bus; null means JRUN_TASK_ID when the
   *     project is JRUN_PROJECT_ID, else the project's own bus
   * @return this builder
   */
  public CallboardClientBuilder task(String taskId) {
    task = taskId;
    return this;
  }

  /**
   * Chooses the run that speaks when methods are not told.
   *
   * @param runId the run; empty means none, and null means JRUN_ID
   * @return this builder
   */
  public CallboardClientBuilder run(String runId) {
    run = runId;
    return this;
  }

  /**
   * Bounds a call with all its attempts; of transfers, how long they are tried again without
   * progress.
   *
   * @param duration how long; 30 s unless it is chosen
   * @return this builder
   */
  public CallboardClientBuilder timeout(Duration duration) {
    timeout = duration;
    return this;
  }

  /**
   * Makes the client; the connection is made by its first call.
   *
   * @return the client
   * @throws IllegalArgumentException when the address is not understood, the token would be sent in
   *     the open, a certificate is without its key, or a file for TLS cannot be used
   * @throws UnsupportedOperationException for a Unix socket on a system that has none
   */
  public CallboardClient connect() {
    Address parsed = Address.parse(choose(address, "CALLBOARD_ADDR", Address.DEFAULT));
    String secret = choose(token, "CALLBOARD_TOKEN", "");
    if (!TOKEN.matcher(secret).matches()) {
      throw new IllegalArgumentException("the token holds other than visible ASCII characters");
    }
    // Taken one by one, a certificate and its key might be of two pairs.
    boolean isGiven = certFile != null || keyFile != null;
    TlsFiles files =
        new TlsFiles(
            caFile != null ? caFile : fileOf("CALLBOARD_CA"),
            isGiven ? certFile : fileOf("CALLBOARD_CERT"),
            isGiven ? keyFile : fileOf("CALLBOARD_KEY"));
    Defaults defaults = Defaults.resolve(project, task, run, environment);
    return new CallboardClient(new Connection(parsed, secret, files), defaults, timeout);
  }

  private String choose(String given, String name, String otherwise) {
    if (given != null) {
      return given;
    }
    String found = environment.apply(name);
    return found == null || found.isEmpty() ? otherwise : found;
  }

  private Path fileOf(String name) {
    String found = choose(null, name, "");
    return found.isEmpty() ? null : Path.of(found);
  }
}
