package dev.callboard;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.callboard.v1.CreateTaskRequest;
import dev.callboard.v1.Message;
import dev.callboard.v1.StorageGrpc;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** Tests that need a running server; each test has a project and a client of its own. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class ServerTest {

  /** A task's id; the task exists only when a test creates it. */
  static final String TASK = "task-20260101-120000-java";

  String address;
  String project;
  CallboardClient client;

  @BeforeEach
  void connect() {
    address = required("CALLBOARD_ADDR");
    project = "java-" + UUID.randomUUID().toString().substring(0, 12);
    client = connect(address);
  }

  @AfterEach
  void close() {
    if (client != null) {
      client.close();
    }
  }

  /** What the environment says; without it the test is skipped, and fails where CI=true. */
  static String required(String name) {
    String found = System.getenv(name);
    if (found == null || found.isEmpty()) {
      String reason = name + " names no running `callboard serve`";
      return "true".equals(System.getenv("CI")) ? fail(reason) : abort(reason);
    }
    return found;
  }

  /** A client of the test's project that knows nothing of this process's environment. */
  CallboardClient connect(String target) {
    return new CallboardClientBuilder(name -> null).address(target).project(project).connect();
  }

  /** Creates a task. */
  void createTask(String task) {
    client.call(
        StorageGrpc.getCreateTaskMethod(),
        CreateTaskRequest.newBuilder()
            .setProjectId(project)
            .setTaskId(task)
            .setRequestId(Calls.newRequestId())
            .build());
  }

  static List<String> bodies(Iterable<Message> messages) {
    List<String> bodies = new ArrayList<>();
    messages.forEach(message -> bodies.add(message.getBody()));
    return bodies;
  }

  /** The bodies of the next messages. */
  static List<String> take(Iterator<Message> messages, int count) {
    List<String> bodies = new ArrayList<>();
    while (bodies.size() < count && messages.hasNext()) {
      bodies.add(messages.next().getBody());
    }
    return bodies;
  }

  /** An environment that holds these. */
  static CallboardClientBuilder in(Map<String, String> environment) {
    return new CallboardClientBuilder(environment::get);
  }
}
