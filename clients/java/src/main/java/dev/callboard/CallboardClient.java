package dev.callboard;

import com.google.protobuf.MessageOrBuilder;
import dev.callboard.v1.AppendMessageRequest;
import dev.callboard.v1.AppendMessageResponse;
import dev.callboard.v1.AppendMessagesRequest;
import dev.callboard.v1.AppendMessagesResponse;
import dev.callboard.v1.AppendTaskLogRequest;
import dev.callboard.v1.AppendTaskLogResponse;
import dev.callboard.v1.Artifact;
import dev.callboard.v1.GetMessageRequest;
import dev.callboard.v1.Message;
import dev.callboard.v1.MessageBusGrpc;
import dev.callboard.v1.MessageBusGrpc.MessageBusBlockingStub;
import dev.callboard.v1.PollForNewRequest;
import dev.callboard.v1.PollForNewResponse;
import dev.callboard.v1.ReadMessagesRequest;
import dev.callboard.v1.ReadMessagesResponse;
import dev.callboard.v1.StorageGrpc;
import dev.callboard.v1.StorageGrpc.StorageBlockingStub;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A connection to a Callboard server. Every method may be called from any thread.
 *
 * <p>Where project, task or run are not given, they are the client's own: those of its {@link
 * #builder()}, else those of the environment.
 *
 * <p>Every method throws a {@link CallboardException} when the call does not succeed, {@link
 * IllegalArgumentException} when it cannot even be made, and {@link IllegalStateException} when the
 * client is closed. Calls that are safe to repeat are repeated, within the timeout, while the
 * server cannot be reached or asks to come back.
 */
public final class CallboardClient implements AutoCloseable {

  /** How long the answer of a poll may take beyond the time it waits. */
  private static final Duration POLL_MARGIN = Duration.ofSeconds(10);

  private final Connection connection;
  private final Defaults defaults;
  private final Calls calls;
  private final ArtifactUpload upload;
  private final ArtifactDownload download;

  CallboardClient(Connection connection, Defaults defaults, Duration timeout) {
    this.connection = connection;
    this.defaults = defaults;
    calls = new Calls(connection, timeout);
    upload = new ArtifactUpload(connection, calls);
    download = new ArtifactDownload(connection, calls);
  }

  /**
   * Makes a client of the server, and in the name, that the environment says.
   *
   * @return the client; the connection is made by its first call
   * @throws IllegalArgumentException when the environment cannot be right
   */
  public static CallboardClient connect() {
    return builder().connect();
  }

  /**
   * Begins to make a client.
   *
   * @return what the server, the project and so on are said to
   */
  public static CallboardClientBuilder builder() {
    return new CallboardClientBuilder(System::getenv);
  }

  /**
   * Returns the project that is used where none is given.
   *
   * @return the project; empty means none
   */
  public String project() {
    return defaults.project();
  }

  /**
   * Returns the task that is used where none is given.
   *
   * @return the task; empty means the project's own bus
   */
  public String task() {
    return defaults.task();
  }

  /**
   * Returns the run that is used where none is given.
   *
   * @return the run; empty means none
   */
  public String run() {
    return defaults.run();
  }

  /** Ends every stream and call, and closes the connection. */
  @Override
  public void close() {
    connection.close();
  }

  // The generated clients.

  /**
   * Returns the generated client of the message bus, for what the methods here do not offer.
   *
   * @return the client; it throws gRPC's own exceptions
   */
  public MessageBusBlockingStub bus() {
    return MessageBusGrpc.newBlockingStub(connection.channel());
  }

  /**
   * Returns the generated client of projects, tasks, runs and what they keep.
   *
   * @return the client; it throws gRPC's own exceptions
   */
  public StorageBlockingStub storage() {
    return StorageGrpc.newBlockingStub(connection.channel());
  }

  /**
   * Returns the channel, for the other kinds of generated clients; it signs in by itself.
   *
   * @return the channel
   */
  public Channel channel() {
    return connection.channel();
  }

