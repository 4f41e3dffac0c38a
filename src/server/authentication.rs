//! Finds out who makes each call, and turns away whom nobody let in. What a caller may do is
//! another question, which `grpc` answers.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::{BoxFuture, Either, Ready, ready};
use jiff::Timestamp;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response, header};
use tower::{Layer, Service};

use crate::access::{Caller, Denial, Grant, Token};
use crate::clock::Clock;
use crate::config::{AccessSettings, Reflection, WithoutToken};
use crate::error::Error;
use crate::grpc;

use super::handshake::PeerCertificate;
use super::open_connection::OpenConnection;
use super::outcome::CalledBy;
use super::peer::Peer;
use super::revocation::{Held, UntilRevoked};
use super::tokens::Tokens;

const HEALTH: &str = "/grpc.health.v1.Health/";
const REFLECTION: &str = "/grpc.reflection.";

/// Who is let in.
pub(super) struct Authentication {
    without_token: WithoutToken,
    reflection: Reflection,
    tokens: Arc<Tokens>,
    clock: Arc<dyn Clock>,
    /// The user of this server.
    own_uid: u32,
    owner: Arc<Caller>,
}

/// Who was let in, and by what, unless it is a user of this machine.
pub(super) struct LetIn {
    pub(super) caller: Arc<Caller>,
    pub(super) held: Option<Held>,
}

impl Authentication {
    /// Lets in whom the settings and the tokens do.
    pub(super) fn new(
        settings: &AccessSettings,
        tokens: Arc<Tokens>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let own_uid = crate::host::own_user();
        Self {
            without_token: settings.without_token,
            reflection: settings.reflection,
            tokens,
            clock,
            own_uid,
            owner: Arc::new(Caller::user(Some(own_uid))),
        }
    }

    /// Finds out who calls. A token that is sent counts, whoever sends it; then a certificate;
    /// then where the connection comes from.
    ///
    /// # Errors
    /// TOKEN_REQUIRED, TOKEN_INVALID.
    pub(super) fn let_in(
        &self,
        headers: &HeaderMap,
        connection: Option<&OpenConnection>,
    ) -> Result<LetIn, Denial> {
        if let Some(token) = token(headers)? {
            let grants = self.tokens.current();
            let (caller, grant) = grants.of_token(&token, self.clock.now())?;
            return Ok(self.by_grant(caller, grant, None));
        }
        let certificate = connection.and_then(|open| open.certificate(&*self.clock));
        if let Some(PeerCertificate { names, expires }) = certificate {
            let grants = self.tokens.current();
            if let Some((caller, grant)) = grants.of_certificate(names, self.clock.now())? {
                return Ok(self.by_grant(caller, grant, Some(*expires)));
            }
        }
        let peer = connection.map_or(Peer::Unknown, OpenConnection::peer);
        let caller = match (self.without_token, peer) {
            (WithoutToken::Owner | WithoutToken::LocalUsers, Peer::Local(Some(uid)))
                if uid == self.own_uid =>
            {
                Arc::clone(&self.owner)
            }
            (WithoutToken::LocalUsers, Peer::Local(uid)) => Arc::new(Caller::user(uid)),
            (_, peer) => {
                return Err(Denial::TokenRequired { who: self.turned_away(peer, certificate) });
            }
        };
        Ok(LetIn { caller, held: None })
    }

    fn by_grant(&self, caller: Caller, grant: &Grant, expires: Option<Timestamp>) -> LetIn {
        let (tokens, clock) = (Arc::clone(&self.tokens), Arc::clone(&self.clock));
        let held = Held { tokens, clock, grant: Arc::new(grant.clone()), expires };
        LetIn { caller: Arc::new(caller), held: Some(held) }
    }

    /// Says who calls and why that is not enough.
    fn turned_away(&self, peer: Peer, certificate: Option<&PeerCertificate>) -> String {
        let only = match self.without_token {
            WithoutToken::Nobody => "nobody is let in without a token".to_owned(),
            WithoutToken::Owner => format!(
                "without a token only user {} of this machine is let in, whose server this is",
                self.own_uid
            ),
            WithoutToken::LocalUsers => {
                "without a token only users of this machine are let in".to_owned()
            }
        };
        let certificate = match certificate.and_then(|it| it.names.first()) {
            Some(name) => format!(" with the certificate {name}, to which nothing is granted"),
            None => String::new(),
        };
        format!("{only}; the call came from {peer}{certificate}")
    }

    /// Whether everybody may call this who can connect.
    fn is_open(&self, path: &str) -> bool {
        path.starts_with(HEALTH)
            || (self.reflection == Reflection::Open && path.starts_with(REFLECTION))
    }
}

/// Returns the token that comes with a call.
fn token(headers: &HeaderMap) -> Result<Option<Token>, Denial> {
    let refused = |problem: &str| Denial::TokenInvalid { problem: problem.to_owned() };
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = sent.next() else { return Ok(None) };
    if sent.next().is_some() {
        return Err(refused("there is more than one authorization"));
    }
    let text = value.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let text = text.ok_or_else(|| refused("write authorization: Bearer TOKEN"))?;
    match Token::parse(text) {
        Some(token) => Ok(Some(token)),
        None => Err(refused("it is malformed; a token begins with cbt_ and has 77 characters")),
    }
}

/// Lets calls in, or turns them away.
#[derive(Clone)]
pub(super) struct AuthenticationLayer(pub(super) Arc<Authentication>);

impl<S> Layer<S> for AuthenticationLayer {
    type Service = Authenticated<S>;

