package dev.callboard;

/**
 * What is done in a run.
 *
 * @param <E> what it may throw
 */
@FunctionalInterface
public interface RunBody<E extends Exception> {

  /**
   * Does it.
   *
   * @param run the run that it is done in
   * @throws E when it fails: the run is recorded as failed
   */
  void accept(RunContext run) throws E;
}
