package dev.callboard;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.callboard.v1.Artifact;
import dev.callboard.v1.ListArtifactsRequest;
import dev.callboard.v1.StorageGrpc;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArtifactTest extends ServerTest {

  @TempDir Path folder;

  @BeforeEach
  void create() {
    createTask(TASK);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1 << 20, (1 << 20) + 1, 5_000_000})
  void anArtifactOfAnySizeComesBackAsItWas(int size) throws IOException {
    byte[] content = content(size);
    Path source = Files.write(folder.resolve("source.bin"), content);
    Artifact put = client.putArtifact(source, options());
    assertEquals("source.bin", put.getName());
    assertEquals(Sha256.of(content), put.getSha256());

    Path copy = folder.resolve("c".repeat(255));
    Artifact got = client.getArtifact(named("source.bin"), copy);
    assertEquals(put, got);
    assertArrayEquals(content, Files.readAllBytes(copy));
    ByteArrayOutputStream streamed = new ByteArrayOutputStream();
    client.getArtifact(ArtifactRef.at(put.getPath()).task(TASK), streamed);
    assertArrayEquals(content, streamed.toByteArray());
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(2, files.count(), "nothing else is left");
    }
  }

  @Test
  void bytesAndStreamsAreSourcesToo() throws IOException {
    byte[] content = content(3_000_000);
    client.putArtifact(content, options().name("bytes.bin"));
    InputStream once =
        new SequenceInputStream(
            new ByteArrayInputStream(content, 0, 10),
            new ByteArrayInputStream(content, 10, content.length - 10));
    Artifact streamed = client.putArtifact(once, options().name("stream.bin"));
    assertEquals(Sha256.of(content), streamed.getSha256());
    try (ArtifactInput input = client.openArtifact(named("bytes.bin"))) {
      assertArrayEquals(content, input.readAllBytes());
      assertEquals(Sha256.of(content), input.artifact().getSha256());
    }
    assertThrows(IllegalArgumentException.class, () -> client.putArtifact(content, options()));
  }

  @Test
  void aSourceThatFailsSavesNothing() {
    InputStream failing =
        new SequenceInputStream(
            new ByteArrayInputStream(content(600_000)),
            new InputStream() {
              @Override
              public int read() throws IOException {
                throw new IOException("the pipe broke");
              }
            });
    IOException failure =
        assertThrows(IOException.class, () -> client.putArtifact(failing, options().name("x.bin")));
    assertEquals("the pipe broke", failure.getMessage());
    ListArtifactsRequest list =
        ListArtifactsRequest.newBuilder().setProjectId(project).setTaskId(TASK).build();
    assertEquals(0, client.call(StorageGrpc.getListArtifactsMethod(), list).getArtifactsCount());
  }

  @Test
  void versionsAreNumberedAndARequestIdSavesOnce() throws IOException {
    ArtifactOptions versioned =
        options().name("plan.md").versioned(true).requestId(Calls.newRequestId());
    assertEquals(1, client.putArtifact(content(1), versioned).getVersion());
    assertEquals(1, client.putArtifact(content(1), versioned).getVersion());
    assertEquals(2, client.putArtifact(content(2), versioned.requestId(null)).getVersion());
  }

  @Test
  void anAbsentArtifactLeavesNoFile() throws IOException {
    Path copy = folder.resolve("copy.bin");
    CallboardException refused =
        assertThrows(
            CallboardException.NotFound.class,
            () -> client.getArtifact(named("nothing.bin"), copy));
    assertEquals("ARTIFACT_NOT_FOUND", refused.reason());
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(), files.toList());
    }
  }

  @Test
  void anUploadIsBegunAnewAfterABreak() throws Exception {
    byte[] content = content(4_000_000);
    Path source = Files.write(folder.resolve("source.bin"), content);
    try (Network network = new Network(address);
        CallboardClient broken = connect(network.address())) {
      broken.append("INFO", "the connection is there");
      network.cut();
      network.mend();
      assertEquals(Sha256.of(content), broken.putArtifact(source, options()).getSha256());
      network.cut();
      network.mend();
      Path copy = folder.resolve("copy.bin");
      broken.getArtifact(named("source.bin"), copy);
      assertArrayEquals(content, Files.readAllBytes(copy));
    }
  }

  private static ArtifactOptions options() {
    return new ArtifactOptions().task(TASK);
  }

  private static ArtifactRef named(String name) {
    return ArtifactRef.named(name).task(TASK);
  }

  private static byte[] content(int size) {
    byte[] content = new byte[size];
    new Random(size).nextBytes(content);
    return content;
  }
}
