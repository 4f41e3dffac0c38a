package dev.callboard.conformance;

import com.google.gson.JsonObject;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.callboard.AppendOptions;
import dev.callboard.AppendStream;
import dev.callboard.CallboardClient;
import dev.callboard.CallboardException;
import dev.callboard.Follow;
import dev.callboard.FollowOptions;
import dev.callboard.FollowScope;
import dev.callboard.LogEntries;
import dev.callboard.LogEntry;
import dev.callboard.NewMessage;
import dev.callboard.PollOptions;
import dev.callboard.ReadLogOptions;
import dev.callboard.ReadOptions;
import dev.callboard.v1.BusPosition;
import dev.callboard.v1.Message;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What is done with buses, and with all that is followed item by item. */
final class BusSteps implements Driver.Steps {

  private final Clients clients;
  private final Map<String, ItemStream> streams = new HashMap<>();
  private final Map<String, Follow> follows = new HashMap<>();

  BusSteps(Clients clients) {
    this.clients = clients;
  }

  @Override
  public Object perform(String step, Arguments with) throws Exception {
    return switch (step) {
      case "append" ->
          Arguments.toJson(clients.of(with).append(newMessage(with), appendOptions(with)));
      case "append_many" ->
          Arguments.toJson(clients.of(with).appendMany(messages(with), appendOptions(with)));
      case "append_stream" -> appendStream(with);
      case "read" -> read(with);
      case "get" ->
          Arguments.toJson(
              clients.of(with).get(with.text("msg_id"), with.text("project"), with.text("task")));
      case "poll" -> poll(with);
      case "follow" -> follow(with);
      case "follow_log" -> {
        LogEntries entries = clients.of(with).readLog(logOptions(with).follow(true));
        streams.put(with.text("name"), new ItemStream(entries, BusSteps::describe, entries::close));
        yield new JsonObject();
      }
      case "next" -> stream(with).next(with);
      case "positions" -> positions(with);
      case "stop" -> {
        // Also the streams of bytes are stopped by this name; see RunSteps.
        ItemStream stream = streams.remove(with.text("name"));
        follows.remove(with.text("name"));
        if (stream != null) {
          stream.close();
        }
        yield stream == null ? null : new JsonObject();
      }
      default -> null;
    };
  }

  static ReadLogOptions logOptions(Arguments with) {
    ReadLogOptions options = with.place(new ReadLogOptions());
    options.offset(with.number("offset", 0));
    with.ifNumber("tail", options::tail);
    return options;
  }

  static JsonObject describe(LogEntry entry) {
    JsonObject described = new JsonObject();
    described.addProperty("entry", entry.text());
    described.addProperty("offset", entry.offset());
    described.addProperty("damaged", entry.damaged());
    return described;
  }

  private static NewMessage newMessage(Arguments with) {
    NewMessage message = with.place(NewMessage.of(with.text("type", ""), with.text("body", "")));
    with.ifText("run", message::run);
    if (with.has("meta")) {
      with.json()
          .getAsJsonObject("meta")
          .asMap()
          .forEach((key, value) -> message.meta(key, value.getAsString()));
    }
    List.of(with.texts("parents")).forEach(message::parent);
    List.of(with.texts("links")).forEach(message::link);
    with.ifText("issue_id", message::issueId);
    with.ifText("attachment_path", message::attachmentPath);
    return message;
  }

  private static AppendOptions appendOptions(Arguments with) {
    AppendOptions options = new AppendOptions().timeout(with.seconds("timeout"));
    with.ifText("request_id", options::requestId);
    with.ifText("expected_last_msg_id", options::expectedLastMsgId);
    return options;
  }

  private List<Message> messages(Arguments with) throws IOException {
    CallboardClient client = clients.of(with);
    return with.objects("messages").stream().map(one -> client.message(newMessage(one))).toList();
  }

  private Object appendStream(Arguments with) throws IOException, Driver.PartialException {
    List<JsonObject> answers = new ArrayList<>();
    try (AppendStream stream =
        clients.of(with).appendStream(messages(with), with.text("request_id"))) {
      stream.forEachRemaining(answer -> answers.add(Arguments.toJson(answer)));
    } catch (CallboardException error) {
      throw new Driver.PartialException(error, Driver.listed("answers", answers));
    }
    return Driver.listed("answers", answers);
  }

  private Object read(Arguments with) throws IOException {
    ReadOptions options = with.place(new ReadOptions()).types(with.texts("types"));
    options.sinceId(with.text("since_id")).cursor(with.text("cursor"));
    options.sinceTime(with.time("since_time"));
    with.ifNumber("tail", options::tail);
    with.ifNumber("limit", options::limit);
    with.ifText("run", options::run);
    List<JsonObject> messages = new ArrayList<>();
    clients.of(with).read(options).forEach(message -> messages.add(Arguments.toJson(message)));
    return Driver.listed("messages", messages);
  }

  private Object poll(Arguments with) throws IOException {
    PollOptions options = with.place(new PollOptions()).types(with.texts("types"));
    options.sinceId(with.text("since_id")).cursor(with.text("cursor"));
    with.ifNumber("limit", options::limit);
    with.ifText("run", options::run);
    if (with.has("timeout")) {
      options.timeout(with.seconds("timeout"));
    }
    return Arguments.toJson(clients.of(with).poll(options));
  }

  private Object follow(Arguments with) throws IOException {
    FollowOptions options = with.place(new FollowOptions()).types(with.texts("types"));
    with.ifText(
        "scope", scope -> options.scope(FollowScope.valueOf(scope.toUpperCase(Locale.ROOT))));
    with.ifText(
        "start",
        start -> {
          if (start.equals("earliest")) {
            options.fromEarliest();
          } else {
            options.fromLatest();
          }
        });
    options.sinceId(with.text("since_id")).cursor(with.text("cursor"));
    options.sinceTime(with.time("since_time")).positions(positionsOf(with));
    with.ifText("run", options::run);
    options.stopAtTail(with.flag("stop_at_tail")).limit(with.number("limit", 0));
    options.heartbeatInterval(with.seconds("heartbeat_interval"));
    options.retryFor(with.seconds("retry_for"));
    Follow follow = clients.of(with).follow(options);
    follows.put(with.text("name"), follow);
    streams.put(with.text("name"), new ItemStream(follow, Arguments::toJson, follow::close));
    return new JsonObject();
  }

  private static List<BusPosition> positionsOf(Arguments with)
      throws InvalidProtocolBufferException {
    List<BusPosition> positions = new ArrayList<>();
    for (Arguments position : with.objects("positions")) {
      JsonObject wrapped = new JsonObject();
      wrapped.add("position", position.json());
      positions.add(new Arguments(wrapped).message("position", BusPosition.newBuilder()).build());
    }
    return positions;
  }

  private Object positions(Arguments with) throws IOException {
    Follow follow = follows.get(with.text("name"));
    if (follow == null) {
      throw new IOException("nothing is followed as " + with.text("name"));
    }
    JsonObject reached =
        Driver.listed("positions", follow.positions().stream().map(Arguments::toJson).toList());
    reached.addProperty("cursor", follow.cursor());
    return reached;
  }

  private ItemStream stream(Arguments with) throws IOException {
    ItemStream stream = streams.get(with.text("name"));
    if (stream == null) {
      throw new IOException("nothing is followed as " + with.text("name"));
    }
    return stream;
  }
}
