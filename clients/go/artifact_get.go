package callboard

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"google.golang.org/grpc/codes"

	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

// ArtifactID says which artifact is meant, by its Name or by its Path.
type ArtifactID struct {
	// Project and Task name the task, as in Draft.
	Project, Task string
	// Name is the artifact's name; of a versioned one with its number.
	Name string
	// Path is where it is relative to the task's folder, as an Artifact.Path or a message's
	// AttachmentPath has it. Either Name or Path is required.
	Path string
}

// GetArtifact writes the content of an artifact to a writer, and returns the artifact with
// its SHA-256. When it fails, the writer may have got a part of the content, or, with
// ReasonChecksumMismatch, another content than the server's.
func (c *Client) GetArtifact(
	ctx context.Context, id ArtifactID, to io.Writer,
) (*callboardv1.Artifact, error) {
	reader, err := c.OpenArtifact(ctx, id)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	if _, err := io.Copy(to, reader); err != nil {
		return nil, err
	}
	return reader.Artifact(), nil
}

// GetArtifactFile writes the content of an artifact to a file, which appears, or takes the
// place of an earlier one, once its SHA-256 was found to be right. When the connection
// breaks it begins again, until it gets no further for Options.Timeout. Nothing is left
// when it fails.
func (c *Client) GetArtifactFile(
	ctx context.Context, id ArtifactID, path string,
) (*callboardv1.Artifact, error) {
	ctx, cancel := c.while(ctx)
	defer cancel()
	retry := retry{patience: c.timeout, logger: c.logger, what: "download"}
	var furthest int64
	for {
		artifact, size, err := c.getArtifactFileOnce(ctx, id, path)
		if err == nil {
			return artifact, nil
		}
		if size > furthest {
			furthest = size
			retry.progress()
		}
		if err := retry.after(ctx, err); err != nil {
			return nil, err
		}
	}
}

// getArtifactFileOnce makes one attempt, and also returns how many bytes arrived.
func (c *Client) getArtifactFileOnce(
	ctx context.Context, id ArtifactID, path string,
) (*callboardv1.Artifact, int64, error) {
	reader, err := c.OpenArtifact(ctx, id)
	if err != nil {
		return nil, 0, err
	}
	defer reader.Close()
	// Beside its place, so that it can be renamed.
	part := filepath.Join(filepath.Dir(path), ".callboard-"+rand.Text())
	size, err := writeNew(part, reader)
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		// It may not even be there.
		_ = os.Remove(part)
		return nil, size, err
	}
	return reader.Artifact(), size, nil
}

// writeNew writes a file that does not exist yet, and returns how much of it there was.
func writeNew(path string, content io.Reader) (int64, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return 0, err
	}
	size, err := io.Copy(file, content)
	return size, errors.Join(err, file.Close())
}

// OpenArtifact opens an artifact to read its content. The reader is to be closed. What is
// replaced meanwhile is read as it was when it was opened.
//
// Opening is tried again while the server cannot be reached; a break after that is an error
// of the reader.
func (c *Client) OpenArtifact(ctx context.Context, id ArtifactID) (*ArtifactReader, error) {
	project, task, err := c.own.place(id.Project, id.Task)
	if err != nil {
		return nil, err
	}
	request := &callboardv1.GetArtifactRequest{ProjectId: project, TaskId: task, Name: id.Name, Path: id.Path}
	ctx, cancel := c.while(ctx)
	retry := retry{patience: c.timeout, logger: c.logger, what: "download"}
	for {
		stream, err := receive(ctx, c.Storage.GetArtifact, request)
		if err == nil {
			reader := &ArtifactReader{client: c, stream: stream, cancel: cancel, hash: sha256.New()}
			// The first frame tells which artifact it is.
			if err = reader.fill(); err == nil {
				return reader, nil
			}
			stream.close()
		}
		if err := retry.after(ctx, err); err != nil {
			cancel()
			return nil, err
		}
	}
}

// ArtifactReader reads the content of an artifact, and checks it against the SHA-256 that
// the server says at the end: another content makes Read fail with ReasonChecksumMismatch
// instead of io.EOF.
type ArtifactReader struct {
	client   *Client
	stream   *receiver[callboardv1.GetArtifactResponse]
	cancel   context.CancelFunc
	hash     hash.Hash
	artifact *callboardv1.Artifact
	// What arrived and was not read yet.
	rest []byte
	// The SHA-256 that the server says.
	sha256 string
	err    error
}

// Artifact returns which artifact it is. Its SHA-256 is there once all was read.
func (r *ArtifactReader) Artifact() *callboardv1.Artifact {
	return r.artifact
}

// Read reads the next bytes.
func (r *ArtifactReader) Read(into []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.err == nil {
			r.err = r.fill()
		}
		if r.err != nil {
			return 0, r.err
		}
	}
	count := copy(into, r.rest)
	r.rest = r.rest[count:]
	return count, nil
}

// Close ends the transfer, if it has not ended yet.
func (r *ArtifactReader) Close() error {
	r.cancel()
	return nil
}

// fill takes the next frame, and returns io.EOF after the last one.
func (r *ArtifactReader) fill() error {
	frame, err := r.stream.next(r.client.timeout)
	if errors.Is(err, io.EOF) {
		return r.verify()
	}
	if err != nil {
		return err
	}
	if frame.GetArtifact() != nil {
		r.artifact = frame.GetArtifact()
	}
	if frame.GetSha256() != "" {
		r.sha256 = frame.GetSha256()
	}
	r.rest = frame.GetChunk()
	// Never fails: see its documentation.
	_, _ = r.hash.Write(r.rest)
	return nil
}

// verify returns io.EOF when what arrived is what the server has.
func (r *ArtifactReader) verify() error {
	arrived := hex.EncodeToString(r.hash.Sum(nil))
	if arrived != r.sha256 {
		return &Error{
			Code:    codes.InvalidArgument,
			Reason:  ReasonChecksumMismatch,
			Message: fmt.Sprintf("artifact %s has another SHA-256 than the server says", r.artifact.GetName()),
			Metadata: map[string]string{
				"name":     r.artifact.GetName(),
				"expected": r.sha256,
				"sha256":   arrived,
			},
		}
	}
	r.artifact.Sha256 = r.sha256
	return io.EOF
}
