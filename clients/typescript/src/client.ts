/** The client for Node: everything there is, with files and streams. */

import { basename } from "node:path";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";

import { DEFAULT_ADDRESS, parseAddress } from "./address.js";
import { appendStream, type AppendStreamOptions } from "./append_stream.js";
import { type ArtifactStream, getToFile, openArtifact, replaceFile } from "./artifact_download.js";
import { putBytes, putFile, putStream } from "./artifact_upload.js";
import type { ArtifactAddress, GetArtifactOptions, PutArtifactOptions } from "./artifacts.js";
import { type CertificateFiles, readCertificates } from "./certificate_files.js";
import type { ByteSource } from "./chunks.js";
import { ClientCore, type CommonClientOptions } from "./client_core.js";
import type { AppendStreamResponse, Message } from "./generated/callboard/v1/message_bus_pb.js";
import type { Artifact } from "./generated/callboard/v1/storage_pb.js";
import { resolveIdentity } from "./identity.js";
import { fileChunks, sending } from "./node_streams.js";
import { ownProcess } from "./own_process.js";
import type { PutRunFileOptions, ReadRunFileOptions } from "./run_files.js";
import { type Connection, connectTo } from "./transport.js";
import { UsageError } from "./usage_error.js";

/** Where the server is, and who speaks. What is not given is what the environment says. */
export interface ConnectOptions extends CommonClientOptions {
  /**
   * `host:port`, `http://host:port`, `https://host:port` or `unix:PATH`; by default CALLBOARD_ADDR,
   * else 127.0.0.1:50051.
   */
  readonly addr?: string | undefined;
  /** What the server wants to see; by default CALLBOARD_TOKEN. */
  readonly token?: string | undefined;
  /**
   * A PEM file of the only certificates that a server with TLS may have; by default CALLBOARD_CA,
   * else those that Node trusts.
   */
  readonly caFile?: string | undefined;
  /**
   * A PEM file of the certificate that a server with TLS is shown, with those between it and its
   * authority behind it; by default CALLBOARD_CERT, else none is shown. It needs keyFile: both are
   * given, or both come from the environment.
   */
  readonly certFile?: string | undefined;
  /**
   * A PEM file of that certificate's key, which has no password; by default CALLBOARD_KEY. It needs
   * certFile.
   */
  readonly keyFile?: string | undefined;
}

/** A file, named by its path. */
export interface FileSource {
  /** The path, or the file URL. */
  readonly path: string | URL;
}

/** What can be put: a file, bytes, text (as UTF-8), or a stream, such as a Node Readable. */
export type Source = FileSource | ByteSource;

/** Where something is put that is got: a path, a file URL, or a stream, which is ended. */
export type Destination = string | URL | Writable;

/** A client of a Callboard server, for Node. */
export class Client extends ClientCore {
  readonly #connection: Connection;

  /** As `connect`. */
  constructor(options: ConnectOptions = {}) {
    const address = parseAddress(options.addr ?? variable("CALLBOARD_ADDR") ?? DEFAULT_ADDRESS);
    const secure = address.kind === "tcp" && address.secure;
    const files = {
      caFile: options.caFile ?? variable("CALLBOARD_CA"),
      ...pairOf(options),
    };
    const connection = connectTo(
      address,
      options.token ?? variable("CALLBOARD_TOKEN") ?? "",
      secure ? readCertificates(files) : {},
    );
    const identity = resolveIdentity(options, process.env);
    super({ transport: connection.transport, identity, ownProcess }, options);
    this.#connection = connection;
  }

  /** Ends what still runs, closes the connection, and refuses further calls with CANCELLED. */
  override close(): void {
    // First the connection: a stream that is ended on an open one may look complete to the server.
    this.#connection.close();
    super.close();
  }

  /**
   * Appends messages, of any buses, as they come, and gives their answers in order: the fastest way
   * to append, since many are in flight at a time. It throws at the first refused message, whose
   * zero-based number is in `error.metadata.index`, and at a break of the connection; repeating it
   * with the same messages and `requestId` (the error's own, when none was given) then appends only
   * what is missing. Starts when the first answer is asked for.
   */
  appendStream(
    messages: Iterable<Message> | AsyncIterable<Message>,
    options: AppendStreamOptions = {},
  ): AsyncGenerator<AppendStreamResponse, void, undefined> {
    return appendStream(this.calls, messages, options);
  }

