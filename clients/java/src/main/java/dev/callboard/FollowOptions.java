package dev.callboard;

import dev.callboard.v1.BusPosition;
import dev.callboard.v1.StartPosition;
import dev.callboard.v1.SubscribeRequest;
import dev.callboard.v1.SubscribeResponse;
import dev.callboard.v1.SubscribeScope;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;

/**
 * What to follow: by default the client's own bus, from its present end, for ever. Only one start
 * may be given.
 */
public final class FollowOptions extends PlaceOptions<FollowOptions> {

  /** The server's own interval, when none is asked for. */
  private static final Duration HEARTBEAT_INTERVAL = Duration.ofSeconds(15);

  /** A stream that misses so many heartbeats counts as broken. */
  private static final int HEARTBEATS_MISSED = 3;

  private final Starts starts = new Starts();
  private final SubscribeRequest.Builder request = SubscribeRequest.newBuilder();
  private FollowScope scope = FollowScope.BUS;
  private Duration heartbeatInterval = HEARTBEAT_INTERVAL;
  Duration retryFor;
  Consumer<? super SubscribeResponse> onFrame = frame -> {};

  /** The client's own bus, from its present end. */
  public FollowOptions() {}

  @Override
  FollowOptions self() {
    return this;
  }

  /**
   * Chooses which buses are followed.
   *
   * @param buses one bus, all of a project, or all
   * @return these options
   */
  public FollowOptions scope(FollowScope buses) {
    scope = buses;
    return this;
  }

  /**
   * Starts at the first message there is.
   *
   * @return these options
   */
  public FollowOptions fromEarliest() {
    starts.note("fromEarliest", true);
    request.setPosition(StartPosition.START_POSITION_EARLIEST);
    return this;
  }

  /**
   * Starts after the last message there is, which is what happens without a start, too.
   *
   * @return these options
   */
  public FollowOptions fromLatest() {
    starts.note("fromLatest", true);
    request.setPosition(StartPosition.START_POSITION_LATEST);
    return this;
  }

  /**
   * Starts strictly after a message; only for one bus.
   *
   * @param msgId the message's id; null means that this is not the start
   * @return these options
   */
  public FollowOptions sinceId(String msgId) {
    starts.note("sinceId", msgId);
    if (msgId != null) {
      request.setSinceId(msgId);
    }
    return this;
  }

  /**
   * Starts strictly after a position; only for one bus.
   *
   * @param position a cursor, such as {@link Follow#cursor()}; null means that this is not the
   *     start
   * @return these options
   */
  public FollowOptions cursor(String position) {
    starts.note("cursor", position);
    if (position != null) {
      request.setCursor(position);
    }
    return this;
  }

  /**
   * Starts, in each bus, at the first message that is later.
   *
   * @param instant the time; null means that this is not the start
   * @return these options
   */
  public FollowOptions sinceTime(Instant instant) {
    starts.note("sinceTime", instant);
    if (instant != null) {
      request.setSinceTime(Times.timestamp(instant));
    }
    return this;
  }

  /**
   * Goes on in many buses where an earlier Follow was; a bus without a position starts at its
   * beginning.
   *
   * @param reached {@link Follow#positions()}; null or none means that this is not the start
   * @return these options
   */
  public FollowOptions positions(List<BusPosition> reached) {
    if (reached != null && !reached.isEmpty()) {
      starts.note("positions", reached);
      request.clearPositions().addAllPositions(reached);
    }
    return this;
  }

  /**
   * Chooses messages by their type, compared exactly.
   *
   * @param names the types; none means all
   * @return these options
   */
  public FollowOptions types(String... names) {
    request.clearTypes().addAllTypes(List.of(names));
    return this;
  }

  /**
   * Chooses the messages of one run.
   *
   * @param runId the run; empty means all
   * @return these options
   */
  public FollowOptions run(String runId) {
    request.setRunId(runId);
    return this;
  }

  /**
   * Ends where the past has been read.
   *
   * @param stop whether to
   * @return these options
   */
  public FollowOptions stopAtTail(boolean stop) {
    request.setStopAtTail(stop);
    return this;
  }

  /**
   * Ends after so many messages.
   *
   * @param count how many; 0 means never
   * @return these options
   */
  public FollowOptions limit(long count) {
    request.setLimit(count);
    return this;
  }

  /**
   * Chooses how long the server is silent before it says that it is there. After three times as
   * long the stream counts as broken, and is opened again.
   *
   * @param interval at least 100 ms; null means 15 s
   * @return these options
   */
  public FollowOptions heartbeatInterval(Duration interval) {
    if (interval == null) {
      heartbeatInterval = HEARTBEAT_INTERVAL;
      request.clearHeartbeatInterval();
    } else {
      heartbeatInterval = interval;
      request.setHeartbeatInterval(Times.duration(interval));
    }
    return this;
  }

  /**
   * Bounds how long the server is tried again while it cannot be reached.
   *
   * @param duration how long; null means for ever
   * @return these options
   */
  public FollowOptions retryFor(Duration duration) {
    retryFor = duration;
    return this;
  }

  /**
   * Has every frame of the server shown to a callback as well, for those who want to see gaps,
   * damage or heartbeats themselves. It is called by the thread that asks for messages.
   *
   * @param callback what is called
   * @return these options
   */
  public FollowOptions onFrame(Consumer<? super SubscribeResponse> callback) {
    onFrame = callback;
    return this;
  }

  /** How long a stream may be silent. */
  Duration silenceMax() {
    return heartbeatInterval.multipliedBy(HEARTBEATS_MISSED);
  }

  /** The request for the first stream. */
  SubscribeRequest resolve(Defaults defaults) {
    SubscribeRequest.Builder made = request.clone();
    switch (scope) {
      case BUS -> {
        Place place = defaults.place(this);
        made.setScope(SubscribeScope.SUBSCRIBE_SCOPE_BUS)
            .setProjectId(place.project())
            .setTaskId(place.task());
      }
      case PROJECT ->
          made.setScope(SubscribeScope.SUBSCRIBE_SCOPE_PROJECT)
              .setProjectId(defaults.place(project, "").project());
      case ALL -> made.setScope(SubscribeScope.SUBSCRIBE_SCOPE_ALL);
    }
    return made.build();
  }
}
