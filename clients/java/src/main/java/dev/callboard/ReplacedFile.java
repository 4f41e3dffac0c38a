package dev.callboard;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** A file that gets its new content whole or not at all: written beside it, then renamed. */
final class ReplacedFile implements AutoCloseable {

  private final Path destination;
  private final Path temporary;
  private final OutputStream output;

  ReplacedFile(Path destination) throws IOException {
    this.destination = destination;
    if (destination.getFileName() == null) {
      throw new IllegalArgumentException("the destination " + destination + " names no file");
    }
    // Without the destination's name, which may be as long as a name can be.
    temporary = destination.resolveSibling(".callboard-" + Calls.newRequestId() + ".part");
    output =
        Files.newOutputStream(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /** Where the new content goes. */
  OutputStream output() {
    return output;
  }

  /** Makes it the file's content. */
  void commit() throws IOException {
    output.close();
    try {
      Files.move(temporary, destination, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException unsupported) {
      Files.move(temporary, destination, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Removes what was not committed. */
  @Override
  public void close() throws IOException {
    try (output) {
      Files.deleteIfExists(temporary);
    }
  }
}
