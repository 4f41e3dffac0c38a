package dev.callboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.callboard.v1.AppendMessageResponse;
import dev.callboard.v1.AppendMessagesResponse;
import dev.callboard.v1.AppendStreamResponse;
import dev.callboard.v1.Integrity;
import dev.callboard.v1.Link;
import dev.callboard.v1.Message;
import dev.callboard.v1.Parent;
import dev.callboard.v1.PollForNewResponse;
import dev.callboard.v1.ReadMessagesResponse;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BusTest extends ServerTest {

  @Test
  void anAppendedMessageIsReadBackWithEverythingItWasGiven() {
    AppendMessageResponse first = client.append(NewMessage.of("FACT", "one").task(TASK));
    AppendMessageResponse second =
        client.append(
            NewMessage.of("REVIEW", "two")
                .task(TASK)
                .run("run-7")
                .meta("score", "9")
                .meta(Map.of("schlüssel", "wert: \"x\" # y"))
                .parent(first.getMsgId())
                .parent(Parent.newBuilder().setMsgId("MSG-else").setKind("depends_on").build())
                .link("https://example.org/a")
                .link(Link.newBuilder().setUrl("src/x.rs").setLabel("x").build())
                .issueId("ISSUE-1"));
    Message message = client.get(second.getMsgId(), null, TASK);
    Message expected =
        Message.newBuilder()
            .setMsgId(second.getMsgId())
            .setTs(second.getTs())
            .setType("REVIEW")
            .setBody("two")
            .setProjectId(project)
            .setTaskId(TASK)
            .setRunId("run-7")
            .putMeta("score", "9")
            .putMeta("schlüssel", "wert: \"x\" # y")
            .addParents(Parent.newBuilder().setMsgId(first.getMsgId()))
            .addParents(Parent.newBuilder().setMsgId("MSG-else").setKind("depends_on"))
            .addLinks(Link.newBuilder().setUrl("https://example.org/a"))
            .addLinks(Link.newBuilder().setUrl("src/x.rs").setLabel("x"))
            .setIssueId("ISSUE-1")
            .setRequestId(message.getRequestId())
            .setIntegrity(Integrity.INTEGRITY_VERIFIED)
            .build();
    assertEquals(expected, message);
    assertEquals(message, client.read(new ReadOptions().task(TASK).tail(1)).iterator().next());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "no newline\n",
        "Grüße, 世界, 👩‍💻, \u2028 and \u00a0",
        "before\n---\nmsg_id: MSG-forged\ntype: FACT\n---\nafter",
        "\n---\n\n---\n",
        "carriage\r\nreturns\rand\ttabs",
        "nul \u0000 and bell \u0007"
      })
  void aBodyComesBackAsItWas(String body) {
    client.append("INFO", "before");
    AppendMessageResponse appended = client.append("INFO", body);
    client.append("INFO", "after");
    assertEquals(body, client.get(appended.getMsgId()).getBody());
    assertEquals(List.of("before", body, "after"), bodies(client.read(new ReadOptions())));
  }

  @Test
  void readingStartsWhereItIsTold() {
    List<AppendMessageResponse> sent =
        IntStream.range(0, 5).mapToObj(n -> client.append("INFO", "" + n)).toList();
    assertEquals(
        List.of("2", "3", "4"),
        bodies(client.read(new ReadOptions().sinceId(sent.get(1).getMsgId()))));
    assertEquals(
        List.of("4"), bodies(client.read(new ReadOptions().cursor(sent.get(3).getCursor()))));
    assertEquals(List.of("3", "4"), bodies(client.read(new ReadOptions().tail(2))));
    assertEquals(List.of("0", "1"), bodies(client.read(new ReadOptions().limit(2))));
    Instant now = Instant.now();
    assertEquals(5, bodies(client.read(new ReadOptions().sinceTime(now.minusSeconds(99)))).size());
    assertEquals(List.of(), bodies(client.read(new ReadOptions().sinceTime(now.plusSeconds(99)))));
  }

  @Test
  void readingFiltersByTypeAndRun() {
    for (int n = 0; n < 6; n++) {
      client.append(NewMessage.of(n % 2 == 0 ? "INFO" : "FACT", "" + n).run("run-" + n % 3));
    }
    assertEquals(List.of("1", "3", "5"), bodies(client.read(new ReadOptions().types("FACT"))));
    assertEquals(List.of("1", "4"), bodies(client.read(new ReadOptions().run("run-1"))));
  }

  @Test
  void readingGoesOnOverPages() {
    for (int start = 0; start < 2500; start += 500) {
      client.appendMany(messages(start, 500));
    }
    Iterable<Message> all = client.read(new ReadOptions());
    List<String> expected = IntStream.range(0, 2500).mapToObj(Integer::toString).toList();
    assertEquals(expected, bodies(all));
    assertEquals(expected, bodies(all), "a second iteration reads anew");
    assertEquals(1700, bodies(client.read(new ReadOptions().limit(1700))).size());
    ReadMessagesResponse page = client.readPage(new ReadOptions().limit(7));
    assertFalse(page.getEndOfBus());
    assertEquals(
        "7",
        client
            .readPage(new ReadOptions().cursor(page.getCursor()).limit(1))
            .getMessages(0)
            .getBody());
  }

  @Test
  void aRequestIdAppendsOnceAndOtherContentIsRefused() {
    AppendOptions once = new AppendOptions().requestId("deploy-1");
    AppendMessageResponse first = client.append(NewMessage.of("FACT", "once"), once);
    AppendMessageResponse again = client.append(NewMessage.of("FACT", "once"), once);
    assertFalse(first.getDuplicate());
    assertEquals(first.toBuilder().setDuplicate(true).build(), again);
    CallboardException refused =
        assertThrows(
            CallboardException.AlreadyExists.class,
            () -> client.append(NewMessage.of("FACT", "other"), once));
    assertEquals("REQUEST_ID_REUSED deploy-1", refused.reason() + " " + refused.requestId());
    assertEquals(List.of("once"), bodies(client.read(new ReadOptions())));
  }

  @Test
  void appendComparesBeforeItAppends() {
    AppendMessageResponse first = client.append("FACT", "1");
    AppendOptions behindFirst = new AppendOptions().expectedLastMsgId(first.getMsgId());
    client.append(NewMessage.of("FACT", "2"), behindFirst);
    CallboardException refused =
        assertThrows(
            CallboardException.Conflict.class,
            () -> client.append(NewMessage.of("FACT", "3"), behindFirst));
    assertEquals("BUS_MOVED", refused.reason());
    assertEquals(List.of("1", "2"), bodies(client.read(new ReadOptions())));
  }

  @Test
  void aBatchIsAppendedInOrderAndOnce() {
    List<Message> messages = messages(0, 100);
    AppendOptions batch = new AppendOptions().requestId("batch");
    AppendMessagesResponse first = client.appendMany(messages, batch);
    AppendMessagesResponse again = client.appendMany(messages, batch);
    assertEquals(first.toBuilder().setDuplicate(true).build(), again);
    List<String> ids = new ArrayList<>();
    client.read(new ReadOptions()).forEach(message -> ids.add(message.getMsgId()));
    assertEquals(first.getMsgIdsList(), ids);
  }

  @Test
  void aStreamAnswersEachMessageInOrderAndAppendsItOnce() {
    List<Message> messages = messages(0, 300);
    List<String> first = new ArrayList<>();
    client.appendStream(messages, "stream").forEach(answer -> first.add(answer.getMsgId()));
    assertEquals(300, first.size());
    List<String> again = new ArrayList<>();
    for (AppendStreamResponse answer : client.appendStream(messages, "stream")) {
      assertTrue(answer.getDuplicate());
      again.add(answer.getMsgId());
    }
    assertEquals(first, again);
  }

  @Test
  void aStreamEndsAtTheFirstRefusedMessageWhoseNumberTheErrorHas() {
    List<Message> messages = new ArrayList<>(messages(0, 2));
    messages.add(client.message(NewMessage.of("", "no type")));
    List<AppendStreamResponse> answers = new ArrayList<>();
    try (AppendStream stream = client.appendStream(messages)) {
      CallboardException refused =
          assertThrows(
              CallboardException.InvalidArgument.class,
              () -> stream.forEachRemaining(answers::add));
      assertEquals("REQUIRED_FIELD", refused.reason());
      assertEquals("2", refused.metadata().get("index"));
      assertEquals(stream.requestId(), refused.requestId());
    }
    assertEquals(2, answers.size());
  }

  @Test
  void aStreamWhoseMessagesEndByABugDoesNotWaitForEver() {
    Iterable<Message> failing =
        () ->
            Stream.<Message>generate(
                    () -> {
                      throw new AssertionError("a bug");
                    })
                .iterator();
    try (AppendStream stream = client.appendStream(failing)) {
      Error failure = assertThrows(AssertionError.class, stream::hasNext);
      assertEquals("a bug", failure.getMessage());
    }
  }

  @Test
  void aStreamWhoseMessagesFailFailsWithTheirError() {
    Iterable<Message> failing =
        () ->
            IntStream.range(0, 2)
                .mapToObj(
                    n -> {
                      if (n == 1) {
                        throw new IllegalStateException("no more");
                      }
                      return client.message(NewMessage.of("INFO", "0"));
                    })
                .iterator();
    try (AppendStream stream = client.appendStream(failing)) {
      Exception failure =
          assertThrows(IllegalStateException.class, () -> stream.forEachRemaining(answer -> {}));
      assertEquals("no more", failure.getMessage());
    }
  }

  @Test
  void pollReturnsWhatIsNewAsSoonAsItIsThere() throws Exception {
    AppendMessageResponse old = client.append("INFO", "old");
    PollForNewResponse none =
        client.poll(new PollOptions().cursor(old.getCursor()).timeout(Duration.ZERO));
    assertEquals(0, none.getMessagesCount());
    PollOptions patient =
        new PollOptions().cursor(none.getCursor()).timeout(Duration.ofSeconds(60));
    CompletableFuture<PollForNewResponse> polled =
        CompletableFuture.supplyAsync(() -> client.poll(patient));
    client.append("INFO", "new");
    assertEquals(List.of("new"), bodies(polled.get(30, TimeUnit.SECONDS).getMessagesList()));
  }

  @Test
  void anAppendSurvivesABreakAndIsThereOnce() throws IOException {
    try (Network network = new Network(address);
        CallboardClient broken = connect(network.address())) {
      broken.append("INFO", "0");
      network.cut();
      Executor later = CompletableFuture.delayedExecutor(500, TimeUnit.MILLISECONDS);
      CompletableFuture<Void> mended = CompletableFuture.runAsync(network::mend, later);
      broken.append("INFO", "1");
      mended.join();
      assertEquals(List.of("0", "1"), bodies(broken.read(new ReadOptions())));
    }
  }

  @Test
  void aMissingServerIsUnavailableAndTheRequestIdIsTold() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    try (CallboardClient away = connect("127.0.0.1:" + port)) {
      AppendOptions hasty = new AppendOptions().timeout(Duration.ofMillis(500));
      CallboardException failure =
          assertThrows(
              CallboardException.class, () -> away.append(NewMessage.of("FACT", "x"), hasty));
      assertTrue(
          failure instanceof CallboardException.Unavailable
              || failure instanceof CallboardException.Deadline,
          failure.toString());
      assertEquals("", failure.reason());
      assertFalse(failure.requestId().isEmpty());
      FollowOptions brief = new FollowOptions().retryFor(Duration.ofMillis(300));
      assertThrows(CallboardException.Unavailable.class, () -> away.follow(brief));
    }
  }

  @Test
  void theUnixSocketServes() {
    String path = required("CALLBOARD_TEST_UDS");
    try (CallboardClient local = connect("unix:" + path)) {
      AppendMessageResponse sent = local.append("FACT", "over the socket");
      assertEquals("over the socket", local.get(sent.getMsgId()).getBody());
    }
  }

  private List<Message> messages(int start, int count) {
    return IntStream.range(start, start + count)
        .mapToObj(n -> client.message(NewMessage.of("INFO", "" + n)))
        .toList();
  }
}
