/** How long to wait before trying again. */

/** The first delay, in milliseconds; each further one is twice as long. */
export const DELAY_MS_FIRST = 50;
/** The longest delay that this side chooses, in milliseconds. */
export const DELAY_MS_MAX = 2_000;

/** Delays that grow with every failure in a row, spread so that clients do not return as one. */
export class Backoff {
  #failures = 0;

  /** Counts a failure and returns the milliseconds to wait: at least what the server wanted. */
  nextDelayMs(wantedMs = 0): number {
    const delay = Math.min(DELAY_MS_FIRST * 2 ** Math.min(this.#failures, 16), DELAY_MS_MAX);
    this.#failures += 1;
    return Math.max(delay * (0.5 + Math.random() / 2), wantedMs);
  }

  /** Forgets the failures: something worked. */
  reset(): void {
    this.#failures = 0;
  }
}
