package callboard

import (
	"errors"
	"testing"
)

func TestTheIDsComeFromTheOptionsElseFromTheEnvironment(t *testing.T) {
	outer := map[string]string{"JRUN_PROJECT_ID": "outer", "JRUN_TASK_ID": "task", "JRUN_ID": "run"}
	environment := func(name string) string { return outer[name] }
	for name, test := range map[string]struct {
		options Options
		want    defaults
	}{
		"nothing given":             {Options{}, defaults{"outer", "task", "run"}},
		"the environment's project": {Options{Project: "outer"}, defaults{"outer", "task", "run"}},
		"another project":           {Options{Project: "own"}, defaults{"own", "", "run"}},
		"another task":              {Options{Task: "own"}, defaults{"outer", "own", "run"}},
		"the project's own bus":     {Options{Task: None}, defaults{"outer", "", "run"}},
		"no run":                    {Options{Run: None}, defaults{"outer", "task", ""}},
		"no project":                {Options{Project: None}, defaults{"", "", "run"}},
		"everything":                {Options{Project: "p", Task: "t", Run: "r"}, defaults{"p", "t", "r"}},
	} {
		if got := findDefaults(test.options, environment); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}

func TestAPlaceIsTheClientsOwnUnlessItIsNamed(t *testing.T) {
	own := defaults{project: "p", task: "t"}
	for given, want := range map[[2]string][2]string{
		{"", ""}:      {"p", "t"},
		{"p", ""}:     {"p", "t"},
		{"", None}:    {"p", ""},
		{"", "other"}: {"p", "other"},
		{"q", ""}:     {"q", ""},
		{"q", "t"}:    {"q", "t"},
	} {
		project, task, err := own.place(given[0], given[1])
		if got := [2]string{project, task}; err != nil || got != want {
			t.Errorf("%q: got %q, %v", given, got, err)
		}
	}
	for _, d := range []defaults{{}, own} {
		_, _, err := d.place(map[bool]string{true: None}[d.project != ""], "")
		if _, ok := errors.AsType[*MisuseError](err); !ok {
			t.Errorf("got %v without a project", err)
		}
	}
}

func TestARunIsFoundByItsIDAloneWhereNoTaskIsKnown(t *testing.T) {
	for name, test := range map[string]struct {
		own                defaults
		project, task, run string
		want               runPlace
	}{
		"the client's own":      {defaults{"p", "t", "r"}, "", "", "", runPlace{"p", "t", "r"}},
		"another run":           {defaults{"p", "t", "r"}, "", "", "s", runPlace{"p", "t", "s"}},
		"another task":          {defaults{"p", "t", "r"}, "", "u", "", runPlace{"p", "u", "r"}},
		"nothing but its id":    {defaults{}, "", "", "s", runPlace{"", "", "s"}},
		"no task":               {defaults{"p", "", ""}, "", "", "s", runPlace{"", "", "s"}},
		"a project without one": {defaults{"p", "t", "r"}, "q", "", "s", runPlace{"", "", "s"}},
	} {
		if got, err := test.own.runPlace(test.project, test.task, test.run); err != nil || got != test.want {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	if _, err := (defaults{project: "p", task: "t"}).runPlace("", "", ""); err == nil {
		t.Error("no run is not refused")
	}
}
