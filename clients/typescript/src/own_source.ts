/** What a caller gives to be sent, with the caller's own errors kept apart from the network's. */

/** Gives what a source gives, and remembers how it failed. */
export class OwnSource<T> {
  readonly #source: Iterable<T> | AsyncIterable<T>;
  #failure: { readonly thrown: unknown } | undefined;

  constructor(source: Iterable<T> | AsyncIterable<T>) {
    this.#source = source;
  }

  /** Throws what the source threw: the runtime has made an error of its own of that. */
  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.thrown;
  }

  /** Gives the source's values. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    const iterator =
      Symbol.asyncIterator in this.#source
        ? this.#source[Symbol.asyncIterator]()
        : this.#source[Symbol.iterator]();
    try {
      while (true) {
        const result = await this.#next(iterator);
        if (result.done === true) return;
        yield result.value;
      }
    } finally {
      await iterator.return?.();
    }
  }

  async #next(iterator: Iterator<T> | AsyncIterator<T>): Promise<IteratorResult<T>> {
    try {
      return await iterator.next();
    } catch (thrown) {
      this.#failure = { thrown };
      throw thrown;
    }
  }
}
