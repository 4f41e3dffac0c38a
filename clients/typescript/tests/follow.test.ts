/** Following: from where, how far, and through breaks. */

import assert from "node:assert/strict";
import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { test, type TestContext } from "node:test";

import { connectNodeAdapter } from "@connectrpc/connect-node";
import type { MessageInitShape } from "@bufbuild/protobuf";

import {
  type Client,
  CursorError,
  type Follow,
  InvalidArgumentError,
  MessageBus,
  Storage,
  UnavailableError,
} from "../src/index.js";
import type { SubscribeRequest, SubscribeResponseSchema } from "../src/v1.js";
import { Network } from "./network.js";
import { all, clientOf, Gate, serverAddress, take } from "./server.js";

async function bodies(follow: Follow, count: number): Promise<string[]> {
  return (await take(follow, count)).map(({ body }) => body);
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, n) => `${n}`);

async function appendAll(client: Client, texts: readonly string[]): Promise<void> {
  for (const text of texts) await client.append("INFO", text);
}

test("follow replays from the earliest and goes on", async (t) => {
  const client = clientOf(t);
  await appendAll(client, numbers(3));
  const follow = await client.follow({ start: "earliest" });
  assert.deepEqual(await bodies(follow, 3), numbers(3));
  await client.append("INFO", "3");
  assert.deepEqual(await bodies(follow, 1), ["3"]);
});

test("follow from the end gets what comes after it resolved", async (t) => {
  const client = clientOf(t);
  await client.append("INFO", "old");
  const follow = await client.follow();
  await client.append("INFO", "new");
  assert.deepEqual(await bodies(follow, 1), ["new"]);
});

test("follow waits for a bus that does not exist", async (t) => {
  const client = clientOf(t);
  const follow = await client.follow({ task: "task-later" });
  await client.append("INFO", "first", { task: "task-later" });
  assert.deepEqual(await bodies(follow, 1), ["first"]);
});

test("follow goes on after an id or a cursor", async (t) => {
  const client = clientOf(t);
  const sent = [];
  for (const text of numbers(4)) sent.push(await client.append("INFO", text));
  const follow = await client.follow({ sinceId: sent[0]?.msgId });
  assert.deepEqual(await bodies(follow, 2), ["1", "2"]);
  assert.equal(follow.cursor, sent[2]?.cursor);
  const further = await client.follow({ cursor: follow.cursor });
  assert.deepEqual(await bodies(further, 1), ["3"]);
});

test("follow filters, and ends at the tail or the limit", async (t) => {
  const client = clientOf(t);
  const messages = numbers(10).map((n) => client.message(Number(n) % 2 ? "FACT" : "INFO", n));
  await client.appendMany(messages);
  const tail = await client.follow({ start: "earliest", types: ["FACT"], stopAtTail: true });
  assert.deepEqual(
    (await all(tail)).map(({ body }) => body),
    ["1", "3", "5", "7", "9"],
  );
  const limited = await client.follow({ start: "earliest", limit: 4 });
  assert.deepEqual(
    (await all(limited)).map(({ body }) => body),
    numbers(4),
  );
  assert.deepEqual(await all(limited), []);
});

test("follow crosses a rotation", async (t) => {
  const client = clientOf(t);
  const follow = await client.follow({ start: "earliest" });
  for (const text of numbers(6)) {
    await client.append("INFO", text);
    await client.call(MessageBus.method.rotateBus, { projectId: client.identity.project });
  }
  assert.deepEqual(await bodies(follow, 6), numbers(6));
});

test("follow delivers large and awkward bodies", async (t) => {
  const client = clientOf(t);
  const want = ["x".repeat(1 << 20), "---\nmsg_id: MSG-forged\n---\n", "Grüße, 世界 👩‍💻", ""];
  const follow = await client.follow();
  await appendAll(client, want);
  assert.deepEqual(await bodies(follow, 4), want);
});

test("follow says where a message stands, and shows every frame", async (t) => {
  const client = clientOf(t);
  const frames: (string | undefined)[] = [];
  await client.append("INFO", "x");
  const beat = new Gate();
  const follow = await client.follow({
    start: "earliest",
    heartbeatIntervalMs: 500,
    onFrame: ({ frame }) => {
      frames.push(frame.case);
      if (frame.case === "heartbeat") beat.open();
    },
  });
  assert.deepEqual(await bodies(follow, 1), ["x"]);
  assert.equal(follow.last?.projectId, client.identity.project);
  assert.equal(follow.last.cursor, follow.cursor);
  const second = bodies(follow, 1);
  await beat.passed;
  await client.append("INFO", "y");
  assert.deepEqual(await second, ["y"]);
  assert.deepEqual(frames.slice(0, 4), ["opened", "message", "caughtUp", "heartbeat"]);
});

