//! Who may read the metrics.

use callboard::access::Permission::{Read, Write};

use crate::metrics::{ask_with, http_of};

use super::Guarded;

#[test]
fn the_metrics_are_for_those_who_may_read_every_project() {
    let guarded = Guarded::start_with(&["--http", "127.0.0.1:0"]);
    let http = http_of(&guarded.server);
    let get = |path: &str, token: &str| {
        let authorization = match token {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        let (head, body) = ask_with(&http, path, &authorization);
        let status = head.split(' ').nth(1).expect("a status").to_owned();
        (status, body)
    };
    let tokens = &guarded.tokens;
    let all = tokens.add("all", &["*"], &[Read]);
    let some = tokens.add("some", &["swarm*"], &[Read]);
    let writes = tokens.add("writes", &["*"], &[Write]);
    let (status, body) = get("/metrics", &all);
    assert_eq!(status, "200");
    assert!(body.contains("callboard_build_info"), "{body}");
    for (token, status, told) in [
        ("", "401", "nobody is let in without a token"),
        ("cbt_nonsense", "401", "malformed"),
        (&*some, "403", "in the projects swarm* only; metrics are of all"),
        (&*writes, "403", "token writes may only write"),
    ] {
        let (found, body) = get("/metrics", token);
        assert_eq!(found, status, "{body}");
        assert!(body.contains(told), "{body}");
    }
    tokens.update(|grants| {
        grants.named("all").expect("it is there").revoked_at = Some(super::seconds_from_now(-1));
    });
    assert_eq!(get("/metrics", &all).0, "401", "it was revoked");
    for path in ["/healthz", "/readyz"] {
        assert_eq!(get(path, "").0, "200", "{path} is open");
    }
}
