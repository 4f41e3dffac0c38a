/** Appending a stream of messages, many of them in flight. */

import type { MessageInitShape } from "@bufbuild/protobuf";

import { type Calls, newRequestId } from "./calls.js";
import { fromConnectError } from "./connect_errors.js";
import {
  type AppendStreamRequestSchema,
  type AppendStreamResponse,
  type Message,
  MessageBus,
} from "./generated/callboard/v1/message_bus_pb.js";
import { OwnSource } from "./own_source.js";
import { LinkedAbort } from "./waiting.js";

/** How a stream of messages is appended. */
export interface AppendStreamOptions {
  /** The beginning of the messages' request ids, `<requestId>-<index>`; made when none is given. */
  readonly requestId?: string | undefined;
  /** Ends the stream early: it then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Appends messages as they come, and gives their answers in order. */
export async function* appendStream(
  calls: Calls,
  messages: Iterable<Message> | AsyncIterable<Message>,
  options: AppendStreamOptions,
): AsyncGenerator<AppendStreamResponse, void, undefined> {
  const prefix = options.requestId ?? newRequestId();
  const abort = new LinkedAbort(calls.closed, options.signal);
  const source = new OwnSource(messages);
  try {
    const { transport } = calls;
    const method = MessageBus.method.appendStream;
    const answers = await transport.stream(
      method,
      abort.signal,
      undefined,
      undefined,
      requestsOf(source, prefix),
    );
    yield* answers.message;
  } catch (thrown) {
    source.throwIfFailed();
    abort.signal.throwIfAborted();
    throw fromConnectError(thrown, prefix);
  } finally {
    abort.abort();
  }
}

async function* requestsOf(
  messages: AsyncIterable<Message>,
  prefix: string,
): AsyncGenerator<MessageInitShape<typeof AppendStreamRequestSchema>> {
  let index = 0;
  for await (const message of messages) {
    yield { message, requestId: `${prefix}-${index}` };
    index += 1;
  }
}
