package dev.callboard.conformance;

import com.google.gson.JsonObject;
import dev.callboard.CallboardClient;
import dev.callboard.RunContext;
import dev.callboard.RunOptions;
import dev.callboard.RunOutput;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;

/** What is done in runs: each run's block is a thread that does what it is told. */
final class RunSteps implements Driver.Steps {

  private final Clients clients;
  private final Map<String, Block> blocks = new HashMap<>();

  RunSteps(Clients clients) {
    this.clients = clients;
  }

  @Override
  public Object perform(String step, Arguments with) throws Exception {
    return switch (step) {
      case "run_begin" -> {
        Block block = new Block(clients.of(with), options(with));
        Object begun = unwrap(block.begun);
        blocks.put(with.text("name"), block);
        yield begun;
      }
      case "run_write" ->
          inside(
              with,
              run -> {
                output(run, with.text("to")).print(with.text("text"));
                return new JsonObject();
              });
      case "run_event" ->
          inside(
              with,
              run -> {
                JsonObject data =
                    with.has("data") ? with.json().getAsJsonObject("data") : new JsonObject();
                run.event(with.text("event"), StorageSteps.map(data));
                return new JsonObject();
              });
      case "run_append" ->
          inside(
              with, run -> Arguments.toJson(run.append(with.text("type"), with.text("body", ""))));
      case "run_end" -> {
        Block block = blocks.remove(with.text("name"));
        block.tell(
            run -> {
              with.ifNumber("exit_code", run::exitCode);
              throw new Leave();
            });
        unwrap(block.ended);
        yield new JsonObject();
      }
      case "run_fail" -> {
        Block block = blocks.remove(with.text("name"));
        String message = with.text("message");
        block.tell(
            run -> {
              throw new Failed(message);
            });
        unwrap(block.ended);
        yield new JsonObject();
      }
      default -> null;
    };
  }

  private static RunOptions options(Arguments with) {
    RunOptions options = with.place(RunOptions.of(with.text("agent_type", "")));
    with.ifText("run_id", options::runId);
    with.ifText("prompt", options::prompt);
    with.ifText("commandline", options::commandline);
    with.ifText("parent_run_id", options::parentRunId);
    with.ifText("previous_run_id", options::previousRunId);
    return options;
  }

  private static RunOutput output(RunContext run, String name) throws IOException {
    return switch (name) {
      case "stdout" -> run.stdout();
      case "stderr" -> run.stderr();
      case "output" -> run.output();
      default -> throw new IOException("a run has no " + name);
    };
  }

  private Object inside(Arguments with, Work work) throws Exception {
    CompletableFuture<Object> done = new CompletableFuture<>();
    blocks
        .get(with.text("name"))
        .tell(
            run -> {
              try {
                return done.complete(work.perform(run));
              } catch (Exception failure) {
                return done.completeExceptionally(failure);
              }
            });
    return unwrap(done);
  }

  private static Object unwrap(CompletableFuture<Object> future) throws Exception {
    try {
      return future.get();
    } catch (ExecutionException failed) {
      throw failed.getCause() instanceof Exception cause ? cause : failed;
    }
  }

  /** Something that is done in a run. */
  private interface Work {
    Object perform(RunContext run) throws Exception;
  }

  /** Leaves the block normally. */
  private static final class Leave extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /** Leaves the block by an exception. */
  private static final class Failed extends Exception {
    private static final long serialVersionUID = 1L;

    Failed(String message) {
      super(message);
    }
  }

  /** The client's block around a run, in a thread of its own. */
  private static final class Block {
    private final BlockingQueue<Work> told = new LinkedBlockingQueue<>();
    private final CompletableFuture<Object> begun = new CompletableFuture<>();
    private final CompletableFuture<Object> ended = new CompletableFuture<>();

    Block(CallboardClient client, RunOptions options) {
      Thread thread = new Thread(() -> perform(client, options), "run");
      thread.setDaemon(true);
      thread.start();
    }

    void tell(Work work) {
      told.add(work);
    }

    private void perform(CallboardClient client, RunOptions options) {
      try {
        client.run(options, this::performAll);
        ended.complete(true);
      } catch (Failed expected) {
        ended.complete(true);
      } catch (Exception failure) {
        begun.completeExceptionally(failure);
        ended.completeExceptionally(failure);
      }
    }

    private void performAll(RunContext run) throws Exception {
      begun.complete(Arguments.toJson(run.info()));
      try {
        while (true) {
          told.take().perform(run);
        }
      } catch (Leave normally) {
        return;
      }
    }
  }
}
