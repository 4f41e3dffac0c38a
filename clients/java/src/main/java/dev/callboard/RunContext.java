package dev.callboard;

import dev.callboard.Defaults.RunPlace;
import dev.callboard.v1.AppendMessageRequest;
import dev.callboard.v1.AppendMessageResponse;
import dev.callboard.v1.AppendRunEventRequest;
import dev.callboard.v1.AppendRunEventResponse;
import dev.callboard.v1.ErrorReason;
import dev.callboard.v1.Message;
import dev.callboard.v1.MessageBusGrpc;
import dev.callboard.v1.Parent;
import dev.callboard.v1.Run;
import dev.callboard.v1.StorageGrpc;
import dev.callboard.v1.UpdateRunStatusRequest;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * A run that is being recorded: that it began, what it writes, and how it ends.
 *
 * <p>{@link CallboardClient#run} ends it by itself. Who has it from {@link
 * CallboardClient#startRun} calls {@link #close()} when it went well, and {@link #fail} before when
 * it did not. Any thread may use it.
 */
public final class RunContext implements AutoCloseable {

  private static final Logger LOG = System.getLogger("dev.callboard");

  /** How long what was written may stay unsent. */
  private static final long FLUSH_INTERVAL_MILLIS = 500;

  private final Calls calls;
  private final Defaults defaults;
  private final Run info;
  private final String startMsgId;
  private final RunOutput stdout;
  private final RunOutput stderr;
  private final RunOutput output;
  private final ScheduledExecutorService flusher;
  private volatile int exitCode;
  private boolean ended;

  /**
   * Goes on with a run whose start is recorded.
   *
   * @param startMsgId the id of its RUN_START
   */
  RunContext(Connection connection, Calls calls, Run info, String startMsgId) {
    this.calls = calls;
    this.info = info;
    this.startMsgId = startMsgId;
    defaults = new Defaults(info.getProjectId(), info.getTaskId(), info.getRunId());
    RunPlace place = new RunPlace(info.getProjectId(), info.getTaskId(), info.getRunId());
    stdout = new RunOutput(new RunFileAppender(connection, calls, place, "stdout", 0));
    stderr = new RunOutput(new RunFileAppender(connection, calls, place, "stderr", 0));
    output = new RunOutput(new RunFileAppender(connection, calls, place, "output", 0));
    flusher = Executors.newSingleThreadScheduledExecutor(RunContext::newFlusherThread);
    flusher.scheduleWithFixedDelay(
        () -> List.of(stdout, stderr, output).forEach(RunOutput::flushInBackground),
        FLUSH_INTERVAL_MILLIS,
        FLUSH_INTERVAL_MILLIS,
        TimeUnit.MILLISECONDS);
  }

  /**
   * Returns the run's id.
   *
   * @return the id
   */
  public String runId() {
    return info.getRunId();
  }

  /**
   * Returns the run as it was when it began.
   *
   * @return the run
   */
  public Run info() {
    return info;
  }

  /**
   * Returns where its standard output goes.
   *
   * @return the file {@code stdout}
   */
  public RunOutput stdout() {
    return stdout;
  }

  /**
   * Returns where its standard error goes.
   *
   * @return the file {@code stderr}
   */
  public RunOutput stderr() {
    return stderr;
  }

  /**
   * Returns where its result goes.
   *
   * @return the file {@code output}
   */
  public RunOutput output() {
    return output;
  }

  /**
   * Records that something happened.
   *
   * @param name one word of 1 to 128 bytes, such as {@code pushed}
   * @param data more about it, as what JSON has: maps, lists, texts, numbers, truth values and
   *     null; empty means nothing
   * @return where the event is in the run's file {@code events}
   * @throws CallboardException when it could not be recorded
   */
  public AppendRunEventResponse event(String name, Map<String, ?> data) {
    AppendRunEventRequest request =
        AppendRunEventRequest.newBuilder()
            .setProjectId(info.getProjectId())
            .setTaskId(info.getTaskId())
            .setRunId(info.getRunId())
            .setEvent(name)
            .setDataJson(data.isEmpty() ? "" : Json.text(data))
            .setRequestId(Calls.newRequestId())
            .build();
    return calls.unary(StorageGrpc.getAppendRunEventMethod(), request);
  }

  /**
   * Appends a message of this run to its task's bus.
   *
   * @param type any word, such as PROGRESS
   * @param body the text
   * @return its id, time and cursor
   * @throws CallboardException when it could not be appended
   */
  public AppendMessageResponse append(String type, String body) {
    return append(NewMessage.of(type, body));
  }

  /**
   * Appends a message of this run; to its task's bus, unless the message says otherwise.
   *
   * @param message the message
   * @return its id, time and cursor
   * @throws CallboardException when it could not be appended
   */
  public AppendMessageResponse append(NewMessage message) {
    return post(message, Calls.newRequestId());
  }

  /**
   * Chooses how the run ends when it ends normally.
   *
   * @param code 0, as it is by default, for completed; anything else for failed
   */
  public void exitCode(int code) {
    exitCode = code;
  }

  /**
   * Ends the run as failed, by an exception; {@link #close()} does nothing after it.
   *
   * <p>When the end cannot be recorded, that is added to the exception as suppressed, and nothing
   * is thrown.
   *
   * @param cause why it failed
   */
  public void fail(Throwable cause) {
    if (!beginEnd()) {
      return;
    }
    String summary = Summary.of(cause);
    try {
      end("failed", 1, summary, NewMessage.of("RUN_CRASH", summary));
    } catch (RuntimeException unrecorded) {
      if (unrecorded != cause) {
        cause.addSuppressed(unrecorded);
      }
    }
  }

  /**
   * Ends the run normally, unless it has ended: sends what was written, records it as completed, or
   * as failed with the exit code that was chosen, and posts RUN_STOP or RUN_CRASH. A run that
   * somebody else has ended stays as it is.
   *
   * @throws CallboardException when not all could be recorded
   */
  @Override
  public void close() {
    if (!beginEnd()) {
      return;
    }
    int code = exitCode;
    String body = "exit code " + code;
    if (code == 0) {
      end("completed", 0, "", NewMessage.of("RUN_STOP", body));
    } else {
      end("failed", code, body, NewMessage.of("RUN_CRASH", body));
    }
  }

  /** The request id of a run's message of one type, which is posted once. */
  static String requestId(String type, Run run) {
    // The id may be as long as a request id by itself.
    String id = run.getRunId();
    String start =
        run.getStartTime().getSeconds()
            + "."
            + String.format("%09d", run.getStartTime().getNanos());
    return type + "-" + start + "-" + id.substring(0, Math.min(id.length(), 64));
  }

  private synchronized boolean beginEnd() {
    boolean first = !ended;
    ended = true;
    return first;
  }

  /** Records as much as it can, then throws the first failure. */
  private void end(String status, int code, String summary, NewMessage message) {
    // What it is sending is waited for below, by the outputs' locks.
    flusher.shutdown();
    Failures failures = new Failures();
    failures.collect(stdout::end);
    failures.collect(stderr::end);
    failures.collect(output::end);
    failures.collect(() -> updateStatus(status, code, summary));
    message
        .meta("exit_code", Integer.toString(code))
        .parent(Parent.newBuilder().setMsgId(startMsgId).setKind("run").build());
    failures.collect(() -> post(message, requestId(message.type(), info)));
    failures.throwFirst();
  }

  private void updateStatus(String status, int code, String summary) {
    UpdateRunStatusRequest request =
        UpdateRunStatusRequest.newBuilder()
            .setProjectId(info.getProjectId())
            .setTaskId(info.getTaskId())
            .setRunId(info.getRunId())
            .setStatus(status)
            .setExitCode(code)
            .setErrorSummary(summary)
            .build();
    try {
      // Ending a run again in the same way changes nothing.
      calls.unary(StorageGrpc.getUpdateRunStatusMethod(), request, null, true);
    } catch (CallboardException.Precondition refused) {
      if (!refused.is(ErrorReason.ERROR_REASON_INVALID_TRANSITION)) {
        throw refused;
      }
      LOG.log(Level.INFO, "run {0} was ended by somebody else: that stays", info.getRunId());
    }
  }

  private AppendMessageResponse post(NewMessage message, String requestId) {
    Message resolved = message.resolve(defaults);
    AppendMessageRequest request =
        AppendMessageRequest.newBuilder().setMessage(resolved).setRequestId(requestId).build();
    return calls.unary(MessageBusGrpc.getAppendMessageMethod(), request);
  }

  private static Thread newFlusherThread(Runnable work) {
    Thread thread = new Thread(work, "callboard-run-output");
    thread.setDaemon(true);
    return thread;
  }
}
