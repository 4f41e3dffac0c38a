/**
 * What the commands of the conformance suite do, by a client of either entry: see
 * tests/conformance/README.md at the top of the checkout.
 */

import {
  type DescMethodUnary,
  fromJson,
  type JsonObject,
  type JsonValue,
} from "@bufbuild/protobuf";

import type { ClientCore, LogEntry, RunContext, RunOptions } from "../src/shared.js";
import { CallboardError, Follow, UsageError } from "../src/shared.js";
import {
  AppendMessageResponseSchema,
  AppendMessagesResponseSchema,
  BusPositionSchema,
  type Message,
  MessageBus,
  MessageSchema,
  PollForNewResponseSchema,
} from "../src/generated/callboard/v1/message_bus_pb.js";
import {
  AppendTaskLogResponseSchema,
  RunSchema,
  Storage,
} from "../src/generated/callboard/v1/storage_pb.js";
import {
  callOptions,
  entryJson,
  followOptions,
  json,
  messageOf,
  messagesOf,
  milliseconds,
  nameOf,
  number,
  places,
  readOptions,
  runPlaces,
  sizeOf,
  text,
  type With,
} from "./conformance_arguments.js";
import { Pump, type Taken } from "./pump.js";

/** Does one command, and gives its `ok`. */
export type Command = (given: With) => Promise<JsonValue>;

/** Thrown for what a runtime cannot do at all. */
export class Unsupported extends Error {}

/** A run that is going on, between its beginning and its end. */
interface OpenRun {
  readonly context: RunContext;
  /** Ends its work: with an error, or without. */
  readonly leave: (error?: Error) => void;
  readonly ended: Promise<unknown>;
}

/** The commands that both entries share, on the clients that `connect` makes. */
export class Commands<C extends ClientCore> {
  readonly all: Record<string, Command>;
  readonly #clients = new Map<string, C>();
  readonly #follows = new Map<string, { readonly follow: Follow; readonly pump: Pump<Message> }>();
  readonly #logs = new Map<string, Pump<LogEntry>>();
  readonly #files = new Map<string, Pump<Uint8Array>>();
  readonly #runs = new Map<string, OpenRun>();

  constructor(
    connect: (given: With) => C,
    further: (client: (given: With) => C) => Record<string, Command>,
  ) {
    const client = (given: With): C => {
      const found = this.#clients.get(text(given["client"]) ?? "main");
      if (found === undefined) throw new Error("no such client");
      return found;
    };
    this.all = {
      ...this.#ofConnections(connect, client),
      ...this.#ofTheBus(client),
      ...this.#ofFollows(client),
      ...this.#ofLogsAndFiles(client),
      ...this.#ofRuns(client),
      ...further(client),
    };
  }

