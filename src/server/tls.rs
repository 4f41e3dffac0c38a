//! TLS of the server: what connections are accepted with, read again when its files change.
//! What cannot be used never takes the place of what is in use.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use tokio::time::MissedTickBehavior;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::clock::Clock;
use crate::config::TlsSettings;
use crate::disk::{self, FileVersion};
use crate::limits;

use super::certificates::{self, Loaded, Protocols, TlsError};

/// TLS, with what its files hold at the moment.
pub(super) struct Tls {
    settings: TlsSettings,
    clock: Arc<dyn Clock>,
    config: RwLock<Arc<ServerConfig>>,
    seen: Mutex<Seen>,
}

/// What was seen of the files.
struct Seen {
    /// Those that are in use.
    versions: Versions,
    /// Why the last ones could not be used; none when they could.
    failed: Option<String>,
    /// When the certificate in use expires.
    expires: Timestamp,
    /// When that was warned about.
    warned_at: Option<Timestamp>,
}

/// The files as they were; none for what could not be looked at.
#[derive(PartialEq, Eq)]
struct Versions(Vec<Option<FileVersion>>);

impl Versions {
    fn of(settings: &TlsSettings) -> Self {
        let files = [&settings.certificate, &settings.key].into_iter();
        let files = files.chain(&settings.client_authority);
        Self(files.map(|path| disk::version_of(path)).collect())
    }
}

impl Tls {
    /// Reads the files. With an authority of the clients, only those with a certificate of it
    /// are let in.
    ///
    /// # Errors
    /// When one of the files cannot be used, or the certificate has expired.
    pub(super) fn open(settings: &TlsSettings, clock: Arc<dyn Clock>) -> Result<Self, TlsError> {
        // Before they are read: what changes meanwhile is read again.
        let versions = Versions::of(settings);
        let loaded = certificates::load(settings, clock.now())?;
        tell(&loaded, "certificate loaded");
        let mut seen = Seen { versions, failed: None, expires: loaded.expires, warned_at: None };
        seen.warn(clock.now());
        Ok(Self {
            settings: settings.clone(),
            clock,
            config: RwLock::new(loaded.config),
            seen: Mutex::new(seen),
        })
    }

    /// Returns when the certificate in use expires.
    pub(super) fn expires(&self) -> Timestamp {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).expires
    }

    fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files again whenever they change. Never ends.
    pub(super) async fn look_after(self: Arc<Self>) {
        let mut looks = tokio::time::interval(limits::CERTIFICATE_LOOK_INTERVAL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let tls = Arc::clone(&self);
            if let Err(error) = tokio::task::spawn_blocking(move || tls.look()).await {
                tracing::error!(%error, "the files of TLS were not looked at");
            }
        }
    }

    /// Reads the files again if they changed since they were read last, and warns of a
    /// certificate that expires soon.
    fn look(&self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let versions = Versions::of(&self.settings);
        if versions == seen.versions {
            seen.failed = None;
        } else {
            match certificates::load(&self.settings, now) {
                Ok(loaded) => {
                    seen.expires = loaded.expires;
                    seen.warned_at = None;
                    seen.failed = None;
                    seen.versions = versions;
                    *self.config.write().unwrap_or_else(PoisonError::into_inner) =
                        Arc::clone(&loaded.config);
                    tell(&loaded, "certificate replaced; new connections use it");
                }
                // It is tried again: what fails may lie in the moment, and not in the files.
                Err(error) => {
                    let failed = Some(error.to_string());
                    if seen.failed != failed {
                        tracing::error!(%error, "the new certificate cannot be used; the one before stays in use");
                        seen.failed = failed;
                    }
                }
            }
        }
        seen.warn(now);
    }
}

/// TLS on one of the ports, where something of its own is spoken.
#[derive(Clone)]
pub(super) struct TlsPort {
    tls: Arc<Tls>,
    protocols: Protocols,
}

impl TlsPort {
    /// Makes one.
    pub(super) fn new(tls: &Arc<Tls>, protocols: Protocols) -> Self {
        Self { tls: Arc::clone(tls), protocols }
    }

    /// Returns what the next connection is accepted with.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        // A copy shares all that is large; beside a handshake it costs nothing.
        let mut config = (*self.tls.config()).clone();
        config.alpn_protocols = self.protocols.names();
        TlsAcceptor::from(Arc::new(config))
    }

    /// Returns when the certificate in use expires.
    pub(super) fn expires(&self) -> Timestamp {
        self.tls.expires()
    }
}

impl Seen {
    /// Warns that the certificate expires soon, or has, unless it did so a short while ago.
    fn warn(&mut self, now: Timestamp) {
        let within = |span: std::time::Duration, from: Timestamp, to: Timestamp| {
            to.duration_since(from) < SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX)
        };
        let is_close = within(limits::CERTIFICATE_WARNING_AHEAD, now, self.expires);
        let was_warned =
            self.warned_at.is_some_and(|at| within(limits::CERTIFICATE_WARNING_INTERVAL, at, now));
        if !is_close || was_warned {
            return;
        }
        self.warned_at = Some(now);
        if self.expires < now {
            tracing::warn!(expired = %self.expires, "the certificate of this server has expired");
        } else {
            tracing::warn!(expires = %self.expires, "the certificate of this server expires soon");
        }
    }
}

