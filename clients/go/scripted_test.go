package callboard_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	callboard "github.com/callboard-dev/callboard/clients/go"
	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// scripted is a server of the test's own, for what the real one does not do when asked.
type scripted struct {
	callboardv1.UnimplementedMessageBusServer
	callboardv1.UnimplementedStorageServer
	// Answers the Subscribe call of this number, from 1.
	subscribe func(call int, stream grpc.ServerStreamingServer[callboardv1.SubscribeResponse]) error
	// Answers the GetArtifact call of this number, from 1.
	artifact func(call int, stream grpc.ServerStreamingServer[callboardv1.GetArtifactResponse]) error
	// Answers the AppendRunOutput call of this number, from 1.
	output   func(call int) error
	requests []*callboardv1.SubscribeRequest
	gets     int
	chunks   []string
}

func (s *scripted) CreateRun(context.Context, *callboardv1.CreateRunRequest) (*callboardv1.CreateRunResponse, error) {
	return &callboardv1.CreateRunResponse{Run: &callboardv1.Run{ProjectId: "p", TaskId: "t", RunId: "r"}}, nil
}

func (s *scripted) UpdateRunStatus(
	context.Context, *callboardv1.UpdateRunStatusRequest,
) (*callboardv1.UpdateRunStatusResponse, error) {
	return &callboardv1.UpdateRunStatusResponse{}, nil
}

func (s *scripted) AppendMessage(
	context.Context, *callboardv1.AppendMessageRequest,
) (*callboardv1.AppendMessageResponse, error) {
	return &callboardv1.AppendMessageResponse{MsgId: "m"}, nil
}

func (s *scripted) AppendRunOutput(
	_ context.Context, request *callboardv1.AppendRunOutputRequest,
) (*callboardv1.AppendRunOutputResponse, error) {
	chunk := string(request.GetChunk())
	s.chunks = append(s.chunks, fmt.Sprintf("%d %s", request.GetOffset(), chunk))
	next := request.GetOffset() + int64(len(chunk))
	return &callboardv1.AppendRunOutputResponse{NextOffset: next}, s.output(len(s.chunks))
}

func (s *scripted) Subscribe(
	request *callboardv1.SubscribeRequest, stream grpc.ServerStreamingServer[callboardv1.SubscribeResponse],
) error {
	s.requests = append(s.requests, request)
	return s.subscribe(len(s.requests), stream)
}

func (s *scripted) GetArtifact(
	_ *callboardv1.GetArtifactRequest, stream grpc.ServerStreamingServer[callboardv1.GetArtifactResponse],
) error {
	s.gets++
	return s.artifact(s.gets, stream)
}

// serve runs the script until the end of the test, and returns a client of it.
func serve(t *testing.T, script *scripted) *callboard.Client {
	t.Helper()
	return connect(t, callboard.Options{Addr: listen(t, script), Project: "p", Task: "t"})
}

