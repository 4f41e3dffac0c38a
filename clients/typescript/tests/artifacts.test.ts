/** Artifacts: from files, bytes and streams, and back. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test, type TestContext } from "node:test";

import {
  type Client,
  InvalidArgumentError,
  NotFoundError,
  Storage,
  UnavailableError,
  UsageError,
} from "../src/index.js";
import { checkSha256 } from "../src/artifacts.js";
import { Network } from "./network.js";
import { all, clientOf, folderOf, Gate, serverAddress } from "./server.js";

const MEBIBYTE = 1024 * 1024;

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** A client with a task of its own. */
async function clientWithTask(t: TestContext, addr = serverAddress()): Promise<Client> {
  const client = clientOf(t, { addr, task: "task-a" });
  const { project: projectId, task: taskId } = client.identity;
  await client.call(Storage.method.createTask, { projectId, taskId });
  return client;
}

for (const size of [0, 1, MEBIBYTE, MEBIBYTE + 1, 10 * MEBIBYTE]) {
  test(`a file of ${size} bytes is put and comes back as it was`, async (t) => {
    const [client, folder] = [await clientWithTask(t), await folderOf(t)];
    const content = randomBytes(size);
    await writeFile(join(folder, "in.bin"), content);
    const put = await client.putArtifact({ path: join(folder, "in.bin") });
    assert.deepEqual([put.name, put.size, put.sha256], ["in.bin", BigInt(size), sha256(content)]);

    const got = await client.getArtifact("in.bin", join(folder, "out.bin"));
    assert.equal(got.sha256, put.sha256);
    assert.ok(content.equals(await readFile(join(folder, "out.bin"))));
    assert.deepEqual((await readdir(folder)).sort(), ["in.bin", "out.bin"]);
  });
}

test("bytes, text and streams are put under a name, and read as a stream", async (t) => {
  const [client, folder] = [await clientWithTask(t), await folderOf(t)];
  const content = randomBytes(3 * MEBIBYTE);
  await client.putArtifact("Grüße", { name: "text" });
  await client.putArtifact(content, { name: "bytes" });
  await client.putArtifact(Readable.from([content, Buffer.from("x")]), { name: "stream" });
  const into = createWriteStream(join(folder, "copy"));
  await client.getArtifact({ path: "artifacts/bytes" }, into);
  assert.ok(content.equals(await readFile(join(folder, "copy"))));
  const chunks = await all(await client.openArtifact("text"));
  assert.equal(Buffer.concat(chunks).toString(), "Grüße");
  const stream = await client.openArtifact("stream");
  assert.equal(Buffer.concat(await all(stream)).length, 3 * MEBIBYTE + 1);
  assert.equal(stream.artifact.sha256, sha256(Buffer.concat([content, Buffer.from("x")])));
  await assert.rejects(client.putArtifact(content), UsageError);
});

test("versions are numbered, and attachments get a name of their own", async (t) => {
  const client = await clientWithTask(t);
  const versions = [];
  for (const text of ["one", "two"]) {
    versions.push(await client.putArtifact(text, { name: "report.md", versioned: true }));
  }
  assert.deepEqual(
    versions.map(({ version }) => version),
    [1, 2],
  );
  const attached = await client.putArtifact("log", { name: "a.log", attachment: true });
  assert.match(attached.path, /^ATTACH-.*a\.log$/);
  const [chunk] = await all(await client.openArtifact({ path: attached.path }));
  assert.equal(Buffer.from(chunk ?? []).toString(), "log");
});

test("an artifact that is put again with its request id is there once", async (t) => {
  const client = await clientWithTask(t);
  const content = randomBytes(2 * MEBIBYTE);
  const requestId = `${client.identity.project}-once`;
  const options = { name: "a.bin", versioned: true, requestId };
  const one = await client.putArtifact(content, options);
  const again = await client.putArtifact(content, options);
  assert.deepEqual([one.version, again.version], [1, 1]);
});

test("an upload and a download that break are begun again", async (t) => {
  const network = await Network.to(serverAddress(), t);
  const [client, folder] = [await clientWithTask(t, network.address), await folderOf(t)];
  const content = randomBytes(8 * MEBIBYTE);
  await writeFile(join(folder, "in.bin"), content);
  const breakAt = network.breakAfter(3 * MEBIBYTE);
  await client.putArtifact({ path: join(folder, "in.bin") });
  await breakAt;
  const breakAgainAt = network.breakAfter(3 * MEBIBYTE);
  await client.getArtifact("in.bin", join(folder, "out.bin"));
  await breakAgainAt;
  assert.ok(content.equals(await readFile(join(folder, "out.bin"))));
});

