package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"iter"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	callboard "github.com/callboard-dev/callboard/clients/go"
)

// object is one of JSON.
type object = map[string]any

// written returns a message of the API as it goes over.
func written[Message proto.Message](message Message, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(message)
	return json.RawMessage(text), err
}

// each gives messages of the API as they go over.
func each[Message proto.Message](messages iter.Seq2[Message, error]) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		for message, err := range messages {
			if !yield(written(message, err)) {
				return
			}
		}
	}
}

// collect returns all that an iterator gives.
func collect(values iter.Seq2[any, error]) ([]any, error) {
	all := []any{}
	for value, err := range values {
		if err != nil {
			return all, err
		}
		all = append(all, value)
	}
	return all, nil
}

// problem tells what went wrong.
func problem(err error) object {
	if misuse, ok := errors.AsType[*callboard.MisuseError](err); ok {
		return object{"misuse": misuse.Error()}
	}
	if unread, ok := errors.AsType[*fs.PathError](err); ok {
		// As os has it, for what the client was told to read.
		return object{"misuse": unread.Error()}
	}
	failure, ok := errors.AsType[*callboard.Error](err)
	if !ok {
		return object{"failure": err.Error()}
	}
	told := object{
		"family":   failure.Family(),
		"code":     codeName(failure.Code),
		"reason":   failure.Reason,
		"metadata": failure.Metadata,
		"message":  failure.Message,
	}
	if failure.Metadata == nil {
		told["metadata"] = object{}
	}
	if failure.RequestID != "" {
		told["request_id"] = failure.RequestID
	}
	if failure.RetryDelay != 0 {
		told["retry_delay"] = failure.RetryDelay.Seconds()
	}
	return object{"error": told}
}

// codeName returns the name of a code as gRPC's specification has it.
func codeName(code codes.Code) string {
	return [...]string{
		"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
		"ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
		"ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
		"UNAUTHENTICATED",
	}[code]
}
