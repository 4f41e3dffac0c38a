/** The generated code of the API: messages, enums and the services `MessageBus` and `Storage`. */

export * from "./generated/callboard/v1/error_reason_pb.js";
export * from "./generated/callboard/v1/message_bus_pb.js";
export * from "./generated/callboard/v1/storage_pb.js";