  /**
   * Calls a unary method, such as {@code StorageGrpc.getGetTaskMethod()}, with the errors of this
   * client.
   *
   * <p>While the server cannot be reached the call is repeated, within the client's timeout, where
   * that is safe: when the request is one to get, list or read something, or carries a {@code
   * request_id} or an {@code etag}.
   *
   * @param method the method's descriptor
   * @param request what to send
   * @return the answer
   * @param <Q> the request's class
   * @param <A> the answer's class
   */
  public <Q extends MessageOrBuilder, A> A call(MethodDescriptor<Q, A> method, Q request) {
    return calls.unary(method, request);
  }

  /**
   * Calls a unary method within a time.
   *
   * @param method the method's descriptor
   * @param request what to send
   * @param timeout how long the call may take with all its attempts; null means the client's
   *     timeout
   * @return the answer
   * @param <Q> the request's class
   * @param <A> the answer's class
   */
  public <Q extends MessageOrBuilder, A> A call(
      MethodDescriptor<Q, A> method, Q request, Duration timeout) {
    return calls.unary(method, request, timeout, Calls.isRepeatable(request));
  }

  /**
   * Calls a unary method within a time, and says whether it may be repeated.
   *
   * @param method the method's descriptor
   * @param request what to send
   * @param timeout how long the call may take with all its attempts; null means the client's
   *     timeout
   * @param repeatable whether it may be sent again while the server cannot be reached, as one that
   *     sets something as a whole
   * @return the answer
   * @param <Q> the request's class
   * @param <A> the answer's class
   */
  public <Q extends MessageOrBuilder, A> A call(
      MethodDescriptor<Q, A> method, Q request, Duration timeout, boolean repeatable) {
    return calls.unary(method, request, timeout, repeatable);
  }

  // Appending.

  /**
   * Makes the message to append, for {@link #appendMany} and {@link #appendStream}.
   *
   * @param message what it says
   * @return the message with the ids of this client where it has none
   */
  public Message message(NewMessage message) {
    return message.resolve(defaults);
  }

  /**
   * Appends a message to the client's own bus. As {@link #append(NewMessage, AppendOptions)}.
   *
   * @param type any word of 1 to 64 bytes, such as FACT, PROGRESS or QUESTION
   * @param body the text, at most 1 MiB
   * @return its id, time and cursor
   */
  public AppendMessageResponse append(String type, String body) {
    return append(NewMessage.of(type, body));
  }

  /**
   * Appends a message. As {@link #append(NewMessage, AppendOptions)}.
   *
   * @param message the message
   * @return its id, time and cursor
   */
  public AppendMessageResponse append(NewMessage message) {
    return append(message, new AppendOptions());
  }

  /**
   * Appends a message, and returns once it is on the server's disk.
   *
   * <p>Never appends twice, however often the connection breaks: without a request id one is made,
   * and the exception carries it for a later attempt.
   *
   * @param message the message
   * @param options the request id, and what to compare with before
   * @return its id, time and cursor
   */
  public AppendMessageResponse append(NewMessage message, AppendOptions options) {
    AppendMessageRequest request =
        AppendMessageRequest.newBuilder()
            .setMessage(message(message))
            .setRequestId(options.chooseRequestId())
            .setExpectedLastMsgId(options.expectedLastMsgId)
            .build();
    return calls.unary(MessageBusGrpc.getAppendMessageMethod(), request, options.timeout, true);
  }

  /**
   * Appends up to 1000 messages of one bus. As {@link #appendMany(Iterable, AppendOptions)}.
   *
   * @param messages the messages, made by {@link #message}
   * @return their ids, and the cursor after the last
   */
  public AppendMessagesResponse appendMany(Iterable<Message> messages) {
    return appendMany(messages, new AppendOptions());
  }

  /**
   * Appends up to 1000 messages of one bus with one write. All of them are refused when one is.
   * Safe to repeat, as {@link #append(NewMessage, AppendOptions)}.
   *
   * @param messages the messages, made by {@link #message}
   * @param options the request id, and what to compare with before
   * @return their ids, and the cursor after the last
   */
  public AppendMessagesResponse appendMany(Iterable<Message> messages, AppendOptions options) {
    AppendMessagesRequest request =
        AppendMessagesRequest.newBuilder()
            .addAllMessages(messages)
            .setRequestId(options.chooseRequestId())
            .setExpectedLastMsgId(options.expectedLastMsgId)
            .build();
    return calls.unary(MessageBusGrpc.getAppendMessagesMethod(), request, options.timeout, true);
  }

