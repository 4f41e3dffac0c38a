package dev.callboard;

/**
 * Options that say which project and task are meant; both are by default the client's own.
 *
 * @param <T> the options themselves
 */
public abstract sealed class PlaceOptions<T extends PlaceOptions<T>>
    permits NewMessage,
        ReadOptions,
        PollOptions,
        FollowOptions,
        ArtifactOptions,
        ArtifactRef,
        LogOptions,
        ReadLogOptions,
        RunFileOptions,
        ReadRunFileOptions,
        RunOptions {

  String project;
  String task;

  PlaceOptions() {}

  abstract T self();

  /**
   * Chooses the project. Without a task it means the project's own place, unless it is the client's
   * own project.
   *
   * @param projectId the project; null means the client's own
   * @return these options
   */
  public T project(String projectId) {
    project = projectId;
    return self();
  }

  /**
   * Chooses the task.
   *
   * @param taskId the task; empty means the project's own place, and null the client's own task
   * @return these options
   */
  public T task(String taskId) {
    task = taskId;
    return self();
  }
}
