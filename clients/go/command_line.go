package callboard

import "strings"

// commandLineBytesMax is what the server takes as a run's command line.
const commandLineBytesMax = 64 << 10

// plainCharacters are those that no shell takes for something else.
const plainCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=./:,@%"

// commandLine returns a program and its arguments as a shell would take them, cut to what
// the server keeps.
func commandLine(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = word
		if word == "" || strings.Trim(word, plainCharacters) != "" {
			quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return cut(strings.Join(quoted, " "), commandLineBytesMax)
}
