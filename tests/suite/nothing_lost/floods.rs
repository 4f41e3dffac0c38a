//! Callers that are too many or too greedy: memory stays bounded, and others are served.
