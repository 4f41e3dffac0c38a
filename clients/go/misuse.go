package callboard

import "fmt"

// MisuseError is returned for arguments that cannot be right, before any call is made: an
// address that is not understood, no project, two starts at once. It is a mistake of the
// program, and trying again does not help.
type MisuseError struct {
	// What is wrong, and what to write instead.
	Message string
}

// Error returns the message.
func (e *MisuseError) Error() string {
	return "callboard: " + e.Message
}

func misuse(format string, arguments ...any) error {
	return &MisuseError{Message: fmt.Sprintf(format, arguments...)}
}