test("a project is followed with tasks that appear meanwhile", async (t) => {
  const client = clientOf(t);
  await client.append("INFO", "old", { task: "task-a" });
  const follow = await client.follow({ scope: "project" });
  await client.append("INFO", "a", { task: "task-a" });
  await client.append("INFO", "b", { task: "task-b" });
  await client.append("INFO", "p");
  await client.append("INFO", "elsewhere", { project: `${client.identity.project}-2` });
  assert.deepEqual((await bodies(follow, 3)).sort(), ["a", "b", "p"]);
  await client.append("INFO", "end", { task: "task-c" });
  assert.deepEqual(await bodies(follow, 1), ["end"]);
  assert.deepEqual(
    follow.positions.map(({ taskId }) => taskId),
    ["", "task-a", "task-b", "task-c"],
  );
});

test("positions go on in every bus, and new ones start at their beginning", async (t) => {
  const client = clientOf(t);
  const tasks = ["task-a", "task-b"];
  for (const task of tasks) {
    for (const n of numbers(3)) await client.append("INFO", `${task} ${n}`, { task });
  }
  const follow = await client.follow({ scope: "project", start: "earliest" });
  const first = await bodies(follow, 4);
  follow.close();
  await client.append("INFO", "late", { task: "task-c" });
  const further = await client.follow({ scope: "project", positions: follow.positions });
  const rest = await bodies(further, 3);
  const want = tasks.flatMap((task) => numbers(3).map((n) => `${task} ${n}`));
  assert.deepEqual([...first, ...rest].sort(), ["late", ...want].sort());
});

for (const scope of ["bus", "project"] as const) {
  test(`follow of a ${scope} goes on after breaks without loss or repetition`, async (t) => {
    const client = clientOf(t);
    const network = await Network.to(serverAddress(), t);
    const quiet = { warn: () => undefined };
    const { project } = client.identity;
    const broken = clientOf(t, { addr: network.address, project, logger: quiet });
    const follow = await broken.follow({ scope, start: scope === "bus" ? "earliest" : "latest" });
    const reading = bodies(follow, 40);
    for (const n of numbers(40)) {
      if (Number(n) % 10 === 5) await network.cut();
      await client.append("INFO", n);
      if (Number(n) % 10 === 8) await network.mend();
    }
    assert.deepEqual(await reading, numbers(40));
  });
}

test("a wide follow finds a bus that was made during a break", async (t) => {
  const client = clientOf(t);
  const network = await Network.to(serverAddress(), t);
  const lines: string[] = [];
  const logger = { warn: (line: string) => lines.push(line) };
  const { project } = client.identity;
  const broken = clientOf(t, { addr: network.address, project, logger });
  const follow = await broken.follow({ scope: "project" });
  await network.cut();
  await client.append("INFO", "1", { task: "task-new" });
  await client.append("INFO", "2", { task: "task-new" });
  await network.mend();
  assert.deepEqual(await bodies(follow, 2), ["1", "2"]);
  assert.match(lines.join("\n"), /interrupted/);
});

test("a server that stays away ends a follow after retryForMs", async (t) => {
  const network = await Network.to(serverAddress(), t);
  const client = clientOf(t, { addr: network.address, logger: { warn: () => undefined } });
  const follow = await client.follow({ retryForMs: 300 });
  const reading = bodies(follow, 1);
  await network.cut();
  await assert.rejects(reading, UnavailableError);
});

test("a follow is ended by close, by its client, by its signal and by leaving the loop", async (t) => {
  const client = clientOf(t);
  const abort = new AbortController();
  const reason = new Error("enough");
  const [one, two] = [await client.follow(), await client.follow({ signal: abort.signal })];
  const [three, four] = [await client.follow(), await client.follow({ scope: "project" })];
  const ofOne = bodies(one, 1);
  one.close();
  assert.deepEqual(await ofOne, []);
  const ofTwo = bodies(two, 1);
  abort.abort(reason);
  await assert.rejects(ofTwo, reason);
  await client.append("INFO", "x");
  for await (const message of three) {
    assert.equal(message.body, "x");
    break;
  }
  assert.deepEqual(await all(three), []);
  assert.deepEqual(await bodies(four, 1), ["x"]);
  const ofFour = bodies(four, 1);
  client.close();
  assert.deepEqual(await ofFour, []);
});

