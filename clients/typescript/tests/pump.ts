/** Taking items from an iteration with a timeout, for drivers and tests. */

/** What was taken. */
export interface Taken<T> {
  readonly items: T[];
  /** Whether the iteration has ended. */
  readonly ended: boolean;
  /** Whether the time was up before there was enough. */
  readonly timedOut: boolean;
  /** What the iteration threw, if it did. */
  readonly error: unknown;
}

/**
 * An iteration that is asked for one item at a time, only while somebody waits for one: positions
 * must not run ahead of what was taken. An item that comes after the time is up is kept.
 */
export class Pump<T> {
  readonly #iterator: AsyncIterator<T>;
  readonly #abort: AbortController | undefined;
  #pending: Promise<IteratorResult<T>> | undefined;
  #ended = false;

  constructor(source: AsyncIterable<T>, abort?: AbortController) {
    this.#iterator = source[Symbol.asyncIterator]();
    this.#abort = abort;
  }

  /** Resolves when nobody waits for an item any more. */
  get end(): Promise<unknown> {
    return this.#pending?.catch(() => undefined) ?? Promise.resolve();
  }

  /** Ends the iteration. */
  abort(): void {
    this.#abort?.abort();
  }

  /** Takes items until there are enough, the iteration ends, or the time is up. */
  async take(enough: (items: readonly T[]) => boolean, timeoutMs: number): Promise<Taken<T>> {
    const items: T[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<"late">((resolve) => {
      timer = setTimeout(() => {
        resolve("late");
      }, timeoutMs);
    });
    try {
      while (!this.#ended && !enough(items)) {
        this.#pending ??= this.#iterator.next();
        const result = await Promise.race([this.#pending, timeout]);
        if (result === "late") return { items, ended: false, timedOut: true, error: undefined };
        this.#pending = undefined;
        if (result.done === true) this.#ended = true;
        else items.push(result.value);
      }
      return { items, ended: this.#ended, timedOut: false, error: undefined };
    } catch (error) {
      this.#pending = undefined;
      this.#ended = true;
      return { items, ended: true, timedOut: false, error };
    } finally {
      clearTimeout(timer);
    }
  }
}
