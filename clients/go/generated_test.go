package callboard_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestTheGeneratedCodeIsFresh(t *testing.T) {
	out := t.TempDir()
	command := exec.CommandContext(limited(t), "go", "-C", "tools", "run", "./generate", "-out", out)
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	fresh, committed := generated(t, out), generated(t, ".")
	if len(fresh) == 0 {
		t.Fatal("nothing was generated")
	}
	for name, content := range committed {
		if fresh[name] != content {
			t.Errorf("%s is not what the proto files say: go -C clients/go/tools run ./generate", name)
		}
		delete(fresh, name)
	}
	for name := range fresh {
		t.Errorf("%s is missing: go -C clients/go/tools run ./generate", name)
	}
}

// generated returns the generated files of a folder.
func generated(t *testing.T, folder string) map[string]string {
	t.Helper()
	paths := must(filepath.Glob(filepath.Join(folder, "callboard", "v1", "*.pb.go")))(t)
	files := map[string]string{}
	for _, path := range paths {
		files[filepath.Base(path)] = string(must(os.ReadFile(path))(t))
	}
	return files
}
