//! Other programs, and people, that write the same files: what was acknowledged to anybody is
//! there once, whoever wrote before, behind or in between. The programs are scripts in
//! tests/neighbours.

mod acknowledged;
mod appends;
mod documents;
mod dying;
mod editors;
mod held;
mod program;
mod renamed;
mod shell;
