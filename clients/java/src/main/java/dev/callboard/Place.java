package dev.callboard;

/**
 * A task, or a project's own place, which has no task.
 *
 * @param project the project's id
 * @param task the task's id; empty for the project's own
 */
record Place(String project, String task) {}
