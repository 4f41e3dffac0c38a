package dev.callboard;

import dev.callboard.v1.BusPosition;
import dev.callboard.v1.Message;
import dev.callboard.v1.MessageBusGrpc;
import dev.callboard.v1.SubscribeRequest;
import dev.callboard.v1.SubscribeResponse;
import dev.callboard.v1.SubscribeResponse.Damaged;
import dev.callboard.v1.SubscribeResponse.Delivery;
import dev.callboard.v1.SubscribeResponse.FrameCase;
import dev.callboard.v1.SubscribeResponse.Gap;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The messages of a subscription as they come: each once, in order within a bus.
 *
 * <p>When the connection breaks or the server restarts, it connects again and goes on where it was.
 * One thread iterates; {@link #close()} may be called from any, and is the end for the one that
 * iterates. Gaps and damage are told in the log {@code dev.callboard}.
 *
 * <p>Iterating throws a {@link CallboardException} when the server refuses: {@link
 * CallboardException.Cursor} when the one bus followed cannot honour its start, and so on.
 */
public final class Follow implements Iterator<Message>, Iterable<Message>, AutoCloseable {

  private static final Logger LOG = System.getLogger("dev.callboard");

  private final Resume resume;
  private final ResumingStream<SubscribeRequest, SubscribeResponse> stream;
  private final Consumer<? super SubscribeResponse> onFrame;
  private SubscribeResponse ahead;
  private Delivery last;

  /** Subscribes, and returns once the server has said where reading starts. */
  Follow(Connection connection, SubscribeRequest request, FollowOptions options) {
    resume = new Resume(request);
    onFrame = options.onFrame;
    stream =
        new ResumingStream<>(
            connection,
            MessageBusGrpc.getSubscribeMethod(),
            new ResumePlan(),
            options.retryFor,
            options.silenceMax());
    while (!resume.isPlaced() && receiveAhead()) {
      // A message is kept for the caller: positions must not run ahead of what was given.
      if (ahead != null) {
        break;
      }
    }
  }

  /** Waits until there is a message, or the end. */
  @Override
  public boolean hasNext() {
    if (resume.isComplete()) {
      // How the stream ends after the last message does not matter.
      close();
      return false;
    }
    while (ahead == null && receiveAhead()) {}
    return ahead != null;
  }

  /** Waits for the next message. */
  @Override
  public Message next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the subscription has ended");
    }
    SubscribeResponse frame = ahead;
    ahead = null;
    take(frame);
    last = frame.getMessage();
    return last.getMessage();
  }

  /** Returns itself: the messages are given once. */
  @Override
  public Iterator<Message> iterator() {
    return this;
  }

  /**
   * Returns the message given last with its bus and cursor.
   *
   * @return the delivery; nothing before the first message
   */
  public Optional<Delivery> last() {
    return Optional.ofNullable(last);
  }

  /**
   * Returns how far the messages given so far have come in each bus, for a later {@link
   * FollowOptions#positions}, also in another process.
   *
   * @return the positions, ordered by project and task
   */
  public List<BusPosition> positions() {
    return resume.positions();
  }

  /**
   * Returns how far the messages given so far have come in the one bus followed, for a later {@link
   * FollowOptions#cursor}, also in another process.
   *
   * @return the cursor; empty when the server has named none, and when several buses are followed
   */
  public String cursor() {
    return resume.cursor();
  }

  /** Ends the subscription; the thread that iterates sees the end. */
  @Override
  public void close() {
    stream.close();
  }

  /**
   * Receives one frame, and keeps it when it is a message for the caller.
   *
   * @return whether there was one; false at the end
   */
  private boolean receiveAhead() {
    SubscribeResponse frame;
    try {
      frame = stream.next();
    } catch (CallboardException failure) {
      close();
      throw failure;
    }
    if (frame == null) {
      return false;
    }
    if (frame.getFrameCase() == FrameCase.MESSAGE && resume.delivers(frame.getMessage())) {
      ahead = frame;
    } else {
      take(frame);
    }
    return true;
  }

  private void take(SubscribeResponse frame) {
    if (frame.hasGap()) {
      Gap gap = frame.getGap();
      LOG.log(
          Level.WARNING,
          "messages of bus {0}/{1} are gone ({2})",
          gap.getProjectId(),
          gap.getTaskId(),
          gap.getReason());
    } else if (frame.hasDamaged()) {
      Damaged damaged = frame.getDamaged();
      LOG.log(
          Level.WARNING,
          "bus {0}/{1} has {2} damaged bytes at offset {3}: {4}",
          damaged.getProjectId(),
          damaged.getTaskId(),
          damaged.getLength(),
          damaged.getOffset(),
          damaged.getDetail());
    }
    resume.take(frame);
    onFrame.accept(frame);
  }

  private final class ResumePlan implements ResumingStream.Plan<SubscribeRequest> {
    @Override
    public SubscribeRequest request() {
      return resume.request();
    }

    @Override
    public boolean isFinished() {
      return resume.isFinished();
    }
  }
}
