//! `callboard verify` finds what is wrong in a tree, and nothing else.
