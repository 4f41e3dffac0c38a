package dev.callboard;

import dev.callboard.v1.ReadTaskLogRequest;
import dev.callboard.v1.ReadTaskLogResponse;
import dev.callboard.v1.StorageGrpc;
import dev.callboard.v1.TaskLogEntry;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Collections;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * The entries of a task's log: each once, also through breaks and restarts of the server.
 *
 * <p>One thread iterates; {@link #close()} may be called from any, and is the end for the one that
 * iterates. A log that is replaced while it is followed is read from its new beginning. Iterating
 * throws a {@link CallboardException} when the server refuses.
 */
public final class LogEntries implements Iterator<LogEntry>, Iterable<LogEntry>, AutoCloseable {

  private static final Logger LOG = System.getLogger("dev.callboard");

  private final ResumingStream<ReadTaskLogRequest, ReadTaskLogResponse> stream;
  private ReadTaskLogRequest request;
  private boolean received;
  private Iterator<TaskLogEntry> page = Collections.emptyIterator();

  LogEntries(Connection connection, Calls calls, ReadTaskLogRequest request) {
    this.request = request;
    stream =
        new ResumingStream<>(
            connection,
            StorageGrpc.getReadTaskLogMethod(),
            () -> this.request,
            request.getFollow() ? null : calls.timeout(),
            // Silence says nothing about what may be silent.
            request.getFollow() ? null : calls.timeout());
  }

  /** Waits until there is an entry, or the end. */
  @Override
  public boolean hasNext() {
    while (!page.hasNext()) {
      ReadTaskLogResponse answer = receive();
      if (answer == null) {
        return false;
      }
      goOnAt(answer.getNextOffset());
      page = answer.getEntriesList().iterator();
    }
    return true;
  }

  /** Waits for the next entry. */
  @Override
  public LogEntry next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the log is read to its end");
    }
    TaskLogEntry entry = page.next();
    return new LogEntry(entry.getEntry(), entry.getOffset(), entry.getDamaged());
  }

  /** Returns itself: the entries are given once. */
  @Override
  public Iterator<LogEntry> iterator() {
    return this;
  }

  /** Ends reading; the thread that iterates sees the end. */
  @Override
  public void close() {
    stream.close();
  }

  private ReadTaskLogResponse receive() {
    while (true) {
      try {
        return stream.next();
      } catch (CallboardException.Conflict moved) {
        // The log was replaced by a shorter one while the connection was broken.
        if (!request.getFollow() || !received || request.getOffset() == 0) {
          throw moved;
        }
        LOG.log(Level.WARNING, "a log was replaced and is read anew: {0}", moved.toString());
        goOnAt(0);
      }
    }
  }

  private void goOnAt(long offset) {
    received = true;
    request = request.toBuilder().setOffset(offset).clearTailEntries().build();
  }
}
