/// <reference lib="esnext.disposable" preserve="true" />
/** Following buses through breaks and restarts of the server. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";

import type { Calls } from "./calls.js";
import {
  type BusPosition,
  type Message,
  MessageBus,
  type SubscribeRequestSchema,
  type SubscribeResponse,
  type SubscribeResponse_Delivery,
  type SubscribeResponseSchema,
} from "./generated/callboard/v1/message_bus_pb.js";
import type { Logger } from "./logger.js";
import { Resume } from "./resume.js";
import { ResumingStream } from "./resuming_stream.js";

/** How long the server may be silent before a heartbeat when nothing is asked for, in milliseconds. */
const HEARTBEAT_INTERVAL_MS_DEFAULT = 15_000;
/** Between these are the heartbeat intervals that the server takes, in milliseconds. */
const HEARTBEAT_INTERVAL_MS_MIN = 100;
const HEARTBEAT_INTERVAL_MS_MAX = 3_600_000;
/** A stream that misses so many heartbeats is broken. */
const HEARTBEATS_MISSED_MAX = 3;

/** How a subscription is kept up. */
export interface KeepUpOptions {
  /** How long it is tried again without hearing anything, in milliseconds; for ever by default. */
  readonly retryForMs?: number | undefined;
  /** Called with every frame, for those who want to see gaps, damage or heartbeats themselves. */
  readonly onFrame?: ((frame: SubscribeResponse) => void) | undefined;
  /** Ends the subscription: who waits for a message then gets the signal's reason thrown. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The messages of a subscription, each once, in order within a bus. When the connection breaks or
 * the server restarts, it connects again and goes on where it was.
 *
 * Iterate it with `for await`, which closes it when the loop is left, or ask for one message at a
 * time with `next`. Iterating throws a CallboardError when the server refuses: CursorError when the
 * one bus followed cannot honour its start, and so on.
 */
export class Follow implements AsyncIterableIterator<Message, undefined>, AsyncDisposable {
  readonly #calls: Calls;
  readonly #resume: Resume;
  readonly #logger: Logger;
  readonly #onFrame: ((frame: SubscribeResponse) => void) | undefined;
  readonly #stream: ResumingStream<typeof SubscribeRequestSchema, typeof SubscribeResponseSchema>;
  #ahead: SubscribeResponse | undefined;
  #last: SubscribeResponse_Delivery | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    calls: Calls,
    logger: Logger,
    request: MessageInitShape<typeof SubscribeRequestSchema>,
    options: KeepUpOptions,
  ) {
    const resume = new Resume(request);
    const { heartbeatInterval } = resume.request();
    const heartbeatMs =
      heartbeatInterval === undefined
        ? HEARTBEAT_INTERVAL_MS_DEFAULT
        : durationMs(heartbeatInterval);
    this.#calls = calls;
    this.#resume = resume;
    this.#logger = logger;
    this.#onFrame = options.onFrame;
    this.#stream = new ResumingStream(calls, logger, {
      method: MessageBus.method.subscribe,
      request: () => resume.request(),
      finished: () => resume.finished,
      retryForMs: options.retryForMs,
      silenceMsMax: HEARTBEATS_MISSED_MAX * within(heartbeatMs),
      signal: options.signal,
    });
  }

  /** Subscribes, and resolves once the server has said where reading starts. */
  static async open(
    calls: Calls,
    logger: Logger,
    request: MessageInitShape<typeof SubscribeRequestSchema>,
    options: KeepUpOptions,
  ): Promise<Follow> {
    const follow = new Follow(calls, logger, request, options);
    try {
      await follow.#place();
    } catch (failure) {
      follow.close();
      throw failure;
    }
    return follow;
  }

  /** The message given last, with its bus and cursor; undefined before the first. */
  get last(): SubscribeResponse_Delivery | undefined {
    return this.#last;
  }

  /** How far the messages given so far have come, for a later `follow({ positions })`. */
  get positions(): BusPosition[] {
    return this.#resume.positions;
  }

  /**
   * How far it has come in the one bus followed, for a later `follow({ cursor })`. Empty when the
   * bus does not exist yet, and when several buses are followed.
   */
  get cursor(): string {
    return this.#resume.wide ? "" : (this.#resume.positions[0]?.cursor ?? "");
  }

  /** Waits for the next message. */
  async next(): Promise<IteratorResult<Message, undefined>> {
    // One at a time, in the order of asking, as an async generator does it.
    const mine = this.#turn.then(() => this.#nextMessage());
    this.#turn = mine.catch(() => undefined);
    const value = await mine;
    return value === undefined ? { done: true, value } : { done: false, value };
  }

  /** Closes it; `for await` calls this when its loop is left. */
  return(): Promise<IteratorResult<Message, undefined>> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Ends the subscription: who waits for a message sees the end of the iteration. */
  close(): void {
    this.#stream.close();
  }

  /** Returns itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Closes it. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  async #place(): Promise<void> {
    while (!this.#resume.placed) {
      const frame = await this.#stream.next();
      if (frame === undefined) {
        this.#calls.closed.throwIfAborted();
        return;
      }
      if (frame.frame.case === "message") {
        // Positions must not run ahead of what the caller was given.
        this.#ahead = frame;
        return;
      }
      this.#take(frame);
    }
  }

  async #nextMessage(): Promise<Message | undefined> {
    // How the stream ends after the last message does not matter.
    if (this.#resume.complete) this.close();
    while (true) {
      const frame = this.#ahead ?? (await this.#stream.next());
      this.#ahead = undefined;
      if (frame === undefined) return undefined;
      const delivery = this.#take(frame);
      if (delivery?.message !== undefined) {
        this.#last = delivery;
        return delivery.message;
      }
    }
  }

  #take(response: SubscribeResponse): SubscribeResponse_Delivery | undefined {
    const { frame } = response;
    if (frame.case === "gap") {
      const { projectId, taskId, reason } = frame.value;
      this.#logger.warn(`callboard: messages of bus ${projectId}/${taskId} are gone (${reason})`);
    } else if (frame.case === "damaged") {
      const { projectId, taskId, length, offset, detail } = frame.value;
      this.#logger.warn(
        `callboard: bus ${projectId}/${taskId} has ${String(length)} damaged bytes` +
          ` at offset ${String(offset)}: ${detail}`,
      );
    }
    const delivery = this.#resume.take(response);
    this.#onFrame?.(response);
    return delivery;
  }
}

/** The heartbeat interval that the server may be expected to keep; it refuses any other. */
function within(ms: number): number {
  return Math.min(Math.max(ms, HEARTBEAT_INTERVAL_MS_MIN), HEARTBEAT_INTERVAL_MS_MAX);
}
