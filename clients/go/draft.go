package callboard

import callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"

// Draft is a message to append. Only its Type is required.
type Draft struct {
	// Type is any word of at most 64 bytes, such as FACT, PROGRESS or QUESTION.
	Type string
	// Body is the text, at most 1 MiB of UTF-8, kept byte for byte.
	Body string
	// Project and Task name the bus; empty means the client's own. A Task of None means the
	// project's own bus, and so does a Project other than the client's without a Task.
	Project, Task string
	// Run is the run that speaks; empty means the client's own, None that none does.
	Run string
	// Meta holds free key-value pairs.
	Meta map[string]string
	// Parents are messages that this one answers or follows; see ParentIDs.
	Parents []*callboardv1.Parent
	// Links are URLs and paths; see LinkURLs.
	Links []*callboardv1.Link
	// IssueID is the issue that it belongs to; empty means none, and for an ISSUE its own
	// id.
	IssueID string
	// AttachmentPath is a file that belongs to it, such as the Path of an attachment that
	// PutArtifact returned.
	AttachmentPath string
}

// ParentIDs returns parents that are just answered: messages of these ids.
func ParentIDs(ids ...string) []*callboardv1.Parent {
	parents := make([]*callboardv1.Parent, len(ids))
	for i, id := range ids {
		parents[i] = &callboardv1.Parent{MsgId: id}
	}
	return parents
}

// LinkURLs returns links that show their URLs.
func LinkURLs(urls ...string) []*callboardv1.Link {
	links := make([]*callboardv1.Link, len(urls))
	for i, url := range urls {
		links[i] = &callboardv1.Link{Url: url}
	}
	return links
}

// message returns the draft as the server takes it, with the client's ids where it has
// none.
func (d defaults) message(draft Draft) (*callboardv1.Message, error) {
	project, task, err := d.place(draft.Project, draft.Task)
	if err != nil {
		return nil, err
	}
	return &callboardv1.Message{
		Type:           draft.Type,
		ProjectId:      project,
		TaskId:         task,
		RunId:          d.runOf(draft.Run),
		IssueId:        draft.IssueID,
		Parents:        draft.Parents,
		Links:          draft.Links,
		Meta:           draft.Meta,
		AttachmentPath: draft.AttachmentPath,
		Body:           draft.Body,
	}, nil
}
