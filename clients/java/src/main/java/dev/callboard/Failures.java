package dev.callboard;

/** What went wrong among things that are all to be tried. */
final class Failures {

  private RuntimeException first;

  /** Does something, and keeps how it failed. */
  void collect(Runnable work) {
    try {
      work.run();
    } catch (RuntimeException failure) {
      if (first == null) {
        first = failure;
      } else if (first != failure) {
        first.addSuppressed(failure);
      }
    }
  }

  /** Throws the first failure, if there was one; the others are suppressed by it. */
  void throwFirst() {
    if (first != null) {
      throw first;
    }
  }
}
