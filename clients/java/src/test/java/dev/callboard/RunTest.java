package dev.callboard;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import dev.callboard.v1.AppendRunOutputRequest;
import dev.callboard.v1.GetRunInfoRequest;
import dev.callboard.v1.Liveness;
import dev.callboard.v1.Message;
import dev.callboard.v1.Run;
import dev.callboard.v1.StorageGrpc;
import dev.callboard.v1.UpdateRunStatusRequest;
import dev.callboard.v1.WriteRunFileRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunTest extends ServerTest {

  @TempDir Path folder;

  @BeforeEach
  void create() {
    createTask(TASK);
  }

  @Test
  void aRunThatEndsWellIsRecordedFromStartToExit() throws IOException {
    List<Run> during = new ArrayList<>();
    client.run(
        options().commandline("agent --go").prompt("do it"),
        run -> {
          during.add(info(run.runId()));
          run.stdout().println("one");
          run.stdout().print("two");
          run.stderr().print("oops");
          run.output().print("the result");
          run.event("pushed", Map.of("commit", "f2e9f72"));
          run.append("PROGRESS", "halfway");
        });
    Run begun = during.get(0);
    assertEquals("running", begun.getStatus());
    assertEquals(Liveness.LIVENESS_ALIVE, begun.getLiveness());
    assertEquals(ProcessHandle.current().pid(), begun.getPid());

    Run ended = info(begun.getRunId());
    assertEquals("completed 0", ended.getStatus() + " " + ended.getExitCode());
    assertEquals("one\ntwo", file(begun, "stdout"));
    assertEquals("oops", file(begun, "stderr"));
    assertEquals("the result", file(begun, "output"));
    assertEquals("do it", file(begun, "prompt"));
    assertTrue(file(begun, "events").contains("\"commit\":\"f2e9f72\""));

    List<Message> messages = messages();
    Message start = messages.get(0);
    Message stop = messages.get(2);
    assertEquals(
        List.of("RUN_START agent --go", "PROGRESS halfway", "RUN_STOP exit code 0"),
        messages.stream().map(one -> one.getType() + " " + one.getBody()).toList());
    assertEquals(
        Map.of("agent", "test", "pid", "" + ProcessHandle.current().pid()), start.getMetaMap());
    assertEquals(Map.of("exit_code", "0"), stop.getMetaMap());
    assertEquals(start.getMsgId() + " run", parent(stop));
    assertTrue(
        messages.stream().allMatch(one -> one.getRunId().equals(begun.getRunId())), "who speaks");
  }

  @Test
  void aRunThatFailsIsRecordedWithWhatFailedAndTheExceptionGoesOn() {
    IOException thrown = new IOException("no more paper");
    RunBody<IOException> body =
        run -> {
          run.stdout().print("before");
          throw thrown;
        };
    assertSame(thrown, assertThrows(IOException.class, () -> client.run(options(), body)));
    assertEquals(0, thrown.getSuppressed().length);
    Message crash = messages().get(1);
    assertEquals("RUN_CRASH IOException: no more paper", crash.getType() + " " + crash.getBody());
    Run run = info(crash.getRunId());
    assertEquals("failed 1", run.getStatus() + " " + run.getExitCode());
    assertEquals("IOException: no more paper", run.getErrorSummary());
  }

  @Test
  void anExitCodeMakesAFailedRunWithoutAnException() {
    RunContext run = client.startRun(options());
    run.exitCode(3);
    run.close();
    run.close();
    Run ended = info(run.runId());
    assertEquals("failed 3", ended.getStatus() + " " + ended.getExitCode());
    assertEquals("exit code 3", ended.getErrorSummary());
    assertEquals(2, messages().size());
    Message crash = messages().get(1);
    assertEquals("RUN_CRASH exit code 3", crash.getType() + " " + crash.getBody());
    assertEquals(Map.of("exit_code", "3"), crash.getMetaMap());
    assertThrows(IOException.class, () -> run.stdout().print("too late"));
  }

  @Test
  void aRunThatSomebodyElseEndedStaysAsItIs() {
    RunContext run = client.startRun(options());
    UpdateRunStatusRequest end =
        UpdateRunStatusRequest.newBuilder()
            .setRunId(run.runId())
            .setStatus("failed")
            .setExitCode(9)
            .build();
    client.call(StorageGrpc.getUpdateRunStatusMethod(), end);
    run.close();
    assertEquals(9, info(run.runId()).getExitCode());
  }

  @Test
  void whenTheEndCannotBeRecordedTheBodysExceptionWins() throws IOException {
    try (Network network = new Network(address);
        CallboardClient away =
            in(Map.of())
                .address(network.address())
                .project(project)
                .timeout(Duration.ofMillis(300))
                .connect()) {
      RunBody<IOException> body =
          run -> {
            network.cut();
            throw new IllegalStateException("the first");
          };
      Exception thrown = assertThrows(IllegalStateException.class, () -> away.run(options(), body));
      assertEquals("the first", thrown.getMessage());
      assertTrue(thrown.getSuppressed()[0] instanceof CallboardException);
    }
  }

  @Test
  void aParentIsTheClientsOwnRunUnlessOneIsNamed() {
    try (CallboardClient child =
        in(Map.of()).address(address).project(project).task(TASK).run("above").connect()) {
      try (RunContext run = child.startRun(RunOptions.of("test"))) {
        assertEquals("above", run.info().getParentRunId());
      }
      try (RunContext run = child.startRun(RunOptions.of("test").parentRunId(""))) {
        assertEquals("", run.info().getParentRunId());
      }
    }
  }

  @Test
  void whatIsWrittenIsThereOnceAndInOrderBesideAnotherWriter() throws IOException {
    try (RunContext run = client.startRun(options())) {
      run.stdout().print("a");
      run.stdout().flush();
      AppendRunOutputRequest foreign =
          AppendRunOutputRequest.newBuilder()
              .setRunId(run.runId())
              .setFile("stdout")
              .setChunk(ByteString.copyFromUtf8("-foreign-"))
              .build();
      client.call(StorageGrpc.getAppendRunOutputMethod(), foreign);
      run.stdout().print("b");
      run.stdout().flush();
      assertEquals("a-foreign-b", file(run.info(), "stdout"));
      String large = "0123456789".repeat(50_000);
      run.output().print(large);
      run.output().flush();
      assertEquals(large, file(run.info(), "output"));
    }
  }

  @Test
  void whatIsWrittenIsSentAfterAMomentWithoutAFlush() throws IOException {
    try (RunContext run = client.startRun(options());
        RunFileInput followed = client.openRunFile("stdout", reading(run.runId()).follow(true))) {
      run.stdout().print("soon");
      assertEquals("soon", new String(followed.readNBytes(4), StandardCharsets.UTF_8));
    }
  }

  @Test
  void aFileOfARunIsFilledFromAnySourceAndReadBack() throws IOException {
    try (RunContext run = client.startRun(options())) {
      RunFileOptions place = new RunFileOptions().task(TASK).run(run.runId());
      byte[] content = "line\n".repeat(200_000).getBytes(StandardCharsets.UTF_8);
      Path source = Files.write(folder.resolve("source.log"), content);
      assertEquals(1_000_000, client.putRunFile("logs/a", source, place));
      assertEquals(1_000_002, client.putRunFile("logs/a", new byte[] {65, 10}, place));
      try (var stream = Files.newInputStream(source)) {
        assertEquals(1_000_000, client.putRunFile("logs/b", stream, place));
      }
      Path copy = folder.resolve("copy.log");
      assertEquals(1_000_000, client.getRunFile("logs/b", copy, reading(run.runId())));
      assertArrayEquals(content, Files.readAllBytes(copy));
      ByteArrayOutputStream tail = new ByteArrayOutputStream();
      client.getRunFile("logs/a", tail, reading(run.runId()).tailLines(2));
      assertEquals("line\nA\n", tail.toString(StandardCharsets.UTF_8));
    }
  }

  @Test
  void aFollowedFileEndsWithItsRunAndSurvivesABreak() throws Exception {
    try (Network network = new Network(address);
        CallboardClient broken = connect(network.address())) {
      RunContext run = client.startRun(options());
      RunFileInput followed = broken.openRunFile("stdout", reading(run.runId()).follow(true));
      run.stdout().print("before ");
      run.stdout().flush();
      assertEquals("before ", new String(followed.readNBytes(7), StandardCharsets.UTF_8));
      CompletableFuture<String> rest =
          CompletableFuture.supplyAsync(
              () -> {
                try (followed) {
                  return new String(followed.readAllBytes(), StandardCharsets.UTF_8);
                } catch (IOException impossible) {
                  throw new AssertionError(impossible);
                }
              });
      network.cut();
      run.stdout().print("after");
      run.close();
      network.mend();
      assertEquals("after", rest.get(60, TimeUnit.SECONDS));
    }
  }

  @Test
  void aFollowedFileThatWasReplacedDuringABreakIsReadAnew() throws Exception {
    try (Network network = new Network(address);
        CallboardClient broken = connect(network.address());
        RunContext run = client.startRun(options());
        RunFileInput followed = broken.openRunFile("logs/a", reading(run.runId()).follow(true))) {
      RunFileOptions place = new RunFileOptions().run(run.runId());
      client.putRunFile("logs/a", "a long beginning".getBytes(StandardCharsets.UTF_8), place);
      assertEquals(16, followed.readNBytes(16).length);
      network.cut();
      WriteRunFileRequest shorter =
          WriteRunFileRequest.newBuilder()
              .setRunId(run.runId())
              .setFile("logs/a")
              .setData(ByteString.copyFromUtf8("anew"))
              .build();
      client.call(StorageGrpc.getWriteRunFileMethod(), shorter);
      network.mend();
      assertEquals("anew", new String(followed.readNBytes(4), StandardCharsets.UTF_8));
    }
  }

  @Test
  void aRunIsNamedWhereTheClientHasNone() {
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> client.openRunFile("stdout", new ReadRunFileOptions()));
    assertTrue(refused.getMessage().contains("JRUN_ID"));
  }

  @Test
  void requestIdsAreTheServersToTakeHoweverLongTheRunIdIs() {
    Run run =
        Run.newBuilder()
            .setRunId("r".repeat(128))
            .setStartTime(Timestamp.newBuilder().setSeconds(253402300799L).setNanos(5))
            .build();
    assertEquals(
        "RUN_START-253402300799.000000005-" + "r".repeat(64),
        RunContext.requestId("RUN_START", run));
  }

  private static RunOptions options() {
    return RunOptions.of("test").task(TASK);
  }

  private static ReadRunFileOptions reading(String runId) {
    return new ReadRunFileOptions().run(runId);
  }

  private Run info(String runId) {
    GetRunInfoRequest request = GetRunInfoRequest.newBuilder().setRunId(runId).build();
    return client.call(StorageGrpc.getGetRunInfoMethod(), request).getRun();
  }

  private String file(Run run, String name) throws IOException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    client.getRunFile(name, content, reading(run.getRunId()));
    return content.toString(StandardCharsets.UTF_8);
  }

  private List<Message> messages() {
    List<Message> messages = new ArrayList<>();
    client.read(new ReadOptions().task(TASK)).forEach(messages::add);
    return messages;
  }

  private static String parent(Message message) {
    return message.getParents(0).getMsgId() + " " + message.getParents(0).getKind();
  }
}