fn tell(loaded: &Loaded, what: &'static str) {
    tracing::info!(names = %loaded.names.join(", "), expires = %loaded.expires, "{what}");
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::server::authority::{Authority, Certified, Leaf, replace};

    /// A clock that is set.
    struct SetClock(Mutex<Timestamp>);

    impl SetClock {
        fn set(&self, time: &str) -> Timestamp {
            let time = time.parse().expect("a time");
            *self.0.lock().expect("the time") = time;
            time
        }
    }

    impl Clock for SetClock {
        fn now(&self) -> Timestamp {
            *self.0.lock().expect("the time")
        }
    }

    fn clock(time: &str) -> Arc<SetClock> {
        Arc::new(SetClock(Mutex::new(time.parse().expect("a time"))))
    }

    fn open(files: &Certified, client_authority: Option<&Path>, clock: Arc<SetClock>) -> Tls {
        let settings = TlsSettings {
            certificate: files.certificate.clone(),
            key: files.key.clone(),
            client_authority: client_authority.map(Path::to_owned),
        };
        Tls::open(&settings, clock).expect("usable files")
    }

    #[test]
    fn new_files_are_used_once_they_fit_and_what_cannot_be_used_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Authority::new(folder.path(), "authority");
        let files = authority.issue("server", &Leaf::server());
        let tls = open(&files, None, clock("2026-06-01T00:00:00Z"));
        let first = tls.config();
        tls.look();
        assert!(Arc::ptr_eq(&first, &tls.config()), "nothing changed");
        replace(&files.certificate, "-----BEGIN CERTIFICATE-----\nMII", 0o644);
        tls.look();
        assert!(Arc::ptr_eq(&first, &tls.config()), "half a file");
        authority.issue("server", &Leaf::server().expired());
        tls.look();
        assert!(Arc::ptr_eq(&first, &tls.config()), "expired");
        let files = authority.issue("server", &Leaf::server());
        replace(&files.key, "", 0o600);
        tls.look();
        assert!(Arc::ptr_eq(&first, &tls.config()), "no key");
        let issued = authority.issue("server", &Leaf::server());
        tls.look();
        let second = tls.config();
        assert!(!Arc::ptr_eq(&first, &second), "a certificate with its key");
        replace(&issued.key, "", 0o600);
        tls.look();
        assert!(Arc::ptr_eq(&second, &tls.config()));
    }

    #[test]
    fn each_port_says_what_is_spoken_there_and_sees_new_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Authority::new(folder.path(), "authority");
        let files = authority.issue("server", &Leaf::server());
        let tls = Arc::new(open(&files, None, clock("2026-06-01T00:00:00Z")));
        let spoken = |protocols| {
            let acceptor = TlsPort::new(&tls, protocols).acceptor();
            acceptor.config().alpn_protocols.clone()
        };
        assert_eq!(spoken(Protocols::Grpc), [b"h2"]);
        assert_eq!(spoken(Protocols::GrpcAndWeb), [&b"h2"[..], b"http/1.1"]);
        assert_eq!(spoken(Protocols::Http), [b"http/1.1"]);
        let http = TlsPort::new(&tls, Protocols::Http);
        let resolver = || Arc::clone(&http.acceptor().config().cert_resolver);
        let first = resolver();
        assert!(Arc::ptr_eq(&first, &resolver()), "copies share what is large");
        authority.issue("server", &Leaf::server());
        tls.look();
        assert!(!Arc::ptr_eq(&first, &resolver()));
    }

    #[test]
    fn another_authority_of_the_clients_is_used_as_soon_as_it_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Authority::new(folder.path(), "authority");
        let files = authority.issue("server", &Leaf::server());
        let tls = open(&files, Some(authority.file()), clock("2026-06-01T00:00:00Z"));
        let first = tls.config();
        let authority = Authority::new(folder.path(), "authority");
        tls.look();
        assert!(!Arc::ptr_eq(&first, &tls.config()));
        assert!(authority.file().ends_with("authority.pem"));
    }

    #[test]
    fn a_certificate_that_expires_soon_is_warned_about_once_a_day() {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Authority::new(folder.path(), "authority");
        let leaf = Leaf::server().valid((2026, 1, 1), (2026, 7, 1));
        let files = authority.issue("server", &leaf);
        let clock = clock("2026-06-01T00:00:00Z");
        let tls = open(&files, None, clock.clone());
        let warned_at = || tls.seen.lock().expect("seen").warned_at;
        let look_at = |time| {
            let time = clock.set(time);
            tls.look();
            warned_at() == Some(time)
        };
        assert!(!look_at("2026-06-16T00:00:00Z"), "it lasts for 15 days");
        assert!(look_at("2026-06-17T00:00:01Z"));
        assert!(!look_at("2026-06-17T23:00:00Z"), "on the same day");
        assert!(look_at("2026-06-18T00:00:01Z"));
        assert!(look_at("2026-07-02T00:00:00Z"), "it has expired");
        authority.issue("server", &Leaf::server());
        assert!(!look_at("2026-07-03T00:00:01Z"));
        assert_eq!(warned_at(), None, "the new one lasts");
    }
}
