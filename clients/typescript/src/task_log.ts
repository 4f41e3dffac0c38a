/** Task logs: appending entries, reading them, and following through breaks. */

import type { CallOptions, Calls } from "./calls.js";
import { newRequestId } from "./calls.js";
import {
  type AppendTaskLogResponse,
  Storage,
  type TaskLogEntry,
} from "./generated/callboard/v1/storage_pb.js";
import { type Identity, type PlaceOptions, resolveTask } from "./identity.js";
import type { Logger } from "./logger.js";
import { ResumingStream } from "./resuming_stream.js";
import { UsageError } from "./usage_error.js";

/** Where entries go. */
export interface AppendLogOptions extends PlaceOptions, CallOptions {
  /** Makes a repeated call safe; made when none is given. */
  readonly requestId?: string | undefined;
}

/** Which entries to read: all, unless something else is said. */
export interface ReadLogOptions extends PlaceOptions {
  /** Where to begin, in bytes from the log's beginning: 0, or the offset of an entry. */
  readonly offset?: number | undefined;
  /** Begin with the last so many entries instead. */
  readonly tail?: number | undefined;
  /** Go on with what is appended, until the loop is left or the signal is aborted. */
  readonly follow?: boolean | undefined;
  /**
   * How long it is tried again without hearing anything, in milliseconds: for ever when following,
   * else the client's timeout.
   */
  readonly retryForMs?: number | undefined;
  /** Ends the reading: who waits for an entry then gets the signal's reason thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** A line of a task's log. */
export class LogEntry {
  /** The line: the text of a JSON object, unless it is `damaged`. */
  readonly entry: string;
  /** Where it begins, in bytes from the log's beginning. */
  readonly offset: number;
  /** Whether it is no JSON object: the rest of a write that was cut off, or foreign text. */
  readonly damaged: boolean;

  /** Holds what the server said of a line. */
  constructor({ entry, offset, damaged }: TaskLogEntry) {
    this.entry = entry;
    this.offset = Number(offset);
    this.damaged = damaged;
  }

  /** Parses the line. Throws SyntaxError when it is `damaged`. */
  parse(): Record<string, unknown> {
    return JSON.parse(this.entry) as Record<string, unknown>;
  }
}

/** Appends entries in one write. */
export async function appendLog(
  calls: Calls,
  own: Identity,
  entries: Iterable<object | string>,
  options: AppendLogOptions,
): Promise<AppendTaskLogResponse> {
  return await calls.unary(
    Storage.method.appendTaskLog,
    {
      ...resolveTask(own, options),
      entries: Array.from(entries, (entry) =>
        typeof entry === "string" ? entry : JSON.stringify(entry),
      ),
      requestId: options.requestId ?? newRequestId(),
    },
    options,
  );
}

/** Gives the entries of a log, each once. */
export async function* readLog(
  calls: Calls,
  logger: Logger,
  own: Identity,
  options: ReadLogOptions,
): AsyncGenerator<LogEntry, void, undefined> {
  const { follow = false, tail = 0 } = options;
  calls.closed.throwIfAborted();
  const place = resolveTask(own, options);
  let offset = offsetOf(options.offset);
  let begun = false;
  const stream = new ResumingStream(calls, logger, {
    method: Storage.method.readTaskLog,
    request: () => ({ ...place, offset, tailEntries: begun ? 0 : tail, follow }),
    finished: () => !follow,
    recovers: ({ reason }) => {
      // Meanwhile the log was replaced by a shorter one: that one is read from its beginning.
      const replaced = follow && begun && offset > 0n && reason === "OFFSET_MISMATCH";
      if (replaced) offset = 0n;
      return replaced;
    },
    retryForMs: options.retryForMs ?? (follow ? undefined : calls.timeoutMs),
    wantsAll: !follow,
    signal: options.signal,
  });
  try {
    for (let frame = await stream.next(); frame !== undefined; frame = await stream.next()) {
      begun = true;
      offset = frame.nextOffset;
      for (const entry of frame.entries) yield new LogEntry(entry);
    }
  } finally {
    stream.close();
  }
}

/** Returns an offset as requests hold it. Throws UsageError for what is none. */
export function offsetOf(offset = 0): bigint {
  if (!Number.isSafeInteger(offset)) throw new UsageError(`offset is no whole number: ${offset}`);
  return BigInt(offset);
}
