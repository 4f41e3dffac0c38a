/** Files and Node's streams as content to send: opened when they are read, and let go of. */

import { createReadStream } from "node:fs";
import { Readable } from "node:stream";

/** Gives the content of a file, which is opened when the first chunk is asked for. */
export async function* fileChunks(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  // Earlier, nobody would hear that it cannot be opened, which ends the process.
  yield* createReadStream(path) as AsyncIterable<Buffer>;
}

/** Sends what a source gives; a Readable is destroyed in the end, as `pipeline` does it. */
export async function sending<S, T>(source: S, send: (source: S) => Promise<T>): Promise<T> {
  if (!(source instanceof Readable)) return await send(source);
  // It may fail before it is read, which would end the process; to read it throws the same error.
  source.on("error", () => undefined);
  try {
    return await send(source);
  } finally {
    source.destroy();
  }
}
