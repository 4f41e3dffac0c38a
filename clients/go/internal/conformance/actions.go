package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"os"
	"reflect"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	callboard "github.com/callboard-dev/callboard/clients/go"
	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// actions are the commands of the suite; what they return stands under "ok".
var actions = map[string]func(*driver, with) (any, error){
	"connect": func(d *driver, w with) (any, error) {
		client, err := callboard.Connect(as[callboard.Options](w))
		d.clients[clientName(w)] = client
		return object{}, err
	},
	"close": func(d *driver, w with) (any, error) { return object{}, d.client(w).Close() },
	"defaults": func(d *driver, w with) (any, error) {
		client := d.client(w)
		return object{"project": client.Project(), "task": client.Task(), "run": client.RunID()}, nil
	},
	"append": func(d *driver, w with) (any, error) {
		ctx, cancel := w.limited()
		defer cancel()
		return written(d.client(w).AppendWith(ctx, as[callboard.Draft](w), as[callboard.AppendOptions](w)))
	},
	"append_many": func(d *driver, w with) (any, error) {
		return written(d.client(w).AppendMany(context.Background(), drafts(w), as[callboard.AppendOptions](w)))
	},
	"append_stream": func(d *driver, w with) (any, error) {
		options := as[callboard.AppendStreamOptions](w)
		answers, err := collect(each(d.client(w).AppendStream(context.Background(), slices.Values(drafts(w)), options)))
		if err != nil {
			return answers, err
		}
		return object{"answers": answers}, nil
	},
	"read": func(d *driver, w with) (any, error) {
		messages, err := collect(each(d.client(w).Read(context.Background(), as[callboard.ReadOptions](w))))
		return object{"messages": messages}, err
	},
	"get": func(d *driver, w with) (any, error) {
		return written(d.client(w).Get(context.Background(), w.text("msgid"), as[callboard.GetOptions](w)))
	},
	"poll": func(d *driver, w with) (any, error) {
		options := as[callboard.PollOptions](w)
		if options.Wait = w.duration("timeout", 0); options.Wait == 0 && w["timeout"] != nil {
			options.Wait = -1
		}
		return written(d.client(w).Poll(context.Background(), options))
	},
	"follow": func(d *driver, w with) (any, error) {
		follow, err := d.client(w).Follow(context.Background(), as[callboard.FollowOptions](w))
		if err == nil {
			d.follows[w.text("name")] = follow
			d.streams[w.text("name")] = startStream(follow.Close, each(follow.Messages()))
		}
		return object{}, err
	},
	"positions": func(d *driver, w with) (any, error) {
		follow := d.follows[w.text("name")]
		positions := follow.Positions()
		return object{"positions": positions, "cursor": follow.Cursor()}, nil
	},
	"next":       next,
	"next_bytes": nextBytes,
	"stop":       stop,
	"call":       call,
	"put_artifact": func(d *driver, w with) (any, error) {
		options := as[callboard.PutArtifactOptions](w)
		if path := w.text("file"); path != "" {
			return written(d.client(w).PutArtifactFile(context.Background(), w.text("name"), path, options))
		}
		return written(d.client(w).PutArtifact(context.Background(), w.text("name"), w.content(), options))
	},
	"get_artifact": func(d *driver, w with) (any, error) {
		var artifact *callboardv1.Artifact
		var err error
		id := as[callboard.ArtifactID](w)
		answer, failed := arrived(w,
			func(path string) error {
				artifact, err = d.client(w).GetArtifactFile(context.Background(), id, path)
				return err
			},
			func(to io.Writer) error {
				artifact, err = d.client(w).GetArtifact(context.Background(), id, to)
				return err
			})
		if failed != nil {
			return nil, failed
		}
		answer["artifact"], err = written(artifact, nil)
		return answer, err
	},
	"append_log": func(d *driver, w with) (any, error) {
		var entries []any
		for _, entry := range decode[[]json.RawMessage](w["entries"]) {
			entries = append(entries, entry)
		}
		return written(d.client(w).AppendLog(context.Background(), entries, as[callboard.AppendLogOptions](w)))
	},
	"read_log": func(d *driver, w with) (any, error) {
		items, err := collect(logItems(d.client(w).ReadLog(context.Background(), as[callboard.ReadLogOptions](w))))
		return object{"items": items}, err
	},
	"follow_log": func(d *driver, w with) (any, error) {
		ctx, cancel := context.WithCancel(context.Background())
		options := as[callboard.ReadLogOptions](w)
		options.Follow = true
		d.streams[w.text("name")] = startStream(cancel, logItems(d.client(w).ReadLog(ctx, options)))
		return object{}, nil
	},
	"put_run_file": func(d *driver, w with) (any, error) {
		options := as[callboard.PutRunFileOptions](w)
		size, err := d.client(w).PutRunFile(context.Background(), w.text("file"), w.content(), options)
		return object{"size": size}, err
	},
	"get_run_file": func(d *driver, w with) (any, error) {
		get := func(to io.Writer) error {
			_, err := d.client(w).GetRunFile(context.Background(), w.text("file"), to, as[callboard.ReadRunFileOptions](w))
			return err
		}
		return arrived(w, func(path string) error {
			file, err := os.Create(path)
			if err != nil {
				return err
			}
			return errors.Join(get(file), file.Close())
		}, get)
	},
	"follow_run_file": func(d *driver, w with) (any, error) {
		ctx, cancel := context.WithCancel(context.Background())
		options := as[callboard.ReadRunFileOptions](w)
		options.Follow = true
		chunks := d.client(w).ReadRunFile(ctx, w.text("file"), options)
		d.streams[w.text("name")] = startStream(cancel, func(yield func(any, error) bool) {
			chunks(func(chunk callboard.RunFileChunk, err error) bool { return yield(chunk.Bytes, err) })
		})
		return object{}, nil
	},
	"run_begin": func(d *driver, w with) (any, error) {
		run, err := d.client(w).StartRun(context.Background(), as[callboard.RunOptions](w))
		if err != nil {
			return nil, err
		}
		d.runs[w.text("name")] = run
		return written(run.Info(), nil)
	},
	"run_write": func(d *driver, w with) (any, error) {
		run := d.runs[w.text("name")]
		writers := map[string]io.Writer{"stdout": run.Stdout, "stderr": run.Stderr, "output": run.Output}
		_, err := io.WriteString(writers[w.text("to")], w.text("text"))
		return object{}, err
	},
	"run_event": func(d *driver, w with) (any, error) {
		var data any
		if w["data"] != nil {
			data = w["data"]
		}
		return object{}, d.runs[w.text("name")].Event(context.Background(), w.text("event"), data)
	},
	"run_append": func(d *driver, w with) (any, error) {
		return written(d.runs[w.text("name")].Append(context.Background(), as[callboard.Draft](w)))
	},
	"run_end": func(d *driver, w with) (any, error) {
		run := d.runs[w.text("name")]
		if w["exitcode"] != nil {
			run.SetExitCode(decode[int](w["exitcode"]))
		}
		return object{}, run.End(nil)
	},
	"run_fail": func(d *driver, w with) (any, error) {
		cause := errors.New(w.text("message"))
		if err := d.runs[w.text("name")].End(cause); err != cause {
			return nil, err
		}
		return object{}, nil
	},
}

