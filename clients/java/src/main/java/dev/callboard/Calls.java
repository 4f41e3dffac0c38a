package dev.callboard;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.MessageOrBuilder;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Makes unary calls, again while the server is unavailable, where that is safe. */
final class Calls {

  private static final Pattern READING = Pattern.compile("(?:Get|List|Read).*");

  private final Connection connection;
  private final Duration timeout;

  /**
   * Calls over a connection.
   *
   * @param timeout how long a call may take with all its attempts, unless asked otherwise
   */
  Calls(Connection connection, Duration timeout) {
    this.connection = connection;
    this.timeout = timeout;
  }

  /** A new request id, which no other call has. */
  static String newRequestId() {
    return UUID.randomUUID().toString().replace("-", "");
  }

  /**
   * Whether a request may be sent twice: one to get, list or read something changes nothing, a
   * request id has the server recognise it, and an etag has it refuse the second.
   */
  static boolean isRepeatable(MessageOrBuilder request) {
    return READING.matcher(request.getDescriptorForType().getName()).matches()
        || !textOf(request, "request_id").isEmpty()
        || !textOf(request, "etag").isEmpty();
  }

  /** How long a call may take with all its attempts, unless asked otherwise. */
  Duration timeout() {
    return timeout;
  }

  /** As {@link #unary(MethodDescriptor, MessageOrBuilder, Duration, boolean)}, as is usual. */
  <Q extends MessageOrBuilder, A> A unary(MethodDescriptor<Q, A> method, Q request) {
    return unary(method, request, timeout, isRepeatable(request));
  }

  /**
   * Makes a call.
   *
   * @param within how long it may take with all its attempts; null means the usual time
   */
  <Q extends MessageOrBuilder, A> A unary(
      MethodDescriptor<Q, A> method, Q request, Duration within, boolean repeatable) {
    return unary(method, left -> request, within, repeatable, textOf(request, "request_id"));
  }

  /**
   * Makes a call whose request depends on the time that is left for it.
   *
   * @param requestId what errors carry
   */
  <Q, A> A unary(
      MethodDescriptor<Q, A> method,
      Function<Duration, Q> request,
      Duration within,
      boolean repeatable,
      String requestId) {
    Backoff backoff = new Backoff();
    long began = System.nanoTime();
    long allowed = Times.nanos(within == null ? timeout : within);
    CallboardException away = null;
    while (true) {
      connection.demandOpen();
      long left = Math.max(allowed - (System.nanoTime() - began), 1_000_000);
      try {
        return ClientCalls.blockingUnaryCall(
            connection.channel(),
            method,
            CallOptions.DEFAULT.withDeadlineAfter(left, TimeUnit.NANOSECONDS),
            request.apply(Duration.ofNanos(left)));
      } catch (StatusRuntimeException error) {
        CallboardException failure = ErrorDecoder.decode(error, requestId);
        boolean timedOut = failure instanceof CallboardException.Deadline;
        if (away != null && timedOut && failure.reason().isEmpty()) {
          // The time was up while the server was still being tried again: that it was away says
          // more.
          throw away;
        }
        long delay = backoff.nextNanos(failure.retryDelay().orElse(null));
        boolean late = System.nanoTime() - began + delay >= allowed;
        boolean again = repeatable && failure instanceof CallboardException.Unavailable;
        if (!again || late || isClosedWithin(delay)) {
          throw failure;
        }
        away = failure;
      }
    }
  }

  private boolean isClosedWithin(long nanos) {
    try {
      return connection.closed().await(nanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  private static String textOf(MessageOrBuilder request, String name) {
    FieldDescriptor field = request.getDescriptorForType().findFieldByName(name);
    boolean isText = field != null && field.getJavaType() == FieldDescriptor.JavaType.STRING;
    return isText ? (String) request.getField(field) : "";
  }
}
