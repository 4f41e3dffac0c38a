package callboard

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"strconv"
	"strings"
	"testing"

	callboardv1 "github.com/callboard-dev/callboard/clients/go/callboard/v1"
)

func TestTheReasonsAreThoseOfTheProto(t *testing.T) {
	want := map[string]string{}
	for name, number := range callboardv1.ErrorReason_value {
		if number == 0 {
			continue
		}
		reason := strings.TrimPrefix(name, "ERROR_REASON_")
		want[reasonName(reason)] = reason
	}
	got := map[string]string{}
	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(node ast.Node) bool {
		if spec, ok := node.(*ast.ValueSpec); ok {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			got[spec.Names[0].Name] = value
		}
		return true
	})
	if !maps.Equal(got, want) {
		t.Errorf("reason.go has\n%v\nthe proto\n%v", got, want)
	}
}

// reasonName returns what the constant of a reason is called.
func reasonName(reason string) string {
	name := "Reason"
	for word := range strings.SplitSeq(reason, "_") {
		if word != "ID" && word != "IO" {
			word = word[:1] + strings.ToLower(word[1:])
		}
		name += word
	}
	return name
}
