package dev.callboard;

/** How entries are appended to a task's log: by default that of the client's own task. */
public final class LogOptions extends PlaceOptions<LogOptions> {

  private String requestId;

  /** The log of the client's own task. */
  public LogOptions() {}

  @Override
  LogOptions self() {
    return this;
  }

  /**
   * Chooses the request id: the server appends what has it only once.
   *
   * @param id 1 to 128 bytes; null means a new one
   * @return these options
   */
  public LogOptions requestId(String id) {
    requestId = id;
    return this;
  }

  String chooseRequestId() {
    return requestId == null || requestId.isEmpty() ? Calls.newRequestId() : requestId;
  }
}