  /**
   * Appends messages, of any buses, as they come. As {@link #appendStream(Iterable, String)}.
   *
   * @param messages the messages, made by {@link #message}
   * @return their answers
   */
  public AppendStream appendStream(Iterable<Message> messages) {
    return appendStream(messages, null);
  }

  /**
   * Appends messages, of any buses, as they come, many at a time: the fastest way.
   *
   * @param messages the messages, made by {@link #message}; a thread of the stream's own takes them
   * @param requestId what the messages' request ids begin with; null means a new one
   * @return their answers, in order; the stream starts when the first is asked for
   */
  public AppendStream appendStream(Iterable<Message> messages, String requestId) {
    String prefix = requestId == null || requestId.isEmpty() ? Calls.newRequestId() : requestId;
    return new AppendStream(connection, messages.iterator(), prefix);
  }

  // Reading.

  /**
   * Reads the messages of one bus, oldest first, up to its present end.
   *
   * @param options where to start, and which messages; its timeout is for each page
   * @return the messages; each iteration fetches them anew, page by page
   */
  public Iterable<Message> read(ReadOptions options) {
    ReadMessagesRequest request = options.resolve(defaults);
    long limit = options.limit == null ? Long.MAX_VALUE : options.limit;
    long tail = options.tail == null ? Long.MAX_VALUE : options.tail;
    long most = Math.min(limit, tail);
    return () -> new MessagePages(calls, request, most, options.timeout);
  }

  /**
   * Reads one answer of the server: messages, the cursor after them, and whether that is all.
   *
   * @param options where to start, and which messages; without a limit at most 100
   * @return the answer
   */
  public ReadMessagesResponse readPage(ReadOptions options) {
    ReadMessagesRequest.Builder request = options.resolve(defaults).toBuilder();
    if (options.limit != null) {
      request.setLimit(options.limit);
    }
    return calls.unary(
        MessageBusGrpc.getReadMessagesMethod(), request.build(), options.timeout, true);
  }

  /**
   * Returns one message of the client's own bus.
   *
   * @param msgId the message's id
   * @return the message
   */
  public Message get(String msgId) {
    return get(msgId, null, null);
  }

  /**
   * Returns one message.
   *
   * @param msgId the message's id
   * @param project the bus's project; null means the client's own
   * @param task the bus's task; empty means the project's own bus, and null the client's own task
   * @return the message
   */
  public Message get(String msgId, String project, String task) {
    Place place = defaults.place(project, task);
    GetMessageRequest request =
        GetMessageRequest.newBuilder()
            .setProjectId(place.project())
            .setTaskId(place.task())
            .setMsgId(msgId)
            .build();
    return calls.unary(MessageBusGrpc.getGetMessageMethod(), request).getMessage();
  }

  /**
   * Waits until the bus has something after the start. Where no message may be missed, use {@link
   * #follow}, or give the cursor of an earlier answer.
   *
   * @param options where to start, and how long to wait; without a start it is now
   * @return the messages, none when the time is up, and the cursor to poll on from
   */
  public PollForNewResponse poll(PollOptions options) {
    PollForNewRequest asked = options.resolve(defaults);
    // A second attempt from "now" would not see what came between the two.
    return calls.unary(
        MessageBusGrpc.getPollForNewMethod(),
        left -> {
          Duration wait = left.minus(POLL_MARGIN);
          return asked.toBuilder()
              .setTimeout(Times.duration(wait.isNegative() ? Duration.ZERO : wait))
              .build();
        },
        options.timeout.plus(POLL_MARGIN),
        options.isRepeatable(),
        "");
  }

  /**
   * Gives messages as they come: each once, through breaks and restarts of the server.
   *
   * @param options what to follow, and from where
   * @return the messages; when this returns, the server has said where reading starts, and nothing
   *     that is appended later is missed
   */
  public Follow follow(FollowOptions options) {
    return new Follow(connection, options.resolve(defaults), options);
  }

  // Artifacts.

  /**
   * Saves a file as an artifact of the client's own task, under its file name.
   *
   * @param source the file
   * @return the artifact, with its SHA-256
   * @throws IOException when the file cannot be read
   */
  public Artifact putArtifact(Path source) throws IOException {
    return putArtifact(source, new ArtifactOptions());
  }

