/** A run as a context: recorded from its start to its end. */

import { create, type MessageInitShape } from "@bufbuild/protobuf";

import { type CallOptions, type Calls, newRequestId } from "./calls.js";
import { CallboardError } from "./errors.js";
import { type AppendMessageResponse, MessageBus } from "./generated/callboard/v1/message_bus_pb.js";
import {
  type AppendRunEventResponse,
  type Run,
  type RunMetaSchema,
  RunSchema,
  Storage,
} from "./generated/callboard/v1/storage_pb.js";
import { type Identity, type PlaceOptions, resolveTask, type RunIds } from "./identity.js";
import type { Logger } from "./logger.js";
import { makeMessage, type MessageOptions } from "./messages.js";
import { RunOutput } from "./run_output.js";
import { stampOf } from "./starts.js";
import { UsageError } from "./usage_error.js";

/** How much of an error's text is kept of a run, in bytes. */
const ERROR_SUMMARY_BYTES_MAX = 4096;
/** How many characters of a run's id are in the request ids of its messages. */
const RUN_ID_CHARACTERS = 64;

/** What a runtime knows of the process that a run is. */
export interface OwnProcess {
  readonly host: string;
  readonly pid: number;
  readonly cwd: string;
  readonly commandline: string;
}

/** A run to begin. */
export interface RunOptions extends PlaceOptions {
  /** Which agent it is, such as `claude`; any word of 1 to 128 bytes. */
  readonly agentType: string;
  /** Its id; made by the server when none is given. */
  readonly runId?: string | undefined;
  /** What the agent is told, at most 1 MiB; none by default. */
  readonly prompt?: string | undefined;
  /** Its command line; this process's by default. */
  readonly commandline?: string | undefined;
  /** Its working directory; this process's by default. */
  readonly cwd?: string | undefined;
  /** The run that starts it; the client's own by default. */
  readonly parentRunId?: string | undefined;
  /** The run that it is a restart of; none by default. */
  readonly previousRunId?: string | undefined;
  /** Its worktree and tools, for meta.json; no such file by default. */
  readonly meta?: MessageInitShape<typeof RunMetaSchema> | undefined;
  /** Makes beginning it again safe; made when none is given. */
  readonly requestId?: string | undefined;
}

/** What a message of a run may say beyond its type and body, and how it is appended. */
export interface RunMessageOptions extends Omit<MessageOptions, "run">, CallOptions {}

/** A run that is going on. */
export class RunContext {
  /** What the server has recorded of it at its beginning. */
  readonly info: Run;
  /** Its standard output. */
  readonly stdout: RunOutput;
  /** Its standard error. */
  readonly stderr: RunOutput;
  /** Its result. */
  readonly output: RunOutput;
  /**
   * The exit code that it ends with, 0 to begin with. Any other makes it a failed run. An error
   * that is thrown counts for more.
   */
  exitCode = 0;

  readonly #calls: Calls;
  readonly #own: Identity;

  /** Speaks for the run that `info` tells of. */
  constructor(calls: Calls, info: Run) {
    const ids = idsOf(info);
    this.info = info;
    this.stdout = new RunOutput(calls, ids, "stdout");
    this.stderr = new RunOutput(calls, ids, "stderr");
    this.output = new RunOutput(calls, ids, "output");
    this.#calls = calls;
    this.#own = { project: info.projectId, task: info.taskId, run: info.runId };
  }

  /** Its id. */
  get runId(): string {
    return this.info.runId;
  }

  /**
   * Appends an event to its `events.jsonl`: what happened, such as `pushed`, and more about it as an
   * object, at most 60 KiB as JSON.
   */
  async event(
    name: string,
    data?: object,
    options: CallOptions = {},
  ): Promise<AppendRunEventResponse> {
    const dataJson = data === undefined ? "" : JSON.stringify(data);
    const request = { ...idsOf(this.info), event: name, dataJson, requestId: newRequestId() };
    return await this.#calls.unary(Storage.method.appendRunEvent, request, options);
  }

