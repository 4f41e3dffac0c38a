package dev.callboard;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.callboard.v1.StorageGrpc;
import dev.callboard.v1.UploadArtifactRequest;
import dev.callboard.v1.UploadArtifactResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an upload does with a server that no good server is. */
@Timeout(60)
class ScriptedUploadTest {

  @Test
  void anUploadThatAlwaysBreaksAtTheSamePlaceIsGivenUp() throws IOException {
    try (ScriptedServer server = new ScriptedServer(new BreakingAfterTheFirstChunk());
        CallboardClient client = server.connect(Duration.ofMillis(300))) {
      ArtifactOptions options = new ArtifactOptions().task("t").name("large.bin");
      assertThrows(
          CallboardException.Unavailable.class,
          () -> client.putArtifact(new byte[2_000_000], options));
    }
  }

  private static final class BreakingAfterTheFirstChunk extends StorageGrpc.StorageImplBase {
    @Override
    public StreamObserver<UploadArtifactRequest> uploadArtifact(
        StreamObserver<UploadArtifactResponse> answers) {
      return new StreamObserver<>() {
        private boolean ended;

        @Override
        public void onNext(UploadArtifactRequest part) {
          if (part.hasChunk() && !ended) {
            ended = true;
            answers.onError(Status.UNAVAILABLE.asRuntimeException());
          }
        }

        @Override
        public void onError(Throwable cut) {}

        @Override
        public void onCompleted() {}
      };
    }
  }
}
