/** The gRPC connection of Node clients. */

import type { ClientHttp2Stream } from "node:http2";
import * as net from "node:net";

import type { Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";

import type { Address } from "./address.js";
import { bearer } from "./bearer.js";
import type { Certificates } from "./certificate_files.js";
import { UsageError } from "./usage_error.js";

/** Pings find a peer that vanished without a word while a stream is open. */
const PING_INTERVAL_MS = 30_000;
const PING_TIMEOUT_MS = 10_000;
/** The largest message taken from a server, in bytes; its own answers end at 3 MiB. */
const READ_BYTES_MAX = 16 * 1024 * 1024;

/**
 * The connection, which lets go of calls that the server has answered before it took all of them: a
 * write that nobody takes any more would keep the stream, and with it the process, for ever.
 */
class Sessions extends Http2SessionManager {
  override async request(
    ...call: Parameters<Http2SessionManager["request"]>
  ): Promise<ClientHttp2Stream> {
    const stream = await super.request(...call);
    stream.once("end", () => {
      // After those who wait for this end as well.
      setImmediate(() => stream.destroy());
    });
    return stream;
  }
}

/** A transport, and how to end its connection. */
export interface Connection {
  readonly transport: Transport;
  /** Ends the connection, and all that still runs over it. */
  close(): void;
}

/**
 * Makes the transport to an address: the connection itself is made by the first call. `token` is
 * sent with every call, and `certificates` say whom to trust, and by what this client is known.
 *
 * Throws UsageError when the token would go over the network in the clear.
 */
export function connectTo(address: Address, token: string, certificates: Certificates): Connection {
  if (token !== "" && address.kind === "tcp" && !address.secure && !address.local) {
    throw new UsageError("a token is only sent over TLS, a Unix socket, or to this machine");
  }
  // The authority of a Unix socket is not its path, which servers refuse.
  const baseUrl = address.kind === "unix" ? "http://localhost" : address.origin;
  const sessionManager = new Sessions(
    baseUrl,
    { pingIntervalMs: PING_INTERVAL_MS, pingTimeoutMs: PING_TIMEOUT_MS },
    address.kind === "unix" ? { createConnection: () => net.connect(address.path) } : certificates,
  );
  return {
    transport: createGrpcTransport({
      baseUrl,
      sessionManager,
      readMaxBytes: READ_BYTES_MAX,
      interceptors: token === "" ? [] : [bearer(token)],
    }),
    close: () => {
      sessionManager.abort();
    },
  };
}
