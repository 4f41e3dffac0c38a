/**
 * Client for Callboard in pages: over gRPC-Web, without files and without streams to the server,
 * which browsers do not have. The server must allow the page's origin (`callboard serve
 * --web-origin`). What is not given is not looked for anywhere.
 */

import { Code, ConnectError } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";

import {
  addressFields,
  type ArtifactAddress,
  artifactOf,
  checkSha256,
  type GetArtifactOptions,
  type PutArtifactOptions,
  SAVE_BYTES_MAX,
  saveArtifact,
} from "./artifacts.js";
import { bytesOf, joined } from "./chunks.js";
import { ClientCore, type CommonClientOptions } from "./client_core.js";
import { fromConnectError } from "./connect_errors.js";
import { type Artifact, Storage } from "./generated/callboard/v1/storage_pb.js";
import { resolveIdentity } from "./identity.js";
import { bearer } from "./bearer.js";
import { UsageError } from "./usage_error.js";
import { LinkedAbort } from "./waiting.js";

export * from "./shared.js";

/**
 * The largest request that a server takes, in bytes. It ends the connection of a larger one while
 * that is still being sent, and browsers do not read an answer then.
 */
const REQUEST_BYTES_MAX = 4 * 1024 * 1024;

/** Where the server is, and who speaks. */
export interface ConnectOptions extends CommonClientOptions {
  /** The server's URL, such as `http://localhost:50051`. */
  readonly baseUrl: string;
  /** What the server wants to see; none by default. */
  readonly token?: string | undefined;
}

/** An artifact with its content. */
export interface LoadedArtifact {
  /** The artifact, with its SHA-256. */
  readonly artifact: Artifact;
  /** Its content. */
  readonly data: Uint8Array;
}

/** A client of a Callboard server, for pages. */
export class Client extends ClientCore {
  /** As `connect`. */
  constructor(options: ConnectOptions) {
    const { token = "" } = options;
    const url = checkedUrl(options.baseUrl);
    const interceptors = token === "" ? [] : [bearer(checkedToken(url, token))];
    const baseUrl = url.href;
    const transport = createGrpcWebTransport({ baseUrl, interceptors, fetch: fetchWithLimit });
    super({ transport, identity: resolveIdentity(options, {}) }, options);
  }

  /** Saves bytes, text (as UTF-8) or a Blob of at most 1 MiB as an artifact of the task. */
  async putArtifact(
    source: string | Uint8Array | Blob,
    options: PutArtifactOptions & { readonly name: string },
  ): Promise<Artifact> {
    const bytes =
      source instanceof Blob ? new Uint8Array(await source.arrayBuffer()) : bytesOf(source);
    if (bytes.length > SAVE_BYTES_MAX) {
      const sizes = `${bytes.length} bytes, and pages can save ${SAVE_BYTES_MAX}`;
      throw new UsageError(`artifact ${options.name} has ${sizes}`);
    }
    return await saveArtifact(this.calls, this.identity, options.name, bytes, options);
  }

  /**
   * Gets an artifact into memory. In secure contexts (https, localhost) it is compared with the
   * SHA-256 that the server sends, and an InvalidArgumentError (CHECKSUM_MISMATCH) thrown when they
   * differ; other pages have no way to compute one.
   */
  async getArtifact(
    address: ArtifactAddress,
    options: GetArtifactOptions = {},
  ): Promise<LoadedArtifact> {
    const request = addressFields(this.identity, address, options);
    return await this.calls.attempts(async (_, signal) => {
      const abort = new LinkedAbort(signal);
      try {
        const frames = await this.calls.open(Storage.method.getArtifact, request, abort.signal);
        const parts: Uint8Array[] = [];
        let artifact: Artifact | undefined;
        let sha256 = "";
        for (let next = await frames.next(); next.done !== true; next = await frames.next()) {
          artifact ??= next.value.artifact;
          sha256 = next.value.sha256;
          parts.push(next.value.chunk);
        }
        const data = joined(parts);
        const whole = artifactOf({ artifact });
        if (isSecureContext) checkSha256(whole, sha256, await sha256Of(data));
        return { artifact: { ...whole, sha256 }, data };
      } catch (thrown) {
        throw fromConnectError(thrown);
      } finally {
        abort.release();
      }
    }, options);
  }
}

/**
 * Gives a client of the server at `baseUrl`. Throws UsageError when that is no URL of a server, or
 * when a token would go over the network in the clear.
 */
export function connect(options: ConnectOptions): Client {
  return new Client(options);
}

/** Refuses a request that no server takes, in the words of the runtime for one. */
const fetchWithLimit: typeof fetch = async (input, init) => {
  const body = init?.body;
  if (body instanceof Uint8Array && body.length > REQUEST_BYTES_MAX) {
    const sentence = `message size ${body.length} is larger than ${REQUEST_BYTES_MAX}`;
    throw new ConnectError(sentence, Code.ResourceExhausted);
  }
  return await fetch(input, init);
};

/** Returns the URL of a server, if it is one. */
function checkedUrl(baseUrl: string): URL {
  const url = /^https?:\/\//i.test(baseUrl) && URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url === undefined || `${url.username}${url.password}${url.search}${url.hash}` !== "") {
    throw new UsageError(
      `baseUrl "${baseUrl}" is not understood; write http://host:port or https://host:port`,
    );
  }
  return url;
}

/** Returns the token, if it may be sent to there. */
function checkedToken({ protocol, hostname }: URL, token: string): string {
  if (protocol === "https:" || /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)) {
    return token;
  }
  throw new UsageError("a token is only sent over TLS, or to this machine");
}

async function sha256Of(data: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data.slice()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
