package dev.callboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import dev.callboard.v1.ErrorReason;
import io.grpc.Metadata;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrorDecoderTest {

  @Test
  void anErrorHasWhatTheServerAttached() {
    ErrorInfo info =
        ErrorInfo.newBuilder()
            .setDomain("callboard")
            .setReason("LOCK_TIMEOUT")
            .putMetadata("path", "x/bus.md")
            .build();
    RetryInfo retry =
        RetryInfo.newBuilder().setRetryDelay(Times.duration(Duration.ofMillis(1500))).build();
    StatusRuntimeException cause = error(Code.UNAVAILABLE, Any.pack(info), Any.pack(retry));
    CallboardException decoded = ErrorDecoder.decode(cause, "r1");
    assertTrue(decoded instanceof CallboardException.Unavailable);
    assertEquals("LOCK_TIMEOUT", decoded.reason());
    assertTrue(decoded.is(ErrorReason.ERROR_REASON_LOCK_TIMEOUT));
    assertEquals(Map.of("path", "x/bus.md"), decoded.metadata());
    assertEquals(Optional.of(Duration.ofMillis(1500)), decoded.retryDelay());
    assertEquals("r1", decoded.requestId());
    assertEquals("what happened", decoded.getMessage());
    assertEquals("Unavailable LOCK_TIMEOUT: what happened", decoded.toString());
    assertSame(cause, decoded.getCause());
  }

  @Test
  void theReasonsOfOtherDomainsAreNotOurs() {
    ErrorInfo info = ErrorInfo.newBuilder().setDomain("proxy").setReason("QUOTA").build();
    assertEquals("", ErrorDecoder.decode(error(Code.INTERNAL, Any.pack(info))).reason());
  }

  @Test
  void detailsThatCannotBeReadAreNone() {
    Metadata trailers = new Metadata();
    trailers.put(
        Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER),
        new byte[] {7, 7, 7});
    CallboardException decoded =
        ErrorDecoder.decode(
            io.grpc.Status.NOT_FOUND.withDescription("gone").asRuntimeException(trailers));
    assertTrue(decoded instanceof CallboardException.NotFound);
    assertEquals("", decoded.reason());
  }

  @Test
  void aMessageOverTheTransportsLimitIsTooLarge() {
    io.grpc.Status[] statuses = {
      io.grpc.Status.RESOURCE_EXHAUSTED.withDescription("gRPC message exceeds maximum size 4: 9"),
      io.grpc.Status.OUT_OF_RANGE.withDescription(
          "Error, decoded message length too large: found 9 bytes, the limit is: 4 bytes"),
    };
    for (io.grpc.Status status : statuses) {
      CallboardException decoded = ErrorDecoder.decode(status.asRuntimeException());
      assertTrue(decoded instanceof CallboardException.InvalidArgument);
      assertEquals(Code.INVALID_ARGUMENT, decoded.code());
      assertEquals("TOO_LARGE", decoded.reason());
    }
  }

  @Test
  void aConnectionThatClosedAsTheCallBeganIsUnavailable() {
    io.grpc.Status said = io.grpc.Status.UNKNOWN.withDescription("channel closed");
    io.grpc.Status noticed = said.withCause(new ClosedChannelException());
    assertEquals(Code.UNKNOWN, ErrorDecoder.decode(said.asRuntimeException()).code());
    assertEquals(Code.UNAVAILABLE, ErrorDecoder.decode(noticed.asRuntimeException()).code());
  }

  @ParameterizedTest
  @CsvSource({
    "INVALID_ARGUMENT, InvalidArgument",
    "NOT_FOUND, NotFound",
    "ALREADY_EXISTS, AlreadyExists",
    "ABORTED, Conflict",
    "FAILED_PRECONDITION, Precondition",
    "OUT_OF_RANGE, Cursor",
    "RESOURCE_EXHAUSTED, Exhausted",
    "UNAVAILABLE, Unavailable",
    "DEADLINE_EXCEEDED, Deadline",
    "UNAUTHENTICATED, Denied",
    "PERMISSION_DENIED, Denied",
    "DATA_LOSS, DataLoss",
    "INTERNAL, Internal",
    "UNKNOWN, Other",
    "CANCELLED, Other",
    "UNIMPLEMENTED, Other",
  })
  void everyCodeHasItsFamily(Code code, String family) {
    assertEquals(family, ErrorDecoder.decode(error(code)).getClass().getSimpleName());
  }

  private static StatusRuntimeException error(Code code, Any... details) {
    Status.Builder status = Status.newBuilder().setCode(code.value()).setMessage("what happened");
    for (Any detail : details) {
      status.addDetails(detail);
    }
    return StatusProto.toStatusRuntimeException(status.build());
  }
}
