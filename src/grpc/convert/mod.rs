//! Between the wire and the domain.

mod answers;
mod requests;

pub(super) use answers::{bus, bus_page_token_out, frame, message, size_out, timestamp_out};
pub(super) use requests::{
    batch, bus_page_token, duration, page_size, poll_query, read_query, single, subscription,
};
