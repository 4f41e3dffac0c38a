/** Transfers that take as long as they take, and are begun again after breaks. */

import { Backoff } from "./backoff.js";
import { UnavailableError } from "./errors.js";
import { wait } from "./waiting.js";

/**
 * Attempts a transfer, and again while the server cannot be reached, as long as there is progress
 * within the timeout. An attempt says when there is, and throws the client's errors.
 */
export async function transfer<T>(
  timeoutMs: number,
  signal: AbortSignal,
  attempt: (progress: () => void) => Promise<T>,
): Promise<T> {
  const backoff = new Backoff();
  let progressAt = performance.now();
  const progress = (): void => {
    progressAt = performance.now();
  };
  while (true) {
    try {
      return await attempt(progress);
    } catch (failure) {
      if (!(failure instanceof UnavailableError)) throw failure;
      const delayMs = backoff.nextDelayMs(failure.retryDelayMs);
      if (performance.now() + delayMs >= progressAt + timeoutMs) throw failure;
      await wait(delayMs, signal);
    }
  }
}
