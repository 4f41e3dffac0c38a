//! What tokens and certificates allow.

use jiff::Timestamp;

use crate::domain::{ProjectPattern, Reach};

use super::{Caller, Denial, Permissions, Token, TokenHash};

/// What the holder of a token, or of a certificate, may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What people call it; no other has it.
    pub name: String,
    /// Whose it is.
    pub holder: Holder,
    /// In which projects it holds.
    pub projects: Vec<ProjectPattern>,
    /// What may be done there.
    pub permissions: Permissions,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it holds no more; none for never.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back; none while it was not.
    pub revoked_at: Option<Timestamp>,
}

/// Whose a grant is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// Whoever has the token of this id and hash.
    Token {
        /// The part of the token that is no secret.
        id: String,
        /// What is kept of the whole.
        hash: TokenHash,
    },
    /// Whoever has a certificate with this name; `*` stands for any.
    Certificate(String),
}

impl Grant {
    /// Returns the projects in which it holds.
    pub fn reach(&self) -> Reach {
        Reach::of(self.projects.iter().cloned())
    }

    fn is_of_certificate(&self, name: &str) -> bool {
        matches!(&self.holder, Holder::Certificate(of) if of == name)
    }

    /// Refuses a grant that holds no more.
    fn check(&self, now: Timestamp) -> Result<(), Denial> {
        let refused = |what: String| Err(Denial::TokenInvalid { problem: what });
        if let Some(at) = self.revoked_at {
            return refused(format!("{} was revoked at {at}", self.name));
        }
        match self.expires_at {
            Some(at) if at <= now => refused(format!("{} expired at {at}", self.name)),
            _ => Ok(()),
        }
    }
}

/// All grants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants(pub Vec<Grant>);

impl Grants {
    /// Returns who has this token, with the grant's index.
    ///
    /// # Errors
    /// TOKEN_INVALID. What is wrong with it is told to nobody who does not have all of it.
    pub fn of_token(&self, token: &Token, now: Timestamp) -> Result<(Caller, &Grant), Denial> {
        let found = self.0.iter().find(|grant| match &grant.holder {
            Holder::Token { id, hash } => id == token.id() && hash.fits(token),
            Holder::Certificate(_) => false,
        });
        let Some(grant) = found else {
            return Err(Denial::TokenInvalid { problem: "this server does not know it".into() });
        };
        grant.check(now)?;
        Ok((Caller::holder(grant, None), grant))
    }

    /// Returns who has a certificate with these names; none when nothing is granted to it. What
    /// is granted to one of the names goes before what is granted to any, also when it was taken
    /// back: so that taking it back is the end of it.
    ///
    /// # Errors
    /// TOKEN_INVALID for a grant that holds no more.
    pub fn of_certificate(
        &self,
        names: &[String],
        now: Timestamp,
    ) -> Result<Option<(Caller, &Grant)>, Denial> {
        let mut ended = None;
        for name in names {
            for grant in self.0.iter().filter(|grant| grant.is_of_certificate(name)) {
                match grant.check(now) {
                    Ok(()) => return Ok(Some((Caller::holder(grant, Some(name)), grant))),
                    Err(denial) => ended = Some(denial),
                }
            }
        }
        if let Some(denial) = ended {
            return Err(denial);
        }
        let any = self.0.iter().find(|grant| grant.is_of_certificate("*"));
        let (Some(any), Some(name)) = (any, names.first()) else { return Ok(None) };
        any.check(now)?;
        Ok(Some((Caller::holder(any, Some(name)), any)))
    }

    /// Whether a grant that was there still is, as it was, and holds.
    pub fn still_hold(&self, grant: &Grant, now: Timestamp) -> bool {
        self.0.contains(grant) && grant.check(now).is_ok()
    }

    /// Whether anybody is let in by them, who may do anything. Certificates count only where
    /// clients are asked for them.
    pub fn let_anybody_in(&self, with_certificates: bool, now: Timestamp) -> bool {
        self.0.iter().any(|grant| {
            let is_asked_for = matches!(grant.holder, Holder::Token { .. }) || with_certificates;
            is_asked_for && grant.check(now).is_ok() && grant.permissions.given().next().is_some()
        })
    }

