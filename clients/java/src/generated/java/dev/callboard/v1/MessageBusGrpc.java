package dev.callboard.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Appends messages to buses, reads them, and follows them.
 * Errors of every method carry a `google.rpc.ErrorInfo` with the domain
 * "callboard" and a reason in UPPER_SNAKE_CASE; branch on the reason. Common to
 * all methods: TOKEN_REQUIRED and TOKEN_INVALID (UNAUTHENTICATED) for a caller that is
 * not let in; NOT_ALLOWED (PERMISSION_DENIED) for one that may not do this, or not in
 * this project, whether that exists or not, by the rules that Storage names;
 * REQUIRED_FIELD (INVALID_ARGUMENT) for a field that is empty and
 * must not be; INVALID_ID (INVALID_ARGUMENT) for an id that is too long or no
 * single path component; PATH_TRAVERSAL (INVALID_ARGUMENT) for an id that tries to
 * leave its folder; INVALID_FIELD (INVALID_ARGUMENT) for a number, time or choice
 * out of its range; TOO_LARGE (INVALID_ARGUMENT) for what is over a limit, which
 * the metadata names; NOT_A_REGULAR_FILE (FAILED_PRECONDITION) when a symlink or a
 * folder stands where the bus file belongs; LOCK_TIMEOUT (UNAVAILABLE, with
 * RetryInfo) when another program holds the bus file's lock for 10 s, for reads
 * only when the server looks at the bus for the first time; BUS_POISONED
 * (FAILED_PRECONDITION) after a failed sync, for reads only when nothing of the bus
 * is known to be durable; IO (INTERNAL) when the disk fails; SHUTTING_DOWN
 * (UNAVAILABLE, with RetryInfo) while the server drains; BUG (INTERNAL).
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class MessageBusGrpc {

  private MessageBusGrpc() {}

  public static final java.lang.String SERVICE_NAME = "callboard.v1.MessageBus";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.AppendMessageRequest,
      dev.callboard.v1.AppendMessageResponse> getAppendMessageMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AppendMessage",
      requestType = dev.callboard.v1.AppendMessageRequest.class,
      responseType = dev.callboard.v1.AppendMessageResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.AppendMessageRequest,
      dev.callboard.v1.AppendMessageResponse> getAppendMessageMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.AppendMessageRequest, dev.callboard.v1.AppendMessageResponse> getAppendMessageMethod;
    if ((getAppendMessageMethod = MessageBusGrpc.getAppendMessageMethod) == null) {
      synchronized (MessageBusGrpc.class) {
        if ((getAppendMessageMethod = MessageBusGrpc.getAppendMessageMethod) == null) {
          MessageBusGrpc.getAppendMessageMethod = getAppendMessageMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.AppendMessageRequest, dev.callboard.v1.AppendMessageResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AppendMessage"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.AppendMessageRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.AppendMessageResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MessageBusMethodDescriptorSupplier("AppendMessage"))
              .build();
        }
      }
    }
    return getAppendMessageMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.AppendMessagesRequest,
      dev.callboard.v1.AppendMessagesResponse> getAppendMessagesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AppendMessages",
      requestType = dev.callboard.v1.AppendMessagesRequest.class,
      responseType = dev.callboard.v1.AppendMessagesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.AppendMessagesRequest,
      dev.callboard.v1.AppendMessagesResponse> getAppendMessagesMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.AppendMessagesRequest, dev.callboard.v1.AppendMessagesResponse> getAppendMessagesMethod;
    if ((getAppendMessagesMethod = MessageBusGrpc.getAppendMessagesMethod) == null) {
      synchronized (MessageBusGrpc.class) {
        if ((getAppendMessagesMethod = MessageBusGrpc.getAppendMessagesMethod) == null) {
          MessageBusGrpc.getAppendMessagesMethod = getAppendMessagesMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.AppendMessagesRequest, dev.callboard.v1.AppendMessagesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AppendMessages"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.AppendMessagesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.AppendMessagesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MessageBusMethodDescriptorSupplier("AppendMessages"))
              .build();
        }
      }
    }
    return getAppendMessagesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.AppendStreamRequest,
      dev.callboard.v1.AppendStreamResponse> getAppendStreamMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AppendStream",
      requestType = dev.callboard.v1.AppendStreamRequest.class,
      responseType = dev.callboard.v1.AppendStreamResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.AppendStreamRequest,
      dev.callboard.v1.AppendStreamResponse> getAppendStreamMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.AppendStreamRequest, dev.callboard.v1.AppendStreamResponse> getAppendStreamMethod;
    if ((getAppendStreamMethod = MessageBusGrpc.getAppendStreamMethod) == null) {
      synchronized (MessageBusGrpc.class) {
        if ((getAppendStreamMethod = MessageBusGrpc.getAppendStreamMethod) == null) {
          MessageBusGrpc.getAppendStreamMethod = getAppendStreamMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.AppendStreamRequest, dev.callboard.v1.AppendStreamResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AppendStream"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.AppendStreamRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.AppendStreamResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MessageBusMethodDescriptorSupplier("AppendStream"))
              .build();
        }
      }
    }
    return getAppendStreamMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.ReadMessagesRequest,
      dev.callboard.v1.ReadMessagesResponse> getReadMessagesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ReadMessages",
      requestType = dev.callboard.v1.ReadMessagesRequest.class,
      responseType = dev.callboard.v1.ReadMessagesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.ReadMessagesRequest,
      dev.callboard.v1.ReadMessagesResponse> getReadMessagesMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.ReadMessagesRequest, dev.callboard.v1.ReadMessagesResponse> getReadMessagesMethod;
    if ((getReadMessagesMethod = MessageBusGrpc.getReadMessagesMethod) == null) {
      synchronized (MessageBusGrpc.class) {
        if ((getReadMessagesMethod = MessageBusGrpc.getReadMessagesMethod) == null) {
          MessageBusGrpc.getReadMessagesMethod = getReadMessagesMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.ReadMessagesRequest, dev.callboard.v1.ReadMessagesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ReadMessages"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ReadMessagesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ReadMessagesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MessageBusMethodDescriptorSupplier("ReadMessages"))
              .build();
        }
      }
    }
    return getReadMessagesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.PollForNewRequest,
      dev.callboard.v1.PollForNewResponse> getPollForNewMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "PollForNew",
      requestType = dev.callboard.v1.PollForNewRequest.class,
      responseType = dev.callboard.v1.PollForNewResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.PollForNewRequest,
      dev.callboard.v1.PollForNewResponse> getPollForNewMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.PollForNewRequest, dev.callboard.v1.PollForNewResponse> getPollForNewMethod;
    if ((getPollForNewMethod = MessageBusGrpc.getPollForNewMethod) == null) {
      synchronized (MessageBusGrpc.class) {
        if ((getPollForNewMethod = MessageBusGrpc.getPollForNewMethod) == null) {
          MessageBusGrpc.getPollForNewMethod = getPollForNewMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.PollForNewRequest, dev.callboard.v1.PollForNewResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "PollForNew"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.PollForNewRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.PollForNewResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MessageBusMethodDescriptorSupplier("PollForNew"))
              .build();
        }
      }
    }
    return getPollForNewMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.GetMessageRequest,
      dev.callboard.v1.GetMessageResponse> getGetMessageMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetMessage",
      requestType = dev.callboard.v1.GetMessageRequest.class,
      responseType = dev.callboard.v1.GetMessageResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.GetMessageRequest,
      dev.callboard.v1.GetMessageResponse> getGetMessageMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.GetMessageRequest, dev.callboard.v1.GetMessageResponse> getGetMessageMethod;
    if ((getGetMessageMethod = MessageBusGrpc.getGetMessageMethod) == null) {
      synchronized (MessageBusGrpc.class) {
        if ((getGetMessageMethod = MessageBusGrpc.getGetMessageMethod) == null) {
          MessageBusGrpc.getGetMessageMethod = getGetMessageMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.GetMessageRequest, dev.callboard.v1.GetMessageResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetMessage"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.GetMessageRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.GetMessageResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MessageBusMethodDescriptorSupplier("GetMessage"))
              .build();
        }
      }
    }
    return getGetMessageMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.SubscribeRequest,
      dev.callboard.v1.SubscribeResponse> getSubscribeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Subscribe",
      requestType = dev.callboard.v1.SubscribeRequest.class,
      responseType = dev.callboard.v1.SubscribeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.SubscribeRequest,
      dev.callboard.v1.SubscribeResponse> getSubscribeMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.SubscribeRequest, dev.callboard.v1.SubscribeResponse> getSubscribeMethod;
    if ((getSubscribeMethod = MessageBusGrpc.getSubscribeMethod) == null) {
      synchronized (MessageBusGrpc.class) {
        if ((getSubscribeMethod = MessageBusGrpc.getSubscribeMethod) == null) {
          MessageBusGrpc.getSubscribeMethod = getSubscribeMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.SubscribeRequest, dev.callboard.v1.SubscribeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Subscribe"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.SubscribeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.SubscribeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MessageBusMethodDescriptorSupplier("Subscribe"))
              .build();
        }
      }
    }
    return getSubscribeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.ListBusesRequest,
      dev.callboard.v1.ListBusesResponse> getListBusesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListBuses",
      requestType = dev.callboard.v1.ListBusesRequest.class,
      responseType = dev.callboard.v1.ListBusesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.ListBusesRequest,
      dev.callboard.v1.ListBusesResponse> getListBusesMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.ListBusesRequest, dev.callboard.v1.ListBusesResponse> getListBusesMethod;
    if ((getListBusesMethod = MessageBusGrpc.getListBusesMethod) == null) {
      synchronized (MessageBusGrpc.class) {
        if ((getListBusesMethod = MessageBusGrpc.getListBusesMethod) == null) {
          MessageBusGrpc.getListBusesMethod = getListBusesMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.ListBusesRequest, dev.callboard.v1.ListBusesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListBuses"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ListBusesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.ListBusesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MessageBusMethodDescriptorSupplier("ListBuses"))
              .build();
        }
      }
    }
    return getListBusesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.RotateBusRequest,
      dev.callboard.v1.RotateBusResponse> getRotateBusMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RotateBus",
      requestType = dev.callboard.v1.RotateBusRequest.class,
      responseType = dev.callboard.v1.RotateBusResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.RotateBusRequest,
      dev.callboard.v1.RotateBusResponse> getRotateBusMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.RotateBusRequest, dev.callboard.v1.RotateBusResponse> getRotateBusMethod;
    if ((getRotateBusMethod = MessageBusGrpc.getRotateBusMethod) == null) {
      synchronized (MessageBusGrpc.class) {
        if ((getRotateBusMethod = MessageBusGrpc.getRotateBusMethod) == null) {
          MessageBusGrpc.getRotateBusMethod = getRotateBusMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.RotateBusRequest, dev.callboard.v1.RotateBusResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RotateBus"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.RotateBusRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.RotateBusResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MessageBusMethodDescriptorSupplier("RotateBus"))
              .build();
        }
      }
    }
    return getRotateBusMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.callboard.v1.TrimBusRequest,
      dev.callboard.v1.TrimBusResponse> getTrimBusMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "TrimBus",
      requestType = dev.callboard.v1.TrimBusRequest.class,
      responseType = dev.callboard.v1.TrimBusResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.callboard.v1.TrimBusRequest,
      dev.callboard.v1.TrimBusResponse> getTrimBusMethod() {
    io.grpc.MethodDescriptor<dev.callboard.v1.TrimBusRequest, dev.callboard.v1.TrimBusResponse> getTrimBusMethod;
    if ((getTrimBusMethod = MessageBusGrpc.getTrimBusMethod) == null) {
      synchronized (MessageBusGrpc.class) {
        if ((getTrimBusMethod = MessageBusGrpc.getTrimBusMethod) == null) {
          MessageBusGrpc.getTrimBusMethod = getTrimBusMethod =
              io.grpc.MethodDescriptor.<dev.callboard.v1.TrimBusRequest, dev.callboard.v1.TrimBusResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "TrimBus"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.TrimBusRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.callboard.v1.TrimBusResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MessageBusMethodDescriptorSupplier("TrimBus"))
              .build();
        }
      }
    }
    return getTrimBusMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static MessageBusStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<MessageBusStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<MessageBusStub>() {
        @java.lang.Override
        public MessageBusStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new MessageBusStub(channel, callOptions);
        }
      };
    return MessageBusStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static MessageBusBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<MessageBusBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<MessageBusBlockingV2Stub>() {
        @java.lang.Override
        public MessageBusBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new MessageBusBlockingV2Stub(channel, callOptions);
        }
      };
    return MessageBusBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static MessageBusBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<MessageBusBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<MessageBusBlockingStub>() {
        @java.lang.Override
        public MessageBusBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new MessageBusBlockingStub(channel, callOptions);
        }
      };
    return MessageBusBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static MessageBusFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<MessageBusFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<MessageBusFutureStub>() {
        @java.lang.Override
        public MessageBusFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new MessageBusFutureStub(channel, callOptions);
        }
      };
    return MessageBusFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Appends messages to buses, reads them, and follows them.
   * Errors of every method carry a `google.rpc.ErrorInfo` with the domain
   * "callboard" and a reason in UPPER_SNAKE_CASE; branch on the reason. Common to
   * all methods: TOKEN_REQUIRED and TOKEN_INVALID (UNAUTHENTICATED) for a caller that is
   * not let in; NOT_ALLOWED (PERMISSION_DENIED) for one that may not do this, or not in
   * this project, whether that exists or not, by the rules that Storage names;
   * REQUIRED_FIELD (INVALID_ARGUMENT) for a field that is empty and
   * must not be; INVALID_ID (INVALID_ARGUMENT) for an id that is too long or no
   * single path component; PATH_TRAVERSAL (INVALID_ARGUMENT) for an id that tries to
   * leave its folder; INVALID_FIELD (INVALID_ARGUMENT) for a number, time or choice
   * out of its range; TOO_LARGE (INVALID_ARGUMENT) for what is over a limit, which
   * the metadata names; NOT_A_REGULAR_FILE (FAILED_PRECONDITION) when a symlink or a
   * folder stands where the bus file belongs; LOCK_TIMEOUT (UNAVAILABLE, with
   * RetryInfo) when another program holds the bus file's lock for 10 s, for reads
   * only when the server looks at the bus for the first time; BUS_POISONED
   * (FAILED_PRECONDITION) after a failed sync, for reads only when nothing of the bus
   * is known to be durable; IO (INTERNAL) when the disk fails; SHUTTING_DOWN
   * (UNAVAILABLE, with RetryInfo) while the server drains; BUG (INTERNAL).
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Appends one message to a bus and answers once it is synced to disk.
     * The project's and the task's folders are created when they are missing.
     * Safe to repeat with a `request_id`: the second call returns the first
     * answer with `duplicate` set.
     * Errors: REQUEST_ID_REUSED (ALREADY_EXISTS) when the request id came with another
     * content before; BUS_MOVED (ABORTED) when `expected_last_msg_id` is not the
     * last message; DISK_FULL and QUOTA_EXCEEDED (RESOURCE_EXHAUSTED), and nothing was written;
     * LOCK_TIMEOUT, and nothing was written; BUS_POISONED until RotateBus or a
     * restart.
     * Needs `write`.
     * </pre>
     */
    default void appendMessage(dev.callboard.v1.AppendMessageRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.AppendMessageResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAppendMessageMethod(), responseObserver);
    }

    /**
     * <pre>
     * Appends up to 1000 messages to one bus with one write and one sync.
     * The batch is refused as a whole when any message is refused. When the server
     * or the machine dies meanwhile, some of its messages may be there, mostly the
     * first ones; repeating the call with the same `request_id` appends those that
     * are missing, and repeats none.
     * Errors: as AppendMessage; REQUIRED_FIELD when `messages` is empty; TOO_LARGE
     * for more than 1000 messages or more than 3 MiB; INVALID_ARGUMENT with
     * MIXED_BUSES when the messages name more than one bus.
     * Needs `write`.
     * </pre>
     */
    default void appendMessages(dev.callboard.v1.AppendMessagesRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.AppendMessagesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAppendMessagesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Appends a stream of messages, each answered in the order of sending once it
     * is synced. Many may be in flight; they share writes and syncs.
     * The stream ends at the first refused message: its zero-based index is in the
     * error's metadata as `index`, and every message before it has been answered.
     * Messages sent after it may have been appended all the same when it was not the
     * request that was refused but the writing of it.
     * Errors: as AppendMessage.
     * Needs `write`.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<dev.callboard.v1.AppendStreamRequest> appendStream(
        io.grpc.stub.StreamObserver<dev.callboard.v1.AppendStreamResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getAppendStreamMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reads messages of one bus, oldest first, strictly after the given start.
     * A bus that does not exist is empty. An answer holds at most 3 MiB, whatever
     * the limit: read on from its cursor until `end_of_bus`.
     * Errors: MESSAGE_NOT_FOUND (NOT_FOUND) for an unknown `since_id`;
     * AMBIGUOUS_ID (INVALID_ARGUMENT) when the `since_id` occurs twice;
     * CURSOR_EXPIRED, CURSOR_AHEAD, CURSOR_UNKNOWN (OUT_OF_RANGE); TOO_LARGE for a
     * limit or tail over 5000.
     * Needs `read`.
     * </pre>
     */
    default void readMessages(dev.callboard.v1.ReadMessagesRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ReadMessagesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getReadMessagesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Waits until the bus has something after the given start, and returns it: the
     * long-polling form of ReadMessages. Returns an empty answer at the timeout.
     * Errors: as ReadMessages; INVALID_FIELD for a timeout over 300 s.
     * Needs `read`.
     * </pre>
     */
    default void pollForNew(dev.callboard.v1.PollForNewRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.PollForNewResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getPollForNewMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns one message by its id.
     * Errors: MESSAGE_NOT_FOUND (NOT_FOUND); AMBIGUOUS_ID (INVALID_ARGUMENT) when
     * the id occurs twice in the bus.
     * Needs `read`.
     * </pre>
     */
    default void getMessage(dev.callboard.v1.GetMessageRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.GetMessageResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetMessageMethod(), responseObserver);
    }

    /**
     * <pre>
     * Replays messages and then follows: one bus, a project with all its tasks, or
     * everything.
     * In order within a bus; one stream sends no message twice; resuming from the
     * cursors received repeats and misses nothing. A bus that does not exist is
     * empty and waited for; in wide scopes new buses join by themselves. A slow
     * subscriber costs nothing and loses nothing: it reads the file later.
     * Ends with OK only for `stop_at_tail` or `limit`.
     * Errors: UNAVAILABLE with SHUTTING_DOWN and RetryInfo when the server stops;
     * OUT_OF_RANGE (CURSOR_EXPIRED, CURSOR_AHEAD, CURSOR_UNKNOWN) when the one bus
     * asked for cannot honour its start; SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED).
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    default void subscribe(dev.callboard.v1.SubscribeRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.SubscribeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSubscribeMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the buses that exist, ordered by project and then task; a project's
     * own bus comes before those of its tasks.
     * Errors: INVALID_PAGE_TOKEN, TOO_LARGE (INVALID_ARGUMENT); PROJECT_NOT_FOUND
     * (NOT_FOUND) when a project is named that does not exist.
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    default void listBuses(dev.callboard.v1.ListBusesRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ListBusesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListBusesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Archives the bus file now: it is renamed, and the next append starts a new
     * one. Reads, cursors and subscribers cross the border. Also reopens a bus
     * that a failed sync had closed for appends.
     * Errors: BUS_NOT_FOUND (NOT_FOUND); BUS_EMPTY (FAILED_PRECONDITION) when there
     * is nothing to archive; LOCK_TIMEOUT (UNAVAILABLE).
     * Needs `admin`.
     * </pre>
     */
    default void rotateBus(dev.callboard.v1.RotateBusRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.RotateBusResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRotateBusMethod(), responseObserver);
    }

    /**
     * <pre>
     * Removes archived parts of a bus whose last message is older than a duration,
     * oldest first. By default it only says what it would remove.
     * Errors: BUS_NOT_FOUND (NOT_FOUND); REQUIRED_FIELD without `older_than`.
     * Needs `admin`.
     * </pre>
     */
    default void trimBus(dev.callboard.v1.TrimBusRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.TrimBusResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getTrimBusMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service MessageBus.
   * <pre>
   * Appends messages to buses, reads them, and follows them.
   * Errors of every method carry a `google.rpc.ErrorInfo` with the domain
   * "callboard" and a reason in UPPER_SNAKE_CASE; branch on the reason. Common to
   * all methods: TOKEN_REQUIRED and TOKEN_INVALID (UNAUTHENTICATED) for a caller that is
   * not let in; NOT_ALLOWED (PERMISSION_DENIED) for one that may not do this, or not in
   * this project, whether that exists or not, by the rules that Storage names;
   * REQUIRED_FIELD (INVALID_ARGUMENT) for a field that is empty and
   * must not be; INVALID_ID (INVALID_ARGUMENT) for an id that is too long or no
   * single path component; PATH_TRAVERSAL (INVALID_ARGUMENT) for an id that tries to
   * leave its folder; INVALID_FIELD (INVALID_ARGUMENT) for a number, time or choice
   * out of its range; TOO_LARGE (INVALID_ARGUMENT) for what is over a limit, which
   * the metadata names; NOT_A_REGULAR_FILE (FAILED_PRECONDITION) when a symlink or a
   * folder stands where the bus file belongs; LOCK_TIMEOUT (UNAVAILABLE, with
   * RetryInfo) when another program holds the bus file's lock for 10 s, for reads
   * only when the server looks at the bus for the first time; BUS_POISONED
   * (FAILED_PRECONDITION) after a failed sync, for reads only when nothing of the bus
   * is known to be durable; IO (INTERNAL) when the disk fails; SHUTTING_DOWN
   * (UNAVAILABLE, with RetryInfo) while the server drains; BUG (INTERNAL).
   * </pre>
   */
  public static abstract class MessageBusImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return MessageBusGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service MessageBus.
   * <pre>
   * Appends messages to buses, reads them, and follows them.
   * Errors of every method carry a `google.rpc.ErrorInfo` with the domain
   * "callboard" and a reason in UPPER_SNAKE_CASE; branch on the reason. Common to
   * all methods: TOKEN_REQUIRED and TOKEN_INVALID (UNAUTHENTICATED) for a caller that is
   * not let in; NOT_ALLOWED (PERMISSION_DENIED) for one that may not do this, or not in
   * this project, whether that exists or not, by the rules that Storage names;
   * REQUIRED_FIELD (INVALID_ARGUMENT) for a field that is empty and
   * must not be; INVALID_ID (INVALID_ARGUMENT) for an id that is too long or no
   * single path component; PATH_TRAVERSAL (INVALID_ARGUMENT) for an id that tries to
   * leave its folder; INVALID_FIELD (INVALID_ARGUMENT) for a number, time or choice
   * out of its range; TOO_LARGE (INVALID_ARGUMENT) for what is over a limit, which
   * the metadata names; NOT_A_REGULAR_FILE (FAILED_PRECONDITION) when a symlink or a
   * folder stands where the bus file belongs; LOCK_TIMEOUT (UNAVAILABLE, with
   * RetryInfo) when another program holds the bus file's lock for 10 s, for reads
   * only when the server looks at the bus for the first time; BUS_POISONED
   * (FAILED_PRECONDITION) after a failed sync, for reads only when nothing of the bus
   * is known to be durable; IO (INTERNAL) when the disk fails; SHUTTING_DOWN
   * (UNAVAILABLE, with RetryInfo) while the server drains; BUG (INTERNAL).
   * </pre>
   */
  public static final class MessageBusStub
      extends io.grpc.stub.AbstractAsyncStub<MessageBusStub> {
    private MessageBusStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected MessageBusStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new MessageBusStub(channel, callOptions);
    }

    /**
     * <pre>
     * Appends one message to a bus and answers once it is synced to disk.
     * The project's and the task's folders are created when they are missing.
     * Safe to repeat with a `request_id`: the second call returns the first
     * answer with `duplicate` set.
     * Errors: REQUEST_ID_REUSED (ALREADY_EXISTS) when the request id came with another
     * content before; BUS_MOVED (ABORTED) when `expected_last_msg_id` is not the
     * last message; DISK_FULL and QUOTA_EXCEEDED (RESOURCE_EXHAUSTED), and nothing was written;
     * LOCK_TIMEOUT, and nothing was written; BUS_POISONED until RotateBus or a
     * restart.
     * Needs `write`.
     * </pre>
     */
    public void appendMessage(dev.callboard.v1.AppendMessageRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.AppendMessageResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAppendMessageMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Appends up to 1000 messages to one bus with one write and one sync.
     * The batch is refused as a whole when any message is refused. When the server
     * or the machine dies meanwhile, some of its messages may be there, mostly the
     * first ones; repeating the call with the same `request_id` appends those that
     * are missing, and repeats none.
     * Errors: as AppendMessage; REQUIRED_FIELD when `messages` is empty; TOO_LARGE
     * for more than 1000 messages or more than 3 MiB; INVALID_ARGUMENT with
     * MIXED_BUSES when the messages name more than one bus.
     * Needs `write`.
     * </pre>
     */
    public void appendMessages(dev.callboard.v1.AppendMessagesRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.AppendMessagesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAppendMessagesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Appends a stream of messages, each answered in the order of sending once it
     * is synced. Many may be in flight; they share writes and syncs.
     * The stream ends at the first refused message: its zero-based index is in the
     * error's metadata as `index`, and every message before it has been answered.
     * Messages sent after it may have been appended all the same when it was not the
     * request that was refused but the writing of it.
     * Errors: as AppendMessage.
     * Needs `write`.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<dev.callboard.v1.AppendStreamRequest> appendStream(
        io.grpc.stub.StreamObserver<dev.callboard.v1.AppendStreamResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getAppendStreamMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * Reads messages of one bus, oldest first, strictly after the given start.
     * A bus that does not exist is empty. An answer holds at most 3 MiB, whatever
     * the limit: read on from its cursor until `end_of_bus`.
     * Errors: MESSAGE_NOT_FOUND (NOT_FOUND) for an unknown `since_id`;
     * AMBIGUOUS_ID (INVALID_ARGUMENT) when the `since_id` occurs twice;
     * CURSOR_EXPIRED, CURSOR_AHEAD, CURSOR_UNKNOWN (OUT_OF_RANGE); TOO_LARGE for a
     * limit or tail over 5000.
     * Needs `read`.
     * </pre>
     */
    public void readMessages(dev.callboard.v1.ReadMessagesRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ReadMessagesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getReadMessagesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Waits until the bus has something after the given start, and returns it: the
     * long-polling form of ReadMessages. Returns an empty answer at the timeout.
     * Errors: as ReadMessages; INVALID_FIELD for a timeout over 300 s.
     * Needs `read`.
     * </pre>
     */
    public void pollForNew(dev.callboard.v1.PollForNewRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.PollForNewResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getPollForNewMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns one message by its id.
     * Errors: MESSAGE_NOT_FOUND (NOT_FOUND); AMBIGUOUS_ID (INVALID_ARGUMENT) when
     * the id occurs twice in the bus.
     * Needs `read`.
     * </pre>
     */
    public void getMessage(dev.callboard.v1.GetMessageRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.GetMessageResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetMessageMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Replays messages and then follows: one bus, a project with all its tasks, or
     * everything.
     * In order within a bus; one stream sends no message twice; resuming from the
     * cursors received repeats and misses nothing. A bus that does not exist is
     * empty and waited for; in wide scopes new buses join by themselves. A slow
     * subscriber costs nothing and loses nothing: it reads the file later.
     * Ends with OK only for `stop_at_tail` or `limit`.
     * Errors: UNAVAILABLE with SHUTTING_DOWN and RetryInfo when the server stops;
     * OUT_OF_RANGE (CURSOR_EXPIRED, CURSOR_AHEAD, CURSOR_UNKNOWN) when the one bus
     * asked for cannot honour its start; SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED).
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    public void subscribe(dev.callboard.v1.SubscribeRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.SubscribeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getSubscribeMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the buses that exist, ordered by project and then task; a project's
     * own bus comes before those of its tasks.
     * Errors: INVALID_PAGE_TOKEN, TOO_LARGE (INVALID_ARGUMENT); PROJECT_NOT_FOUND
     * (NOT_FOUND) when a project is named that does not exist.
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    public void listBuses(dev.callboard.v1.ListBusesRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.ListBusesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListBusesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Archives the bus file now: it is renamed, and the next append starts a new
     * one. Reads, cursors and subscribers cross the border. Also reopens a bus
     * that a failed sync had closed for appends.
     * Errors: BUS_NOT_FOUND (NOT_FOUND); BUS_EMPTY (FAILED_PRECONDITION) when there
     * is nothing to archive; LOCK_TIMEOUT (UNAVAILABLE).
     * Needs `admin`.
     * </pre>
     */
    public void rotateBus(dev.callboard.v1.RotateBusRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.RotateBusResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRotateBusMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Removes archived parts of a bus whose last message is older than a duration,
     * oldest first. By default it only says what it would remove.
     * Errors: BUS_NOT_FOUND (NOT_FOUND); REQUIRED_FIELD without `older_than`.
     * Needs `admin`.
     * </pre>
     */
    public void trimBus(dev.callboard.v1.TrimBusRequest request,
        io.grpc.stub.StreamObserver<dev.callboard.v1.TrimBusResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getTrimBusMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service MessageBus.
   * <pre>
   * Appends messages to buses, reads them, and follows them.
   * Errors of every method carry a `google.rpc.ErrorInfo` with the domain
   * "callboard" and a reason in UPPER_SNAKE_CASE; branch on the reason. Common to
   * all methods: TOKEN_REQUIRED and TOKEN_INVALID (UNAUTHENTICATED) for a caller that is
   * not let in; NOT_ALLOWED (PERMISSION_DENIED) for one that may not do this, or not in
   * this project, whether that exists or not, by the rules that Storage names;
   * REQUIRED_FIELD (INVALID_ARGUMENT) for a field that is empty and
   * must not be; INVALID_ID (INVALID_ARGUMENT) for an id that is too long or no
   * single path component; PATH_TRAVERSAL (INVALID_ARGUMENT) for an id that tries to
   * leave its folder; INVALID_FIELD (INVALID_ARGUMENT) for a number, time or choice
   * out of its range; TOO_LARGE (INVALID_ARGUMENT) for what is over a limit, which
   * the metadata names; NOT_A_REGULAR_FILE (FAILED_PRECONDITION) when a symlink or a
   * folder stands where the bus file belongs; LOCK_TIMEOUT (UNAVAILABLE, with
   * RetryInfo) when another program holds the bus file's lock for 10 s, for reads
   * only when the server looks at the bus for the first time; BUS_POISONED
   * (FAILED_PRECONDITION) after a failed sync, for reads only when nothing of the bus
   * is known to be durable; IO (INTERNAL) when the disk fails; SHUTTING_DOWN
   * (UNAVAILABLE, with RetryInfo) while the server drains; BUG (INTERNAL).
   * </pre>
   */
  public static final class MessageBusBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<MessageBusBlockingV2Stub> {
    private MessageBusBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected MessageBusBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new MessageBusBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Appends one message to a bus and answers once it is synced to disk.
     * The project's and the task's folders are created when they are missing.
     * Safe to repeat with a `request_id`: the second call returns the first
     * answer with `duplicate` set.
     * Errors: REQUEST_ID_REUSED (ALREADY_EXISTS) when the request id came with another
     * content before; BUS_MOVED (ABORTED) when `expected_last_msg_id` is not the
     * last message; DISK_FULL and QUOTA_EXCEEDED (RESOURCE_EXHAUSTED), and nothing was written;
     * LOCK_TIMEOUT, and nothing was written; BUS_POISONED until RotateBus or a
     * restart.
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.AppendMessageResponse appendMessage(dev.callboard.v1.AppendMessageRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAppendMessageMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Appends up to 1000 messages to one bus with one write and one sync.
     * The batch is refused as a whole when any message is refused. When the server
     * or the machine dies meanwhile, some of its messages may be there, mostly the
     * first ones; repeating the call with the same `request_id` appends those that
     * are missing, and repeats none.
     * Errors: as AppendMessage; REQUIRED_FIELD when `messages` is empty; TOO_LARGE
     * for more than 1000 messages or more than 3 MiB; INVALID_ARGUMENT with
     * MIXED_BUSES when the messages name more than one bus.
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.AppendMessagesResponse appendMessages(dev.callboard.v1.AppendMessagesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAppendMessagesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Appends a stream of messages, each answered in the order of sending once it
     * is synced. Many may be in flight; they share writes and syncs.
     * The stream ends at the first refused message: its zero-based index is in the
     * error's metadata as `index`, and every message before it has been answered.
     * Messages sent after it may have been appended all the same when it was not the
     * request that was refused but the writing of it.
     * Errors: as AppendMessage.
     * Needs `write`.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<dev.callboard.v1.AppendStreamRequest, dev.callboard.v1.AppendStreamResponse>
        appendStream() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getAppendStreamMethod(), getCallOptions());
    }

    /**
     * <pre>
     * Reads messages of one bus, oldest first, strictly after the given start.
     * A bus that does not exist is empty. An answer holds at most 3 MiB, whatever
     * the limit: read on from its cursor until `end_of_bus`.
     * Errors: MESSAGE_NOT_FOUND (NOT_FOUND) for an unknown `since_id`;
     * AMBIGUOUS_ID (INVALID_ARGUMENT) when the `since_id` occurs twice;
     * CURSOR_EXPIRED, CURSOR_AHEAD, CURSOR_UNKNOWN (OUT_OF_RANGE); TOO_LARGE for a
     * limit or tail over 5000.
     * Needs `read`.
     * </pre>
     */
    public dev.callboard.v1.ReadMessagesResponse readMessages(dev.callboard.v1.ReadMessagesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getReadMessagesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Waits until the bus has something after the given start, and returns it: the
     * long-polling form of ReadMessages. Returns an empty answer at the timeout.
     * Errors: as ReadMessages; INVALID_FIELD for a timeout over 300 s.
     * Needs `read`.
     * </pre>
     */
    public dev.callboard.v1.PollForNewResponse pollForNew(dev.callboard.v1.PollForNewRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getPollForNewMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns one message by its id.
     * Errors: MESSAGE_NOT_FOUND (NOT_FOUND); AMBIGUOUS_ID (INVALID_ARGUMENT) when
     * the id occurs twice in the bus.
     * Needs `read`.
     * </pre>
     */
    public dev.callboard.v1.GetMessageResponse getMessage(dev.callboard.v1.GetMessageRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetMessageMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Replays messages and then follows: one bus, a project with all its tasks, or
     * everything.
     * In order within a bus; one stream sends no message twice; resuming from the
     * cursors received repeats and misses nothing. A bus that does not exist is
     * empty and waited for; in wide scopes new buses join by themselves. A slow
     * subscriber costs nothing and loses nothing: it reads the file later.
     * Ends with OK only for `stop_at_tail` or `limit`.
     * Errors: UNAVAILABLE with SHUTTING_DOWN and RetryInfo when the server stops;
     * OUT_OF_RANGE (CURSOR_EXPIRED, CURSOR_AHEAD, CURSOR_UNKNOWN) when the one bus
     * asked for cannot honour its start; SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED).
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, dev.callboard.v1.SubscribeResponse>
        subscribe(dev.callboard.v1.SubscribeRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getSubscribeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the buses that exist, ordered by project and then task; a project's
     * own bus comes before those of its tasks.
     * Errors: INVALID_PAGE_TOKEN, TOO_LARGE (INVALID_ARGUMENT); PROJECT_NOT_FOUND
     * (NOT_FOUND) when a project is named that does not exist.
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    public dev.callboard.v1.ListBusesResponse listBuses(dev.callboard.v1.ListBusesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListBusesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Archives the bus file now: it is renamed, and the next append starts a new
     * one. Reads, cursors and subscribers cross the border. Also reopens a bus
     * that a failed sync had closed for appends.
     * Errors: BUS_NOT_FOUND (NOT_FOUND); BUS_EMPTY (FAILED_PRECONDITION) when there
     * is nothing to archive; LOCK_TIMEOUT (UNAVAILABLE).
     * Needs `admin`.
     * </pre>
     */
    public dev.callboard.v1.RotateBusResponse rotateBus(dev.callboard.v1.RotateBusRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRotateBusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes archived parts of a bus whose last message is older than a duration,
     * oldest first. By default it only says what it would remove.
     * Errors: BUS_NOT_FOUND (NOT_FOUND); REQUIRED_FIELD without `older_than`.
     * Needs `admin`.
     * </pre>
     */
    public dev.callboard.v1.TrimBusResponse trimBus(dev.callboard.v1.TrimBusRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getTrimBusMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service MessageBus.
   * <pre>
   * Appends messages to buses, reads them, and follows them.
   * Errors of every method carry a `google.rpc.ErrorInfo` with the domain
   * "callboard" and a reason in UPPER_SNAKE_CASE; branch on the reason. Common to
   * all methods: TOKEN_REQUIRED and TOKEN_INVALID (UNAUTHENTICATED) for a caller that is
   * not let in; NOT_ALLOWED (PERMISSION_DENIED) for one that may not do this, or not in
   * this project, whether that exists or not, by the rules that Storage names;
   * REQUIRED_FIELD (INVALID_ARGUMENT) for a field that is empty and
   * must not be; INVALID_ID (INVALID_ARGUMENT) for an id that is too long or no
   * single path component; PATH_TRAVERSAL (INVALID_ARGUMENT) for an id that tries to
   * leave its folder; INVALID_FIELD (INVALID_ARGUMENT) for a number, time or choice
   * out of its range; TOO_LARGE (INVALID_ARGUMENT) for what is over a limit, which
   * the metadata names; NOT_A_REGULAR_FILE (FAILED_PRECONDITION) when a symlink or a
   * folder stands where the bus file belongs; LOCK_TIMEOUT (UNAVAILABLE, with
   * RetryInfo) when another program holds the bus file's lock for 10 s, for reads
   * only when the server looks at the bus for the first time; BUS_POISONED
   * (FAILED_PRECONDITION) after a failed sync, for reads only when nothing of the bus
   * is known to be durable; IO (INTERNAL) when the disk fails; SHUTTING_DOWN
   * (UNAVAILABLE, with RetryInfo) while the server drains; BUG (INTERNAL).
   * </pre>
   */
  public static final class MessageBusBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<MessageBusBlockingStub> {
    private MessageBusBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected MessageBusBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new MessageBusBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Appends one message to a bus and answers once it is synced to disk.
     * The project's and the task's folders are created when they are missing.
     * Safe to repeat with a `request_id`: the second call returns the first
     * answer with `duplicate` set.
     * Errors: REQUEST_ID_REUSED (ALREADY_EXISTS) when the request id came with another
     * content before; BUS_MOVED (ABORTED) when `expected_last_msg_id` is not the
     * last message; DISK_FULL and QUOTA_EXCEEDED (RESOURCE_EXHAUSTED), and nothing was written;
     * LOCK_TIMEOUT, and nothing was written; BUS_POISONED until RotateBus or a
     * restart.
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.AppendMessageResponse appendMessage(dev.callboard.v1.AppendMessageRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAppendMessageMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Appends up to 1000 messages to one bus with one write and one sync.
     * The batch is refused as a whole when any message is refused. When the server
     * or the machine dies meanwhile, some of its messages may be there, mostly the
     * first ones; repeating the call with the same `request_id` appends those that
     * are missing, and repeats none.
     * Errors: as AppendMessage; REQUIRED_FIELD when `messages` is empty; TOO_LARGE
     * for more than 1000 messages or more than 3 MiB; INVALID_ARGUMENT with
     * MIXED_BUSES when the messages name more than one bus.
     * Needs `write`.
     * </pre>
     */
    public dev.callboard.v1.AppendMessagesResponse appendMessages(dev.callboard.v1.AppendMessagesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAppendMessagesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads messages of one bus, oldest first, strictly after the given start.
     * A bus that does not exist is empty. An answer holds at most 3 MiB, whatever
     * the limit: read on from its cursor until `end_of_bus`.
     * Errors: MESSAGE_NOT_FOUND (NOT_FOUND) for an unknown `since_id`;
     * AMBIGUOUS_ID (INVALID_ARGUMENT) when the `since_id` occurs twice;
     * CURSOR_EXPIRED, CURSOR_AHEAD, CURSOR_UNKNOWN (OUT_OF_RANGE); TOO_LARGE for a
     * limit or tail over 5000.
     * Needs `read`.
     * </pre>
     */
    public dev.callboard.v1.ReadMessagesResponse readMessages(dev.callboard.v1.ReadMessagesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getReadMessagesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Waits until the bus has something after the given start, and returns it: the
     * long-polling form of ReadMessages. Returns an empty answer at the timeout.
     * Errors: as ReadMessages; INVALID_FIELD for a timeout over 300 s.
     * Needs `read`.
     * </pre>
     */
    public dev.callboard.v1.PollForNewResponse pollForNew(dev.callboard.v1.PollForNewRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getPollForNewMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns one message by its id.
     * Errors: MESSAGE_NOT_FOUND (NOT_FOUND); AMBIGUOUS_ID (INVALID_ARGUMENT) when
     * the id occurs twice in the bus.
     * Needs `read`.
     * </pre>
     */
    public dev.callboard.v1.GetMessageResponse getMessage(dev.callboard.v1.GetMessageRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetMessageMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Replays messages and then follows: one bus, a project with all its tasks, or
     * everything.
     * In order within a bus; one stream sends no message twice; resuming from the
     * cursors received repeats and misses nothing. A bus that does not exist is
     * empty and waited for; in wide scopes new buses join by themselves. A slow
     * subscriber costs nothing and loses nothing: it reads the file later.
     * Ends with OK only for `stop_at_tail` or `limit`.
     * Errors: UNAVAILABLE with SHUTTING_DOWN and RetryInfo when the server stops;
     * OUT_OF_RANGE (CURSOR_EXPIRED, CURSOR_AHEAD, CURSOR_UNKNOWN) when the one bus
     * asked for cannot honour its start; SUBSCRIBER_LIMIT (RESOURCE_EXHAUSTED).
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    public java.util.Iterator<dev.callboard.v1.SubscribeResponse> subscribe(
        dev.callboard.v1.SubscribeRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getSubscribeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the buses that exist, ordered by project and then task; a project's
     * own bus comes before those of its tasks.
     * Errors: INVALID_PAGE_TOKEN, TOO_LARGE (INVALID_ARGUMENT); PROJECT_NOT_FOUND
     * (NOT_FOUND) when a project is named that does not exist.
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    public dev.callboard.v1.ListBusesResponse listBuses(dev.callboard.v1.ListBusesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListBusesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Archives the bus file now: it is renamed, and the next append starts a new
     * one. Reads, cursors and subscribers cross the border. Also reopens a bus
     * that a failed sync had closed for appends.
     * Errors: BUS_NOT_FOUND (NOT_FOUND); BUS_EMPTY (FAILED_PRECONDITION) when there
     * is nothing to archive; LOCK_TIMEOUT (UNAVAILABLE).
     * Needs `admin`.
     * </pre>
     */
    public dev.callboard.v1.RotateBusResponse rotateBus(dev.callboard.v1.RotateBusRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRotateBusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes archived parts of a bus whose last message is older than a duration,
     * oldest first. By default it only says what it would remove.
     * Errors: BUS_NOT_FOUND (NOT_FOUND); REQUIRED_FIELD without `older_than`.
     * Needs `admin`.
     * </pre>
     */
    public dev.callboard.v1.TrimBusResponse trimBus(dev.callboard.v1.TrimBusRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getTrimBusMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service MessageBus.
   * <pre>
   * Appends messages to buses, reads them, and follows them.
   * Errors of every method carry a `google.rpc.ErrorInfo` with the domain
   * "callboard" and a reason in UPPER_SNAKE_CASE; branch on the reason. Common to
   * all methods: TOKEN_REQUIRED and TOKEN_INVALID (UNAUTHENTICATED) for a caller that is
   * not let in; NOT_ALLOWED (PERMISSION_DENIED) for one that may not do this, or not in
   * this project, whether that exists or not, by the rules that Storage names;
   * REQUIRED_FIELD (INVALID_ARGUMENT) for a field that is empty and
   * must not be; INVALID_ID (INVALID_ARGUMENT) for an id that is too long or no
   * single path component; PATH_TRAVERSAL (INVALID_ARGUMENT) for an id that tries to
   * leave its folder; INVALID_FIELD (INVALID_ARGUMENT) for a number, time or choice
   * out of its range; TOO_LARGE (INVALID_ARGUMENT) for what is over a limit, which
   * the metadata names; NOT_A_REGULAR_FILE (FAILED_PRECONDITION) when a symlink or a
   * folder stands where the bus file belongs; LOCK_TIMEOUT (UNAVAILABLE, with
   * RetryInfo) when another program holds the bus file's lock for 10 s, for reads
   * only when the server looks at the bus for the first time; BUS_POISONED
   * (FAILED_PRECONDITION) after a failed sync, for reads only when nothing of the bus
   * is known to be durable; IO (INTERNAL) when the disk fails; SHUTTING_DOWN
   * (UNAVAILABLE, with RetryInfo) while the server drains; BUG (INTERNAL).
   * </pre>
   */
  public static final class MessageBusFutureStub
      extends io.grpc.stub.AbstractFutureStub<MessageBusFutureStub> {
    private MessageBusFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected MessageBusFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new MessageBusFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Appends one message to a bus and answers once it is synced to disk.
     * The project's and the task's folders are created when they are missing.
     * Safe to repeat with a `request_id`: the second call returns the first
     * answer with `duplicate` set.
     * Errors: REQUEST_ID_REUSED (ALREADY_EXISTS) when the request id came with another
     * content before; BUS_MOVED (ABORTED) when `expected_last_msg_id` is not the
     * last message; DISK_FULL and QUOTA_EXCEEDED (RESOURCE_EXHAUSTED), and nothing was written;
     * LOCK_TIMEOUT, and nothing was written; BUS_POISONED until RotateBus or a
     * restart.
     * Needs `write`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.AppendMessageResponse> appendMessage(
        dev.callboard.v1.AppendMessageRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAppendMessageMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Appends up to 1000 messages to one bus with one write and one sync.
     * The batch is refused as a whole when any message is refused. When the server
     * or the machine dies meanwhile, some of its messages may be there, mostly the
     * first ones; repeating the call with the same `request_id` appends those that
     * are missing, and repeats none.
     * Errors: as AppendMessage; REQUIRED_FIELD when `messages` is empty; TOO_LARGE
     * for more than 1000 messages or more than 3 MiB; INVALID_ARGUMENT with
     * MIXED_BUSES when the messages name more than one bus.
     * Needs `write`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.AppendMessagesResponse> appendMessages(
        dev.callboard.v1.AppendMessagesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAppendMessagesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Reads messages of one bus, oldest first, strictly after the given start.
     * A bus that does not exist is empty. An answer holds at most 3 MiB, whatever
     * the limit: read on from its cursor until `end_of_bus`.
     * Errors: MESSAGE_NOT_FOUND (NOT_FOUND) for an unknown `since_id`;
     * AMBIGUOUS_ID (INVALID_ARGUMENT) when the `since_id` occurs twice;
     * CURSOR_EXPIRED, CURSOR_AHEAD, CURSOR_UNKNOWN (OUT_OF_RANGE); TOO_LARGE for a
     * limit or tail over 5000.
     * Needs `read`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.ReadMessagesResponse> readMessages(
        dev.callboard.v1.ReadMessagesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getReadMessagesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Waits until the bus has something after the given start, and returns it: the
     * long-polling form of ReadMessages. Returns an empty answer at the timeout.
     * Errors: as ReadMessages; INVALID_FIELD for a timeout over 300 s.
     * Needs `read`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.PollForNewResponse> pollForNew(
        dev.callboard.v1.PollForNewRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getPollForNewMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns one message by its id.
     * Errors: MESSAGE_NOT_FOUND (NOT_FOUND); AMBIGUOUS_ID (INVALID_ARGUMENT) when
     * the id occurs twice in the bus.
     * Needs `read`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.GetMessageResponse> getMessage(
        dev.callboard.v1.GetMessageRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetMessageMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the buses that exist, ordered by project and then task; a project's
     * own bus comes before those of its tasks.
     * Errors: INVALID_PAGE_TOKEN, TOO_LARGE (INVALID_ARGUMENT); PROJECT_NOT_FOUND
     * (NOT_FOUND) when a project is named that does not exist.
     * Needs `read`. A caller limited to some projects gets those only.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.ListBusesResponse> listBuses(
        dev.callboard.v1.ListBusesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListBusesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Archives the bus file now: it is renamed, and the next append starts a new
     * one. Reads, cursors and subscribers cross the border. Also reopens a bus
     * that a failed sync had closed for appends.
     * Errors: BUS_NOT_FOUND (NOT_FOUND); BUS_EMPTY (FAILED_PRECONDITION) when there
     * is nothing to archive; LOCK_TIMEOUT (UNAVAILABLE).
     * Needs `admin`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.RotateBusResponse> rotateBus(
        dev.callboard.v1.RotateBusRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRotateBusMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Removes archived parts of a bus whose last message is older than a duration,
     * oldest first. By default it only says what it would remove.
     * Errors: BUS_NOT_FOUND (NOT_FOUND); REQUIRED_FIELD without `older_than`.
     * Needs `admin`.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.callboard.v1.TrimBusResponse> trimBus(
        dev.callboard.v1.TrimBusRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getTrimBusMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_APPEND_MESSAGE = 0;
  private static final int METHODID_APPEND_MESSAGES = 1;
  private static final int METHODID_READ_MESSAGES = 2;
  private static final int METHODID_POLL_FOR_NEW = 3;
  private static final int METHODID_GET_MESSAGE = 4;
  private static final int METHODID_SUBSCRIBE = 5;
  private static final int METHODID_LIST_BUSES = 6;
  private static final int METHODID_ROTATE_BUS = 7;
  private static final int METHODID_TRIM_BUS = 8;
  private static final int METHODID_APPEND_STREAM = 9;

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
        case METHODID_APPEND_MESSAGE:
          serviceImpl.appendMessage((dev.callboard.v1.AppendMessageRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.AppendMessageResponse>) responseObserver);
          break;
        case METHODID_APPEND_MESSAGES:
          serviceImpl.appendMessages((dev.callboard.v1.AppendMessagesRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.AppendMessagesResponse>) responseObserver);
          break;
        case METHODID_READ_MESSAGES:
          serviceImpl.readMessages((dev.callboard.v1.ReadMessagesRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.ReadMessagesResponse>) responseObserver);
          break;
        case METHODID_POLL_FOR_NEW:
          serviceImpl.pollForNew((dev.callboard.v1.PollForNewRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.PollForNewResponse>) responseObserver);
          break;
        case METHODID_GET_MESSAGE:
          serviceImpl.getMessage((dev.callboard.v1.GetMessageRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.GetMessageResponse>) responseObserver);
          break;
        case METHODID_SUBSCRIBE:
          serviceImpl.subscribe((dev.callboard.v1.SubscribeRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.SubscribeResponse>) responseObserver);
          break;
        case METHODID_LIST_BUSES:
          serviceImpl.listBuses((dev.callboard.v1.ListBusesRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.ListBusesResponse>) responseObserver);
          break;
        case METHODID_ROTATE_BUS:
          serviceImpl.rotateBus((dev.callboard.v1.RotateBusRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.RotateBusResponse>) responseObserver);
          break;
        case METHODID_TRIM_BUS:
          serviceImpl.trimBus((dev.callboard.v1.TrimBusRequest) request,
              (io.grpc.stub.StreamObserver<dev.callboard.v1.TrimBusResponse>) responseObserver);
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
        case METHODID_APPEND_STREAM:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.appendStream(
              (io.grpc.stub.StreamObserver<dev.callboard.v1.AppendStreamResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getAppendMessageMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.AppendMessageRequest,
              dev.callboard.v1.AppendMessageResponse>(
                service, METHODID_APPEND_MESSAGE)))
        .addMethod(
          getAppendMessagesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.AppendMessagesRequest,
              dev.callboard.v1.AppendMessagesResponse>(
                service, METHODID_APPEND_MESSAGES)))
        .addMethod(
          getAppendStreamMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              dev.callboard.v1.AppendStreamRequest,
              dev.callboard.v1.AppendStreamResponse>(
                service, METHODID_APPEND_STREAM)))
        .addMethod(
          getReadMessagesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.ReadMessagesRequest,
              dev.callboard.v1.ReadMessagesResponse>(
                service, METHODID_READ_MESSAGES)))
        .addMethod(
          getPollForNewMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.PollForNewRequest,
              dev.callboard.v1.PollForNewResponse>(
                service, METHODID_POLL_FOR_NEW)))
        .addMethod(
          getGetMessageMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.GetMessageRequest,
              dev.callboard.v1.GetMessageResponse>(
                service, METHODID_GET_MESSAGE)))
        .addMethod(
          getSubscribeMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              dev.callboard.v1.SubscribeRequest,
              dev.callboard.v1.SubscribeResponse>(
                service, METHODID_SUBSCRIBE)))
        .addMethod(
          getListBusesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.ListBusesRequest,
              dev.callboard.v1.ListBusesResponse>(
                service, METHODID_LIST_BUSES)))
        .addMethod(
          getRotateBusMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.RotateBusRequest,
              dev.callboard.v1.RotateBusResponse>(
                service, METHODID_ROTATE_BUS)))
        .addMethod(
          getTrimBusMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.callboard.v1.TrimBusRequest,
              dev.callboard.v1.TrimBusResponse>(
                service, METHODID_TRIM_BUS)))
        .build();
  }

  private static abstract class MessageBusBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    MessageBusBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.callboard.v1.MessageBusOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("MessageBus");
    }
  }

  private static final class MessageBusFileDescriptorSupplier
      extends MessageBusBaseDescriptorSupplier {
    MessageBusFileDescriptorSupplier() {}
  }

  private static final class MessageBusMethodDescriptorSupplier
      extends MessageBusBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    MessageBusMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (MessageBusGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new MessageBusFileDescriptorSupplier())
              .addMethod(getAppendMessageMethod())
              .addMethod(getAppendMessagesMethod())
              .addMethod(getAppendStreamMethod())
              .addMethod(getReadMessagesMethod())
              .addMethod(getPollForNewMethod())
              .addMethod(getGetMessageMethod())
              .addMethod(getSubscribeMethod())
              .addMethod(getListBusesMethod())
              .addMethod(getRotateBusMethod())
              .addMethod(getTrimBusMethod())
              .build();
        }
      }
    }
    return result;
  }
}
