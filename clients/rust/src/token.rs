//! Who is calling: the token that goes with every call.

use std::fmt;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Request, Status};

use crate::{Address, Error};

/// Adds the token to every call. Nothing shows the token itself.
#[derive(Clone)]
pub struct Authorize(Option<MetadataValue<Ascii>>);

impl Authorize {
    /// Takes a token, or none, for calls to an address.
    ///
    /// # Errors
    /// When others could read the token on its way, or it cannot be sent at all.
    pub(crate) fn new(token: Option<&str>, address: &Address) -> Result<Self, Error> {
        let Some(token) = token else { return Ok(Self(None)) };
        if matches!(address, Address::Tcp(_)) && !address.is_local() {
            return Err(Error::usage(format!(
                "a token is only sent over TLS, a Unix socket, or to this machine: \
                 write https:// before {address}"
            )));
        }
        let mut value = MetadataValue::try_from(format!("Bearer {token}"))
            .map_err(|_| Error::usage("the token has characters that cannot be sent"))?;
        value.set_sensitive(true);
        Ok(Self(Some(value)))
    }
}

impl Interceptor for Authorize {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

impl fmt::Debug for Authorize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Authorize(with a token)" } else { "Authorize(nobody)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authorize(token: &str, address: &str) -> Result<Authorize, Error> {
        Authorize::new(Some(token), &address.parse().expect(address))
    }

    #[test]
    fn every_call_carries_the_token() {
        let mut authorize = authorize("s3cret", "unix:/socket").expect("a local socket");
        let request = authorize.call(Request::new(())).expect("nothing is refused");
        assert_eq!(request.metadata().get("authorization").expect("a header"), "Bearer s3cret");
    }

    #[test]
    fn a_token_goes_to_this_machine_or_over_tls_only() {
        for address in ["localhost:1", "127.0.0.1:1", "[::1]:1", "unix:/a", "https://far.org:1"] {
            assert!(authorize("s3cret", address).is_ok(), "{address}");
        }
        let error = authorize("s3cret", "far.org:1").expect_err("anybody could read it");
        assert!(error.message().contains("only sent over TLS"), "{error}");
        assert!(Authorize::new(None, &"far.org:1".parse().expect("an address")).is_ok());
    }

    #[test]
    fn a_token_is_never_shown() {
        let taken = authorize("s3cret", "localhost:1").expect("this machine");
        assert!(!format!("{taken:?}").contains("s3cret"));
        let refused = authorize("s3\ncret", "localhost:1").expect_err("no header may hold it");
        assert!(!format!("{refused:?} {refused}").contains("cret"));
    }
}