    /// Returns the grant of this name, else of this id.
    pub fn named(&mut self, name: &str) -> Option<&mut Grant> {
        let has_id =
            |grant: &Grant| matches!(&grant.holder, Holder::Token { id, .. } if id == name);
        let index = self.0.iter().position(|grant| grant.name == name);
        let index = index.or_else(|| self.0.iter().position(has_id))?;
        self.0.get_mut(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Permission, Who};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn grant(name: &str, holder: Holder) -> Grant {
        Grant {
            name: name.into(),
            holder,
            projects: vec![ProjectPattern::parse("*").expect("a pattern")],
            permissions: [Permission::Read].into_iter().collect(),
            created_at: at(0),
            expires_at: None,
            revoked_at: None,
        }
    }

    fn token(number: u8) -> Token {
        Token::new([number; 4], [number; 32])
    }

    fn of(token: &Token) -> Holder {
        Holder::Token { id: token.id().into(), hash: token.hash() }
    }

    #[test]
    fn a_token_lets_in_until_it_expires_or_is_revoked() {
        let expiring = Grant { expires_at: Some(at(10)), ..grant("short", of(&token(1))) };
        let revoked = Grant { revoked_at: Some(at(5)), ..grant("gone", of(&token(2))) };
        let grants = Grants(vec![expiring, revoked, grant("ci", of(&token(3)))]);
        let (caller, _) = grants.of_token(&token(3), at(9)).expect("let in");
        assert_eq!(caller.who, Who::Token { name: "ci".into(), id: "03030303".into() });
        assert!(grants.of_token(&token(1), at(9)).is_ok());
        let refused = |number, now| {
            grants.of_token(&token(number), at(now)).expect_err("refused").to_string()
        };
        assert!(refused(1, 10).contains("short expired at 1970-01-01T00:00:10Z"));
        assert!(refused(2, 9).contains("gone was revoked at"));
        assert!(refused(4, 9).contains("does not know it"));
        let other_secret = Token::new([2; 4], [9; 32]);
        let told = grants.of_token(&other_secret, at(9)).expect_err("refused").to_string();
        assert!(!told.contains("gone"), "its name is not told: {told}");
    }

    #[test]
    fn a_certificate_lets_in_by_any_of_its_names() {
        let named = grant("build", Holder::Certificate("build.example".into()));
        let any =
            Grant { expires_at: Some(at(8)), ..grant("any", Holder::Certificate("*".into())) };
        let revoked = Grant {
            revoked_at: Some(at(1)),
            ..grant("gone", Holder::Certificate("gone.example".into()))
        };
        let grants = Grants(vec![any, named, revoked]);
        let of = |names: &[&str], now| {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            let found = grants.of_certificate(&names, at(now)).map_err(|denial| denial.to_string());
            found.map(|found| found.map(|(caller, grant)| (caller.who, grant.name.clone())))
        };
        let named = |who: &str, grant: &str| Some((Who::Certificate(who.into()), grant.to_owned()));
        assert_eq!(of(&["x", "build.example"], 5), Ok(named("build.example", "build")));
        assert_eq!(of(&["x"], 5), Ok(named("x", "any")));
        assert!(of(&["x"], 8).expect_err("it ran out").contains("any expired"));
        assert!(
            of(&["x", "gone.example"], 5).expect_err("taken back").contains("gone was revoked")
        );
        assert_eq!(of(&[], 5), Ok(None));
        assert_eq!(Grants::default().of_certificate(&["x".to_owned()], at(5)), Ok(None));
    }

    #[test]
    fn a_grant_that_changed_or_ran_out_holds_no_more() {
        let kept = Grant { expires_at: Some(at(10)), ..grant("ci", of(&token(1))) };
        let grants = Grants(vec![kept.clone()]);
        assert!(grants.still_hold(&kept, at(9)) && !grants.still_hold(&kept, at(10)));
        let narrower = Grant { projects: Vec::new(), ..kept.clone() };
        assert!(!Grants(vec![narrower]).still_hold(&kept, at(9)));
        assert!(grants.let_anybody_in(false, at(9)) && !grants.let_anybody_in(true, at(10)));
        let certificates = Grants(vec![grant("any", Holder::Certificate("*".into()))]);
        assert!(certificates.let_anybody_in(true, at(9)));
        assert!(!certificates.let_anybody_in(false, at(9)), "nobody is asked for one");
    }
}
