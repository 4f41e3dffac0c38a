//! Signals that ask a command to end which has something to clear away first.

use std::io;

use futures_util::future::select_all;
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

use crate::host;

/// Listens to what ends a program by default, and returns what waits for the first of
/// them. Those that whoever started us has us ignore, as `nohup` does, stay ignored.
pub(super) fn listen() -> io::Result<impl Future<Output = ()>> {
    let ignored = host::ignored_signals().unwrap_or(0);
    let heard = [Signal::INT, Signal::TERM, Signal::HUP]
        .into_iter()
        .map(Signal::as_raw)
        .filter(|number| ignored & (1 << (number - 1)) == 0);
    let mut streams = Vec::new();
    for number in heard {
        streams.push(signal(SignalKind::from_raw(number))?);
    }
    Ok(async move {
        if streams.is_empty() {
            return std::future::pending().await;
        }
        let waiting = streams.iter_mut().map(|stream| Box::pin(stream.recv()));
        select_all(waiting).await;
    })
}
