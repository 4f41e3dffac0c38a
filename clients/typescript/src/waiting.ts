/** Waiting that can be ended early, and signals that end together. */

/** Waits so many milliseconds, or until the signal is aborted; never rejects. */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}

/** Resolves as the promise does, or rejects with the signal's reason when that comes first. */
export async function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return await promise;
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/**
 * An abort controller that is aborted with any of the given signals. Unlike `AbortSignal.any` it
 * can be taken off them again, so that a signal that lives long does not collect those that do not.
 */
export class LinkedAbort {
  readonly #controller = new AbortController();
  readonly #sources: readonly AbortSignal[];

  constructor(...sources: readonly (AbortSignal | undefined)[]) {
    this.#sources = sources.filter((source) => source !== undefined);
    for (const source of this.#sources) {
      if (source.aborted) this.#controller.abort(source.reason);
      source.addEventListener("abort", this.#pass);
    }
  }

  /** Aborted with the first of the sources, or by `abort`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborts, and lets go of the sources. */
  abort(reason?: unknown): void {
    this.release();
    this.#controller.abort(reason);
  }

  /** Lets go of the sources. */
  release(): void {
    for (const source of this.#sources) source.removeEventListener("abort", this.#pass);
  }

  readonly #pass = (event: Event): void => {
    this.abort((event.target as AbortSignal).reason);
  };
}
