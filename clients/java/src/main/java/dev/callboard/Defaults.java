package dev.callboard;

import java.util.function.UnaryOperator;

/**
 * The ids that the methods use when they are not told; empty means none.
 *
 * @param project the project
 * @param task the task
 * @param run the run
 */
record Defaults(String project, String task, String run) {

  /** Takes what is given, else what the environment says. */
  static Defaults resolve(
      String project, String task, String run, UnaryOperator<String> environment) {
    String environmentProject = orEmpty(environment.apply("JRUN_PROJECT_ID"));
    String chosenProject = project == null ? environmentProject : project;
    String chosenTask = task;
    if (chosenTask == null) {
      // The environment's task is one of the environment's project.
      boolean same = chosenProject.equals(environmentProject);
      chosenTask = same ? orEmpty(environment.apply("JRUN_TASK_ID")) : "";
    }
    return new Defaults(
        chosenProject, chosenTask, run == null ? orEmpty(environment.apply("JRUN_ID")) : run);
  }

  /**
   * The place that is meant.
   *
   * @param givenProject null means the own one
   * @param givenTask null means the own one, and none in another project
   */
  Place place(String givenProject, String givenTask) {
    String chosenProject = givenProject == null ? project : givenProject;
    if (chosenProject.isEmpty()) {
      throw new IllegalArgumentException(
          "no project: give project(…), here or to the client's builder, or set JRUN_PROJECT_ID");
    }
    if (givenTask != null) {
      return new Place(chosenProject, givenTask);
    }
    return new Place(chosenProject, chosenProject.equals(project) ? task : "");
  }

  /** The place that the options name. */
  Place place(PlaceOptions<?> options) {
    return place(options.project, options.task);
  }

  /**
   * Which run is meant, and where it is. Without a task it is found wherever it is.
   *
   * @param givenRun null means the own one
   */
  RunPlace runPlace(PlaceOptions<?> options, String givenRun) {
    String chosenRun = givenRun == null ? run : givenRun;
    if (chosenRun.isEmpty()) {
      throw new IllegalArgumentException(
          "no run: give run(…), here or to the client's builder, or set JRUN_ID");
    }
    boolean isNamed = options.project != null || options.task != null && !options.task.isEmpty();
    boolean isAnywhere = !isNamed && project.isEmpty();
    Place place = isAnywhere ? new Place("", "") : place(options);
    return place.task().isEmpty()
        ? new RunPlace("", "", chosenRun)
        : new RunPlace(place.project(), place.task(), chosenRun);
  }

  /**
   * A run.
   *
   * @param project its project; empty means wherever it is
   * @param task its task; empty without a project
   * @param run its id
   */
  record RunPlace(String project, String task, String run) {}

  private static String orEmpty(String text) {
    return text == null ? "" : text;
  }
}
