//! A file system that is full, and then has space again.
