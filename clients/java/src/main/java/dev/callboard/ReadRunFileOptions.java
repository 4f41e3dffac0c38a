package dev.callboard;

import dev.callboard.Defaults.RunPlace;
import dev.callboard.v1.ReadRunFileRequest;

/** What to read of a run's file: by default all there is, of the client's own run. */
public final class ReadRunFileOptions extends PlaceOptions<ReadRunFileOptions> {

  private final ReadRunFileRequest.Builder request = ReadRunFileRequest.newBuilder();
  private String run;

  /** All there is, of the client's own run. */
  public ReadRunFileOptions() {}

  @Override
  ReadRunFileOptions self() {
    return this;
  }

  /**
   * Chooses the run.
   *
   * @param runId the run; null means the client's own
   * @return these options
   */
  public ReadRunFileOptions run(String runId) {
    run = runId;
    return this;
  }

  /**
   * Chooses where to begin.
   *
   * @param bytes from the file's beginning
   * @return these options
   */
  public ReadRunFileOptions offset(long bytes) {
    request.setOffset(bytes);
    return this;
  }

  /**
   * Begins with the last lines.
   *
   * @param lines how many, at most 100 000; 0 means to begin at the offset
   * @return these options
   */
  public ReadRunFileOptions tailLines(int lines) {
    request.setTailLines(lines);
    return this;
  }

  /**
   * Goes on with what is appended, until the run has ended or its process is gone.
   *
   * @param whether whether to
   * @return these options
   */
  public ReadRunFileOptions follow(boolean whether) {
    request.setFollow(whether);
    return this;
  }

  /** The first request. */
  ReadRunFileRequest resolve(String file, Defaults defaults) {
    RunPlace place = defaults.runPlace(this, run);
    return request
        .clone()
        .setProjectId(place.project())
        .setTaskId(place.task())
        .setRunId(place.run())
        .setFile(file)
        .build();
  }
}