  /**
   * Saves a file as an artifact. Repeated while the server cannot be reached, until the client's
   * timeout passes without progress.
   *
   * @param source the file
   * @param options its name, by default the file's, and its task
   * @return the artifact, with its SHA-256
   * @throws IOException when the file cannot be read
   */
  public Artifact putArtifact(Path source, ArtifactOptions options) throws IOException {
    Path fileName = source.getFileName();
    String name = options.name == null && fileName != null ? fileName.toString() : options.name;
    return put(Content.of(source), name, options);
  }

  /**
   * Saves bytes as an artifact. Repeated as a file is.
   *
   * @param content the bytes
   * @param options its name, and its task
   * @return the artifact, with its SHA-256
   * @throws IOException never
   */
  public Artifact putArtifact(byte[] content, ArtifactOptions options) throws IOException {
    return put(Content.of(content), options.name, options);
  }

  /**
   * Saves what a stream gives as an artifact. It is sent once, and never held in memory as a whole.
   * The server gives up when nothing comes for 60 s.
   *
   * @param content the stream; it is read to its end, and not closed
   * @param options its name, and its task
   * @return the artifact, with its SHA-256
   * @throws IOException when the stream cannot be read: nothing is saved then
   */
  public Artifact putArtifact(InputStream content, ArtifactOptions options) throws IOException {
    return put(Content.of(content), options.name, options);
  }

  /**
   * Writes an artifact to a file, whole or not at all: its content is checked against its SHA-256
   * before it takes the file's place. After a break it is begun anew.
   *
   * @param artifact which one
   * @param destination the file; an existing one is replaced
   * @return the artifact, with its SHA-256
   * @throws IOException when the file cannot be written
   */
  public Artifact getArtifact(ArtifactRef artifact, Path destination) throws IOException {
    return download.get(artifact.resolve(defaults), destination);
  }

  /**
   * Writes an artifact to a stream, and checks its SHA-256 at its end. Once a part was written, a
   * break is an error.
   *
   * @param artifact which one
   * @param destination the stream; it is not closed
   * @return the artifact, with its SHA-256
   * @throws IOException when the stream cannot be written to
   */
  public Artifact getArtifact(ArtifactRef artifact, OutputStream destination) throws IOException {
    return download.get(artifact.resolve(defaults), destination);
  }

  /**
   * Begins to read an artifact.
   *
   * @param artifact which one
   * @return its content; to be closed
   */
  public ArtifactInput openArtifact(ArtifactRef artifact) {
    return download.open(artifact.resolve(defaults));
  }

  // Logs.

  /**
   * Appends an entry to the log of the client's own task.
   *
   * @param entry what JSON has: texts, numbers, truth values, lists, maps and null, by name
   * @return where it is
   */
  public AppendTaskLogResponse appendLog(Map<String, ?> entry) {
    return appendLog(List.of(entry), new LogOptions());
  }

  /**
   * Appends entries to a task's log, with one write. Safe to repeat, as {@link #append(NewMessage,
   * AppendOptions)}.
   *
   * @param entries 1 to 1000 objects, each as {@link #appendLog(Map)} has it
   * @param options which task's, and the request id
   * @return where they are
   */
  public AppendTaskLogResponse appendLog(
      List<? extends Map<String, ?>> entries, LogOptions options) {
    Place place = defaults.place(options);
    AppendTaskLogRequest request =
        AppendTaskLogRequest.newBuilder()
            .setProjectId(place.project())
            .setTaskId(place.task())
            .addAllEntries(entries.stream().map(Json::text).toList())
            .setRequestId(options.chooseRequestId())
            .build();
    return calls.unary(StorageGrpc.getAppendTaskLogMethod(), request);
  }

  /**
   * Reads a task's log, and follows it when asked.
   *
   * @param options which task's, from where, and whether to follow
   * @return the entries; to be closed when they are followed
   */
  public LogEntries readLog(ReadLogOptions options) {
    return new LogEntries(connection, calls, options.resolve(defaults));
  }

  // Files of runs.

