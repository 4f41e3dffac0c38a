package dev.callboard;

/** Keeps options from naming two starts, of which only one could hold. */
final class Starts {

  private String given;

  /** Takes note of a start; null values are no start. */
  void note(String name, Object value) {
    if (value == null) {
      return;
    }
    if (given != null && !given.equals(name)) {
      throw new IllegalArgumentException(
          given + " and " + name + " exclude each other: give one start");
    }
    given = name;
  }

  /** Whether one was given. */
  boolean isGiven() {
    return given != null;
  }
}