    fn layer(&self, inner: S) -> Authenticated<S> {
        Authenticated { inner, authentication: Arc::clone(&self.0) }
    }
}

/// A service whose callers are known.
#[derive(Clone)]
pub(super) struct Authenticated<S> {
    inner: S,
    authentication: Arc<Authentication>,
}

impl<S> Service<Request<Body>> for Authenticated<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<
        Either<S::Future, Ready<Result<Self::Response, S::Error>>>,
        BoxFuture<'static, Result<Self::Response, S::Error>>,
    >;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if self.authentication.is_open(request.uri().path()) {
            return Either::Left(Either::Left(self.inner.call(request)));
        }
        let connection = request.extensions().get::<Arc<OpenConnection>>();
        let let_in = self.authentication.let_in(request.headers(), connection.map(|it| &**it));
        let LetIn { caller, held } = match let_in {
            Ok(let_in) => let_in,
            Err(denial) => {
                let refusal = grpc::status(&Error::Denied(denial)).into_http();
                return Either::Left(Either::Right(ready(Ok(refusal))));
            }
        };
        let called_by = request.extensions().get::<CalledBy>();
        called_by.iter().for_each(|it| it.note(&caller.who.to_string()));
        // Nothing behind needs it, and so nothing shows it.
        request.headers_mut().remove(header::AUTHORIZATION);
        request.extensions_mut().insert(caller);
        let Some(held) = held else {
            return Either::Left(Either::Left(self.inner.call(request)));
        };
        request.extensions_mut().insert(held.standing());
        let revoked = held.until_revoked();
        let answer = self.inner.call(request);
        Either::Right(Box::pin(UntilRevoked::call(answer, revoked)))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::access::Who;
    use crate::clock::SystemClock;

    fn authentication(without_token: WithoutToken) -> Authentication {
        let settings = AccessSettings {
            tokens: "/nowhere/tokens".into(),
            without_token,
            reflection: Reflection::Authenticated,
        };
        let tokens = Arc::new(Tokens::open(Path::new("/nowhere/tokens")).expect("no tokens"));
        Authentication {
            own_uid: 1000,
            owner: Arc::new(Caller::user(Some(1000))),
            ..Authentication::new(&settings, tokens, Arc::new(SystemClock))
        }
    }

    /// Lets in, or not, what comes over a connection; with a certificate if it has names.
    fn let_in(
        without_token: WithoutToken,
        headers: &HeaderMap,
        peer: Peer,
        names: &[&str],
    ) -> Result<LetIn, Denial> {
        let connection = OpenConnection::new(Arc::default(), peer);
        if !names.is_empty() {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            connection.identify(PeerCertificate { names, expires: Timestamp::MAX });
        }
        authentication(without_token).let_in(headers, Some(&connection))
    }

    fn remote() -> Peer {
        Peer::Remote("192.0.2.7:4711".parse().expect("an address"))
    }

    #[test]
    fn without_a_token_users_are_let_in_by_where_they_come_from() {
        use WithoutToken::{LocalUsers, Nobody, Owner};
        let local = |uid| Peer::Local(uid);
        for (without, peer, is_let_in) in [
            (Owner, local(Some(1000)), true),
            (Owner, local(Some(0)), false),
            (Owner, local(None), false),
            (Owner, remote(), false),
            (Owner, Peer::Unknown, false),
            (LocalUsers, local(Some(7)), true),
            (LocalUsers, local(None), true),
            (LocalUsers, remote(), false),
            (LocalUsers, Peer::Unknown, false),
            (Nobody, local(Some(1000)), false),
        ] {
            let let_in = let_in(without, &HeaderMap::new(), peer, &[]);
            assert_eq!(let_in.is_ok(), is_let_in, "{without:?} {peer:?}");
            if let (Ok(let_in), Peer::Local(uid)) = (let_in, peer) {
                assert_eq!(let_in.caller.who, Who::User(uid));
            }
        }
    }

    #[test]
    fn whoever_is_turned_away_is_told_why() {
        let told = |peer, names: &[&str]| {
            let let_in = let_in(WithoutToken::Owner, &HeaderMap::new(), peer, names);
            let_in.err().map(|denial| denial.to_string()).unwrap_or_default()
        };
        assert_eq!(
            told(Peer::Local(Some(65534)), &[]),
            "without a token only user 1000 of this machine is let in, whose server this is; \
             the call came from user 65534 of this machine, and sent no token; \
             set CALLBOARD_TOKEN, or authorization: Bearer TOKEN"
        );
        assert!(told(Peer::Local(None), &[]).contains("whom the system does not tell"));
        assert!(told(remote(), &[]).contains("from 192.0.2.7, and sent no token"));
        assert!(told(remote(), &["build"]).contains("the certificate build, to which"));
    }

    #[test]
    fn a_token_that_is_sent_counts_whoever_sends_it() {
        let told = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().expect("a header"));
            }
            let owner = Peer::Local(Some(1000));
            let let_in = let_in(WithoutToken::Owner, &headers, owner, &[]);
            let_in.err().map(|denial| denial.to_string()).unwrap_or_default()
        };
        assert_eq!(told(&[]), "");
        assert!(told(&["Bearer"]).contains("write authorization: Bearer TOKEN"));
        assert!(told(&["Basic eDp5"]).contains("write authorization: Bearer TOKEN"));
        assert!(told(&["Bearer x"]).contains("it is malformed"));
        assert!(told(&["Bearer x", "Bearer y"]).contains("more than one"));
        let unknown = format!("bearer cbt_00000000_{}", "0".repeat(64));
        assert!(told(&[&unknown]).contains("does not know it"));
    }
}
