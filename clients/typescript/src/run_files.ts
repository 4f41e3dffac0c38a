/** The files of a run: appending to them so that repetitions are safe, and reading them. */

import { Backoff } from "./backoff.js";
import type { CallOptions, Calls } from "./calls.js";
import { chunksOf, type ByteSource } from "./chunks.js";
import { CallboardError } from "./errors.js";
import { Storage } from "./generated/callboard/v1/storage_pb.js";
import { type Identity, resolveRun, type RunIds, type RunPlaceOptions } from "./identity.js";
import type { Logger } from "./logger.js";
import { ResumingStream } from "./resuming_stream.js";
import { offsetOf } from "./task_log.js";
import { wait } from "./waiting.js";

/** Where content goes, and how long each chunk of it may take. */
export interface PutRunFileOptions extends RunPlaceOptions, CallOptions {}

/** What to read of a run's file: all of it, unless something else is said. */
export interface ReadRunFileOptions extends RunPlaceOptions {
  /** Where to begin, in bytes from the file's beginning. */
  readonly offset?: number | undefined;
  /** Begin with the last so many lines instead. */
  readonly tailLines?: number | undefined;
  /** Go on with what is appended, until the run has ended. */
  readonly follow?: boolean | undefined;
  /**
   * How long it is tried again without hearing anything, in milliseconds: for ever when following,
   * else the client's timeout.
   */
  readonly retryForMs?: number | undefined;
  /** Ends the reading: who waits for a chunk then gets the signal's reason thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** Appends to one file of a run, chunk after chunk, each at its offset. */
export class RunFileAppender {
  readonly #calls: Calls;
  readonly #place: RunIds & { readonly file: string };
  #offset: bigint;

  /** Goes on at `offset`, in bytes: where the file ends. */
  constructor(calls: Calls, run: RunIds, file: string, offset: bigint) {
    this.#calls = calls;
    this.#place = { ...run, file };
    this.#offset = offset;
  }

  /** Where the next chunk belongs, in bytes from the file's beginning. */
  get offset(): number {
    return Number(this.#offset);
  }

  /**
   * Appends a chunk of at most 1 MiB. When another program wrote to the file, the chunk goes behind
   * that; when it does so again and again, as soon as there is a pause within the timeout.
   */
  async append(chunk: Uint8Array, options: CallOptions = {}): Promise<void> {
    const deadline = performance.now() + (options.timeoutMs ?? this.#calls.timeoutMs);
    let backoff: Backoff | undefined;
    while (true) {
      try {
        const request = { ...this.#place, offset: this.#offset, chunk };
        const answer = await this.#calls.unary(Storage.method.appendRunOutput, request, {
          ...options,
          repeatable: true,
        });
        this.#offset = answer.nextOffset;
        return;
      } catch (failure) {
        const end = endOf(failure);
        if (end === undefined || performance.now() >= deadline) throw failure;
        this.#offset = end;
        // Once is what happens; more often than that we are too slow for somebody.
        if (backoff !== undefined) await wait(backoff.nextDelayMs(), this.#calls.closed);
        backoff ??= new Backoff();
      }
    }
  }
}

/** Where a file ends, when that is what an error says. */
function endOf(failure: unknown): bigint | undefined {
  if (!(failure instanceof CallboardError) || failure.reason !== "OFFSET_MISMATCH")
    return undefined;
  const size = failure.metadata["size"];
  return size !== undefined && /^\d+$/.test(size) ? BigInt(size) : undefined;
}

/** Appends a whole source to a run's file, from the file's present end on; returns its new end. */
export async function putRunFile(
  calls: Calls,
  own: Identity,
  file: string,
  source: ByteSource,
  options: PutRunFileOptions,
): Promise<number> {
  const run = resolveRun(own, options);
  const appender = new RunFileAppender(calls, run, file, await sizeOf(calls, run, file, options));
  for await (const chunk of chunksOf(source)) await appender.append(chunk, options);
  return appender.offset;
}

/** Returns the size of a run's file, 0 when there is none. */
async function sizeOf(
  calls: Calls,
  run: RunIds,
  file: string,
  options: CallOptions,
): Promise<bigint> {
  let pageToken = "";
  do {
    const page = await calls.unary(Storage.method.listRunFiles, { ...run, pageToken }, options);
    const found = page.files.find((one) => one.file === file);
    if (found !== undefined) return found.size;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return 0n;
}

/** Gives the content of a run's file, each byte once. */
export async function* readRunFile(
  calls: Calls,
  logger: Logger,
  own: Identity,
  file: string,
  options: ReadRunFileOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { follow = false, tailLines = 0 } = options;
  const run = resolveRun(own, options);
  let offset = offsetOf(options.offset);
  let begun = false;
  const stream = new ResumingStream(calls, logger, {
    method: Storage.method.readRunFile,
    request: () => ({ ...run, file, offset, tailLines: begun ? 0 : tailLines, follow }),
    // Followed, it ends when the run has ended.
    finished: () => true,
    recovers: ({ reason }) => {
      // Meanwhile the file was replaced by a shorter one: that one is read from its beginning.
      const replaced = follow && begun && offset > 0n && reason === "OFFSET_MISMATCH";
      if (replaced) offset = 0n;
      return replaced;
    },
    retryForMs: options.retryForMs ?? (follow ? undefined : calls.timeoutMs),
    wantsAll: true,
    signal: options.signal,
  });
  try {
    for (let frame = await stream.next(); frame !== undefined; frame = await stream.next()) {
      begun = true;
      offset = frame.offset + BigInt(frame.chunk.length);
      if (frame.chunk.length > 0) yield frame.chunk;
    }
  } finally {
    stream.close();
  }
}
