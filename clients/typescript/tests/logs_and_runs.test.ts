/** Task logs, the files of runs, and runs as contexts. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import {
  CallboardError,
  type Client,
  connect,
  Storage,
  UnavailableError,
  UsageError,
} from "../src/index.js";
import type { Run } from "../src/v1.js";
import { Network } from "./network.js";
import { all, clientOf, folderOf, serverAddress, take } from "./server.js";

/** A client with a task of its own. */
async function clientWithTask(t: TestContext): Promise<Client> {
  const client = clientOf(t, { task: "task-a" });
  const { project: projectId, task: taskId } = client.identity;
  await client.call(Storage.method.createTask, { projectId, taskId });
  return client;
}

/** The same client over a way that can be broken. */
async function brokenOf(t: TestContext, client: Client): Promise<[Client, Network]> {
  const network = await Network.to(serverAddress(), t);
  const { project, task } = client.identity;
  const logger = { warn: () => undefined };
  return [clientOf(t, { addr: network.address, project, task, logger }), network];
}

async function textOf(client: Client, file: string, run: string): Promise<string> {
  return Buffer.concat(await all(client.readRunFile(file, { run }))).toString();
}

async function infoOf(client: Client, runId: string): Promise<Run | undefined> {
  return (await client.call(Storage.method.getRunInfo, { runId })).run;
}

test("log entries are read as they were appended, from any offset or at a tail", async (t) => {
  const client = await clientWithTask(t);
  await client.appendLog([{ n: 1 }, '{"n": 2, "big": 12345678901234567890}', { n: 3 }]);
  const entries = await all(client.readLog());
  assert.deepEqual(
    entries.map((entry) => entry.parse()["n"]),
    [1, 2, 3],
  );
  assert.match(entries[1]?.entry ?? "", /12345678901234567890/);
  const fromSecond = await all(client.readLog({ offset: entries[1]?.offset }));
  assert.equal(fromSecond.length, 2);
  assert.deepEqual(
    (await all(client.readLog({ tail: 1 }))).map(({ entry }) => entry),
    ['{"n":3}'],
  );
});

test("a log is appended to once for a request id", async (t) => {
  const client = await clientWithTask(t);
  const requestId = `${client.identity.project}-once`;
  await client.appendLog([{ n: 1 }], { requestId });
  const again = await client.appendLog([{ n: 1 }], { requestId });
  assert.ok(again.duplicate);
  assert.equal((await all(client.readLog())).length, 1);
});

test("a followed log gives each entry once, through breaks", async (t) => {
  const client = await clientWithTask(t);
  const [broken, network] = await brokenOf(t, client);
  await client.appendLog([{ n: 0 }, { n: 1 }]);
  const entries = broken.readLog({ tail: 1, follow: true });
  const [first] = await take(entries, 1);
  await network.cut();
  await client.appendLog([{ n: 2 }, { n: 3 }]);
  await network.mend();
  const rest = await take(entries, 2);
  assert.deepEqual(
    [first, ...rest].map((entry) => entry?.parse()["n"]),
    [1, 2, 3],
  );
  await entries.return();
});

test("a run that ends well is told of from its start to its end", async (t) => {
  const client = await clientWithTask(t);
  const result = await client.run({ agentType: "tester", prompt: "do it" }, async (run) => {
    assert.equal(run.info.pid, process.pid);
    const server = await client.storage.getServerInfo({});
    assert.equal(server.host, hostname());
    await run.stdout.write("one\n");
    await run.stdout.write(Buffer.from("two\n"));
    await run.stderr.write("warning\n");
    await run.output.write("# Result\n");
    await run.event("pushed", { commit: "f2e9f72" });
    await run.append("PROGRESS", "halfway");
    return run.runId;
  });
  const info = await infoOf(client, result);
  assert.deepEqual([info?.status, info?.exitCode, info?.cwd], ["completed", 0, process.cwd()]);
  assert.equal(await textOf(client, "stdout", result), "one\ntwo\n");
  assert.equal(await textOf(client, "stderr", result), "warning\n");
  assert.equal(await textOf(client, "output", result), "# Result\n");
  assert.match(await textOf(client, "events", result), /pushed.*f2e9f72/);

  const messages = await all(client.read({ run: result }));
  assert.deepEqual(
    messages.map(({ type }) => type),
    ["RUN_START", "PROGRESS", "RUN_STOP"],
  );
  const [start, , stop] = messages;
  assert.deepEqual(start?.meta, { agent: "tester", pid: String(process.pid) });
  assert.deepEqual(stop?.meta, { exit_code: "0" });
  assert.equal(stop.parents[0]?.msgId, start.msgId);
  assert.equal(stop.parents[0].kind, "run");
});

