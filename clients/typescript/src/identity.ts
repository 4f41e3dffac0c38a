/** Who speaks: the project, the task and the run that are used when a method is not told. */

import { UsageError } from "./usage_error.js";

/** A client's own project, task and run; "" where it has none. */
export interface Identity {
  /** The project. */
  readonly project: string;
  /** The task of that project; "" is the project's own bus. */
  readonly task: string;
  /** The run that speaks. */
  readonly run: string;
}

/** Where something is, when it is not at the client's own place. */
export interface PlaceOptions {
  /** The project; the client's own by default. */
  readonly project?: string | undefined;
  /**
   * The task; by default the client's own, or none when another project is named. On the bus, ""
   * is the project's own.
   */
  readonly task?: string | undefined;
}

/** Where a run is, when it is not the client's own. */
export interface RunPlaceOptions extends PlaceOptions {
  /** The run; the client's own by default. */
  readonly run?: string | undefined;
}

/** Works out whose client it is, from what was given and from the environment's variables. */
export function resolveIdentity(
  given: RunPlaceOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Identity {
  const environmentProject = environment["JRUN_PROJECT_ID"] ?? "";
  const project = given.project ?? environmentProject;
  // The environment's task is one of the environment's project.
  const environmentTask = project === environmentProject ? environment["JRUN_TASK_ID"] : "";
  return {
    project,
    task: given.task ?? environmentTask ?? "",
    run: given.run ?? environment["JRUN_ID"] ?? "",
  };
}

/** The fields by which requests name a bus or a task. */
export interface TaskIds {
  readonly projectId: string;
  readonly taskId: string;
}

/** Returns the bus or the task that is meant. Throws UsageError when there is no project. */
export function resolveTask(own: Identity, { project, task }: PlaceOptions): TaskIds {
  const projectId = project ?? own.project;
  if (projectId === "") {
    throw new UsageError(
      "no project: give project: …, here or to connect(), or set JRUN_PROJECT_ID",
    );
  }
  return { projectId, taskId: task ?? (projectId === own.project ? own.task : "") };
}

/** The fields by which requests name a run. */
export interface RunIds extends TaskIds {
  readonly runId: string;
}

/**
 * Returns the run that is meant: without a task, wherever a run of this id is. Throws UsageError
 * when there is no run.
 */
export function resolveRun(own: Identity, place: RunPlaceOptions): RunIds {
  const runId = place.run ?? own.run;
  if (runId === "") {
    throw new UsageError("no run: give run: …, here or to connect(), or set JRUN_ID");
  }
  const projectId = place.project ?? own.project;
  const taskId = place.task ?? (projectId === own.project ? own.task : "");
  if (taskId === "" && place.project === undefined) return { projectId: "", taskId: "", runId };
  return { projectId, taskId, runId };
}
