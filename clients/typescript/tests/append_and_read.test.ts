import assert from "node:assert/strict";
import { test } from "node:test";

import { Code } from "@connectrpc/connect";

import {
  AlreadyExistsError,
  CallboardError,
  connect,
  ConflictError,
  InvalidArgumentError,
  NotFoundError,
  Storage,
  UnavailableError,
  UsageError,
} from "../src/index.js";
import { Network } from "./network.js";
import { all, clientOf, Gate, serverAddress } from "./server.js";

test("an appended message is read as it was written", async (t) => {
  const client = clientOf(t, { task: "task-a", run: "run-1" });
  const first = await client.append("QUESTION", "ready?");
  const second = await client.append("FACT", "Grüße, 世界\n---\nmsg_id: MSG-forged\n", {
    meta: { commit: "f2e9f72" },
    parents: [first.msgId, { msgId: first.msgId, kind: "depends_on" }],
    links: ["https://example.org", { url: "README.md", label: "read me" }],
    issueId: "issue-1",
    attachmentPath: "artifacts/a.txt",
  });
  const message = await client.get(second.msgId);
  assert.equal(message.body, "Grüße, 世界\n---\nmsg_id: MSG-forged\n");
  assert.deepEqual(
    [message.taskId, message.runId, message.issueId],
    ["task-a", "run-1", "issue-1"],
  );
  assert.deepEqual(message.meta, { commit: "f2e9f72" });
  assert.deepEqual(
    message.parents.map(({ kind }) => kind),
    ["", "depends_on"],
  );
  assert.deepEqual(
    message.links.map(({ url, label }) => `${url} ${label}`),
    ["https://example.org ", "README.md read me"],
  );
});

test("an append with a known request id is not written again", async (t) => {
  const client = clientOf(t);
  const one = await client.append("FACT", "once", { requestId: "r-1" });
  const again = await client.append("FACT", "once", { requestId: "r-1" });
  assert.equal(again.msgId, one.msgId);
  assert.ok(again.duplicate && !one.duplicate);
  await assert.rejects(
    client.append("FACT", "something else", { requestId: "r-1" }),
    (error) => error instanceof AlreadyExistsError && error.reason === "REQUEST_ID_REUSED",
  );
});

test("an append to a bus that moved is refused", async (t) => {
  const client = clientOf(t);
  const one = await client.append("FACT", "1");
  await client.append("FACT", "2", { expectedLastMsgId: one.msgId });
  await assert.rejects(
    client.append("FACT", "3", { expectedLastMsgId: one.msgId }),
    (error) => error instanceof ConflictError && error.reason === "BUS_MOVED",
  );
});

test("a batch is appended as one, and refused as one", async (t) => {
  const client = clientOf(t);
  const messages = Array.from({ length: 1000 }, (_, index) => client.message("INFO", `${index}`));
  const answer = await client.appendMany(messages);
  assert.equal(answer.msgIds.length, 1000);
  await assert.rejects(
    client.appendMany([client.message("INFO", "x"), client.message("", "y")]),
    (error) => error instanceof InvalidArgumentError && error.reason === "REQUIRED_FIELD",
  );
  assert.equal((await all(client.read())).length, 1000);
});

test("a stream of appends is answered in order, and can be completed later", async (t) => {
  const client = clientOf(t);
  const bodies = Array.from({ length: 300 }, (_, index) => `${index}`);
  const messages = bodies.map((body) => client.message("INFO", body));
  const some = await all(client.appendStream(messages.slice(0, 100), { requestId: "s" }));
  const rest = await all(client.appendStream(messages, { requestId: "s" }));
  assert.deepEqual(
    rest.slice(0, 100).map(({ msgId }) => msgId),
    some.map(({ msgId }) => msgId),
  );
  assert.equal(rest.filter(({ duplicate }) => duplicate).length, 100);
  assert.deepEqual(
    (await all(client.read())).map(({ body }) => body),
    bodies,
  );
});

test("a stream of appends ends at the first refused message, which the error names", async (t) => {
  const client = clientOf(t);
  const messages = ["a", "b", ""].map((type) => client.message(type, "x"));
  const answers: string[] = [];
  await assert.rejects(
    async () => {
      for await (const { msgId } of client.appendStream(messages)) answers.push(msgId);
    },
    (error) =>
      error instanceof InvalidArgumentError &&
      error.metadata["index"] === "2" &&
      error.requestId !== "",
  );
  assert.equal(answers.length, 2);
});

test("the error of a stream's own source goes on as it is", async (t) => {
  const client = clientOf(t);
  const own = new RangeError("mine");
  const messages = (function* () {
    yield client.message("INFO", "x");
    throw own;
  })();
  await assert.rejects(all(client.appendStream(messages)), own);
});