test("a start that cannot be honoured is refused", async (t) => {
  const client = clientOf(t);
  await client.append("INFO", "x");
  await assert.rejects(client.follow({ cursor: "nonsense" }), CursorError);
});

test("a heartbeat interval that the server does not keep is refused", async (t) => {
  const client = clientOf(t);
  for (const heartbeatIntervalMs of [0, 1, 1e9]) {
    await assert.rejects(client.follow({ heartbeatIntervalMs }), InvalidArgumentError);
  }
});

test("a follow whose onFrame throws is closed", { timeout: 30_000 }, async (t) => {
  const { client, closed } = await scripted(t, async function* () {
    yield opened;
    await new Gate().passed;
  });
  const own = new Error("mine");
  const onFrame = (): void => {
    throw own;
  };
  await assert.rejects(client.follow({ onFrame }), own);
  await closed.passed;
});

test("two followers see the same", async (t) => {
  const client = clientOf(t);
  const follows = [await client.follow(), await client.follow({ scope: "project" })];
  await appendAll(client, numbers(20));
  for (const follow of follows) assert.deepEqual(await bodies(follow, 20), numbers(20));
});

test("the generated client is there for the rest", async (t) => {
  const client = clientOf(t);
  const info = await client.storage.getServerInfo({});
  assert.ok(Object.keys(info.limits).length > 0);
  const page = await client.call(Storage.method.listProjects, { pageSize: 1 });
  assert.ok(page.projects.length <= 1);
});

type Frame = MessageInitShape<typeof SubscribeResponseSchema>;

/** A server of the test's own that answers each Subscribe call as told, behind a breakable way. */
async function scripted(
  t: TestContext,
  answer: (call: number) => AsyncGenerator<Frame>,
): Promise<{
  readonly client: Client;
  readonly requests: SubscribeRequest[];
  readonly network: Network;
  /** Passed when a call of the client's has ended. */
  readonly closed: Gate;
}> {
  const requests: SubscribeRequest[] = [];
  const closed = new Gate();
  const handler = connectNodeAdapter({
    routes: (router) => {
      router.rpc(MessageBus.method.subscribe, (request) => {
        requests.push(request);
        return answer(requests.length);
      });
    },
  });
  const server = http2.createServer(handler).listen(0, "127.0.0.1");
  server.on("stream", (stream) =>
    stream.once("close", () => {
      closed.open();
    }),
  );
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const network = await Network.to(`127.0.0.1:${port}`, t);
  const logger = { warn: () => undefined };
  return { client: clientOf(t, { addr: network.address, logger }), requests, network, closed };
}

const opened: Frame = { frame: { case: "opened", value: { projectId: "demo", cursor: "c0" } } };

const numbered = (n: number): Frame => ({
  frame: {
    case: "message",
    value: { projectId: "demo", cursor: `c${n}`, message: { body: `${n}` } },
  },
});

test("a limit holds when the stream breaks right after the last message", async (t) => {
  const end = new Gate();
  const { client, requests, network } = await scripted(t, async function* (call) {
    yield opened;
    for (const n of call === 1 ? [1, 2, 3] : [4, 5]) yield numbered(n);
    // The end of the stream is what the break loses.
    await end.passed;
  });
  const follow = await client.follow({ start: "earliest", limit: 3, retryForMs: 5_000 });
  assert.deepEqual(await bodies(follow, 3), ["1", "2", "3"]);
  await network.cut();
  await network.mend();
  assert.deepEqual(await all(follow), []);
  assert.equal(follow.positions[0]?.cursor, "c3");
  end.open();
  assert.equal(requests.length, 1);
});

test("a stream that ends without being asked to is gone on from", async (t) => {
  const { client, requests } = await scripted(t, async function* (call) {
    yield opened;
    await Promise.resolve();
    yield numbered(call);
  });
  const follow = await client.follow({ start: "earliest" });
  assert.deepEqual(await bodies(follow, 3), ["1", "2", "3"]);
  follow.close();
  assert.deepEqual(
    requests.slice(0, 3).map(({ start }) => (start.case === "cursor" ? start.value : "")),
    ["", "c1", "c2"],
  );
});

test("a stream that misses three heartbeats is broken, and gone on from", async (t) => {
  const end = new Gate();
  const { client, requests } = await scripted(t, async function* (call) {
    yield opened;
    if (call === 1) await end.passed;
    yield numbered(1);
  });
  const follow = await client.follow({ start: "earliest", heartbeatIntervalMs: 100 });
  assert.deepEqual(await bodies(follow, 1), ["1"]);
  follow.close();
  end.open();
  assert.deepEqual(requests[1]?.start, { case: "cursor", value: "c0" });
});
