package dev.callboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.callboard.v1.Message;
import dev.callboard.v1.MessageBusGrpc;
import dev.callboard.v1.SubscribeRequest;
import dev.callboard.v1.SubscribeResponse;
import dev.callboard.v1.SubscribeResponse.Delivery;
import dev.callboard.v1.SubscribeResponse.Opened;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a follower does with streams that no good server sends. */
@Timeout(60)
class ScriptedFollowTest {

  @Test
  void aStreamThatEndsWithoutBeingAskedToIsGoneOnFrom() throws IOException {
    Script script =
        new Script(
            (call, frames) -> {
              frames.onNext(opened());
              frames.onNext(numbered(call));
              frames.onCompleted();
            });
    try (ScriptedServer server = new ScriptedServer(script);
        CallboardClient client = server.connect();
        Follow follow = client.follow(new FollowOptions().fromEarliest())) {
      assertEquals(List.of("1", "2", "3"), ServerTest.take(follow, 3));
    }
    List<String> cursors =
        script.requests.stream().limit(3).map(SubscribeRequest::getCursor).toList();
    assertEquals(List.of("", "c1", "c2"), cursors);
  }

  @Test
  void aStreamWithoutHeartbeatsIsOpenedAgain() throws IOException {
    // It never ends, and says nothing more.
    Script script =
        new Script(
            (call, frames) -> {
              frames.onNext(opened());
              frames.onNext(numbered(call));
            });
    FollowOptions options =
        new FollowOptions().fromEarliest().heartbeatInterval(Duration.ofMillis(100));
    try (ScriptedServer server = new ScriptedServer(script);
        CallboardClient client = server.connect();
        Follow follow = client.follow(options)) {
      assertEquals(List.of("1", "2"), ServerTest.take(follow, 2));
    }
    assertEquals("c1", script.requests.get(1).getCursor());
  }

  @Test
  void theFirstFrameMayTakeLongerThanAHeartbeat() throws IOException {
    Executor later = CompletableFuture.delayedExecutor(600, TimeUnit.MILLISECONDS);
    Script script =
        new Script(
            (call, frames) ->
                later.execute(
                    () -> {
                      frames.onNext(opened());
                      frames.onNext(numbered(call));
                      frames.onNext(numbered(call + 1));
                    }));
    FollowOptions options =
        new FollowOptions().fromEarliest().heartbeatInterval(Duration.ofMillis(100)).limit(2);
    try (ScriptedServer server = new ScriptedServer(script);
        CallboardClient client = server.connect();
        Follow follow = client.follow(options)) {
      assertEquals(List.of("1", "2"), ServerTest.take(follow, 2));
    }
    assertEquals(1, script.requests.size());
  }

  @Test
  void aLimitHoldsWhateverTheServerSendsAfterIt() throws IOException {
    Script script =
        new Script(
            (call, frames) -> {
              frames.onNext(opened());
              for (int number = 1; number <= 5; number++) {
                frames.onNext(numbered(number));
              }
            });
    try (ScriptedServer server = new ScriptedServer(script);
        CallboardClient client = server.connect();
        Follow follow = client.follow(new FollowOptions().fromEarliest().limit(3))) {
      assertEquals(List.of("1", "2", "3"), ServerTest.take(follow, 3));
      assertFalse(follow.hasNext());
      assertEquals("c3", follow.cursor());
    }
    assertEquals(1, script.requests.size());
  }

  private static SubscribeResponse opened() {
    return SubscribeResponse.newBuilder()
        .setOpened(Opened.newBuilder().setProjectId("demo").setCursor("c0"))
        .build();
  }

  private static SubscribeResponse numbered(int number) {
    return SubscribeResponse.newBuilder()
        .setMessage(
            Delivery.newBuilder()
                .setProjectId("demo")
                .setCursor("c" + number)
                .setMessage(Message.newBuilder().setBody("" + number)))
        .build();
  }

  /** Answers each Subscribe call as told. */
  private static final class Script extends MessageBusGrpc.MessageBusImplBase {
    private final BiConsumer<Integer, StreamObserver<SubscribeResponse>> answer;
    private final List<SubscribeRequest> requests = new CopyOnWriteArrayList<>();

    Script(BiConsumer<Integer, StreamObserver<SubscribeResponse>> answer) {
      this.answer = answer;
    }

    @Override
    public void subscribe(SubscribeRequest request, StreamObserver<SubscribeResponse> frames) {
      requests.add(request);
      answer.accept(requests.size(), frames);
    }
  }
}
