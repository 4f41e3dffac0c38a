package dev.callboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.callboard.v1.AppendTaskLogResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LogTest extends ServerTest {

  @BeforeEach
  void create() {
    createTask(TASK);
  }

  @Test
  void entriesAreReadAsTheyWereAppended() {
    AppendTaskLogResponse first =
        client.appendLog(List.of(Map.of("level", "info", "text", "<Grüße> & 😀")), options());
    client.appendLog(List.of(Map.of("n", 1L), Map.of("n", 9007199254740993L)), options());
    List<LogEntry> entries = read(readOptions());
    assertEquals(3, entries.size());
    assertEquals("<Grüße> & 😀", entries.get(0).json().get("text").getAsString());
    assertEquals(9007199254740993L, entries.get(2).json().get("n").getAsLong());
    assertEquals(first.getNextOffset(), entries.get(1).offset());
    assertEquals(entries.subList(2, 3), read(readOptions().tail(1)));
    assertEquals(entries.subList(1, 3), read(readOptions().offset(first.getNextOffset())));
  }

  @Test
  void aRequestIdAppendsOnce() {
    LogOptions once = options().requestId(Calls.newRequestId());
    client.appendLog(List.of(Map.of("n", 1)), once);
    assertTrue(client.appendLog(List.of(Map.of("n", 1)), once).getDuplicate());
    assertEquals(1, read(readOptions()).size());
  }

  @Test
  void aFollowedLogGoesOnThroughBreaksWithEachEntryOnce() throws Exception {
    try (Network network = new Network(address);
        CallboardClient broken = connect(network.address());
        LogEntries entries = broken.readLog(readOptions().follow(true))) {
      CompletableFuture<List<Integer>> reading =
          CompletableFuture.supplyAsync(
              () -> {
                List<Integer> numbers = new ArrayList<>();
                while (numbers.size() < 20 && entries.hasNext()) {
                  numbers.add(entries.next().json().get("n").getAsInt());
                }
                return numbers;
              });
      List<Integer> expected = new ArrayList<>();
      for (int n = 0; n < 20; n++) {
        if (n % 10 == 5) {
          network.cut();
        }
        client.appendLog(List.of(Map.of("n", n)), options());
        expected.add(n);
        if (n % 10 == 8) {
          network.mend();
        }
      }
      assertEquals(expected, reading.get(60, TimeUnit.SECONDS));
    }
  }

  @Test
  void aFollowedLogIsClosedByAnotherThread() throws Exception {
    LogEntries entries = client.readLog(readOptions().follow(true));
    CompletableFuture<Boolean> reading = CompletableFuture.supplyAsync(entries::hasNext);
    entries.close();
    assertEquals(false, reading.get(20, TimeUnit.SECONDS));
  }

  @Test
  void theLogOfATaskThatDoesNotExistIsAnError() {
    try (LogEntries entries = client.readLog(new ReadLogOptions().task("task-nobody"))) {
      assertThrows(CallboardException.NotFound.class, entries::hasNext);
    }
  }

  private List<LogEntry> read(ReadLogOptions options) {
    List<LogEntry> entries = new ArrayList<>();
    client.readLog(options).forEachRemaining(entries::add);
    return entries;
  }

  private static LogOptions options() {
    return new LogOptions().task(TASK);
  }

  private static ReadLogOptions readOptions() {
    return new ReadLogOptions().task(TASK);
  }
}
