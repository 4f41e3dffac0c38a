package dev.callboard;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.callboard.CallboardException.Failure;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class PatienceTest {

  private long now;

  /** Its latch is open, so that it does not wait. */
  private final Patience patience =
      new Patience(Duration.ofSeconds(10), new CountDownLatch(0), () -> now);

  @Test
  void whatWasSilentForLongIsStillTriedAgainWhenItBreaks() {
    patience.attempt();
    patience.progress();
    pass(Duration.ofMinutes(1));
    assertDoesNotThrow(() -> patience.rest(failure(Status.Code.UNAVAILABLE)));
  }

  @Test
  void whatGetsNoFurtherAfterABreakIsGivenUp() {
    CallboardException failure = failure(Status.Code.UNAVAILABLE);
    patience.rest(failure);
    pass(Duration.ofSeconds(7));
    patience.rest(failure);
    pass(Duration.ofSeconds(7));
    assertSame(failure, assertThrows(CallboardException.class, () -> patience.rest(failure)));
  }

  @Test
  void whatGetsFurtherIsTriedAgainForAsLongAnew() {
    for (int round = 0; round < 5; round++) {
      patience.attempt();
      patience.progress();
      assertDoesNotThrow(() -> patience.rest(failure(Status.Code.UNAVAILABLE)));
      pass(Duration.ofSeconds(7));
    }
  }

  @Test
  void anInternalErrorIsABreakOnlyOfWhatHadBegun() {
    CallboardException failure = failure(Status.Code.INTERNAL);
    patience.attempt();
    assertThrows(CallboardException.Internal.class, () -> patience.rest(failure));
    patience.attempt();
    patience.progress();
    assertDoesNotThrow(() -> patience.rest(failure));
  }

  private void pass(Duration time) {
    now += time.toNanos();
  }

  private static CallboardException failure(Status.Code code) {
    return Failure.of(code, "broken", null).toException();
  }
}
