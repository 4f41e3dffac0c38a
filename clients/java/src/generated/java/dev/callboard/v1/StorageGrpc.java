package dev.callboard.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Creates, reads, changes, lists, watches and removes projects, tasks, checkpoints,
 * logs, artifacts, facts and runs.
 * Reads never lock and never write. Updates are made under a lock that other
 * programs respect too, replace a document as a whole, and keep what they do not
 * know. Every mutable document has an `etag`: give it back with an update to have
 * the update refused when somebody else changed the document in between.
 * Who calls is let in as the user of the server itself, over its socket or loopback; by a
 * token, in the metadata `authorization: Bearer TOKEN`; or by a certificate. What a caller may
 * do is `read`, `write` or `admin`, in some projects or in all; each method says what it
 * needs.
 * Errors of every method carry a `google.rpc.ErrorInfo` with the domain
 * "callboard" and a reason in UPPER_SNAKE_CASE; branch on the reason. Common to
 * all methods: TOKEN_REQUIRED and TOKEN_INVALID (UNAUTHENTICATED) for a caller that is
 * not let in; NOT_ALLOWED (PERMISSION_DENIED) for one that may not do this, or not in
 * this project, whether that exists or not; REQUIRED_FIELD (INVALID_ARGUMENT) for a field that is empty and
 * must not be; INVALID_ID (INVALID_ARGUMENT) for an id that is too long or no
 * single path component, or, where something is created, not of the form for new
 * ids; PATH_TRAVERSAL (INVALID_ARGUMENT) for an id that tries to leave its folder;
 * INVALID_FIELD (INVALID_ARGUMENT) for a number, time or choice out of its range;
 * TOO_LARGE (INVALID_ARGUMENT) for what is over a limit, which the metadata names;
 * NOT_A_REGULAR_FILE (FAILED_PRECONDITION) when a symlink or something else stands
 * where a file or folder belongs; CORRUPT_DOCUMENT (DATA_LOSS) when the one
 * document asked for cannot be read, while lists show it with its `problem`, or
 * when one to update holds what other programs wrote and cannot be kept as it is; IO
 * (INTERNAL) when the disk fails; SHUTTING_DOWN (UNAVAILABLE, with RetryInfo)
 * while the server drains; CALL_TIMED_OUT (DEADLINE_EXCEEDED) for what takes too long; BUG
 * (INTERNAL). Common to all that write: DISK_FULL and QUOTA_EXCEEDED
 * (RESOURCE_EXHAUSTED), and the old content is intact; LOCK_TIMEOUT (UNAVAILABLE,
 * with RetryInfo) when another program holds a document's lock for 10 s, and
 * nothing was written. Common to all that update a document: ETAG_MISMATCH
 * (ABORTED) when an etag is given and the document has another; FOREIGN_WRITE
 * (ABORTED) when a program that does not respect the lock keeps replacing the
 * document meanwhile.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class StorageGrpc {

  private StorageGrpc() {}

  public static final java.lang.String SERVICE_NAME = "callboard.v1.Storage";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.GetServerInfoRequest,
      dev.callboard.v1.GetServerInfoResponse> getGetServerInfoMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetServerInfo",
      requestType = dev.callboard.v1.GetServerInfoRequest.class,
      responseType = dev.callboard.v1.GetServerInfoResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.GetServerInfoRequest,
      dev.callboard.v1.GetServerInfoResponse> getGetServerInfoMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.GetServerInfoRequest, dev.callboard.v1.GetServerInfoResponse> getGetServerInfoMethod;
    if ((getGetServerInfoMethod = StorageGrpc.getGetServerInfoMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getGetServerInfoMethod = StorageGrpc.getGetServerInfoMethod) == null) {
          StorageGrpc.getGetServerInfoMethod = getGetServerInfoMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.GetServerInfoRequest, dev.callboard.v1.GetServerInfoResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetServerInfo"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.GetServerInfoRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.GetServerInfoResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("GetServerInfo"))
              .build();
        }
      }
    }
    return getGetServerInfoMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.CreateProjectRequest,
      dev.callboard.v1.CreateProjectResponse> getCreateProjectMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateProject",
      requestType = dev.callboard.v1.CreateProjectRequest.class,
      responseType = dev.callboard.v1.CreateProjectResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.CreateProjectRequest,
      dev.callboard.v1.CreateProjectResponse> getCreateProjectMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.CreateProjectRequest, dev.callboard.v1.CreateProjectResponse> getCreateProjectMethod;
    if ((getCreateProjectMethod = StorageGrpc.getCreateProjectMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getCreateProjectMethod = StorageGrpc.getCreateProjectMethod) == null) {
          StorageGrpc.getCreateProjectMethod = getCreateProjectMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.CreateProjectRequest, dev.callboard.v1.CreateProjectResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateProject"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.CreateProjectRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.CreateProjectResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("CreateProject"))
              .build();
        }
      }
    }
    return getCreateProjectMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.GetProjectRequest,
      dev.callboard.v1.GetProjectResponse> getGetProjectMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetProject",
      requestType = dev.callboard.v1.GetProjectRequest.class,
      responseType = dev.callboard.v1.GetProjectResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.GetProjectRequest,
      dev.callboard.v1.GetProjectResponse> getGetProjectMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.GetProjectRequest, dev.callboard.v1.GetProjectResponse> getGetProjectMethod;
    if ((getGetProjectMethod = StorageGrpc.getGetProjectMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getGetProjectMethod = StorageGrpc.getGetProjectMethod) == null) {
          StorageGrpc.getGetProjectMethod = getGetProjectMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.GetProjectRequest, dev.callboard.v1.GetProjectResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetProject"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.GetProjectRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.GetProjectResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("GetProject"))
              .build();
        }
      }
    }
    return getGetProjectMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.ListProjectsRequest,
      dev.callboard.v1.ListProjectsResponse> getListProjectsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListProjects",
      requestType = dev.callboard.v1.ListProjectsRequest.class,
      responseType = dev.callboard.v1.ListProjectsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.ListProjectsRequest,
      dev.callboard.v1.ListProjectsResponse> getListProjectsMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.ListProjectsRequest, dev.callboard.v1.ListProjectsResponse> getListProjectsMethod;
    if ((getListProjectsMethod = StorageGrpc.getListProjectsMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getListProjectsMethod = StorageGrpc.getListProjectsMethod) == null) {
          StorageGrpc.getListProjectsMethod = getListProjectsMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.ListProjectsRequest, dev.callboard.v1.ListProjectsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListProjects"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ListProjectsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ListProjectsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("ListProjects"))
              .build();
        }
      }
    }
    return getListProjectsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.UpdateProjectRequest,
      dev.callboard.v1.UpdateProjectResponse> getUpdateProjectMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateProject",
      requestType = dev.callboard.v1.UpdateProjectRequest.class,
      responseType = dev.callboard.v1.UpdateProjectResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.UpdateProjectRequest,
      dev.callboard.v1.UpdateProjectResponse> getUpdateProjectMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.UpdateProjectRequest, dev.callboard.v1.UpdateProjectResponse> getUpdateProjectMethod;
    if ((getUpdateProjectMethod = StorageGrpc.getUpdateProjectMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getUpdateProjectMethod = StorageGrpc.getUpdateProjectMethod) == null) {
          StorageGrpc.getUpdateProjectMethod = getUpdateProjectMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.UpdateProjectRequest, dev.callboard.v1.UpdateProjectResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateProject"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.UpdateProjectRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.UpdateProjectResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("UpdateProject"))
              .build();
        }
      }
    }
    return getUpdateProjectMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.DeleteProjectRequest,
      dev.callboard.v1.DeleteProjectResponse> getDeleteProjectMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteProject",
      requestType = dev.callboard.v1.DeleteProjectRequest.class,
      responseType = dev.callboard.v1.DeleteProjectResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.DeleteProjectRequest,
      dev.callboard.v1.DeleteProjectResponse> getDeleteProjectMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.DeleteProjectRequest, dev.callboard.v1.DeleteProjectResponse> getDeleteProjectMethod;
    if ((getDeleteProjectMethod = StorageGrpc.getDeleteProjectMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getDeleteProjectMethod = StorageGrpc.getDeleteProjectMethod) == null) {
          StorageGrpc.getDeleteProjectMethod = getDeleteProjectMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.DeleteProjectRequest, dev.callboard.v1.DeleteProjectResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteProject"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.DeleteProjectRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.DeleteProjectResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("DeleteProject"))
              .build();
        }
      }
    }
    return getDeleteProjectMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.CreateTaskRequest,
      dev.callboard.v1.CreateTaskResponse> getCreateTaskMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateTask",
      requestType = dev.callboard.v1.CreateTaskRequest.class,
      responseType = dev.callboard.v1.CreateTaskResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.CreateTaskRequest,
      dev.callboard.v1.CreateTaskResponse> getCreateTaskMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.CreateTaskRequest, dev.callboard.v1.CreateTaskResponse> getCreateTaskMethod;
    if ((getCreateTaskMethod = StorageGrpc.getCreateTaskMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getCreateTaskMethod = StorageGrpc.getCreateTaskMethod) == null) {
          StorageGrpc.getCreateTaskMethod = getCreateTaskMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.CreateTaskRequest, dev.callboard.v1.CreateTaskResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateTask"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.CreateTaskRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.CreateTaskResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("CreateTask"))
              .build();
        }
      }
    }
    return getCreateTaskMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.GetTaskRequest,
      dev.callboard.v1.GetTaskResponse> getGetTaskMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetTask",
      requestType = dev.callboard.v1.GetTaskRequest.class,
      responseType = dev.callboard.v1.GetTaskResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.GetTaskRequest,
      dev.callboard.v1.GetTaskResponse> getGetTaskMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.GetTaskRequest, dev.callboard.v1.GetTaskResponse> getGetTaskMethod;
    if ((getGetTaskMethod = StorageGrpc.getGetTaskMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getGetTaskMethod = StorageGrpc.getGetTaskMethod) == null) {
          StorageGrpc.getGetTaskMethod = getGetTaskMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.GetTaskRequest, dev.callboard.v1.GetTaskResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetTask"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.GetTaskRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.GetTaskResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("GetTask"))
              .build();
        }
      }
    }
    return getGetTaskMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.ListTasksRequest,
      dev.callboard.v1.ListTasksResponse> getListTasksMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListTasks",
      requestType = dev.callboard.v1.ListTasksRequest.class,
      responseType = dev.callboard.v1.ListTasksResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.ListTasksRequest,
      dev.callboard.v1.ListTasksResponse> getListTasksMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.ListTasksRequest, dev.callboard.v1.ListTasksResponse> getListTasksMethod;
    if ((getListTasksMethod = StorageGrpc.getListTasksMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getListTasksMethod = StorageGrpc.getListTasksMethod) == null) {
          StorageGrpc.getListTasksMethod = getListTasksMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.ListTasksRequest, dev.callboard.v1.ListTasksResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListTasks"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ListTasksRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ListTasksResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("ListTasks"))
              .build();
        }
      }
    }
    return getListTasksMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.UpdateTaskRequest,
      dev.callboard.v1.UpdateTaskResponse> getUpdateTaskMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateTask",
      requestType = dev.callboard.v1.UpdateTaskRequest.class,
      responseType = dev.callboard.v1.UpdateTaskResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.UpdateTaskRequest,
      dev.callboard.v1.UpdateTaskResponse> getUpdateTaskMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.UpdateTaskRequest, dev.callboard.v1.UpdateTaskResponse> getUpdateTaskMethod;
    if ((getUpdateTaskMethod = StorageGrpc.getUpdateTaskMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getUpdateTaskMethod = StorageGrpc.getUpdateTaskMethod) == null) {
          StorageGrpc.getUpdateTaskMethod = getUpdateTaskMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.UpdateTaskRequest, dev.callboard.v1.UpdateTaskResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateTask"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.UpdateTaskRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.UpdateTaskResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("UpdateTask"))
              .build();
        }
      }
    }
    return getUpdateTaskMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.DeleteTaskRequest,
      dev.callboard.v1.DeleteTaskResponse> getDeleteTaskMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteTask",
      requestType = dev.callboard.v1.DeleteTaskRequest.class,
      responseType = dev.callboard.v1.DeleteTaskResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.DeleteTaskRequest,
      dev.callboard.v1.DeleteTaskResponse> getDeleteTaskMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.DeleteTaskRequest, dev.callboard.v1.DeleteTaskResponse> getDeleteTaskMethod;
    if ((getDeleteTaskMethod = StorageGrpc.getDeleteTaskMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getDeleteTaskMethod = StorageGrpc.getDeleteTaskMethod) == null) {
          StorageGrpc.getDeleteTaskMethod = getDeleteTaskMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.DeleteTaskRequest, dev.callboard.v1.DeleteTaskResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteTask"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.DeleteTaskRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.DeleteTaskResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("DeleteTask"))
              .build();
        }
      }
    }
    return getDeleteTaskMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.TransitionTaskRequest,
      dev.callboard.v1.TransitionTaskResponse> getTransitionTaskMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "TransitionTask",
      requestType = dev.callboard.v1.TransitionTaskRequest.class,
      responseType = dev.callboard.v1.TransitionTaskResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.TransitionTaskRequest,
      dev.callboard.v1.TransitionTaskResponse> getTransitionTaskMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.TransitionTaskRequest, dev.callboard.v1.TransitionTaskResponse> getTransitionTaskMethod;
    if ((getTransitionTaskMethod = StorageGrpc.getTransitionTaskMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getTransitionTaskMethod = StorageGrpc.getTransitionTaskMethod) == null) {
          StorageGrpc.getTransitionTaskMethod = getTransitionTaskMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.TransitionTaskRequest, dev.callboard.v1.TransitionTaskResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "TransitionTask"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.TransitionTaskRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.TransitionTaskResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("TransitionTask"))
              .build();
        }
      }
    }
    return getTransitionTaskMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.SaveStepResultRequest,
      dev.callboard.v1.SaveStepResultResponse> getSaveStepResultMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SaveStepResult",
      requestType = dev.callboard.v1.SaveStepResultRequest.class,
      responseType = dev.callboard.v1.SaveStepResultResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.SaveStepResultRequest,
      dev.callboard.v1.SaveStepResultResponse> getSaveStepResultMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.SaveStepResultRequest, dev.callboard.v1.SaveStepResultResponse> getSaveStepResultMethod;
    if ((getSaveStepResultMethod = StorageGrpc.getSaveStepResultMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getSaveStepResultMethod = StorageGrpc.getSaveStepResultMethod) == null) {
          StorageGrpc.getSaveStepResultMethod = getSaveStepResultMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.SaveStepResultRequest, dev.callboard.v1.SaveStepResultResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SaveStepResult"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.SaveStepResultRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.SaveStepResultResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("SaveStepResult"))
              .build();
        }
      }
    }
    return getSaveStepResultMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.GetTaskStateRequest,
      dev.callboard.v1.GetTaskStateResponse> getGetTaskStateMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetTaskState",
      requestType = dev.callboard.v1.GetTaskStateRequest.class,
      responseType = dev.callboard.v1.GetTaskStateResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.GetTaskStateRequest,
      dev.callboard.v1.GetTaskStateResponse> getGetTaskStateMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.GetTaskStateRequest, dev.callboard.v1.GetTaskStateResponse> getGetTaskStateMethod;
    if ((getGetTaskStateMethod = StorageGrpc.getGetTaskStateMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getGetTaskStateMethod = StorageGrpc.getGetTaskStateMethod) == null) {
          StorageGrpc.getGetTaskStateMethod = getGetTaskStateMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.GetTaskStateRequest, dev.callboard.v1.GetTaskStateResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetTaskState"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.GetTaskStateRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.GetTaskStateResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("GetTaskState"))
              .build();
        }
      }
    }
    return getGetTaskStateMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.SetTaskStateRequest,
      dev.callboard.v1.SetTaskStateResponse> getSetTaskStateMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SetTaskState",
      requestType = dev.callboard.v1.SetTaskStateRequest.class,
      responseType = dev.callboard.v1.SetTaskStateResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.SetTaskStateRequest,
      dev.callboard.v1.SetTaskStateResponse> getSetTaskStateMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.SetTaskStateRequest, dev.callboard.v1.SetTaskStateResponse> getSetTaskStateMethod;
    if ((getSetTaskStateMethod = StorageGrpc.getSetTaskStateMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getSetTaskStateMethod = StorageGrpc.getSetTaskStateMethod) == null) {
          StorageGrpc.getSetTaskStateMethod = getSetTaskStateMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.SetTaskStateRequest, dev.callboard.v1.SetTaskStateResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SetTaskState"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.SetTaskStateRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.SetTaskStateResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("SetTaskState"))
              .build();
        }
      }
    }
    return getSetTaskStateMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.MarkTaskDoneRequest,
      dev.callboard.v1.MarkTaskDoneResponse> getMarkTaskDoneMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "MarkTaskDone",
      requestType = dev.callboard.v1.MarkTaskDoneRequest.class,
      responseType = dev.callboard.v1.MarkTaskDoneResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.MarkTaskDoneRequest,
      dev.callboard.v1.MarkTaskDoneResponse> getMarkTaskDoneMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.MarkTaskDoneRequest, dev.callboard.v1.MarkTaskDoneResponse> getMarkTaskDoneMethod;
    if ((getMarkTaskDoneMethod = StorageGrpc.getMarkTaskDoneMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getMarkTaskDoneMethod = StorageGrpc.getMarkTaskDoneMethod) == null) {
          StorageGrpc.getMarkTaskDoneMethod = getMarkTaskDoneMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.MarkTaskDoneRequest, dev.callboard.v1.MarkTaskDoneResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "MarkTaskDone"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.MarkTaskDoneRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.MarkTaskDoneResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("MarkTaskDone"))
              .build();
        }
      }
    }
    return getMarkTaskDoneMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.ClearTaskDoneRequest,
      dev.callboard.v1.ClearTaskDoneResponse> getClearTaskDoneMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ClearTaskDone",
      requestType = dev.callboard.v1.ClearTaskDoneRequest.class,
      responseType = dev.callboard.v1.ClearTaskDoneResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.ClearTaskDoneRequest,
      dev.callboard.v1.ClearTaskDoneResponse> getClearTaskDoneMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.ClearTaskDoneRequest, dev.callboard.v1.ClearTaskDoneResponse> getClearTaskDoneMethod;
    if ((getClearTaskDoneMethod = StorageGrpc.getClearTaskDoneMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getClearTaskDoneMethod = StorageGrpc.getClearTaskDoneMethod) == null) {
          StorageGrpc.getClearTaskDoneMethod = getClearTaskDoneMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.ClearTaskDoneRequest, dev.callboard.v1.ClearTaskDoneResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ClearTaskDone"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ClearTaskDoneRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ClearTaskDoneResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("ClearTaskDone"))
              .build();
        }
      }
    }
    return getClearTaskDoneMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.AppendTaskLogRequest,
      dev.callboard.v1.AppendTaskLogResponse> getAppendTaskLogMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AppendTaskLog",
      requestType = dev.callboard.v1.AppendTaskLogRequest.class,
      responseType = dev.callboard.v1.AppendTaskLogResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.AppendTaskLogRequest,
      dev.callboard.v1.AppendTaskLogResponse> getAppendTaskLogMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.AppendTaskLogRequest, dev.callboard.v1.AppendTaskLogResponse> getAppendTaskLogMethod;
    if ((getAppendTaskLogMethod = StorageGrpc.getAppendTaskLogMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getAppendTaskLogMethod = StorageGrpc.getAppendTaskLogMethod) == null) {
          StorageGrpc.getAppendTaskLogMethod = getAppendTaskLogMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.AppendTaskLogRequest, dev.callboard.v1.AppendTaskLogResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AppendTaskLog"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.AppendTaskLogRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.AppendTaskLogResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("AppendTaskLog"))
              .build();
        }
      }
    }
    return getAppendTaskLogMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.ReadTaskLogRequest,
      dev.callboard.v1.ReadTaskLogResponse> getReadTaskLogMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ReadTaskLog",
      requestType = dev.callboard.v1.ReadTaskLogRequest.class,
      responseType = dev.callboard.v1.ReadTaskLogResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.ReadTaskLogRequest,
      dev.callboard.v1.ReadTaskLogResponse> getReadTaskLogMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.ReadTaskLogRequest, dev.callboard.v1.ReadTaskLogResponse> getReadTaskLogMethod;
    if ((getReadTaskLogMethod = StorageGrpc.getReadTaskLogMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getReadTaskLogMethod = StorageGrpc.getReadTaskLogMethod) == null) {
          StorageGrpc.getReadTaskLogMethod = getReadTaskLogMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.ReadTaskLogRequest, dev.callboard.v1.ReadTaskLogResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ReadTaskLog"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ReadTaskLogRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ReadTaskLogResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("ReadTaskLog"))
              .build();
        }
      }
    }
    return getReadTaskLogMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.SaveArtifactRequest,
      dev.callboard.v1.SaveArtifactResponse> getSaveArtifactMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SaveArtifact",
      requestType = dev.callboard.v1.SaveArtifactRequest.class,
      responseType = dev.callboard.v1.SaveArtifactResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.SaveArtifactRequest,
      dev.callboard.v1.SaveArtifactResponse> getSaveArtifactMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.SaveArtifactRequest, dev.callboard.v1.SaveArtifactResponse> getSaveArtifactMethod;
    if ((getSaveArtifactMethod = StorageGrpc.getSaveArtifactMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getSaveArtifactMethod = StorageGrpc.getSaveArtifactMethod) == null) {
          StorageGrpc.getSaveArtifactMethod = getSaveArtifactMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.SaveArtifactRequest, dev.callboard.v1.SaveArtifactResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SaveArtifact"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.SaveArtifactRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.SaveArtifactResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("SaveArtifact"))
              .build();
        }
      }
    }
    return getSaveArtifactMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.UploadArtifactRequest,
      dev.callboard.v1.UploadArtifactResponse> getUploadArtifactMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UploadArtifact",
      requestType = dev.callboard.v1.UploadArtifactRequest.class,
      responseType = dev.callboard.v1.UploadArtifactResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.CLIENT_STREAMING)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.UploadArtifactRequest,
      dev.callboard.v1.UploadArtifactResponse> getUploadArtifactMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.UploadArtifactRequest, dev.callboard.v1.UploadArtifactResponse> getUploadArtifactMethod;
    if ((getUploadArtifactMethod = StorageGrpc.getUploadArtifactMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getUploadArtifactMethod = StorageGrpc.getUploadArtifactMethod) == null) {
          StorageGrpc.getUploadArtifactMethod = getUploadArtifactMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.UploadArtifactRequest, dev.callboard.v1.UploadArtifactResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.CLIENT_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UploadArtifact"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.UploadArtifactRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.UploadArtifactResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("UploadArtifact"))
              .build();
        }
      }
    }
    return getUploadArtifactMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.GetArtifactRequest,
      dev.callboard.v1.GetArtifactResponse> getGetArtifactMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetArtifact",
      requestType = dev.callboard.v1.GetArtifactRequest.class,
      responseType = dev.callboard.v1.GetArtifactResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.GetArtifactRequest,
      dev.callboard.v1.GetArtifactResponse> getGetArtifactMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.GetArtifactRequest, dev.callboard.v1.GetArtifactResponse> getGetArtifactMethod;
    if ((getGetArtifactMethod = StorageGrpc.getGetArtifactMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getGetArtifactMethod = StorageGrpc.getGetArtifactMethod) == null) {
          StorageGrpc.getGetArtifactMethod = getGetArtifactMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.GetArtifactRequest, dev.callboard.v1.GetArtifactResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetArtifact"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.GetArtifactRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.GetArtifactResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("GetArtifact"))
              .build();
        }
      }
    }
    return getGetArtifactMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.ListArtifactsRequest,
      dev.callboard.v1.ListArtifactsResponse> getListArtifactsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListArtifacts",
      requestType = dev.callboard.v1.ListArtifactsRequest.class,
      responseType = dev.callboard.v1.ListArtifactsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.ListArtifactsRequest,
      dev.callboard.v1.ListArtifactsResponse> getListArtifactsMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.ListArtifactsRequest, dev.callboard.v1.ListArtifactsResponse> getListArtifactsMethod;
    if ((getListArtifactsMethod = StorageGrpc.getListArtifactsMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getListArtifactsMethod = StorageGrpc.getListArtifactsMethod) == null) {
          StorageGrpc.getListArtifactsMethod = getListArtifactsMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.ListArtifactsRequest, dev.callboard.v1.ListArtifactsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListArtifacts"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ListArtifactsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ListArtifactsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("ListArtifacts"))
              .build();
        }
      }
    }
    return getListArtifactsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.DeleteArtifactRequest,
      dev.callboard.v1.DeleteArtifactResponse> getDeleteArtifactMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteArtifact",
      requestType = dev.callboard.v1.DeleteArtifactRequest.class,
      responseType = dev.callboard.v1.DeleteArtifactResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.DeleteArtifactRequest,
      dev.callboard.v1.DeleteArtifactResponse> getDeleteArtifactMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.DeleteArtifactRequest, dev.callboard.v1.DeleteArtifactResponse> getDeleteArtifactMethod;
    if ((getDeleteArtifactMethod = StorageGrpc.getDeleteArtifactMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getDeleteArtifactMethod = StorageGrpc.getDeleteArtifactMethod) == null) {
          StorageGrpc.getDeleteArtifactMethod = getDeleteArtifactMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.DeleteArtifactRequest, dev.callboard.v1.DeleteArtifactResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteArtifact"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.DeleteArtifactRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.DeleteArtifactResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("DeleteArtifact"))
              .build();
        }
      }
    }
    return getDeleteArtifactMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.AppendFactRequest,
      dev.callboard.v1.AppendFactResponse> getAppendFactMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AppendFact",
      requestType = dev.callboard.v1.AppendFactRequest.class,
      responseType = dev.callboard.v1.AppendFactResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.AppendFactRequest,
      dev.callboard.v1.AppendFactResponse> getAppendFactMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.AppendFactRequest, dev.callboard.v1.AppendFactResponse> getAppendFactMethod;
    if ((getAppendFactMethod = StorageGrpc.getAppendFactMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getAppendFactMethod = StorageGrpc.getAppendFactMethod) == null) {
          StorageGrpc.getAppendFactMethod = getAppendFactMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.AppendFactRequest, dev.callboard.v1.AppendFactResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AppendFact"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.AppendFactRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.AppendFactResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("AppendFact"))
              .build();
        }
      }
    }
    return getAppendFactMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.GetFactRequest,
      dev.callboard.v1.GetFactResponse> getGetFactMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetFact",
      requestType = dev.callboard.v1.GetFactRequest.class,
      responseType = dev.callboard.v1.GetFactResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.GetFactRequest,
      dev.callboard.v1.GetFactResponse> getGetFactMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.GetFactRequest, dev.callboard.v1.GetFactResponse> getGetFactMethod;
    if ((getGetFactMethod = StorageGrpc.getGetFactMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getGetFactMethod = StorageGrpc.getGetFactMethod) == null) {
          StorageGrpc.getGetFactMethod = getGetFactMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.GetFactRequest, dev.callboard.v1.GetFactResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetFact"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.GetFactRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.GetFactResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("GetFact"))
              .build();
        }
      }
    }
    return getGetFactMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.ListFactsRequest,
      dev.callboard.v1.ListFactsResponse> getListFactsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListFacts",
      requestType = dev.callboard.v1.ListFactsRequest.class,
      responseType = dev.callboard.v1.ListFactsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.ListFactsRequest,
      dev.callboard.v1.ListFactsResponse> getListFactsMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.ListFactsRequest, dev.callboard.v1.ListFactsResponse> getListFactsMethod;
    if ((getListFactsMethod = StorageGrpc.getListFactsMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getListFactsMethod = StorageGrpc.getListFactsMethod) == null) {
          StorageGrpc.getListFactsMethod = getListFactsMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.ListFactsRequest, dev.callboard.v1.ListFactsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListFacts"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ListFactsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ListFactsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("ListFacts"))
              .build();
        }
      }
    }
    return getListFactsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.CreateRunRequest,
      dev.callboard.v1.CreateRunResponse> getCreateRunMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateRun",
      requestType = dev.callboard.v1.CreateRunRequest.class,
      responseType = dev.callboard.v1.CreateRunResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.CreateRunRequest,
      dev.callboard.v1.CreateRunResponse> getCreateRunMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.CreateRunRequest, dev.callboard.v1.CreateRunResponse> getCreateRunMethod;
    if ((getCreateRunMethod = StorageGrpc.getCreateRunMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getCreateRunMethod = StorageGrpc.getCreateRunMethod) == null) {
          StorageGrpc.getCreateRunMethod = getCreateRunMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.CreateRunRequest, dev.callboard.v1.CreateRunResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateRun"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.CreateRunRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.CreateRunResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("CreateRun"))
              .build();
        }
      }
    }
    return getCreateRunMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.GetRunInfoRequest,
      dev.callboard.v1.GetRunInfoResponse> getGetRunInfoMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetRunInfo",
      requestType = dev.callboard.v1.GetRunInfoRequest.class,
      responseType = dev.callboard.v1.GetRunInfoResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.GetRunInfoRequest,
      dev.callboard.v1.GetRunInfoResponse> getGetRunInfoMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.GetRunInfoRequest, dev.callboard.v1.GetRunInfoResponse> getGetRunInfoMethod;
    if ((getGetRunInfoMethod = StorageGrpc.getGetRunInfoMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getGetRunInfoMethod = StorageGrpc.getGetRunInfoMethod) == null) {
          StorageGrpc.getGetRunInfoMethod = getGetRunInfoMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.GetRunInfoRequest, dev.callboard.v1.GetRunInfoResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetRunInfo"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.GetRunInfoRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.GetRunInfoResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("GetRunInfo"))
              .build();
        }
      }
    }
    return getGetRunInfoMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.ListRunsRequest,
      dev.callboard.v1.ListRunsResponse> getListRunsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListRuns",
      requestType = dev.callboard.v1.ListRunsRequest.class,
      responseType = dev.callboard.v1.ListRunsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.ListRunsRequest,
      dev.callboard.v1.ListRunsResponse> getListRunsMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.ListRunsRequest, dev.callboard.v1.ListRunsResponse> getListRunsMethod;
    if ((getListRunsMethod = StorageGrpc.getListRunsMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getListRunsMethod = StorageGrpc.getListRunsMethod) == null) {
          StorageGrpc.getListRunsMethod = getListRunsMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.ListRunsRequest, dev.callboard.v1.ListRunsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListRuns"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ListRunsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ListRunsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("ListRuns"))
              .build();
        }
      }
    }
    return getListRunsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.UpdateRunStatusRequest,
      dev.callboard.v1.UpdateRunStatusResponse> getUpdateRunStatusMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateRunStatus",
      requestType = dev.callboard.v1.UpdateRunStatusRequest.class,
      responseType = dev.callboard.v1.UpdateRunStatusResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.UpdateRunStatusRequest,
      dev.callboard.v1.UpdateRunStatusResponse> getUpdateRunStatusMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.UpdateRunStatusRequest, dev.callboard.v1.UpdateRunStatusResponse> getUpdateRunStatusMethod;
    if ((getUpdateRunStatusMethod = StorageGrpc.getUpdateRunStatusMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getUpdateRunStatusMethod = StorageGrpc.getUpdateRunStatusMethod) == null) {
          StorageGrpc.getUpdateRunStatusMethod = getUpdateRunStatusMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.UpdateRunStatusRequest, dev.callboard.v1.UpdateRunStatusResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateRunStatus"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.UpdateRunStatusRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.UpdateRunStatusResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("UpdateRunStatus"))
              .build();
        }
      }
    }
    return getUpdateRunStatusMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.UpdateRunRequest,
      dev.callboard.v1.UpdateRunResponse> getUpdateRunMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateRun",
      requestType = dev.callboard.v1.UpdateRunRequest.class,
      responseType = dev.callboard.v1.UpdateRunResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.UpdateRunRequest,
      dev.callboard.v1.UpdateRunResponse> getUpdateRunMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.UpdateRunRequest, dev.callboard.v1.UpdateRunResponse> getUpdateRunMethod;
    if ((getUpdateRunMethod = StorageGrpc.getUpdateRunMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getUpdateRunMethod = StorageGrpc.getUpdateRunMethod) == null) {
          StorageGrpc.getUpdateRunMethod = getUpdateRunMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.UpdateRunRequest, dev.callboard.v1.UpdateRunResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateRun"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.UpdateRunRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.UpdateRunResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("UpdateRun"))
              .build();
        }
      }
    }
    return getUpdateRunMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.GetRunMetaRequest,
      dev.callboard.v1.GetRunMetaResponse> getGetRunMetaMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetRunMeta",
      requestType = dev.callboard.v1.GetRunMetaRequest.class,
      responseType = dev.callboard.v1.GetRunMetaResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.GetRunMetaRequest,
      dev.callboard.v1.GetRunMetaResponse> getGetRunMetaMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.GetRunMetaRequest, dev.callboard.v1.GetRunMetaResponse> getGetRunMetaMethod;
    if ((getGetRunMetaMethod = StorageGrpc.getGetRunMetaMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getGetRunMetaMethod = StorageGrpc.getGetRunMetaMethod) == null) {
          StorageGrpc.getGetRunMetaMethod = getGetRunMetaMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.GetRunMetaRequest, dev.callboard.v1.GetRunMetaResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetRunMeta"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.GetRunMetaRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.GetRunMetaResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("GetRunMeta"))
              .build();
        }
      }
    }
    return getGetRunMetaMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.UpdateRunMetaRequest,
      dev.callboard.v1.UpdateRunMetaResponse> getUpdateRunMetaMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateRunMeta",
      requestType = dev.callboard.v1.UpdateRunMetaRequest.class,
      responseType = dev.callboard.v1.UpdateRunMetaResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.UpdateRunMetaRequest,
      dev.callboard.v1.UpdateRunMetaResponse> getUpdateRunMetaMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.UpdateRunMetaRequest, dev.callboard.v1.UpdateRunMetaResponse> getUpdateRunMetaMethod;
    if ((getUpdateRunMetaMethod = StorageGrpc.getUpdateRunMetaMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getUpdateRunMetaMethod = StorageGrpc.getUpdateRunMetaMethod) == null) {
          StorageGrpc.getUpdateRunMetaMethod = getUpdateRunMetaMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.UpdateRunMetaRequest, dev.callboard.v1.UpdateRunMetaResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateRunMeta"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.UpdateRunMetaRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.UpdateRunMetaResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("UpdateRunMeta"))
              .build();
        }
      }
    }
    return getUpdateRunMetaMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.AppendRunEventRequest,
      dev.callboard.v1.AppendRunEventResponse> getAppendRunEventMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AppendRunEvent",
      requestType = dev.callboard.v1.AppendRunEventRequest.class,
      responseType = dev.callboard.v1.AppendRunEventResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.AppendRunEventRequest,
      dev.callboard.v1.AppendRunEventResponse> getAppendRunEventMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.AppendRunEventRequest, dev.callboard.v1.AppendRunEventResponse> getAppendRunEventMethod;
    if ((getAppendRunEventMethod = StorageGrpc.getAppendRunEventMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getAppendRunEventMethod = StorageGrpc.getAppendRunEventMethod) == null) {
          StorageGrpc.getAppendRunEventMethod = getAppendRunEventMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.AppendRunEventRequest, dev.callboard.v1.AppendRunEventResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AppendRunEvent"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.AppendRunEventRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.AppendRunEventResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("AppendRunEvent"))
              .build();
        }
      }
    }
    return getAppendRunEventMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.DeleteRunRequest,
      dev.callboard.v1.DeleteRunResponse> getDeleteRunMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteRun",
      requestType = dev.callboard.v1.DeleteRunRequest.class,
      responseType = dev.callboard.v1.DeleteRunResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.DeleteRunRequest,
      dev.callboard.v1.DeleteRunResponse> getDeleteRunMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.DeleteRunRequest, dev.callboard.v1.DeleteRunResponse> getDeleteRunMethod;
    if ((getDeleteRunMethod = StorageGrpc.getDeleteRunMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getDeleteRunMethod = StorageGrpc.getDeleteRunMethod) == null) {
          StorageGrpc.getDeleteRunMethod = getDeleteRunMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.DeleteRunRequest, dev.callboard.v1.DeleteRunResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteRun"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.DeleteRunRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.DeleteRunResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("DeleteRun"))
              .build();
        }
      }
    }
    return getDeleteRunMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.GetRunTreeRequest,
      dev.callboard.v1.GetRunTreeResponse> getGetRunTreeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetRunTree",
      requestType = dev.callboard.v1.GetRunTreeRequest.class,
      responseType = dev.callboard.v1.GetRunTreeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.GetRunTreeRequest,
      dev.callboard.v1.GetRunTreeResponse> getGetRunTreeMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.GetRunTreeRequest, dev.callboard.v1.GetRunTreeResponse> getGetRunTreeMethod;
    if ((getGetRunTreeMethod = StorageGrpc.getGetRunTreeMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getGetRunTreeMethod = StorageGrpc.getGetRunTreeMethod) == null) {
          StorageGrpc.getGetRunTreeMethod = getGetRunTreeMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.GetRunTreeRequest, dev.callboard.v1.GetRunTreeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetRunTree"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.GetRunTreeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.GetRunTreeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("GetRunTree"))
              .build();
        }
      }
    }
    return getGetRunTreeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.WriteRunFileRequest,
      dev.callboard.v1.WriteRunFileResponse> getWriteRunFileMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WriteRunFile",
      requestType = dev.callboard.v1.WriteRunFileRequest.class,
      responseType = dev.callboard.v1.WriteRunFileResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.WriteRunFileRequest,
      dev.callboard.v1.WriteRunFileResponse> getWriteRunFileMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.WriteRunFileRequest, dev.callboard.v1.WriteRunFileResponse> getWriteRunFileMethod;
    if ((getWriteRunFileMethod = StorageGrpc.getWriteRunFileMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getWriteRunFileMethod = StorageGrpc.getWriteRunFileMethod) == null) {
          StorageGrpc.getWriteRunFileMethod = getWriteRunFileMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.WriteRunFileRequest, dev.callboard.v1.WriteRunFileResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WriteRunFile"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.WriteRunFileRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.WriteRunFileResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("WriteRunFile"))
              .build();
        }
      }
    }
    return getWriteRunFileMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.AppendRunOutputRequest,
      dev.callboard.v1.AppendRunOutputResponse> getAppendRunOutputMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AppendRunOutput",
      requestType = dev.callboard.v1.AppendRunOutputRequest.class,
      responseType = dev.callboard.v1.AppendRunOutputResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.AppendRunOutputRequest,
      dev.callboard.v1.AppendRunOutputResponse> getAppendRunOutputMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.AppendRunOutputRequest, dev.callboard.v1.AppendRunOutputResponse> getAppendRunOutputMethod;
    if ((getAppendRunOutputMethod = StorageGrpc.getAppendRunOutputMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getAppendRunOutputMethod = StorageGrpc.getAppendRunOutputMethod) == null) {
          StorageGrpc.getAppendRunOutputMethod = getAppendRunOutputMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.AppendRunOutputRequest, dev.callboard.v1.AppendRunOutputResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AppendRunOutput"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.AppendRunOutputRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.AppendRunOutputResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("AppendRunOutput"))
              .build();
        }
      }
    }
    return getAppendRunOutputMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.ReadRunFileRequest,
      dev.callboard.v1.ReadRunFileResponse> getReadRunFileMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ReadRunFile",
      requestType = dev.callboard.v1.ReadRunFileRequest.class,
      responseType = dev.callboard.v1.ReadRunFileResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.ReadRunFileRequest,
      dev.callboard.v1.ReadRunFileResponse> getReadRunFileMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.ReadRunFileRequest, dev.callboard.v1.ReadRunFileResponse> getReadRunFileMethod;
    if ((getReadRunFileMethod = StorageGrpc.getReadRunFileMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getReadRunFileMethod = StorageGrpc.getReadRunFileMethod) == null) {
          StorageGrpc.getReadRunFileMethod = getReadRunFileMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.ReadRunFileRequest, dev.callboard.v1.ReadRunFileResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ReadRunFile"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ReadRunFileRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ReadRunFileResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("ReadRunFile"))
              .build();
        }
      }
    }
    return getReadRunFileMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.ListRunFilesRequest,
      dev.callboard.v1.ListRunFilesResponse> getListRunFilesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListRunFiles",
      requestType = dev.callboard.v1.ListRunFilesRequest.class,
      responseType = dev.callboard.v1.ListRunFilesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.ListRunFilesRequest,
      dev.callboard.v1.ListRunFilesResponse> getListRunFilesMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.ListRunFilesRequest, dev.callboard.v1.ListRunFilesResponse> getListRunFilesMethod;
    if ((getListRunFilesMethod = StorageGrpc.getListRunFilesMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getListRunFilesMethod = StorageGrpc.getListRunFilesMethod) == null) {
          StorageGrpc.getListRunFilesMethod = getListRunFilesMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.ListRunFilesRequest, dev.callboard.v1.ListRunFilesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListRunFiles"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ListRunFilesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ListRunFilesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("ListRunFiles"))
              .build();
        }
      }
    }
    return getListRunFilesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.ReconcileRunsRequest,
      dev.callboard.v1.ReconcileRunsResponse> getReconcileRunsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ReconcileRuns",
      requestType = dev.callboard.v1.ReconcileRunsRequest.class,
      responseType = dev.callboard.v1.ReconcileRunsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.ReconcileRunsRequest,
      dev.callboard.v1.ReconcileRunsResponse> getReconcileRunsMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.ReconcileRunsRequest, dev.callboard.v1.ReconcileRunsResponse> getReconcileRunsMethod;
    if ((getReconcileRunsMethod = StorageGrpc.getReconcileRunsMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getReconcileRunsMethod = StorageGrpc.getReconcileRunsMethod) == null) {
          StorageGrpc.getReconcileRunsMethod = getReconcileRunsMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.ReconcileRunsRequest, dev.callboard.v1.ReconcileRunsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ReconcileRuns"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ReconcileRunsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ReconcileRunsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("ReconcileRuns"))
              .build();
        }
      }
    }
    return getReconcileRunsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.WatchRequest,
      dev.callboard.v1.WatchResponse> getWatchMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Watch",
      requestType = dev.callboard.v1.WatchRequest.class,
      responseType = dev.callboard.v1.WatchResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.WatchRequest,
      dev.callboard.v1.WatchResponse> getWatchMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.WatchRequest, dev.callboard.v1.WatchResponse> getWatchMethod;
    if ((getWatchMethod = StorageGrpc.getWatchMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getWatchMethod = StorageGrpc.getWatchMethod) == null) {
          StorageGrpc.getWatchMethod = getWatchMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.WatchRequest, dev.callboard.v1.WatchResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Watch"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.WatchRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.WatchResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("Watch"))
              .build();
        }
      }
    }
    return getWatchMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.CleanUpRunsRequest,
      dev.callboard.v1.CleanUpRunsResponse> getCleanUpRunsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CleanUpRuns",
      requestType = dev.callboard.v1.CleanUpRunsRequest.class,
      responseType = dev.callboard.v1.CleanUpRunsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.CleanUpRunsRequest,
      dev.callboard.v1.CleanUpRunsResponse> getCleanUpRunsMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.CleanUpRunsRequest, dev.callboard.v1.CleanUpRunsResponse> getCleanUpRunsMethod;
    if ((getCleanUpRunsMethod = StorageGrpc.getCleanUpRunsMethod) == null) {
      synchronized (StorageGrpc.class) {
        if ((getCleanUpRunsMethod = StorageGrpc.getCleanUpRunsMethod) == null) {
          StorageGrpc.getCleanUpRunsMethod = getCleanUpRunsMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.CleanUpRunsRequest, dev.callboard.v1.CleanUpRunsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CleanUpRuns"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.CleanUpRunsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.CleanUpRunsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StorageMethodDescriptorSupplier("CleanUpRuns"))
              .build();
        }
      }
    }
    return getCleanUpRunsMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static StorageStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<StorageStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<StorageStub>() {
        @java.lang.Override
        public StorageStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new StorageStub(channel, callOptions);
        }
      };
    return StorageStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static StorageBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<StorageBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<StorageBlockingV2Stub>() {
        @java.lang.Override
        public StorageBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new StorageBlockingV2Stub(channel, callOptions);
        }
      };
    return StorageBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static StorageBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<StorageBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<StorageBlockingStub>() {
        @java.lang.Override
        public StorageBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new StorageBlockingStub(channel, callOptions);
        }
      };
    return StorageBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static StorageFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<StorageFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<StorageFutureStub>() {
        @java.lang.Override
        public StorageFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new StorageFutureStub(channel, callOptions);
        }
      };
    return StorageFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Creates, reads, changes, lists, watches and removes projects, tasks, checkpoints,
   * logs, artifacts, facts and runs.
   * Reads never lock and never write. Updates are made under a lock that other
   * programs respect too, replace a document as a whole, and keep what they do not
   * know. Every mutable document has an `etag`: give it back with an update to have
   * the update refused when somebody else changed the document in between.
   * Who calls is let in as the user of the server itself, over its socket or loopback; by a
   * token, in the metadata `authorization: Bearer TOKEN`; or by a certificate. What a caller may
   * do is `read`, `write` or `admin`, in some projects or in all; each method says what it
   * needs.
   * Errors of every method carry a `google.rpc.ErrorInfo` with the domain
   * "callboard" and a reason in UPPER_SNAKE_CASE; branch on the reason. Common to
   * all methods: TOKEN_REQUIRED and TOKEN_INVALID (UNAUTHENTICATED) for a caller that is
   * not let in; NOT_ALLOWED (PERMISSION_DENIED) for one that may not do this, or not in
   * this project, whether that exists or not; REQUIRED_FIELD (INVALID_ARGUMENT) for a field that is empty and
   * must not be; INVALID_ID (INVALID_ARGUMENT) for an id that is too long or no
   * single path component, or, where something is created, not of the form for new
   * ids; PATH_TRAVERSAL (INVALID_ARGUMENT) for an id that tries to leave its folder;
   * INVALID_FIELD (INVALID_ARGUMENT) for a number, time or choice out of its range;
   * TOO_LARGE (INVALID_ARGUMENT) for what is over a limit, which the metadata names;
   * NOT_A_REGULAR_FILE (FAILED_PRECONDITION) when a symlink or something else stands
   * where a file or folder belongs; CORRUPT_DOCUMENT (DATA_LOSS) when the one
   * document asked for cannot be read, while lists show it with its `problem`, or
   * when one to update holds what other programs wrote and cannot be kept as it is; IO
   * (INTERNAL) when the disk fails; SHUTTING_DOWN (UNAVAILABLE, with RetryInfo)
   * while the server drains; CALL_TIMED_OUT (DEADLINE_EXCEEDED) for what takes too long; BUG
   * (INTERNAL). Common to all that write: DISK_FULL and QUOTA_EXCEEDED
   * (RESOURCE_EXHAUSTED), and the old content is intact; LOCK_TIMEOUT (UNAVAILABLE,
   * with RetryInfo) when another program holds a document's lock for 10 s, and
   * nothing was written. Common to all that update a document: ETAG_MISMATCH
   * (ABORTED) when an etag is given and the document has another; FOREIGN_WRITE
   * (ABORTED) when a program that does not respect the lock keeps replacing the
   * document meanwhile.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Tells what server this is: its version, its limits, what it can do.
     * Needs no permission: every caller that is let in may ask.
     * </pre>
     */
    default void getServerInfo(dev.callboard.v1.GetServerInfoRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.GetServerInfoResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetServerInfoMethod(), responseObserver);
    }

    /**
     * <pre>
     * Creates a project. A project also appears by itself with its first task, run
     * or message; creating one that appeared so is refused like any other.
     * Errors: PROJECT_EXISTS (ALREADY_EXISTS) unless the same `request_id` created
     * it; REQUEST_ID_REUSED (ALREADY_EXISTS) when the request id came with other
     * content.
     * Needs `write`.
     * </pre>
     */
    default void createProject(dev.callboard.v1.CreateProjectRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.CreateProjectResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateProjectMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns a project.
     * Errors: PROJECT_NOT_FOUND (NOT_FOUND).
     * Needs `read`.
     * </pre>
     */
    default void getProject(dev.callboard.v1.GetProjectRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.GetProjectResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetProjectMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists projects in the order of their ids.
     * Errors: INVALID_PAGE_TOKEN (INVALID_ARGUMENT).
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    default void listProjects(dev.callboard.v1.ListProjectsRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ListProjectsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListProjectsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Changes a project's home folders (`home-folders.md`).
     * Errors: PROJECT_NOT_FOUND (NOT_FOUND).
     * Needs `write`.
     * </pre>
     */
    default void updateProject(dev.callboard.v1.UpdateProjectRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.UpdateProjectResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateProjectMethod(), responseObserver);
    }

    /**
     * <pre>
     * Removes a project with everything in it, in one step.
     * Errors: PROJECT_NOT_FOUND (NOT_FOUND) unless `allow_missing`; NOT_EMPTY
     * (FAILED_PRECONDITION) when the project has tasks, messages or other files and
     * `force` is not set.
     * Needs `admin`.
     * </pre>
     */
    default void deleteProject(dev.callboard.v1.DeleteProjectRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.DeleteProjectResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteProjectMethod(), responseObserver);
    }

    /**
     * <pre>
     * Creates a task: its folder, `task.json`, and `TASK.md` and `TASK-CONFIG.yaml`
     * when there is something to put into them. The project is created when it is
     * missing. A folder that exists only because a message or a run came first is
     * taken over as it is.
     * Errors: TASK_EXISTS (ALREADY_EXISTS) unless the same `request_id` created it;
     * also when another program has written another TASK.md or TASK-CONFIG.yaml
     * there. REQUEST_ID_REUSED (ALREADY_EXISTS).
     * Needs `write`.
     * </pre>
     */
    default void createTask(dev.callboard.v1.CreateTaskRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.CreateTaskResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateTaskMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns a task with its prompt.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `read`.
     * </pre>
     */
    default void getTask(dev.callboard.v1.GetTaskRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.GetTaskResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetTaskMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists a project's tasks, newest first; those of one instant in the order of
     * their ids. An absent project has no tasks.
     * Errors: INVALID_PAGE_TOKEN (INVALID_ARGUMENT).
     * Needs `read`.
     * </pre>
     */
    default void listTasks(dev.callboard.v1.ListTasksRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ListTasksResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListTasksMethod(), responseObserver);
    }

    /**
     * <pre>
     * Changes a task. When it is refused with FOREIGN_WRITE or DISK_FULL, the prompt and
     * the dependencies may be new already. A new status must be a move that TransitionTask allows, and is
     * kept in the history like one; the status it has already is no change.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_TRANSITION
     * (FAILED_PRECONDITION); INVALID_FIELD (INVALID_ARGUMENT) for a `current_step`
     * behind the last step, or `metadata_json` that is no JSON object.
     * Needs `write`.
     * </pre>
     */
    default void updateTask(dev.callboard.v1.UpdateTaskRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.UpdateTaskResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateTaskMethod(), responseObserver);
    }

    /**
     * <pre>
     * Removes a task with its runs, its bus and all its files, in one step.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND) unless `allow_missing`;
     * RUN_ACTIVE (FAILED_PRECONDITION) when one of its runs is alive and `force` is
     * not set.
     * Needs `admin`.
     * </pre>
     */
    default void deleteTask(dev.callboard.v1.DeleteTaskRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.DeleteTaskResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteTaskMethod(), responseObserver);
    }

    /**
     * <pre>
     * Moves a task to another status and appends that to its history. The moves:
     * pending to running; running to validating, gh_failed, ci_failed, ci_timeout,
     * interrupted, abandoned; validating to awaiting_approval, validation_failed,
     * interrupted; validation_failed to running, abandoned; awaiting_approval to
     * completed, running, rejected; gh_failed, ci_failed, ci_timeout and interrupted to
     * running, abandoned. completed, rejected and abandoned are final, and set
     * `completed_at`. A task without a task.json is pending.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_TRANSITION
     * (FAILED_PRECONDITION) for every other move, to the same status too: its metadata
     * names `from`, `to`, and the statuses that are `allowed`, separated by spaces.
     * Needs `write`.
     * </pre>
     */
    default void transitionTask(dev.callboard.v1.TransitionTaskRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.TransitionTaskResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getTransitionTaskMethod(), responseObserver);
    }

    /**
     * <pre>
     * Saves the checkpoint after a step in one atomic, synced write: appends the
     * result, sets the state of its step, and, when given, the current step and the
     * task's status. Results are only appended: a step that is tried again has several.
     * Repeating the call is made safe by `etag`: when the first answer was lost, the
     * second call is refused, and GetTask shows the result.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_FIELD
     * (INVALID_ARGUMENT) for a step that the task does not have; INVALID_TRANSITION
     * (FAILED_PRECONDITION), and then nothing is saved; TOO_LARGE (INVALID_ARGUMENT)
     * when task.json would be over 2 MiB, of which 64 KiB are kept for moves: keep long
     * outputs as artifacts.
     * Needs `write`.
     * </pre>
     */
    default void saveStepResult(dev.callboard.v1.SaveStepResultRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.SaveStepResultResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSaveStepResultMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns what `TASK_STATE.md` says. A file that cannot be read as one has the
     * status `unknown`, and its text as it is; no file has an empty status.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `read`.
     * </pre>
     */
    default void getTaskState(dev.callboard.v1.GetTaskStateRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.GetTaskStateResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetTaskStateMethod(), responseObserver);
    }

    /**
     * <pre>
     * Replaces `TASK_STATE.md` as a whole. A file that could not be read is kept
     * beside it.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `write`.
     * </pre>
     */
    default void setTaskState(dev.callboard.v1.SetTaskStateRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.SetTaskStateResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSetTaskStateMethod(), responseObserver);
    }

    /**
     * <pre>
     * Marks a task as done: creates its `DONE` file. Doing so again is fine.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `write`.
     * </pre>
     */
    default void markTaskDone(dev.callboard.v1.MarkTaskDoneRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.MarkTaskDoneResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getMarkTaskDoneMethod(), responseObserver);
    }

    /**
     * <pre>
     * Removes the `DONE` file of a task. Doing so again is fine.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `write`.
     * </pre>
     */
    default void clearTaskDone(dev.callboard.v1.ClearTaskDoneRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ClearTaskDoneResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getClearTaskDoneMethod(), responseObserver);
    }

    /**
     * <pre>
     * Appends entries to a task's log, `task.log`: all of them, in one write with one
     * sync. Half a line that a crash left at its end is closed first.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_FIELD
     * (INVALID_ARGUMENT) for an entry that is no JSON object; TOO_LARGE
     * (INVALID_ARGUMENT); REQUEST_ID_REUSED (ALREADY_EXISTS).
     * Needs `write`.
     * </pre>
     */
    default void appendTaskLog(dev.callboard.v1.AppendTaskLogRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.AppendTaskLogResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAppendTaskLogMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns a task's log from an offset on, and follows it when asked, until the
     * caller ends the call. A log that does not exist yet is empty.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND), also when the task is
     * removed while it is followed; OFFSET_MISMATCH (ABORTED) for an offset behind the
     * end; SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED); UNAVAILABLE with SHUTTING_DOWN when
     * the server stops: go on from the last `next_offset`.
     * Needs `read`.
     * </pre>
     */
    default void readTaskLog(dev.callboard.v1.ReadTaskLogRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ReadTaskLogResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getReadTaskLogMethod(), responseObserver);
    }

    /**
     * <pre>
     * Saves an artifact of at most 1 MiB, whole or not at all. A plain one takes the
     * place of the one with its name; a versioned one gets the next number, which no
     * other gets; an attachment gets a name of its own.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); PATH_TRAVERSAL,
     * INVALID_ID (INVALID_ARGUMENT) for its name; CHECKSUM_MISMATCH (INVALID_ARGUMENT)
     * when its content has another sha256 than `sha256`; TOO_MANY_VERSIONS
     * (RESOURCE_EXHAUSTED) after number 10 000; SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED);
     * REQUEST_ID_REUSED (ALREADY_EXISTS). Nothing is saved then.
     * Needs `write`.
     * </pre>
     */
    default void saveArtifact(dev.callboard.v1.SaveArtifactRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.SaveArtifactResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSaveArtifactMethod(), responseObserver);
    }

    /**
     * <pre>
     * Saves an artifact of any size up to 16 GiB: first its header, then its content in
     * chunks. It is there when the answer comes; an upload that is broken off leaves
     * nothing. An empty chunk keeps a slow one going.
     * Errors: as SaveArtifact; CHECKSUM_MISMATCH (INVALID_ARGUMENT) also when its content
     * has another size than `size`; REQUIRED_FIELD (INVALID_ARGUMENT) when the first message
     * is no header; INVALID_FIELD (INVALID_ARGUMENT) for a second one; UPLOAD_STALLED
     * (DEADLINE_EXCEEDED) when nothing comes for 60 s, and then nothing is saved, and the
     * same request id may be sent again.
     * Needs `write`.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<dev.callboard.v1.UploadArtifactRequest> uploadArtifact(
        io.grpc.stub.StreamObserver<dev.callboard.v1.UploadArtifactResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getUploadArtifactMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns an artifact or a range of it in chunks. What is replaced meanwhile is
     * returned as it was when the call began.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND, ARTIFACT_NOT_FOUND (NOT_FOUND);
     * OFFSET_MISMATCH (ABORTED) for an offset behind the end; SUBSCRIBER_LIMIT
     * (RESOURCE_EXHAUSTED).
     * Needs `read`.
     * </pre>
     */
    default void getArtifact(dev.callboard.v1.GetArtifactRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.GetArtifactResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetArtifactMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists a task's artifacts, in all subfolders, and its attachments, in the order of
     * their paths.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_PAGE_TOKEN
     * (INVALID_ARGUMENT).
     * Needs `read`.
     * </pre>
     */
    default void listArtifacts(dev.callboard.v1.ListArtifactsRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ListArtifactsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListArtifactsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Removes an artifact or an attachment.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND, ARTIFACT_NOT_FOUND (NOT_FOUND) unless
     * `allow_missing`.
     * Needs `write`.
     * </pre>
     */
    default void deleteArtifact(dev.callboard.v1.DeleteArtifactRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.DeleteArtifactResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteArtifactMethod(), responseObserver);
    }

    /**
     * <pre>
     * Writes down a fact about a project or a task, as a file of its own. Facts are not
     * changed afterwards.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); REQUIRED_FIELD
     * (INVALID_ARGUMENT) without a title; REQUEST_ID_REUSED (ALREADY_EXISTS).
     * Needs `write`.
     * </pre>
     */
    default void appendFact(dev.callboard.v1.AppendFactRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.AppendFactResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAppendFactMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns a fact with its body.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND, FACT_NOT_FOUND (NOT_FOUND).
     * Needs `read`.
     * </pre>
     */
    default void getFact(dev.callboard.v1.GetFactRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.GetFactResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetFactMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the facts of a project, or those of a task, newest first; those of one
     * instant in the falling order of their ids.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_PAGE_TOKEN
     * (INVALID_ARGUMENT).
     * Needs `read`.
     * </pre>
     */
    default void listFacts(dev.callboard.v1.ListFactsRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ListFactsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListFactsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Creates a run, which is `running` from then on. The folders of project and
     * task are created when they are missing. Parent and previous run are kept as
     * they are named, whether they exist or not.
     * Errors: RUN_EXISTS (ALREADY_EXISTS) when the task has a run folder of this
     * name, unless the same `request_id` created it; REQUEST_ID_REUSED
     * (ALREADY_EXISTS); WORKTREE_MISSING (FAILED_PRECONDITION) when `meta` names a
     * worktree that is no folder on the server's host. Where the original program has a
     * code of its own, the metadata has it as `code`: E_RUN_DIR_EXISTS,
     * E_RUN_DIR_CREATE_FAILED, E_META_WRITE_FAILED.
     * Needs `write`.
     * </pre>
     */
    default void createRun(dev.callboard.v1.CreateRunRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.CreateRunResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateRunMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns a run, found by its id alone or by project, task and id.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION) when the
     * id is in two places: name project and task, or remove one of the two.
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    default void getRunInfo(dev.callboard.v1.GetRunInfoRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.GetRunInfoResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetRunInfoMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists runs in the order of project, task and run folder. The folder is named
     * like the run's id, and our ids begin with the time: so the runs of a task come
     * oldest first. An absent project or task has no runs. A run whose file is absent
     * has the status `unknown`, one whose file cannot be read the status `damaged`
     * and its `problem`.
     * Errors: INVALID_PAGE_TOKEN (INVALID_ARGUMENT).
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    default void listRuns(dev.callboard.v1.ListRunsRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ListRunsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListRunsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Ends a run: status, exit code and end time change, everything else stays.
     * Ending it again in the same way is fine and changes nothing. A run that
     * ReconcileRuns marked as failed may still be ended by whoever knows how it ended.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * INVALID_FIELD (INVALID_ARGUMENT) for a status other than running, completed and
     * failed; INVALID_TRANSITION (FAILED_PRECONDITION) for a run that has ended in
     * another way, or is to run again.
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    default void updateRunStatus(dev.callboard.v1.UpdateRunStatusRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.UpdateRunStatusResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateRunStatusMethod(), responseObserver);
    }

    /**
     * <pre>
     * Changes other fields of a run than its status.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION).
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    default void updateRun(dev.callboard.v1.UpdateRunRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.UpdateRunResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateRunMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns what a run's `meta.json` says: its worktree and its tools.
     * Errors: RUN_NOT_FOUND (NOT_FOUND), also for a run without a meta.json;
     * RUN_AMBIGUOUS (FAILED_PRECONDITION).
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    default void getRunMeta(dev.callboard.v1.GetRunMetaRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.GetRunMetaResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetRunMetaMethod(), responseObserver);
    }

    /**
     * <pre>
     * Changes a run's `meta.json`, or creates it. Fields that are not named, and keys of
     * other programs, stay.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * WORKTREE_MISSING (FAILED_PRECONDITION) when the file is created and its worktree
     * is no folder on the server's host.
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    default void updateRunMeta(dev.callboard.v1.UpdateRunMetaRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.UpdateRunMetaResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateRunMetaMethod(), responseObserver);
    }

    /**
     * <pre>
     * Appends an event to a run's `events.jsonl`. Read and follow them as the run's
     * file `events`.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * INVALID_FIELD (INVALID_ARGUMENT) for data that is no JSON object; TOO_LARGE
     * (INVALID_ARGUMENT); REQUEST_ID_REUSED (ALREADY_EXISTS).
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    default void appendRunEvent(dev.callboard.v1.AppendRunEventRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.AppendRunEventResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAppendRunEventMethod(), responseObserver);
    }

    /**
     * <pre>
     * Removes a run with all its files, in one step.
     * Errors: RUN_NOT_FOUND (NOT_FOUND) unless `allow_missing`; RUN_AMBIGUOUS,
     * RUN_ACTIVE (FAILED_PRECONDITION), the latter when its process is alive and
     * `force` is not set.
     * Needs `admin`. A caller limited to some projects names the project.
     * </pre>
     */
    default void deleteRun(dev.callboard.v1.DeleteRunRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.DeleteRunResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteRunMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns the runs that come from a task's runs, or from one run, as a tree: the
     * children of each run, and its restarts, across tasks and projects. Built from
     * the files alone.
     * Errors: RUN_NOT_FOUND (NOT_FOUND), RUN_AMBIGUOUS (FAILED_PRECONDITION) for a
     * `run_id`; PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    default void getRunTree(dev.callboard.v1.GetRunTreeRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.GetRunTreeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetRunTreeMethod(), responseObserver);
    }

    /**
     * <pre>
     * Replaces a file of a run as a whole.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * INVALID_FIELD (INVALID_ARGUMENT) for a `file` that is none of a run's.
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    default void writeRunFile(dev.callboard.v1.WriteRunFileRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.WriteRunFileResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWriteRunFileMethod(), responseObserver);
    }

    /**
     * <pre>
     * Appends to a file of a run. With an `offset` repeating the call is safe: bytes
     * that are already there are not appended again, and zeros that a power cut left in
     * the chunk's place, because it was not written yet, are replaced.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * OFFSET_MISMATCH (ABORTED) when the file does not end at `offset` and does not
     * hold the chunk there: the metadata says where it ends, as `size`; INVALID_FIELD
     * (INVALID_ARGUMENT).
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    default void appendRunOutput(dev.callboard.v1.AppendRunOutputRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.AppendRunOutputResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAppendRunOutputMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns a file of a run from an offset on, in chunks, and follows it when
     * asked, for as long as the run runs. What agents write themselves is returned as
     * it is, synced or not.
     * Errors: RUN_NOT_FOUND (NOT_FOUND), RUN_FILE_NOT_FOUND (NOT_FOUND) unless it is
     * followed and may still come; RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * OFFSET_MISMATCH (ABORTED) for an offset behind the end; INVALID_FIELD
     * (INVALID_ARGUMENT); SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED); UNAVAILABLE with
     * SHUTTING_DOWN when the server stops: go on from the last chunk's end.
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    default void readRunFile(dev.callboard.v1.ReadRunFileRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ReadRunFileResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getReadRunFileMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the files of a run that ReadRunFile returns, in the order prompt, output,
     * stdout, stderr, events, then logs by name.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * INVALID_PAGE_TOKEN (INVALID_ARGUMENT).
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    default void listRunFiles(dev.callboard.v1.ListRunFilesRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ListRunFilesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListRunFilesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Marks runs as failed whose process is gone, or as completed when their task is
     * done; recreates derived files that are missing, and rewrites a TASK_STATE.md
     * that cannot be read.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `write`. A caller limited to some projects gets those only.
     * </pre>
     */
    default void reconcileRuns(dev.callboard.v1.ReconcileRunsRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ReconcileRunsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getReconcileRunsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Sends the current state of everything in scope, then `synced`, then the current
     * state of whatever changes, and deletions, also when other programs made them.
     * Changes in quick succession may be sent as one. A stream that is opened again
     * begins with all of the current state: what it does not name until `synced` is
     * gone.
     * Errors: UNAVAILABLE with SHUTTING_DOWN and RetryInfo when the server stops;
     * SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED).
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    default void watch(dev.callboard.v1.WatchRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.WatchResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchMethod(), responseObserver);
    }

    /**
     * <pre>
     * Removes runs that ended long ago, oldest first. By default it only says which
     * it would remove. A run that has not ended is never removed.
     * Errors: REQUIRED_FIELD (INVALID_ARGUMENT) without `older_than`;
     * PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `admin`. A caller limited to some projects gets those only.
     * </pre>
     */
    default void cleanUpRuns(dev.callboard.v1.CleanUpRunsRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.CleanUpRunsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCleanUpRunsMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service Storage.
   * <pre>
   * Creates, reads, changes, lists, watches and removes projects, tasks, checkpoints,
   * logs, artifacts, facts and runs.
   * Reads never lock and never write. Updates are made under a lock that other
   * programs respect too, replace a document as a whole, and keep what they do not
   * know. Every mutable document has an `etag`: give it back with an update to have
   * the update refused when somebody else changed the document in between.
   * Who calls is let in as the user of the server itself, over its socket or loopback; by a
   * token, in the metadata `authorization: Bearer TOKEN`; or by a certificate. What a caller may
   * do is `read`, `write` or `admin`, in some projects or in all; each method says what it
   * needs.
   * Errors of every method carry a `google.rpc.ErrorInfo` with the domain
   * "callboard" and a reason in UPPER_SNAKE_CASE; branch on the reason. Common to
   * all methods: TOKEN_REQUIRED and TOKEN_INVALID (UNAUTHENTICATED) for a caller that is
   * not let in; NOT_ALLOWED (PERMISSION_DENIED) for one that may not do this, or not in
   * this project, whether that exists or not; REQUIRED_FIELD (INVALID_ARGUMENT) for a field that is empty and
   * must not be; INVALID_ID (INVALID_ARGUMENT) for an id that is too long or no
   * single path component, or, where something is created, not of the form for new
   * ids; PATH_TRAVERSAL (INVALID_ARGUMENT) for an id that tries to leave its folder;
   * INVALID_FIELD (INVALID_ARGUMENT) for a number, time or choice out of its range;
   * TOO_LARGE (INVALID_ARGUMENT) for what is over a limit, which the metadata names;
   * NOT_A_REGULAR_FILE (FAILED_PRECONDITION) when a symlink or something else stands
   * where a file or folder belongs; CORRUPT_DOCUMENT (DATA_LOSS) when the one
   * document asked for cannot be read, while lists show it with its `problem`, or
   * when one to update holds what other programs wrote and cannot be kept as it is; IO
   * (INTERNAL) when the disk fails; SHUTTING_DOWN (UNAVAILABLE, with RetryInfo)
   * while the server drains; CALL_TIMED_OUT (DEADLINE_EXCEEDED) for what takes too long; BUG
   * (INTERNAL). Common to all that write: DISK_FULL and QUOTA_EXCEEDED
   * (RESOURCE_EXHAUSTED), and the old content is intact; LOCK_TIMEOUT (UNAVAILABLE,
   * with RetryInfo) when another program holds a document's lock for 10 s, and
   * nothing was written. Common to all that update a document: ETAG_MISMATCH
   * (ABORTED) when an etag is given and the document has another; FOREIGN_WRITE
   * (ABORTED) when a program that does not respect the lock keeps replacing the
   * document meanwhile.
   * </pre>
   */
  public static abstract class StorageImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return StorageGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service Storage.
   * <pre>
   * Creates, reads, changes, lists, watches and removes projects, tasks, checkpoints,
   * logs, artifacts, facts and runs.
   * Reads never lock and never write. Updates are made under a lock that other
   * programs respect too, replace a document as a whole, and keep what they do not
   * know. Every mutable document has an `etag`: give it back with an update to have
   * the update refused when somebody else changed the document in between.
   * Who calls is let in as the user of the server itself, over its socket or loopback; by a
   * token, in the metadata `authorization: Bearer TOKEN`; or by a certificate. What a caller may
   * do is `read`, `write` or `admin`, in some projects or in all; each method says what it
   * needs.
   * Errors of every method carry a `google.rpc.ErrorInfo` with the domain
   * "callboard" and a reason in UPPER_SNAKE_CASE; branch on the reason. Common to
   * all methods: TOKEN_REQUIRED and TOKEN_INVALID (UNAUTHENTICATED) for a caller that is
   * not let in; NOT_ALLOWED (PERMISSION_DENIED) for one that may not do this, or not in
   * this project, whether that exists or not; REQUIRED_FIELD (INVALID_ARGUMENT) for a field that is empty and
   * must not be; INVALID_ID (INVALID_ARGUMENT) for an id that is too long or no
   * single path component, or, where something is created, not of the form for new
   * ids; PATH_TRAVERSAL (INVALID_ARGUMENT) for an id that tries to leave its folder;
   * INVALID_FIELD (INVALID_ARGUMENT) for a number, time or choice out of its range;
   * TOO_LARGE (INVALID_ARGUMENT) for what is over a limit, which the metadata names;
   * NOT_A_REGULAR_FILE (FAILED_PRECONDITION) when a symlink or something else stands
   * where a file or folder belongs; CORRUPT_DOCUMENT (DATA_LOSS) when the one
   * document asked for cannot be read, while lists show it with its `problem`, or
   * when one to update holds what other programs wrote and cannot be kept as it is; IO
   * (INTERNAL) when the disk fails; SHUTTING_DOWN (UNAVAILABLE, with RetryInfo)
   * while the server drains; CALL_TIMED_OUT (DEADLINE_EXCEEDED) for what takes too long; BUG
   * (INTERNAL). Common to all that write: DISK_FULL and QUOTA_EXCEEDED
   * (RESOURCE_EXHAUSTED), and the old content is intact; LOCK_TIMEOUT (UNAVAILABLE,
   * with RetryInfo) when another program holds a document's lock for 10 s, and
   * nothing was written. Common to all that update a document: ETAG_MISMATCH
   * (ABORTED) when an etag is given and the document has another; FOREIGN_WRITE
   * (ABORTED) when a program that does not respect the lock keeps replacing the
   * document meanwhile.
   * </pre>
   */
  public static final class StorageStub
      extends io.grpc.stub.AbstractAsyncStub<StorageStub> {
    private StorageStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected StorageStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new StorageStub(channel, callOptions);
    }

    /**
     * <pre>
     * Tells what server this is: its version, its limits, what it can do.
     * Needs no permission: every caller that is let in may ask.
     * </pre>
     */
    public void getServerInfo(dev.callboard.v1.GetServerInfoRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.GetServerInfoResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetServerInfoMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Creates a project. A project also appears by itself with its first task, run
     * or message; creating one that appeared so is refused like any other.
     * Errors: PROJECT_EXISTS (ALREADY_EXISTS) unless the same `request_id` created
     * it; REQUEST_ID_REUSED (ALREADY_EXISTS) when the request id came with other
     * content.
     * Needs `write`.
     * </pre>
     */
    public void createProject(dev.callboard.v1.CreateProjectRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.CreateProjectResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateProjectMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns a project.
     * Errors: PROJECT_NOT_FOUND (NOT_FOUND).
     * Needs `read`.
     * </pre>
     */
    public void getProject(dev.callboard.v1.GetProjectRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.GetProjectResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetProjectMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists projects in the order of their ids.
     * Errors: INVALID_PAGE_TOKEN (INVALID_ARGUMENT).
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    public void listProjects(dev.callboard.v1.ListProjectsRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ListProjectsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListProjectsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Changes a project's home folders (`home-folders.md`).
     * Errors: PROJECT_NOT_FOUND (NOT_FOUND).
     * Needs `write`.
     * </pre>
     */
    public void updateProject(dev.callboard.v1.UpdateProjectRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.UpdateProjectResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateProjectMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Removes a project with everything in it, in one step.
     * Errors: PROJECT_NOT_FOUND (NOT_FOUND) unless `allow_missing`; NOT_EMPTY
     * (FAILED_PRECONDITION) when the project has tasks, messages or other files and
     * `force` is not set.
     * Needs `admin`.
     * </pre>
     */
    public void deleteProject(dev.callboard.v1.DeleteProjectRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.DeleteProjectResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteProjectMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Creates a task: its folder, `task.json`, and `TASK.md` and `TASK-CONFIG.yaml`
     * when there is something to put into them. The project is created when it is
     * missing. A folder that exists only because a message or a run came first is
     * taken over as it is.
     * Errors: TASK_EXISTS (ALREADY_EXISTS) unless the same `request_id` created it;
     * also when another program has written another TASK.md or TASK-CONFIG.yaml
     * there. REQUEST_ID_REUSED (ALREADY_EXISTS).
     * Needs `write`.
     * </pre>
     */
    public void createTask(dev.callboard.v1.CreateTaskRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.CreateTaskResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateTaskMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns a task with its prompt.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `read`.
     * </pre>
     */
    public void getTask(dev.callboard.v1.GetTaskRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.GetTaskResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetTaskMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists a project's tasks, newest first; those of one instant in the order of
     * their ids. An absent project has no tasks.
     * Errors: INVALID_PAGE_TOKEN (INVALID_ARGUMENT).
     * Needs `read`.
     * </pre>
     */
    public void listTasks(dev.callboard.v1.ListTasksRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ListTasksResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListTasksMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Changes a task. When it is refused with FOREIGN_WRITE or DISK_FULL, the prompt and
     * the dependencies may be new already. A new status must be a move that TransitionTask allows, and is
     * kept in the history like one; the status it has already is no change.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_TRANSITION
     * (FAILED_PRECONDITION); INVALID_FIELD (INVALID_ARGUMENT) for a `current_step`
     * behind the last step, or `metadata_json` that is no JSON object.
     * Needs `write`.
     * </pre>
     */
    public void updateTask(dev.callboard.v1.UpdateTaskRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.UpdateTaskResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateTaskMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Removes a task with its runs, its bus and all its files, in one step.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND) unless `allow_missing`;
     * RUN_ACTIVE (FAILED_PRECONDITION) when one of its runs is alive and `force` is
     * not set.
     * Needs `admin`.
     * </pre>
     */
    public void deleteTask(dev.callboard.v1.DeleteTaskRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.DeleteTaskResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteTaskMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Moves a task to another status and appends that to its history. The moves:
     * pending to running; running to validating, gh_failed, ci_failed, ci_timeout,
     * interrupted, abandoned; validating to awaiting_approval, validation_failed,
     * interrupted; validation_failed to running, abandoned; awaiting_approval to
     * completed, running, rejected; gh_failed, ci_failed, ci_timeout and interrupted to
     * running, abandoned. completed, rejected and abandoned are final, and set
     * `completed_at`. A task without a task.json is pending.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_TRANSITION
     * (FAILED_PRECONDITION) for every other move, to the same status too: its metadata
     * names `from`, `to`, and the statuses that are `allowed`, separated by spaces.
     * Needs `write`.
     * </pre>
     */
    public void transitionTask(dev.callboard.v1.TransitionTaskRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.TransitionTaskResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getTransitionTaskMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Saves the checkpoint after a step in one atomic, synced write: appends the
     * result, sets the state of its step, and, when given, the current step and the
     * task's status. Results are only appended: a step that is tried again has several.
     * Repeating the call is made safe by `etag`: when the first answer was lost, the
     * second call is refused, and GetTask shows the result.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_FIELD
     * (INVALID_ARGUMENT) for a step that the task does not have; INVALID_TRANSITION
     * (FAILED_PRECONDITION), and then nothing is saved; TOO_LARGE (INVALID_ARGUMENT)
     * when task.json would be over 2 MiB, of which 64 KiB are kept for moves: keep long
     * outputs as artifacts.
     * Needs `write`.
     * </pre>
     */
    public void saveStepResult(dev.callboard.v1.SaveStepResultRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.SaveStepResultResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSaveStepResultMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns what `TASK_STATE.md` says. A file that cannot be read as one has the
     * status `unknown`, and its text as it is; no file has an empty status.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `read`.
     * </pre>
     */
    public void getTaskState(dev.callboard.v1.GetTaskStateRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.GetTaskStateResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetTaskStateMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Replaces `TASK_STATE.md` as a whole. A file that could not be read is kept
     * beside it.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `write`.
     * </pre>
     */
    public void setTaskState(dev.callboard.v1.SetTaskStateRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.SetTaskStateResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSetTaskStateMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Marks a task as done: creates its `DONE` file. Doing so again is fine.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `write`.
     * </pre>
     */
    public void markTaskDone(dev.callboard.v1.MarkTaskDoneRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.MarkTaskDoneResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getMarkTaskDoneMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Removes the `DONE` file of a task. Doing so again is fine.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `write`.
     * </pre>
     */
    public void clearTaskDone(dev.callboard.v1.ClearTaskDoneRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ClearTaskDoneResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getClearTaskDoneMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Appends entries to a task's log, `task.log`: all of them, in one write with one
     * sync. Half a line that a crash left at its end is closed first.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_FIELD
     * (INVALID_ARGUMENT) for an entry that is no JSON object; TOO_LARGE
     * (INVALID_ARGUMENT); REQUEST_ID_REUSED (ALREADY_EXISTS).
     * Needs `write`.
     * </pre>
     */
    public void appendTaskLog(dev.callboard.v1.AppendTaskLogRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.AppendTaskLogResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAppendTaskLogMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns a task's log from an offset on, and follows it when asked, until the
     * caller ends the call. A log that does not exist yet is empty.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND), also when the task is
     * removed while it is followed; OFFSET_MISMATCH (ABORTED) for an offset behind the
     * end; SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED); UNAVAILABLE with SHUTTING_DOWN when
     * the server stops: go on from the last `next_offset`.
     * Needs `read`.
     * </pre>
     */
    public void readTaskLog(dev.callboard.v1.ReadTaskLogRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ReadTaskLogResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getReadTaskLogMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Saves an artifact of at most 1 MiB, whole or not at all. A plain one takes the
     * place of the one with its name; a versioned one gets the next number, which no
     * other gets; an attachment gets a name of its own.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); PATH_TRAVERSAL,
     * INVALID_ID (INVALID_ARGUMENT) for its name; CHECKSUM_MISMATCH (INVALID_ARGUMENT)
     * when its content has another sha256 than `sha256`; TOO_MANY_VERSIONS
     * (RESOURCE_EXHAUSTED) after number 10 000; SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED);
     * REQUEST_ID_REUSED (ALREADY_EXISTS). Nothing is saved then.
     * Needs `write`.
     * </pre>
     */
    public void saveArtifact(dev.callboard.v1.SaveArtifactRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.SaveArtifactResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSaveArtifactMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Saves an artifact of any size up to 16 GiB: first its header, then its content in
     * chunks. It is there when the answer comes; an upload that is broken off leaves
     * nothing. An empty chunk keeps a slow one going.
     * Errors: as SaveArtifact; CHECKSUM_MISMATCH (INVALID_ARGUMENT) also when its content
     * has another size than `size`; REQUIRED_FIELD (INVALID_ARGUMENT) when the first message
     * is no header; INVALID_FIELD (INVALID_ARGUMENT) for a second one; UPLOAD_STALLED
     * (DEADLINE_EXCEEDED) when nothing comes for 60 s, and then nothing is saved, and the
     * same request id may be sent again.
     * Needs `write`.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<dev.callboard.v1.UploadArtifactRequest> uploadArtifact(
        io.grpc.stub.StreamObserver<dev.callboard.v1.UploadArtifactResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncClientStreamingCall(
          getChannel().newCall(getUploadArtifactMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * Returns an artifact or a range of it in chunks. What is replaced meanwhile is
     * returned as it was when the call began.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND, ARTIFACT_NOT_FOUND (NOT_FOUND);
     * OFFSET_MISMATCH (ABORTED) for an offset behind the end; SUBSCRIBER_LIMIT
     * (RESOURCE_EXHAUSTED).
     * Needs `read`.
     * </pre>
     */
    public void getArtifact(dev.callboard.v1.GetArtifactRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.GetArtifactResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getGetArtifactMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists a task's artifacts, in all subfolders, and its attachments, in the order of
     * their paths.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_PAGE_TOKEN
     * (INVALID_ARGUMENT).
     * Needs `read`.
     * </pre>
     */
    public void listArtifacts(dev.callboard.v1.ListArtifactsRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ListArtifactsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListArtifactsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Removes an artifact or an attachment.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND, ARTIFACT_NOT_FOUND (NOT_FOUND) unless
     * `allow_missing`.
     * Needs `write`.
     * </pre>
     */
    public void deleteArtifact(dev.callboard.v1.DeleteArtifactRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.DeleteArtifactResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteArtifactMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Writes down a fact about a project or a task, as a file of its own. Facts are not
     * changed afterwards.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); REQUIRED_FIELD
     * (INVALID_ARGUMENT) without a title; REQUEST_ID_REUSED (ALREADY_EXISTS).
     * Needs `write`.
     * </pre>
     */
    public void appendFact(dev.callboard.v1.AppendFactRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.AppendFactResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAppendFactMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns a fact with its body.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND, FACT_NOT_FOUND (NOT_FOUND).
     * Needs `read`.
     * </pre>
     */
    public void getFact(dev.callboard.v1.GetFactRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.GetFactResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetFactMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the facts of a project, or those of a task, newest first; those of one
     * instant in the falling order of their ids.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_PAGE_TOKEN
     * (INVALID_ARGUMENT).
     * Needs `read`.
     * </pre>
     */
    public void listFacts(dev.callboard.v1.ListFactsRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ListFactsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListFactsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Creates a run, which is `running` from then on. The folders of project and
     * task are created when they are missing. Parent and previous run are kept as
     * they are named, whether they exist or not.
     * Errors: RUN_EXISTS (ALREADY_EXISTS) when the task has a run folder of this
     * name, unless the same `request_id` created it; REQUEST_ID_REUSED
     * (ALREADY_EXISTS); WORKTREE_MISSING (FAILED_PRECONDITION) when `meta` names a
     * worktree that is no folder on the server's host. Where the original program has a
     * code of its own, the metadata has it as `code`: E_RUN_DIR_EXISTS,
     * E_RUN_DIR_CREATE_FAILED, E_META_WRITE_FAILED.
     * Needs `write`.
     * </pre>
     */
    public void createRun(dev.callboard.v1.CreateRunRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.CreateRunResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateRunMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns a run, found by its id alone or by project, task and id.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION) when the
     * id is in two places: name project and task, or remove one of the two.
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    public void getRunInfo(dev.callboard.v1.GetRunInfoRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.GetRunInfoResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetRunInfoMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists runs in the order of project, task and run folder. The folder is named
     * like the run's id, and our ids begin with the time: so the runs of a task come
     * oldest first. An absent project or task has no runs. A run whose file is absent
     * has the status `unknown`, one whose file cannot be read the status `damaged`
     * and its `problem`.
     * Errors: INVALID_PAGE_TOKEN (INVALID_ARGUMENT).
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    public void listRuns(dev.callboard.v1.ListRunsRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ListRunsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListRunsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Ends a run: status, exit code and end time change, everything else stays.
     * Ending it again in the same way is fine and changes nothing. A run that
     * ReconcileRuns marked as failed may still be ended by whoever knows how it ended.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * INVALID_FIELD (INVALID_ARGUMENT) for a status other than running, completed and
     * failed; INVALID_TRANSITION (FAILED_PRECONDITION) for a run that has ended in
     * another way, or is to run again.
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public void updateRunStatus(dev.callboard.v1.UpdateRunStatusRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.UpdateRunStatusResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateRunStatusMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Changes other fields of a run than its status.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION).
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public void updateRun(dev.callboard.v1.UpdateRunRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.UpdateRunResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateRunMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns what a run's `meta.json` says: its worktree and its tools.
     * Errors: RUN_NOT_FOUND (NOT_FOUND), also for a run without a meta.json;
     * RUN_AMBIGUOUS (FAILED_PRECONDITION).
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    public void getRunMeta(dev.callboard.v1.GetRunMetaRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.GetRunMetaResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetRunMetaMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Changes a run's `meta.json`, or creates it. Fields that are not named, and keys of
     * other programs, stay.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * WORKTREE_MISSING (FAILED_PRECONDITION) when the file is created and its worktree
     * is no folder on the server's host.
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public void updateRunMeta(dev.callboard.v1.UpdateRunMetaRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.UpdateRunMetaResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateRunMetaMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Appends an event to a run's `events.jsonl`. Read and follow them as the run's
     * file `events`.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * INVALID_FIELD (INVALID_ARGUMENT) for data that is no JSON object; TOO_LARGE
     * (INVALID_ARGUMENT); REQUEST_ID_REUSED (ALREADY_EXISTS).
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public void appendRunEvent(dev.callboard.v1.AppendRunEventRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.AppendRunEventResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAppendRunEventMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Removes a run with all its files, in one step.
     * Errors: RUN_NOT_FOUND (NOT_FOUND) unless `allow_missing`; RUN_AMBIGUOUS,
     * RUN_ACTIVE (FAILED_PRECONDITION), the latter when its process is alive and
     * `force` is not set.
     * Needs `admin`. A caller limited to some projects names the project.
     * </pre>
     */
    public void deleteRun(dev.callboard.v1.DeleteRunRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.DeleteRunResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteRunMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns the runs that come from a task's runs, or from one run, as a tree: the
     * children of each run, and its restarts, across tasks and projects. Built from
     * the files alone.
     * Errors: RUN_NOT_FOUND (NOT_FOUND), RUN_AMBIGUOUS (FAILED_PRECONDITION) for a
     * `run_id`; PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    public void getRunTree(dev.callboard.v1.GetRunTreeRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.GetRunTreeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetRunTreeMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Replaces a file of a run as a whole.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * INVALID_FIELD (INVALID_ARGUMENT) for a `file` that is none of a run's.
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public void writeRunFile(dev.callboard.v1.WriteRunFileRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.WriteRunFileResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getWriteRunFileMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Appends to a file of a run. With an `offset` repeating the call is safe: bytes
     * that are already there are not appended again, and zeros that a power cut left in
     * the chunk's place, because it was not written yet, are replaced.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * OFFSET_MISMATCH (ABORTED) when the file does not end at `offset` and does not
     * hold the chunk there: the metadata says where it ends, as `size`; INVALID_FIELD
     * (INVALID_ARGUMENT).
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public void appendRunOutput(dev.callboard.v1.AppendRunOutputRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.AppendRunOutputResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAppendRunOutputMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns a file of a run from an offset on, in chunks, and follows it when
     * asked, for as long as the run runs. What agents write themselves is returned as
     * it is, synced or not.
     * Errors: RUN_NOT_FOUND (NOT_FOUND), RUN_FILE_NOT_FOUND (NOT_FOUND) unless it is
     * followed and may still come; RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * OFFSET_MISMATCH (ABORTED) for an offset behind the end; INVALID_FIELD
     * (INVALID_ARGUMENT); SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED); UNAVAILABLE with
     * SHUTTING_DOWN when the server stops: go on from the last chunk's end.
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    public void readRunFile(dev.callboard.v1.ReadRunFileRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ReadRunFileResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getReadRunFileMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the files of a run that ReadRunFile returns, in the order prompt, output,
     * stdout, stderr, events, then logs by name.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * INVALID_PAGE_TOKEN (INVALID_ARGUMENT).
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    public void listRunFiles(dev.callboard.v1.ListRunFilesRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ListRunFilesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListRunFilesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Marks runs as failed whose process is gone, or as completed when their task is
     * done; recreates derived files that are missing, and rewrites a TASK_STATE.md
     * that cannot be read.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `write`. A caller limited to some projects gets those only.
     * </pre>
     */
    public void reconcileRuns(dev.callboard.v1.ReconcileRunsRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ReconcileRunsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getReconcileRunsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Sends the current state of everything in scope, then `synced`, then the current
     * state of whatever changes, and deletions, also when other programs made them.
     * Changes in quick succession may be sent as one. A stream that is opened again
     * begins with all of the current state: what it does not name until `synced` is
     * gone.
     * Errors: UNAVAILABLE with SHUTTING_DOWN and RetryInfo when the server stops;
     * SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED).
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    public void watch(dev.callboard.v1.WatchRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.WatchResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Removes runs that ended long ago, oldest first. By default it only says which
     * it would remove. A run that has not ended is never removed.
     * Errors: REQUIRED_FIELD (INVALID_ARGUMENT) without `older_than`;
     * PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `admin`. A caller limited to some projects gets those only.
     * </pre>
     */
    public void cleanUpRuns(dev.callboard.v1.CleanUpRunsRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.CleanUpRunsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCleanUpRunsMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service Storage.
   * <pre>
   * Creates, reads, changes, lists, watches and removes projects, tasks, checkpoints,
   * logs, artifacts, facts and runs.
   * Reads never lock and never write. Updates are made under a lock that other
   * programs respect too, replace a document as a whole, and keep what they do not
   * know. Every mutable document has an `etag`: give it back with an update to have
   * the update refused when somebody else changed the document in between.
   * Who calls is let in as the user of the server itself, over its socket or loopback; by a
   * token, in the metadata `authorization: Bearer TOKEN`; or by a certificate. What a caller may
   * do is `read`, `write` or `admin`, in some projects or in all; each method says what it
   * needs.
   * Errors of every method carry a `google.rpc.ErrorInfo` with the domain
   * "callboard" and a reason in UPPER_SNAKE_CASE; branch on the reason. Common to
   * all methods: TOKEN_REQUIRED and TOKEN_INVALID (UNAUTHENTICATED) for a caller that is
   * not let in; NOT_ALLOWED (PERMISSION_DENIED) for one that may not do this, or not in
   * this project, whether that exists or not; REQUIRED_FIELD (INVALID_ARGUMENT) for a field that is empty and
   * must not be; INVALID_ID (INVALID_ARGUMENT) for an id that is too long or no
   * single path component, or, where something is created, not of the form for new
   * ids; PATH_TRAVERSAL (INVALID_ARGUMENT) for an id that tries to leave its folder;
   * INVALID_FIELD (INVALID_ARGUMENT) for a number, time or choice out of its range;
   * TOO_LARGE (INVALID_ARGUMENT) for what is over a limit, which the metadata names;
   * NOT_A_REGULAR_FILE (FAILED_PRECONDITION) when a symlink or something else stands
   * where a file or folder belongs; CORRUPT_DOCUMENT (DATA_LOSS) when the one
   * document asked for cannot be read, while lists show it with its `problem`, or
   * when one to update holds what other programs wrote and cannot be kept as it is; IO
   * (INTERNAL) when the disk fails; SHUTTING_DOWN (UNAVAILABLE, with RetryInfo)
   * while the server drains; CALL_TIMED_OUT (DEADLINE_EXCEEDED) for what takes too long; BUG
   * (INTERNAL). Common to all that write: DISK_FULL and QUOTA_EXCEEDED
   * (RESOURCE_EXHAUSTED), and the old content is intact; LOCK_TIMEOUT (UNAVAILABLE,
   * with RetryInfo) when another program holds a document's lock for 10 s, and
   * nothing was written. Common to all that update a document: ETAG_MISMATCH
   * (ABORTED) when an etag is given and the document has another; FOREIGN_WRITE
   * (ABORTED) when a program that does not respect the lock keeps replacing the
   * document meanwhile.
   * </pre>
   */
  public static final class StorageBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<StorageBlockingV2Stub> {
    private StorageBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected StorageBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new StorageBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Tells what server this is: its version, its limits, what it can do.
     * Needs no permission: every caller that is let in may ask.
     * </pre>
     */
    public dev.callboard.v1.GetServerInfoResponse getServerInfo(dev.callboard.v1.GetServerInfoRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetServerInfoMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates a project. A project also appears by itself with its first task, run
     * or message; creating one that appeared so is refused like any other.
     * Errors: PROJECT_EXISTS (ALREADY_EXISTS) unless the same `request_id` created
     * it; REQUEST_ID_REUSED (ALREADY_EXISTS) when the request id came with other
     * content.
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.CreateProjectResponse createProject(dev.callboard.v1.CreateProjectRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateProjectMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a project.
     * Errors: PROJECT_NOT_FOUND (NOT_FOUND).
     * Needs `read`.
     * </pre>
     */
    public dev.callboard.v1.GetProjectResponse getProject(dev.callboard.v1.GetProjectRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetProjectMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists projects in the order of their ids.
     * Errors: INVALID_PAGE_TOKEN (INVALID_ARGUMENT).
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    public dev.callboard.v1.ListProjectsResponse listProjects(dev.callboard.v1.ListProjectsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListProjectsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes a project's home folders (`home-folders.md`).
     * Errors: PROJECT_NOT_FOUND (NOT_FOUND).
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.UpdateProjectResponse updateProject(dev.callboard.v1.UpdateProjectRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateProjectMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a project with everything in it, in one step.
     * Errors: PROJECT_NOT_FOUND (NOT_FOUND) unless `allow_missing`; NOT_EMPTY
     * (FAILED_PRECONDITION) when the project has tasks, messages or other files and
     * `force` is not set.
     * Needs `admin`.
     * </pre>
     */
    public dev.callboard.v1.DeleteProjectResponse deleteProject(dev.callboard.v1.DeleteProjectRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteProjectMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates a task: its folder, `task.json`, and `TASK.md` and `TASK-CONFIG.yaml`
     * when there is something to put into them. The project is created when it is
     * missing. A folder that exists only because a message or a run came first is
     * taken over as it is.
     * Errors: TASK_EXISTS (ALREADY_EXISTS) unless the same `request_id` created it;
     * also when another program has written another TASK.md or TASK-CONFIG.yaml
     * there. REQUEST_ID_REUSED (ALREADY_EXISTS).
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.CreateTaskResponse createTask(dev.callboard.v1.CreateTaskRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a task with its prompt.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `read`.
     * </pre>
     */
    public dev.callboard.v1.GetTaskResponse getTask(dev.callboard.v1.GetTaskRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists a project's tasks, newest first; those of one instant in the order of
     * their ids. An absent project has no tasks.
     * Errors: INVALID_PAGE_TOKEN (INVALID_ARGUMENT).
     * Needs `read`.
     * </pre>
     */
    public dev.callboard.v1.ListTasksResponse listTasks(dev.callboard.v1.ListTasksRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListTasksMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes a task. When it is refused with FOREIGN_WRITE or DISK_FULL, the prompt and
     * the dependencies may be new already. A new status must be a move that TransitionTask allows, and is
     * kept in the history like one; the status it has already is no change.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_TRANSITION
     * (FAILED_PRECONDITION); INVALID_FIELD (INVALID_ARGUMENT) for a `current_step`
     * behind the last step, or `metadata_json` that is no JSON object.
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.UpdateTaskResponse updateTask(dev.callboard.v1.UpdateTaskRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a task with its runs, its bus and all its files, in one step.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND) unless `allow_missing`;
     * RUN_ACTIVE (FAILED_PRECONDITION) when one of its runs is alive and `force` is
     * not set.
     * Needs `admin`.
     * </pre>
     */
    public dev.callboard.v1.DeleteTaskResponse deleteTask(dev.callboard.v1.DeleteTaskRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Moves a task to another status and appends that to its history. The moves:
     * pending to running; running to validating, gh_failed, ci_failed, ci_timeout,
     * interrupted, abandoned; validating to awaiting_approval, validation_failed,
     * interrupted; validation_failed to running, abandoned; awaiting_approval to
     * completed, running, rejected; gh_failed, ci_failed, ci_timeout and interrupted to
     * running, abandoned. completed, rejected and abandoned are final, and set
     * `completed_at`. A task without a task.json is pending.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_TRANSITION
     * (FAILED_PRECONDITION) for every other move, to the same status too: its metadata
     * names `from`, `to`, and the statuses that are `allowed`, separated by spaces.
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.TransitionTaskResponse transitionTask(dev.callboard.v1.TransitionTaskRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getTransitionTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Saves the checkpoint after a step in one atomic, synced write: appends the
     * result, sets the state of its step, and, when given, the current step and the
     * task's status. Results are only appended: a step that is tried again has several.
     * Repeating the call is made safe by `etag`: when the first answer was lost, the
     * second call is refused, and GetTask shows the result.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_FIELD
     * (INVALID_ARGUMENT) for a step that the task does not have; INVALID_TRANSITION
     * (FAILED_PRECONDITION), and then nothing is saved; TOO_LARGE (INVALID_ARGUMENT)
     * when task.json would be over 2 MiB, of which 64 KiB are kept for moves: keep long
     * outputs as artifacts.
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.SaveStepResultResponse saveStepResult(dev.callboard.v1.SaveStepResultRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSaveStepResultMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns what `TASK_STATE.md` says. A file that cannot be read as one has the
     * status `unknown`, and its text as it is; no file has an empty status.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `read`.
     * </pre>
     */
    public dev.callboard.v1.GetTaskStateResponse getTaskState(dev.callboard.v1.GetTaskStateRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetTaskStateMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Replaces `TASK_STATE.md` as a whole. A file that could not be read is kept
     * beside it.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.SetTaskStateResponse setTaskState(dev.callboard.v1.SetTaskStateRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSetTaskStateMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Marks a task as done: creates its `DONE` file. Doing so again is fine.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.MarkTaskDoneResponse markTaskDone(dev.callboard.v1.MarkTaskDoneRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getMarkTaskDoneMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes the `DONE` file of a task. Doing so again is fine.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.ClearTaskDoneResponse clearTaskDone(dev.callboard.v1.ClearTaskDoneRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getClearTaskDoneMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Appends entries to a task's log, `task.log`: all of them, in one write with one
     * sync. Half a line that a crash left at its end is closed first.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_FIELD
     * (INVALID_ARGUMENT) for an entry that is no JSON object; TOO_LARGE
     * (INVALID_ARGUMENT); REQUEST_ID_REUSED (ALREADY_EXISTS).
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.AppendTaskLogResponse appendTaskLog(dev.callboard.v1.AppendTaskLogRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAppendTaskLogMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a task's log from an offset on, and follows it when asked, until the
     * caller ends the call. A log that does not exist yet is empty.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND), also when the task is
     * removed while it is followed; OFFSET_MISMATCH (ABORTED) for an offset behind the
     * end; SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED); UNAVAILABLE with SHUTTING_DOWN when
     * the server stops: go on from the last `next_offset`.
     * Needs `read`.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, dev.callboard.v1.ReadTaskLogResponse>
        readTaskLog(dev.callboard.v1.ReadTaskLogRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getReadTaskLogMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Saves an artifact of at most 1 MiB, whole or not at all. A plain one takes the
     * place of the one with its name; a versioned one gets the next number, which no
     * other gets; an attachment gets a name of its own.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); PATH_TRAVERSAL,
     * INVALID_ID (INVALID_ARGUMENT) for its name; CHECKSUM_MISMATCH (INVALID_ARGUMENT)
     * when its content has another sha256 than `sha256`; TOO_MANY_VERSIONS
     * (RESOURCE_EXHAUSTED) after number 10 000; SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED);
     * REQUEST_ID_REUSED (ALREADY_EXISTS). Nothing is saved then.
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.SaveArtifactResponse saveArtifact(dev.callboard.v1.SaveArtifactRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSaveArtifactMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Saves an artifact of any size up to 16 GiB: first its header, then its content in
     * chunks. It is there when the answer comes; an upload that is broken off leaves
     * nothing. An empty chunk keeps a slow one going.
     * Errors: as SaveArtifact; CHECKSUM_MISMATCH (INVALID_ARGUMENT) also when its content
     * has another size than `size`; REQUIRED_FIELD (INVALID_ARGUMENT) when the first message
     * is no header; INVALID_FIELD (INVALID_ARGUMENT) for a second one; UPLOAD_STALLED
     * (DEADLINE_EXCEEDED) when nothing comes for 60 s, and then nothing is saved, and the
     * same request id may be sent again.
     * Needs `write`.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<dev.callboard.v1.UploadArtifactRequest, dev.callboard.v1.UploadArtifactResponse>
        uploadArtifact() {
      return io.grpc.stub.ClientCalls.blockingClientStreamingCall(
          getChannel(), getUploadArtifactMethod(), getCallOptions());
    }

    /**
     * <pre>
     * Returns an artifact or a range of it in chunks. What is replaced meanwhile is
     * returned as it was when the call began.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND, ARTIFACT_NOT_FOUND (NOT_FOUND);
     * OFFSET_MISMATCH (ABORTED) for an offset behind the end; SUBSCRIBER_LIMIT
     * (RESOURCE_EXHAUSTED).
     * Needs `read`.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, dev.callboard.v1.GetArtifactResponse>
        getArtifact(dev.callboard.v1.GetArtifactRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getGetArtifactMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists a task's artifacts, in all subfolders, and its attachments, in the order of
     * their paths.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_PAGE_TOKEN
     * (INVALID_ARGUMENT).
     * Needs `read`.
     * </pre>
     */
    public dev.callboard.v1.ListArtifactsResponse listArtifacts(dev.callboard.v1.ListArtifactsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListArtifactsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes an artifact or an attachment.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND, ARTIFACT_NOT_FOUND (NOT_FOUND) unless
     * `allow_missing`.
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.DeleteArtifactResponse deleteArtifact(dev.callboard.v1.DeleteArtifactRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteArtifactMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Writes down a fact about a project or a task, as a file of its own. Facts are not
     * changed afterwards.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); REQUIRED_FIELD
     * (INVALID_ARGUMENT) without a title; REQUEST_ID_REUSED (ALREADY_EXISTS).
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.AppendFactResponse appendFact(dev.callboard.v1.AppendFactRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAppendFactMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a fact with its body.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND, FACT_NOT_FOUND (NOT_FOUND).
     * Needs `read`.
     * </pre>
     */
    public dev.callboard.v1.GetFactResponse getFact(dev.callboard.v1.GetFactRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetFactMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the facts of a project, or those of a task, newest first; those of one
     * instant in the falling order of their ids.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_PAGE_TOKEN
     * (INVALID_ARGUMENT).
     * Needs `read`.
     * </pre>
     */
    public dev.callboard.v1.ListFactsResponse listFacts(dev.callboard.v1.ListFactsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListFactsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates a run, which is `running` from then on. The folders of project and
     * task are created when they are missing. Parent and previous run are kept as
     * they are named, whether they exist or not.
     * Errors: RUN_EXISTS (ALREADY_EXISTS) when the task has a run folder of this
     * name, unless the same `request_id` created it; REQUEST_ID_REUSED
     * (ALREADY_EXISTS); WORKTREE_MISSING (FAILED_PRECONDITION) when `meta` names a
     * worktree that is no folder on the server's host. Where the original program has a
     * code of its own, the metadata has it as `code`: E_RUN_DIR_EXISTS,
     * E_RUN_DIR_CREATE_FAILED, E_META_WRITE_FAILED.
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.CreateRunResponse createRun(dev.callboard.v1.CreateRunRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateRunMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a run, found by its id alone or by project, task and id.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION) when the
     * id is in two places: name project and task, or remove one of the two.
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.GetRunInfoResponse getRunInfo(dev.callboard.v1.GetRunInfoRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetRunInfoMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists runs in the order of project, task and run folder. The folder is named
     * like the run's id, and our ids begin with the time: so the runs of a task come
     * oldest first. An absent project or task has no runs. A run whose file is absent
     * has the status `unknown`, one whose file cannot be read the status `damaged`
     * and its `problem`.
     * Errors: INVALID_PAGE_TOKEN (INVALID_ARGUMENT).
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    public dev.callboard.v1.ListRunsResponse listRuns(dev.callboard.v1.ListRunsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListRunsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Ends a run: status, exit code and end time change, everything else stays.
     * Ending it again in the same way is fine and changes nothing. A run that
     * ReconcileRuns marked as failed may still be ended by whoever knows how it ended.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * INVALID_FIELD (INVALID_ARGUMENT) for a status other than running, completed and
     * failed; INVALID_TRANSITION (FAILED_PRECONDITION) for a run that has ended in
     * another way, or is to run again.
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.UpdateRunStatusResponse updateRunStatus(dev.callboard.v1.UpdateRunStatusRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateRunStatusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes other fields of a run than its status.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION).
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.UpdateRunResponse updateRun(dev.callboard.v1.UpdateRunRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateRunMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns what a run's `meta.json` says: its worktree and its tools.
     * Errors: RUN_NOT_FOUND (NOT_FOUND), also for a run without a meta.json;
     * RUN_AMBIGUOUS (FAILED_PRECONDITION).
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.GetRunMetaResponse getRunMeta(dev.callboard.v1.GetRunMetaRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetRunMetaMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes a run's `meta.json`, or creates it. Fields that are not named, and keys of
     * other programs, stay.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * WORKTREE_MISSING (FAILED_PRECONDITION) when the file is created and its worktree
     * is no folder on the server's host.
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.UpdateRunMetaResponse updateRunMeta(dev.callboard.v1.UpdateRunMetaRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateRunMetaMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Appends an event to a run's `events.jsonl`. Read and follow them as the run's
     * file `events`.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * INVALID_FIELD (INVALID_ARGUMENT) for data that is no JSON object; TOO_LARGE
     * (INVALID_ARGUMENT); REQUEST_ID_REUSED (ALREADY_EXISTS).
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.AppendRunEventResponse appendRunEvent(dev.callboard.v1.AppendRunEventRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAppendRunEventMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a run with all its files, in one step.
     * Errors: RUN_NOT_FOUND (NOT_FOUND) unless `allow_missing`; RUN_AMBIGUOUS,
     * RUN_ACTIVE (FAILED_PRECONDITION), the latter when its process is alive and
     * `force` is not set.
     * Needs `admin`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.DeleteRunResponse deleteRun(dev.callboard.v1.DeleteRunRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteRunMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the runs that come from a task's runs, or from one run, as a tree: the
     * children of each run, and its restarts, across tasks and projects. Built from
     * the files alone.
     * Errors: RUN_NOT_FOUND (NOT_FOUND), RUN_AMBIGUOUS (FAILED_PRECONDITION) for a
     * `run_id`; PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.GetRunTreeResponse getRunTree(dev.callboard.v1.GetRunTreeRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetRunTreeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Replaces a file of a run as a whole.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * INVALID_FIELD (INVALID_ARGUMENT) for a `file` that is none of a run's.
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.WriteRunFileResponse writeRunFile(dev.callboard.v1.WriteRunFileRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getWriteRunFileMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Appends to a file of a run. With an `offset` repeating the call is safe: bytes
     * that are already there are not appended again, and zeros that a power cut left in
     * the chunk's place, because it was not written yet, are replaced.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * OFFSET_MISMATCH (ABORTED) when the file does not end at `offset` and does not
     * hold the chunk there: the metadata says where it ends, as `size`; INVALID_FIELD
     * (INVALID_ARGUMENT).
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.AppendRunOutputResponse appendRunOutput(dev.callboard.v1.AppendRunOutputRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAppendRunOutputMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a file of a run from an offset on, in chunks, and follows it when
     * asked, for as long as the run runs. What agents write themselves is returned as
     * it is, synced or not.
     * Errors: RUN_NOT_FOUND (NOT_FOUND), RUN_FILE_NOT_FOUND (NOT_FOUND) unless it is
     * followed and may still come; RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * OFFSET_MISMATCH (ABORTED) for an offset behind the end; INVALID_FIELD
     * (INVALID_ARGUMENT); SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED); UNAVAILABLE with
     * SHUTTING_DOWN when the server stops: go on from the last chunk's end.
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, dev.callboard.v1.ReadRunFileResponse>
        readRunFile(dev.callboard.v1.ReadRunFileRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getReadRunFileMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the files of a run that ReadRunFile returns, in the order prompt, output,
     * stdout, stderr, events, then logs by name.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * INVALID_PAGE_TOKEN (INVALID_ARGUMENT).
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.ListRunFilesResponse listRunFiles(dev.callboard.v1.ListRunFilesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListRunFilesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Marks runs as failed whose process is gone, or as completed when their task is
     * done; recreates derived files that are missing, and rewrites a TASK_STATE.md
     * that cannot be read.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `write`. A caller limited to some projects gets those only.
     * </pre>
     */
    public dev.callboard.v1.ReconcileRunsResponse reconcileRuns(dev.callboard.v1.ReconcileRunsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getReconcileRunsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sends the current state of everything in scope, then `synced`, then the current
     * state of whatever changes, and deletions, also when other programs made them.
     * Changes in quick succession may be sent as one. A stream that is opened again
     * begins with all of the current state: what it does not name until `synced` is
     * gone.
     * Errors: UNAVAILABLE with SHUTTING_DOWN and RetryInfo when the server stops;
     * SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED).
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, dev.callboard.v1.WatchResponse>
        watch(dev.callboard.v1.WatchRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes runs that ended long ago, oldest first. By default it only says which
     * it would remove. A run that has not ended is never removed.
     * Errors: REQUIRED_FIELD (INVALID_ARGUMENT) without `older_than`;
     * PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `admin`. A caller limited to some projects gets those only.
     * </pre>
     */
    public dev.callboard.v1.CleanUpRunsResponse cleanUpRuns(dev.callboard.v1.CleanUpRunsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCleanUpRunsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service Storage.
   * <pre>
   * Creates, reads, changes, lists, watches and removes projects, tasks, checkpoints,
   * logs, artifacts, facts and runs.
   * Reads never lock and never write. Updates are made under a lock that other
   * programs respect too, replace a document as a whole, and keep what they do not
   * know. Every mutable document has an `etag`: give it back with an update to have
   * the update refused when somebody else changed the document in between.
   * Who calls is let in as the user of the server itself, over its socket or loopback; by a
   * token, in the metadata `authorization: Bearer TOKEN`; or by a certificate. What a caller may
   * do is `read`, `write` or `admin`, in some projects or in all; each method says what it
   * needs.
   * Errors of every method carry a `google.rpc.ErrorInfo` with the domain
   * "callboard" and a reason in UPPER_SNAKE_CASE; branch on the reason. Common to
   * all methods: TOKEN_REQUIRED and TOKEN_INVALID (UNAUTHENTICATED) for a caller that is
   * not let in; NOT_ALLOWED (PERMISSION_DENIED) for one that may not do this, or not in
   * this project, whether that exists or not; REQUIRED_FIELD (INVALID_ARGUMENT) for a field that is empty and
   * must not be; INVALID_ID (INVALID_ARGUMENT) for an id that is too long or no
   * single path component, or, where something is created, not of the form for new
   * ids; PATH_TRAVERSAL (INVALID_ARGUMENT) for an id that tries to leave its folder;
   * INVALID_FIELD (INVALID_ARGUMENT) for a number, time or choice out of its range;
   * TOO_LARGE (INVALID_ARGUMENT) for what is over a limit, which the metadata names;
   * NOT_A_REGULAR_FILE (FAILED_PRECONDITION) when a symlink or something else stands
   * where a file or folder belongs; CORRUPT_DOCUMENT (DATA_LOSS) when the one
   * document asked for cannot be read, while lists show it with its `problem`, or
   * when one to update holds what other programs wrote and cannot be kept as it is; IO
   * (INTERNAL) when the disk fails; SHUTTING_DOWN (UNAVAILABLE, with RetryInfo)
   * while the server drains; CALL_TIMED_OUT (DEADLINE_EXCEEDED) for what takes too long; BUG
   * (INTERNAL). Common to all that write: DISK_FULL and QUOTA_EXCEEDED
   * (RESOURCE_EXHAUSTED), and the old content is intact; LOCK_TIMEOUT (UNAVAILABLE,
   * with RetryInfo) when another program holds a document's lock for 10 s, and
   * nothing was written. Common to all that update a document: ETAG_MISMATCH
   * (ABORTED) when an etag is given and the document has another; FOREIGN_WRITE
   * (ABORTED) when a program that does not respect the lock keeps replacing the
   * document meanwhile.
   * </pre>
   */
  public static final class StorageBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<StorageBlockingStub> {
    private StorageBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected StorageBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new StorageBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Tells what server this is: its version, its limits, what it can do.
     * Needs no permission: every caller that is let in may ask.
     * </pre>
     */
    public dev.callboard.v1.GetServerInfoResponse getServerInfo(dev.callboard.v1.GetServerInfoRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetServerInfoMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates a project. A project also appears by itself with its first task, run
     * or message; creating one that appeared so is refused like any other.
     * Errors: PROJECT_EXISTS (ALREADY_EXISTS) unless the same `request_id` created
     * it; REQUEST_ID_REUSED (ALREADY_EXISTS) when the request id came with other
     * content.
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.CreateProjectResponse createProject(dev.callboard.v1.CreateProjectRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateProjectMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a project.
     * Errors: PROJECT_NOT_FOUND (NOT_FOUND).
     * Needs `read`.
     * </pre>
     */
    public dev.callboard.v1.GetProjectResponse getProject(dev.callboard.v1.GetProjectRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetProjectMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists projects in the order of their ids.
     * Errors: INVALID_PAGE_TOKEN (INVALID_ARGUMENT).
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    public dev.callboard.v1.ListProjectsResponse listProjects(dev.callboard.v1.ListProjectsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListProjectsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes a project's home folders (`home-folders.md`).
     * Errors: PROJECT_NOT_FOUND (NOT_FOUND).
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.UpdateProjectResponse updateProject(dev.callboard.v1.UpdateProjectRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateProjectMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a project with everything in it, in one step.
     * Errors: PROJECT_NOT_FOUND (NOT_FOUND) unless `allow_missing`; NOT_EMPTY
     * (FAILED_PRECONDITION) when the project has tasks, messages or other files and
     * `force` is not set.
     * Needs `admin`.
     * </pre>
     */
    public dev.callboard.v1.DeleteProjectResponse deleteProject(dev.callboard.v1.DeleteProjectRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteProjectMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates a task: its folder, `task.json`, and `TASK.md` and `TASK-CONFIG.yaml`
     * when there is something to put into them. The project is created when it is
     * missing. A folder that exists only because a message or a run came first is
     * taken over as it is.
     * Errors: TASK_EXISTS (ALREADY_EXISTS) unless the same `request_id` created it;
     * also when another program has written another TASK.md or TASK-CONFIG.yaml
     * there. REQUEST_ID_REUSED (ALREADY_EXISTS).
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.CreateTaskResponse createTask(dev.callboard.v1.CreateTaskRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a task with its prompt.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `read`.
     * </pre>
     */
    public dev.callboard.v1.GetTaskResponse getTask(dev.callboard.v1.GetTaskRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists a project's tasks, newest first; those of one instant in the order of
     * their ids. An absent project has no tasks.
     * Errors: INVALID_PAGE_TOKEN (INVALID_ARGUMENT).
     * Needs `read`.
     * </pre>
     */
    public dev.callboard.v1.ListTasksResponse listTasks(dev.callboard.v1.ListTasksRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListTasksMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes a task. When it is refused with FOREIGN_WRITE or DISK_FULL, the prompt and
     * the dependencies may be new already. A new status must be a move that TransitionTask allows, and is
     * kept in the history like one; the status it has already is no change.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_TRANSITION
     * (FAILED_PRECONDITION); INVALID_FIELD (INVALID_ARGUMENT) for a `current_step`
     * behind the last step, or `metadata_json` that is no JSON object.
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.UpdateTaskResponse updateTask(dev.callboard.v1.UpdateTaskRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a task with its runs, its bus and all its files, in one step.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND) unless `allow_missing`;
     * RUN_ACTIVE (FAILED_PRECONDITION) when one of its runs is alive and `force` is
     * not set.
     * Needs `admin`.
     * </pre>
     */
    public dev.callboard.v1.DeleteTaskResponse deleteTask(dev.callboard.v1.DeleteTaskRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Moves a task to another status and appends that to its history. The moves:
     * pending to running; running to validating, gh_failed, ci_failed, ci_timeout,
     * interrupted, abandoned; validating to awaiting_approval, validation_failed,
     * interrupted; validation_failed to running, abandoned; awaiting_approval to
     * completed, running, rejected; gh_failed, ci_failed, ci_timeout and interrupted to
     * running, abandoned. completed, rejected and abandoned are final, and set
     * `completed_at`. A task without a task.json is pending.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_TRANSITION
     * (FAILED_PRECONDITION) for every other move, to the same status too: its metadata
     * names `from`, `to`, and the statuses that are `allowed`, separated by spaces.
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.TransitionTaskResponse transitionTask(dev.callboard.v1.TransitionTaskRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getTransitionTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Saves the checkpoint after a step in one atomic, synced write: appends the
     * result, sets the state of its step, and, when given, the current step and the
     * task's status. Results are only appended: a step that is tried again has several.
     * Repeating the call is made safe by `etag`: when the first answer was lost, the
     * second call is refused, and GetTask shows the result.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_FIELD
     * (INVALID_ARGUMENT) for a step that the task does not have; INVALID_TRANSITION
     * (FAILED_PRECONDITION), and then nothing is saved; TOO_LARGE (INVALID_ARGUMENT)
     * when task.json would be over 2 MiB, of which 64 KiB are kept for moves: keep long
     * outputs as artifacts.
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.SaveStepResultResponse saveStepResult(dev.callboard.v1.SaveStepResultRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSaveStepResultMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns what `TASK_STATE.md` says. A file that cannot be read as one has the
     * status `unknown`, and its text as it is; no file has an empty status.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `read`.
     * </pre>
     */
    public dev.callboard.v1.GetTaskStateResponse getTaskState(dev.callboard.v1.GetTaskStateRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetTaskStateMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Replaces `TASK_STATE.md` as a whole. A file that could not be read is kept
     * beside it.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.SetTaskStateResponse setTaskState(dev.callboard.v1.SetTaskStateRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSetTaskStateMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Marks a task as done: creates its `DONE` file. Doing so again is fine.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.MarkTaskDoneResponse markTaskDone(dev.callboard.v1.MarkTaskDoneRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getMarkTaskDoneMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes the `DONE` file of a task. Doing so again is fine.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.ClearTaskDoneResponse clearTaskDone(dev.callboard.v1.ClearTaskDoneRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getClearTaskDoneMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Appends entries to a task's log, `task.log`: all of them, in one write with one
     * sync. Half a line that a crash left at its end is closed first.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_FIELD
     * (INVALID_ARGUMENT) for an entry that is no JSON object; TOO_LARGE
     * (INVALID_ARGUMENT); REQUEST_ID_REUSED (ALREADY_EXISTS).
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.AppendTaskLogResponse appendTaskLog(dev.callboard.v1.AppendTaskLogRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAppendTaskLogMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a task's log from an offset on, and follows it when asked, until the
     * caller ends the call. A log that does not exist yet is empty.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND), also when the task is
     * removed while it is followed; OFFSET_MISMATCH (ABORTED) for an offset behind the
     * end; SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED); UNAVAILABLE with SHUTTING_DOWN when
     * the server stops: go on from the last `next_offset`.
     * Needs `read`.
     * </pre>
     */
    public java.util.Iterator<dev.callboard.v1.ReadTaskLogResponse> readTaskLog(
        dev.callboard.v1.ReadTaskLogRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getReadTaskLogMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Saves an artifact of at most 1 MiB, whole or not at all. A plain one takes the
     * place of the one with its name; a versioned one gets the next number, which no
     * other gets; an attachment gets a name of its own.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); PATH_TRAVERSAL,
     * INVALID_ID (INVALID_ARGUMENT) for its name; CHECKSUM_MISMATCH (INVALID_ARGUMENT)
     * when its content has another sha256 than `sha256`; TOO_MANY_VERSIONS
     * (RESOURCE_EXHAUSTED) after number 10 000; SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED);
     * REQUEST_ID_REUSED (ALREADY_EXISTS). Nothing is saved then.
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.SaveArtifactResponse saveArtifact(dev.callboard.v1.SaveArtifactRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSaveArtifactMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns an artifact or a range of it in chunks. What is replaced meanwhile is
     * returned as it was when the call began.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND, ARTIFACT_NOT_FOUND (NOT_FOUND);
     * OFFSET_MISMATCH (ABORTED) for an offset behind the end; SUBSCRIBER_LIMIT
     * (RESOURCE_EXHAUSTED).
     * Needs `read`.
     * </pre>
     */
    public java.util.Iterator<dev.callboard.v1.GetArtifactResponse> getArtifact(
        dev.callboard.v1.GetArtifactRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getGetArtifactMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists a task's artifacts, in all subfolders, and its attachments, in the order of
     * their paths.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_PAGE_TOKEN
     * (INVALID_ARGUMENT).
     * Needs `read`.
     * </pre>
     */
    public dev.callboard.v1.ListArtifactsResponse listArtifacts(dev.callboard.v1.ListArtifactsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListArtifactsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes an artifact or an attachment.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND, ARTIFACT_NOT_FOUND (NOT_FOUND) unless
     * `allow_missing`.
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.DeleteArtifactResponse deleteArtifact(dev.callboard.v1.DeleteArtifactRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteArtifactMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Writes down a fact about a project or a task, as a file of its own. Facts are not
     * changed afterwards.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); REQUIRED_FIELD
     * (INVALID_ARGUMENT) without a title; REQUEST_ID_REUSED (ALREADY_EXISTS).
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.AppendFactResponse appendFact(dev.callboard.v1.AppendFactRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAppendFactMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a fact with its body.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND, FACT_NOT_FOUND (NOT_FOUND).
     * Needs `read`.
     * </pre>
     */
    public dev.callboard.v1.GetFactResponse getFact(dev.callboard.v1.GetFactRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetFactMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the facts of a project, or those of a task, newest first; those of one
     * instant in the falling order of their ids.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_PAGE_TOKEN
     * (INVALID_ARGUMENT).
     * Needs `read`.
     * </pre>
     */
    public dev.callboard.v1.ListFactsResponse listFacts(dev.callboard.v1.ListFactsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListFactsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates a run, which is `running` from then on. The folders of project and
     * task are created when they are missing. Parent and previous run are kept as
     * they are named, whether they exist or not.
     * Errors: RUN_EXISTS (ALREADY_EXISTS) when the task has a run folder of this
     * name, unless the same `request_id` created it; REQUEST_ID_REUSED
     * (ALREADY_EXISTS); WORKTREE_MISSING (FAILED_PRECONDITION) when `meta` names a
     * worktree that is no folder on the server's host. Where the original program has a
     * code of its own, the metadata has it as `code`: E_RUN_DIR_EXISTS,
     * E_RUN_DIR_CREATE_FAILED, E_META_WRITE_FAILED.
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.CreateRunResponse createRun(dev.callboard.v1.CreateRunRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateRunMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a run, found by its id alone or by project, task and id.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION) when the
     * id is in two places: name project and task, or remove one of the two.
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.GetRunInfoResponse getRunInfo(dev.callboard.v1.GetRunInfoRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetRunInfoMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists runs in the order of project, task and run folder. The folder is named
     * like the run's id, and our ids begin with the time: so the runs of a task come
     * oldest first. An absent project or task has no runs. A run whose file is absent
     * has the status `unknown`, one whose file cannot be read the status `damaged`
     * and its `problem`.
     * Errors: INVALID_PAGE_TOKEN (INVALID_ARGUMENT).
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    public dev.callboard.v1.ListRunsResponse listRuns(dev.callboard.v1.ListRunsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListRunsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Ends a run: status, exit code and end time change, everything else stays.
     * Ending it again in the same way is fine and changes nothing. A run that
     * ReconcileRuns marked as failed may still be ended by whoever knows how it ended.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * INVALID_FIELD (INVALID_ARGUMENT) for a status other than running, completed and
     * failed; INVALID_TRANSITION (FAILED_PRECONDITION) for a run that has ended in
     * another way, or is to run again.
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.UpdateRunStatusResponse updateRunStatus(dev.callboard.v1.UpdateRunStatusRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateRunStatusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes other fields of a run than its status.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION).
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.UpdateRunResponse updateRun(dev.callboard.v1.UpdateRunRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateRunMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns what a run's `meta.json` says: its worktree and its tools.
     * Errors: RUN_NOT_FOUND (NOT_FOUND), also for a run without a meta.json;
     * RUN_AMBIGUOUS (FAILED_PRECONDITION).
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.GetRunMetaResponse getRunMeta(dev.callboard.v1.GetRunMetaRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetRunMetaMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes a run's `meta.json`, or creates it. Fields that are not named, and keys of
     * other programs, stay.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * WORKTREE_MISSING (FAILED_PRECONDITION) when the file is created and its worktree
     * is no folder on the server's host.
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.UpdateRunMetaResponse updateRunMeta(dev.callboard.v1.UpdateRunMetaRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateRunMetaMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Appends an event to a run's `events.jsonl`. Read and follow them as the run's
     * file `events`.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * INVALID_FIELD (INVALID_ARGUMENT) for data that is no JSON object; TOO_LARGE
     * (INVALID_ARGUMENT); REQUEST_ID_REUSED (ALREADY_EXISTS).
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.AppendRunEventResponse appendRunEvent(dev.callboard.v1.AppendRunEventRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAppendRunEventMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a run with all its files, in one step.
     * Errors: RUN_NOT_FOUND (NOT_FOUND) unless `allow_missing`; RUN_AMBIGUOUS,
     * RUN_ACTIVE (FAILED_PRECONDITION), the latter when its process is alive and
     * `force` is not set.
     * Needs `admin`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.DeleteRunResponse deleteRun(dev.callboard.v1.DeleteRunRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteRunMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the runs that come from a task's runs, or from one run, as a tree: the
     * children of each run, and its restarts, across tasks and projects. Built from
     * the files alone.
     * Errors: RUN_NOT_FOUND (NOT_FOUND), RUN_AMBIGUOUS (FAILED_PRECONDITION) for a
     * `run_id`; PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.GetRunTreeResponse getRunTree(dev.callboard.v1.GetRunTreeRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetRunTreeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Replaces a file of a run as a whole.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * INVALID_FIELD (INVALID_ARGUMENT) for a `file` that is none of a run's.
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.WriteRunFileResponse writeRunFile(dev.callboard.v1.WriteRunFileRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getWriteRunFileMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Appends to a file of a run. With an `offset` repeating the call is safe: bytes
     * that are already there are not appended again, and zeros that a power cut left in
     * the chunk's place, because it was not written yet, are replaced.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * OFFSET_MISMATCH (ABORTED) when the file does not end at `offset` and does not
     * hold the chunk there: the metadata says where it ends, as `size`; INVALID_FIELD
     * (INVALID_ARGUMENT).
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.AppendRunOutputResponse appendRunOutput(dev.callboard.v1.AppendRunOutputRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAppendRunOutputMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a file of a run from an offset on, in chunks, and follows it when
     * asked, for as long as the run runs. What agents write themselves is returned as
     * it is, synced or not.
     * Errors: RUN_NOT_FOUND (NOT_FOUND), RUN_FILE_NOT_FOUND (NOT_FOUND) unless it is
     * followed and may still come; RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * OFFSET_MISMATCH (ABORTED) for an offset behind the end; INVALID_FIELD
     * (INVALID_ARGUMENT); SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED); UNAVAILABLE with
     * SHUTTING_DOWN when the server stops: go on from the last chunk's end.
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    public java.util.Iterator<dev.callboard.v1.ReadRunFileResponse> readRunFile(
        dev.callboard.v1.ReadRunFileRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getReadRunFileMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the files of a run that ReadRunFile returns, in the order prompt, output,
     * stdout, stderr, events, then logs by name.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * INVALID_PAGE_TOKEN (INVALID_ARGUMENT).
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    public dev.callboard.v1.ListRunFilesResponse listRunFiles(dev.callboard.v1.ListRunFilesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListRunFilesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Marks runs as failed whose process is gone, or as completed when their task is
     * done; recreates derived files that are missing, and rewrites a TASK_STATE.md
     * that cannot be read.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `write`. A caller limited to some projects gets those only.
     * </pre>
     */
    public dev.callboard.v1.ReconcileRunsResponse reconcileRuns(dev.callboard.v1.ReconcileRunsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getReconcileRunsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sends the current state of everything in scope, then `synced`, then the current
     * state of whatever changes, and deletions, also when other programs made them.
     * Changes in quick succession may be sent as one. A stream that is opened again
     * begins with all of the current state: what it does not name until `synced` is
     * gone.
     * Errors: UNAVAILABLE with SHUTTING_DOWN and RetryInfo when the server stops;
     * SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED).
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    public java.util.Iterator<dev.callboard.v1.WatchResponse> watch(
        dev.callboard.v1.WatchRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes runs that ended long ago, oldest first. By default it only says which
     * it would remove. A run that has not ended is never removed.
     * Errors: REQUIRED_FIELD (INVALID_ARGUMENT) without `older_than`;
     * PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `admin`. A caller limited to some projects gets those only.
     * </pre>
     */
    public dev.callboard.v1.CleanUpRunsResponse cleanUpRuns(dev.callboard.v1.CleanUpRunsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCleanUpRunsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service Storage.
   * <pre>
   * Creates, reads, changes, lists, watches and removes projects, tasks, checkpoints,
   * logs, artifacts, facts and runs.
   * Reads never lock and never write. Updates are made under a lock that other
   * programs respect too, replace a document as a whole, and keep what they do not
   * know. Every mutable document has an `etag`: give it back with an update to have
   * the update refused when somebody else changed the document in between.
   * Who calls is let in as the user of the server itself, over its socket or loopback; by a
   * token, in the metadata `authorization: Bearer TOKEN`; or by a certificate. What a caller may
   * do is `read`, `write` or `admin`, in some projects or in all; each method says what it
   * needs.
   * Errors of every method carry a `google.rpc.ErrorInfo` with the domain
   * "callboard" and a reason in UPPER_SNAKE_CASE; branch on the reason. Common to
   * all methods: TOKEN_REQUIRED and TOKEN_INVALID (UNAUTHENTICATED) for a caller that is
   * not let in; NOT_ALLOWED (PERMISSION_DENIED) for one that may not do this, or not in
   * this project, whether that exists or not; REQUIRED_FIELD (INVALID_ARGUMENT) for a field that is empty and
   * must not be; INVALID_ID (INVALID_ARGUMENT) for an id that is too long or no
   * single path component, or, where something is created, not of the form for new
   * ids; PATH_TRAVERSAL (INVALID_ARGUMENT) for an id that tries to leave its folder;
   * INVALID_FIELD (INVALID_ARGUMENT) for a number, time or choice out of its range;
   * TOO_LARGE (INVALID_ARGUMENT) for what is over a limit, which the metadata names;
   * NOT_A_REGULAR_FILE (FAILED_PRECONDITION) when a symlink or something else stands
   * where a file or folder belongs; CORRUPT_DOCUMENT (DATA_LOSS) when the one
   * document asked for cannot be read, while lists show it with its `problem`, or
   * when one to update holds what other programs wrote and cannot be kept as it is; IO
   * (INTERNAL) when the disk fails; SHUTTING_DOWN (UNAVAILABLE, with RetryInfo)
   * while the server drains; CALL_TIMED_OUT (DEADLINE_EXCEEDED) for what takes too long; BUG
   * (INTERNAL). Common to all that write: DISK_FULL and QUOTA_EXCEEDED
   * (RESOURCE_EXHAUSTED), and the old content is intact; LOCK_TIMEOUT (UNAVAILABLE,
   * with RetryInfo) when another program holds a document's lock for 10 s, and
   * nothing was written. Common to all that update a document: ETAG_MISMATCH
   * (ABORTED) when an etag is given and the document has another; FOREIGN_WRITE
   * (ABORTED) when a program that does not respect the lock keeps replacing the
   * document meanwhile.
   * </pre>
   */
  public static final class StorageFutureStub
      extends io.grpc.stub.AbstractFutureStub<StorageFutureStub> {
    private StorageFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected StorageFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new StorageFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Tells what server this is: its version, its limits, what it can do.
     * Needs no permission: every caller that is let in may ask.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.GetServerInfoResponse> getServerInfo(
        dev.callboard.v1.GetServerInfoRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetServerInfoMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Creates a project. A project also appears by itself with its first task, run
     * or message; creating one that appeared so is refused like any other.
     * Errors: PROJECT_EXISTS (ALREADY_EXISTS) unless the same `request_id` created
     * it; REQUEST_ID_REUSED (ALREADY_EXISTS) when the request id came with other
     * content.
     * Needs `write`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.CreateProjectResponse> createProject(
        dev.callboard.v1.CreateProjectRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateProjectMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns a project.
     * Errors: PROJECT_NOT_FOUND (NOT_FOUND).
     * Needs `read`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.GetProjectResponse> getProject(
        dev.callboard.v1.GetProjectRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetProjectMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists projects in the order of their ids.
     * Errors: INVALID_PAGE_TOKEN (INVALID_ARGUMENT).
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.ListProjectsResponse> listProjects(
        dev.callboard.v1.ListProjectsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListProjectsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Changes a project's home folders (`home-folders.md`).
     * Errors: PROJECT_NOT_FOUND (NOT_FOUND).
     * Needs `write`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.UpdateProjectResponse> updateProject(
        dev.callboard.v1.UpdateProjectRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateProjectMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Removes a project with everything in it, in one step.
     * Errors: PROJECT_NOT_FOUND (NOT_FOUND) unless `allow_missing`; NOT_EMPTY
     * (FAILED_PRECONDITION) when the project has tasks, messages or other files and
     * `force` is not set.
     * Needs `admin`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.DeleteProjectResponse> deleteProject(
        dev.callboard.v1.DeleteProjectRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteProjectMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Creates a task: its folder, `task.json`, and `TASK.md` and `TASK-CONFIG.yaml`
     * when there is something to put into them. The project is created when it is
     * missing. A folder that exists only because a message or a run came first is
     * taken over as it is.
     * Errors: TASK_EXISTS (ALREADY_EXISTS) unless the same `request_id` created it;
     * also when another program has written another TASK.md or TASK-CONFIG.yaml
     * there. REQUEST_ID_REUSED (ALREADY_EXISTS).
     * Needs `write`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.CreateTaskResponse> createTask(
        dev.callboard.v1.CreateTaskRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateTaskMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns a task with its prompt.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `read`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.GetTaskResponse> getTask(
        dev.callboard.v1.GetTaskRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetTaskMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists a project's tasks, newest first; those of one instant in the order of
     * their ids. An absent project has no tasks.
     * Errors: INVALID_PAGE_TOKEN (INVALID_ARGUMENT).
     * Needs `read`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.ListTasksResponse> listTasks(
        dev.callboard.v1.ListTasksRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListTasksMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Changes a task. When it is refused with FOREIGN_WRITE or DISK_FULL, the prompt and
     * the dependencies may be new already. A new status must be a move that TransitionTask allows, and is
     * kept in the history like one; the status it has already is no change.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_TRANSITION
     * (FAILED_PRECONDITION); INVALID_FIELD (INVALID_ARGUMENT) for a `current_step`
     * behind the last step, or `metadata_json` that is no JSON object.
     * Needs `write`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.UpdateTaskResponse> updateTask(
        dev.callboard.v1.UpdateTaskRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateTaskMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Removes a task with its runs, its bus and all its files, in one step.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND) unless `allow_missing`;
     * RUN_ACTIVE (FAILED_PRECONDITION) when one of its runs is alive and `force` is
     * not set.
     * Needs `admin`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.DeleteTaskResponse> deleteTask(
        dev.callboard.v1.DeleteTaskRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteTaskMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Moves a task to another status and appends that to its history. The moves:
     * pending to running; running to validating, gh_failed, ci_failed, ci_timeout,
     * interrupted, abandoned; validating to awaiting_approval, validation_failed,
     * interrupted; validation_failed to running, abandoned; awaiting_approval to
     * completed, running, rejected; gh_failed, ci_failed, ci_timeout and interrupted to
     * running, abandoned. completed, rejected and abandoned are final, and set
     * `completed_at`. A task without a task.json is pending.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_TRANSITION
     * (FAILED_PRECONDITION) for every other move, to the same status too: its metadata
     * names `from`, `to`, and the statuses that are `allowed`, separated by spaces.
     * Needs `write`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.TransitionTaskResponse> transitionTask(
        dev.callboard.v1.TransitionTaskRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getTransitionTaskMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Saves the checkpoint after a step in one atomic, synced write: appends the
     * result, sets the state of its step, and, when given, the current step and the
     * task's status. Results are only appended: a step that is tried again has several.
     * Repeating the call is made safe by `etag`: when the first answer was lost, the
     * second call is refused, and GetTask shows the result.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_FIELD
     * (INVALID_ARGUMENT) for a step that the task does not have; INVALID_TRANSITION
     * (FAILED_PRECONDITION), and then nothing is saved; TOO_LARGE (INVALID_ARGUMENT)
     * when task.json would be over 2 MiB, of which 64 KiB are kept for moves: keep long
     * outputs as artifacts.
     * Needs `write`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.SaveStepResultResponse> saveStepResult(
        dev.callboard.v1.SaveStepResultRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSaveStepResultMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns what `TASK_STATE.md` says. A file that cannot be read as one has the
     * status `unknown`, and its text as it is; no file has an empty status.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `read`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.GetTaskStateResponse> getTaskState(
        dev.callboard.v1.GetTaskStateRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetTaskStateMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Replaces `TASK_STATE.md` as a whole. A file that could not be read is kept
     * beside it.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `write`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.SetTaskStateResponse> setTaskState(
        dev.callboard.v1.SetTaskStateRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSetTaskStateMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Marks a task as done: creates its `DONE` file. Doing so again is fine.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `write`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.MarkTaskDoneResponse> markTaskDone(
        dev.callboard.v1.MarkTaskDoneRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getMarkTaskDoneMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Removes the `DONE` file of a task. Doing so again is fine.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `write`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.ClearTaskDoneResponse> clearTaskDone(
        dev.callboard.v1.ClearTaskDoneRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getClearTaskDoneMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Appends entries to a task's log, `task.log`: all of them, in one write with one
     * sync. Half a line that a crash left at its end is closed first.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_FIELD
     * (INVALID_ARGUMENT) for an entry that is no JSON object; TOO_LARGE
     * (INVALID_ARGUMENT); REQUEST_ID_REUSED (ALREADY_EXISTS).
     * Needs `write`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.AppendTaskLogResponse> appendTaskLog(
        dev.callboard.v1.AppendTaskLogRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAppendTaskLogMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Saves an artifact of at most 1 MiB, whole or not at all. A plain one takes the
     * place of the one with its name; a versioned one gets the next number, which no
     * other gets; an attachment gets a name of its own.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); PATH_TRAVERSAL,
     * INVALID_ID (INVALID_ARGUMENT) for its name; CHECKSUM_MISMATCH (INVALID_ARGUMENT)
     * when its content has another sha256 than `sha256`; TOO_MANY_VERSIONS
     * (RESOURCE_EXHAUSTED) after number 10 000; SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED);
     * REQUEST_ID_REUSED (ALREADY_EXISTS). Nothing is saved then.
     * Needs `write`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.SaveArtifactResponse> saveArtifact(
        dev.callboard.v1.SaveArtifactRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSaveArtifactMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists a task's artifacts, in all subfolders, and its attachments, in the order of
     * their paths.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_PAGE_TOKEN
     * (INVALID_ARGUMENT).
     * Needs `read`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.ListArtifactsResponse> listArtifacts(
        dev.callboard.v1.ListArtifactsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListArtifactsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Removes an artifact or an attachment.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND, ARTIFACT_NOT_FOUND (NOT_FOUND) unless
     * `allow_missing`.
     * Needs `write`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.DeleteArtifactResponse> deleteArtifact(
        dev.callboard.v1.DeleteArtifactRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteArtifactMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Writes down a fact about a project or a task, as a file of its own. Facts are not
     * changed afterwards.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); REQUIRED_FIELD
     * (INVALID_ARGUMENT) without a title; REQUEST_ID_REUSED (ALREADY_EXISTS).
     * Needs `write`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.AppendFactResponse> appendFact(
        dev.callboard.v1.AppendFactRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAppendFactMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns a fact with its body.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND, FACT_NOT_FOUND (NOT_FOUND).
     * Needs `read`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.GetFactResponse> getFact(
        dev.callboard.v1.GetFactRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetFactMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the facts of a project, or those of a task, newest first; those of one
     * instant in the falling order of their ids.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND); INVALID_PAGE_TOKEN
     * (INVALID_ARGUMENT).
     * Needs `read`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.ListFactsResponse> listFacts(
        dev.callboard.v1.ListFactsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListFactsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Creates a run, which is `running` from then on. The folders of project and
     * task are created when they are missing. Parent and previous run are kept as
     * they are named, whether they exist or not.
     * Errors: RUN_EXISTS (ALREADY_EXISTS) when the task has a run folder of this
     * name, unless the same `request_id` created it; REQUEST_ID_REUSED
     * (ALREADY_EXISTS); WORKTREE_MISSING (FAILED_PRECONDITION) when `meta` names a
     * worktree that is no folder on the server's host. Where the original program has a
     * code of its own, the metadata has it as `code`: E_RUN_DIR_EXISTS,
     * E_RUN_DIR_CREATE_FAILED, E_META_WRITE_FAILED.
     * Needs `write`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.CreateRunResponse> createRun(
        dev.callboard.v1.CreateRunRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateRunMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns a run, found by its id alone or by project, task and id.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION) when the
     * id is in two places: name project and task, or remove one of the two.
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.GetRunInfoResponse> getRunInfo(
        dev.callboard.v1.GetRunInfoRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetRunInfoMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists runs in the order of project, task and run folder. The folder is named
     * like the run's id, and our ids begin with the time: so the runs of a task come
     * oldest first. An absent project or task has no runs. A run whose file is absent
     * has the status `unknown`, one whose file cannot be read the status `damaged`
     * and its `problem`.
     * Errors: INVALID_PAGE_TOKEN (INVALID_ARGUMENT).
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.ListRunsResponse> listRuns(
        dev.callboard.v1.ListRunsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListRunsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Ends a run: status, exit code and end time change, everything else stays.
     * Ending it again in the same way is fine and changes nothing. A run that
     * ReconcileRuns marked as failed may still be ended by whoever knows how it ended.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * INVALID_FIELD (INVALID_ARGUMENT) for a status other than running, completed and
     * failed; INVALID_TRANSITION (FAILED_PRECONDITION) for a run that has ended in
     * another way, or is to run again.
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.UpdateRunStatusResponse> updateRunStatus(
        dev.callboard.v1.UpdateRunStatusRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateRunStatusMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Changes other fields of a run than its status.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION).
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.UpdateRunResponse> updateRun(
        dev.callboard.v1.UpdateRunRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateRunMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns what a run's `meta.json` says: its worktree and its tools.
     * Errors: RUN_NOT_FOUND (NOT_FOUND), also for a run without a meta.json;
     * RUN_AMBIGUOUS (FAILED_PRECONDITION).
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.GetRunMetaResponse> getRunMeta(
        dev.callboard.v1.GetRunMetaRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetRunMetaMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Changes a run's `meta.json`, or creates it. Fields that are not named, and keys of
     * other programs, stay.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * WORKTREE_MISSING (FAILED_PRECONDITION) when the file is created and its worktree
     * is no folder on the server's host.
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.UpdateRunMetaResponse> updateRunMeta(
        dev.callboard.v1.UpdateRunMetaRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateRunMetaMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Appends an event to a run's `events.jsonl`. Read and follow them as the run's
     * file `events`.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * INVALID_FIELD (INVALID_ARGUMENT) for data that is no JSON object; TOO_LARGE
     * (INVALID_ARGUMENT); REQUEST_ID_REUSED (ALREADY_EXISTS).
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.AppendRunEventResponse> appendRunEvent(
        dev.callboard.v1.AppendRunEventRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAppendRunEventMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Removes a run with all its files, in one step.
     * Errors: RUN_NOT_FOUND (NOT_FOUND) unless `allow_missing`; RUN_AMBIGUOUS,
     * RUN_ACTIVE (FAILED_PRECONDITION), the latter when its process is alive and
     * `force` is not set.
     * Needs `admin`. A caller limited to some projects names the project.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.DeleteRunResponse> deleteRun(
        dev.callboard.v1.DeleteRunRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteRunMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns the runs that come from a task's runs, or from one run, as a tree: the
     * children of each run, and its restarts, across tasks and projects. Built from
     * the files alone.
     * Errors: RUN_NOT_FOUND (NOT_FOUND), RUN_AMBIGUOUS (FAILED_PRECONDITION) for a
     * `run_id`; PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.GetRunTreeResponse> getRunTree(
        dev.callboard.v1.GetRunTreeRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetRunTreeMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Replaces a file of a run as a whole.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * INVALID_FIELD (INVALID_ARGUMENT) for a `file` that is none of a run's.
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.WriteRunFileResponse> writeRunFile(
        dev.callboard.v1.WriteRunFileRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getWriteRunFileMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Appends to a file of a run. With an `offset` repeating the call is safe: bytes
     * that are already there are not appended again, and zeros that a power cut left in
     * the chunk's place, because it was not written yet, are replaced.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * OFFSET_MISMATCH (ABORTED) when the file does not end at `offset` and does not
     * hold the chunk there: the metadata says where it ends, as `size`; INVALID_FIELD
     * (INVALID_ARGUMENT).
     * Needs `write`. A caller limited to some projects names the project.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.AppendRunOutputResponse> appendRunOutput(
        dev.callboard.v1.AppendRunOutputRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAppendRunOutputMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the files of a run that ReadRunFile returns, in the order prompt, output,
     * stdout, stderr, events, then logs by name.
     * Errors: RUN_NOT_FOUND (NOT_FOUND); RUN_AMBIGUOUS (FAILED_PRECONDITION);
     * INVALID_PAGE_TOKEN (INVALID_ARGUMENT).
     * Needs `read`. A caller limited to some projects names the project.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.ListRunFilesResponse> listRunFiles(
        dev.callboard.v1.ListRunFilesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListRunFilesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Marks runs as failed whose process is gone, or as completed when their task is
     * done; recreates derived files that are missing, and rewrites a TASK_STATE.md
     * that cannot be read.
     * Errors: PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `write`. A caller limited to some projects gets those only.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.ReconcileRunsResponse> reconcileRuns(
        dev.callboard.v1.ReconcileRunsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getReconcileRunsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Removes runs that ended long ago, oldest first. By default it only says which
     * it would remove. A run that has not ended is never removed.
     * Errors: REQUIRED_FIELD (INVALID_ARGUMENT) without `older_than`;
     * PROJECT_NOT_FOUND, TASK_NOT_FOUND (NOT_FOUND).
     * Needs `admin`. A caller limited to some projects gets those only.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.CleanUpRunsResponse> cleanUpRuns(
        dev.callboard.v1.CleanUpRunsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCleanUpRunsMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_GET_SERVER_INFO = 0;
  private static final int METHODID_CREATE_PROJECT = 1;
  private static final int METHODID_GET_PROJECT = 2;
  private static final int METHODID_LIST_PROJECTS = 3;
  private static final int METHODID_UPDATE_PROJECT = 4;
  private static final int METHODID_DELETE_PROJECT = 5;
  private static final int METHODID_CREATE_TASK = 6;
  private static final int METHODID_GET_TASK = 7;
  private static final int METHODID_LIST_TASKS = 8;
  private static final int METHODID_UPDATE_TASK = 9;
  private static final int METHODID_DELETE_TASK = 10;
  private static final int METHODID_TRANSITION_TASK = 11;
  private static final int METHODID_SAVE_STEP_RESULT = 12;
  private static final int METHODID_GET_TASK_STATE = 13;
  private static final int METHODID_SET_TASK_STATE = 14;
  private static final int METHODID_MARK_TASK_DONE = 15;
  private static final int METHODID_CLEAR_TASK_DONE = 16;
  private static final int METHODID_APPEND_TASK_LOG = 17;
  private static final int METHODID_READ_TASK_LOG = 18;
  private static final int METHODID_SAVE_ARTIFACT = 19;
  private static final int METHODID_GET_ARTIFACT = 20;
  private static final int METHODID_LIST_ARTIFACTS = 21;
  private static final int METHODID_DELETE_ARTIFACT = 22;
  private static final int METHODID_APPEND_FACT = 23;
  private static final int METHODID_GET_FACT = 24;
  private static final int METHODID_LIST_FACTS = 25;
  private static final int METHODID_CREATE_RUN = 26;
  private static final int METHODID_GET_RUN_INFO = 27;
  private static final int METHODID_LIST_RUNS = 28;
  private static final int METHODID_UPDATE_RUN_STATUS = 29;
  private static final int METHODID_UPDATE_RUN = 30;
  private static final int METHODID_GET_RUN_META = 31;
  private static final int METHODID_UPDATE_RUN_META = 32;
  private static final int METHODID_APPEND_RUN_EVENT = 33;
  private static final int METHODID_DELETE_RUN = 34;
  private static final int METHODID_GET_RUN_TREE = 35;
  private static final int METHODID_WRITE_RUN_FILE = 36;
  private static final int METHODID_APPEND_RUN_OUTPUT = 37;
  private static final int METHODID_READ_RUN_FILE = 38;
  private static final int METHODID_LIST_RUN_FILES = 39;
  private static final int METHODID_RECONCILE_RUNS = 40;
  private static final int METHODID_WATCH = 41;
  private static final int METHODID_CLEAN_UP_RUNS = 42;
  private static final int METHODID_UPLOAD_ARTIFACT = 43;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_GET_SERVER_INFO:
          serviceImpl.getServerInfo((dev.callboard.v1.GetServerInfoRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.GetServerInfoResponse>) responseObserver);
          break;
        case METHODID_CREATE_PROJECT:
          serviceImpl.createProject((dev.callboard.v1.CreateProjectRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.CreateProjectResponse>) responseObserver);
          break;
        case METHODID_GET_PROJECT:
          serviceImpl.getProject((dev.callboard.v1.GetProjectRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.GetProjectResponse>) responseObserver);
          break;
        case METHODID_LIST_PROJECTS:
          serviceImpl.listProjects((dev.callboard.v1.ListProjectsRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.ListProjectsResponse>) responseObserver);
          break;
        case METHODID_UPDATE_PROJECT:
          serviceImpl.updateProject((dev.callboard.v1.UpdateProjectRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.UpdateProjectResponse>) responseObserver);
          break;
        case METHODID_DELETE_PROJECT:
          serviceImpl.deleteProject((dev.callboard.v1.DeleteProjectRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.DeleteProjectResponse>) responseObserver);
          break;
        case METHODID_CREATE_TASK:
          serviceImpl.createTask((dev.callboard.v1.CreateTaskRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.CreateTaskResponse>) responseObserver);
          break;
        case METHODID_GET_TASK:
          serviceImpl.getTask((dev.callboard.v1.GetTaskRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.GetTaskResponse>) responseObserver);
          break;
        case METHODID_LIST_TASKS:
          serviceImpl.listTasks((dev.callboard.v1.ListTasksRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.ListTasksResponse>) responseObserver);
          break;
        case METHODID_UPDATE_TASK:
          serviceImpl.updateTask((dev.callboard.v1.UpdateTaskRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.UpdateTaskResponse>) responseObserver);
          break;
        case METHODID_DELETE_TASK:
          serviceImpl.deleteTask((dev.callboard.v1.DeleteTaskRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.DeleteTaskResponse>) responseObserver);
          break;
        case METHODID_TRANSITION_TASK:
          serviceImpl.transitionTask((dev.callboard.v1.TransitionTaskRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.TransitionTaskResponse>) responseObserver);
          break;
        case METHODID_SAVE_STEP_RESULT:
          serviceImpl.saveStepResult((dev.callboard.v1.SaveStepResultRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.SaveStepResultResponse>) responseObserver);
          break;
        case METHODID_GET_TASK_STATE:
          serviceImpl.getTaskState((dev.callboard.v1.GetTaskStateRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.GetTaskStateResponse>) responseObserver);
          break;
        case METHODID_SET_TASK_STATE:
          serviceImpl.setTaskState((dev.callboard.v1.SetTaskStateRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.SetTaskStateResponse>) responseObserver);
          break;
        case METHODID_MARK_TASK_DONE:
          serviceImpl.markTaskDone((dev.callboard.v1.MarkTaskDoneRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.MarkTaskDoneResponse>) responseObserver);
          break;
        case METHODID_CLEAR_TASK_DONE:
          serviceImpl.clearTaskDone((dev.callboard.v1.ClearTaskDoneRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.ClearTaskDoneResponse>) responseObserver);
          break;
        case METHODID_APPEND_TASK_LOG:
          serviceImpl.appendTaskLog((dev.callboard.v1.AppendTaskLogRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.AppendTaskLogResponse>) responseObserver);
          break;
        case METHODID_READ_TASK_LOG:
          serviceImpl.readTaskLog((dev.callboard.v1.ReadTaskLogRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.ReadTaskLogResponse>) responseObserver);
          break;
        case METHODID_SAVE_ARTIFACT:
          serviceImpl.saveArtifact((dev.callboard.v1.SaveArtifactRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.SaveArtifactResponse>) responseObserver);
          break;
        case METHODID_GET_ARTIFACT:
          serviceImpl.getArtifact((dev.callboard.v1.GetArtifactRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.GetArtifactResponse>) responseObserver);
          break;
        case METHODID_LIST_ARTIFACTS:
          serviceImpl.listArtifacts((dev.callboard.v1.ListArtifactsRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.ListArtifactsResponse>) responseObserver);
          break;
        case METHODID_DELETE_ARTIFACT:
          serviceImpl.deleteArtifact((dev.callboard.v1.DeleteArtifactRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.DeleteArtifactResponse>) responseObserver);
          break;
        case METHODID_APPEND_FACT:
          serviceImpl.appendFact((dev.callboard.v1.AppendFactRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.AppendFactResponse>) responseObserver);
          break;
        case METHODID_GET_FACT:
          serviceImpl.getFact((dev.callboard.v1.GetFactRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.GetFactResponse>) responseObserver);
          break;
        case METHODID_LIST_FACTS:
          serviceImpl.listFacts((dev.callboard.v1.ListFactsRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.ListFactsResponse>) responseObserver);
          break;
        case METHODID_CREATE_RUN:
          serviceImpl.createRun((dev.callboard.v1.CreateRunRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.CreateRunResponse>) responseObserver);
          break;
        case METHODID_GET_RUN_INFO:
          serviceImpl.getRunInfo((dev.callboard.v1.GetRunInfoRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.GetRunInfoResponse>) responseObserver);
          break;
        case METHODID_LIST_RUNS:
          serviceImpl.listRuns((dev.callboard.v1.ListRunsRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.ListRunsResponse>) responseObserver);
          break;
        case METHODID_UPDATE_RUN_STATUS:
          serviceImpl.updateRunStatus((dev.callboard.v1.UpdateRunStatusRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.UpdateRunStatusResponse>) responseObserver);
          break;
        case METHODID_UPDATE_RUN:
          serviceImpl.updateRun((dev.callboard.v1.UpdateRunRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.UpdateRunResponse>) responseObserver);
          break;
        case METHODID_GET_RUN_META:
          serviceImpl.getRunMeta((dev.callboard.v1.GetRunMetaRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.GetRunMetaResponse>) responseObserver);
          break;
        case METHODID_UPDATE_RUN_META:
          serviceImpl.updateRunMeta((dev.callboard.v1.UpdateRunMetaRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.UpdateRunMetaResponse>) responseObserver);
          break;
        case METHODID_APPEND_RUN_EVENT:
          serviceImpl.appendRunEvent((dev.callboard.v1.AppendRunEventRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.AppendRunEventResponse>) responseObserver);
          break;
        case METHODID_DELETE_RUN:
          serviceImpl.deleteRun((dev.callboard.v1.DeleteRunRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.DeleteRunResponse>) responseObserver);
          break;
        case METHODID_GET_RUN_TREE:
          serviceImpl.getRunTree((dev.callboard.v1.GetRunTreeRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.GetRunTreeResponse>) responseObserver);
          break;
        case METHODID_WRITE_RUN_FILE:
          serviceImpl.writeRunFile((dev.callboard.v1.WriteRunFileRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.WriteRunFileResponse>) responseObserver);
          break;
        case METHODID_APPEND_RUN_OUTPUT:
          serviceImpl.appendRunOutput((dev.callboard.v1.AppendRunOutputRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.AppendRunOutputResponse>) responseObserver);
          break;
        case METHODID_READ_RUN_FILE:
          serviceImpl.readRunFile((dev.callboard.v1.ReadRunFileRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.ReadRunFileResponse>) responseObserver);
          break;
        case METHODID_LIST_RUN_FILES:
          serviceImpl.listRunFiles((dev.callboard.v1.ListRunFilesRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.ListRunFilesResponse>) responseObserver);
          break;
        case METHODID_RECONCILE_RUNS:
          serviceImpl.reconcileRuns((dev.callboard.v1.ReconcileRunsRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.ReconcileRunsResponse>) responseObserver);
          break;
        case METHODID_WATCH:
          serviceImpl.watch((dev.callboard.v1.WatchRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.WatchResponse>) responseObserver);
          break;
        case METHODID_CLEAN_UP_RUNS:
          serviceImpl.cleanUpRuns((dev.callboard.v1.CleanUpRunsRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.CleanUpRunsResponse>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_UPLOAD_ARTIFACT:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.uploadArtifact(
              (io.grpc.stub.StreamObserver<dev.callboard.v1.UploadArtifactResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getGetServerInfoMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.GetServerInfoRequest,
              dev.callboard.v1.GetServerInfoResponse>(
                service, METHODID_GET_SERVER_INFO)))
        .addMethod(
          getCreateProjectMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.CreateProjectRequest,
              dev.callboard.v1.CreateProjectResponse>(
                service, METHODID_CREATE_PROJECT)))
        .addMethod(
          getGetProjectMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.GetProjectRequest,
              dev.callboard.v1.GetProjectResponse>(
                service, METHODID_GET_PROJECT)))
        .addMethod(
          getListProjectsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.ListProjectsRequest,
              dev.callboard.v1.ListProjectsResponse>(
                service, METHODID_LIST_PROJECTS)))
        .addMethod(
          getUpdateProjectMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.UpdateProjectRequest,
              dev.callboard.v1.UpdateProjectResponse>(
                service, METHODID_UPDATE_PROJECT)))
        .addMethod(
          getDeleteProjectMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.DeleteProjectRequest,
              dev.callboard.v1.DeleteProjectResponse>(
                service, METHODID_DELETE_PROJECT)))
        .addMethod(
          getCreateTaskMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.CreateTaskRequest,
              dev.callboard.v1.CreateTaskResponse>(
                service, METHODID_CREATE_TASK)))
        .addMethod(
          getGetTaskMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.GetTaskRequest,
              dev.callboard.v1.GetTaskResponse>(
                service, METHODID_GET_TASK)))
        .addMethod(
          getListTasksMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.ListTasksRequest,
              dev.callboard.v1.ListTasksResponse>(
                service, METHODID_LIST_TASKS)))
        .addMethod(
          getUpdateTaskMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.UpdateTaskRequest,
              dev.callboard.v1.UpdateTaskResponse>(
                service, METHODID_UPDATE_TASK)))
        .addMethod(
          getDeleteTaskMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.DeleteTaskRequest,
              dev.callboard.v1.DeleteTaskResponse>(
                service, METHODID_DELETE_TASK)))
        .addMethod(
          getTransitionTaskMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.TransitionTaskRequest,
              dev.callboard.v1.TransitionTaskResponse>(
                service, METHODID_TRANSITION_TASK)))
        .addMethod(
          getSaveStepResultMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.SaveStepResultRequest,
              dev.callboard.v1.SaveStepResultResponse>(
                service, METHODID_SAVE_STEP_RESULT)))
        .addMethod(
          getGetTaskStateMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.GetTaskStateRequest,
              dev.callboard.v1.GetTaskStateResponse>(
                service, METHODID_GET_TASK_STATE)))
        .addMethod(
          getSetTaskStateMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.SetTaskStateRequest,
              dev.callboard.v1.SetTaskStateResponse>(
                service, METHODID_SET_TASK_STATE)))
        .addMethod(
          getMarkTaskDoneMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.MarkTaskDoneRequest,
              dev.callboard.v1.MarkTaskDoneResponse>(
                service, METHODID_MARK_TASK_DONE)))
        .addMethod(
          getClearTaskDoneMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.ClearTaskDoneRequest,
              dev.callboard.v1.ClearTaskDoneResponse>(
                service, METHODID_CLEAR_TASK_DONE)))
        .addMethod(
          getAppendTaskLogMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.AppendTaskLogRequest,
              dev.callboard.v1.AppendTaskLogResponse>(
                service, METHODID_APPEND_TASK_LOG)))
        .addMethod(
          getReadTaskLogMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              dev.callboard.v1.ReadTaskLogRequest,
              dev.callboard.v1.ReadTaskLogResponse>(
                service, METHODID_READ_TASK_LOG)))
        .addMethod(
          getSaveArtifactMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.SaveArtifactRequest,
              dev.callboard.v1.SaveArtifactResponse>(
                service, METHODID_SAVE_ARTIFACT)))
        .addMethod(
          getUploadArtifactMethod(),
          io.grpc.stub.ServerCalls.asyncClientStreamingCall(
            new MethodHandlers<
              dev.callboard.v1.UploadArtifactRequest,
              dev.callboard.v1.UploadArtifactResponse>(
                service, METHODID_UPLOAD_ARTIFACT)))
        .addMethod(
          getGetArtifactMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              dev.callboard.v1.GetArtifactRequest,
              dev.callboard.v1.GetArtifactResponse>(
                service, METHODID_GET_ARTIFACT)))
        .addMethod(
          getListArtifactsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.ListArtifactsRequest,
              dev.callboard.v1.ListArtifactsResponse>(
                service, METHODID_LIST_ARTIFACTS)))
        .addMethod(
          getDeleteArtifactMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.DeleteArtifactRequest,
              dev.callboard.v1.DeleteArtifactResponse>(
                service, METHODID_DELETE_ARTIFACT)))
        .addMethod(
          getAppendFactMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.AppendFactRequest,
              dev.callboard.v1.AppendFactResponse>(
                service, METHODID_APPEND_FACT)))
        .addMethod(
          getGetFactMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.GetFactRequest,
              dev.callboard.v1.GetFactResponse>(
                service, METHODID_GET_FACT)))
        .addMethod(
          getListFactsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.ListFactsRequest,
              dev.callboard.v1.ListFactsResponse>(
                service, METHODID_LIST_FACTS)))
        .addMethod(
          getCreateRunMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.CreateRunRequest,
              dev.callboard.v1.CreateRunResponse>(
                service, METHODID_CREATE_RUN)))
        .addMethod(
          getGetRunInfoMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.GetRunInfoRequest,
              dev.callboard.v1.GetRunInfoResponse>(
                service, METHODID_GET_RUN_INFO)))
        .addMethod(
          getListRunsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.ListRunsRequest,
              dev.callboard.v1.ListRunsResponse>(
                service, METHODID_LIST_RUNS)))
        .addMethod(
          getUpdateRunStatusMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.UpdateRunStatusRequest,
              dev.callboard.v1.UpdateRunStatusResponse>(
                service, METHODID_UPDATE_RUN_STATUS)))
        .addMethod(
          getUpdateRunMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.UpdateRunRequest,
              dev.callboard.v1.UpdateRunResponse>(
                service, METHODID_UPDATE_RUN)))
        .addMethod(
          getGetRunMetaMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.GetRunMetaRequest,
              dev.callboard.v1.GetRunMetaResponse>(
                service, METHODID_GET_RUN_META)))
        .addMethod(
          getUpdateRunMetaMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.UpdateRunMetaRequest,
              dev.callboard.v1.UpdateRunMetaResponse>(
                service, METHODID_UPDATE_RUN_META)))
        .addMethod(
          getAppendRunEventMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.AppendRunEventRequest,
              dev.callboard.v1.AppendRunEventResponse>(
                service, METHODID_APPEND_RUN_EVENT)))
        .addMethod(
          getDeleteRunMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.DeleteRunRequest,
              dev.callboard.v1.DeleteRunResponse>(
                service, METHODID_DELETE_RUN)))
        .addMethod(
          getGetRunTreeMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.GetRunTreeRequest,
              dev.callboard.v1.GetRunTreeResponse>(
                service, METHODID_GET_RUN_TREE)))
        .addMethod(
          getWriteRunFileMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.WriteRunFileRequest,
              dev.callboard.v1.WriteRunFileResponse>(
                service, METHODID_WRITE_RUN_FILE)))
        .addMethod(
          getAppendRunOutputMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.AppendRunOutputRequest,
              dev.callboard.v1.AppendRunOutputResponse>(
                service, METHODID_APPEND_RUN_OUTPUT)))
        .addMethod(
          getReadRunFileMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              dev.callboard.v1.ReadRunFileRequest,
              dev.callboard.v1.ReadRunFileResponse>(
                service, METHODID_READ_RUN_FILE)))
        .addMethod(
          getListRunFilesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.ListRunFilesRequest,
              dev.callboard.v1.ListRunFilesResponse>(
                service, METHODID_LIST_RUN_FILES)))
        .addMethod(
          getReconcileRunsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.ReconcileRunsRequest,
              dev.callboard.v1.ReconcileRunsResponse>(
                service, METHODID_RECONCILE_RUNS)))
        .addMethod(
          getWatchMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              dev.callboard.v1.WatchRequest,
              dev.callboard.v1.WatchResponse>(
                service, METHODID_WATCH)))
        .addMethod(
          getCleanUpRunsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.CleanUpRunsRequest,
              dev.callboard.v1.CleanUpRunsResponse>(
                service, METHODID_CLEAN_UP_RUNS)))
        .build();
  }

  private static abstract class StorageBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    StorageBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.callboard.v1.StorageOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("Storage");
    }
  }

  private static final class StorageFileDescriptorSupplier
      extends StorageBaseDescriptorSupplier {
    StorageFileDescriptorSupplier() {}
  }

  private static final class StorageMethodDescriptorSupplier
      extends StorageBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    StorageMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (StorageGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new StorageFileDescriptorSupplier())
              .addMethod(getGetServerInfoMethod())
              .addMethod(getCreateProjectMethod())
              .addMethod(getGetProjectMethod())
              .addMethod(getListProjectsMethod())
              .addMethod(getUpdateProjectMethod())
              .addMethod(getDeleteProjectMethod())
              .addMethod(getCreateTaskMethod())
              .addMethod(getGetTaskMethod())
              .addMethod(getListTasksMethod())
              .addMethod(getUpdateTaskMethod())
              .addMethod(getDeleteTaskMethod())
              .addMethod(getTransitionTaskMethod())
              .addMethod(getSaveStepResultMethod())
              .addMethod(getGetTaskStateMethod())
              .addMethod(getSetTaskStateMethod())
              .addMethod(getMarkTaskDoneMethod())
              .addMethod(getClearTaskDoneMethod())
              .addMethod(getAppendTaskLogMethod())
              .addMethod(getReadTaskLogMethod())
              .addMethod(getSaveArtifactMethod())
              .addMethod(getUploadArtifactMethod())
              .addMethod(getGetArtifactMethod())
              .addMethod(getListArtifactsMethod())
              .addMethod(getDeleteArtifactMethod())
              .addMethod(getAppendFactMethod())
              .addMethod(getGetFactMethod())
              .addMethod(getListFactsMethod())
              .addMethod(getCreateRunMethod())
              .addMethod(getGetRunInfoMethod())
              .addMethod(getListRunsMethod())
              .addMethod(getUpdateRunStatusMethod())
              .addMethod(getUpdateRunMethod())
              .addMethod(getGetRunMetaMethod())
              .addMethod(getUpdateRunMetaMethod())
              .addMethod(getAppendRunEventMethod())
              .addMethod(getDeleteRunMethod())
              .addMethod(getGetRunTreeMethod())
              .addMethod(getWriteRunFileMethod())
              .addMethod(getAppendRunOutputMethod())
              .addMethod(getReadRunFileMethod())
              .addMethod(getListRunFilesMethod())
              .addMethod(getReconcileRunsMethod())
              .addMethod(getWatchMethod())
              .addMethod(getCleanUpRunsMethod())
              .build();
        }
      }
    }
    return result;
  }
}
