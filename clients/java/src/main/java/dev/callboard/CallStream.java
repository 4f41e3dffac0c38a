package dev.callboard;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * A streaming call that threads wait for: one sends, one receives, any may close it.
 *
 * @param <Q> what is sent
 * @param <A> what is received
 */
final class CallStream<Q, A> implements AutoCloseable {

  /** Answers that are taken from the network before they are asked for. */
  private static final int AHEAD = 8;

  private final ClientCall<Q, A> call;
  private final Queue<A> answers = new ArrayDeque<>();
  private Status end;
  private Metadata trailers;

  CallStream(Channel channel, MethodDescriptor<Q, A> method) {
    call = channel.newCall(method, CallOptions.DEFAULT);
    call.start(new Receiver(), new Metadata());
    call.request(AHEAD);
  }

  /**
   * Sends the next message, as soon as the network takes it.
   *
   * @return whether it was; false when the call has ended, and {@link #receive()} says how
   */
  boolean send(Q message) {
    synchronized (this) {
      while (end == null && !call.isReady()) {
        pause(0);
      }
      if (end != null) {
        return false;
      }
    }
    call.sendMessage(message);
    return true;
  }

  /** Sends the only message, without waiting for a connection. */
  void sendOnly(Q message) {
    call.sendMessage(message);
    call.halfClose();
  }

  /** Says that nothing more is sent. */
  void halfClose() {
    call.halfClose();
  }

  /** As {@link #receive(Duration)}, for as long as it takes. */
  A receive() {
    return receive(null);
  }

  /**
   * Waits for the next answer.
   *
   * @param silenceMax how long may pass without one; null means for ever
   * @return the answer; null at the end of the stream
   * @throws StatusRuntimeException when the call failed, and as UNAVAILABLE after the silence
   */
  A receive(Duration silenceMax) {
    A answer;
    synchronized (this) {
      long until = silenceMax == null ? 0 : System.nanoTime() + Times.nanos(silenceMax);
      while (answers.isEmpty() && end == null) {
        long left = silenceMax == null ? 0 : until - System.nanoTime();
        if (silenceMax != null && left <= 0) {
          call.cancel("silent for too long", null);
          throw Status.UNAVAILABLE
              .withDescription("nothing came for " + silenceMax.toMillis() / 1000.0 + " s")
              .asRuntimeException();
        }
        pause(left);
      }
      answer = answers.poll();
      if (answer == null) {
        if (end.isOk()) {
          return null;
        }
        throw end.asRuntimeException(trailers);
      }
    }
    call.request(1);
    return answer;
  }

  /** Breaks the call off, unless it has ended. */
  @Override
  public void close() {
    call.cancel("closed by the caller", null);
  }

  /** Waits for news; with the lock held. */
  private void pause(long nanos) {
    try {
      // At least 1 ms: a wait of 0 would have no end.
      wait(nanos == 0 ? 0 : Math.max(1, nanos / 1_000_000));
    } catch (InterruptedException interrupted) {
      call.cancel("interrupted", interrupted);
      Thread.currentThread().interrupt();
      throw Status.CANCELLED
          .withDescription("the thread was interrupted")
          .withCause(interrupted)
          .asRuntimeException();
    }
  }

  private final class Receiver extends ClientCall.Listener<A> {
    @Override
    public void onMessage(A message) {
      synchronized (CallStream.this) {
        answers.add(message);
        CallStream.this.notifyAll();
      }
    }

    @Override
    public void onReady() {
      synchronized (CallStream.this) {
        CallStream.this.notifyAll();
      }
    }

    @Override
    public void onClose(Status status, Metadata metadata) {
      synchronized (CallStream.this) {
        end = status;
        trailers = metadata;
        CallStream.this.notifyAll();
      }
    }
  }
}
