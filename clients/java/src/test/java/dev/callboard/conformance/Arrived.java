package dev.callboard.conformance;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Content that arrived: only its size and its SHA-256 are kept. */
final class Arrived extends OutputStream {

  private final DigestOutputStream digested;
  private long size;

  Arrived() {
    try {
      digested = new DigestOutputStream(nullOutputStream(), MessageDigest.getInstance("SHA-256"));
    } catch (NoSuchAlgorithmException impossible) {
      throw new AssertionError("every Java has SHA-256", impossible);
    }
  }

  @Override
  public void write(int one) throws IOException {
    digested.write(one);
    size++;
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    digested.write(bytes, offset, length);
    size += length;
  }

  JsonObject toJson() {
    JsonObject described = new JsonObject();
    described.addProperty("size", size);
    described.addProperty("sha256", HexFormat.of().formatHex(digested.getMessageDigest().digest()));
    return described;
  }
}
