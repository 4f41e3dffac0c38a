package callboard_test

import (
	"os/exec"
	"regexp"
	"testing"
)

func TestTheExamplesPrintWhatTheyPromise(t *testing.T) {
	serverAddress(t)
	for name, want := range map[string]string{
		"tour": `^task task-\S+\nrun \S+\nartifact report.txt 12 bytes\n` +
			`PROGRESS halfway\nFACT done\nrefused: MESSAGE_NOT_FOUND\n$`,
		"two_agents": `^reviewer: saw 'is the parser ready to merge\?'\n` +
			`author: reviewer says 'looks good to me'\n$`,
	} {
		printed, err := exec.CommandContext(limited(t), "go", "run", "./examples/"+name).Output()
		if err != nil || !regexp.MustCompile(want).Match(printed) {
			t.Errorf("%s printed %q, %v", name, printed, err)
		}
	}
}
