package dev.callboard;

import dev.callboard.v1.AppendStreamRequest;
import dev.callboard.v1.AppendStreamResponse;
import dev.callboard.v1.Message;
import dev.callboard.v1.MessageBusGrpc;
import io.grpc.StatusRuntimeException;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * The answers to messages that are appended as they come: one for each message, in order.
 *
 * <p>Many messages are in flight at a time, which is the fastest way to append. Starts when the
 * first answer is asked for; a thread of its own then takes the messages. Asking for answers throws
 * a {@link CallboardException} at the first refused message, whose zero-based number is {@code
 * index} in its metadata, and at a break of the connection. Appending the same messages again with
 * the request id of the exception appends only what is missing.
 */
public final class AppendStream
    implements Iterator<AppendStreamResponse>, Iterable<AppendStreamResponse>, AutoCloseable {

  private final Connection connection;
  private final Iterator<Message> messages;
  private final String requestId;
  private CallStream<AppendStreamRequest, AppendStreamResponse> call;
  private volatile Throwable producerFailure;
  private AppendStreamResponse ahead;
  private boolean ended;

  AppendStream(Connection connection, Iterator<Message> messages, String requestId) {
    this.connection = connection;
    this.messages = messages;
    this.requestId = requestId;
  }

  /**
   * Returns what the request ids of the messages begin with; a hyphen and the message's number
   * follow.
   *
   * @return the request id of the stream
   */
  public String requestId() {
    return requestId;
  }

  /** Waits until the next message is answered, or all are. */
  @Override
  public boolean hasNext() {
    if (ahead == null && !ended) {
      ahead = receive();
      ended = ahead == null;
    }
    return ahead != null;
  }

  @Override
  public AppendStreamResponse next() {
    if (!hasNext()) {
      throw new NoSuchElementException("all messages are answered");
    }
    AppendStreamResponse answer = ahead;
    ahead = null;
    return answer;
  }

  /** Returns itself: the answers are given once. */
  @Override
  public Iterator<AppendStreamResponse> iterator() {
    return this;
  }

  /** Breaks off; what was not answered may be appended or not. */
  @Override
  public void close() {
    ended = true;
    if (call != null) {
      call.close();
    }
  }

  private AppendStreamResponse receive() {
    if (call == null) {
      connection.demandOpen();
      call = new CallStream<>(connection.channel(), MessageBusGrpc.getAppendStreamMethod());
      Thread sender = new Thread(() -> sendAll(call), "callboard-append-stream");
      sender.setDaemon(true);
      sender.start();
    }
    try {
      return call.receive();
    } catch (StatusRuntimeException error) {
      ended = true;
      if (producerFailure instanceof Error fatal) {
        throw fatal;
      }
      if (producerFailure instanceof RuntimeException failure) {
        throw failure;
      }
      throw ErrorDecoder.decode(error, requestId);
    }
  }

  private void sendAll(CallStream<AppendStreamRequest, AppendStreamResponse> stream) {
    try {
      for (long index = 0; messages.hasNext(); index++) {
        AppendStreamRequest request =
            AppendStreamRequest.newBuilder()
                .setMessage(messages.next())
                .setRequestId(requestId + "-" + index)
                .build();
        if (!stream.send(request)) {
          return;
        }
      }
      stream.halfClose();
    } catch (RuntimeException | Error failure) {
      // The caller's own iterator failed: whoever asks for answers is told.
      producerFailure = failure;
      stream.close();
    }
  }
}