  /**
   * Saves an artifact of the task, whole or not at all, and gives it with its SHA-256. The name is
   * that of the file by default, and must be given for everything else.
   *
   * Files and bytes are sent again while the server cannot be reached, streams are sent once, and a
   * Readable is destroyed when it is not read to its end. There is no deadline for the transfer of what is over 1 MiB: `timeoutMs` then is how long it is tried
   * again without progress.
   */
  async putArtifact(
    source: Source,
    options: PutArtifactOptions & { readonly name?: string | undefined } = {},
  ): Promise<Artifact> {
    const path = pathOf(source);
    const name = options.name ?? (path === undefined ? undefined : basename(path));
    if (name === undefined) throw new UsageError("no name: give name: … for what is not a file");
    const { calls, identity } = this;
    if (path !== undefined) return await putFile(calls, identity, name, path, options);
    const bytes = source as ByteSource;
    if (typeof bytes === "string" || bytes instanceof Uint8Array) {
      return await putBytes(calls, identity, name, bytes, options);
    }
    return await sending(bytes, (stream) => putStream(calls, identity, name, stream, options));
  }

  /**
   * Gets an artifact into a file or a stream, and compares it with the SHA-256 that the server
   * sends: InvalidArgumentError (CHECKSUM_MISMATCH) when they differ. A file is there only when it
   * is whole, and is begun again after a break; a stream may have been given a part, and is
   * destroyed.
   */
  async getArtifact(
    address: ArtifactAddress,
    destination: Destination,
    options: GetArtifactOptions = {},
  ): Promise<Artifact> {
    const path = filePathOf(destination);
    if (path !== undefined) {
      return await getToFile(this.calls, this.identity, address, path, options);
    }
    const stream = await this.openArtifact(address, options);
    try {
      await pipeline(stream, destination as Writable);
    } finally {
      stream.close();
    }
    return stream.artifact;
  }

  /**
   * Opens an artifact, to be iterated: its chunks, checked at their end. Tried once. One that is not
   * iterated is to be closed.
   */
  async openArtifact(
    address: ArtifactAddress,
    options: GetArtifactOptions = {},
  ): Promise<ArtifactStream> {
    return await openArtifact(this.calls, this.identity, address, options);
  }

  /** As in ClientCore, also from a file. A Readable is destroyed in the end. */
  override async putRunFile(
    file: string,
    source: Source,
    options: PutRunFileOptions = {},
  ): Promise<number> {
    const path = pathOf(source);
    const content = path === undefined ? (source as ByteSource) : fileChunks(path);
    return await sending(content, (bytes) => super.putRunFile(file, bytes, options));
  }

  /** Gets a run's file into a file of this machine, or into a stream. `readRunFile` gives chunks. */
  async getRunFile(
    file: string,
    destination: Destination,
    options: ReadRunFileOptions = {},
  ): Promise<void> {
    const path = filePathOf(destination);
    const chunks = this.readRunFile(file, options);
    if (path === undefined) await pipeline(chunks, destination as Writable);
    else await replaceFile(path, chunks, () => undefined);
  }
}

/**
 * Gives a client of the server at `addr`. The connection is made by the first call.
 *
 * `project`, `task` and `run` are what the methods use that are not told: by default
 * JRUN_PROJECT_ID, JRUN_TASK_ID and JRUN_ID of the environment. Throws UsageError when the address
 * is not understood, when a token would go over the network in the clear, or when of a certificate
 * and its key one is missing or not that of the other.
 */
export function connect(options: ConnectOptions = {}): Client {
  return new Client(options);
}

/** The certificate to show and its key, from one place: of two places they might be no pair. */
function pairOf({ certFile, keyFile }: ConnectOptions): Omit<CertificateFiles, "caFile"> {
  const given = { certFile: certFile ?? undefined, keyFile: keyFile ?? undefined };
  if (given.certFile !== undefined || given.keyFile !== undefined) return given;
  return { certFile: variable("CALLBOARD_CERT"), keyFile: variable("CALLBOARD_KEY") };
}

/** A variable of the environment; an empty one is none. */
function variable(name: string): string | undefined {
  const value = process.env[name];
  return value === "" ? undefined : value;
}

/** The path of a source that is a file. */
function pathOf(source: Source): string | undefined {
  if (typeof source !== "object" || !("path" in source)) return undefined;
  // A Readable of a file has a path too, and is a stream all the same.
  if (Symbol.asyncIterator in source) return undefined;
  return filePathOf(source.path);
}

function filePathOf(path: Destination): string | undefined {
  if (path instanceof URL) return fileURLToPath(path);
  return typeof path === "string" ? path : undefined;
}
