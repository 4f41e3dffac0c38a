//! Other programs, and people, that write the same files.
