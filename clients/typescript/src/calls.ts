/** Making calls: with a deadline, the client's errors, and repetitions where they are safe. */

import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";

import { Backoff } from "./backoff.js";
import { fromConnectError } from "./connect_errors.js";
import { CallboardError, DeadlineError, errorOf, UnavailableError } from "./errors.js";
import { UsageError } from "./usage_error.js";
import { LinkedAbort, wait } from "./waiting.js";

/** How long a call may take with all its attempts, in milliseconds, unless asked otherwise. */
export const TIMEOUT_MS_DEFAULT = 30_000;
/** The longest timeout that a gRPC header holds, in milliseconds: more than a day. */
const TIMEOUT_MS_MAX = 99_999_999;
/** What is said of a client once it is closed. */
const CLOSED = "the client is closed";

/** How a call is made. */
export interface CallOptions {
  /** How long the call may take with all its attempts, in milliseconds; the client's by default. */
  readonly timeoutMs?: number | undefined;
  /** Ends the call early: it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How `Client.call` makes a call. */
export interface RepeatableCallOptions extends CallOptions {
  /**
   * Whether the call may be repeated while the server cannot be reached. By default when the
   * request is one to get, list or read something, or carries a `requestId` or an `etag`.
   */
  readonly repeatable?: boolean | undefined;
}

/** A transport with the client's own rules about time, repetitions and errors. */
export class Calls {
  readonly #closing = new AbortController();
  /** The transport, which refuses calls once this is closed. */
  readonly transport: Transport;

  /** Makes calls over `transport`, each within `timeoutMs` milliseconds unless it says otherwise. */
  constructor(
    transport: Transport,
    readonly timeoutMs: number,
  ) {
    this.transport = refusingAfter(this.closed, transport);
  }

  /** Aborted by `close`. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** Ends the calls that run, and refuses further ones. */
  close(): void {
    this.#closing.abort(errorOf(CLOSED, { code: "CANCELLED" }));
  }

  /** Makes a unary call. */
  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options: RepeatableCallOptions = {},
  ): Promise<MessageShape<O>> {
    const message = create(method.input, request);
    const requestId = text(message, "requestId");
    const repeatable = options.repeatable ?? isRepeatable(method.input, message);
    return await this.attempts(
      (remainingMs, signal) => this.attempt(method, message, remainingMs, signal),
      { ...options, requestId, repeatable },
    );
  }

  /** Makes a unary call once. Throws the runtime's errors. */
  async attempt<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<MessageShape<O>> {
    return (await this.transport.unary(method, signal, timeoutMs, undefined, request)).message;
  }

  /** Makes attempts until one succeeds, is refused, or the time is up. */
  async attempts<T>(
    attempt: (remainingMs: number, signal: AbortSignal) => Promise<T>,
    options: RepeatableCallOptions & { readonly requestId?: string },
  ): Promise<T> {
    const timeoutMs = Math.min(options.timeoutMs ?? this.timeoutMs, TIMEOUT_MS_MAX);
    if (Number.isNaN(timeoutMs)) throw new UsageError("timeoutMs is not a number");
    const abort = new LinkedAbort(this.closed, options.signal);
    const deadline = performance.now() + timeoutMs;
    const backoff = new Backoff();
    let away: UnavailableError | undefined;
    try {
      while (true) {
        abort.signal.throwIfAborted();
        try {
          return await attempt(Math.max(Math.ceil(deadline - performance.now()), 1), abort.signal);
        } catch (thrown) {
          // A refusal that is already known says more than that the call was ended.
          if (!(thrown instanceof CallboardError)) abort.signal.throwIfAborted();
          const failure = fromConnectError(thrown, options.requestId);
          // The time was up while the server was still being tried again: that it was away says more.
          if (away && failure instanceof DeadlineError && failure.reason === "") throw away;
          const delayMs = backoff.nextDelayMs(failure.retryDelayMs);
          const late = performance.now() + delayMs >= deadline;
          if (!(options.repeatable ?? true) || late || !(failure instanceof UnavailableError)) {
            throw failure;
          }
          away = failure;
          await wait(delayMs, abort.signal);
        }
      }
    } finally {
      abort.release();
    }
  }

  /** Opens a server stream, once, without a deadline. Throws the runtime's errors. */
  async open<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
    signal: AbortSignal,
  ): Promise<AsyncIterator<MessageShape<O>>> {
    const input = oneOf(request);
    const answer = await this.transport.stream(method, signal, undefined, undefined, input);
    return answer.message[Symbol.asyncIterator]();
  }
}

/** The same transport, which makes no call once the signal is aborted: a call would connect again. */
function refusingAfter(closed: AbortSignal, transport: Transport): Transport {
  const check = (): void => {
    if (closed.aborted) throw new ConnectError(CLOSED, Code.Canceled);
  };
  return {
    unary: async (...call) => {
      check();
      return await transport.unary(...call);
    },
    stream: async (...call) => {
      check();
      return await transport.stream(...call);
    },
  };
}

/** Whether a request says by itself that repeating it is safe. */
export function isRepeatable(type: DescMessage, message: object): boolean {
  return (
    text(message, "requestId") !== "" ||
    text(message, "etag") !== "" ||
    /^(Get|List|Read)/.test(type.name)
  );
}

/** Makes a request id: 32 hex digits, random. */
export function newRequestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The text of a field that only some requests have. */
function text(message: object, field: string): string {
  const value: unknown = (message as Readonly<Record<string, unknown>>)[field];
  return typeof value === "string" ? value : "";
}

// eslint-disable-next-line @typescript-eslint/require-await -- the runtime takes this form only
async function* oneOf<T>(value: T): AsyncGenerator<T> {
  yield value;
}
