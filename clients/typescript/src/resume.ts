/**
 * What to ask for after a break, so that nothing is missed and nothing comes twice. Knows frames
 * and requests only, nothing of the network.
 */

import { clone, create, type MessageInitShape } from "@bufbuild/protobuf";

import {
  type BusPosition,
  BusPositionSchema,
  StartPosition,
  SubscribeRequestSchema,
  type SubscribeRequest,
  type SubscribeResponse,
  type SubscribeResponse_Delivery,
  type SubscribeResponse_Opened,
  SubscribeScope,
} from "./generated/callboard/v1/message_bus_pb.js";

/** Follows the frames of a subscription and makes the request that goes on from there. */
export class Resume {
  /** Whether more than one bus is followed. */
  readonly wide: boolean;

  readonly #asked: SubscribeRequest;
  readonly #cursors = new Map<string, BusPosition>();
  #opened = false;
  #caughtUp = false;
  #delivered = 0n;
  // Buses that the first stream had not opened yet when it broke, and whose messages up to
  // `sinceTime` are passed over here.
  #resumed = false;
  readonly #passingOver = new Set<string>();
  #passedOver = 0;

  /** Starts with what the caller asked for. */
  constructor(request: MessageInitShape<typeof SubscribeRequestSchema>) {
    this.#asked = create(SubscribeRequestSchema, request);
    const { scope, projectId, positions } = this.#asked;
    this.wide =
      scope === SubscribeScope.PROJECT ||
      scope === SubscribeScope.ALL ||
      (scope === SubscribeScope.UNSPECIFIED && projectId === "");
    for (const position of positions) this.#setCursor(position, position.cursor);
  }

  /** Whether the server has said where reading starts, so that nothing later can be missed. */
  get placed(): boolean {
    return this.#caughtUp || (this.#opened && !this.wide);
  }

  /** How far reading has come, in each bus that has a position, ordered by project and task. */
  get positions(): BusPosition[] {
    return [...this.#cursors.entries()]
      .filter(([, { cursor }]) => cursor !== "")
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, position]) => clone(BusPositionSchema, position));
  }

  /** Whether as many messages were delivered as were asked for; never without a limit. */
  get complete(): boolean {
    return this.#asked.limit > 0n && this.#delivered >= this.#asked.limit;
  }

  /** Whether the end of a stream without an error is the end of what was asked for. */
  get finished(): boolean {
    if (this.complete) return true;
    // The server's count includes what was passed over here.
    if (this.#asked.limit > 0n && this.#passedOver > 0) return false;
    return this.#asked.stopAtTail;
  }

  /**
   * Returns the request for the first stream, or for the next one after a break. Not to be asked
   * once `complete`: a limit of 0 would mean no limit.
   */
  request(): SubscribeRequest {
    const request = clone(SubscribeRequestSchema, this.#asked);
    if (request.limit > 0n) request.limit -= this.#delivered;
    this.#passedOver = 0;
    if (!this.#canGoOn()) return request;

    this.#resumed = true;
    request.positions = this.wide ? this.positions : [];
    const cursor = this.wide ? undefined : this.positions[0]?.cursor;
    if (cursor !== undefined) {
      request.start = { case: "cursor", value: cursor };
    } else if (request.positions.length > 0) {
      request.start = { case: undefined };
    } else {
      // Without a cursor there was no bus yet: all that it holds now is new.
      request.start = { case: "position", value: StartPosition.EARLIEST };
    }
    return request;
  }

  /** Takes note of a frame and returns its message, if it has one for the caller. */
  take({ frame }: SubscribeResponse): SubscribeResponse_Delivery | undefined {
    switch (frame.case) {
      case "opened":
        this.#takeOpened(frame.value);
        break;
      case "message":
        return this.#takeDelivery(frame.value);
      case "caughtUp":
        this.#caughtUp = true;
        break;
      case "gap":
        // A deleted bus that comes back is read from its beginning.
        this.#setCursor(
          frame.value,
          frame.value.reason === "BUS_DELETED" ? "" : frame.value.oldestCursor,
        );
        break;
      case "closing":
        for (const position of frame.value.positions) this.#setCursor(position, position.cursor);
        break;
      default:
        break;
    }
    return undefined;
  }

  /** Whether positions say more than the start the caller gave. */
  #canGoOn(): boolean {
    if (!this.wide) return this.#opened;
    const { start, positions } = this.#asked;
    const fromEnd =
      positions.length === 0 &&
      (start.case === undefined ||
        (start.case === "position" && start.value !== StartPosition.EARLIEST));
    // A bus that is not in `positions` starts at its beginning, and some may not have been
    // opened yet: the end is still to be found.
    if (fromEnd && !this.#caughtUp) return this.#delivered > 0n;
    return this.#opened || this.#caughtUp;
  }

  #takeOpened(opened: SubscribeResponse_Opened): void {
    const byTime = this.#asked.start.case === "sinceTime";
    const key = keyOf(opened);
    if (this.wide && byTime && this.#resumed && !this.#caughtUp && !this.#cursors.has(key)) {
      this.#passingOver.add(key);
    }
    this.#opened = true;
    this.#setCursor(opened, opened.cursor);
  }

  #takeDelivery(delivery: SubscribeResponse_Delivery): SubscribeResponse_Delivery | undefined {
    const key = keyOf(delivery);
    this.#opened = true;
    this.#setCursor(delivery, delivery.cursor);
    if (this.#passingOver.has(key)) {
      if (!this.#isLater(delivery)) {
        this.#passedOver += 1;
        return undefined;
      }
      this.#passingOver.delete(key);
    }
    this.#delivered += 1n;
    return delivery;
  }

  /** Whether a message's time is later than the one that was asked for. */
  #isLater({ message }: SubscribeResponse_Delivery): boolean {
    const { start } = this.#asked;
    if (start.case !== "sinceTime") return true;
    const seconds = message?.ts?.seconds ?? 0n;
    const nanos = message?.ts?.nanos ?? 0;
    return seconds === start.value.seconds
      ? nanos > start.value.nanos
      : seconds > start.value.seconds;
  }

  #setCursor({ projectId, taskId }: BusIds, cursor: string): void {
    const position = create(BusPositionSchema, { projectId, taskId, cursor });
    this.#cursors.set(keyOf(position), position);
  }
}

interface BusIds {
  readonly projectId: string;
  readonly taskId: string;
}

/** Ordered by project and then task, as no id has a character before the first. */
function keyOf({ projectId, taskId }: BusIds): string {
  return `${projectId}\0${taskId}`;
}
