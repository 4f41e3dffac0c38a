/** What both entries of the package offer. */

export type { ArtifactAddress, GetArtifactOptions, PutArtifactOptions } from "./artifacts.js";
export { type CallOptions, type RepeatableCallOptions, TIMEOUT_MS_DEFAULT } from "./calls.js";
export type { ByteSource } from "./chunks.js";
export {
  type AppendOptions,
  ClientCore,
  type ClientRuntime,
  type CommonClientOptions,
  type GetOptions,
  type OnceOptions,
} from "./client_core.js";
export * from "./errors.js";
export { Follow, type KeepUpOptions } from "./follow.js";
export { ErrorReason } from "./generated/callboard/v1/error_reason_pb.js";
export {
  type AppendMessageResponse,
  type AppendMessagesResponse,
  type AppendStreamResponse,
  type BusPosition,
  type Link,
  type Message,
  MessageBus,
  type Parent,
  type PollForNewResponse,
  type ReadMessagesResponse,
  type SubscribeResponse,
} from "./generated/callboard/v1/message_bus_pb.js";
export {
  type AppendRunEventResponse,
  type AppendTaskLogResponse,
  type Artifact,
  type Run,
  Storage,
  type Task,
} from "./generated/callboard/v1/storage_pb.js";
export type { Identity, PlaceOptions, RunPlaceOptions } from "./identity.js";
export type { Logger } from "./logger.js";
export type { MessageOptions } from "./messages.js";
export type { FilterOptions, FollowOptions, PollOptions, ReadOptions } from "./reading.js";
export type { OwnProcess, RunContext, RunMessageOptions, RunOptions } from "./run.js";
export type { PutRunFileOptions, ReadRunFileOptions } from "./run_files.js";
export type { RunOutput } from "./run_output.js";
export type { StartOptions, TimedStartOptions } from "./starts.js";
export { type AppendLogOptions, LogEntry, type ReadLogOptions } from "./task_log.js";
export { UsageError } from "./usage_error.js";
