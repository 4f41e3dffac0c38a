/** A server stream that goes on after breaks and restarts of the server. */

import type {
  DescMessage,
  DescMethodServerStreaming,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";

import { Backoff } from "./backoff.js";
import type { Calls } from "./calls.js";
import { fromConnectError } from "./connect_errors.js";
import { CallboardError, errorOf, UnavailableError } from "./errors.js";
import type { Logger } from "./logger.js";
import { LinkedAbort, wait } from "./waiting.js";

/** What a broken stream looks like when what stands between had to put it into words. */
const CODES_OF_BREAKS = ["INTERNAL", "UNKNOWN", "CANCELLED"];

/** How long a stream may take to be opened, in milliseconds, when it may be silent for less. */
const OPENING_MS = 10_000;

/** What a stream asks for, and when it ends. */
export interface ResumingStreamOptions<I extends DescMessage, O extends DescMessage> {
  /** The method to call. */
  readonly method: DescMethodServerStreaming<I, O>;
  /** Makes the request of the first stream, and of each one after a break. */
  readonly request: () => MessageInitShape<I>;
  /** Whether the end of a stream without an error is the end of what was asked for. */
  readonly finished: () => boolean;
  /** Takes note of a refusal, and says whether another `request` may do better. */
  readonly recovers?: ((failure: CallboardError) => boolean) | undefined;
  /** How long it is tried again without hearing anything, in milliseconds; for ever by default. */
  readonly retryForMs?: number | undefined;
  /**
   * A stream that is silent for so many milliseconds is broken; by default none is. To be opened it
   * may take 10 s in any case.
   */
  readonly silenceMsMax?: number | undefined;
  /** Whether `next` rejects with CANCELLED when the client is closed; by default it sees the end. */
  readonly wantsAll?: boolean | undefined;
  /** Ends the stream: `next` then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The frames of a server stream, over as many calls as it takes. One reader at a time. */
export class ResumingStream<I extends DescMessage, O extends DescMessage> {
  readonly #calls: Calls;
  readonly #logger: Logger;
  readonly #options: ResumingStreamOptions<I, O>;
  readonly #backoff = new Backoff();
  readonly #closing = new AbortController();
  readonly #ended: LinkedAbort;
  #call: { readonly abort: LinkedAbort; frames?: AsyncIterator<MessageShape<O>> } | undefined;
  #received = false;
  #silentSince = performance.now();

  constructor(calls: Calls, logger: Logger, options: ResumingStreamOptions<I, O>) {
    this.#calls = calls;
    this.#logger = logger;
    this.#options = options;
    this.#ended = new LinkedAbort(calls.closed, options.signal, this.#closing.signal);
  }

  /** Waits for the next frame, connecting again as often as needed; undefined at the end. */
  async next(): Promise<MessageShape<O> | undefined> {
    while (!this.#isEnded()) {
      try {
        const frame = await this.#receive();
        if (frame !== undefined) return frame;
        this.#drop();
        if (this.#options.finished()) {
          this.close();
          return undefined;
        }
        await this.#waitAfter(errorOf("the stream ended", { code: "UNAVAILABLE" }));
      } catch (thrown) {
        this.#drop();
        if (this.#isEnded()) break;
        await this.#waitAfter(fromConnectError(thrown));
      }
    }
    // To be closed is an end like any other; to be aborted is not.
    this.#options.signal?.throwIfAborted();
    if (this.#options.wantsAll === true && !this.#closing.signal.aborted) {
      this.#calls.closed.throwIfAborted();
    }
    return undefined;
  }

  /** Ends the stream: who waits in `next` sees its end. */
  close(): void {
    this.#closing.abort();
    this.#drop();
    this.#ended.release();
  }

  #isEnded(): boolean {
    return this.#ended.signal.aborted;
  }

  /** Waits for one frame of the stream that is open, or of a new one; undefined at its end. */
  async #receive(): Promise<MessageShape<O> | undefined> {
    if (this.#call === undefined) {
      this.#call = { abort: new LinkedAbort(this.#ended.signal) };
      this.#received = false;
    }
    const call = this.#call;
    const timer = this.#silenceTimer(call.abort);
    try {
      const { method, request } = this.#options;
      call.frames ??= await this.#calls.open(method, request(), call.abort.signal);
      const result = await call.frames.next();
      if (result.done === true) return undefined;
      if (!this.#received) {
        this.#received = true;
        this.#backoff.reset();
      }
      this.#silentSince = performance.now();
      return result.value;
    } catch (thrown) {
      throw call.abort.signal.aborted ? call.abort.signal.reason : thrown;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Breaks the call when nothing comes for too long. */
  #silenceTimer(call: LinkedAbort): ReturnType<typeof setTimeout> | undefined {
    const { silenceMsMax } = this.#options;
    if (silenceMsMax === undefined) return undefined;
    const ms = this.#received ? silenceMsMax : Math.max(silenceMsMax, OPENING_MS);
    return setTimeout(() => {
      call.abort(errorOf(`the stream was silent for ${ms} ms`, { code: "UNAVAILABLE" }));
    }, ms);
  }

  #drop(): void {
    this.#call?.abort.abort();
    this.#call = undefined;
  }

  /** Waits before the next attempt, or throws when there is to be none. */
  async #waitAfter(failure: CallboardError): Promise<void> {
    const { recovers, retryForMs } = this.#options;
    if (recovers?.(failure) === true) return;
    const broken =
      failure instanceof UnavailableError ||
      (failure.reason === "" && this.#received && CODES_OF_BREAKS.includes(failure.code));
    const delayMs = this.#backoff.nextDelayMs(failure.retryDelayMs);
    const silentMs = performance.now() - this.#silentSince;
    if (!broken || (retryForMs !== undefined && silentMs + delayMs > retryForMs)) {
      this.close();
      throw failure;
    }
    // Once a break: what follows is the same news.
    if (this.#received || silentMs < delayMs) {
      this.#logger.warn(
        `callboard: a stream was interrupted, connecting again: ${failure.message}`,
      );
    }
    this.#received = false;
    await wait(delayMs, this.#ended.signal);
  }
}
