package dev.callboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Timestamp;
import dev.callboard.v1.BusPosition;
import dev.callboard.v1.Message;
import dev.callboard.v1.StartPosition;
import dev.callboard.v1.SubscribeRequest;
import dev.callboard.v1.SubscribeRequest.StartCase;
import dev.callboard.v1.SubscribeResponse;
import dev.callboard.v1.SubscribeResponse.CaughtUp;
import dev.callboard.v1.SubscribeResponse.Closing;
import dev.callboard.v1.SubscribeResponse.Delivery;
import dev.callboard.v1.SubscribeResponse.Gap;
import dev.callboard.v1.SubscribeResponse.Opened;
import dev.callboard.v1.SubscribeScope;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResumeTest {

  private static final SubscribeResponse CAUGHT_UP =
      SubscribeResponse.newBuilder().setCaughtUp(CaughtUp.getDefaultInstance()).build();

  @Test
  void oneBusGoesOnFromItsCursor() {
    SubscribeRequest asked = oneBus().setSinceId("MSG-1").setLimit(5).addTypes("FACT").build();
    Resume resume = new Resume(asked);
    assertEquals(asked, resume.request());
    resume.take(opened("", "c0"));
    resume.take(message("", "c1", 0));
    SubscribeRequest again = resume.request();
    assertEquals(asked.toBuilder().setCursor("c1").setLimit(4).build(), again);
  }

  @Test
  void aBusThatDidNotExistGoesOnFromItsBeginning() {
    Resume resume = new Resume(oneBus().build());
    resume.take(opened("", ""));
    assertEquals(StartPosition.START_POSITION_EARLIEST, resume.request().getPosition());
  }

  @Test
  void aWideFollowWithoutAnyBusGoesOnFromTheBeginning() {
    Resume resume = new Resume(wide().build());
    resume.take(CAUGHT_UP);
    // Nothing was opened, so a bus that is there now is new.
    SubscribeRequest again = resume.request();
    assertEquals(StartPosition.START_POSITION_EARLIEST, again.getPosition());
    assertEquals(0, again.getPositionsCount());
  }

  @Test
  void aWideFollowGoesOnWithPositions() {
    Resume resume = new Resume(earliest());
    resume.take(opened("a", "a0"));
    resume.take(opened("b", "b0"));
    resume.take(message("a", "a1", 0));
    SubscribeRequest again = resume.request();
    assertEquals(List.of("a a1", "b b0"), positions(again));
    assertEquals(StartCase.START_NOT_SET, again.getStartCase());
    assertEquals("", resume.cursor());
  }

  @Test
  void theEndIsFoundAnewUntilEveryBusWasOpened() {
    SubscribeRequest asked = wide().setPosition(StartPosition.START_POSITION_LATEST).build();
    Resume resume = new Resume(asked);
    resume.take(opened("a", "a0"));
    assertEquals(asked, resume.request());
    assertFalse(resume.isPlaced());
    resume.take(opened("a", "a0"));
    resume.take(CAUGHT_UP);
    assertTrue(resume.isPlaced());
    assertEquals(List.of("a a0"), positions(resume.request()));
  }

  @Test
  void aBusNotOpenedBeforeTheBreakIsStillReadFromTheTimeAskedFor() {
    SubscribeRequest asked =
        wide().setSinceTime(Timestamp.newBuilder().setSeconds(100)).setLimit(3).build();
    Resume resume = new Resume(asked);
    resume.take(opened("a", "a0"));
    assertTrue(delivers(resume, message("a", "a1", 101)));
    assertEquals(List.of("a a1"), positions(resume.request()));

    resume.take(opened("a", "a1"));
    resume.take(opened("b", ""));
    assertFalse(delivers(resume, message("b", "b1", 99)));
    assertFalse(resume.isFinished());
    assertTrue(delivers(resume, message("b", "b2", 101)));
    // In file order: only what comes before the first later message is passed over.
    assertTrue(delivers(resume, message("b", "b3", 98)));
    assertTrue(resume.isFinished());
  }

  @Test
  void aGapMovesThePositionAndADeletedBusLosesIt() {
    Resume resume = new Resume(earliest());
    resume.take(opened("a", "a0"));
    resume.take(opened("b", "b0"));
    resume.take(gap("a", "CURSOR_EXPIRED", "a7"));
    resume.take(gap("b", "BUS_DELETED", ""));
    assertEquals(List.of("a a7"), positions(resume.request()));
  }

  @Test
  void theLastWordsOfAServerMoveThePositions() {
    Resume resume = new Resume(earliest());
    resume.take(opened("a", "a0"));
    BusPosition reached =
        BusPosition.newBuilder().setProjectId("p").setTaskId("a").setCursor("a9").build();
    resume.take(
        SubscribeResponse.newBuilder()
            .setClosing(Closing.newBuilder().addPositions(reached))
            .build());
    assertEquals(List.of("a a9"), positions(resume.request()));
  }

  @Test
  void theEndOfAStreamIsTheEndOnlyWhereItWasAskedFor() {
    assertFalse(new Resume(earliest()).isFinished());
    assertTrue(new Resume(wide().setStopAtTail(true).build()).isFinished());
    Resume limited = new Resume(oneBus().setLimit(1).build());
    assertFalse(limited.isFinished());
    limited.take(message("", "c1", 0));
    assertTrue(limited.isFinished() && limited.isComplete());
  }

  /** As a follower does: it asks, then takes note. */
  private static boolean delivers(Resume resume, SubscribeResponse frame) {
    boolean delivered = resume.delivers(frame.getMessage());
    resume.take(frame);
    return delivered;
  }

  private static SubscribeRequest.Builder oneBus() {
    return SubscribeRequest.newBuilder()
        .setProjectId("p")
        .setScope(SubscribeScope.SUBSCRIBE_SCOPE_BUS);
  }

  private static SubscribeRequest.Builder wide() {
    return SubscribeRequest.newBuilder()
        .setProjectId("p")
        .setScope(SubscribeScope.SUBSCRIBE_SCOPE_PROJECT);
  }

  private static SubscribeRequest earliest() {
    return wide().setPosition(StartPosition.START_POSITION_EARLIEST).build();
  }

  private static SubscribeResponse opened(String task, String cursor) {
    return SubscribeResponse.newBuilder()
        .setOpened(Opened.newBuilder().setProjectId("p").setTaskId(task).setCursor(cursor))
        .build();
  }

  private static SubscribeResponse message(String task, String cursor, long seconds) {
    Message message =
        Message.newBuilder()
            .setBody(cursor)
            .setTs(Timestamp.newBuilder().setSeconds(seconds))
            .build();
    return SubscribeResponse.newBuilder()
        .setMessage(
            Delivery.newBuilder()
                .setProjectId("p")
                .setTaskId(task)
                .setCursor(cursor)
                .setMessage(message))
        .build();
  }

  private static SubscribeResponse gap(String task, String reason, String oldest) {
    return SubscribeResponse.newBuilder()
        .setGap(
            Gap.newBuilder()
                .setProjectId("p")
                .setTaskId(task)
                .setReason(reason)
                .setOldestCursor(oldest))
        .build();
  }

  private static List<String> positions(SubscribeRequest request) {
    return request.getPositionsList().stream()
        .map(position -> position.getTaskId() + " " + position.getCursor())
        .toList();
  }
}
