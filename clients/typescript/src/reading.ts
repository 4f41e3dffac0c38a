/** Reading a bus: up to its end, page by page, or waiting for what is new. */

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";

import type { CallOptions, Calls } from "./calls.js";
import {
  BusPositionSchema,
  type Message,
  MessageBus,
  type PollForNewResponse,
  type ReadMessagesRequestSchema,
  type ReadMessagesResponse,
  type SubscribeRequestSchema,
  StartPosition,
  SubscribeScope,
} from "./generated/callboard/v1/message_bus_pb.js";
import type { KeepUpOptions } from "./follow.js";
import { type Identity, type PlaceOptions, resolveTask } from "./identity.js";
import { atMostOne, type StartOptions, type TimedStartOptions, timestampOf } from "./starts.js";
import { UsageError } from "./usage_error.js";

/** Messages asked for at a time; the server's answers are bounded in bytes as well. */
const PAGE_MESSAGES = 1000;
/** How long a poll waits unless asked otherwise, in milliseconds. */
const POLL_MS_DEFAULT = 30_000;
/** How long the answer of a poll may take beyond the time it waits, in milliseconds. */
const POLL_MARGIN_MS = 10_000;

/** Which messages of a bus. */
export interface FilterOptions {
  /** Only messages of these types, compared exactly; all by default. */
  readonly types?: Iterable<string> | undefined;
  /** Only messages of this run; all by default. */
  readonly run?: string | undefined;
}

/** What to read: from the beginning, unless a start is given. */
export interface ReadOptions extends PlaceOptions, TimedStartOptions, FilterOptions, CallOptions {
  /** Start so many messages before the end. */
  readonly tail?: number | undefined;
  /** At most this many messages; all by default, and 100 of a page. */
  readonly limit?: number | undefined;
}