test("reading goes over all pages, from any start, up to a limit", async (t) => {
  const client = clientOf(t);
  const messages = Array.from({ length: 1000 }, (_, n) => client.message("INFO", `${n}`));
  const { msgIds } = await client.appendMany(messages);
  await client.appendMany(messages);
  const bodies = async (options: Parameters<typeof client.read>[0]): Promise<string[]> =>
    (await all(client.read(options))).map(({ body }) => body);

  assert.equal((await bodies({})).length, 2000);
  assert.equal((await bodies({ limit: 1500 })).length, 1500);
  assert.deepEqual(await bodies({ tail: 2 }), ["998", "999"]);
  assert.deepEqual(await bodies({ sinceId: msgIds[998] ?? "", limit: 2 }), ["999", "0"]);
  assert.deepEqual(await bodies({ sinceTime: new Date(Date.now() + 60_000) }), []);
  const page = await client.readPage({ limit: 3 });
  assert.deepEqual(await bodies({ cursor: page.cursor, limit: 1 }), ["3"]);
  assert.deepEqual(await bodies({ types: ["FACT"] }), []);
});

test("starts exclude each other", async (t) => {
  const client = clientOf(t);
  await assert.rejects(all(client.read({ tail: 1, cursor: "c" })), UsageError);
  await assert.rejects(client.follow({ start: "earliest", sinceId: "x" }), UsageError);
});

test("a poll gives what comes after its cursor", async (t) => {
  const client = clientOf(t);
  const { cursor } = await client.append("INFO", "old");
  const polled = client.poll({ cursor });
  await client.append("INFO", "new");
  assert.deepEqual(
    (await polled).messages.map(({ body }) => body),
    ["new"],
  );
  assert.deepEqual((await client.poll({ timeoutMs: 0 })).messages, []);
});

test("what does not exist is a NotFoundError with its reason", async (t) => {
  const client = clientOf(t);
  await client.append("INFO", "x");
  await assert.rejects(
    client.get("MSG-unknown"),
    (error) =>
      error instanceof NotFoundError &&
      error.reason === "MESSAGE_NOT_FOUND" &&
      error.metadata["msg_id"] === "MSG-unknown",
  );
});

test("a call of the generated methods has typed errors and answers", async (t) => {
  const client = clientOf(t);
  const created = await client.call(Storage.method.createTask, {
    projectId: client.identity.project,
    description: "fix the build",
    steps: [{ name: "write", type: "ai" }],
    requestId: `${client.identity.project}-1`,
  });
  assert.equal(created.task?.status, "pending");
  await assert.rejects(
    client.call(Storage.method.getTask, { projectId: client.identity.project, taskId: "none" }),
    (error) => error instanceof NotFoundError && error.reason === "TASK_NOT_FOUND",
  );
});

test("a number that does not fit into its field is the caller's mistake", async (t) => {
  const client = clientOf(t);
  await assert.rejects(client.readPage({ limit: 1.5 }), UsageError);
});

test("an append is repeated while the server is away, and appended once", async (t) => {
  const network = await Network.to(serverAddress(), t);
  const client = clientOf(t, { addr: network.address });
  await client.append("INFO", "before");
  await network.cut();
  const appended = client.append("INFO", "meanwhile");
  await network.mend();
  await appended;
  assert.deepEqual(
    (await all(client.read())).map(({ body }) => body),
    ["before", "meanwhile"],
  );
});

test("a server that stays away is UNAVAILABLE once the time is up, with the request id", async (t) => {
  const network = await Network.to(serverAddress(), t);
  await network.cut();
  const client = clientOf(t, { addr: network.address, timeoutMs: 200 });
  await assert.rejects(
    client.append("INFO", "x", { requestId: "mine" }),
    (error) => error instanceof UnavailableError && error.requestId === "mine",
  );
});

test("a call ends with its signal, and after close there are no more", async (t) => {
  const client = clientOf(t);
  const abort = new AbortController();
  const reason = new Error("enough");
  const polled = client.poll({ signal: abort.signal });
  abort.abort(reason);
  await assert.rejects(polled, reason);

  const waiting = client.poll();
  client.close();
  const closed = (error: unknown): boolean =>
    error instanceof CallboardError && error.code === "CANCELLED";
  await assert.rejects(waiting, closed);
  await assert.rejects(client.append("INFO", "x"), closed);
  await assert.rejects(client.follow(), closed);
  await assert.rejects(all(client.readLog({ follow: true })), closed);
  await assert.rejects(client.storage.getServerInfo({}), { code: Code.Canceled });
});

test("a timeout may be endless, and must be a number", async (t) => {
  const client = clientOf(t);
  await client.append("INFO", "x", { timeoutMs: Infinity });
  await assert.rejects(client.append("INFO", "x", { timeoutMs: NaN }), UsageError);
});

test(
  "a stream of appends that is refused lets go of its source",
  { timeout: 30_000 },
  async (t) => {
    const client = clientOf(t);
    const letGo = new Gate();
    const messages = (function* () {
      try {
        while (true) yield client.message("", "x".repeat(100_000));
      } finally {
        letGo.open();
      }
    })();
    await assert.rejects(all(client.appendStream(messages)), InvalidArgumentError);
    await letGo.passed;
  },
);

test("without a project nothing is asked of the server", async () => {
  const client = connect({ addr: serverAddress() });
  await assert.rejects(client.append("INFO", "x"), UsageError);
  client.close();
});
