//! Which token lets whom in: the tokens file, and tokens that the token endpoint gave out.
//!
//! Lives here: reading the file's text, comparing in constant time, expiry. Does not live here: reading files, drawing random bits.

use std::collections::HashMap;
use std::fmt;

use portal_contract::{Tenant, Timestamp};
use subtle::ConstantTimeEq;

use crate::role::Role;

/// How long a token of the token endpoint is good, in seconds: what Microsoft Entra gives by default.
pub(crate) const TOKEN_SECONDS: i64 = 3600;
/// How many given-out tokens are known at once; the one that expires first makes room.
const MOST_ISSUED: usize = 10_000;

/// Whom a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// What it may do.
    pub role: Role,
    /// Whose devices it sees.
    pub tenant: Tenant,
}

/// A secret that lets a caller in. It does not print.
#[derive(Clone, PartialEq, Eq)]
struct SecretToken(String);

impl fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretToken(…)")
    }
}

/// The tokens file: `TOKEN ROLE [TENANT]` a line; `#` begins a comment.
#[derive(Debug, Clone, Default)]
pub struct TokenTable {
    entries: Vec<(SecretToken, Role, Option<Tenant>)>,
}

/// A line of the tokens file that is none. No byte of a token is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}; each line is TOKEN ROLE [TENANT], as in: s3cret helpdesk contoso")]
pub struct TokensError {
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub why: String,
}

impl TokenTable {
    /// Reads the file's text.
    ///
    /// # Errors
    /// The first line that is wrong, or no line at all.
    pub fn parse(text: &str) -> Result<Self, TokensError> {
        let mut table = Self::default();
        for (index, line) in text.lines().enumerate() {
            let wrong = |why: String| TokensError { line: index + 1, why };
            let line = line.split_once('#').map_or(line, |(before, _)| before);
            let words: Vec<&str> = line.split_whitespace().collect();
            let (token, role, tenant) = match words[..] {
                [] => continue,
                [token, role] => (token, role, None),
                [token, role, tenant] => (token, role, Some(tenant)),
                _ => return Err(wrong("it has not two or three words".to_owned())),
            };
            // A header value holds no other characters, so that the token could never be shown.
            if token.len() > 4096 || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(wrong("a token is 1 to 4096 printable characters of ASCII".to_owned()));
            }
            // Not quoted, as the words' own errors would: where somebody has turned them round, each may be the token.
            let role =
                role.parse().map_err(|_| wrong("its second word is not admin, helpdesk or reader".to_owned()))?;
            let no_tenant = || wrong("its third word is no tenant: 1 to 64 letters, digits and hyphens".to_owned());
            let tenant = tenant.map(str::parse).transpose().map_err(|_| no_tenant())?;
            if table.find(token).is_some() {
                return Err(wrong("its token stands on an earlier line".to_owned()));
            }
            table.entries.push((SecretToken(token.to_owned()), role, tenant));
        }
        if table.entries.is_empty() {
            return Err(TokensError { line: 1, why: "no token is in the file".to_owned() });
        }
        Ok(table)
    }

    /// Adds a token; the program's own, for its own commands.
    pub fn add(&mut self, token: String, role: Role) {
        self.entries.push((SecretToken(token), role, None));
    }

    fn find(&self, token: &str) -> Option<(Role, Option<&Tenant>)> {
        // Every entry is compared, whichever fits: the time tells nothing of how near a guess was.
        let mut found = None;
        for (known, role, tenant) in &self.entries {
            if bool::from(known.0.as_bytes().ct_eq(token.as_bytes())) {
                found = Some((*role, tenant.as_ref()));
            }
        }
        found
    }

    /// Whose token it is, among callers of `default` where the file names no tenant.
    pub(crate) fn caller(&self, token: &str, default: &Tenant) -> Option<Caller> {
        let (role, tenant) = self.find(token)?;
        Some(Caller { role, tenant: tenant.unwrap_or(default).clone() })
    }

    /// The tenants that are named.
    pub fn tenants(&self) -> impl Iterator<Item = &Tenant> {
        self.entries.iter().filter_map(|(_, _, tenant)| tenant.as_ref())
    }
}

/// Tokens that the token endpoint gave out.
#[derive(Default)]
pub(crate) struct IssuedTokens {
    known: HashMap<String, (Caller, Timestamp)>,
}

impl fmt::Debug for IssuedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssuedTokens({})", self.known.len())
    }
}

/// What a given-out token is worth.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum IssuedWorth {
    Good(Caller),
    Expired,
    Unknown,
}

impl IssuedTokens {
    pub(crate) fn issue(&mut self, token: String, caller: Caller, now: Timestamp) {
        if self.known.len() >= MOST_ISSUED {
            let first = self.known.iter().min_by_key(|(_, (_, expires))| *expires).map(|(token, _)| token.clone());
            first.map(|token| self.known.remove(&token));
        }
        self.known.insert(token, (caller, now.plus_seconds(TOKEN_SECONDS)));
    }

    pub(crate) fn worth(&self, token: &str, now: Timestamp) -> IssuedWorth {
        match self.known.get(token) {
            Some((caller, expires)) if now < *expires => IssuedWorth::Good(caller.clone()),
            Some(_) => IssuedWorth::Expired,
            None => IssuedWorth::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_token_a_role_and_perhaps_a_tenant() {
        let table = TokenTable::parse("# ours\nhunter2 admin\n\ntwo reader fabrikam # theirs\n").unwrap();
        let default = Tenant::default();
        assert_eq!(table.caller("hunter2", &default), Some(Caller { role: Role::Admin, tenant: default.clone() }));
        assert_eq!(table.caller("two", &default).unwrap().tenant.as_str(), "fabrikam");
        assert_eq!(table.caller("hunter", &default), None);
        assert!(!format!("{table:?}").contains("hunter2"));
    }

    #[test]
    fn a_wrong_line_is_named_without_its_token() {
        let turned_round = [("admin hunter2", 1), ("a admin\nhunter2 boss", 2), ("a reader hunter2!", 1)];
        for (text, line) in
            [("", 1), ("a", 1), ("a admin\na reader", 2), ("a b c d", 1)].into_iter().chain(turned_round)
        {
            let error = TokenTable::parse(text).unwrap_err();
            assert!(error.line == line && !error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_given_out_token_expires_after_an_hour() {
        let mut issued = IssuedTokens::default();
        let (caller, now) = (Caller { role: Role::Reader, tenant: Tenant::default() }, Timestamp::from_millis(0));
        issued.issue("x".to_owned(), caller.clone(), now);
        assert_eq!(issued.worth("x", now.plus_seconds(3599)), IssuedWorth::Good(caller));
        assert_eq!(issued.worth("x", now.plus_seconds(3600)), IssuedWorth::Expired);
        assert_eq!(issued.worth("y", now), IssuedWorth::Unknown);
    }
}
