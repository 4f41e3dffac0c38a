import assert from "node:assert/strict";
import { test } from "node:test";

import { type Address, parseAddress } from "../src/address.js";
import { connect, UsageError } from "../src/index.js";
import { clientOf } from "./server.js";

const tcp = (origin: string, secure: boolean, local: boolean): Address => ({
  kind: "tcp",
  origin,
  secure,
  local,
});
const unix = (path: string): Address => ({ kind: "unix", path });

const UNDERSTOOD: readonly (readonly [string, Address])[] = [
  ["127.0.0.1:50051", tcp("http://127.0.0.1:50051", false, true)],
  ["127.1.2.3:50051", tcp("http://127.1.2.3:50051", false, true)],
  ["localhost:1", tcp("http://localhost:1", false, true)],
  ["localhost.example.org:1", tcp("http://localhost.example.org:1", false, false)],
  ["http://example.org:80", tcp("http://example.org:80", false, false)],
  ["http://example.org:80/", tcp("http://example.org:80", false, false)],
  ["https://example.org:443", tcp("https://example.org:443", true, false)],
  ["[::1]:50051", tcp("http://[::1]:50051", false, true)],
  ["unix:/run/callboard.sock", unix("/run/callboard.sock")],
  ["unix:///run/callboard.sock", unix("/run/callboard.sock")],
  ["unix:relative.sock", unix("relative.sock")],
];
for (const [text, want] of UNDERSTOOD) {
  test(`the address ${text} is understood`, () => {
    assert.deepEqual(parseAddress(text), want);
  });
}

const REFUSED = [
  ..."localhost localhost: localhost:x :1 ftp://a:1 http://a:1/path http://u@a:1".split(" "),
  ..."unix: a:99999 http://a:1?q a:1#f".split(" "),
];
for (const text of REFUSED) {
  test(`${text} is no address, and the error says what to write`, () => {
    assert.throws(() => parseAddress(text), { name: "UsageError", message: /write / });
  });
}

test("the environment is asked before the default", () => {
  const before = process.env["CALLBOARD_ADDR"];
  try {
    process.env["CALLBOARD_ADDR"] = "nonsense";
    assert.throws(() => connect(), UsageError);
    process.env["CALLBOARD_ADDR"] = "";
    connect().close();
  } finally {
    if (before === undefined) Reflect.deleteProperty(process.env, "CALLBOARD_ADDR");
    else process.env["CALLBOARD_ADDR"] = before;
  }
});

test("a token is not sent over the network in the clear, and not told of", () => {
  const token = "s3cret";
  assert.throws(
    () => connect({ addr: "example.org:1", token }),
    (error) =>
      error instanceof UsageError &&
      error.message.includes("TLS") &&
      !error.message.includes(token),
  );
  for (const addr of ["https://example.org:1", "localhost:1", "unix:/x"]) {
    connect({ addr, token }).close();
  }
});

test("the Unix socket serves", async (t) => {
  const path = process.env["CALLBOARD_TEST_UDS"];
  if (path === undefined) {
    t.skip("CALLBOARD_TEST_UDS names no socket of the running server");
    return;
  }
  const client = clientOf(t, { addr: `unix:${path}` });
  const sent = await client.append("FACT", "over the socket");
  assert.equal((await client.get(sent.msgId)).body, "over the socket");
});
