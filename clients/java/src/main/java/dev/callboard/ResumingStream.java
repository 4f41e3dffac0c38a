package dev.callboard;

import dev.callboard.CallboardException.Failure;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/**
 * The answers of a server-streaming call that is made again after every break.
 *
 * <p>One thread asks for answers; any may close it.
 *
 * @param <Q> the request
 * @param <A> the answers
 */
final class ResumingStream<Q, A> implements Connection.Closing {

  /** The least that the first answer of a call is waited for: it may need a new connection. */
  private static final Duration FIRST_ANSWER_WAIT = Duration.ofSeconds(10);

  /**
   * What to ask for.
   *
   * @param <Q> the request
   */
  interface Plan<Q> {
    /** The request that goes on after what was received so far. */
    Q request();

    /**
     * Whether it may be gone on after a break.
     *
     * @param received whether an answer came already
     */
    default boolean isResumable(boolean received) {
      return true;
    }

    /** Whether the end of a call without an error is the end of what was asked for. */
    default boolean isFinished() {
      return true;
    }
  }

  private final Connection connection;
  private final MethodDescriptor<Q, A> method;
  private final Plan<Q> plan;
  private final Duration silenceMax;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Patience patience;
  private CallStream<Q, A> call;

  /** Whether an answer came. */
  private boolean received;

  /** Whether an answer of the present call came. */
  private boolean answered;

  /**
   * Makes no call yet.
   *
   * @param retryFor how long it is tried again while nothing comes; null means for ever
   * @param silenceMax how long an open call may be silent before it counts as broken; null means
   *     for ever
   */
  ResumingStream(
      Connection connection,
      MethodDescriptor<Q, A> method,
      Plan<Q> plan,
      Duration retryFor,
      Duration silenceMax) {
    this.connection = connection;
    this.method = method;
    this.plan = plan;
    this.silenceMax = silenceMax;
    this.patience = new Patience(retryFor, closed);
    connection.closeWithThis(this);
  }

  /**
   * Waits for the next answer.
   *
   * @return the answer; null at the end, and once closed
   */
  A next() {
    while (true) {
      CallStream<Q, A> current = open();
      if (current == null) {
        return null;
      }
      CallboardException failure;
      try {
        A answer = current.receive(answered ? silenceMax : firstSilenceMax());
        if (answer != null) {
          patience.progress();
          received = true;
          answered = true;
          return answer;
        }
        if (plan.isFinished()) {
          close();
          return null;
        }
        failure = Failure.of(Status.Code.UNAVAILABLE, "the stream ended", null).toException();
      } catch (StatusRuntimeException error) {
        failure = ErrorDecoder.decode(error);
      }
      forget();
      if (isClosed()) {
        return null;
      }
      if (!plan.isResumable(received)) {
        throw failure;
      }
      patience.rest(failure);
    }
  }

  /** Whether it was closed, or has come to its end. */
  boolean isClosed() {
    return closed.getCount() == 0;
  }

  /** Ends it; who waits for an answer is told that it is the end. */
  @Override
  public void close() {
    synchronized (this) {
      closed.countDown();
      if (call != null) {
        call.close();
      }
    }
  }

  private Duration firstSilenceMax() {
    boolean isShort = silenceMax != null && silenceMax.compareTo(FIRST_ANSWER_WAIT) < 0;
    return isShort ? FIRST_ANSWER_WAIT : silenceMax;
  }

  private synchronized CallStream<Q, A> open() {
    if (isClosed()) {
      return null;
    }
    if (call == null) {
      patience.attempt();
      answered = false;
      call = new CallStream<>(connection.channel(), method);
      call.sendOnly(plan.request());
    }
    return call;
  }

  private synchronized void forget() {
    call = null;
  }
}
