package dev.callboard;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * A file of a run that is being written: its standard output, its standard error or its result.
 *
 * <p>What is written is sent when there are 64 KiB of it, after at most half a second, and by
 * {@link #flush()}; in order, and once, also through breaks. Any thread may write. What cannot be
 * sent is kept, and tried again by the next call here and by the end of the run, which then throw
 * the {@link CallboardException}.
 */
public final class RunOutput extends OutputStream {

  private static final Logger LOG = System.getLogger("dev.callboard");

  private static final int BUFFER_BYTES = 64 << 10;

  private final RunFileAppender appender;

  /** Held by a writer until all it has is in the buffer, so that no other gets between. */
  private final Object writing = new Object();

  /**
   * Held while something is sent, so that chunks keep their order; writers need not wait for it.
   */
  private final Object sending = new Object();

  /** Taken from the buffer, and not known to be on the server's disk; guarded by `sending`. */
  private ByteString taken = ByteString.EMPTY;

  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int filled;
  private boolean closed;

  RunOutput(RunFileAppender appender) {
    this.appender = appender;
  }

  @Override
  public void write(int one) throws IOException {
    write(new byte[] {(byte) one}, 0, 1);
  }

  @Override
  public void write(byte[] source, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, source.length);
    synchronized (writing) {
      int from = offset;
      while (from < offset + length) {
        from += add(source, from, offset + length - from);
        if (isFull()) {
          send();
        }
      }
    }
  }

  /**
   * Writes a text as UTF-8.
   *
   * @param text the text
   * @throws IOException when the run has ended
   */
  public void print(String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    write(bytes, 0, bytes.length);
  }

  /**
   * Writes a line as UTF-8, with a line feed at its end.
   *
   * @param line the line
   * @throws IOException when the run has ended
   */
  public void println(String line) throws IOException {
    print(line + "\n");
  }

  /** Sends what is not sent yet; when it returns, all that was written is on the server's disk. */
  @Override
  public void flush() {
    send();
  }

  /** Flushes; it can still be written to until the run ends. */
  @Override
  public void close() {
    flush();
  }

  /** Sends from time to time; whoever writes or ends is told of a failure that lasts. */
  void flushInBackground() {
    try {
      send();
    } catch (RuntimeException failure) {
      LOG.log(Level.WARNING, "output of a run is not sent yet: {0}", failure.toString());
    }
  }

  /** Flushes for the last time. */
  void end() {
    synchronized (this) {
      closed = true;
    }
    send();
  }

  private synchronized int add(byte[] source, int offset, int length) throws IOException {
    if (closed) {
      throw new IOException("the run has ended");
    }
    int count = Math.min(length, BUFFER_BYTES - filled);
    System.arraycopy(source, offset, buffer, filled, count);
    filled += count;
    return count;
  }

  private synchronized boolean isFull() {
    return filled == BUFFER_BYTES;
  }

  private void send() {
    synchronized (sending) {
      sendTaken();
      synchronized (this) {
        taken = ByteString.copyFrom(buffer, 0, filled);
        filled = 0;
      }
      sendTaken();
    }
  }

  private void sendTaken() {
    if (!taken.isEmpty()) {
      appender.append(taken);
      taken = ByteString.EMPTY;
    }
  }
}