// listen runs the script until the end of the test, and returns its host:port.
func listen(t *testing.T, script *scripted, options ...grpc.ServerOption) string {
	t.Helper()
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	server := grpc.NewServer(options...)
	callboardv1.RegisterMessageBusServer(server, script)
	callboardv1.RegisterStorageServer(server, script)
	serving := make(chan error, 1)
	go func() { serving <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-serving; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

func opened() *callboardv1.SubscribeResponse {
	return &callboardv1.SubscribeResponse{Frame: &callboardv1.SubscribeResponse_Opened_{
		Opened: &callboardv1.SubscribeResponse_Opened{ProjectId: "p", TaskId: "t", Cursor: "c0"},
	}}
}

func numbered(number string) *callboardv1.SubscribeResponse {
	return &callboardv1.SubscribeResponse{Frame: &callboardv1.SubscribeResponse_Message{
		Message: &callboardv1.SubscribeResponse_Delivery{
			ProjectId: "p", TaskId: "t", Cursor: "c" + number, Message: &callboardv1.Message{Body: number},
		},
	}}
}

func TestAStreamThatEndsWithoutBeingAskedToIsGoneOnFrom(t *testing.T) {
	script := &scripted{subscribe: func(call int, stream grpc.ServerStreamingServer[callboardv1.SubscribeResponse]) error {
		return errors.Join(stream.Send(opened()), stream.Send(numbered(numbers(9)[call])))
	}}
	follow := subscribe(t, serve(t, script), callboard.FollowOptions{FromEarliest: true})
	expect(t, take(t, follow, 3), []string{"1", "2", "3"})
	var cursors []string
	for _, request := range script.requests[:3] {
		cursors = append(cursors, request.GetCursor())
	}
	expect(t, cursors, []string{"", "c1", "c2"})
}

func TestALimitHoldsWhenTheStreamBreaksRightAfterTheLastMessage(t *testing.T) {
	script := &scripted{subscribe: func(_ int, stream grpc.ServerStreamingServer[callboardv1.SubscribeResponse]) error {
		return errors.Join(stream.Send(opened()), stream.Send(numbered("1")), stream.Send(numbered("2")), errors.New("broken"))
	}}
	follow := subscribe(t, serve(t, script), callboard.FollowOptions{FromEarliest: true, Limit: 2})
	expect(t, bodies(t, follow.Messages()), []string{"1", "2"})
	if len(script.requests) != 1 {
		t.Errorf("it asked for %v", script.requests)
	}
}

func TestASilentStreamCountsAsBroken(t *testing.T) {
	script := &scripted{subscribe: func(call int, stream grpc.ServerStreamingServer[callboardv1.SubscribeResponse]) error {
		if err := errors.Join(stream.Send(opened()), stream.Send(numbered(numbers(9)[call]))); err != nil {
			return err
		}
		<-stream.Context().Done()
		return nil
	}}
	options := callboard.FollowOptions{FromEarliest: true, HeartbeatInterval: 100 * time.Millisecond}
	follow := subscribe(t, serve(t, script), options)
	expect(t, take(t, follow, 3), []string{"1", "2", "3"})
}

func TestAFollowIsNotBegunWhenItsClientIsClosedMeanwhile(t *testing.T) {
	asked := make(chan struct{})
	client := serve(t, &scripted{
		subscribe: func(_ int, stream grpc.ServerStreamingServer[callboardv1.SubscribeResponse]) error {
			close(asked)
			<-stream.Context().Done()
			return nil
		},
	})
	go func() {
		<-asked
		_ = client.Close()
	}()
	if _, err := client.Follow(limited(t), callboard.FollowOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestOutputWhoseAnswerWasLostIsSentAgainAsItWas(t *testing.T) {
	script := &scripted{output: func(call int) error {
		if call == 1 {
			// It may be there, and something else behind it.
			return status.Error(codes.Internal, "the answer was lost")
		}
		return nil
	}}
	run := must(serve(t, script).StartRun(limited(t), callboard.RunOptions{AgentType: "tester"}))(t)
	_, _ = run.Stdout.WriteString("one ")
	if err := run.Stdout.Flush(); !errors.Is(err, callboard.FamilyInternal) {
		t.Errorf("got %v", err)
	}
	_, _ = run.Stdout.WriteString("two")
	if err := run.End(nil); err != nil {
		t.Fatal(err)
	}
	expect(t, script.chunks, []string{"0 one ", "0 one ", "4 two"})
}

// content sends a part of an artifact.
func content(
	stream grpc.ServerStreamingServer[callboardv1.GetArtifactResponse], text, sha256 string,
) error {
	return stream.Send(&callboardv1.GetArtifactResponse{
		Artifact: &callboardv1.Artifact{Name: "a"}, Chunk: []byte(text), Sha256: sha256,
	})
}

// helloHash is the SHA-256 of "hello".
const helloHash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

func TestADownloadThatIsNotWhatTheServerHasIsRefusedAndLeavesNothing(t *testing.T) {
	client := serve(t, &scripted{
		artifact: func(_ int, stream grpc.ServerStreamingServer[callboardv1.GetArtifactResponse]) error {
			return content(stream, "HELLO", helloHash)
		},
	})
	folder, id := t.TempDir(), callboard.ArtifactID{Name: "a"}
	_, err := client.GetArtifactFile(limited(t), id, filepath.Join(folder, "a"))
	if !errors.Is(err, callboard.ReasonChecksumMismatch) || !errors.Is(err, callboard.FamilyInvalidArgument) {
		t.Errorf("got %v", err)
	}
	if left := must(os.ReadDir(folder))(t); len(left) != 0 {
		t.Errorf("left are %v", left)
	}
	if _, err := client.GetArtifact(limited(t), id, &bytes.Buffer{}); !errors.Is(err, callboard.ReasonChecksumMismatch) {
		t.Errorf("got %v", err)
	}
}

func TestADownloadToAFileBeginsAgainAfterABreak(t *testing.T) {
	client := serve(t, &scripted{
		artifact: func(call int, stream grpc.ServerStreamingServer[callboardv1.GetArtifactResponse]) error {
			if call == 1 {
				return errors.Join(content(stream, "hel", ""), errors.New("broken"))
			}
			return content(stream, "hello", helloHash)
		},
	})
	path := filepath.Join(t.TempDir(), "a")
	artifact := must(client.GetArtifactFile(limited(t), callboard.ArtifactID{Name: "a"}, path))(t)
	if got := must(os.ReadFile(path))(t); string(got) != "hello" || artifact.GetSha256() != helloHash {
		t.Errorf("got %q, %v", got, artifact)
	}
}
