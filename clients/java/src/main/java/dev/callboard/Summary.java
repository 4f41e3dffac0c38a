package dev.callboard;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** Texts as short as the server wants them. */
final class Summary {

  private static final int SUMMARY_BYTES_MAX = 4 << 10;

  private Summary() {}

  /** An exception in one short text: its type and what it says. */
  static String of(Throwable error) {
    String type = error.getClass().getSimpleName();
    // An anonymous class has no simple name.
    String name = type.isEmpty() ? error.getClass().getName() : type;
    String message = error.getMessage();
    return cut(message == null ? name : name + ": " + message, SUMMARY_BYTES_MAX);
  }

  /** The beginning of a text that is at most so many bytes of UTF-8; no character is split. */
  static String cut(String text, int bytesMax) {
    CharsetEncoder encoder =
        StandardCharsets.UTF_8.newEncoder().onMalformedInput(CodingErrorAction.REPLACE);
    CharBuffer characters = CharBuffer.wrap(text);
    encoder.encode(characters, ByteBuffer.allocate(bytesMax), true);
    return text.substring(0, characters.position());
  }
}
