package dev.callboard;

import dev.callboard.v1.RunMeta;
import java.util.Objects;

/** The run to record: by default one of the client's own task, and a child of its own run. */
public final class RunOptions extends PlaceOptions<RunOptions> {

  final String agentType;
  String runId = "";
  String prompt = "";
  String commandline;
  String cwd;
  String parentRunId;
  String previousRunId = "";
  RunMeta meta;

  private RunOptions(String agentType) {
    this.agentType = Objects.requireNonNull(agentType, "agentType");
  }

  /**
   * Begins the options.
   *
   * @param agentType which agent it is, 1 to 128 bytes, such as {@code claude}; any word
   * @return the options
   */
  public static RunOptions of(String agentType) {
    return new RunOptions(agentType);
  }

  @Override
  RunOptions self() {
    return this;
  }

  /**
   * Chooses the run's id.
   *
   * @param id the id; empty means that the server makes one
   * @return these options
   */
  public RunOptions runId(String id) {
    runId = id;
    return this;
  }

  /**
   * Keeps what the agent was told.
   *
   * @param text at most 1 MiB; empty means nothing
   * @return these options
   */
  public RunOptions prompt(String text) {
    prompt = text;
    return this;
  }

  /**
   * Says which command it is.
   *
   * @param text at most 64 KiB; null means this program's own, where the system tells it
   * @return these options
   */
  public RunOptions commandline(String text) {
    commandline = text;
    return this;
  }

  /**
   * Says where it works.
   *
   * @param folder at most 4096 bytes; null means this program's working directory
   * @return these options
   */
  public RunOptions cwd(String folder) {
    cwd = folder;
    return this;
  }

  /**
   * Names the run that starts it.
   *
   * @param id the run; empty means none, and null the client's own
   * @return these options
   */
  public RunOptions parentRunId(String id) {
    parentRunId = id;
    return this;
  }

  /**
   * Names the run that it is a restart of.
   *
   * @param id the run; empty means none
   * @return these options
   */
  public RunOptions previousRunId(String id) {
    previousRunId = id;
    return this;
  }

  /**
   * Adds its worktree and tools, for {@code meta.json}.
   *
   * @param runMeta what it says; null means no such file
   * @return these options
   */
  public RunOptions meta(RunMeta runMeta) {
    meta = runMeta;
    return this;
  }
}
