package dev.callboard;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Delays that grow with every failure in a row, spread so that clients do not return as one. */
final class Backoff {

  /** The first delay; each further one is twice as long. */
  static final Duration DELAY_FIRST = Duration.ofMillis(50);

  /** The longest delay that this side chooses. */
  static final Duration DELAY_MAX = Duration.ofSeconds(2);

  private static final int DOUBLINGS_MAX = 16;

  private int failures;

  /**
   * Counts a failure and returns the nanoseconds to wait.
   *
   * @param wanted what the server wants to be waited at least; null when it did not say
   */
  long nextNanos(Duration wanted) {
    long doubled = DELAY_FIRST.toNanos() << Math.min(failures, DOUBLINGS_MAX);
    failures = Math.min(failures + 1, DOUBLINGS_MAX);
    double spread = ThreadLocalRandom.current().nextDouble(0.5, 1.0);
    long delay = (long) (Math.min(doubled, DELAY_MAX.toNanos()) * spread);
    return Math.max(delay, wanted == null ? 0 : wanted.toNanos());
  }

  /** Forgets the failures: something worked. */
  void reset() {
    failures = 0;
  }
}
