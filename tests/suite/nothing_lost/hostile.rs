//! Input that is meant to do harm: refused, or kept exactly, and nothing outside the root is touched.
