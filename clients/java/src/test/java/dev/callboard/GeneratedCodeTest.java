package dev.callboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The generated code is what the documented command makes of today's proto files. */
class GeneratedCodeTest {

  @TempDir Path folder;

  @Test
  void theGeneratedCodeIsFresh() throws Exception {
    boolean isDemanded = "true".equals(System.getenv("CI"));
    assumeTrue(isDemanded || isOnPath("mvn"), "mvn is not on PATH");
    File log = folder.resolve("log").toFile();
    Path generated = folder.resolve("generated");
    List<String> words = new ArrayList<>(List.of("mvn", "--batch-mode", "-Pgenerate"));
    words.addAll(List.of("generate-sources", "-Dcallboard.generated=" + generated));
    String repository = System.getProperty("maven.repo.local");
    if (repository != null) {
      words.add("-Dmaven.repo.local=" + repository);
    }
    Process command =
        new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(log).start();
    assertEquals(0, command.waitFor(), () -> read(log.toPath()));
    Map<String, String> fresh = contents(generated);
    Map<String, String> committed = contents(Path.of("src", "generated", "java"));
    Set<String> names = new TreeSet<>(fresh.keySet());
    names.addAll(committed.keySet());
    names.removeIf(name -> Objects.equals(fresh.get(name), committed.get(name)));
    assertEquals(Set.of(), names, "stale; run: mvn -Pgenerate generate-sources");
    assertFalse(fresh.isEmpty());
  }

  private static Map<String, String> contents(Path root) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      files
          .filter(Files::isRegularFile)
          .forEach(file -> contents.put(root.relativize(file).toString(), read(file)));
    }
    return contents;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException unreadable) {
      throw new AssertionError(unreadable);
    }
  }

  private static boolean isOnPath(String program) {
    String path = System.getenv().getOrDefault("PATH", "");
    return Stream.of(path.split(File.pathSeparator))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }
}
