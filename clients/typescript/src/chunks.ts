/** Content in pieces of the size that calls carry best. */

/** How much of a file one call carries, in bytes. */
export const CHUNK_BYTES = 256 * 1024;

/** Bytes, text (as UTF-8), or a stream of either. */
export type ByteSource =
  string | Uint8Array | AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>;

/** Gives the content of a source in chunks of exactly CHUNK_BYTES, but for the last one. */
export async function* chunksOf(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = typeof source === "string" || source instanceof Uint8Array ? [source] : source;
  let parts: Uint8Array[] = [];
  let held = 0;
  for await (const piece of pieces) {
    let rest = bytesOf(piece);
    while (held + rest.length >= CHUNK_BYTES) {
      const fitting = rest.subarray(0, CHUNK_BYTES - held);
      yield joined([...parts, fitting]);
      rest = rest.subarray(fitting.length);
      parts = [];
      held = 0;
    }
    if (rest.length > 0) {
      parts.push(rest);
      held += rest.length;
    }
  }
  if (held > 0) yield joined(parts);
}

/** Returns text as UTF-8, and bytes as they are. */
export function bytesOf(piece: string | Uint8Array): Uint8Array {
  return typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
}

/** Returns the parts as one. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}
