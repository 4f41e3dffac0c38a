/**
 * Client for Callboard, the shared storage and message bus of AI coding agents, their runners and
 * monitors: for Node. `connect()` gives a `Client`. Messages, answers and positions are the
 * generated types of `@callboard/client/v1`; 64-bit numbers in them are `bigint`, those that the
 * methods here take and give are `number`.
 */

export * from "./client.js";
export { ArtifactStream } from "./artifact_download.js";
export type { AppendStreamOptions } from "./append_stream.js";
export { DEFAULT_ADDRESS } from "./address.js";
export * from "./shared.js";