  #ofConnections(connect: (given: With) => C, client: (given: With) => C): Record<string, Command> {
    return {
      connect: (given) => {
        this.#clients.set(text(given["client"]) ?? "main", connect(given));
        return Promise.resolve({});
      },
      close: (given) => {
        client(given).close();
        return Promise.resolve({});
      },
      defaults: (given) => Promise.resolve({ ...client(given).identity }),
      call: async (given) => {
        const methods: Readonly<Record<string, DescMethodUnary | object>> =
          given["service"] === "Storage" ? Storage.method : MessageBus.method;
        const name = text(given["method"]) ?? "";
        const method = methods[name.charAt(0).toLowerCase() + name.slice(1)] as DescMethodUnary;
        const request = fromJson(method.input, given["request"] ?? {});
        return json(method.output, await client(given).call(method, request, callOptions(given)));
      },
    };
  }

  #ofTheBus(client: (given: With) => C): Record<string, Command> {
    return {
      append: async (given) => {
        const { type, body, options } = messageOf(given);
        const answer = await client(given).append(type, body, options);
        return json(AppendMessageResponseSchema, answer);
      },
      append_many: async (given) => {
        const messages = messagesOf(client(given), given);
        const answer = await client(given).appendMany(messages, messageOf(given).options);
        return json(AppendMessagesResponseSchema, answer);
      },
      read: async (given) => {
        const messages: JsonValue[] = [];
        for await (const message of client(given).read(readOptions(given))) {
          messages.push(json(MessageSchema, message));
        }
        return { messages };
      },
      get: async (given) => {
        const message = await client(given).get(text(given["msg_id"]) ?? "", places(given));
        return json(MessageSchema, message);
      },
      poll: async (given) => {
        const { sinceId, cursor, limit, types, run } = readOptions(given);
        const answer = await client(given).poll({
          ...places(given),
          ...{ sinceId, cursor, limit, types, run },
          ...callOptions(given),
        });
        return json(PollForNewResponseSchema, answer);
      },
    };
  }

  #ofFollows(client: (given: With) => C): Record<string, Command> {
    return {
      follow: async (given) => {
        const follow = await client(given).follow(followOptions(given));
        this.#follows.set(nameOf(given), { follow, pump: new Pump(follow) });
        return {};
      },
      next: async (given) => {
        const followed = this.#follows.get(nameOf(given))?.pump;
        const count = number(given["count"]) ?? 1;
        const timeoutMs = milliseconds(given["timeout"]) ?? 30_000;
        const taken =
          followed === undefined
            ? await mapTaken(this.#logs.get(nameOf(given)), count, timeoutMs, entryJson)
            : await mapTaken(followed, count, timeoutMs, (one) => json(MessageSchema, one));
        return { items: taken.items, ...endingOf(taken) };
      },
      positions: (given) => {
        const follow = this.#follows.get(nameOf(given))?.follow;
        const positions = follow?.positions ?? [];
        return Promise.resolve({
          positions: positions.map((one) => json(BusPositionSchema, one)),
          cursor: follow?.cursor ?? "",
        });
      },
      stop: async (given) => {
        const name = nameOf(given);
        this.#follows.get(name)?.follow.close();
        for (const pump of [this.#logs.get(name), this.#files.get(name)]) pump?.abort();
        await Promise.all([
          this.#follows.get(name)?.pump.end,
          this.#logs.get(name)?.end,
          this.#files.get(name)?.end,
        ]);
        for (const named of [this.#follows, this.#logs, this.#files]) named.delete(name);
        return {};
      },
    };
  }

  #ofLogsAndFiles(client: (given: With) => C): Record<string, Command> {
    const logOptions = (
      given: With,
    ): { offset?: number | undefined; tail?: number | undefined } => ({
      ...places(given),
      offset: number(given["offset"]),
      tail: number(given["tail"]),
    });
    const fileOptions = (given: With): object => ({
      ...runPlaces(given),
      offset: number(given["offset"]),
      tailLines: number(given["tail_lines"]),
    });
    return {
      append_log: async (given) => {
        const answer = await client(given).appendLog(given["entries"] as object[], {
          ...places(given),
          requestId: text(given["request_id"]),
        });
        return json(AppendTaskLogResponseSchema, answer);
      },
      read_log: async (given) => {
        const items: JsonValue[] = [];
        for await (const entry of client(given).readLog(logOptions(given))) {
          items.push(entryJson(entry));
        }
        return { items };
      },
      follow_log: (given) => {
        const abort = new AbortController();
        const options = { ...logOptions(given), follow: true, signal: abort.signal };
        this.#logs.set(nameOf(given), new Pump(client(given).readLog(options), abort));
        return Promise.resolve({});
      },
      follow_run_file: (given) => {
        const abort = new AbortController();
        const options = { ...fileOptions(given), follow: true, signal: abort.signal };
        const chunks = client(given).readRunFile(text(given["file"]) ?? "", options);
        this.#files.set(nameOf(given), new Pump(chunks, abort));
        return Promise.resolve({});
      },
      next_bytes: async (given) => {
        const pump = this.#files.get(nameOf(given));
        if (pump === undefined) throw new Error("no such stream");
        const timeoutMs = milliseconds(given["timeout"]) ?? 30_000;
        const wanted = number(given["count"]) ?? 1;
        const taken = await pump.take((chunks) => sizeOf(chunks) >= wanted, timeoutMs);
        const whole = new Blob(taken.items as BlobPart[]);
        return { text: await whole.text(), ...endingOf(taken) };
      },
    };
  }

  #ofRuns(client: (given: With) => C): Record<string, Command> {
    const open = (given: With): OpenRun => {
      const found = this.#runs.get(nameOf(given));
      if (found === undefined) throw new Error("no such run");
      return found;
    };
    return {
      run_begin: async (given) => {
        const options: RunOptions = {
          ...places(given),
          agentType: text(given["agent_type"]) ?? "",
          runId: text(given["run_id"]),
          prompt: text(given["prompt"]),
          commandline: text(given["commandline"]),
          parentRunId: text(given["parent_run_id"]),
          previousRunId: text(given["previous_run_id"]),
        };
        const context = await new Promise<RunContext>((resolve, reject) => {
          const ended = client(given).run(options, async (run) => {
            await new Promise<void>((leave, fail) => {
              this.#runs.set(nameOf(given), {
                context: run,
                leave: (error) => {
                  if (error === undefined) leave();
                  else fail(error);
                },
                ended: ended.catch((thrown: unknown) => thrown),
              });
              resolve(run);
            });
          });
          ended.catch(reject);
        });
        return json(RunSchema, context.info);
      },
      run_write: async (given) => {
        const to = (text(given["to"]) ?? "stdout") as "stdout" | "stderr" | "output";
        await open(given).context[to].write(text(given["text"]) ?? "");
        return {};
      },
      run_event: async (given) => {
        const data = given["data"];
        const event = text(given["event"]) ?? "";
        await open(given).context.event(event, data === null ? undefined : (data as object));
        return {};
      },
      run_append: async (given) => {
        const { type, body } = messageOf(given);
        const answer = await open(given).context.append(type, body);
        return json(AppendMessageResponseSchema, answer);
      },
      run_end: async (given) => {
        const run = open(given);
        run.context.exitCode = number(given["exit_code"]) ?? run.context.exitCode;
        run.leave();
        const thrown = await run.ended;
        if (thrown !== undefined) throw errorOf(thrown);
        return {};
      },
      run_fail: async (given) => {
        const run = open(given);
        const error = new Error(text(given["message"]) ?? "");
        run.leave(error);
        const thrown = await run.ended;
        if (thrown !== error) throw errorOf(thrown ?? "the run's error did not go on");
        return {};
      },
    };
  }
}

