/** Where the server is: what an address may look like, and what it means. */

import { UsageError } from "./usage_error.js";

/** Where the server listens unless something else is said. */
export const DEFAULT_ADDRESS = "127.0.0.1:50051";

/** A server's address, understood. */
export type Address =
  | {
      readonly kind: "tcp";
      /** The scheme, host and port: `http://127.0.0.1:50051`. */
      readonly origin: string;
      /** Whether to speak TLS. */
      readonly secure: boolean;
      /** Whether the server is on this machine. */
      readonly local: boolean;
    }
  | {
      readonly kind: "unix";
      /** The socket's path. */
      readonly path: string;
    };

/**
 * Understands an address: `host:port`, `http://host:port`, `https://host:port` or `unix:PATH`.
 * Throws UsageError for anything else.
 */
export function parseAddress(text: string): Address {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length).replace(/^\/\//, "");
    if (path === "") throw new UsageError(`address "${text}" has no path; write unix:PATH`);
    return { kind: "unix", path };
  }
  const match = /^(?:(https?):\/\/)?(\[[0-9a-f:.]+\]|[^\s:/?#@[\]]+):(\d{1,5})\/?$/i.exec(text);
  const [, scheme = "http", host = "", port = ""] = match ?? [];
  const url = `${scheme.toLowerCase()}://${host}:${port}`;
  if (match === null || !URL.canParse(url)) {
    throw new UsageError(
      `address "${text}" is not understood;` +
        " write host:port, http://host:port, https://host:port or unix:PATH",
    );
  }
  const local = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(host);
  return { kind: "tcp", origin: url, secure: scheme.toLowerCase() === "https", local };
}
