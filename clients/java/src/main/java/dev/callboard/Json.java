package dev.callboard;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.util.Map;

/** JSON objects as the text that logs and events keep. */
final class Json {

  private static final Gson GSON =
      new GsonBuilder().disableHtmlEscaping().serializeNulls().create();

  private Json() {}

  /** An object on one line. */
  static String text(Map<String, ?> object) {
    return GSON.toJson(object);
  }

  /** A text as an object. */
  static JsonObject parse(String text) {
    return GSON.fromJson(text, JsonObject.class);
  }
}
