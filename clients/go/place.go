package callboard

// None means explicitly none, where an empty text would mean the client's own, or what the
// environment says: as a Task the project's own bus, as a Run that no run speaks, in Options
// no project, and no token. Nothing has this name.
const None = "/"

// defaults are the ids that are meant when none are given.
type defaults struct {
	project, task, run string
}

// findDefaults returns what the options say, else the environment.
func findDefaults(options Options, environment func(string) string) defaults {
	own := defaults{project: options.Project, task: options.Task, run: options.Run}
	outer := environment("JRUN_PROJECT_ID")
	if own.project == "" {
		own.project = outer
	}
	// The environment's task is one of the environment's project.
	if own.task == "" && own.project == outer {
		own.task = environment("JRUN_TASK_ID")
	}
	if own.run == "" {
		own.run = environment("JRUN_ID")
	}
	return defaults{orNone(own.project), orNone(own.task), orNone(own.run)}
}

// place returns the project and the task that are meant; the task is empty for a project's
// own bus.
func (d defaults) place(project, task string) (string, string, error) {
	if project == "" {
		project = d.project
	}
	if orNone(project) == "" {
		return "", "", misuse("no project: set Project, here or in Connect, or JRUN_PROJECT_ID")
	}
	if task == "" && project == d.project {
		task = d.task
	}
	return project, orNone(task), nil
}

// runOf returns the run that is meant.
func (d defaults) runOf(run string) string {
	if run == "" {
		return d.run
	}
	return orNone(run)
}

// orNone returns the id to send.
func orNone(id string) string {
	if id == None {
		return ""
	}
	return id
}
