//! A server that is killed again and again while many write.
