package dev.callboard;

import com.google.gson.JsonObject;
import com.google.gson.JsonSyntaxException;

/**
 * A line of a task's log.
 *
 * @param text the line: a JSON object, unless it is damaged
 * @param offset where it begins, in bytes from the log's beginning
 * @param damaged whether it is no JSON object: the rest of a write that was cut off, or what
 *     another program wrote
 */
public record LogEntry(String text, long offset, boolean damaged) {

  /**
   * Returns what the line says.
   *
   * @return the object; numbers keep their digits
   * @throws JsonSyntaxException when the entry is damaged
   */
  public JsonObject json() {
    return Json.parse(text);
  }
}
