/** Putting artifacts of any size, from files, bytes and streams. */

import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";

import type { MessageInitShape } from "@bufbuild/protobuf";

import {
  artifactFields,
  artifactOf,
  type PutArtifactOptions,
  SAVE_BYTES_MAX,
  saveArtifact,
} from "./artifacts.js";
import { type Calls, newRequestId } from "./calls.js";
import { type ByteSource, bytesOf, chunksOf } from "./chunks.js";
import { fromConnectError } from "./connect_errors.js";
import { errorOf } from "./errors.js";
import {
  type Artifact,
  Storage,
  type UploadArtifactRequestSchema,
} from "./generated/callboard/v1/storage_pb.js";
import type { Identity } from "./identity.js";
import { fileChunks } from "./node_streams.js";
import { OwnSource } from "./own_source.js";
import { transfer } from "./transfer.js";
import { LinkedAbort, unlessAborted } from "./waiting.js";

type UploadRequest = MessageInitShape<typeof UploadArtifactRequestSchema>;

/** Content that can be read again and again, its size and SHA-256 known beforehand. */
interface KnownContent {
  readonly size: number;
  readonly sha256: string;
  /** Opens it at its beginning. */
  open(): ByteSource;
}

/** Puts the file at a path. */
export async function putFile(
  calls: Calls,
  own: Identity,
  name: string,
  path: string,
  options: PutArtifactOptions,
): Promise<Artifact> {
  const { size } = await stat(path);
  if (size <= SAVE_BYTES_MAX) {
    return await putBytes(calls, own, name, await readFile(path), options);
  }
  const hash = createHash("sha256");
  let hashed = 0;
  for await (const chunk of fileChunks(path)) {
    options.signal?.throwIfAborted();
    calls.closed.throwIfAborted();
    hash.update(chunk);
    hashed += chunk.length;
  }
  const sha256 = hash.digest("hex");
  return await uploadKnown(calls, own, name, options, {
    size: hashed,
    sha256,
    open: () => fileChunks(path),
  });
}

/** Puts bytes, or text as UTF-8. */
export async function putBytes(
  calls: Calls,
  own: Identity,
  name: string,
  data: string | Uint8Array,
  options: PutArtifactOptions,
): Promise<Artifact> {
  const bytes = bytesOf(data);
  if (bytes.length <= SAVE_BYTES_MAX) return await saveArtifact(calls, own, name, bytes, options);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const known = { size: bytes.length, sha256, open: () => bytes };
  return await uploadKnown(calls, own, name, options, known);
}

/** Puts what a stream gives: once, since it cannot be read again. */
export async function putStream(
  calls: Calls,
  own: Identity,
  name: string,
  stream: Exclude<ByteSource, string | Uint8Array>,
  options: PutArtifactOptions,
): Promise<Artifact> {
  const requestId = options.requestId ?? newRequestId();
  const header = { ...artifactFields(own, name, options), requestId };
  const chunks = new OwnSource(chunksOf(stream));
  const { signal } = options;
  signal?.throwIfAborted();
  const abort = new LinkedAbort(calls.closed);
  try {
    const uploading = upload(calls, abort.signal, revocable(header, chunks, signal));
    // One that the caller has aborted still has to be revoked, and one that the server refused
    // would stay open.
    const ended = uploading.finally(() => {
      abort.abort();
    });
    return await unlessAborted(ended, signal);
  } catch (thrown) {
    chunks.throwIfFailed();
    signal?.throwIfAborted();
    calls.closed.throwIfAborted();
    throw fromConnectError(thrown, requestId);
  }
}

/** Uploads, and again while the server cannot be reached, as long as there is progress. */
async function uploadKnown(
  calls: Calls,
  own: Identity,
  name: string,
  options: PutArtifactOptions,
  content: KnownContent,
): Promise<Artifact> {
  const { sha256, size } = content;
  const requestId = options.requestId ?? newRequestId();
  const header = { ...artifactFields(own, name, options), sha256, requestId, size: BigInt(size) };
  const abort = new LinkedAbort(calls.closed, options.signal);
  const timeoutMs = options.timeoutMs ?? calls.timeoutMs;
  try {
    return await transfer(timeoutMs, abort.signal, async (progress) => {
      const chunks = new OwnSource(chunksOf(content.open()));
      try {
        return await upload(calls, abort.signal, requestsOf(header, chunks, progress));
      } catch (thrown) {
        chunks.throwIfFailed();
        abort.signal.throwIfAborted();
        throw fromConnectError(thrown, requestId);
      }
    });
  } finally {
    abort.abort();
  }
}

/** Makes one upload, without a deadline: the server gives up when nothing comes for 60 s. */
async function upload(
  calls: Calls,
  signal: AbortSignal,
  requests: AsyncIterable<UploadRequest>,
): Promise<Artifact> {
  const method = Storage.method.uploadArtifact;
  const answer = await calls.transport.stream(method, signal, undefined, undefined, requests);
  for await (const response of answer.message) return artifactOf(response);
  throw errorOf("the upload was not answered", { code: "UNAVAILABLE" });
}

type Header = Extract<NonNullable<UploadRequest["part"]>, { case: "header" }>["value"];

/** Gives the header, and then the chunks; says so whenever one was taken. */
async function* requestsOf(
  header: Header,
  chunks: AsyncIterable<Uint8Array>,
  progress: () => void,
): AsyncGenerator<UploadRequest, void, undefined> {
  yield { part: { case: "header", value: header } };
  for await (const value of chunks) {
    yield { part: { case: "chunk", value } };
    progress();
  }
}

/**
 * Gives the header and the chunks of content whose size the server does not know. When getting them
 * fails or is aborted, a second header follows: the server refuses that, and saves nothing. To end
 * the call would not do, since Node ends a stream before it resets it, and so half of the content
 * could be taken for the whole.
 */
async function* revocable(
  header: Header,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<UploadRequest, void, undefined> {
  yield { part: { case: "header", value: header } };
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    while (true) {
      const next = await unlessAborted(iterator.next(), signal);
      if (next.done === true) return;
      yield { part: { case: "chunk", value: next.value } };
    }
  } catch {
    // Why is known to the source, or to the signal.
    yield { part: { case: "header", value: header } };
  } finally {
    // What goes wrong in letting go of it is nobody's news any more.
    iterator.return?.().catch(() => undefined);
  }
}
