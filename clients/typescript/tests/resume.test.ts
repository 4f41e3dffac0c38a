import assert from "node:assert/strict";
import { test } from "node:test";

import { create, type MessageInitShape } from "@bufbuild/protobuf";

import {
  type SubscribeRequest,
  SubscribeRequestSchema,
  type SubscribeResponse,
  SubscribeResponseSchema,
} from "../src/generated/callboard/v1/message_bus_pb.js";
import { Resume } from "../src/resume.js";
import { StartPosition, SubscribeScope } from "../src/v1.js";

type Frame = NonNullable<MessageInitShape<typeof SubscribeResponseSchema>["frame"]>;

const frame = (value: Frame): SubscribeResponse =>
  create(SubscribeResponseSchema, { frame: value });

const opened = (taskId: string, cursor: string): SubscribeResponse =>
  frame({ case: "opened", value: { projectId: "p", taskId, cursor } });

const message = (taskId: string, cursor: string, seconds = 0): SubscribeResponse => {
  const value = { body: cursor, ts: { seconds: BigInt(seconds) } };
  return frame({ case: "message", value: { projectId: "p", taskId, cursor, message: value } });
};

const CAUGHT_UP = frame({ case: "caughtUp", value: {} });

function wide(position?: StartPosition): SubscribeRequest {
  return create(SubscribeRequestSchema, {
    projectId: "p",
    scope: SubscribeScope.PROJECT,
    ...(position === undefined ? {} : { start: { case: "position", value: position } }),
  });
}

function bus(further: MessageInitShape<typeof SubscribeRequestSchema> = {}): SubscribeRequest {
  const request = create(SubscribeRequestSchema, further);
  return Object.assign(request, { projectId: "p", scope: SubscribeScope.BUS });
}

function positions({ positions: all }: SubscribeRequest): string[] {
  return all.map(({ taskId, cursor }) => `${taskId} ${cursor}`);
}

test("one bus goes on from its cursor", () => {
  const asked = bus({ start: { case: "sinceId", value: "MSG-1" }, limit: 5n, types: ["FACT"] });
  const resume = new Resume(asked);
  assert.deepEqual(resume.request(), asked);
  resume.take(opened("", "c0"));
  resume.take(message("", "c1"));
  const again = resume.request();
  assert.deepEqual(again.start, { case: "cursor", value: "c1" });
  assert.equal(again.limit, 4n);
  assert.deepEqual(again.types, ["FACT"]);
});

test("a bus that did not exist goes on from its beginning", () => {
  const resume = new Resume(bus());
  resume.take(opened("", ""));
  assert.deepEqual(resume.request().start, { case: "position", value: StartPosition.EARLIEST });
});

test("a wide follow without any bus goes on from the beginning", () => {
  const resume = new Resume(wide());
  resume.take(CAUGHT_UP);
  // Nothing was opened, so a bus that is there now is new.
  const again = resume.request();
  assert.deepEqual(again.start, { case: "position", value: StartPosition.EARLIEST });
  assert.deepEqual(again.positions, []);
});

test("a wide follow goes on with positions", () => {
  const resume = new Resume(wide(StartPosition.EARLIEST));
  for (const one of [opened("b", "b0"), opened("a", "a0"), message("a", "a1")]) resume.take(one);
  const again = resume.request();
  assert.deepEqual(positions(again), ["a a1", "b b0"]);
  assert.equal(again.start.case, undefined);
});

test("the end is found anew until every bus was opened", () => {
  const resume = new Resume(wide(StartPosition.LATEST));
  resume.take(opened("a", "a0"));
  assert.deepEqual(resume.request(), wide(StartPosition.LATEST));
  assert.ok(!resume.placed);
  resume.take(opened("a", "a0"));
  resume.take(CAUGHT_UP);
  assert.ok(resume.placed);
  assert.deepEqual(positions(resume.request()), ["a a0"]);
});

test("a bus not opened before the break is still read from the time asked for", () => {
  const asked = wide();
  const value = create(SubscribeRequestSchema, {
    start: { case: "sinceTime", value: { seconds: 100n } },
  });
  const resume = new Resume({ ...asked, start: value.start, limit: 3n });
  resume.take(opened("a", "a0"));
  assert.ok(resume.take(message("a", "a1", 101)));
  assert.deepEqual(positions(resume.request()), ["a a1"]);

  resume.take(opened("a", "a1"));
  resume.take(opened("b", ""));
  assert.equal(resume.take(message("b", "b1", 99)), undefined);
  assert.ok(!resume.finished);
  assert.ok(resume.take(message("b", "b2", 101)));
  // In file order: only what comes before the first later message is passed over.
  assert.ok(resume.take(message("b", "b3", 98)));
  assert.ok(resume.finished);
});

test("a gap moves the position, and a deleted bus loses it", () => {
  const resume = new Resume(wide(StartPosition.EARLIEST));
  resume.take(opened("a", "a0"));
  resume.take(opened("b", "b0"));
  const place = { projectId: "p", taskId: "a" };
  const expired = { ...place, reason: "CURSOR_EXPIRED", oldestCursor: "a7" };
  resume.take(frame({ case: "gap", value: expired }));
  resume.take(frame({ case: "gap", value: { ...place, taskId: "b", reason: "BUS_DELETED" } }));
  assert.deepEqual(positions(resume.request()), ["a a7"]);
});

test("the last words of a server move the positions", () => {
  const resume = new Resume(wide(StartPosition.EARLIEST));
  resume.take(opened("a", "a0"));
  const last = [{ projectId: "p", taskId: "a", cursor: "a9" }];
  resume.take(frame({ case: "closing", value: { positions: last } }));
  assert.deepEqual(positions(resume.request()), ["a a9"]);
});
