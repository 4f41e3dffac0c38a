/** Making messages to append. */

import { create, type MessageInitShape } from "@bufbuild/protobuf";

import {
  type LinkSchema,
  type Message,
  MessageSchema,
  type ParentSchema,
} from "./generated/callboard/v1/message_bus_pb.js";
import { type Identity, resolveTask, type RunPlaceOptions } from "./identity.js";

/** What a message says beyond its type and body, and where it goes. */
export interface MessageOptions extends RunPlaceOptions {
  /** Free key-value pairs. */
  readonly meta?: Readonly<Record<string, string>> | undefined;
  /** The messages that it answers or follows: their ids, or parents in full. */
  readonly parents?: Iterable<string | MessageInitShape<typeof ParentSchema>> | undefined;
  /** URLs or paths, or links in full. */
  readonly links?: Iterable<string | MessageInitShape<typeof LinkSchema>> | undefined;
  /** The issue that it belongs to; none by default. */
  readonly issueId?: string | undefined;
  /** A file that belongs to it, relative to the task's folder; none by default. */
  readonly attachmentPath?: string | undefined;
}

/** Makes a message, with the client's ids where none are given. */
export function makeMessage(
  own: Identity,
  type: string,
  body: string,
  options: MessageOptions,
): Message {
  return create(MessageSchema, {
    ...resolveTask(own, options),
    type,
    body,
    runId: options.run ?? own.run,
    meta: { ...options.meta },
    parents: Array.from(options.parents ?? [], (parent) =>
      typeof parent === "string" ? { msgId: parent } : parent,
    ),
    links: Array.from(options.links ?? [], (link) =>
      typeof link === "string" ? { url: link } : link,
    ),
    issueId: options.issueId ?? "",
    attachmentPath: options.attachmentPath ?? "",
  });
}
