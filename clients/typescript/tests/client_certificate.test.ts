/** The certificate by which a server knows the client: where it is found, and whom it lets in. */

import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { TLSSocket } from "node:tls";
import { inspect } from "node:util";

import { connectNodeAdapter } from "@connectrpc/connect-node";

import { connect, MessageBus, UnavailableError, UsageError } from "../src/index.js";
import { Authority, type IssuedFiles, write } from "./authority.js";
import { clientOf, folderOf } from "./server.js";

const NOWHERE = "https://localhost:1";
/** How long a server that lets nobody in is tried. */
const PATIENCE_MS = 1_000;

const WITHOUT_KEY =
  /without its key: give certFile and keyFile, or set CALLBOARD_CERT and CALLBOARD_KEY/;
const WITHOUT_CERTIFICATE =
  /without its certificate: give certFile and keyFile, or set CALLBOARD_CERT and CALLBOARD_KEY/;

const authority = await Authority.found();
const stranger = await Authority.found();

/** A server that lets in whom the authority vouches for, and notes who came. */
async function doorkeeper(t: TestContext): Promise<{ addr: string; callers: unknown[] }> {
  const callers: unknown[] = [];
  const answer = connectNodeAdapter({
    routes: (router) => router.service(MessageBus, { getMessage: () => ({ message: {} }) }),
  });
  const server = http2.createSecureServer({
    ...(await authority.issue("server")),
    ca: authority.cert,
    requestCert: true,
    rejectUnauthorized: true,
  });
  server.on("request", (request, response) => {
    callers.push((request.socket as TLSSocket).getPeerCertificate().subject.CN);
    answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return { addr: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, callers };
}

/** The files of a certificate of the authority, and the file of the authority itself. */
async function ours(t: TestContext): Promise<IssuedFiles & { readonly caFile: string }> {
  const folder = await folderOf(t);
  const caFile = join(folder, "ca.pem");
  await writeFile(caFile, authority.cert);
  return { ...(await write(folder, "ours", await authority.issue("reviewer"))), caFile };
}

/** The files of a certificate of another authority. */
async function strangers(t: TestContext): Promise<IssuedFiles> {
  return await write(await folderOf(t), "strangers", await stranger.issue("reviewer"));
}

/** Sets variables of the environment for as long as the test takes. */
function setVariables(t: TestContext, variables: Readonly<Record<string, string>>): void {
  Object.assign(process.env, variables);
  t.after(() => {
    for (const name of Object.keys(variables)) Reflect.deleteProperty(process.env, name);
  });
}

/** Asserts that the arguments are refused, and gives the error as it would be logged. */
function refusal(files: Partial<IssuedFiles>, message: RegExp): string {
  let thrown: unknown;
  assert.throws(
    () => connect({ addr: NOWHERE, ...files }),
    (error) => {
      thrown = error;
      return error instanceof UsageError && message.test(error.message);
    },
  );
  return inspect(thrown, { depth: Infinity, showHidden: true });
}

describe("a server that asks for a certificate", () => {
  test("lets in whom its authority vouches for", async (t) => {
    const { addr, callers } = await doorkeeper(t);
    await clientOf(t, { addr, ...(await ours(t)) }).get("m");
    assert.deepEqual(callers, ["reviewer"]);
  });

  test("lets in whom the environment's certificate names", async (t) => {
    const { addr, callers } = await doorkeeper(t);
    const { caFile, certFile, keyFile } = await ours(t);
    setVariables(t, { CALLBOARD_CERT: certFile, CALLBOARD_KEY: keyFile });
    await clientOf(t, { addr, caFile }).get("m");
    assert.deepEqual(callers, ["reviewer"]);
  });

  test("does not let in who shows none, and the error says so", async (t) => {
    const { addr, callers } = await doorkeeper(t);
    const { caFile } = await ours(t);
    const client = clientOf(t, { addr, caFile, timeoutMs: PATIENCE_MS });
    await assert.rejects(client.get("m"), (error) => {
      return error instanceof UnavailableError && error.message.includes("certificate required");
    });
    assert.deepEqual(callers, []);
  });

  test("does not let in whom another authority vouches for", async (t) => {
    const { addr, callers } = await doorkeeper(t);
    const { caFile } = await ours(t);
    const shown = await strangers(t);
    const client = clientOf(t, { addr, caFile, ...shown, timeoutMs: PATIENCE_MS });
    // Node's server hangs up without a word.
    await assert.rejects(client.get("m"), UnavailableError);
    assert.deepEqual(callers, []);
  });
});

test("one without the other is refused, and what is missing named", async (t) => {
  const { certFile, keyFile } = await ours(t);
  refusal({ certFile }, WITHOUT_KEY);
  refusal({ keyFile }, WITHOUT_CERTIFICATE);
  setVariables(t, { CALLBOARD_CERT: certFile, CALLBOARD_KEY: "" });
  refusal({}, WITHOUT_KEY);
  // Where nothing is encrypted it does not matter.
  for (const addr of ["localhost:1", "unix:/x"]) connect({ addr }).close();
});

test("what is given goes before the environment", async (t) => {
  const mine = await ours(t);
  const others = await strangers(t);
  setVariables(t, { CALLBOARD_CERT: others.certFile, CALLBOARD_KEY: others.keyFile });
  connect({ addr: NOWHERE }).close();
  connect({ addr: NOWHERE, certFile: mine.certFile, keyFile: mine.keyFile }).close();
});

test("what is missing of the options is not taken from the environment", async (t) => {
  const { certFile, keyFile } = await ours(t);
  // The pair of the options, so that the two would fit.
  setVariables(t, { CALLBOARD_CERT: certFile, CALLBOARD_KEY: keyFile });
  refusal({ certFile }, WITHOUT_KEY);
  refusal({ keyFile }, WITHOUT_CERTIFICATE);
  // As caFile: an empty path is one.
  refusal({ certFile: "" }, WITHOUT_KEY);
});

test("the environment is not read where the options name both", async (t) => {
  const { certFile, keyFile } = await ours(t);
  setVariables(t, { CALLBOARD_CERT: "/no-such-file", CALLBOARD_KEY: "/no-such-file" });
  connect({ addr: NOWHERE, certFile, keyFile }).close();
});

test("empty variables are none", (t) => {
  setVariables(t, { CALLBOARD_CERT: "", CALLBOARD_KEY: "" });
  connect({ addr: NOWHERE }).close();
});

test("a file that cannot be read is named", async (t) => {
  const { certFile, keyFile } = await ours(t);
  for (const name of ["certFile", "keyFile"]) {
    const files = { certFile, keyFile, [name]: `/no-such-${name}` };
    assert.throws(() => connect({ addr: NOWHERE, ...files }), {
      code: "ENOENT",
      path: `/no-such-${name}`,
    });
  }
});

test("files that are no pair are refused without a word of the key", async (t) => {
  const { certFile, keyFile } = await ours(t);
  const locked = join(await folderOf(t), "locked.pem");
  const key = createPrivateKey(await readFile(keyFile));
  const passphrase = "s3cret";
  const options = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase } as const;
  await writeFile(locked, key.export(options));
  for (const other of [(await strangers(t)).keyFile, certFile, locked]) {
    const said = refusal({ certFile, keyFile: other }, /holds no key/);
    assert.ok(said.includes(other), said);
    assert.ok(!said.includes(await secretOf(other)), said);
  }
});

test("a client does not show its key", async (t) => {
  const files = await ours(t);
  const client = connect({ addr: NOWHERE, ...files });
  const shown = inspect(client, { depth: Infinity, showHidden: true });
  assert.ok(!shown.includes(await secretOf(files.keyFile)), shown);
  client.close();
});

/** A line of what a file in the PEM form holds. */
async function secretOf(path: string): Promise<string> {
  const [, line] = (await readFile(path, "utf8")).split("\n");
  assert.ok(line);
  return line;
}
