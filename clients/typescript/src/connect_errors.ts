/** From the runtime's errors to the client's, with the details that the server attached. */

import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";

import { CallboardError, errorOf, type GrpcCode } from "./errors.js";
import { ErrorInfoSchema, RetryInfoSchema } from "./generated/google/rpc/error_details_pb.js";
import { UsageError } from "./usage_error.js";

const DOMAIN = "callboard";

const CODES: Readonly<Record<Code, GrpcCode>> = {
  [Code.Canceled]: "CANCELLED",
  [Code.Unknown]: "UNKNOWN",
  [Code.InvalidArgument]: "INVALID_ARGUMENT",
  [Code.DeadlineExceeded]: "DEADLINE_EXCEEDED",
  [Code.NotFound]: "NOT_FOUND",
  [Code.AlreadyExists]: "ALREADY_EXISTS",
  [Code.PermissionDenied]: "PERMISSION_DENIED",
  [Code.ResourceExhausted]: "RESOURCE_EXHAUSTED",
  [Code.FailedPrecondition]: "FAILED_PRECONDITION",
  [Code.Aborted]: "ABORTED",
  [Code.OutOfRange]: "OUT_OF_RANGE",
  [Code.Unimplemented]: "UNIMPLEMENTED",
  [Code.Internal]: "INTERNAL",
  [Code.Unavailable]: "UNAVAILABLE",
  [Code.DataLoss]: "DATA_LOSS",
  [Code.Unauthenticated]: "UNAUTHENTICATED",
};

/** Codes by which the runtime tells of connections that broke, when no answer was read. */
const OF_BREAKS: readonly Code[] = [
  Code.Aborted,
  Code.Canceled,
  Code.Internal,
  // Of half a message, or half a frame.
  Code.InvalidArgument,
  Code.Unknown,
];

/**
 * Turns what a call threw into the client's error. What the runtime did not throw stays as it is,
 * and is thrown again; so is a UsageError for a request that cannot be put into bytes.
 */
export function fromConnectError(error: unknown, requestId = ""): CallboardError {
  if (error instanceof CallboardError) return error;
  if (!(error instanceof ConnectError)) throw error;
  if (error.rawMessage.startsWith("serialize binary")) throw new UsageError(error.rawMessage);
  const info = error.findDetails(ErrorInfoSchema).find(({ domain }) => domain === DOMAIN);
  const retryDelay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  const facts = {
    code: CODES[error.code],
    reason: info?.reason ?? "",
    metadata: info?.metadata ?? {},
    retryDelayMs: retryDelay === undefined ? undefined : durationMs(retryDelay),
    requestId,
    // What the server said itself is all here.
    cause: info === undefined ? error : undefined,
  };
  if (info === undefined && isTooLarge(error)) {
    return errorOf(error.rawMessage, { ...facts, code: "INVALID_ARGUMENT", reason: "TOO_LARGE" });
  }
  if (isBreak(error)) {
    // What OpenSSL says has an end of line.
    const sentence = `the connection broke: ${error.rawMessage.trim()}`;
    return errorOf(sentence, { ...facts, code: "UNAVAILABLE" });
  }
  return errorOf(error.rawMessage, facts);
}

/** Whether a message was over a limit of the transport, of this side or of the other. */
function isTooLarge(error: ConnectError): boolean {
  return (
    (error.code === Code.ResourceExhausted || error.code === Code.OutOfRange) &&
    /larger than|too large/.test(error.rawMessage)
  );
}

/**
 * Whether the connection broke. The runtime says so by many codes; what they have in common is
 * that nothing of an answer's end was read.
 */
function isBreak(error: ConnectError): boolean {
  const answered = !error.metadata.keys().next().done;
  return !answered && OF_BREAKS.includes(error.code);
}