test("a run whose work throws is failed, and the error goes on", async (t) => {
  const client = await clientWithTask(t);
  const own = new RangeError("x".repeat(5_000));
  let runId = "";
  await assert.rejects(
    client.run({ agentType: "tester" }, async (run) => {
      ({ runId } = run);
      await run.stdout.write("so far\n");
      throw own;
    }),
    own,
  );
  const info = await infoOf(client, runId);
  assert.deepEqual([info?.status, info?.exitCode], ["failed", 1]);
  assert.equal(info?.errorSummary, `RangeError: ${own.message}`.slice(0, 4096));
  assert.equal(await textOf(client, "stdout", runId), "so far\n");
  const [crash] = await all(client.read({ tail: 1 }));
  assert.deepEqual([crash?.type, crash?.meta["exit_code"]], ["RUN_CRASH", "1"]);
});

test("an exit code that is set makes a failed run", async (t) => {
  const client = await clientWithTask(t);
  const runId = await client.run({ agentType: "tester" }, (run) => {
    run.exitCode = 7;
    return run.runId;
  });
  const info = await infoOf(client, runId);
  assert.deepEqual([info?.status, info?.exitCode], ["failed", 7]);
  assert.equal(info?.errorSummary, "exit code 7");
  const [crash] = await all(client.read({ tail: 1 }));
  assert.deepEqual([crash?.type, crash?.body], ["RUN_CRASH", "exit code 7"]);
});

test("a run that somebody else ended stays as it was ended", async (t) => {
  const client = await clientWithTask(t);
  const runId = await client.run({ agentType: "tester" }, async (run) => {
    const request = { runId: run.runId, status: "failed", exitCode: 9 };
    await client.call(Storage.method.updateRunStatus, request);
    return run.runId;
  });
  assert.equal((await infoOf(client, runId))?.exitCode, 9);
});

test("a run begun within another one has that as its parent", async (t) => {
  const client = await clientWithTask(t);
  const { project, task } = client.identity;
  const inner = connect({ addr: serverAddress(), project, task, run: "outer" });
  const parent = await inner.run({ agentType: "tester" }, (run) => run.info.parentRunId);
  inner.close();
  assert.equal(parent, "outer");
});

test("what a run writes is there once and in order, through breaks and a foreign writer", async (t) => {
  const client = await clientWithTask(t);
  const [broken, network] = await brokenOf(t, client);
  const lines = Array.from({ length: 2_000 }, (_, n) => `line ${n} ${"x".repeat(100)}\n`);
  const runId = await broken.run({ agentType: "tester" }, async (run) => {
    for (const [n, line] of lines.entries()) {
      if (n === 700) await network.cut();
      if (n === 750) await network.mend();
      await run.stdout.write(line);
    }
    await run.stdout.flush();
    await client.putRunFile("stdout", "foreign\n", { run: run.runId });
    await run.stdout.write("last\n");
    return run.runId;
  });
  assert.equal(await textOf(client, "stdout", runId), `${lines.join("")}foreign\nlast\n`);
});

