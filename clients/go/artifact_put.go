package callboard

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"google.golang.org/protobuf/proto"

	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// saveBytesMax is what the server takes as an artifact in one message.
const saveBytesMax = 1 << 20

// PutArtifactOptions say where and how an artifact is saved.
type PutArtifactOptions struct {
	// Project and Task name the task, as in Draft.
	Project, Task string
	// Versioned saves it as `<stem>.<number><ext>`, with one number more than the highest
	// there; else it takes the place of one with its name.
	Versioned bool
	// Attachment saves it with a name of its own, for Draft.AttachmentPath.
	Attachment bool
	// RequestID makes the call safe to repeat, also in another process: a second call with
	// it saves nothing. Empty means a new one.
	RequestID string
}

// PutArtifact saves what content gives, up to its end, as an artifact of this name, and
// returns it once it is on the server's disk. The server sees either all of it or nothing.
//
// When content is an io.Seeker that can seek, such as a *bytes.Reader or an *os.File of a
// regular file, it is read twice: first for its size and SHA-256, which the server
// verifies. It is then also sent again, from the position that it had, while the server
// cannot be reached. Anything else is sent once, as it is read, and never held as a whole.
//
// A transfer as a whole has no timeout but the context's deadline: Options.Timeout bounds
// how long it is tried again without getting any further. The server gives up with
// ReasonUploadStalled when content gives nothing for 60 s.
func (c *Client) PutArtifact(
	ctx context.Context, name string, content io.Reader, options PutArtifactOptions,
) (*callboardv1.Artifact, error) {
	project, task, err := c.own.place(options.Project, options.Task)
	if err != nil {
		return nil, err
	}
	header := &callboardv1.UploadArtifactRequest_Header{
		ProjectId:  project,
		TaskId:     task,
		Name:       name,
		Versioned:  options.Versioned,
		Attachment: options.Attachment,
		RequestId:  requestIDOr(options.RequestID),
	}
	rewind, err := measure(content, header)
	if err != nil {
		return nil, fmt.Errorf("callboard: cannot read artifact %s: %w", name, err)
	}
	if header.Size != nil && header.GetSize() <= saveBytesMax {
		return c.save(ctx, header, content)
	}
	return c.upload(ctx, header, content, rewind)
}

// PutArtifactFile is PutArtifact for a file. An empty name means the file's own.
func (c *Client) PutArtifactFile(
	ctx context.Context, name, path string, options PutArtifactOptions,
) (*callboardv1.Artifact, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("callboard: cannot read the artifact: %w", err)
	}
	defer file.Close()
	if name == "" {
		name = filepath.Base(path)
	}
	return c.PutArtifact(ctx, name, file, options)
}

// measure notes the size and the SHA-256 of content that can be read again, and returns
// what takes it back to where it was; nil for content that can be read only once.
func measure(content io.Reader, header *callboardv1.UploadArtifactRequest_Header) (func() error, error) {
	seeker, ok := content.(io.Seeker)
	if !ok {
		return nil, nil
	}
	// A pipe is a file and cannot seek.
	begin, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, nil
	}
	rewind := func() error {
		_, err := seeker.Seek(begin, io.SeekStart)
		return err
	}
	hash := sha256.New()
	size, err := io.Copy(hash, content)
	if err != nil {
		return nil, err
	}
	header.Size = proto.Int64(size)
	header.Sha256 = hex.EncodeToString(hash.Sum(nil))
	return rewind, rewind()
}

// save sends a small artifact in one message.
func (c *Client) save(
	ctx context.Context, header *callboardv1.UploadArtifactRequest_Header, content io.Reader,
) (*callboardv1.Artifact, error) {
	// What was added since it was measured is not of this artifact, what was removed the
	// server sees by the SHA-256.
	data, err := io.ReadAll(io.LimitReader(content, header.GetSize()))
	if err != nil {
		return nil, fmt.Errorf("callboard: cannot read artifact %s: %w", header.GetName(), err)
	}
	saved, err := Call(ctx, c, c.Storage.SaveArtifact, &callboardv1.SaveArtifactRequest{
		ProjectId:  header.GetProjectId(),
		TaskId:     header.GetTaskId(),
		Name:       header.GetName(),
		Versioned:  header.GetVersioned(),
		Attachment: header.GetAttachment(),
		Sha256:     header.GetSha256(),
		Data:       data,
		RequestId:  header.GetRequestId(),
	})
	return saved.GetArtifact(), err
}

// upload sends an artifact in chunks, again after a break when it can be read again.
func (c *Client) upload(
	ctx context.Context,
	header *callboardv1.UploadArtifactRequest_Header,
	content io.Reader,
	rewind func() error,
) (*callboardv1.Artifact, error) {
	ctx, cancel := c.while(ctx)
	defer cancel()
	retry := retry{patience: c.timeout, logger: c.logger, what: "upload"}
	var furthest int64
	for {
		saved, sent, err := c.uploadOnce(ctx, header, content)
		if err == nil {
			return saved.GetArtifact(), nil
		}
		if sent > furthest {
			furthest = sent
			retry.progress()
		}
		if rewind == nil {
			return nil, err
		}
		if err := retry.after(ctx, err); err != nil {
			return nil, err
		}
		if err := rewind(); err != nil {
			return nil, fmt.Errorf("callboard: cannot read artifact %s again: %w", header.GetName(), err)
		}
	}
}

// uploadOnce makes one attempt, and also returns how many bytes it sent.
func (c *Client) uploadOnce(
	ctx context.Context, header *callboardv1.UploadArtifactRequest_Header, content io.Reader,
) (*callboardv1.UploadArtifactResponse, int64, error) {
	// A call that is not taken to its end is broken off, and leaves nothing.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.Storage.UploadArtifact(ctx)
	if err != nil {
		return nil, 0, asError(err, header.GetRequestId())
	}
	err = stream.Send(&callboardv1.UploadArtifactRequest{
		Part: &callboardv1.UploadArtifactRequest_Header_{Header: header},
	})
	var sent int64
	for err == nil {
		chunk, readError := nextChunk(content)
		if errors.Is(readError, io.EOF) {
			break
		}
		if readError != nil {
			return nil, sent, fmt.Errorf("callboard: cannot read artifact %s: %w", header.GetName(), readError)
		}
		err = stream.Send(&callboardv1.UploadArtifactRequest{
			Part: &callboardv1.UploadArtifactRequest_Chunk{Chunk: chunk},
		})
		if err == nil {
			sent += int64(len(chunk))
		}
	}
	// When sending failed, this says why.
	saved, err := stream.CloseAndRecv()
	return saved, sent, asError(err, header.GetRequestId())
}
