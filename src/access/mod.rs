//! Who gets in, and what they may do. No I/O and no wire formats.

mod denial;
mod permission;

pub use denial::Denial;
pub use permission::Permission;
