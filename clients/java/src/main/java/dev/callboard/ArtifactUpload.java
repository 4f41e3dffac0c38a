package dev.callboard;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.callboard.v1.Artifact;
import dev.callboard.v1.SaveArtifactRequest;
import dev.callboard.v1.StorageGrpc;
import dev.callboard.v1.UploadArtifactRequest;
import dev.callboard.v1.UploadArtifactRequest.Header;
import dev.callboard.v1.UploadArtifactResponse;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/** Sends an artifact: at once when it is small, else in chunks. */
final class ArtifactUpload {

  /** What fits into one request. */
  private static final int SAVE_BYTES_MAX = 1 << 20;

  private static final int CHUNK_BYTES = 256 << 10;

  private final Connection connection;
  private final Calls calls;

  ArtifactUpload(Connection connection, Calls calls) {
    this.connection = connection;
    this.calls = calls;
  }

  /**
   * Saves the content under a name.
   *
   * @param place the task
   */
  Artifact put(Content content, String name, Place place, ArtifactOptions options)
      throws IOException {
    Header.Builder header =
        Header.newBuilder()
            .setProjectId(place.project())
            .setTaskId(place.task())
            .setName(name)
            .setVersioned(options.versioned)
            .setAttachment(options.attachment)
            .setRequestId(options.chooseRequestId());
    if (!content.isRepeatable()) {
      return upload(content, header.build(), sent -> {});
    }
    header.setSize(content.size()).setSha256(content.sha256());
    if (header.getSize() <= SAVE_BYTES_MAX) {
      return save(content, header.build());
    }
    Patience patience = new Patience(calls.timeout(), connection.closed());
    AtomicLong furthest = new AtomicLong();
    while (true) {
      patience.attempt();
      try {
        return upload(
            content,
            header.build(),
            sent -> {
              // What was sent before already is no progress.
              if (sent > furthest.get()) {
                furthest.set(sent);
                patience.progress();
              }
            });
      } catch (CallboardException failure) {
        if (connection.isClosed()) {
          throw failure;
        }
        patience.rest(failure);
      }
    }
  }

  private Artifact save(Content content, Header header) throws IOException {
    ByteString data;
    try (InputStream input = content.open()) {
      data = ByteString.readFrom(input);
    }
    SaveArtifactRequest request =
        SaveArtifactRequest.newBuilder()
            .setProjectId(header.getProjectId())
            .setTaskId(header.getTaskId())
            .setName(header.getName())
            .setVersioned(header.getVersioned())
            .setAttachment(header.getAttachment())
            .setRequestId(header.getRequestId())
            .setSha256(header.getSha256())
            .setData(data)
            .build();
    return calls.unary(StorageGrpc.getSaveArtifactMethod(), request).getArtifact();
  }

  private Artifact upload(Content content, Header header, LongConsumer progress)
      throws IOException {
    connection.demandOpen();
    try (InputStream input = content.open();
        CallStream<UploadArtifactRequest, UploadArtifactResponse> call =
            new CallStream<>(connection.channel(), StorageGrpc.getUploadArtifactMethod())) {
      if (call.send(UploadArtifactRequest.newBuilder().setHeader(header).build())
          && sendChunks(input, call, progress)) {
        call.halfClose();
      }
      UploadArtifactResponse answer = call.receive();
      // Only the status, which comes last, says that it is saved.
      call.receive();
      return answer.getArtifact();
    } catch (StatusRuntimeException error) {
      throw ErrorDecoder.decode(error, header.getRequestId());
    }
  }

  /**
   * Sends all there is; false when the server has ended the call before.
   *
   * @param progress is told how much was sent so far, in bytes
   */
  private static boolean sendChunks(
      InputStream input,
      CallStream<UploadArtifactRequest, UploadArtifactResponse> call,
      LongConsumer progress)
      throws IOException {
    long sent = 0;
    while (true) {
      byte[] chunk = input.readNBytes(CHUNK_BYTES);
      if (chunk.length == 0) {
        return true;
      }
      // Nobody else has the array.
      ByteString bytes = UnsafeByteOperations.unsafeWrap(chunk);
      if (!call.send(UploadArtifactRequest.newBuilder().setChunk(bytes).build())) {
        return false;
      }
      sent += chunk.length;
      progress.accept(sent);
    }
  }
}
