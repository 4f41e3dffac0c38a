package dev.callboard.conformance;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.ToNumberPolicy;
import com.google.gson.reflect.TypeToken;
import dev.callboard.ArtifactInput;
import dev.callboard.ArtifactOptions;
import dev.callboard.ArtifactRef;
import dev.callboard.CallboardClient;
import dev.callboard.LogEntries;
import dev.callboard.LogOptions;
import dev.callboard.ReadRunFileOptions;
import dev.callboard.RunFileInput;
import dev.callboard.RunFileOptions;
import dev.callboard.v1.Artifact;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What is done with artifacts, logs and files of runs. */
final class StorageSteps implements Driver.Steps {

  /** Numbers keep their digits. */
  private static final Gson GSON =
      new GsonBuilder().setObjectToNumberStrategy(ToNumberPolicy.LAZILY_PARSED_NUMBER).create();

  private final Clients clients;
  private final Map<String, ByteStream> streams = new HashMap<>();

  StorageSteps(Clients clients) {
    this.clients = clients;
  }

  @Override
  public Object perform(String step, Arguments with) throws Exception {
    return switch (step) {
      case "put_artifact" -> Arguments.toJson(putArtifact(with));
      case "get_artifact" -> getArtifact(with);
      case "append_log" -> appendLog(with);
      case "read_log" -> readLog(with);
      case "put_run_file" -> Map.of("size", putRunFile(with));
      case "get_run_file" -> getRunFile(with);
      case "follow_run_file" -> {
        RunFileInput input =
            clients.of(with).openRunFile(with.text("file"), readOptions(with).follow(true));
        streams.put(with.text("name"), new ByteStream(input));
        yield new JsonObject();
      }
      case "next_bytes" -> streams.get(with.text("name")).next(with);
      case "stop" -> {
        streams.remove(with.text("name")).close();
        yield new JsonObject();
      }
      default -> null;
    };
  }

  /** An object of a step as the client takes one. */
  static Map<String, Object> map(JsonObject object) {
    return GSON.fromJson(object, new TypeToken<Map<String, Object>>() {}.getType());
  }

  private Artifact putArtifact(Arguments with) throws IOException {
    CallboardClient client = clients.of(with);
    ArtifactOptions options =
        with.place(new ArtifactOptions())
            .name(with.text("name"))
            .versioned(with.flag("versioned"))
            .attachment(with.flag("attachment"))
            .requestId(with.text("request_id"));
    if (with.has("file")) {
      return client.putArtifact(Path.of(with.text("file")), options);
    }
    if (with.has("stream")) {
      try (InputStream input = Files.newInputStream(Path.of(with.text("stream")))) {
        return client.putArtifact(input, options);
      }
    }
    return client.putArtifact(Base64.getDecoder().decode(with.text("data", "")), options);
  }

  private Object getArtifact(Arguments with) throws IOException {
    CallboardClient client = clients.of(with);
    ArtifactRef artifact =
        with.place(
            with.has("name")
                ? ArtifactRef.named(with.text("name"))
                : ArtifactRef.at(with.text("path")));
    Arrived arrived = new Arrived();
    Artifact described;
    if (with.has("to")) {
      Path destination = Path.of(with.text("to"));
      described = client.getArtifact(artifact, destination);
      Files.copy(destination, arrived);
    } else {
      try (ArtifactInput input = client.openArtifact(artifact)) {
        input.transferTo(arrived);
        described = input.artifact();
      }
    }
    JsonObject answer = arrived.toJson();
    answer.add("artifact", Arguments.toJson(described));
    return answer;
  }

  private Object appendLog(Arguments with) throws IOException {
    List<Map<String, Object>> entries =
        with.objects("entries").stream().map(entry -> map(entry.json())).toList();
    LogOptions options = with.place(new LogOptions()).requestId(with.text("request_id"));
    return Arguments.toJson(clients.of(with).appendLog(entries, options));
  }

  private Object readLog(Arguments with) throws IOException {
    List<JsonObject> items = new ArrayList<>();
    try (LogEntries entries = clients.of(with).readLog(BusSteps.logOptions(with))) {
      entries.forEachRemaining(entry -> items.add(BusSteps.describe(entry)));
    }
    return Driver.listed("items", items);
  }

  private long putRunFile(Arguments with) throws IOException {
    CallboardClient client = clients.of(with);
    RunFileOptions options = with.place(new RunFileOptions()).run(with.text("run"));
    String file = with.text("file");
    if (with.has("from_file")) {
      return client.putRunFile(file, Path.of(with.text("from_file")), options);
    }
    if (with.has("stream")) {
      try (InputStream input = Files.newInputStream(Path.of(with.text("stream")))) {
        return client.putRunFile(file, input, options);
      }
    }
    return client.putRunFile(file, Base64.getDecoder().decode(with.text("data", "")), options);
  }

  private Object getRunFile(Arguments with) throws IOException {
    CallboardClient client = clients.of(with);
    Arrived arrived = new Arrived();
    if (with.has("to")) {
      Path destination = Path.of(with.text("to"));
      client.getRunFile(with.text("file"), destination, readOptions(with));
      Files.copy(destination, arrived);
    } else {
      client.getRunFile(with.text("file"), arrived, readOptions(with));
    }
    return arrived.toJson();
  }

  private static ReadRunFileOptions readOptions(Arguments with) {
    ReadRunFileOptions options = with.place(new ReadRunFileOptions()).run(with.text("run"));
    options.offset(with.number("offset", 0));
    with.ifNumber("tail_lines", options::tailLines);
    return options;
  }
}
