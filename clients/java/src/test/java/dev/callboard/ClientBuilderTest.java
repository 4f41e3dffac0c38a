package dev.callboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.callboard.v1.Message;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ClientBuilderTest {

  private static final Map<String, String> ENVIRONMENT =
      Map.of("JRUN_PROJECT_ID", "p", "JRUN_TASK_ID", "t", "JRUN_ID", "r");

  @Test
  void idsComeFromTheEnvironmentUnlessTheyAreGiven() {
    try (CallboardClient client = ServerTest.in(ENVIRONMENT).connect()) {
      assertEquals("p t r", client.project() + " " + client.task() + " " + client.run());
    }
    try (CallboardClient client = ServerTest.in(ENVIRONMENT).task("").run("").connect()) {
      assertEquals("p  ", client.project() + " " + client.task() + " " + client.run());
    }
  }

  @Test
  void theTaskOfTheEnvironmentBelongsToTheProjectOfTheEnvironment() {
    try (CallboardClient client = ServerTest.in(ENVIRONMENT).project("other").connect()) {
      assertEquals("", client.task());
    }
    try (CallboardClient client = ServerTest.in(ENVIRONMENT).project("p").connect()) {
      assertEquals("t", client.task());
    }
  }

  @Test
  void namingAnotherProjectMeansItsOwnBus() {
    Defaults defaults = new Defaults("p", "t", "r");
    assertEquals(new Place("p", "t"), defaults.place(null, null));
    assertEquals(new Place("p", ""), defaults.place(null, ""));
    assertEquals(new Place("q", ""), defaults.place("q", null));
    assertEquals(new Place("p", "t"), defaults.place("p", null));
    assertEquals(new Place("q", "u"), defaults.place("q", "u"));
  }

  @Test
  void aRunIsFoundByItsIdAloneWhereNoTaskIsKnown() {
    Defaults none = new Defaults("", "", "r");
    assertEquals(new Defaults.RunPlace("", "", "r"), none.runPlace(new RunFileOptions(), null));
    Defaults own = new Defaults("p", "t", "r");
    assertEquals(new Defaults.RunPlace("p", "t", "s"), own.runPlace(new RunFileOptions(), "s"));
    // A task without its project is none.
    RunFileOptions task = new RunFileOptions().task("t");
    assertThrows(IllegalArgumentException.class, () -> none.runPlace(task, null));
  }

  @Test
  void withoutAProjectACallSaysWhatToDo() {
    try (CallboardClient client = ServerTest.in(Map.of()).connect()) {
      Exception refused =
          assertThrows(IllegalArgumentException.class, () -> client.append("FACT", "x"));
      assertTrue(refused.getMessage().contains("JRUN_PROJECT_ID"), refused.getMessage());
    }
  }

  @Test
  void aTokenIsNotSentInTheOpenAndNeverShown() {
    for (String address : new String[] {"example.org:80", "127.example.org:80"}) {
      CallboardClientBuilder builder =
          ServerTest.in(Map.of("CALLBOARD_TOKEN", "s3cret")).address(address);
      Exception refused = assertThrows(IllegalArgumentException.class, builder::connect);
      assertTrue(refused.getMessage().contains("a token is only sent over TLS"));
      assertFalse((refused + " " + builder).contains("s3cret"));
    }
    for (String address : new String[] {"https://example.org:443", "127.0.0.1:1", "[::1]:1"}) {
      ServerTest.in(Map.of()).address(address).token("s3cret").connect().close();
    }
    Exception refused =
        assertThrows(
            IllegalArgumentException.class,
            ServerTest.in(Map.of("CALLBOARD_TOKEN", "s3cret\n"))::connect);
    assertFalse(refused.toString().contains("s3cret"));
  }

  @Test
  void aCaFileThatCannotBeReadIsNamed() {
    CallboardClientBuilder builder =
        ServerTest.in(Map.of()).address("https://localhost:1").caFile(Path.of("no-such.pem"));
    Exception refused = assertThrows(IllegalArgumentException.class, builder::connect);
    assertTrue(refused.getMessage().contains("no-such.pem"), refused.getMessage());
  }

  @Test
  void twoStartsExcludeEachOther() {
    ReadOptions read = new ReadOptions().cursor("c1");
    assertThrows(IllegalArgumentException.class, () -> read.tail(1));
    FollowOptions follow = new FollowOptions().fromEarliest();
    assertThrows(IllegalArgumentException.class, () -> follow.sinceId("MSG-1"));
    PollOptions poll = new PollOptions().sinceId(null).cursor("c1");
    assertThrows(IllegalArgumentException.class, () -> poll.sinceId("MSG-1"));
  }

  @Test
  void aClosedClientRefusesCalls() {
    CallboardClient client = ServerTest.in(ENVIRONMENT).connect();
    client.close();
    assertThrows(IllegalStateException.class, () -> client.append("FACT", "x"));
    assertThrows(IllegalStateException.class, () -> client.follow(new FollowOptions()));
    assertThrows(
        IllegalStateException.class, () -> client.appendStream(List.<Message>of()).hasNext());
    InputStream content = InputStream.nullInputStream();
    ArtifactOptions named = new ArtifactOptions().name("x");
    assertThrows(IllegalStateException.class, () -> client.putArtifact(content, named));
  }
}
