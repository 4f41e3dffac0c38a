//! Who gets in, and what they may do: callers, tokens and their grants. No I/O and no wire
//! formats.

mod caller;
mod denial;
mod grant;
mod permission;
mod standing;
mod token;
mod token_file;

pub use caller::{Caller, Who};
pub use denial::Denial;
pub use grant::{Grant, Grants, Holder};
pub use permission::{Permission, Permissions};
pub use standing::Standing;
pub use token::{Token, TokenHash};
pub use token_file::{TokenFileError, read, write};
