package dev.callboard;

import com.google.protobuf.ByteString;
import dev.callboard.v1.ReadRunFileRequest;
import dev.callboard.v1.ReadRunFileResponse;
import dev.callboard.v1.StorageGrpc;
import java.io.InputStream;
import java.util.Objects;

/**
 * The content of a run's file as it comes, also through breaks and restarts of the server.
 *
 * <p>One thread reads; {@link #close()} may be called from any, and is the end for the one that
 * reads. A file that is replaced while it is followed is read from its new beginning. Reading
 * throws a {@link CallboardException} when the server refuses.
 */
public final class RunFileInput extends InputStream {

  private final ResumingStream<ReadRunFileRequest, ReadRunFileResponse> stream;
  private ReadRunFileRequest request;
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
            null);
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
      ReadRunFileResponse answer = stream.next();
      if (answer == null) {
        return -1;
      }
      chunk = answer.getChunk();
      taken = 0;
      request =
          request.toBuilder().setOffset(answer.getOffset() + chunk.size()).clearTailLines().build();
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
}