test("the work's own error is the one to hear of when its end cannot be recorded", async (t) => {
  const network = await Network.to(serverAddress(), t);
  const lines: string[] = [];
  const client = clientOf(t, {
    addr: network.address,
    task: "task-a",
    timeoutMs: 300,
    logger: { warn: (line) => lines.push(line) },
  });
  const own = new Error("mine");
  await assert.rejects(
    client.run({ agentType: "tester" }, async () => {
      await network.cut();
      throw own;
    }),
    own,
  );
  assert.match(lines.join("\n"), /the end of run .* is not recorded/);

  await network.mend();
  await assert.rejects(
    client.run({ agentType: "tester" }, () => network.cut()),
    UnavailableError,
  );
});

test("a run needs an agent, and a task", async (t) => {
  const client = clientOf(t);
  await assert.rejects(
    client.run({ agentType: "" }, () => undefined),
    UsageError,
  );
  await assert.rejects(
    client.run({ agentType: "tester" }, () => undefined),
    (error) => error instanceof CallboardError && error.reason === "REQUIRED_FIELD",
  );
});

test("a run's file is filled from a file, bytes and a stream, and read back", async (t) => {
  const [client, folder] = [await clientWithTask(t), await folderOf(t)];
  const content = randomBytes(600 * 1024);
  await writeFile(join(folder, "in"), content);
  await client.run({ agentType: "tester" }, async ({ runId: run }) => {
    const end = await client.putRunFile("logs/a.log", { path: join(folder, "in") }, { run });
    assert.equal(end, content.length);
    await client.putRunFile("logs/a.log", "more", { run });
    const stream = [Buffer.from(" and "), "more"];
    assert.equal(await client.putRunFile("logs/a.log", stream, { run }), content.length + 13);
    await client.getRunFile("logs/a.log", join(folder, "out"), { run });
    const want = Buffer.concat([content, Buffer.from("more and more")]);
    assert.ok(want.equals(await readFile(join(folder, "out"))));
    const tail = client.readRunFile("logs/a.log", { run, offset: content.length });
    assert.equal(Buffer.concat(await all(tail)).toString(), "more and more");
  });
  await assert.rejects(all(client.readRunFile("stdout")), UsageError);
});

test("a followed output goes on through breaks and ends with the run", async (t) => {
  const client = await clientWithTask(t);
  const [broken, network] = await brokenOf(t, client);
  let following: Promise<Uint8Array[]> | undefined;
  await client.run({ agentType: "tester" }, async (run) => {
    await run.stdout.write("one\n");
    await run.stdout.flush();
    const chunks = broken.readRunFile("stdout", { run: run.runId, follow: true });
    const [first] = await take(chunks, 1);
    assert.equal(Buffer.from(first ?? []).toString(), "one\n");
    await network.cut();
    following = all(chunks);
    await run.stdout.write("two\n");
    await run.stdout.flush();
    await network.mend();
    await run.stdout.write("three\n");
  });
  assert.equal(Buffer.concat((await following) ?? []).toString(), "two\nthree\n");
});

test("a run's file that is absent is Node's own error", async (t) => {
  const [client, folder] = [await clientWithTask(t), await folderOf(t)];
  const path = join(folder, "absent");
  await client.run({ agentType: "tester" }, async ({ runId: run }) => {
    await assert.rejects(client.putRunFile("stdout", { path }, { run }), { code: "ENOENT" });
  });
  await assert.rejects(client.putRunFile("stdout", { path }), UsageError);
});

test("a client that is closed meanwhile leaves no part of a run's file", async (t) => {
  const [client, folder] = [await clientWithTask(t), await folderOf(t)];
  const run = await client.run({ agentType: "tester" }, async ({ stdout, runId }) => {
    await stdout.write("one\n");
    return runId;
  });
  const chunks = client.readRunFile("stdout", { run });
  const { project, task } = client.identity;
  const closing = clientOf(t, { project, task });
  const getting = closing.getRunFile("stdout", join(folder, "out"), { run });
  closing.close();
  await assert.rejects(
    getting,
    (error) => error instanceof CallboardError && error.code === "CANCELLED",
  );
  assert.deepEqual(await readdir(folder), []);
  assert.equal(Buffer.concat(await all(chunks)).toString(), "one\n");
});