/** A failure beside which something stands in the answer. */
export class PartialFailure extends Error {
  constructor(
    override readonly cause: unknown,
    readonly beside: JsonObject,
  ) {
    super("failed");
  }
}

/** Does a command and says what came of it, as one answer. */
export async function answerTo(
  commands: Record<string, Command>,
  line: string,
): Promise<JsonObject> {
  try {
    const { do: name, with: given } = JSON.parse(line) as { do: string; with?: With };
    const command = commands[name];
    if (command === undefined) return { failure: `no command ${name}` };
    return { ok: await command(given ?? {}) };
  } catch (thrown) {
    return thrown instanceof PartialFailure
      ? { ...problemOf(thrown.cause), ...thrown.beside }
      : problemOf(thrown);
  }
}

function problemOf(thrown: unknown): JsonObject {
  if (thrown instanceof CallboardError) {
    const { name, code, reason, metadata, message, requestId, retryDelayMs } = thrown;
    const error: JsonObject = { family: name.replace(/Error$/, ""), code, reason, message };
    error["metadata"] = { ...metadata };
    if (requestId !== "") error["request_id"] = requestId;
    if (retryDelayMs !== undefined) error["retry_delay"] = retryDelayMs / 1000;
    return { error };
  }
  if (thrown instanceof UsageError) return { misuse: thrown.message };
  // The system's own error for a file that cannot be read, before any call.
  if (thrown instanceof Error && "syscall" in thrown) return { misuse: thrown.message };
  if (thrown instanceof Unsupported) return { unsupported: thrown.message };
  return { failure: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
}

/** How a stream stands, as what was taken of it says. */
function endingOf({ ended, timedOut, error }: Taken<unknown>): JsonObject {
  const problem = error === undefined ? {} : problemOf(error);
  if (problem["failure"] !== undefined) throw errorOf(error);
  return { ended, timed_out: timedOut, ...problem };
}

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

async function mapTaken<T>(
  pump: Pump<T> | undefined,
  count: number,
  timeoutMs: number,
  map: (item: T) => JsonValue,
): Promise<Taken<JsonValue>> {
  if (pump === undefined) throw new Error("no such stream");
  const taken = await pump.take((items) => items.length >= count, timeoutMs);
  return { ...taken, items: taken.items.map(map) };
}