test("a download that cannot be finished leaves nothing", async (t) => {
  const [client, folder] = [await clientWithTask(t), await folderOf(t)];
  await assert.rejects(
    client.getArtifact("none", join(folder, "out.bin")),
    (error) => error instanceof NotFoundError && error.reason === "ARTIFACT_NOT_FOUND",
  );
  const network = await Network.to(serverAddress(), t);
  await network.cut();
  const { project } = client.identity;
  const away = clientOf(t, { addr: network.address, project, task: "task-a", timeoutMs: 200 });
  await assert.rejects(away.getArtifact("none", join(folder, "out.bin")), UnavailableError);
  assert.deepEqual(await readdir(folder), []);
});

test("a stream breaks with its own error, and nothing is saved", async (t) => {
  const [client, folder] = [await clientWithTask(t), await folderOf(t)];
  const absent = createReadStream(join(folder, "absent"));
  await assert.rejects(client.putArtifact(absent, { name: "a" }), { code: "ENOENT" });
  await assert.rejects(client.putArtifact({ path: join(folder, "absent") }), { code: "ENOENT" });
  const own = new Error("mine");
  const broken = Readable.from(
    (function* () {
      yield randomBytes(MEBIBYTE);
      throw own;
    })(),
  );
  await assert.rejects(client.putArtifact(broken, { name: "a" }), own);
  await assert.rejects(client.openArtifact("a"), NotFoundError);
});

test("a stream that is aborted is not saved", async (t) => {
  const client = await clientWithTask(t);
  const abort = new AbortController();
  const reason = new Error("enough");
  const given = new Gate();
  const endless = (async function* () {
    yield randomBytes(MEBIBYTE);
    given.open();
    await new Gate().passed;
  })();
  const requestId = client.identity.project;
  const putting = client.putArtifact(endless, { name: "a", signal: abort.signal, requestId });
  await given.passed;
  abort.abort(reason);
  await assert.rejects(putting, reason);
  // The request id is free again once the server has let go of the upload.
  await client.putArtifact(Readable.from(["whole"]), { name: "a", requestId });
  const [chunk] = await all(await client.openArtifact("a"));
  assert.equal(Buffer.from(chunk ?? []).toString(), "whole");
});

test("a stream that fails before it is read is heard of, and destroyed", async (t) => {
  const [client, folder] = [await clientWithTask(t), await folderOf(t)];
  const network = await Network.to(serverAddress(), t);
  await network.cut();
  const away = clientOf(t, { addr: network.address, timeoutMs: 200 });
  const early = createReadStream(join(folder, "absent"));
  await assert.rejects(away.putRunFile("stdout", early, { run: "r" }), UnavailableError);
  const unread = new Readable({ read: () => undefined });
  await assert.rejects(client.putArtifact(unread, { name: "../a" }), InvalidArgumentError);
  assert.ok(early.destroyed && unread.destroyed);
});

test("a refused upload does not keep the process", { timeout: 60_000 }, async (t) => {
  const client = await clientWithTask(t);
  const { project, task } = client.identity;
  const entry = new URL("../src/index.js", import.meta.url).href;
  const program = `import { connect } from ${JSON.stringify(entry)};
    const client = connect(${JSON.stringify({ addr: serverAddress(), project, task })});
    await client.putArtifact(new Uint8Array(60_000_000), { name: "../a" }).catch(() => undefined);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program]);
  t.after(() => child.kill());
  assert.deepEqual(await once(child, "exit"), [0, null]);
});

test("an opened artifact is iterated once, and can be closed instead", async (t) => {
  const client = await clientWithTask(t);
  await client.putArtifact("x", { name: "a" });
  const opened = await client.openArtifact("a");
  await all(opened);
  await assert.rejects(all(opened), UsageError);
  const unread = await client.openArtifact("a");
  unread.close();
  await assert.rejects(all(unread), { name: "AbortError" });
});

test("content that is not what was sent is a CHECKSUM_MISMATCH", async (t) => {
  const client = await clientWithTask(t);
  const artifact = await client.putArtifact("x", { name: "a" });
  assert.throws(
    () => {
      checkSha256(artifact, artifact.sha256, "0");
    },
    (error) => error instanceof InvalidArgumentError && error.reason === "CHECKSUM_MISMATCH",
  );
});
