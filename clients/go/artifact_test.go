package callboard_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	callboard "github.com/callboard-dev/callboard/clients/go"
)

// randomBytes returns so many bytes of no pattern.
func randomBytes(count int) []byte {
	data := make([]byte, count)
	_, _ = rand.Read(data)
	return data
}

func TestContentOfEverySizeComesBackAsItWas(t *testing.T) {
	client, ctx := newTaskClient(t), limited(t)
	for _, size := range []int{0, 1, 1 << 20, 1<<20 + 1, 3 << 20} {
		want := randomBytes(size)
		hash := sha256.Sum256(want)
		for kind, source := range map[string]io.Reader{
			"memory": bytes.NewReader(want),
			// Hides that it can be read again.
			"stream": io.MultiReader(bytes.NewReader(want)),
		} {
			name := fmt.Sprintf("%s-%d", kind, size)
			saved := must(client.PutArtifact(ctx, name, source, callboard.PutArtifactOptions{}))(t)
			if saved.GetSize() != int64(size) || saved.GetSha256() != hex.EncodeToString(hash[:]) {
				t.Errorf("%s: saved %v", name, saved)
			}
			var got bytes.Buffer
			read := must(client.GetArtifact(ctx, callboard.ArtifactID{Path: saved.GetPath()}, &got))(t)
			if !bytes.Equal(got.Bytes(), want) || read.GetSha256() != saved.GetSha256() {
				t.Errorf("%s: %d bytes came back, of %v", name, got.Len(), read)
			}
		}
	}
}

func TestAFileIsSavedUnderItsNameAndWrittenBackToAnother(t *testing.T) {
	client, ctx, folder := newTaskClient(t), limited(t), t.TempDir()
	from, to := filepath.Join(folder, "report.txt"), filepath.Join(folder, "copy.txt")
	want := randomBytes(2 << 20)
	for path, content := range map[string][]byte{from: want, to: []byte("of before")} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	saved := must(client.PutArtifactFile(ctx, "", from, callboard.PutArtifactOptions{Versioned: true}))(t)
	if saved.GetName() != "report.1.txt" {
		t.Errorf("saved %v", saved)
	}
	must(client.GetArtifactFile(ctx, callboard.ArtifactID{Name: saved.GetName()}, to))(t)
	if got := must(os.ReadFile(to))(t); !bytes.Equal(got, want) {
		t.Errorf("%d bytes came back", len(got))
	}
	if left := must(os.ReadDir(folder))(t); len(left) != 2 {
		t.Errorf("in the folder are %v", left)
	}
}

func TestAnAttachmentIsFoundByThePathOfItsMessage(t *testing.T) {
	client, ctx := newTaskClient(t), limited(t)
	options := callboard.PutArtifactOptions{Attachment: true}
	saved := must(client.PutArtifact(ctx, "a.txt", bytes.NewReader([]byte("x")), options))(t)
	sent := must(client.Append(ctx, callboard.Draft{Type: "FACT", AttachmentPath: saved.GetPath()}))(t)
	message := must(client.Get(ctx, sent.GetMsgId(), callboard.GetOptions{}))(t)
	reader := must(client.OpenArtifact(ctx, callboard.ArtifactID{Path: message.GetAttachmentPath()}))(t)
	defer reader.Close()
	if got := must(io.ReadAll(reader))(t); string(got) != "x" || !reader.Artifact().GetAttachment() {
		t.Errorf("got %q of %v", got, reader.Artifact())
	}
}

func TestAnUploadThatIsRepeatedSavesOnce(t *testing.T) {
	client, ctx := newTaskClient(t), limited(t)
	for _, size := range []int{1, 2 << 20} {
		data := randomBytes(size)
		options := callboard.PutArtifactOptions{Versioned: true, RequestID: newID("upload")}
		name := fmt.Sprintf("data-%d", size)
		first := must(client.PutArtifact(ctx, name, bytes.NewReader(data), options))(t)
		again := must(client.PutArtifact(ctx, name, bytes.NewReader(data), options))(t)
		if first.GetName() != again.GetName() || first.GetVersion() != 1 {
			t.Errorf("saved %v and %v", first, again)
		}
		_, err := client.PutArtifact(ctx, name, bytes.NewReader([]byte("other")), options)
		failure, ok := errors.AsType[*callboard.Error](err)
		if !ok || failure.Reason != callboard.ReasonRequestIDReused || failure.RequestID != options.RequestID {
			t.Errorf("got %v", err)
		}
	}
}

func TestContentIsSentFromThePositionItHas(t *testing.T) {
	client, ctx := newTaskClient(t), limited(t)
	source := bytes.NewReader([]byte("hello board\n"))
	if _, err := source.Seek(6, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	must(client.PutArtifact(ctx, "rest", source, callboard.PutArtifactOptions{}))(t)
	var got bytes.Buffer
	must(client.GetArtifact(ctx, callboard.ArtifactID{Name: "rest"}, &got))(t)
	if got.String() != "board\n" {
		t.Errorf("got %q", got.String())
	}
}

// breaking calls do once it is read behind some place for the second time: the first time
// is for its hash.
type breaking struct {
	*bytes.Reader
	place  int64
	passes int
	do     func()
}

func (b *breaking) Read(into []byte) (int, error) {
	before := b.Size() - int64(b.Len())
	count, err := b.Reader.Read(into)
	if before < b.place && before+int64(count) >= b.place {
		if b.passes++; b.passes == 2 {
			b.do()
		}
	}
	return count, err
}

// WriteTo hides that of bytes.Reader, which reads everything at once.
func (b *breaking) WriteTo(to io.Writer) (int64, error) {
	return io.Copy(to, struct{ io.Reader }{b})
}

func TestAnUploadBeginsAgainAfterABreak(t *testing.T) {
	client, ctx := newTaskClient(t), limited(t)
	network := newNetwork(t, serverAddress(t))
	broken := connect(t, callboard.Options{Addr: network.address, Project: client.Project(), Task: client.Task()})
	want := randomBytes(8 << 20)
	source := &breaking{Reader: bytes.NewReader(want), place: 4 << 20, do: func() {
		network.cut()
		network.mend(t)
	}}
	saved := must(broken.PutArtifact(ctx, "big", source, callboard.PutArtifactOptions{}))(t)
	hash := sha256.Sum256(want)
	if saved.GetSha256() != hex.EncodeToString(hash[:]) || source.passes != 3 {
		t.Errorf("saved %v, read %d times", saved, source.passes)
	}
}

func TestAFileThatIsNotThereIsAnErrorOfTheFileSystem(t *testing.T) {
	client, ctx := newTaskClient(t), limited(t)
	_, err := client.PutArtifactFile(ctx, "", filepath.Join(t.TempDir(), "nothing"), callboard.PutArtifactOptions{})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	id := callboard.ArtifactID{Name: "nothing"}
	if _, err := client.OpenArtifact(ctx, id); !errors.Is(err, callboard.ReasonArtifactNotFound) {
		t.Errorf("got %v", err)
	}
}
