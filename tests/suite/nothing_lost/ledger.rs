//! What was tried and what was acknowledged, and what of it is there.
