package dev.callboard.conformance;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.callboard.CallboardException;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;

/**
 * Does what it is told on stdin, one JSON object a line, with the public client, and answers each
 * with a line on stdout. What may be told stands in the README of the conformance suite.
 */
public final class Driver {

  private static final Gson GSON =
      new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

  private final Clients clients = new Clients();
  private final BusSteps bus = new BusSteps(clients);
  private final StorageSteps storage = new StorageSteps(clients);
  private final RunSteps runs = new RunSteps(clients);

  /** A part of the driver: it knows some of the things that can be told. */
  interface Steps {
    /** Does it and returns what came of it; null when this part does not know it. */
    Object perform(String step, Arguments with) throws Exception;
  }

  /** A step whose outcome is both an error and something that came before it. */
  static final class PartialException extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient JsonObject before;

    PartialException(CallboardException cause, JsonObject before) {
      super(cause);
      this.before = before;
    }
  }

  private Driver() {}

  /**
   * Answers until stdin ends.
   *
   * @param arguments none
   */
  public static void main(String[] arguments) throws IOException {
    PrintStream answers =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    // Nothing else may get between the answers.
    System.setOut(System.err);
    Driver driver = new Driver();
    BufferedReader steps =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = steps.readLine(); line != null; line = steps.readLine()) {
      answers.println(GSON.toJson(driver.answer(line)));
    }
    driver.clients.closeAll();
    // Threads that still wait for a stream must not keep the process.
    System.exit(0);
  }

  private JsonObject answer(String line) {
    JsonObject answer = new JsonObject();
    try {
      JsonObject told = GSON.fromJson(line, JsonObject.class);
      JsonElement with = told.get("with");
      boolean isTold = with != null && with.isJsonObject();
      Arguments arguments = new Arguments(isTold ? with.getAsJsonObject() : new JsonObject());
      answer.add("ok", GSON.toJsonTree(perform(told.get("do").getAsString(), arguments)));
    } catch (PartialException partial) {
      answer = partial.before;
      answer.add("error", describe((CallboardException) partial.getCause()));
    } catch (CallboardException error) {
      answer.add("error", describe(error));
    } catch (IllegalArgumentException | NoSuchFileException misuse) {
      answer.addProperty("misuse", misuse.getMessage());
    } catch (UnsupportedOperationException unsupported) {
      answer.addProperty("unsupported", unsupported.getMessage());
    } catch (Exception failure) {
      StringWriter trace = new StringWriter();
      failure.printStackTrace(new PrintWriter(trace));
      answer.addProperty("failure", trace.toString());
    }
    return answer;
  }

  private Object perform(String step, Arguments with) throws Exception {
    for (Steps steps : new Steps[] {clients, bus, storage, runs}) {
      Object outcome = steps.perform(step, with);
      if (outcome != null) {
        return outcome;
      }
    }
    throw new IOException("this driver does not know " + step);
  }

  /** An error as the suite compares it. */
  static JsonObject describe(CallboardException error) {
    JsonObject described = new JsonObject();
    described.addProperty("family", error.getClass().getSimpleName());
    described.addProperty("code", error.code().name());
    described.addProperty("reason", error.reason());
    described.add("metadata", GSON.toJsonTree(error.metadata()));
    described.addProperty("message", error.getMessage());
    if (!error.requestId().isEmpty()) {
      described.addProperty("request_id", error.requestId());
    }
    error
        .retryDelay()
        .ifPresent(delay -> described.addProperty("retry_delay", delay.toMillis() / 1000.0));
    return described;
  }

  /** An object with one field, which is a list. */
  static JsonObject listed(String name, Iterable<JsonObject> values) {
    JsonArray list = new JsonArray();
    values.forEach(list::add);
    JsonObject object = new JsonObject();
    object.add(name, list);
    return object;
  }
}
