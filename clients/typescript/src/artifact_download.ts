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
import { Backoff } from "./backoff.js";
import type { Calls } from "./calls.js";
import { fromConnectError } from "./connect_errors.js";
import { UnavailableError } from "./errors.js";
import {
  type Artifact,
  type GetArtifactResponse,
  Storage,
} from "./generated/callboard/v1/storage_pb.js";
import type { Identity } from "./identity.js";
import { LinkedAbort, wait } from "./waiting.js";

/**
 * An artifact that arrives in chunks. Iterate it once, to its end: it is then compared with the
 * SHA-256 that the server sends last, and an InvalidArgumentError (CHECKSUM_MISMATCH) thrown when
 * they differ. Leaving the loop earlier ends the call.
 */
export interface ArtifactStream extends AsyncIterable<Uint8Array> {
  /** The artifact; its SHA-256 is there once all has arrived. */
  readonly artifact: Artifact;
}

/** Opens an artifact; resolves once the server has said what it is. */
export async function openArtifact(
  calls: Calls,
  own: Identity,
  address: ArtifactAddress,
  options: GetArtifactOptions,
): Promise<ArtifactStream> {
  const abort = new LinkedAbort(calls.closed, options.signal);
  const request = addressFields(own, address, options);
  try {
    const frames = await calls.open(Storage.method.getArtifact, request, abort.signal);
    const first = await frames.next();
    const artifact = artifactOf(first.done === true ? {} : first.value);
    return {
      artifact,
      [Symbol.asyncIterator]: () => chunksFrom(artifact, first, frames, abort),
    };
  } catch (thrown) {
    const { signal } = abort;
    abort.release();
    signal.throwIfAborted();
    throw fromConnectError(thrown);
  }
}

/** Gives the chunks of the frames, and checks them at their end. */
async function* chunksFrom(
  artifact: Artifact,
  first: IteratorResult<GetArtifactResponse>,
  frames: AsyncIterator<GetArtifactResponse>,
  abort: LinkedAbort,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash("sha256");
  let expected = "";
  try {
    for (let frame = first; frame.done !== true; frame = await frames.next()) {
      const { chunk, sha256 } = frame.value;
      hash.update(chunk);
      expected = sha256;
      if (chunk.length > 0) yield chunk;
    }
    checkSha256(artifact, expected, hash.digest("hex"));
    artifact.sha256 = expected;
  } catch (thrown) {
    abort.signal.throwIfAborted();
    throw fromConnectError(thrown);
  } finally {
    abort.abort();
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
  const backoff = new Backoff();
  let progressAt = performance.now();
  const progress = (): void => {
    progressAt = performance.now();
  };
  try {
    while (true) {
      try {
        const stream = await openArtifact(calls, own, address, options);
        await replaceFile(path, stream, progress);
        return stream.artifact;
      } catch (failure) {
        if (!(failure instanceof UnavailableError)) throw failure;
        const delayMs = backoff.nextDelayMs(failure.retryDelayMs);
        if (performance.now() + delayMs >= progressAt + timeoutMs) throw failure;
        await wait(delayMs, stop.signal);
      }
    }
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
