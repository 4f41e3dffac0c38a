package dev.callboard;

import java.time.Duration;

/** How something is appended. */
public final class AppendOptions {

  String requestId;
  String expectedLastMsgId = "";
  Duration timeout;

  /** As is usual. */
  public AppendOptions() {}

  /**
   * Chooses the request id: the server appends what has it only once.
   *
   * @param id 1 to 128 bytes; null means a new one
   * @return these options
   */
  public AppendOptions requestId(String id) {
    requestId = id;
    return this;
  }

  /**
   * Appends only if this is still the bus's last message; else {@link CallboardException.Conflict}
   * with BUS_MOVED.
   *
   * @param msgId the message's id; null or empty means whatever is the last
   * @return these options
   */
  public AppendOptions expectedLastMsgId(String msgId) {
    expectedLastMsgId = msgId == null ? "" : msgId;
    return this;
  }

  /**
   * Bounds the call with all its attempts.
   *
   * @param duration how long; null means the client's timeout
   * @return these options
   */
  public AppendOptions timeout(Duration duration) {
    timeout = duration;
    return this;
  }

  String chooseRequestId() {
    return requestId == null || requestId.isEmpty() ? Calls.newRequestId() : requestId;
  }
}
