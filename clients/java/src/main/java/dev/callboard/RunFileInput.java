package dev.callboard;

import com.google.protobuf.ByteString;
import dev.callboard.v1.ReadRunFileRequest;
import dev.callboard.v1.ReadRunFileResponse;
import dev.callboard.v1.StorageGrpc;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Objects;

/**
 * The content of a run's file as it comes, also through breaks and restarts of the server.
 *
 * <p>One thread reads; {@link #close()} may be called from any, and is the end for the one that
 * reads. A file that is replaced while it is followed is read from its new beginning. Reading
 * throws a {@link CallboardException} when the server refuses.
 */
public final class RunFileInput extends InputStream {

  private static final Logger LOG = System.getLogger("dev.callboard");

  private final ResumingStream<ReadRunFileRequest, ReadRunFileResponse> stream;
  private ReadRunFileRequest request;
  private boolean received;
  private ByteString chunk = ByteString.EMPTY;
  private int taken;

  RunFileInput(Connection connection, Calls calls, ReadRunFileRequest request) {
    this.request = request;
    stream =
        new ResumingStream<>(
            connection,
            StorageGrpc.getReadRunFileMethod(),
            () -> this.request,
            request.getFollow() ? null : calls.timeout(),
            // Silence says nothing about what may be silent.
            request.getFollow() ? null : calls.timeout());
  }

  @Override
  public int read() {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  /** Waits until there is something, or the end; what there is may be less than asked for. */
  @Override
  public int read(byte[] target, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    while (taken == chunk.size()) {
      ReadRunFileResponse answer = receive();
      if (answer == null) {
        return -1;
      }
      chunk = answer.getChunk();
      taken = 0;
      goOnAt(answer.getOffset() + chunk.size());
    }
    int count = Math.min(length, chunk.size() - taken);
    chunk.substring(taken, taken + count).copyTo(target, offset);
    taken += count;
    return count;
  }

  /** Ends reading. */
  @Override
  public void close() {
    stream.close();
  }

  private ReadRunFileResponse receive() {
    while (true) {
      try {
        return stream.next();
      } catch (CallboardException.Conflict moved) {
        // The file was replaced by a shorter one while the connection was broken.
        if (!request.getFollow() || !received || request.getOffset() == 0) {
          throw moved;
        }
        LOG.log(
            Level.WARNING, "a file of a run was replaced and is read anew: {0}", moved.toString());
        goOnAt(0);
      }
    }
  }

  private void goOnAt(long offset) {
    received = true;
    request = request.toBuilder().setOffset(offset).clearTailLines().build();
  }
}
