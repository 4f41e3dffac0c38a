package dev.callboard;

import io.grpc.Status;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** How long a stream that broke is tried again, and how soon. */
final class Patience {

  private static final Logger LOG = System.getLogger("dev.callboard");

  /** What a broken connection looks like when the server could not say it itself. */
  private static final Set<Status.Code> BROKEN =
      EnumSet.of(Status.Code.INTERNAL, Status.Code.UNKNOWN, Status.Code.CANCELLED);

  private final Duration withoutProgress;
  private final CountDownLatch closed;
  private final LongSupplier nanoTime;
  private final Backoff backoff = new Backoff();
  private boolean received;
  private boolean broken;
  private long brokenSince;

  /**
   * Begins with the first attempt.
   *
   * @param withoutProgress how long after a break it is tried again while nothing comes; null means
   *     for ever
   * @param closed what ends the waiting
   */
  Patience(Duration withoutProgress, CountDownLatch closed) {
    this(withoutProgress, closed, System::nanoTime);
  }

  /** With a clock of the caller's own. */
  Patience(Duration withoutProgress, CountDownLatch closed, LongSupplier nanoTime) {
    this.withoutProgress = withoutProgress;
    this.closed = closed;
    this.nanoTime = nanoTime;
  }

  /** A new attempt begins. */
  void attempt() {
    received = false;
  }

  /** Something came, or was taken. */
  void progress() {
    received = true;
    broken = false;
    backoff.reset();
  }

  /** Whether the failure is a break, after which another attempt may succeed. */
  boolean isBreak(CallboardException failure) {
    boolean cut = failure.reason().isEmpty() && BROKEN.contains(failure.code()) && received;
    return cut || failure instanceof CallboardException.Unavailable;
  }

  /** Waits before the next attempt, or throws the failure when there is to be none. */
  void rest(CallboardException failure) {
    long delay = backoff.nextNanos(failure.retryDelay().orElse(null));
    long now = nanoTime.getAsLong();
    boolean first = !broken;
    if (first) {
      // Before it broke it may have been silent for long, or nobody asked.
      broken = true;
      brokenSince = now;
    }
    boolean givenUp =
        withoutProgress != null && now - brokenSince + delay > Times.nanos(withoutProgress);
    if (givenUp || Thread.currentThread().isInterrupted() || !isBreak(failure)) {
      throw failure;
    }
    Level level = first ? Level.WARNING : Level.DEBUG;
    LOG.log(level, "a stream was interrupted, connecting again: {0}", failure.toString());
    try {
      closed.await(delay, TimeUnit.NANOSECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw failure;
    }
  }
}
