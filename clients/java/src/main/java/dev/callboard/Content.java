package dev.callboard;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where content that is sent to the server comes from. */
interface Content {

  /** Whether it can be read more than once; then size and SHA-256 are known beforehand. */
  boolean isRepeatable();

  /** How many bytes there are; only of repeatable content. */
  long size() throws IOException;

  /** The SHA-256 as hex digits; only of repeatable content. */
  String sha256() throws IOException;

  /** Begins to read it. */
  InputStream open() throws IOException;

  /** Content that is a file's. */
  static Content of(Path file) {
    return new Content() {
      @Override
      public boolean isRepeatable() {
        // A pipe has a path, too.
        return Files.isRegularFile(file);
      }

      @Override
      public long size() throws IOException {
        return Files.size(file);
      }

      @Override
      public String sha256() throws IOException {
        return Sha256.of(file);
      }

      @Override
      public InputStream open() throws IOException {
        return Files.newInputStream(file);
      }
    };
  }

  /** Content in memory. */
  static Content of(byte[] bytes) {
    return new Content() {
      @Override
      public boolean isRepeatable() {
        return true;
      }

      @Override
      public long size() {
        return bytes.length;
      }

      @Override
      public String sha256() {
        return Sha256.of(bytes);
      }

      @Override
      public InputStream open() {
        return new ByteArrayInputStream(bytes);
      }
    };
  }

  /** Content that comes once; the stream is not closed. */
  static Content of(InputStream input) {
    return new Content() {
      @Override
      public boolean isRepeatable() {
        return false;
      }

      @Override
      public long size() {
        throw new UnsupportedOperationException("a stream's size is not known beforehand");
      }

      @Override
      public String sha256() {
        throw new UnsupportedOperationException("a stream's SHA-256 is not known beforehand");
      }

      @Override
      public InputStream open() {
        return new FilterInputStream(input) {
          @Override
          public void close() {
            // It is the caller's to close.
          }
        };
      }
    };
  }
}
