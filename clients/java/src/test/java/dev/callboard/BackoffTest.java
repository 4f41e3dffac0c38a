package dev.callboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class BackoffTest {

  @Test
  void delaysGrowToTheirBoundAndBeginAnewWhenSomethingWorked() {
    Backoff backoff = new Backoff();
    long expected = Backoff.DELAY_FIRST.toNanos();
    for (int failure = 0; failure < 40; failure++) {
      long delay = backoff.nextNanos(null);
      assertTrue(expected / 2 <= delay && delay <= expected, delay + " of " + expected);
      expected = Math.min(expected * 2, Backoff.DELAY_MAX.toNanos());
    }
    backoff.reset();
    assertTrue(backoff.nextNanos(null) <= Backoff.DELAY_FIRST.toNanos());
  }

  @Test
  void theServersWishIsTheLeastThatIsWaited() {
    assertEquals(5_000_000_000L, new Backoff().nextNanos(Duration.ofSeconds(5)));
  }
}
