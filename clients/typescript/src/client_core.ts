/// <reference lib="esnext.disposable" preserve="true" />
/** What a client does on every runtime. */

import type {
  DescMessage,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { type Client as GeneratedClient, createClient, type Transport } from "@connectrpc/connect";

import {
  type CallOptions,
  Calls,
  newRequestId,
  type RepeatableCallOptions,
  TIMEOUT_MS_DEFAULT,
} from "./calls.js";
import type { ByteSource } from "./chunks.js";
import { errorOf } from "./errors.js";
import { Follow } from "./follow.js";
import {
  type AppendMessageResponse,
  type AppendMessagesResponse,
  type Message,
  MessageBus,
  type PollForNewResponse,
  type ReadMessagesResponse,
} from "./generated/callboard/v1/message_bus_pb.js";
import { type AppendTaskLogResponse, Storage } from "./generated/callboard/v1/storage_pb.js";
import { type Identity, type PlaceOptions, resolveTask } from "./identity.js";
import type { Logger } from "./logger.js";
import { makeMessage, type MessageOptions } from "./messages.js";
import {
  type FollowOptions,
  pollForNew,
  type PollOptions,
  readMessages,
  type ReadOptions,
  readPage,
  subscription,
} from "./reading.js";
import { type OwnProcess, recordRun, type RunContext, type RunOptions } from "./run.js";
import {
  putRunFile,
  type PutRunFileOptions,
  readRunFile,
  type ReadRunFileOptions,
} from "./run_files.js";
import {
  appendLog,
  type AppendLogOptions,
  type LogEntry,
  readLog,
  type ReadLogOptions,
} from "./task_log.js";

/** How something is appended to a bus so that it happens once. */
export interface OnceOptions extends CallOptions {
  /** Makes a repeated call safe, 1 to 128 bytes; made when none is given. */
  readonly requestId?: string | undefined;
  /** Append only if this is still the bus's last message, else ConflictError (BUS_MOVED). */
  readonly expectedLastMsgId?: string | undefined;
}

/** What a message says, where it goes, and how it is appended. */
export interface AppendOptions extends MessageOptions, OnceOptions {}

/** Where a message is, and how it is got. */
export interface GetOptions extends PlaceOptions, CallOptions {}

/** What all clients take. */
export interface CommonClientOptions extends PlaceOptions {
  /** The run that speaks, and whose files are meant. */
  readonly run?: string | undefined;
  /** How long a call may take with all its attempts, in milliseconds: 30 000 by default. */
  readonly timeoutMs?: number | undefined;
  /** Where breaks, gaps and damage are told of; `console` by default. */
  readonly logger?: Logger | undefined;
}

/** What a runtime provides. */
export interface ClientRuntime {
  readonly transport: Transport;
  readonly identity: Identity;
  /** Tells of the process that this is; asked for each run. */
  readonly ownProcess?: () => OwnProcess;
}

/**
 * A connection to a Callboard server. It is made by the first call and again after every break.
 *
 * In all methods a `project` and a `task` that are not given are the client's own, and `task: ""`
 * is the project's own bus. The client's task belongs to its project: naming another project
 * without a task means that project's own bus.
 *
 * Methods reject with a CallboardError when a call does not succeed, and with a UsageError when it
 * cannot even be made. Calls that are safe to repeat are repeated, within the timeout, while the
 * server cannot be reached or asks to come back.
 */
export abstract class ClientCore implements Disposable {
  /** The generated client of the bus, for what the methods here do not offer; throws ConnectError. */
  readonly bus: GeneratedClient<typeof MessageBus>;
  /** The generated client of projects, tasks, runs and what they keep; see `call`. */
  readonly storage: GeneratedClient<typeof Storage>;
  /** What the methods use that are not told a project, a task or a run. */
  readonly identity: Identity;

  /** Makes the calls of this client. */
  protected readonly calls: Calls;
  /** Where this client says what nobody waits for. */
  protected readonly logger: Logger;
  readonly #ownProcess: (() => OwnProcess) | undefined;

  protected constructor(runtime: ClientRuntime, options: CommonClientOptions) {
    this.calls = new Calls(runtime.transport, options.timeoutMs ?? TIMEOUT_MS_DEFAULT);
    this.bus = createClient(MessageBus, this.calls.transport);
    this.storage = createClient(Storage, this.calls.transport);
    this.identity = runtime.identity;
    this.logger = options.logger ?? console;
    this.#ownProcess = runtime.ownProcess;
  }

  /** Ends what still runs, and refuses further calls with CANCELLED. */
  close(): void {
    this.calls.close();
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Makes a message for `appendMany` and `appendStream`, with the client's ids where none are
   * given. `type` is any word, such as FACT, PROGRESS or QUESTION.
   */
  message(type: string, body = "", options: MessageOptions = {}): Message {
    return makeMessage(this.identity, type, body, options);
  }

  /**
   * Appends one message, and gives its id, time and cursor once it is on the server's disk.
   *
   * Never appends twice, however often the connection breaks: without a `requestId` one is made,
   * and an error carries it (`error.requestId`) for a later attempt.
   */
  async append(
    type: string,
    body = "",
    options: AppendOptions = {},
  ): Promise<AppendMessageResponse> {
    const message = this.message(type, body, options);
    return await this.calls.unary(
      MessageBus.method.appendMessage,
      { message, ...onceFields(options) },
      options,
    );
  }

  /**
   * Appends up to 1000 messages of one bus, made by `message`, with one write. All of them are
   * refused when one is. Safe to repeat, as `append`.
   */
  async appendMany(
    messages: Iterable<Message>,
    options: OnceOptions = {},
  ): Promise<AppendMessagesResponse> {
    return await this.calls.unary(
      MessageBus.method.appendMessages,
      { messages: [...messages], ...onceFields(options) },
      options,
    );
  }

  /**
   * Gives the messages of one bus, oldest first, up to its present end: from the beginning, or
   * strictly after one of `sinceId`, `cursor` and `sinceTime`, or the last `tail`. Fetches page by
   * page, the timeout being for each; `readPage` gives a page with its cursor.
   */
  read(options: ReadOptions = {}): AsyncGenerator<Message, void, undefined> {
    return readMessages(this.calls, this.identity, options);
  }

  /** Gives one answer of the server: messages, the cursor after them, and whether that is all. */
  async readPage(options: ReadOptions = {}): Promise<ReadMessagesResponse> {
    return await readPage(this.calls, this.identity, options);
  }

  /** Gives one message by its id. Rejects with NotFoundError (MESSAGE_NOT_FOUND). */
  async get(msgId: string, options: GetOptions = {}): Promise<Message> {
    const request = { ...resolveTask(this.identity, options), msgId };
    const answer = await this.calls.unary(MessageBus.method.getMessage, request, options);
    if (answer.message === undefined) {
      throw errorOf("the server's answer holds no message", { code: "INTERNAL" });
    }
    return answer.message;
  }

  /**
   * Waits until the bus has something after the start, at most `timeoutMs`, and gives it, with the
   * cursor to poll on from; nothing when the time is up. Where no message may be missed, `follow`,
   * or give the cursor of an earlier answer.
   */
  async poll(options: PollOptions = {}): Promise<PollForNewResponse> {
    return await pollForNew(this.calls, this.identity, options);
  }

  /**
   * Follows messages as they come: each once, through breaks and restarts of the server. Resolves
   * once the server has said where reading starts: nothing appended after that is missed.
   *
   * Starts at the end, or the beginning (`start: "earliest"`), or after one of `sinceId`, `cursor`
   * and `sinceTime`; wide scopes go on from `positions`. Buses that appear later join by themselves.
   * Ends by itself only with `stopAtTail`, or after `limit` messages.
   */
  async follow(options: FollowOptions = {}): Promise<Follow> {
    const request = subscription(this.identity, options);
    return await Follow.open(this.calls, this.logger, request, options);
  }

  /**
   * Calls any unary method of `Storage.method` or `MessageBus.method`, with this client's errors:
   * `client.call(Storage.method.getTask, { projectId: "p", taskId: "t" })`.
   *
   * While the server cannot be reached the call is repeated where that is safe: when the request is
   * one to get, list or read something, or carries a `requestId` or an `etag`. `repeatable` says
   * otherwise, for a call that sets something as a whole.
   */
  async call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options: RepeatableCallOptions = {},
  ): Promise<MessageShape<O>> {
    return await this.calls.unary(method, request, options);
  }

  /**
   * Appends entries to a task's log, all in one write: objects, or the texts of JSON objects, 1 to
   * 1000, each less than 64 KiB. Safe to repeat, as `append`.
   */
  async appendLog(
    entries: Iterable<object | string>,
    options: AppendLogOptions = {},
  ): Promise<AppendTaskLogResponse> {
    return await appendLog(this.calls, this.identity, entries, options);
  }

  /**
   * Gives the entries of a task's log from `offset` on, or the last `tail`; with `follow` also those
   * that come, each once, through breaks and restarts of the server. A log that was replaced
   * meanwhile goes on at its new beginning.
   */
  readLog(options: ReadLogOptions = {}): AsyncGenerator<LogEntry, void, undefined> {
    return readLog(this.calls, this.logger, this.identity, options);
  }

  /**
   * Appends bytes, text or a stream to a file of a run (`stdout`, `stderr`, `output`, `prompt` or
   * `logs/<name>`) behind what it holds, and gives where the file ends now, in bytes.
   */
  async putRunFile(
    file: string,
    source: ByteSource,
    options: PutRunFileOptions = {},
  ): Promise<number> {
    return await putRunFile(this.calls, this.identity, file, source, options);
  }

  /**
   * Gives the content of a run's file in chunks; with `follow` also what is appended until the run
   * has ended, through breaks and restarts of the server. Characters of UTF-8 are never split
   * between two chunks.
   */
  readRunFile(
    file: string,
    options: ReadRunFileOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    return readRunFile(this.calls, this.logger, this.identity, file, options);
  }

  /**
   * Records a run while `work` does it, and gives what `work` gives. The run is created and told of
   * (RUN_START); when `work` is done it is completed (RUN_STOP), or failed with the `exitCode` that
   * was set (RUN_CRASH); when `work` throws it is failed with that error as its summary (RUN_CRASH),
   * and the error goes on. A run that somebody else ended meanwhile stays as it is.
   */
  async run<T>(options: RunOptions, work: (run: RunContext) => Promise<T> | T): Promise<T> {
    const process = this.#ownProcess?.();
    return await recordRun(this.calls, this.logger, this.identity, process, options, work);
  }
}

function onceFields({ requestId, expectedLastMsgId }: OnceOptions): {
  requestId: string;
  expectedLastMsgId: string;
} {
  return { requestId: requestId ?? newRequestId(), expectedLastMsgId: expectedLastMsgId ?? "" };
}