/** What to wait for: without a start, what arrives from now on. */
export interface PollOptions extends PlaceOptions, StartOptions, FilterOptions {
  /** How long to wait, in milliseconds: 30 000 by default, at most 300 000; 0 does not wait. */
  readonly timeoutMs?: number | undefined;
  /** At most this many messages; 100 by default. */
  readonly limit?: number | undefined;
  /** Ends the call early: it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What to follow: one bus from its end on, unless something else is said. */
export interface FollowOptions
  extends PlaceOptions, TimedStartOptions, FilterOptions, KeepUpOptions {
  /** One bus (the default), a project with all its tasks, or all buses of the server. */
  readonly scope?: "bus" | "project" | "all" | undefined;
  /** At the first message there is, or after the last one (the default). */
  readonly start?: "earliest" | "latest" | undefined;
  /** For wide scopes: where to go on in each bus, from an earlier `Follow.positions`. */
  readonly positions?: Iterable<MessageInitShape<typeof BusPositionSchema>> | undefined;
  /** End where the past has been read, instead of following. */
  readonly stopAtTail?: boolean | undefined;
  /** End after this many messages. */
  readonly limit?: number | undefined;
  /** How long the server may be silent before a heartbeat, in milliseconds: 15 000 by default. */
  readonly heartbeatIntervalMs?: number | undefined;
}

/** Gives the messages of one bus, oldest first, up to its present end. */
export async function* readMessages(
  calls: Calls,
  own: Identity,
  options: ReadOptions,
): AsyncGenerator<Message, void, undefined> {
  let remaining = Math.min(options.tail ?? Infinity, options.limit ?? Infinity);
  let asked: ReadOptions = options;
  // A negative number is the server's to refuse.
  while (remaining !== 0) {
    const page = await readPage(calls, own, {
      ...asked,
      limit: Math.min(remaining, PAGE_MESSAGES),
    });
    yield* page.messages;
    if (page.endOfBus) return;
    remaining -= page.messages.length;
    asked = {
      ...options,
      sinceId: undefined,
      sinceTime: undefined,
      tail: undefined,
      cursor: page.cursor,
    };
  }
}

/** Returns one answer of the server. */
export async function readPage(
  calls: Calls,
  own: Identity,
  options: ReadOptions,
): Promise<ReadMessagesResponse> {
  const { sinceId, cursor, sinceTime, tail } = options;
  atMostOne({ sinceId, cursor, sinceTime, tail });
  const request: MessageInitShape<typeof ReadMessagesRequestSchema> = {
    ...resolveTask(own, options),
    limit: options.limit ?? 0,
    types: [...(options.types ?? [])],
    runId: options.run ?? "",
  };
  if (sinceTime !== undefined) {
    request.start = { case: "sinceTime", value: timestampOf(sinceTime) };
  } else if (tail !== undefined) {
    request.start = { case: "tail", value: tail };
  } else {
    request.start = startOf(options);
  }
  return await calls.unary(MessageBus.method.readMessages, request, options);
}

/** Waits for something new. */
export async function pollForNew(
  calls: Calls,
  own: Identity,
  options: PollOptions,
): Promise<PollForNewResponse> {
  const { sinceId, cursor } = options;
  atMostOne({ sinceId, cursor });
  const request = {
    ...resolveTask(own, options),
    start: startOf(options),
    limit: options.limit ?? 0,
    types: [...(options.types ?? [])],
    runId: options.run ?? "",
  };
  return await calls.attempts(
    async (remainingMs, signal) => {
      const timeout = durationFromMs(Math.max(remainingMs - POLL_MARGIN_MS, 0));
      const message = { ...request, timeout };
      return await calls.attempt(MessageBus.method.pollForNew, message, remainingMs, signal);
    },
    {
      timeoutMs: (options.timeoutMs ?? POLL_MS_DEFAULT) + POLL_MARGIN_MS,
      signal: options.signal,
      // A second attempt from "now" would not see what came between the two.
      repeatable: sinceId !== undefined || cursor !== undefined,
    },
  );
}

/** Makes the request of a subscription. */
export function subscription(
  own: Identity,
  options: FollowOptions,
): MessageInitShape<typeof SubscribeRequestSchema> {
  const { start, sinceId, cursor, sinceTime, heartbeatIntervalMs, limit = 0 } = options;
  const positions = Array.from(options.positions ?? [], (one) => create(BusPositionSchema, one));
  const given = positions.length === 0 ? undefined : positions;
  atMostOne({ start, sinceId, cursor, sinceTime, positions: given });
  if (!Number.isSafeInteger(limit)) throw new UsageError(`limit is no whole number: ${limit}`);
  const request: MessageInitShape<typeof SubscribeRequestSchema> = {
    ...covered(own, options),
    positions,
    types: [...(options.types ?? [])],
    runId: options.run ?? "",
    stopAtTail: options.stopAtTail ?? false,
    limit: BigInt(limit),
    start: startOf(options),
  };
  if (sinceTime !== undefined) {
    request.start = { case: "sinceTime", value: timestampOf(sinceTime) };
  } else if (start !== undefined) {
    const value = start === "earliest" ? StartPosition.EARLIEST : StartPosition.LATEST;
    request.start = { case: "position", value };
  }
  if (heartbeatIntervalMs !== undefined) {
    request.heartbeatInterval = durationFromMs(Math.round(heartbeatIntervalMs));
  }
  return request;
}

/** Says which buses a subscription covers. */
function covered(
  own: Identity,
  { scope = "bus", project, task }: FollowOptions,
): { scope: SubscribeScope; projectId?: string; taskId?: string } {
  switch (scope) {
    case "bus":
      return { scope: SubscribeScope.BUS, ...resolveTask(own, { project, task }) };
    case "project":
      return { scope: SubscribeScope.PROJECT, ...resolveTask(own, { project, task: "" }) };
    case "all":
      return { scope: SubscribeScope.ALL };
    default:
      throw new UsageError(`scope is bus, project or all, not ${String(scope)}`);
  }
}

type StartCase =
  { case: "sinceId"; value: string } | { case: "cursor"; value: string } | { case: undefined };

function startOf({ sinceId, cursor }: StartOptions): StartCase {
  if (sinceId !== undefined) return { case: "sinceId", value: sinceId };
  if (cursor !== undefined) return { case: "cursor", value: cursor };
  return { case: undefined };
}
