package dev.callboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class SummaryTest {

  @Test
  void anExceptionIsItsTypeAndItsText() {
    assertEquals("IllegalStateException: no", Summary.of(new IllegalStateException("no")));
    assertEquals("IllegalStateException", Summary.of(new IllegalStateException()));
  }

  @Test
  void aTextIsCutBetweenCharacters() {
    assertEquals("abc", Summary.cut("abc", 3));
    assertEquals("ab", Summary.cut("abc", 2));
    assertEquals("aé", Summary.cut("aéé", 4));
    assertEquals("x", Summary.cut("x😀", 4));
    String cut = Summary.of(new IllegalStateException("😀".repeat(4000)));
    assertTrue(cut.getBytes(StandardCharsets.UTF_8).length <= 4096);
    assertTrue(cut.endsWith("😀"));
  }
}
