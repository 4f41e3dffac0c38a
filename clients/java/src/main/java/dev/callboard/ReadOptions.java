package dev.callboard;

import dev.callboard.v1.ReadMessagesRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * Which messages to read: by default all of the client's own bus, from its beginning. Only one
 * start may be given.
 */
public final class ReadOptions extends PlaceOptions<ReadOptions> {

  private final Starts starts = new Starts();
  private final ReadMessagesRequest.Builder request = ReadMessagesRequest.newBuilder();
  Integer tail;
  Integer limit;
  Duration timeout;

  /** All of the client's own bus. */
  public ReadOptions() {}

  @Override
  ReadOptions self() {
    return this;
  }

  /**
   * Starts strictly after a message.
   *
   * @param msgId the message's id; null means that this is not the start
   * @return these options
   */
  public ReadOptions sinceId(String msgId) {
    starts.note("sinceId", msgId);
    if (msgId != null) {
      request.setSinceId(msgId);
    }
    return this;
  }

  /**
   * Starts strictly after a position.
   *
   * @param position the cursor of an earlier answer; null means that this is not the start
   * @return these options
   */
  public ReadOptions cursor(String position) {
    starts.note("cursor", position);
    if (position != null) {
      request.setCursor(position);
    }
    return this;
  }

  /**
   * Starts at the first message that is later.
   *
   * @param instant the time; null means that this is not the start
   * @return these options
   */
  public ReadOptions sinceTime(Instant instant) {
    starts.note("sinceTime", instant);
    if (instant != null) {
      request.setSinceTime(Times.timestamp(instant));
    }
    return this;
  }

  /**
   * Starts so many messages before the end; only those that pass the filter count.
   *
   * @param count how many, from 1 to 5000
   * @return these options
   */
  public ReadOptions tail(int count) {
    starts.note("tail", count);
    tail = count;
    request.setTail(count);
    return this;
  }

  /**
   * Bounds how many messages are given.
   *
   * @param count at most so many
   * @return these options
   */
  public ReadOptions limit(int count) {
    limit = count;
    return this;
  }

  /**
   * Chooses messages by their type, compared exactly.
   *
   * @param names the types; none means all
   * @return these options
   */
  public ReadOptions types(String... names) {
    request.clearTypes().addAllTypes(List.of(names));
    return this;
  }

  /**
   * Chooses the messages of one run.
   *
   * @param runId the run; empty means all
   * @return these options
   */
  public ReadOptions run(String runId) {
    request.setRunId(runId);
    return this;
  }

  /**
   * Bounds each call with all its attempts.
   *
   * @param duration how long; null means the client's timeout
   * @return these options
   */
  public ReadOptions timeout(Duration duration) {
    timeout = duration;
    return this;
  }

  /** The request for the first page, without a limit. */
  ReadMessagesRequest resolve(Defaults defaults) {
    Place place = defaults.place(this);
    return request.clone().setProjectId(place.project()).setTaskId(place.task()).build();
  }
}
