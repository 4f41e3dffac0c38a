/**
 * Client for Callboard, the storage and message bus of AI coding agents, their runners and their
 * monitors.
 *
 * <p>{@link dev.callboard.CallboardClient#connect()} gives a client. Its methods append to buses,
 * read and follow them, carry artifacts, logs and files of runs, and record a run. Messages,
 * requests and answers are the generated classes of {@code dev.callboard.v1}; errors are {@link
 * dev.callboard.CallboardException}s that carry the server's reason.
 */
package dev.callboard;
