//! Who is let in.
//!
//! Lives here: the comparison of user name and password. Does not live here: where they are kept.

use std::fmt;

use subtle::ConstantTimeEq;

/// Who is let in: whoever comes, or whoever knows the one user name and password.
#[derive(Clone, PartialEq, Eq)]
pub enum Access {
    /// Whoever comes.
    Anyone,
    /// Whoever knows both.
    Password {
        /// The user name.
        username: String,
        /// The password.
        password: String,
    },
}

impl Access {
    /// Whether a client with these is let in. How long it takes tells nothing of the password but its length.
    pub fn admits(&self, username: Option<&str>, password: Option<&[u8]>) -> bool {
        match self {
            Self::Anyone => true,
            Self::Password { username: right_name, password: right_password } => {
                let name = username.unwrap_or_default().as_bytes().ct_eq(right_name.as_bytes());
                let password = password.unwrap_or_default().ct_eq(right_password.as_bytes());
                // Both are compared, whatever the first comparison came to.
                bool::from(name & password)
            }
        }
    }

    /// Whether a password is asked for that is worth the name: an empty one, which a client sends by sending none, is not.
    pub fn demands_password(&self) -> bool {
        matches!(self, Self::Password { password, .. } if !password.is_empty())
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("Anyone"),
            Self::Password { username, .. } => write!(f, "Password {{ username: {username:?}, .. }}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_must_be_right() {
        let access = Access::Password { username: "agent".to_owned(), password: "right".to_owned() };
        assert!(access.admits(Some("agent"), Some(b"right")));
        let wrong: [(Option<&str>, Option<&[u8]>); 6] = [
            (None, None),
            (Some("agent"), None),
            (None, Some(b"right")),
            (Some("agent"), Some(b"righ")),
            (Some("Agent"), Some(b"right")),
            (Some("agent"), Some(b"")),
        ];
        for (username, password) in wrong {
            assert!(!access.admits(username, password), "{username:?} {password:?}");
        }
        assert!(Access::Anyone.admits(None, None) && !Access::Anyone.demands_password());
        assert!(!format!("{access:?}").contains("right"));
    }

    #[test]
    fn an_empty_password_is_none() {
        let access = Access::Password { username: "agent".to_owned(), password: String::new() };
        assert!(!access.demands_password());
    }
}
