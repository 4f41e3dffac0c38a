package dev.callboard;

import dev.callboard.v1.BusPosition;
import dev.callboard.v1.StartPosition;
import dev.callboard.v1.SubscribeRequest;
import dev.callboard.v1.SubscribeRequest.StartCase;
import dev.callboard.v1.SubscribeResponse;
import dev.callboard.v1.SubscribeResponse.Delivery;
import dev.callboard.v1.SubscribeResponse.Gap;
import dev.callboard.v1.SubscribeResponse.Opened;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What to ask for after a break, so that nothing is missed and nothing comes twice.
 *
 * <p>Knows frames and requests only, nothing of the network.
 */
final class Resume {

  private final SubscribeRequest asked;
  private final boolean wide;
  private final Map<Place, String> cursors =
      new TreeMap<>(Comparator.comparing(Place::project).thenComparing(Place::task));
  private boolean opened;
  private boolean caughtUp;
  private long delivered;

  // Buses that the first stream had not opened yet when it broke, and whose messages up to
  // `since_time` are passed over here.
  private boolean resumed;
  private final Set<Place> passingOver = new HashSet<>();
  private boolean passedOver;

  /** Starts with what the caller asked for. */
  Resume(SubscribeRequest asked) {
    this.asked = asked;
    wide =
        switch (asked.getScope()) {
          case SUBSCRIBE_SCOPE_PROJECT, SUBSCRIBE_SCOPE_ALL -> true;
          case SUBSCRIBE_SCOPE_UNSPECIFIED -> asked.getProjectId().isEmpty();
          case SUBSCRIBE_SCOPE_BUS, UNRECOGNIZED -> false;
        };
    for (BusPosition position : asked.getPositionsList()) {
      take(position);
    }
  }

  /** Whether more than one bus is followed. */
  boolean isWide() {
    return wide;
  }

  /** Whether the server has said where reading starts, so that nothing later can be missed. */
  boolean isPlaced() {
    return caughtUp || (opened && !wide);
  }

  /** Whether as many messages were delivered as were asked for; never without a limit. */
  boolean isComplete() {
    return asked.getLimit() > 0 && delivered >= asked.getLimit();
  }

  /** Whether the end of a stream without an error is the end of what was asked for. */
  boolean isFinished() {
    if (isComplete()) {
      return true;
    }
    // The server's count includes what was passed over here.
    boolean limited = asked.getLimit() > 0 && passedOver;
    return asked.getStopAtTail() && !limited;
  }

  /** How far reading has come, in each bus that has a position. */
  List<BusPosition> positions() {
    return cursors.entrySet().stream()
        .filter(entry -> !entry.getValue().isEmpty())
        .map(
            entry ->
                BusPosition.newBuilder()
                    .setProjectId(entry.getKey().project())
                    .setTaskId(entry.getKey().task())
                    .setCursor(entry.getValue())
                    .build())
        .toList();
  }

  /** How far it has come in the one bus followed; empty without a position, and when wide. */
  String cursor() {
    List<BusPosition> positions = positions();
    return wide || positions.isEmpty() ? "" : positions.get(0).getCursor();
  }

  /**
   * Returns the request for the first stream, or for the next one after a break.
   *
   * <p>Not to be asked once complete: a limit of 0 would mean no limit.
   */
  SubscribeRequest request() {
    SubscribeRequest.Builder request = asked.toBuilder();
    if (asked.getLimit() > 0) {
      request.setLimit(asked.getLimit() - delivered);
    }
    passedOver = false;
    if (!canGoOn()) {
      return request.build();
    }
    resumed = true;
    request.clearStart().clearPositions();
    if (wide) {
      request.addAllPositions(positions());
    } else if (!cursor().isEmpty()) {
      request.setCursor(cursor());
    }
    // Without a cursor there was no bus yet: all that it holds now is new.
    if (request.getPositionsCount() == 0 && request.getStartCase() == StartCase.START_NOT_SET) {
      request.setPosition(StartPosition.START_POSITION_EARLIEST);
    }
    return request.build();
  }

  /** Whether a message is for the caller; false for one that is passed over. */
  boolean delivers(Delivery delivery) {
    return !passingOver.contains(placeOf(delivery))
        || Times.instant(delivery.getMessage().getTs())
            .isAfter(Times.instant(asked.getSinceTime()));
  }

  /** Takes note of a frame. */
  void take(SubscribeResponse frame) {
    switch (frame.getFrameCase()) {
      case OPENED -> take(frame.getOpened());
      case MESSAGE -> take(frame.getMessage());
      case CAUGHT_UP -> caughtUp = true;
      case GAP -> take(frame.getGap());
      case CLOSING -> frame.getClosing().getPositionsList().forEach(this::take);
      case HEARTBEAT, DAMAGED, FRAME_NOT_SET -> {}
    }
  }

  private void take(BusPosition position) {
    cursors.put(new Place(position.getProjectId(), position.getTaskId()), position.getCursor());
  }

  private void take(Opened frame) {
    Place place = new Place(frame.getProjectId(), frame.getTaskId());
    boolean byTime = asked.getStartCase() == StartCase.SINCE_TIME;
    if (wide && byTime && resumed && !caughtUp && !cursors.containsKey(place)) {
      passingOver.add(place);
    }
    opened = true;
    cursors.put(place, frame.getCursor());
  }

  private void take(Delivery delivery) {
    opened = true;
    cursors.put(placeOf(delivery), delivery.getCursor());
    if (delivers(delivery)) {
      passingOver.remove(placeOf(delivery));
      delivered++;
    } else {
      passedOver = true;
    }
  }

  private void take(Gap gap) {
    // A deleted bus that comes back is read from its beginning.
    boolean deleted = gap.getReason().equals("BUS_DELETED");
    cursors.put(
        new Place(gap.getProjectId(), gap.getTaskId()), deleted ? "" : gap.getOldestCursor());
  }

  /** Whether positions say more than the start the caller gave. */
  private boolean canGoOn() {
    if (!wide) {
      return opened;
    }
    boolean fromEnd =
        asked.getPositionsCount() == 0
            && switch (asked.getStartCase()) {
              case START_NOT_SET -> true;
              case POSITION -> asked.getPosition() != StartPosition.START_POSITION_EARLIEST;
              case SINCE_ID, CURSOR, SINCE_TIME -> false;
            };
    if (fromEnd && !caughtUp) {
      // A bus that is not in `positions` starts at its beginning, and some may not have been
      // opened yet: the end is still to be found.
      return delivered > 0;
    }
    return opened || caughtUp;
  }

  private static Place placeOf(Delivery delivery) {
    return new Place(delivery.getProjectId(), delivery.getTaskId());
  }
}
