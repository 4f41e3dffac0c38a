import dev.callboard.*;
import dev.callboard.v1.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;

/** A tour of the client: a task, a run in it, what the run leaves behind, and an error. */
class Tour {
  public static void main(String[] arguments) throws Exception {
    String project = arguments.length > 0 ? arguments[0] : "tour";
    try (var client = CallboardClient.builder().project(project).connect()) {
      var request = CreateTaskRequest.newBuilder().setProjectId(project);
      request.setDescription("a tour").setRequestId(UUID.randomUUID().toString());
      request.addSteps(Step.newBuilder().setName("write").setType("ai"));
      request.addSteps(Step.newBuilder().setName("check").setType("ci"));
      Task task = client.call(StorageGrpc.getCreateTaskMethod(), request.build()).getTask();
      String id = task.getTaskId();
      System.out.println("task " + id);
      client.run(RunOptions.of("tour").task(id), run -> {
        System.out.println("run " + run.runId());
        run.append("PROGRESS", "halfway");
        run.stdout().println("one line");
        run.stdout().println("another line");
        client.appendLog(List.of(Map.of("event", "toured")), new LogOptions().task(id));
        byte[] hello = "hello board\n".getBytes(StandardCharsets.UTF_8);
        client.putArtifact(hello, new ArtifactOptions().task(id).name("report.txt"));
        Path copy = Files.createTempDirectory("tour").resolve("report.txt");
        Artifact got = client.getArtifact(ArtifactRef.named("report.txt").task(id), copy);
        System.out.printf("artifact %s %d bytes%n", got.getName(), Files.size(copy));
        var result = StepResult.newBuilder().setStatus("completed").setOutput("hello");
        client.call(StorageGrpc.getSaveStepResultMethod(), SaveStepResultRequest.newBuilder()
            .setProjectId(project).setTaskId(id).setStepResult(result).setCurrentStep(1)
            .setEtag(task.getEtag()).build());
        run.append("FACT", "done");
      });
      var last = new ReadOptions().task(id).types("PROGRESS", "FACT").tail(10);
      for (Message message : client.read(last)) {
        System.out.println(message.getType() + " " + message.getBody());
      }
      client.get("MSG-unknown", project, id);
    } catch (CallboardException.NotFound error) {
      System.out.println("refused: " + error.reason());
    }
  }
}
