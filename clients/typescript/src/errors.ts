/**
 * The errors of calls: one class per family, each with the server's reason. Branch on the reason,
 * or on the class, never on the text.
 */

/** The names of gRPC's codes, as the server and its documentation write them. */
export type GrpcCode =
  | "CANCELLED"
  | "UNKNOWN"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "DATA_LOSS"
  | "UNAUTHENTICATED";

/** What an error knows beyond its sentence. */
export interface ErrorFacts {
  /** The gRPC code. */
  readonly code: GrpcCode;
  /** The reason in UPPER_SNAKE_CASE; "" by default. */
  readonly reason?: string;
  /** The variables of the reason; none by default. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** After how many milliseconds the server wants to be asked again. */
  readonly retryDelayMs?: number | undefined;
  /** The request id of the call; "" by default. */
  readonly requestId?: string;
  /** The error that this one was made of. */
  readonly cause?: unknown;
}

/** A call that did not succeed. `message` is one plain sentence. */
export class CallboardError extends Error {
  override readonly name: string = "CallboardError";
  /** The gRPC code. */
  readonly code: GrpcCode;
  /**
   * The reason in UPPER_SNAKE_CASE, such as `CURSOR_EXPIRED`: a name of `ErrorReason` without its
   * prefix. Empty when the error does not come from the server itself (a broken connection).
   */
  readonly reason: string;
  /** The variables of the reason, such as `oldest` and `newest`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** After how many milliseconds the server wants to be asked again; undefined when it did not say. */
  readonly retryDelayMs: number | undefined;
  /**
   * The request id of a failed write, else empty. Repeating the write with it is safe, also when it
   * is not known whether the first one happened.
   */
  readonly requestId: string;

  /** Holds what the server, or the network, said. Use `errorOf` to get the class that fits. */
  constructor(message: string, facts: ErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = facts.code;
    this.reason = facts.reason ?? "";
    this.metadata = facts.metadata ?? {};
    this.retryDelayMs = facts.retryDelayMs;
    this.requestId = facts.requestId ?? "";
  }
}

/** The call cannot be right: INVALID_ID, REQUIRED_FIELD, TOO_LARGE, CHECKSUM_MISMATCH … */
export class InvalidArgumentError extends CallboardError {
  override readonly name = "InvalidArgumentError";
}

/** What the call names does not exist: MESSAGE_NOT_FOUND, TASK_NOT_FOUND … */
export class NotFoundError extends CallboardError {
  override readonly name = "NotFoundError";
}

/** It is there already, or a request id came with other content: TASK_EXISTS, REQUEST_ID_REUSED … */
export class AlreadyExistsError extends CallboardError {
  override readonly name = "AlreadyExistsError";
}

/** Something moved in between: ETAG_MISMATCH, BUS_MOVED …; read again, then decide. */
export class ConflictError extends CallboardError {
  override readonly name = "ConflictError";
}

/** The state does not allow it: INVALID_TRANSITION, NOT_EMPTY, BUS_EMPTY … */
export class PreconditionError extends CallboardError {
  override readonly name = "PreconditionError";
}

/** The start cannot be honoured: CURSOR_EXPIRED, CURSOR_AHEAD, CURSOR_UNKNOWN. */
export class CursorError extends CallboardError {
  override readonly name = "CursorError";
}

/** Something is full: DISK_FULL, QUOTA_EXCEEDED, SUBSCRIBER_LIMIT … */
export class ExhaustedError extends CallboardError {
  override readonly name = "ExhaustedError";
}

/** The server cannot be reached or cannot answer now: SHUTTING_DOWN, LOCK_TIMEOUT … */
export class UnavailableError extends CallboardError {
  override readonly name = "UnavailableError";
}

/** No answer came in time; whether a write happened is not known. */
export class DeadlineError extends CallboardError {
  override readonly name = "DeadlineError";
}

/** Not signed in, or not allowed: TOKEN_REQUIRED, TOKEN_INVALID, NOT_ALLOWED. */
export class DeniedError extends CallboardError {
  override readonly name = "DeniedError";
}

/** A file cannot be read as what it should be: CORRUPT_DOCUMENT. */
export class DataLossError extends CallboardError {
  override readonly name = "DataLossError";
}

/** The server, or its disk, failed: IO, BUG. */
export class InternalError extends CallboardError {
  override readonly name = "InternalError";
}

/** Any other code, such as CANCELLED after `close`, or UNIMPLEMENTED by an older server. */
export class OtherError extends CallboardError {
  override readonly name = "OtherError";
}

const FAMILIES: Readonly<Partial<Record<GrpcCode, typeof CallboardError>>> = {
  INVALID_ARGUMENT: InvalidArgumentError,
  NOT_FOUND: NotFoundError,
  ALREADY_EXISTS: AlreadyExistsError,
  ABORTED: ConflictError,
  FAILED_PRECONDITION: PreconditionError,
  OUT_OF_RANGE: CursorError,
  RESOURCE_EXHAUSTED: ExhaustedError,
  UNAVAILABLE: UnavailableError,
  DEADLINE_EXCEEDED: DeadlineError,
  UNAUTHENTICATED: DeniedError,
  PERMISSION_DENIED: DeniedError,
  DATA_LOSS: DataLossError,
  INTERNAL: InternalError,
};

/** Makes the error of the family that the code belongs to. */
export function errorOf(message: string, facts: ErrorFacts): CallboardError {
  return new (FAMILIES[facts.code] ?? OtherError)(message, facts);
}
