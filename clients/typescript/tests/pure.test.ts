/** The small parts that need no server. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { create } from "@bufbuild/protobuf";
import { build } from "esbuild";

import { Backoff, DELAY_MS_MAX } from "../src/backoff.js";
import { isRepeatable, newRequestId } from "../src/calls.js";
import { CHUNK_BYTES, chunksOf } from "../src/chunks.js";
import { resolveIdentity, resolveRun, resolveTask } from "../src/identity.js";
import { UsageError } from "../src/index.js";
import {
  DeleteTaskRequestSchema,
  GetTaskRequestSchema,
  SaveStepResultRequestSchema,
} from "../src/v1.js";
import { LinkedAbort, wait } from "../src/waiting.js";
import { all } from "./server.js";

describe("delays", () => {
  test("grow up to their maximum, and begin anew after a success", () => {
    const backoff = new Backoff();
    const delays = Array.from({ length: 12 }, () => backoff.nextDelayMs());
    assert.ok(delays.every((delay) => delay >= 25 && delay <= DELAY_MS_MAX));
    assert.ok((delays[11] ?? 0) >= DELAY_MS_MAX / 2);
    backoff.reset();
    assert.ok(backoff.nextDelayMs() <= 50);
  });

  test("are at least what the server wants", () => {
    assert.equal(new Backoff().nextDelayMs(9_000), 9_000);
  });
});

describe("whose client it is", () => {
  const environment = { JRUN_PROJECT_ID: "p", JRUN_TASK_ID: "t", JRUN_ID: "r" };

  test("the environment says it", () => {
    assert.deepEqual(resolveIdentity({}, environment), { project: "p", task: "t", run: "r" });
  });

  test("the environment's task is one of the environment's project", () => {
    assert.equal(resolveIdentity({ project: "other" }, environment).task, "");
    assert.equal(resolveIdentity({ project: "p" }, environment).task, "t");
    assert.equal(resolveIdentity({ project: "p", task: "" }, environment).task, "");
  });

  test("another project without a task means its own bus", () => {
    const own = resolveIdentity({}, environment);
    assert.deepEqual(resolveTask(own, {}), { projectId: "p", taskId: "t" });
    assert.deepEqual(resolveTask(own, { task: "" }), { projectId: "p", taskId: "" });
    assert.deepEqual(resolveTask(own, { project: "q" }), { projectId: "q", taskId: "" });
  });

  test("a run of a client without a task is wherever it is", () => {
    const own = resolveIdentity({ project: "p" }, {});
    assert.deepEqual(resolveRun(own, { run: "r" }), { projectId: "", taskId: "", runId: "r" });
    assert.throws(() => resolveRun(own, {}), UsageError);
  });

  test("without a project the error says where to give one", () => {
    assert.throws(() => resolveTask(resolveIdentity({}, {}), {}), { message: /JRUN_PROJECT_ID/ });
  });
});

describe("repeating a call is safe", () => {
  test("for one that gets something, and with a request id or an etag", () => {
    assert.ok(isRepeatable(GetTaskRequestSchema, create(GetTaskRequestSchema)));
    const saved = create(SaveStepResultRequestSchema, { etag: "e" });
    assert.ok(isRepeatable(SaveStepResultRequestSchema, saved));
  });

  test("not for others", () => {
    assert.ok(!isRepeatable(DeleteTaskRequestSchema, create(DeleteTaskRequestSchema)));
    const saved = create(SaveStepResultRequestSchema);
    assert.ok(!isRepeatable(SaveStepResultRequestSchema, saved));
  });

  test("request ids are of one form, and differ", () => {
    assert.match(newRequestId(), /^[0-9a-f]{32}$/);
    assert.notEqual(newRequestId(), newRequestId());
  });
});

describe("chunks", () => {
  test("are of one size, whatever the pieces are", async () => {
    const pieces = [CHUNK_BYTES - 1, 3, 0, 2 * CHUNK_BYTES, 5].map((size) => new Uint8Array(size));
    const sizes = (await all(chunksOf(pieces))).map(({ length }) => length);
    assert.deepEqual(sizes, [CHUNK_BYTES, CHUNK_BYTES, CHUNK_BYTES, 7]);
  });

  test("keep the bytes in their order", async () => {
    const text = Array.from({ length: 90_000 }, (_, index) => `${index} Grüße\n`).join("");
    const whole = Buffer.concat(await all(chunksOf([text.slice(0, 7), text.slice(7)])));
    assert.equal(whole.toString("utf8"), text);
  });

  test("of nothing are none", async () => {
    assert.deepEqual(await all(chunksOf("")), []);
  });
});

describe("signals", () => {
  test("end together with the first of their sources", () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const linked = new LinkedAbort(one.signal, undefined, other.signal);
    other.abort("because");
    assert.equal(linked.signal.reason, "because");
  });

  test("that were released go on by themselves", () => {
    const source = new AbortController();
    const linked = new LinkedAbort(source.signal);
    linked.release();
    source.abort();
    assert.ok(!linked.signal.aborted);
  });

  test("end a wait", async () => {
    const source = new AbortController();
    const waiting = wait(3_600_000, source.signal);
    source.abort();
    await waiting;
  });
});

test("the entry for pages needs nothing of Node", async () => {
  const entryPoints = [fileURLToPath(new URL("../src/web.js", import.meta.url))];
  await build({ entryPoints, bundle: true, format: "esm", platform: "browser", write: false });
});
