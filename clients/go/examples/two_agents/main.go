// Command two_agents has two agents on one bus: one asks and waits for the answer, the
// other follows and answers. Run a server (`callboard serve`), then:
//
//	go run ./examples/two_agents
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"

	callboard "github.com/callboard-dev/callboard/clients/go"
)

var (
	project = "demo"
	task    = "task-" + rand.Text()[:8]
)

// answerQuestions answers every question as it comes.
func answerQuestions(ctx context.Context, questions *callboard.Follow) error {
	client, err := callboard.Connect(callboard.Options{Project: project, Task: task, Run: "reviewer"})
	if err != nil {
		return err
	}
	defer client.Close()
	for question, err := range questions.Messages() {
		if err != nil {
			return err
		}
		fmt.Printf("reviewer: saw '%s'\n", question.GetBody())
		answer := callboard.Draft{
			Type:    "REVIEW",
			Body:    "looks good to me",
			Parents: callboard.ParentIDs(question.GetMsgId()),
		}
		if _, err := client.Append(ctx, answer); err != nil {
			return err
		}
	}
	return nil
}

// ask asks one question and prints the answer.
func ask(ctx context.Context) error {
	client, err := callboard.Connect(callboard.Options{Project: project, Task: task, Run: "author"})
	if err != nil {
		return err
	}
	defer client.Close()

	// The reviewer has subscribed when Follow returns: the question is not missed.
	questions, err := client.Follow(ctx, callboard.FollowOptions{Types: []string{"QUESTION"}})
	if err != nil {
		return err
	}
	reviewer := make(chan error, 1)
	go func() { reviewer <- answerQuestions(ctx, questions) }()

	asked, err := client.Append(ctx, callboard.Draft{Type: "QUESTION", Body: "is the parser ready to merge?"})
	if err != nil {
		return err
	}
	answers, err := client.Follow(ctx, callboard.FollowOptions{Cursor: asked.GetCursor(), Types: []string{"REVIEW"}})
	if err != nil {
		return err
	}
	defer answers.Close()
	for answer, err := range answers.Messages() {
		if err != nil {
			return err
		}
		if answer.GetParents()[0].GetMsgId() == asked.GetMsgId() {
			fmt.Printf("author: %s says '%s'\n", answer.GetRunId(), answer.GetBody())
			break
		}
	}
	questions.Close()
	return <-reviewer
}

func main() {
	if err := ask(context.Background()); err != nil {
		log.Fatal(err)
	}
}
