/** What the arguments of the conformance suite's commands mean to a client. */

import {
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type MessageShape,
  toJson,
} from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";

import { BusPositionSchema, type Message } from "../src/generated/callboard/v1/message_bus_pb.js";
import type {
  AppendOptions,
  ClientCore,
  FollowOptions,
  LogEntry,
  ReadOptions,
} from "../src/shared.js";

/** The arguments of a command. */
export type With = JsonObject;

/** The API's JSON form of a message. */
export function json<D extends DescMessage>(schema: D, message: MessageShape<D>): JsonValue {
  return toJson(schema, message, { useProtoFieldName: true });
}

/** A text that may be absent. */
export function text(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Where something is. */
export function places(given: With): { project?: string | undefined; task?: string | undefined } {
  return { project: text(given["project"]), task: text(given["task"]) };
}

/** Where a run is. */
export function runPlaces(given: With): {
  project?: string | undefined;
  task?: string | undefined;
  run?: string | undefined;
} {
  return { ...places(given), run: text(given["run"]) };
}

/** A number that may be absent. */
export function number(value: JsonValue | undefined): number | undefined {
  return value === undefined || value === null ? undefined : Number(value);
}

/** Seconds that may be absent, as milliseconds. */
export function milliseconds(value: JsonValue | undefined): number | undefined {
  const seconds = number(value);
  return seconds === undefined ? undefined : seconds * 1000;
}

export function callOptions(given: With): { timeoutMs?: number | undefined } {
  return { timeoutMs: milliseconds(given["timeout"]) };
}

export function nameOf(given: With): string {
  return text(given["name"]) ?? "";
}

export function list(value: JsonValue | undefined): string[] | undefined {
  return Array.isArray(value) ? value.map(String) : undefined;
}

export function time(value: JsonValue | undefined): Timestamp | undefined {
  return typeof value === "string" ? fromJson(TimestampSchema, value) : undefined;
}

export function messageOf(given: With): {
  type: string;
  body: string | undefined;
  options: AppendOptions;
} {
  return {
    type: text(given["type"]) ?? "",
    body: text(given["body"]),
    options: {
      ...runPlaces(given),
      ...callOptions(given),
      meta: given["meta"] as Record<string, string> | undefined,
      parents: list(given["parents"]),
      links: list(given["links"]),
      issueId: text(given["issue_id"]),
      attachmentPath: text(given["attachment_path"]),
      requestId: text(given["request_id"]),
      expectedLastMsgId: text(given["expected_last_msg_id"]),
    },
  };
}

/** The messages of a command, made by the client. */
export function messagesOf(client: ClientCore, given: With): Message[] {
  return (given["messages"] as With[]).map((one) => {
    const { type, body, options } = messageOf(one);
    return client.message(type, body, options);
  });
}

export function readOptions(given: With): ReadOptions {
  return {
    ...places(given),
    sinceId: text(given["since_id"]),
    cursor: text(given["cursor"]),
    sinceTime: time(given["since_time"]),
    tail: number(given["tail"]),
    limit: number(given["limit"]),
    types: list(given["types"]),
    run: text(given["run"]),
    ...callOptions(given),
  };
}

export function followOptions(given: With): FollowOptions {
  const { sinceId, cursor, sinceTime, limit, types, run } = readOptions(given);
  const positions = given["positions"] as JsonValue[] | null | undefined;
  return {
    ...places(given),
    ...{ sinceId, cursor, sinceTime, limit, types, run },
    scope: text(given["scope"]) as FollowOptions["scope"],
    start: text(given["start"]) as FollowOptions["start"],
    positions: positions?.map((one) => fromJson(BusPositionSchema, one)),
    stopAtTail: given["stop_at_tail"] === true,
    heartbeatIntervalMs: milliseconds(given["heartbeat_interval"]),
    retryForMs: milliseconds(given["retry_for"]),
  };
}

export function entryJson({ entry, offset, damaged }: LogEntry): JsonValue {
  return { entry, offset, damaged };
}

export function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((size, chunk) => size + chunk.length, 0);
}
