package dev.callboard;

import dev.callboard.v1.ReadTaskLogRequest;

/** Which entries of a task's log to read: by default all there are of the client's own task. */
public final class ReadLogOptions extends PlaceOptions<ReadLogOptions> {

  private final ReadTaskLogRequest.Builder request = ReadTaskLogRequest.newBuilder();

  /** All there are of the client's own task. */
  public ReadLogOptions() {}

  @Override
  ReadLogOptions self() {
    return this;
  }

  /**
   * Chooses where to begin.
   *
   * @param bytes from the log's beginning: 0, or where an earlier append or read ended
   * @return these options
   */
  public ReadLogOptions offset(long bytes) {
    request.setOffset(bytes);
    return this;
  }

  /**
   * Begins with the last entries.
   *
   * @param entries how many, at most 100 000; 0 means to begin at the offset
   * @return these options
   */
  public ReadLogOptions tail(int entries) {
    request.setTailEntries(entries);
    return this;
  }

  /**
   * Goes on with what is appended, until it is closed.
   *
   * @param whether whether to
   * @return these options
   */
  public ReadLogOptions follow(boolean whether) {
    request.setFollow(whether);
    return this;
  }

  /** The first request. */
  ReadTaskLogRequest resolve(Defaults defaults) {
    Place place = defaults.place(this);
    return request.clone().setProjectId(place.project()).setTaskId(place.task()).build();
  }
}