  /** Appends a message of this run, to the bus of its task unless something else is said. */
  async append(
    type: string,
    body = "",
    options: RunMessageOptions = {},
  ): Promise<AppendMessageResponse> {
    const message = makeMessage(this.#own, type, body, options);
    const request = { message, requestId: newRequestId() };
    return await this.#calls.unary(MessageBus.method.appendMessage, request, options);
  }
}

/** Records a run while `work` does it. */
export async function recordRun<T>(
  calls: Calls,
  logger: Logger,
  own: Identity,
  process: OwnProcess | undefined,
  options: RunOptions,
  work: (run: RunContext) => Promise<T> | T,
): Promise<T> {
  if (options.agentType === "") throw new UsageError("agentType is empty");
  const created = await calls.unary(Storage.method.createRun, {
    ...resolveTask(own, options),
    agentType: options.agentType,
    runId: options.runId ?? "",
    parentRunId: options.parentRunId ?? own.run,
    previousRunId: options.previousRunId ?? "",
    host: process?.host ?? "",
    pid: process?.pid ?? 0,
    cwd: options.cwd ?? process?.cwd ?? "",
    commandline: options.commandline ?? process?.commandline ?? "",
    prompt: options.prompt ?? "",
    requestId: options.requestId ?? newRequestId(),
    ...(options.meta === undefined ? {} : { meta: options.meta }),
  });
  const run = new RunContext(calls, created.run ?? create(RunSchema));
  const record = new RunRecord(calls, run);
  try {
    await record.begin(process?.pid ?? 0);
  } catch (failure) {
    await record.end(failed(failure)).catch((second: unknown) => {
      logger.warn(`callboard: the end of run ${run.runId} is not recorded: ${String(second)}`);
    });
    throw failure;
  }
  let result: T;
  try {
    result = await work(run);
  } catch (error) {
    await record.end(failed(error)).catch((failure: unknown) => {
      // The work's own error is the one to hear of.
      logger.warn(`callboard: the end of run ${run.runId} is not recorded: ${String(failure)}`);
    });
    throw error;
  }
  await record.end(exited(run.exitCode));
  return result;
}

/** How a run ended. */
interface Ending {
  readonly type: "RUN_STOP" | "RUN_CRASH";
  readonly exitCode: number;
  readonly summary: string;
}

/** The ending of a run whose work is done. */
function exited(exitCode: number): Ending {
  const type = exitCode === 0 ? "RUN_STOP" : "RUN_CRASH";
  return { type, exitCode, summary: `exit code ${exitCode}` };
}

/** The ending of a run whose work threw this. */
function failed(error: unknown): Ending {
  const summary = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { type: "RUN_CRASH", exitCode: 1, summary: cut(summary, ERROR_SUMMARY_BYTES_MAX) };
}

/** What is told of a run by itself: its beginning and its end. */
class RunRecord {
  #startMessageId = "";

  constructor(
    private readonly calls: Calls,
    private readonly run: RunContext,
  ) {}

  /** Tells that it has begun. */
  async begin(pid: number): Promise<void> {
    const { agentType, commandline } = this.run.info;
    const meta = { agent: agentType, ...(pid === 0 ? {} : { pid: String(pid) }) };
    const posted = await this.#post("RUN_START", commandline, { meta });
    this.#startMessageId = posted.msgId;
  }

  /** Tells all of its end, and then throws what went wrong first. */
  async end(ending: Ending): Promise<void> {
    const { stdout, stderr, output } = this.run;
    const steps = [
      ...(await Promise.allSettled([stdout.flush(), stderr.flush(), output.flush()])),
      await settle(this.#finish(ending)),
      await settle(this.#tell(ending)),
    ];
    const wrong = steps.find((step) => step.status === "rejected");
    if (wrong !== undefined) throw wrong.reason;
  }

  async #finish({ exitCode, summary }: Ending): Promise<void> {
    const ending =
      exitCode === 0 ? { status: "completed" } : { status: "failed", errorSummary: summary };
    const request = { ...idsOf(this.run.info), ...ending, exitCode };
    try {
      // Ending it again in the same way changes nothing.
      await this.calls.unary(Storage.method.updateRunStatus, request, { repeatable: true });
    } catch (failure) {
      // Somebody else ended it meanwhile, and that stays as it is.
      if (failure instanceof CallboardError && failure.reason === "INVALID_TRANSITION") return;
      throw failure;
    }
  }

  async #tell({ type, exitCode, summary }: Ending): Promise<void> {
    const meta = { exit_code: String(exitCode) };
    const parents =
      this.#startMessageId === "" ? [] : [{ msgId: this.#startMessageId, kind: "run" }];
    await this.#post(type, summary, { meta, parents });
  }

  /** Posts a message of the run, once for each type. */
  async #post(type: string, body: string, options: MessageOptions): Promise<AppendMessageResponse> {
    const { projectId, taskId, runId, startTime } = this.run.info;
    const message = makeMessage(
      { project: projectId, task: taskId, run: runId },
      type,
      body,
      options,
    );
    const requestId = `${type}-${stampOf(startTime)}-${runId.slice(0, RUN_ID_CHARACTERS)}`;
    return await this.calls.unary(MessageBus.method.appendMessage, { message, requestId });
  }
}

async function settle(step: Promise<unknown>): Promise<PromiseSettledResult<unknown>> {
  const [settled] = await Promise.allSettled([step]);
  return settled;
}

function idsOf({ projectId, taskId, runId }: Run): RunIds {
  return { projectId, taskId, runId };
}

/** Returns as much of a text as fits into so many bytes of UTF-8, in whole characters. */
function cut(text: string, bytesMax: number): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= bytesMax) return text;
  // A character that was cut in two is not decoded.
  return new TextDecoder().decode(bytes.subarray(0, bytesMax), { stream: true });
}