  /**
   * Appends a file to a file of a run.
   *
   * @param file {@code prompt}, {@code output}, {@code stdout}, {@code stderr} or {@code logs/NAME}
   * @param source what to append
   * @param options which run's
   * @return where the run's file ends now, in bytes
   * @throws IOException when the source cannot be read
   */
  public long putRunFile(String file, Path source, RunFileOptions options) throws IOException {
    return put(file, Content.of(source), options);
  }

  /**
   * Appends bytes to a file of a run.
   *
   * @param file as of the other forms
   * @param source what to append
   * @param options which run's
   * @return where the run's file ends now, in bytes
   * @throws IOException never
   */
  public long putRunFile(String file, byte[] source, RunFileOptions options) throws IOException {
    return put(file, Content.of(source), options);
  }

  /**
   * Appends what a stream gives to a file of a run.
   *
   * @param file as of the other forms
   * @param source what to append; it is read to its end, and not closed
   * @param options which run's
   * @return where the run's file ends now, in bytes
   * @throws IOException when the source cannot be read
   */
  public long putRunFile(String file, InputStream source, RunFileOptions options)
      throws IOException {
    return put(file, Content.of(source), options);
  }

  /**
   * Writes a file of a run to a file, whole or not at all.
   *
   * @param file as of {@link #putRunFile}, or {@code events}
   * @param destination the file; an existing one is replaced
   * @param options which run's, from where, and whether to follow
   * @return how many bytes were written
   * @throws IOException when the destination cannot be written
   */
  public long getRunFile(String file, Path destination, ReadRunFileOptions options)
      throws IOException {
    try (RunFileInput input = openRunFile(file, options);
        ReplacedFile replaced = new ReplacedFile(destination)) {
      long size = input.transferTo(replaced.output());
      replaced.commit();
      return size;
    }
  }

  /**
   * Writes a file of a run to a stream.
   *
   * @param file as of {@link #putRunFile}, or {@code events}
   * @param destination the stream; it is not closed
   * @param options which run's, from where, and whether to follow
   * @return how many bytes were written
   * @throws IOException when the destination cannot be written
   */
  public long getRunFile(String file, OutputStream destination, ReadRunFileOptions options)
      throws IOException {
    try (RunFileInput input = openRunFile(file, options)) {
      return input.transferTo(destination);
    }
  }

  /**
   * Begins to read a file of a run.
   *
   * @param file as of {@link #putRunFile}, or {@code events}
   * @param options which run's, from where, and whether to follow
   * @return its content; to be closed
   */
  public RunFileInput openRunFile(String file, ReadRunFileOptions options) {
    return new RunFileInput(connection, calls, options.resolve(file, defaults));
  }

  // Runs.

  /**
   * Records a run of this process: creates it, posts RUN_START, does what is to be done, and ends
   * it. It ends as {@link RunContext#close()} says, or, by an exception, as {@link RunContext#fail}
   * says; the exception goes on.
   *
   * @param options which agent it is, and so on
   * @param body what is done in the run
   * @param <E> what the body may throw
   * @throws E when the body does
   */
  public <E extends Exception> void run(RunOptions options, RunBody<E> body) throws E {
    try (RunContext run = startRun(options)) {
      try {
        body.accept(run);
      } catch (Throwable failure) {
        run.fail(failure);
        throw failure;
      }
    }
  }

  /**
   * Records that a run of this process begins: creates it, and posts RUN_START. For those who
   * cannot use {@link #run(RunOptions, RunBody)}.
   *
   * @param options which agent it is, and so on
   * @return the run; to be ended by {@link RunContext#close()}, or {@link RunContext#fail}
   */
  public RunContext startRun(RunOptions options) {
    return new RunStart(connection, calls, defaults).start(options);
  }

  private Artifact put(Content content, String name, ArtifactOptions options) throws IOException {
    if (name == null || name.isEmpty()) {
      throw new IllegalArgumentException("no name: give name(…)");
    }
    return upload.put(content, name, defaults.place(options), options);
  }

  private long put(String file, Content content, RunFileOptions options) throws IOException {
    Defaults.RunPlace place = defaults.runPlace(options, options.run);
    long end = RunFileAppender.endOf(calls, place, file);
    try (InputStream input = content.open()) {
      return new RunFileAppender(connection, calls, place, file, end).appendAll(input);
    }
  }
}
