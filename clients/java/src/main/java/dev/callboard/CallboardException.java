package dev.callboard;

import dev.callboard.v1.ErrorReason;
import io.grpc.Status;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * A call that did not succeed. Branch on the class or on the {@link #reason()}, never on the text.
 *
 * <p>There is one subclass for each family of errors; {@link Other} is for codes that belong to
 * none.
 */
public abstract sealed class CallboardException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final Status.Code code;
  private final String reason;
  private final transient Map<String, String> metadata;
  private final Duration retryDelay;
  private final String requestId;

  private CallboardException(Failure failure) {
    super(failure.message(), failure.cause());
    code = failure.code();
    reason = failure.reason();
    metadata = Map.copyOf(failure.metadata());
    retryDelay = failure.retryDelay();
    requestId = failure.requestId();
  }

  /**
   * What the server, or the network, said: all that makes an exception.
   *
   * @param code the gRPC code
   * @param reason the server's reason; empty when it said none
   * @param metadata the reason's variables
   * @param message one plain sentence
   * @param retryDelay after how long to ask again; null when not said
   * @param requestId the call's request id; empty when it had none
   * @param cause gRPC's own exception; null when there is none
   */
  record Failure(
      Status.Code code,
      String reason,
      Map<String, String> metadata,
      String message,
      Duration retryDelay,
      String requestId,
      Throwable cause) {

    /** What this side says itself, without a reason. */
    static Failure of(Status.Code code, String message, Throwable cause) {
      return new Failure(code, "", Map.of(), message, null, "", cause);
    }

    /** Makes the exception of the code's family. */
    CallboardException toException() {
      return switch (code) {
        case INVALID_ARGUMENT -> new InvalidArgument(this);
        case NOT_FOUND -> new NotFound(this);
        case ALREADY_EXISTS -> new AlreadyExists(this);
        case ABORTED -> new Conflict(this);
        case FAILED_PRECONDITION -> new Precondition(this);
        case OUT_OF_RANGE -> new Cursor(this);
        case RESOURCE_EXHAUSTED -> new Exhausted(this);
        case UNAVAILABLE -> new Unavailable(this);
        case DEADLINE_EXCEEDED -> new Deadline(this);
        case UNAUTHENTICATED, PERMISSION_DENIED -> new Denied(this);
        case DATA_LOSS -> new DataLoss(this);
        case INTERNAL -> new Internal(this);
        case OK, CANCELLED, UNKNOWN, UNIMPLEMENTED -> new Other(this);
      };
    }
  }

  /**
   * Returns the gRPC code.
   *
   * @return the code
   */
  public Status.Code code() {
    return code;
  }

  /**
   * Returns why, as a name of {@link ErrorReason} without its prefix, such as {@code
   * CURSOR_EXPIRED}.
   *
   * @return the reason; empty when the error does not come from the server itself, as with a broken
   *     connection
   */
  public String reason() {
    return reason;
  }

  /**
   * Tells whether this is the reason.
   *
   * @param candidate a reason
   * @return whether it is the one
   */
  public boolean is(ErrorReason candidate) {
    return candidate.name().equals("ERROR_REASON_" + reason);
  }

  /**
   * Returns the variables of the reason, such as {@code oldest} and {@code newest}.
   *
   * @return the variables by name; not null, and empty after a serialization
   */
  public Map<String, String> metadata() {
    return metadata == null ? Map.of() : metadata;
  }

  /**
   * Returns after how long the server wants to be asked again.
   *
   * @return the delay, if it said one
   */
  public Optional<Duration> retryDelay() {
    return Optional.ofNullable(retryDelay);
  }

  /**
   * Returns the request id of the failed call: repeating with it is safe, also when it is not known
   * whether the first attempt wrote something.
   *
   * @return the id; empty when the call had none
   */
  public String requestId() {
    return requestId;
  }

  /**
   * Shows the family, the reason, or the code without one, and the sentence.
   *
   * @return one line
   */
  @Override
  public String toString() {
    String why = reason.isEmpty() ? code.name() : reason;
    return getClass().getSimpleName() + " " + why + ": " + getMessage();
  }

  /** The call cannot be right: INVALID_ID, REQUIRED_FIELD, TOO_LARGE, CHECKSUM_MISMATCH … */
  public static final class InvalidArgument extends CallboardException {
    private static final long serialVersionUID = 1L;

    private InvalidArgument(Failure failure) {
      super(failure);
    }
  }

  /** What the call names does not exist: MESSAGE_NOT_FOUND, TASK_NOT_FOUND … */
  public static final class NotFound extends CallboardException {
    private static final long serialVersionUID = 1L;

    private NotFound(Failure failure) {
      super(failure);
    }
  }

  /** It is there already, or a request id came with other content: REQUEST_ID_REUSED … */
  public static final class AlreadyExists extends CallboardException {
    private static final long serialVersionUID = 1L;

    private AlreadyExists(Failure failure) {
      super(failure);
    }
  }

  /** Something moved in between: ETAG_MISMATCH, BUS_MOVED …; read again, then decide. */
  public static final class Conflict extends CallboardException {
    private static final long serialVersionUID = 1L;

    private Conflict(Failure failure) {
      super(failure);
    }
  }

  /** The state does not allow it: INVALID_TRANSITION, BUS_EMPTY … */
  public static final class Precondition extends CallboardException {
    private static final long serialVersionUID = 1L;

    private Precondition(Failure failure) {
      super(failure);
    }
  }

  /** The start cannot be honoured: CURSOR_EXPIRED, CURSOR_AHEAD, CURSOR_UNKNOWN. */
  public static final class Cursor extends CallboardException {
    private static final long serialVersionUID = 1L;

    private Cursor(Failure failure) {
      super(failure);
    }
  }

  /** Something is full: DISK_FULL, QUOTA_EXCEEDED, SUBSCRIBER_LIMIT … */
  public static final class Exhausted extends CallboardException {
    private static final long serialVersionUID = 1L;

    private Exhausted(Failure failure) {
      super(failure);
    }
  }

  /** The server cannot be reached or cannot answer now: SHUTTING_DOWN, LOCK_TIMEOUT … */
  public static final class Unavailable extends CallboardException {
    private static final long serialVersionUID = 1L;

    private Unavailable(Failure failure) {
      super(failure);
    }
  }

  /** No answer came in time, or CALL_TIMED_OUT; whether a write happened is not known. */
  public static final class Deadline extends CallboardException {
    private static final long serialVersionUID = 1L;

    private Deadline(Failure failure) {
      super(failure);
    }
  }

  /** Not signed in, or not allowed: TOKEN_REQUIRED, TOKEN_INVALID, NOT_ALLOWED. */
  public static final class Denied extends CallboardException {
    private static final long serialVersionUID = 1L;

    private Denied(Failure failure) {
      super(failure);
    }
  }

  /** A file on the server cannot be read as what it should be: CORRUPT_DOCUMENT. */
  public static final class DataLoss extends CallboardException {
    private static final long serialVersionUID = 1L;

    private DataLoss(Failure failure) {
      super(failure);
    }
  }

  /** The server failed: IO, BUG. */
  public static final class Internal extends CallboardException {
    private static final long serialVersionUID = 1L;

    private Internal(Failure failure) {
      super(failure);
    }
  }

  /** An error of another code, such as CANCELLED when the calling thread was interrupted. */
  public static final class Other extends CallboardException {
    private static final long serialVersionUID = 1L;

    private Other(Failure failure) {
      super(failure);
    }
  }
}
