import assert from "node:assert/strict";
import { test } from "node:test";

import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";

import { Calls } from "../src/calls.js";
import { fromConnectError } from "../src/connect_errors.js";
import { ErrorInfoSchema, RetryInfoSchema } from "../src/generated/google/rpc/error_details_pb.js";
import { toBinary, create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import {
  CallboardError,
  DeadlineError,
  DeniedError,
  ExhaustedError,
  InvalidArgumentError,
  MessageBus,
  NotFoundError,
  OtherError,
  UnavailableError,
  UsageError,
} from "../src/index.js";

const ANSWERED = { "grpc-status": "1" };

/** An error as it comes from the wire. */
function refused<D extends DescMessage>(
  code: Code,
  ...details: readonly (readonly [D, MessageInitShape<D>])[]
): ConnectError {
  const error = new ConnectError("what happened", code, ANSWERED);
  error.details = details.map(([schema, value]) => ({
    type: schema.typeName,
    value: toBinary(schema, create(schema, value)),
  }));
  return error;
}

test("an error has the reason and the variables that the server attached", () => {
  const error = fromConnectError(
    refused(Code.NotFound, [
      ErrorInfoSchema,
      { reason: "TASK_NOT_FOUND", domain: "callboard", metadata: { task: "p/t" } },
    ]),
    "request-1",
  );
  assert.ok(error instanceof NotFoundError && error instanceof CallboardError);
  assert.equal(error.name, "NotFoundError");
  assert.equal(error.code, "NOT_FOUND");
  assert.equal(error.reason, "TASK_NOT_FOUND");
  assert.deepEqual(error.metadata, { task: "p/t" });
  assert.equal(error.message, "what happened");
  assert.equal(error.requestId, "request-1");
  assert.equal(error.retryDelayMs, undefined);
});

test("an error has the delay that the server asks for", () => {
  const delay = { retryDelay: { seconds: 1n, nanos: 500_000_000 } };
  const error = fromConnectError(refused(Code.Unavailable, [RetryInfoSchema, delay]));
  assert.equal(error.retryDelayMs, 1500);
});

for (const [code, reason, family] of [
  [Code.Unauthenticated, "TOKEN_REQUIRED", DeniedError],
  [Code.Unauthenticated, "TOKEN_INVALID", DeniedError],
  [Code.PermissionDenied, "NOT_ALLOWED", DeniedError],
  [Code.ResourceExhausted, "QUOTA_EXCEEDED", ExhaustedError],
  [Code.DeadlineExceeded, "CALL_TIMED_OUT", DeadlineError],
] as const) {
  test(`${reason} gives ${family.name}, and the call is not tried again`, async () => {
    let asked = 0;
    const transport = createRouterTransport(({ service }) => {
      service(MessageBus, {
        getMessage: () => {
          asked += 1;
          const value = { reason, domain: "callboard" };
          throw new ConnectError("no", code, undefined, [{ desc: ErrorInfoSchema, value }]);
        },
      });
    });
    const call = new Calls(transport, 1_000).unary(MessageBus.method.getMessage, { msgId: "m" });
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof CallboardError);
      assert.deepEqual([error.constructor, error.reason], [family, reason]);
      return true;
    });
    assert.equal(asked, 1);
  });
}

test("the reasons of other domains are not ours", () => {
  const info = { reason: "QUOTA", domain: "example.org" };
  const error = fromConnectError(refused(Code.PermissionDenied, [ErrorInfoSchema, info]));
  assert.ok(error instanceof DeniedError);
  assert.equal(error.reason, "");
});

for (const code of [
  Code.Aborted,
  Code.Canceled,
  Code.Internal,
  Code.InvalidArgument,
  Code.Unknown,
  Code.Unavailable,
]) {
  test(`${Code[code]} without any answer is a broken connection`, () => {
    assert.ok(fromConnectError(new ConnectError("gone", code)) instanceof UnavailableError);
  });
}

test("what the server answered is no broken connection", () => {
  assert.ok(fromConnectError(refused(Code.InvalidArgument)) instanceof InvalidArgumentError);
  assert.ok(fromConnectError(refused(Code.Canceled)) instanceof OtherError);
});

test("a message over a limit of the transport is TOO_LARGE", () => {
  const sentence = "message size 5 is larger than configured writeMaxBytes 4";
  const error = fromConnectError(new ConnectError(sentence, Code.ResourceExhausted));
  assert.ok(error instanceof InvalidArgumentError);
  assert.equal(error.reason, "TOO_LARGE");
});

test("what is not the runtime's error stays as it is", () => {
  const own = new RangeError("mine");
  assert.throws(() => fromConnectError(own), own);
  const known = new UnavailableError("away", { code: "UNAVAILABLE" });
  assert.equal(fromConnectError(known), known);
});

test("a request that cannot be put into bytes is the caller's mistake", () => {
  const error = new ConnectError("serialize binary: cannot encode field limit", Code.Internal);
  assert.throws(() => fromConnectError(error), UsageError);
});
