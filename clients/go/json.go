package callboard

import (
	"encoding/json"
	"strings"
)

// jsonText returns a value as JSON in one line, without the escapes that HTML would need:
// people read the files that it gets into.
func jsonText(value any) (string, error) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", err
	}
	return strings.TrimSuffix(text.String(), "\n"), nil
}
