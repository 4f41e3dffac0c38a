package callboard

import (
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAShellTakesTheCommandLineAsItWas(t *testing.T) {
	words := []string{"printf", "%s|", "", "it's", "a \"b\" $HOME `x` \\ \n", "ü", "a=b", "#", "*", "~"}
	printed, err := exec.Command("sh", "-c", commandLine(words)).Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Join(words[2:], "|") + "|"; string(printed) != want {
		t.Errorf("got %q, want %q", printed, want)
	}
	if got := commandLine([]string{"make", "-j2", "a=b"}); got != "make -j2 a=b" {
		t.Errorf("got %q", got)
	}
}

func TestATextIsCutBetweenCharacters(t *testing.T) {
	long := strings.Repeat("ü", commandLineBytesMax)
	if got := commandLine([]string{"agent", long}); len(got) > commandLineBytesMax || !utf8.ValidString(got) {
		t.Errorf("%d bytes are left", len(got))
	}
	for text, want := range map[string]string{"abc": "abc", "abcd": "abc", "abü": "ab", "a\xffb": "a"} {
		if got := cut(text, 3); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
