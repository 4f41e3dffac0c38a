package dev.callboard.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;
import dev.callboard.PlaceOptions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/** What a step is told, and how protobuf's messages go over. */
record Arguments(JsonObject json) {

  private static final JsonFormat.Printer PRINTER =
      JsonFormat.printer().preservingProtoFieldNames().omittingInsignificantWhitespace();

  boolean has(String name) {
    return json.has(name) && !json.get(name).isJsonNull();
  }

  /** A text; null when it is absent. */
  String text(String name) {
    return has(name) ? json.get(name).getAsString() : null;
  }

  String text(String name, String otherwise) {
    return has(name) ? json.get(name).getAsString() : otherwise;
  }

  boolean flag(String name) {
    return has(name) && json.get(name).getAsBoolean();
  }

  Integer number(String name) {
    return has(name) ? json.get(name).getAsInt() : null;
  }

  long number(String name, long otherwise) {
    return has(name) ? json.get(name).getAsLong() : otherwise;
  }

  /** A duration that stands there in seconds; null when it is absent. */
  Duration seconds(String name) {
    return has(name) ? Duration.ofMillis(Math.round(json.get(name).getAsDouble() * 1000)) : null;
  }

  Instant time(String name) {
    return has(name) ? Instant.parse(json.get(name).getAsString()) : null;
  }

  String[] texts(String name) {
    return list(name, JsonElement::getAsString).toArray(String[]::new);
  }

  List<Arguments> objects(String name) {
    return list(name, element -> new Arguments(element.getAsJsonObject()));
  }

  /** Does something with a text that is there. */
  void ifText(String name, Consumer<String> use) {
    if (has(name)) {
      use.accept(text(name));
    }
  }

  /** Does something with a number that is there. */
  void ifNumber(String name, Consumer<Integer> use) {
    if (has(name)) {
      use.accept(number(name));
    }
  }

  /** Gives options the project and the task, where they are there. */
  <T extends PlaceOptions<T>> T place(T options) {
    ifText("project", options::project);
    ifText("task", options::task);
    return options;
  }

  <B extends Message.Builder> B message(String name, B builder)
      throws InvalidProtocolBufferException {
    if (has(name)) {
      JsonFormat.parser().merge(json.get(name).toString(), builder);
    }
    return builder;
  }

  private <T> List<T> list(String name, Function<JsonElement, T> convert) {
    List<T> values = new ArrayList<>();
    if (has(name)) {
      json.getAsJsonArray(name).forEach(element -> values.add(convert.apply(element)));
    }
    return values;
  }

  /** A message in its JSON form. */
  static JsonObject toJson(MessageOrBuilder message) {
    try {
      return JsonParser.parseString(PRINTER.print(message)).getAsJsonObject();
    } catch (InvalidProtocolBufferException unprintable) {
      throw new IllegalStateException("a message has no JSON form", unprintable);
    }
  }
}
