package dev.callboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.callboard.v1.CreateTaskRequest;
import dev.callboard.v1.GetTaskRequest;
import dev.callboard.v1.SaveStepResultRequest;
import dev.callboard.v1.Step;
import dev.callboard.v1.StepResult;
import dev.callboard.v1.StorageGrpc;
import dev.callboard.v1.Task;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CallTest extends ServerTest {

  @Test
  void aCheckpointIsSavedOnceAndRead() {
    Task task = client.call(StorageGrpc.getCreateTaskMethod(), newTask("")).getTask();
    SaveStepResultRequest request =
        SaveStepResultRequest.newBuilder()
            .setProjectId(project)
            .setTaskId("t")
            .setStepResult(StepResult.newBuilder().setStatus("completed").setOutput("done"))
            .setCurrentStep(1)
            .setEtag(task.getEtag())
            .build();
    Task saved = client.call(StorageGrpc.getSaveStepResultMethod(), request).getTask();
    assertEquals("done", saved.getStepResults(0).getOutput());

    // Repeated, it is refused instead of saved twice.
    CallboardException refused =
        assertThrows(
            CallboardException.Conflict.class,
            () -> client.call(StorageGrpc.getSaveStepResultMethod(), request));
    assertEquals("ETAG_MISMATCH", refused.reason());
    assertEquals(saved.getEtag(), refused.metadata().get("etag"));
  }

  @Test
  void aCallIsRepeatedThroughABreakWhereThatIsSafe() throws IOException {
    try (Network network = new Network(address);
        CallboardClient broken = connect(network.address())) {
      CreateTaskRequest once = newTask(Calls.newRequestId());
      broken.call(StorageGrpc.getCreateTaskMethod(), once);
      network.cut();
      // Nothing makes it safe to repeat.
      assertThrows(
          CallboardException.Unavailable.class,
          () -> broken.call(StorageGrpc.getCreateTaskMethod(), newTask("")));
      Executor later = CompletableFuture.delayedExecutor(500, TimeUnit.MILLISECONDS);
      CompletableFuture<Void> mended = CompletableFuture.runAsync(network::mend, later);
      assertTrue(broken.call(StorageGrpc.getCreateTaskMethod(), once).getDuplicate());
      mended.join();
    }
  }

  @Test
  void theGeneratedClientsAreThereForTheRest() {
    createTask("t");
    GetTaskRequest request =
        GetTaskRequest.newBuilder().setProjectId(project).setTaskId("t").build();
    assertEquals("t", client.storage().getTask(request).getTask().getTaskId());
    GetTaskRequest unknown = request.toBuilder().setTaskId("u").build();
    assertThrows(StatusRuntimeException.class, () -> client.storage().getTask(unknown));
  }

  private CreateTaskRequest newTask(String requestId) {
    return CreateTaskRequest.newBuilder()
        .setProjectId(project)
        .setTaskId("t")
        .addSteps(Step.newBuilder().setName("only").setType("ai"))
        .setRequestId(requestId)
        .build();
  }
}
