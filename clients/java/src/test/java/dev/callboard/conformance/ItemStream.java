package dev.callboard.conformance;

import com.google.gson.JsonObject;
import dev.callboard.CallboardException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * A stream whose items are asked for with a time limit. No item is taken before it is asked for:
 * how far a stream has come is what was given.
 */
final class ItemStream {

  private final ExecutorService reader = Executors.newSingleThreadExecutor(ItemStream::newThread);
  private final Iterator<JsonObject> items;
  private final Runnable close;
  private Future<Boolean> waiting;

  <T> ItemStream(Iterator<T> stream, Function<? super T, JsonObject> describe, Runnable close) {
    this.close = close;
    items =
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            return stream.hasNext();
          }

          @Override
          public JsonObject next() {
            return describe.apply(stream.next());
          }
        };
  }

  /** Waits for as many items as asked for, for the end, or for the time to be up. */
  JsonObject next(Arguments with) throws Exception {
    long count = with.number("count", 1);
    long until =
        System.nanoTime()
            + (with.has("timeout")
                ? with.seconds("timeout").toNanos()
                : TimeUnit.SECONDS.toNanos(30));
    List<JsonObject> given = new ArrayList<>();
    JsonObject more = new JsonObject();
    while (given.size() < count) {
      if (waiting == null) {
        waiting = reader.submit(items::hasNext);
      }
      try {
        boolean there = waiting.get(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS);
        waiting = null;
        if (!there) {
          more.addProperty("ended", true);
          break;
        }
        given.add(items.next());
      } catch (TimeoutException late) {
        more.addProperty("timed_out", true);
        break;
      } catch (ExecutionException failed) {
        waiting = null;
        if (!(failed.getCause() instanceof CallboardException error)) {
          throw failed;
        }
        more.add("error", Driver.describe(error));
        break;
      }
    }
    JsonObject answer = Driver.listed("items", given);
    more.entrySet().forEach(entry -> answer.add(entry.getKey(), entry.getValue()));
    return answer;
  }

  void close() {
    close.run();
    reader.shutdown();
  }

  private static Thread newThread(Runnable work) {
    Thread thread = new Thread(work, "item-stream");
    thread.setDaemon(true);
    return thread;
  }
}
