//! `callboard status`: the server about itself.

use super::{create_run, gone_pid, json};
use crate::server::Server;

#[test]
fn the_server_tells_where_it_is_and_how_many_runs_are_running_and_lost() {
    let server = Server::start();
    create_run(&server, "p", "t", "r-1", &[]);
    create_run(&server, "q", "t", "r-2", &["--pid", &gone_pid()]);
    create_run(&server, "q", "t", "r-3", &[]);
    server.ok(&["run", "status", "--run=r-3", "--status=completed"]);
    let text = server.ok(&["status"]);
    for line in [
        concat!("server:       callboard ", env!("CARGO_PKG_VERSION")),
        &format!("address:      {}", server.addr()),
        &format!("pid:          {}", server.pid()),
        "projects:     2",
        "running runs: 2, 1 of them lost; callboard reconcile marks them",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
    }
    let info = json(&server.ok(&["status", "--json"]));
    assert_eq!(info["pid"], server.pid());
    assert!(info["free_bytes"].as_i64().is_some_and(|free| free > 0), "{info}");
    let root = server.root().canonicalize().expect("the root");
    assert_eq!(info["root"], root.to_str().expect("text"));
}
