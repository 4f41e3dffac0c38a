package dev.callboard;

import com.google.protobuf.ByteString;
import dev.callboard.CallboardException.Failure;
import dev.callboard.v1.Artifact;
import dev.callboard.v1.GetArtifactRequest;
import dev.callboard.v1.GetArtifactResponse;
import dev.callboard.v1.StorageGrpc;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Map;
import java.util.Objects;

/**
 * The content of an artifact as it comes.
 *
 * <p>When the end has been read, all of it had the SHA-256 that the server told; otherwise reading
 * the end throws {@link CallboardException.InvalidArgument} with CHECKSUM_MISMATCH. What was read
 * before a break cannot be taken back: reading then throws {@link CallboardException.Unavailable}.
 */
public final class ArtifactInput extends InputStream {

  private final ResumingStream<GetArtifactRequest, GetArtifactResponse> stream;
  private final MessageDigest digest = Sha256.digest();
  private final Artifact artifact;
  private ByteString chunk;
  private int taken;
  private long size;
  private String sha256;
  private boolean complete;

  ArtifactInput(Connection connection, Calls calls, GetArtifactRequest request) {
    stream =
        new ResumingStream<>(
            connection,
            StorageGrpc.getGetArtifactMethod(),
            new FromTheBeginning(request),
            calls.timeout(),
            calls.timeout());
    GetArtifactResponse first = stream.next();
    if (first == null) {
      throw Failure.of(Status.Code.UNAVAILABLE, "the server sent no artifact", null).toException();
    }
    artifact = first.getArtifact();
    take(first);
  }

  /**
   * Returns which artifact it is.
   *
   * @return the artifact; with its SHA-256 once all of it has been read
   */
  public Artifact artifact() {
    return complete ? artifact.toBuilder().setSha256(sha256).build() : artifact;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    while (taken == chunk.size()) {
      if (complete || !receive()) {
        return -1;
      }
    }
    int count = Math.min(length, chunk.size() - taken);
    chunk.substring(taken, taken + count).copyTo(target, offset);
    taken += count;
    return count;
  }

  /** Ends the transfer. */
  @Override
  public void close() {
    stream.close();
  }

  private boolean receive() throws IOException {
    boolean closedBefore = stream.isClosed();
    GetArtifactResponse answer = stream.next();
    if (answer != null) {
      take(answer);
      return true;
    }
    if (closedBefore || sha256 == null) {
      throw new IOException("the artifact was closed before its end");
    }
    String found = Sha256.hex(digest);
    if (!found.equals(sha256) || size != artifact.getSize()) {
      throw new Failure(
              Status.Code.INVALID_ARGUMENT,
              "CHECKSUM_MISMATCH",
              Map.of("name", artifact.getName(), "expected", sha256, "sha256", found),
              "the artifact " + artifact.getName() + " arrived with another content",
              null,
              "",
              null)
          .toException();
    }
    complete = true;
    return false;
  }

  private void take(GetArtifactResponse answer) {
    chunk = answer.getChunk();
    taken = 0;
    size += chunk.size();
    digest.update(chunk.asReadOnlyByteBuffer());
    if (!answer.getSha256().isEmpty()) {
      sha256 = answer.getSha256();
    }
  }

  /** A transfer that can begin anew as long as nothing of it has come. */
  private static final class FromTheBeginning implements ResumingStream.Plan<GetArtifactRequest> {
    private final GetArtifactRequest request;

    FromTheBeginning(GetArtifactRequest request) {
      this.request = request;
    }

    @Override
    public GetArtifactRequest request() {
      return request;
    }

    @Override
    public boolean isResumable(boolean received) {
      return !received;
    }
  }
}
