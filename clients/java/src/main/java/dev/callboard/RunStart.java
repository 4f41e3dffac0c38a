package dev.callboard;

import dev.callboard.v1.AppendMessageRequest;
import dev.callboard.v1.CreateRunRequest;
import dev.callboard.v1.Message;
import dev.callboard.v1.MessageBusGrpc;
import dev.callboard.v1.Run;
import dev.callboard.v1.StorageGrpc;
import dev.callboard.v1.UpdateRunStatusRequest;

/** Records that a run begins. */
final class RunStart {

  private static final int COMMANDLINE_BYTES_MAX = 64 << 10;

  private final Connection connection;
  private final Calls calls;
  private final Defaults defaults;

  RunStart(Connection connection, Calls calls, Defaults defaults) {
    this.connection = connection;
    this.calls = calls;
    this.defaults = defaults;
  }

  /** Creates the run, and posts RUN_START. */
  RunContext start(RunOptions options) {
    CreateRunRequest request = request(options);
    Run run = calls.unary(StorageGrpc.getCreateRunMethod(), request).getRun();
    try {
      String startMsgId = post(run, request);
      return new RunContext(connection, calls, run, startMsgId);
    } catch (RuntimeException failure) {
      abandon(run, failure);
      throw failure;
    }
  }

  private CreateRunRequest request(RunOptions options) {
    Place place = defaults.place(options);
    String commandline =
        options.commandline == null
            ? Summary.cut(OwnProcess.commandline(), COMMANDLINE_BYTES_MAX)
            : options.commandline;
    CreateRunRequest.Builder request =
        CreateRunRequest.newBuilder()
            .setProjectId(place.project())
            .setTaskId(place.task())
            .setAgentType(options.agentType)
            .setRunId(options.runId)
            .setParentRunId(options.parentRunId == null ? defaults.run() : options.parentRunId)
            .setPreviousRunId(options.previousRunId)
            .setHost(OwnProcess.host())
            .setPid(OwnProcess.pid())
            .setCwd(options.cwd == null ? OwnProcess.folder() : options.cwd)
            .setCommandline(commandline)
            .setPrompt(options.prompt)
            .setRequestId(Calls.newRequestId());
    if (options.meta != null) {
      request.setMeta(options.meta);
    }
    return request.build();
  }

  private String post(Run run, CreateRunRequest request) {
    Message message =
        Message.newBuilder()
            .setType("RUN_START")
            .setBody(request.getCommandline())
            .setProjectId(run.getProjectId())
            .setTaskId(run.getTaskId())
            .setRunId(run.getRunId())
            .putMeta("agent", request.getAgentType())
            .putMeta("pid", Integer.toString(request.getPid()))
            .build();
    AppendMessageRequest append =
        AppendMessageRequest.newBuilder()
            .setMessage(message)
            .setRequestId(RunContext.requestId("RUN_START", run))
            .build();
    return calls.unary(MessageBusGrpc.getAppendMessageMethod(), append).getMsgId();
  }

  /** Nothing is done in a run whose start could not be told. */
  private void abandon(Run run, RuntimeException cause) {
    UpdateRunStatusRequest request =
        UpdateRunStatusRequest.newBuilder()
            .setProjectId(run.getProjectId())
            .setTaskId(run.getTaskId())
            .setRunId(run.getRunId())
            .setStatus("failed")
            .setErrorSummary(Summary.of(cause))
            .build();
    try {
      calls.unary(StorageGrpc.getUpdateRunStatusMethod(), request, null, true);
    } catch (RuntimeException unrecorded) {
      cause.addSuppressed(unrecorded);
    }
  }
}
