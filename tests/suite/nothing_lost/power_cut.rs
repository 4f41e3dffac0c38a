//! A file system that is cut off in the middle of its writes, as by a power cut.
