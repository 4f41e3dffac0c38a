package dev.callboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.callboard.v1.AppendMessageResponse;
import dev.callboard.v1.BusPosition;
import dev.callboard.v1.MessageBusGrpc;
import dev.callboard.v1.RotateBusRequest;
import dev.callboard.v1.SubscribeResponse.FrameCase;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FollowTest extends ServerTest {

  @Test
  void followReplaysFromTheEarliestAndGoesOn() {
    client.append("INFO", "0");
    client.append("INFO", "1");
    try (Follow follow = client.follow(new FollowOptions().fromEarliest())) {
      assertEquals(List.of("0", "1"), take(follow, 2));
      client.append("INFO", "2");
      assertEquals(List.of("2"), take(follow, 1));
    }
  }

  @Test
  void followFromTheEndGetsWhatComesAfterItReturned() {
    client.append("INFO", "old");
    try (Follow follow = client.follow(new FollowOptions())) {
      client.append("INFO", "new");
      assertEquals(List.of("new"), take(follow, 1));
    }
  }

  @Test
  void followWaitsForABusThatDoesNotExist() {
    try (Follow follow = client.follow(new FollowOptions().task("task-later"))) {
      client.append(NewMessage.of("INFO", "first").task("task-later"));
      assertEquals(List.of("first"), take(follow, 1));
    }
  }

  @Test
  void followGoesOnAfterAnIdOrACursor() {
    List<AppendMessageResponse> sent =
        IntStream.range(0, 4).mapToObj(n -> client.append("INFO", "" + n)).toList();
    String reached;
    try (Follow follow = client.follow(new FollowOptions().sinceId(sent.get(0).getMsgId()))) {
      assertEquals(List.of("1", "2"), take(follow, 2));
      reached = follow.cursor();
      assertEquals(reached, follow.last().orElseThrow().getCursor());
    }
    assertEquals(sent.get(2).getCursor(), reached);
    try (Follow follow = client.follow(new FollowOptions().cursor(reached))) {
      assertEquals(List.of("3"), take(follow, 1));
    }
  }

  @Test
  void positionsNeverRunAheadOfWhatWasGiven() {
    AppendMessageResponse first = client.append("INFO", "0");
    client.append("INFO", "1");
    try (Follow follow = client.follow(new FollowOptions().fromEarliest())) {
      assertEquals("0", follow.next().getBody());
      assertTrue(follow.hasNext());
      assertEquals(first.getCursor(), follow.cursor());
    }
  }

  @Test
  void followFiltersAndEndsAtTheTailOrTheLimit() {
    for (int n = 0; n < 10; n++) {
      client.append(n % 2 == 0 ? "INFO" : "FACT", "" + n);
    }
    FollowOptions toTail = new FollowOptions().fromEarliest().types("FACT").stopAtTail(true);
    assertEquals(List.of("1", "3", "5", "7", "9"), bodies(client.follow(toTail)));
    Follow limited = client.follow(new FollowOptions().fromEarliest().limit(4));
    assertEquals(List.of("0", "1", "2", "3"), bodies(limited));
    assertFalse(limited.hasNext());
  }

  @Test
  void followCrossesARotation() {
    RotateBusRequest rotate = RotateBusRequest.newBuilder().setProjectId(project).build();
    try (Follow follow = client.follow(new FollowOptions().fromEarliest())) {
      client.append("INFO", "0");
      client.call(MessageBusGrpc.getRotateBusMethod(), rotate);
      client.append("INFO", "1");
      assertEquals(List.of("0", "1"), take(follow, 2));
    }
  }

  @Test
  void everyFrameIsShownToTheCallbackAndHeartbeatsKeepAStreamOpen() {
    List<FrameCase> frames = new ArrayList<>();
    FollowOptions options =
        new FollowOptions()
            .fromEarliest()
            .heartbeatInterval(Duration.ofMillis(100))
            .onFrame(
                frame -> {
                  frames.add(frame.getFrameCase());
                  if (frame.hasHeartbeat()) {
                    client.append("INFO", "after a heartbeat");
                  }
                });
    client.append("INFO", "0");
    try (Follow follow = client.follow(options)) {
      assertEquals(List.of("0", "after a heartbeat"), take(follow, 2));
    }
    assertEquals(FrameCase.OPENED, frames.get(0));
    assertTrue(frames.indexOf(FrameCase.CAUGHT_UP) < frames.indexOf(FrameCase.HEARTBEAT));
    assertEquals(1, frames.stream().filter(FrameCase.OPENED::equals).count());
  }

  @Test
  void positionsGoOnInEveryBusAndNewOnesStartAtTheirBeginning() {
    for (String task : List.of("task-a", "task-b")) {
      for (int n = 0; n < 3; n++) {
        client.append(NewMessage.of("INFO", task + " " + n).task(task));
      }
    }
    FollowOptions all = new FollowOptions().scope(FollowScope.PROJECT).fromEarliest();
    List<String> given = new ArrayList<>();
    List<BusPosition> reached;
    try (Follow follow = client.follow(all)) {
      given.addAll(take(follow, 4));
      reached = follow.positions();
      assertEquals("", follow.cursor());
    }
    client.append(NewMessage.of("INFO", "late").task("task-c"));
    FollowOptions on = new FollowOptions().scope(FollowScope.PROJECT).positions(reached);
    try (Follow follow = client.follow(on)) {
      given.addAll(take(follow, 3));
    }
    List<String> expected =
        Stream.concat(
                Stream.of("late"),
                Stream.of("task-a", "task-b")
                    .flatMap(task -> IntStream.range(0, 3).mapToObj(n -> task + " " + n)))
            .toList();
    assertEquals(expected.stream().sorted().toList(), given.stream().sorted().toList());
  }

  @ParameterizedTest
  @EnumSource(
      value = FollowScope.class,
      names = {"BUS", "PROJECT"})
  void followGoesOnAfterBreaksWithoutLossOrRepetition(FollowScope scope) throws Exception {
    List<String> expected = IntStream.range(0, 40).mapToObj(Integer::toString).toList();
    try (Network network = new Network(address);
        CallboardClient broken = connect(network.address());
        Follow follow = broken.follow(new FollowOptions().scope(scope))) {
      CompletableFuture<List<String>> reading =
          CompletableFuture.supplyAsync(() -> take(follow, 40));
      for (int n = 0; n < 40; n++) {
        if (n % 10 == 5) {
          network.cut();
        }
        client.append("INFO", "" + n);
        if (n % 10 == 8) {
          network.mend();
        }
      }
      assertEquals(expected, reading.get(60, TimeUnit.SECONDS));
    }
  }

  @Test
  void aWideFollowFindsABusThatWasMadeDuringABreak() throws IOException {
    try (Network network = new Network(address);
        CallboardClient broken = connect(network.address());
        Follow follow = broken.follow(new FollowOptions().scope(FollowScope.PROJECT))) {
      network.cut();
      client.append(NewMessage.of("INFO", "1").task("task-new"));
      client.append(NewMessage.of("INFO", "2").task("task-new"));
      network.mend();
      assertEquals(List.of("1", "2"), take(follow, 2));
    }
  }

  @Test
  void aFollowIsClosedByAnotherThreadAndByItsClient() throws Exception {
    CallboardClient own = connect(address);
    Follow one = own.follow(new FollowOptions());
    Follow two = own.follow(new FollowOptions().scope(FollowScope.PROJECT));
    CompletableFuture<Boolean> readingOne = CompletableFuture.supplyAsync(one::hasNext);
    CompletableFuture<Boolean> readingTwo = CompletableFuture.supplyAsync(two::hasNext);
    one.close();
    assertFalse(readingOne.get(20, TimeUnit.SECONDS));
    own.close();
    assertFalse(readingTwo.get(20, TimeUnit.SECONDS));
  }

  @Test
  void aCursorThatCannotBeHonouredIsACursorError() {
    client.append("INFO", "x");
    FollowOptions unknown = new FollowOptions().cursor("not a cursor");
    CallboardException refused =
        assertThrows(CallboardException.Cursor.class, () -> client.follow(unknown));
    assertEquals("CURSOR_UNKNOWN", refused.reason());
  }
}
