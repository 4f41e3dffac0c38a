package dev.callboard;

import dev.callboard.v1.PollForNewRequest;
import java.time.Duration;
import java.util.List;

/**
 * What to wait for: by default whatever comes to the client's own bus within 30 s. Only one start
 * may be given.
 */
public final class PollOptions extends PlaceOptions<PollOptions> {

  private final Starts starts = new Starts();
  private final PollForNewRequest.Builder request = PollForNewRequest.newBuilder();
  Duration timeout = Duration.ofSeconds(30);

  /** Whatever comes to the client's own bus within 30 s. */
  public PollOptions() {}

  @Override
  PollOptions self() {
    return this;
  }

  /**
   * Starts strictly after a message.
   *
   * @param msgId the message's id; null means that this is not the start
   * @return these options
   */
  public PollOptions sinceId(String msgId) {
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
  public PollOptions cursor(String position) {
    starts.note("cursor", position);
    if (position != null) {
      request.setCursor(position);
    }
    return this;
  }

  /**
   * Chooses how long to wait.
   *
   * @param duration from zero, which does not wait, to 300 s
   * @return these options
   */
  public PollOptions timeout(Duration duration) {
    timeout = duration;
    return this;
  }

  /**
   * Bounds how many messages are given.
   *
   * @param count from 1 to 5000; 0 means 100
   * @return these options
   */
  public PollOptions limit(int count) {
    request.setLimit(count);
    return this;
  }

  /**
   * Chooses messages by their type, compared exactly.
   *
   * @param names the types; none means all
   * @return these options
   */
  public PollOptions types(String... names) {
    request.clearTypes().addAllTypes(List.of(names));
    return this;
  }

  /**
   * Chooses the messages of one run.
   *
   * @param runId the run; empty means all
   * @return these options
   */
  public PollOptions run(String runId) {
    request.setRunId(runId);
    return this;
  }

  /** Whether a second attempt sees what came before it. */
  boolean isRepeatable() {
    return starts.isGiven();
  }

  /** The request, without how long to wait. */
  PollForNewRequest resolve(Defaults defaults) {
    Place place = defaults.place(this);
    return request.clone().setProjectId(place.project()).setTaskId(place.task()).build();
  }
}
