package dev.callboard;

/** Which buses to follow; buses that appear later join by themselves. */
public enum FollowScope {
  /** One bus: the task's, or the project's own. */
  BUS,
  /** The project's own bus, and those of all its tasks. */
  PROJECT,
  /** Every bus of the server. */
  ALL
}
