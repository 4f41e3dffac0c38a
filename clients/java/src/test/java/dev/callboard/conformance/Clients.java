package dev.callboard.conformance;

import com.google.gson.JsonObject;
import com.google.protobuf.Message;
import dev.callboard.CallboardClient;
import dev.callboard.CallboardClientBuilder;
import dev.callboard.v1.MessageBusGrpc;
import dev.callboard.v1.StorageGrpc;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServiceDescriptor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The clients by their names, and what is done with a client as such. */
final class Clients implements Driver.Steps {

  private final Map<String, CallboardClient> clients = new HashMap<>();

  CallboardClient of(Arguments with) throws IOException {
    String name = with.text("client", "main");
    CallboardClient client = clients.get(name);
    if (client == null) {
      throw new IOException("there is no client " + name);
    }
    return client;
  }

  void closeAll() {
    clients.values().forEach(CallboardClient::close);
  }

  @Override
  public Object perform(String step, Arguments with) throws IOException {
    return switch (step) {
      case "connect" -> connect(with);
      case "close" -> {
        of(with).close();
        yield new JsonObject();
      }
      case "defaults" -> {
        CallboardClient client = of(with);
        yield Map.of("project", client.project(), "task", client.task(), "run", client.run());
      }
      case "call" -> call(with);
      default -> null;
    };
  }

  private Object connect(Arguments with) {
    CallboardClientBuilder builder = CallboardClient.builder();
    with.ifText("addr", builder::address);
    with.ifText("token", builder::token);
    with.ifText("ca_file", file -> builder.caFile(Path.of(file)));
    with.ifText("cert_file", file -> builder.certFile(Path.of(file)));
    with.ifText("key_file", file -> builder.keyFile(Path.of(file)));
    with.ifText("project", builder::project);
    with.ifText("task", builder::task);
    with.ifText("run", builder::run);
    if (with.has("timeout")) {
      builder.timeout(with.seconds("timeout"));
    }
    CallboardClient before = clients.put(with.text("client", "main"), builder.connect());
    if (before != null) {
      before.close();
    }
    return new JsonObject();
  }

  private Object call(Arguments with) throws IOException {
    ServiceDescriptor service =
        with.text("service").equals("Storage")
            ? StorageGrpc.getServiceDescriptor()
            : MessageBusGrpc.getServiceDescriptor();
    for (MethodDescriptor<?, ?> method : service.getMethods()) {
      if (with.text("method").equals(method.getBareMethodName())) {
        return Arguments.toJson(call(with, method));
      }
    }
    throw new IOException("there is no method " + with.text("method"));
  }

  /** The descriptors that the service lists have lost the classes of their messages. */
  @SuppressWarnings("unchecked")
  private Message call(Arguments with, MethodDescriptor<?, ?> method) throws IOException {
    MethodDescriptor<Message, Message> typed = (MethodDescriptor<Message, Message>) method;
    Message prototype =
        ((PrototypeMarshaller<Message>) typed.getRequestMarshaller()).getMessagePrototype();
    Message request = with.message("request", prototype.newBuilderForType()).build();
    return of(with).call(typed, request, with.seconds("timeout"));
  }
}
