package dev.callboard.conformance;

import com.google.gson.JsonObject;
import dev.callboard.CallboardException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** A stream of bytes that is asked for with a time limit; a thread of its own reads it. */
final class ByteStream {

  private final InputStream input;
  private final ByteArrayOutputStream arrived = new ByteArrayOutputStream();
  private boolean ended;
  private CallboardException error;
  private IOException failure;

  ByteStream(InputStream input) {
    this.input = input;
    Thread thread = new Thread(this::pump, "byte-stream");
    thread.setDaemon(true);
    thread.start();
  }

  /** Waits for as many bytes as asked for, for the end, or for the time to be up. */
  synchronized JsonObject next(Arguments with) throws InterruptedException, IOException {
    long count = with.number("count", 1);
    long millis = with.has("timeout") ? with.seconds("timeout").toMillis() : 30_000;
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    JsonObject answer = new JsonObject();
    while (arrived.size() < count && !ended) {
      long left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
      if (left <= 0) {
        answer.addProperty("timed_out", true);
        break;
      }
      wait(left);
    }
    if (failure != null) {
      throw failure;
    }
    answer.addProperty("text", arrived.toString(StandardCharsets.UTF_8));
    arrived.reset();
    if (error != null) {
      answer.add("error", Driver.describe(error));
    } else if (ended) {
      answer.addProperty("ended", true);
    }
    return answer;
  }

  void close() throws IOException {
    input.close();
  }

  private void pump() {
    byte[] piece = new byte[1 << 16];
    try {
      for (int count = input.read(piece); count >= 0; count = input.read(piece)) {
        synchronized (this) {
          arrived.write(piece, 0, count);
          notifyAll();
        }
      }
    } catch (CallboardException refused) {
      synchronized (this) {
        error = refused;
      }
    } catch (IOException broken) {
      synchronized (this) {
        failure = broken;
      }
    }
    synchronized (this) {
      ended = true;
      notifyAll();
    }
  }
}
