package dev.callboard;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.callboard.CallboardException.Failure;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Turns gRPC's errors into the client's, with the details that the server attached. */
final class ErrorDecoder {

  private static final String DOMAIN = "callboard";

  /** What runtimes say, without a reason, of a message over a limit of their transport. */
  private static final Pattern OVERSIZE =
      Pattern.compile("exceeds maximum size|length too large|larger than max");

  private ErrorDecoder() {}

  /** Decodes the error of a call that had no request id. */
  static CallboardException decode(StatusRuntimeException error) {
    return decode(error, "");
  }

  /**
   * Decodes an error.
   *
   * @param requestId the request id that the call had; empty means none
   */
  static CallboardException decode(StatusRuntimeException error, String requestId) {
    Status status = error.getStatus();
    String reason = "";
    Map<String, String> metadata = Map.of();
    Duration retryDelay = null;
    for (Any detail : detailsOf(error)) {
      try {
        if (detail.is(ErrorInfo.class)) {
          ErrorInfo info = detail.unpack(ErrorInfo.class);
          if (info.getDomain().equals(DOMAIN)) {
            reason = info.getReason();
            metadata = info.getMetadataMap();
          }
        } else if (detail.is(RetryInfo.class)) {
          retryDelay = Times.duration(detail.unpack(RetryInfo.class).getRetryDelay());
        }
      } catch (InvalidProtocolBufferException unreadable) {
        // A detail is an addition: the error stands without it.
        continue;
      }
    }
    Status.Code code = status.getCode();
    String message = messageOf(status);
    if (reason.isEmpty() && isOversize(code, message)) {
      code = Status.Code.INVALID_ARGUMENT;
      reason = "TOO_LARGE";
    } else if (code == Status.Code.UNKNOWN && status.getCause() instanceof IOException) {
      // A call that is begun just as its connection closes: gRPC's transport has no code for it.
      code = Status.Code.UNAVAILABLE;
    }
    return new Failure(code, reason, metadata, message, retryDelay, requestId, error).toException();
  }

  private static Iterable<Any> detailsOf(StatusRuntimeException error) {
    try {
      com.google.rpc.Status details = StatusProto.fromThrowable(error);
      return details == null ? List.of() : details.getDetailsList();
    } catch (IllegalArgumentException unreadable) {
      return List.of();
    }
  }

  /** What the status says, and, of what this side noticed itself, why. */
  private static String messageOf(Status status) {
    String said =
        status.getDescription() == null ? status.getCode().name() : status.getDescription();
    Throwable cause = status.getCause();
    return cause == null || cause.getMessage() == null ? said : said + ": " + cause.getMessage();
  }

  private static boolean isOversize(Status.Code code, String message) {
    return (code == Status.Code.RESOURCE_EXHAUSTED || code == Status.Code.OUT_OF_RANGE)
        && OVERSIZE.matcher(message).find();
  }
}
