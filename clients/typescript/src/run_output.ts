/** One of a run's output files, as something to write to. */

import type { Calls } from "./calls.js";
import { bytesOf, joined } from "./chunks.js";
import type { RunIds } from "./identity.js";
import { RunFileAppender } from "./run_files.js";

/** So many bytes are sent at once, without waiting for more. */
const FLUSH_BYTES = 64 * 1024;
/** So long what is written waits for more, in milliseconds. */
const FLUSH_AFTER_MS = 200;
/** With so many bytes waiting for the server, writing waits too. */
const WAITING_BYTES_MAX = 1024 * 1024;

/**
 * What a run writes to its `stdout`, `stderr` or `output`. It is buffered: it reaches the server's
 * disk in order, after 200 ms, or as soon as 64 KiB are waiting, or with `flush`.
 */
export class RunOutput {
  readonly #appender: RunFileAppender;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sending: Promise<void> | undefined;

  /** Writes to a file that is not there yet. */
  constructor(calls: Calls, run: RunIds, file: string) {
    this.#appender = new RunFileAppender(calls, run, file, 0n);
  }

  /**
   * Writes text (as UTF-8) or bytes. Resolves at once, or when less than 1 MiB waits for the
   * server, so that a fast writer who awaits it holds little memory. Never rejects: what cannot be
   * sent is kept and tried again by the next write, by `flush`, and at the end of the run.
   */
  async write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? bytesOf(data) : data.slice();
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes < FLUSH_BYTES) {
      this.#timer ??= setTimeout(() => void this.#flushQuietly(), FLUSH_AFTER_MS);
      return;
    }
    const flushed = this.#flushQuietly();
    if (this.#bytes >= WAITING_BYTES_MAX) await flushed;
  }

  /**
   * Resolves when everything that was written is on the server's disk. Rejects with a
   * CallboardError when it could not be sent within the client's timeout; it is kept then.
   */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#sending !== undefined || this.#bytes > 0) {
      // Who comes while something is sent waits for it, and then sends the rest.
      this.#sending ??= this.#send().finally(() => {
        this.#sending = undefined;
      });
      await this.#sending;
    }
  }

  async #flushQuietly(): Promise<void> {
    try {
      await this.flush();
    } catch {
      // What was not sent is still here; the end of the run says so if it stays.
    }
  }

  /** Sends what waits now. */
  async #send(): Promise<void> {
    const whole = joined(this.#parts);
    this.#parts = [whole];
    for (let begin = 0; begin < whole.length; begin += WAITING_BYTES_MAX) {
      const chunk = whole.subarray(begin, begin + WAITING_BYTES_MAX);
      await this.#appender.append(chunk);
      this.#bytes -= chunk.length;
      // What is appended is not sent again, whatever becomes of the rest.
      this.#parts[0] = whole.subarray(begin + chunk.length);
    }
    this.#parts.shift();
  }
}
