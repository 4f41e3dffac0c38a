/** Where reading starts, as methods are told it and as requests say it. */

import { type Timestamp, timestampFromDate, timestampNow } from "@bufbuild/protobuf/wkt";

import { UsageError } from "./usage_error.js";

/** Where to start in a bus; at most one of them. */
export interface StartOptions {
  /** Strictly after the message with this id. */
  readonly sinceId?: string | undefined;
  /** Strictly after the position of an earlier answer. */
  readonly cursor?: string | undefined;
}

/** As StartOptions, and by time. */
export interface TimedStartOptions extends StartOptions {
  /** At the first message, in file order, whose time is later than this. */
  readonly sinceTime?: Date | Timestamp | undefined;
}

/** Throws UsageError when more than one of these is given. */
export function atMostOne(starts: Readonly<Record<string, unknown>>): void {
  const given = Object.keys(starts).filter((name) => starts[name] !== undefined);
  if (given.length > 1) {
    throw new UsageError(`${given.join(" and ")} exclude each other: give one start`);
  }
}

/** Returns the time of the API for either form of one. Throws UsageError for an invalid date. */
export function timestampOf(time: Date | Timestamp): Timestamp {
  if (!(time instanceof Date)) return time;
  if (Number.isNaN(time.getTime())) throw new UsageError("sinceTime is no valid date");
  return timestampFromDate(time);
}

/** Seconds and nanoseconds of a time, as request ids hold them: "1700000000.000000005". */
export function stampOf(time: Timestamp = timestampNow()): string {
  return `${String(time.seconds)}.${String(time.nanos).padStart(9, "0")}`;
}
