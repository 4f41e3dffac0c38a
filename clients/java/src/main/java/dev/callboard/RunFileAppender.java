package dev.callboard;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.callboard.Defaults.RunPlace;
import dev.callboard.v1.AppendRunOutputRequest;
import dev.callboard.v1.ErrorReason;
import dev.callboard.v1.ListRunFilesRequest;
import dev.callboard.v1.ListRunFilesResponse;
import dev.callboard.v1.RunFile;
import dev.callboard.v1.StorageGrpc;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;

/** Appends to one file of a run, each chunk at its offset, so that repeating is safe. */
final class RunFileAppender {

  /** How much is sent at a time, in bytes. */
  static final int CHUNK_BYTES = 256 << 10;

  private final Connection connection;
  private final Calls calls;
  private final RunPlace place;
  private final String file;
  private long end;

  /**
   * Appends where the file is known to end.
   *
   * @param end in bytes from its beginning
   */
  RunFileAppender(Connection connection, Calls calls, RunPlace place, String file, long end) {
    this.connection = connection;
    this.calls = calls;
    this.place = place;
    this.file = file;
    this.end = end;
  }

  /** Asks where a file ends; one that does not exist ends at 0. */
  static long endOf(Calls calls, RunPlace place, String file) {
    String pageToken = "";
    do {
      ListRunFilesRequest request =
          ListRunFilesRequest.newBuilder()
              .setProjectId(place.project())
              .setTaskId(place.task())
              .setRunId(place.run())
              .setPageToken(pageToken)
              .build();
      ListRunFilesResponse page = calls.unary(StorageGrpc.getListRunFilesMethod(), request);
      for (RunFile candidate : page.getFilesList()) {
        if (candidate.getFile().equals(file)) {
          return candidate.getSize();
        }
      }
      pageToken = page.getNextPageToken();
    } while (!pageToken.isEmpty());
    return 0;
  }

  /** Appends all that a stream gives; returns where the file ends then. */
  long appendAll(InputStream input) throws IOException {
    while (true) {
      byte[] chunk = input.readNBytes(CHUNK_BYTES);
      if (chunk.length == 0) {
        return end;
      }
      // Nobody else has the array.
      append(UnsafeByteOperations.unsafeWrap(chunk));
    }
  }

  /** Appends a chunk; behind what another program wrote meanwhile. */
  void append(ByteString chunk) {
    Backoff backoff = new Backoff();
    long began = System.nanoTime();
    boolean moved = false;
    while (true) {
      AppendRunOutputRequest request =
          AppendRunOutputRequest.newBuilder()
              .setProjectId(place.project())
              .setTaskId(place.task())
              .setRunId(place.run())
              .setFile(file)
              .setOffset(end)
              .setChunk(chunk)
              .build();
      try {
        // The offset makes it safe to repeat.
        end =
            calls
                .unary(StorageGrpc.getAppendRunOutputMethod(), request, null, true)
                .getNextOffset();
        return;
      } catch (CallboardException.Conflict mismatch) {
        end = sizeAt(mismatch);
        // Once is what happens; more often than that we are too slow for somebody.
        if (moved) {
          rest(backoff, began, mismatch);
        }
        moved = true;
      }
    }
  }

  private static long sizeAt(CallboardException mismatch) {
    String size = mismatch.metadata().get("size");
    if (!mismatch.is(ErrorReason.ERROR_REASON_OFFSET_MISMATCH) || size == null) {
      throw mismatch;
    }
    return Long.parseLong(size);
  }

  private void rest(Backoff backoff, long began, CallboardException mismatch) {
    long delay = backoff.nextNanos(null);
    boolean late = System.nanoTime() - began + delay > Times.nanos(calls.timeout());
    try {
      if (late || connection.closed().await(delay, TimeUnit.NANOSECONDS)) {
        throw mismatch;
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw mismatch;
    }
  }
}
