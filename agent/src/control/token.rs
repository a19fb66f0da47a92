//! The token that lets a client in: new at each start, compared in constant time, never shown.
//!
//! Lives here: drawing and comparing it. Does not live here: where it is kept (`control_file`) and asked for (`guard`).

use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// 256 random bits as text. Debug hides it; serialising gives it out, for `control.json` alone.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ControlToken(String);

impl ControlToken {
    /// A new token.
    ///
    /// # Errors
    /// The operating system gave no random bits.
    pub fn draw() -> Result<Self, getrandom::Error> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(hex(&bytes)))
    }

    /// Whether `text` is the token; takes as long whatever is wrong with a text of the right length.
    pub fn is(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }

    /// The token itself, for what hands it out: a link, a cookie.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// The value of the `Authorization` header that a client sends.
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl fmt::Debug for ControlToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_256_bits_and_no_two_are_alike() {
        let (one, other) = (ControlToken::draw().unwrap(), ControlToken::draw().unwrap());
        let text = one.bearer().strip_prefix("Bearer ").unwrap().to_owned();
        assert_eq!(text.len() * 4, 256);
        assert!(text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!(one.is(&text) && !other.is(&text));
        for wrong in ["", &text[..63], &format!("{text}0"), &text.to_uppercase()] {
            assert!(!one.is(wrong) || wrong == text, "{wrong}");
        }
        assert_eq!(format!("{one:?}"), "***");
    }
}
