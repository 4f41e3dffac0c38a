// Command tour shows most of what a client does, against a running `callboard serve`:
//
//	go run ./examples/tour [PROJECT]
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	callboard "github.com/callboard-dev/callboard/clients/go"
	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

func main() {
	project := "tour"
	if len(os.Args) > 1 {
		project = os.Args[1]
	}
	if err := tour(context.Background(), project); err != nil {
		log.Fatal(err)
	}
}

func tour(ctx context.Context, project string) error {
	client, err := callboard.Connect(callboard.Options{Project: project, Task: "task-" + rand.Text()[:8]})
	if err != nil {
		return err
	}
	defer client.Close()
	created, err := callboard.Call(ctx, client, client.Storage.CreateTask, &callboardv1.CreateTaskRequest{
		ProjectId: project, TaskId: client.Task(), RequestId: rand.Text(),
		Steps: []*callboardv1.Step{{Name: "write", Type: "ai"}, {Name: "check", Type: "ci"}},
	})
	if err != nil {
		return err
	}
	fmt.Println("task", created.GetTask().GetTaskId())

	err = client.WithRun(ctx, callboard.RunOptions{AgentType: "tour"}, func(ctx context.Context, run *callboard.Run) error {
		fmt.Println("run", run.ID())
		return work(ctx, client, run, created.GetTask())
	})
	if err != nil {
		return err
	}

	for message, err := range client.Read(ctx, callboard.ReadOptions{Tail: 10, Types: []string{"PROGRESS", "FACT"}}) {
		if err != nil {
			return err
		}
		fmt.Println(message.GetType(), message.GetBody())
	}
	_, err = client.Get(ctx, "MSG-unknown", callboard.GetOptions{})
	if errors.Is(err, callboard.FamilyNotFound) {
		fmt.Println("refused:", callboard.ReasonOf(err))
		return nil
	}
	return err
}

func work(ctx context.Context, client *callboard.Client, run *callboard.Run, task *callboardv1.Task) error {
	if _, err := run.Append(ctx, callboard.Draft{Type: "PROGRESS", Body: "halfway"}); err != nil {
		return err
	}
	fmt.Fprintln(run.Stdout, "first line")
	fmt.Fprintln(run.Stdout, "second line")
	entries := []any{map[string]any{"level": "info", "message": "writing"}}
	if _, err := client.AppendLog(ctx, entries, callboard.AppendLogOptions{}); err != nil {
		return err
	}
	report := strings.NewReader("hello board\n")
	if _, err := client.PutArtifact(ctx, "report.txt", report, callboard.PutArtifactOptions{}); err != nil {
		return err
	}
	path := filepath.Join(os.TempDir(), run.ID()+".txt")
	defer os.Remove(path)
	artifact, err := client.GetArtifactFile(ctx, callboard.ArtifactID{Name: "report.txt"}, path)
	if err != nil {
		return err
	}
	fmt.Println("artifact", artifact.GetName(), artifact.GetSize(), "bytes")
	_, err = callboard.Call(ctx, client, client.Storage.SaveStepResult, &callboardv1.SaveStepResultRequest{
		ProjectId: task.GetProjectId(), TaskId: task.GetTaskId(), Etag: task.GetEtag(),
		StepResult: &callboardv1.StepResult{Status: "completed", Output: "done"},
	})
	if err != nil {
		return err
	}
	_, err = run.Append(ctx, callboard.Draft{Type: "FACT", Body: "done"})
	return err
}
