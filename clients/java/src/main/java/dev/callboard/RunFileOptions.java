package dev.callboard;

/** Whose file is meant: by default that of the client's own run. */
public final class RunFileOptions extends PlaceOptions<RunFileOptions> {

  String run;

  /** A file of the client's own run. */
  public RunFileOptions() {}

  @Override
  RunFileOptions self() {
    return this;
  }

  /**
   * Chooses the run.
   *
   * @param runId the run; null means the client's own
   * @return these options
   */
  public RunFileOptions run(String runId) {
    run = runId;
    return this;
  }
}
