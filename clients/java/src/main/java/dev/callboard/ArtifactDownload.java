package dev.callboard;

import dev.callboard.v1.Artifact;
import dev.callboard.v1.GetArtifactRequest;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;

/** Writes artifacts to files and streams. */
final class ArtifactDownload {

  private static final int PIECE_BYTES = 256 << 10;

  private final Connection connection;
  private final Calls calls;

  ArtifactDownload(Connection connection, Calls calls) {
    this.connection = connection;
    this.calls = calls;
  }

  /** Writes it to a stream; a break after its beginning is an error. */
  Artifact get(GetArtifactRequest request, OutputStream destination) throws IOException {
    try (ArtifactInput input = open(request)) {
      input.transferTo(destination);
      return input.artifact();
    }
  }

  /** Writes it to a file, whole or not at all; after a break it begins anew. */
  Artifact get(GetArtifactRequest request, Path destination) throws IOException {
    Patience patience = new Patience(calls.timeout(), connection.closed());
    long furthest = 0;
    while (true) {
      patience.attempt();
      long written = 0;
      try (ArtifactInput input = open(request);
          ReplacedFile file = new ReplacedFile(destination)) {
        byte[] piece = new byte[PIECE_BYTES];
        for (int count = input.read(piece); count >= 0; count = input.read(piece)) {
          file.output().write(piece, 0, count);
          written += count;
          if (written > furthest) {
            furthest = written;
            patience.progress();
          }
        }
        file.commit();
        return input.artifact();
      } catch (CallboardException failure) {
        if (connection.isClosed()) {
          throw failure;
        }
        patience.rest(failure);
      }
    }
  }

  /** Begins to read it. */
  ArtifactInput open(GetArtifactRequest request) {
    return new ArtifactInput(connection, calls, request);
  }
}
