package dev.callboard;

import io.grpc.Status;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** How long a stream that broke is tried again, and how soon. */
final class Patience {

  private static final Logger LOG = System.getLogger("dev.callboard");

  /** What a broken connection looks like when the server could not say it itself. */
  private static final Set<Status.Code> BROKEN =
      EnumSet.of(Status.Code.INTERNAL, Status.Code.UNKNOWN, Status.Code.CANCELLED);

  private final Duration withoutProgress;
  private final CountDownLatch closed;
  private final Backoff backoff = new Backoff();
  private boolean received;
  private long silentSince = System.nanoTime();

  /**
   * Begins with the first attempt.
   *
   * @param withoutProgress how long it is tried again while nothing comes; null means for ever
   * @param closed what ends the waiting
   */
  Patience(Duration withoutProgress, CountDownLatch closed) {
    this.withoutProgress = withoutProgress;
    this.closed = closed;
  }

  /** A new attempt begins. */
  void attempt() {
    received = false;
  }

  /** Something came, or was taken. */
  void progress() {
    if (!received) {
      received = true;
      backoff.reset();
    }
    silentSince = System.nanoTime();
  }

  /** Whether the failure is a break, after which another attempt may succeed. */
  boolean isBreak(CallboardException failure) {
    boolean broken = failure.reason().isEmpty() && BROKEN.contains(failure.code()) && received;
    return broken || failure instanceof CallboardException.Unavailable;
  }

  /** Waits before the next attempt, or throws the failure when there is to be none. */
  void rest(CallboardException failure) {
    long delay = backoff.nextNanos(failure.retryDelay().orElse(null));
    long silent = System.nanoTime() - silentSince;
    boolean givenUp = withoutProgress != null && silent + delay > Times.nanos(withoutProgress);
    if (givenUp || Thread.currentThread().isInterrupted() || !isBreak(failure)) {
      throw failure;
    }
    Level level = received || silent < delay ? Level.WARNING : Level.DEBUG;
    LOG.log(level, "a stream was interrupted, connecting again: {0}", failure.toString());
    try {
      closed.await(delay, TimeUnit.NANOSECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw failure;
    }
  }
}
