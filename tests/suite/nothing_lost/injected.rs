//! System calls of the real server that fail, by strace.
