import type { Interceptor } from "@connectrpc/connect";

import { UsageError } from "./usage_error.js";

/** Sends the token with every call. Throws UsageError for a text that no header can hold. */
export function bearer(token: string): Interceptor {
  // The text itself is not said: errors go to logs.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new UsageError("the token has characters no token has");
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
}