func drafts(w with) []callboard.Draft {
	var drafts []callboard.Draft
	for _, message := range decode[[]with](w["messages"]) {
		drafts = append(drafts, as[callboard.Draft](message))
	}
	return drafts
}

// call calls a method that only its name is known of, as those do who know it: through
// callboard.Call.
func call(d *driver, w with) (any, error) {
	client := d.client(w)
	generated := map[string]any{"Storage": client.Storage, "MessageBus": client.Bus}[w.text("service")]
	method := reflect.ValueOf(generated).MethodByName(w.text("method"))
	request := reflect.New(method.Type().In(1).Elem()).Interface().(proto.Message)
	if w["request"] != nil {
		if err := protojson.Unmarshal(w["request"], request); err != nil {
			return nil, err
		}
	}
	unary := func(ctx context.Context, request proto.Message, _ ...grpc.CallOption) (proto.Message, error) {
		results := method.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(request)})
		err, _ := results[1].Interface().(error)
		return results[0].Interface().(proto.Message), err
	}
	ctx, cancel := w.limited()
	defer cancel()
	return written(callboard.Call(ctx, client, unary, request))
}

// logItems gives the entries of a log as they go over.
func logItems(entries iter.Seq2[callboard.LogEntry, error]) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		entries(func(entry callboard.LogEntry, err error) bool {
			return yield(object{"entry": entry.Text, "offset": entry.Offset, "damaged": entry.Damaged}, err)
		})
	}
}

// arrived lets the client write to the path that is given, or else to memory, and tells
// what arrived.
func arrived(w with, toFile func(string) error, toWriter func(io.Writer) error) (object, error) {
	hash, size := sha256.New(), int64(0)
	read, write := io.Pipe()
	go func() {
		path := w.text("to")
		if path == "" {
			write.CloseWithError(toWriter(write))
			return
		}
		err := toFile(path)
		if err == nil {
			_, err = io.Copy(write, opened(path))
		}
		write.CloseWithError(err)
	}()
	size, err := io.Copy(hash, read)
	return object{"size": size, "sha256": hex.EncodeToString(hash.Sum(nil))}, err
}
