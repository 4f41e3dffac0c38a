/// <reference lib="esnext.disposable" preserve="true" />
/** Getting artifacts: as a stream of chunks, or whole and checked into a file. */

import { createHash, randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import {
  addressFields,
  type ArtifactAddress,
  artifactOf,
  checkSha256,
  type GetArtifactOptions,
} from "./artifacts.js";
import type { Calls } from "./calls.js";
import { fromConnectError } from "./connect_errors.js";
import { errorOf } from "./errors.js";
import {
  type Artifact,
  type GetArtifactResponse,
  Storage,
} from "./generated/callboard/v1/storage_pb.js";
import type { Identity } from "./identity.js";
import { transfer } from "./transfer.js";
import { UsageError } from "./usage_error.js";
import { LinkedAbort } from "./waiting.js";

/**
 * An artifact that arrives in chunks. Iterate it once, to its end: it is then compared with the
 * SHA-256 that the server sends last, and an InvalidArgumentError (CHECKSUM_MISMATCH) thrown when
 * they differ. Leaving the loop earlier ends the call, as does `close`.
 */
export class ArtifactStream implements AsyncIterable<Uint8Array>, AsyncDisposable {
  /** The artifact; its SHA-256 is there once all has arrived. */
  readonly artifact: Artifact;

  readonly #frames: AsyncIterator<GetArtifactResponse>;
  readonly #abort: LinkedAbort;
  #first: GetArtifactResponse | undefined;

  /** Goes on with the frames after the first one. */
  constructor(
    first: GetArtifactResponse,
    frames: AsyncIterator<GetArtifactResponse>,
    abort: LinkedAbort,
  ) {
    this.artifact = artifactOf(first);
    this.#first = first;
    this.#frames = frames;
    this.#abort = abort;
  }

  /** Gives the chunks. Throws UsageError when they were given already. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const first = this.#first;
    this.#first = undefined;
    if (first === undefined) throw new UsageError("an ArtifactStream is iterated once");
    const hash = createHash("sha256");
    let expected = "";
    try {
      let frame: IteratorResult<GetArtifactResponse> = { value: first };
      for (; frame.done !== true; frame = await this.#frames.next()) {
        const { chunk, sha256 } = frame.value;
        hash.update(chunk);
        expected = sha256;
        if (chunk.length > 0) yield chunk;
      }
      checkSha256(this.artifact, expected, hash.digest("hex"));
      this.artifact.sha256 = expected;
    } catch (thrown) {
      this.#abort.signal.throwIfAborted();
      throw fromConnectError(thrown);
    } finally {
      this.close();
    }
  }

  /** Ends the call. */
  close(): void {
    this.#abort.abort();
  }

  /** Closes it. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }
}

/** Opens an artifact; resolves once the server has said what it is. */
export async function openArtifact(
  calls: Calls,
  own: Identity,
  address: ArtifactAddress,
  options: GetArtifactOptions,
): Promise<ArtifactStream> {
  const request = addressFields(own, address, options);
  const abort = new LinkedAbort(calls.closed, options.signal);
  try {
    const frames = await calls.open(Storage.method.getArtifact, request, abort.signal);
    const first = await frames.next();
    if (first.done === true) {
      throw errorOf("the server's answer names no artifact", { code: "INTERNAL" });
    }
    return new ArtifactStream(first.value, frames, abort);
  } catch (thrown) {
    const ended = abort.signal.aborted;
    const reason: unknown = abort.signal.reason;
    abort.abort();
    if (ended) throw reason;
    throw fromConnectError(thrown);
  }
}

/**
 * Gets an artifact into a file: into one beside it, which takes its place when it is whole. Nothing
 * is left of a broken one; it is begun again while the server cannot be reached, as long as there
 * is progress within the timeout.
 */
export async function getToFile(
  calls: Calls,
  own: Identity,
  address: ArtifactAddress,
  path: string,
  options: GetArtifactOptions,
): Promise<Artifact> {
  const stop = new LinkedAbort(calls.closed, options.signal);
  const timeoutMs = options.timeoutMs ?? calls.timeoutMs;
  try {
    return await transfer(timeoutMs, stop.signal, async (progress) => {
      const stream = await openArtifact(calls, own, address, options);
      try {
        await replaceFile(path, stream, progress);
      } finally {
        stream.close();
      }
      return stream.artifact;
    });
  } finally {
    stop.release();
  }
}

/** Writes the chunks to a new file and gives it the path's name, or leaves nothing. */
export async function replaceFile(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  progress: () => void,
): Promise<void> {
  const temporary = join(
    dirname(path),
    `.${basename(path)}.${randomBytes(6).toString("hex")}.part`,
  );
  const file = await open(temporary, "wx");
  try {
    for await (const chunk of chunks) {
      await file.writeFile(chunk);
      progress();
    }
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (failure) {
    await file.close();
    await rm(temporary, { force: true });
    throw failure;
  }
}
