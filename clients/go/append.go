package callboard

import (
	"context"

	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// AppendOptions say how messages are appended.
type AppendOptions struct {
	// RequestID makes the call safe to repeat, also in another process: a second call with
	// it appends nothing and returns the first answer. Empty means a new one.
	RequestID string
	// ExpectedLastMsgID, unless it is empty, is the message that must still be the last of
	// the bus; else the call fails with ReasonBusMoved.
	ExpectedLastMsgID string
}

// Append appends one message, and returns its id, time and cursor once it is on the
// server's disk. It never appends twice, however often the connection breaks. The error of
// a call that failed has the RequestID to try it again with; see AppendWith.
func (c *Client) Append(ctx context.Context, draft Draft) (*callboardv1.AppendMessageResponse, error) {
	return c.AppendWith(ctx, draft, AppendOptions{})
}

// AppendWith is Append, with options.
func (c *Client) AppendWith(
	ctx context.Context, draft Draft, options AppendOptions,
) (*callboardv1.AppendMessageResponse, error) {
	message, err := c.own.message(draft)
	if err != nil {
		return nil, err
	}
	return Call(ctx, c, c.Bus.AppendMessage, &callboardv1.AppendMessageRequest{
		Message:           message,
		RequestId:         requestIDOr(options.RequestID),
		ExpectedLastMsgId: options.ExpectedLastMsgID,
	})
}

// AppendMany appends up to 1000 messages of one bus with one write. All of them are refused
// when one is. It is as safe to repeat as Append.
func (c *Client) AppendMany(
	ctx context.Context, drafts []Draft, options AppendOptions,
) (*callboardv1.AppendMessagesResponse, error) {
	messages := make([]*callboardv1.Message, len(drafts))
	for i, draft := range drafts {
		message, err := c.own.message(draft)
		if err != nil {
			return nil, err
		}
		messages[i] = message
	}
	return Call(ctx, c, c.Bus.AppendMessages, &callboardv1.AppendMessagesRequest{
		Messages:          messages,
		RequestId:         requestIDOr(options.RequestID),
		ExpectedLastMsgId: options.ExpectedLastMsgID,
	})
}
