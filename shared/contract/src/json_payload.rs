//! A payload's JSON, or what keeps it from being JSON, in words that hold no byte of it.
//!
//! Lives here: what every payload of the contract has in common. Does not live here: which members it must have.

use serde_json::Value;
use serde_json::error::Category;

/// Why bytes are not JSON. The sentence has no subject, so that each reader can name the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotJson {
    /// U+FEFF in UTF-8 first: what PowerShell and Notepad write.
    #[error("begins with a byte order mark (EF BB BF), which JSON must not have; send it as UTF-8 without one")]
    ByteOrderMark,
    /// What Windows tools call Unicode.
    #[error("is UTF-16, not UTF-8, which JSON must be; send it as UTF-8")]
    Utf16,
    /// Another encoding, or no text at all.
    #[error("is not UTF-8 from byte {0} on; send it as UTF-8")]
    Utf8(usize),
    /// Nothing.
    #[error("is empty")]
    Empty,
    /// It was cut off, or a bracket or quotation mark is not closed.
    #[error("is not JSON: it ends before its JSON does")]
    CutOff,
    /// Quotation marks that a word processor made, or those of a shell or of Python.
    #[error("is not JSON: line {line}, column {column} has {mark}, where JSON has \"")]
    QuotationMark {
        /// From 1.
        line: usize,
        /// In bytes, from 1.
        column: usize,
        /// As it stands there.
        mark: char,
    },
    /// A line break or a tab as it is, within a text.
    #[error(
        "is not JSON: line {line}, column {column} has a control character within a text; write it as \\n, \\t or \\u00XX"
    )]
    ControlCharacter {
        /// From 1.
        line: usize,
        /// In bytes, from 1.
        column: usize,
    },
    /// JSON that nobody writes by hand.
    #[error("is nested too deep to be read: line {line}, column {column}")]
    TooDeep {
        /// From 1.
        line: usize,
        /// In bytes, from 1.
        column: usize,
    },
    /// Anything else.
    #[error("is not JSON from line {line}, column {column} on")]
    Syntax {
        /// From 1.
        line: usize,
        /// In bytes, from 1.
        column: usize,
    },
}

impl NotJson {
    /// Whether the bytes are no UTF-8 text, whatever it would say.
    pub(crate) fn is_encoding(self) -> bool {
        matches!(self, Self::Utf16 | Self::Utf8(_))
    }
}

/// Reads a payload's JSON.
///
/// # Errors
/// What keeps the bytes from being JSON; no byte of them is in it.
pub fn read(payload: &[u8]) -> Result<Value, NotJson> {
    if payload.starts_with(b"\xef\xbb\xbf") {
        return Err(NotJson::ByteOrderMark);
    }
    // JSON begins with a character of ASCII, so that a NUL beside it tells UTF-16 without a mark.
    let is_utf16 = matches!(payload, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 1..=0xff, ..] | [1..=0x7f, 0, ..]);
    if is_utf16 {
        return Err(NotJson::Utf16);
    }
    let text = std::str::from_utf8(payload).map_err(|error| NotJson::Utf8(error.valid_up_to()))?;
    if text.trim().is_empty() {
        return Err(NotJson::Empty);
    }
    serde_json::from_str(text).map_err(|error| why(text, &error))
}

fn why(text: &str, error: &serde_json::Error) -> NotJson {
    let (line, column) = (error.line(), error.column());
    let says = error.to_string();
    // serde_json's codes are not public, so its words tell two of them apart. They are not repeated: they may quote
    // the payload.
    match error.classify() {
        Category::Eof => NotJson::CutOff,
        _ if says.starts_with("control character") => NotJson::ControlCharacter { line, column },
        _ if says.starts_with("recursion limit") => NotJson::TooDeep { line, column },
        Category::Syntax | Category::Data | Category::Io => match quotation_mark(text, line, column) {
            Some(mark) => NotJson::QuotationMark { line, column, mark },
            None => NotJson::Syntax { line, column },
        },
    }
}

/// The quotation mark at a place, where it is not JSON's.
fn quotation_mark(text: &str, line: usize, column: usize) -> Option<char> {
    let line = text.split('\n').nth(line.checked_sub(1)?)?;
    let rest = line.get(column.checked_sub(1)?..)?;
    rest.chars().next().filter(|mark| matches!(mark, '\'' | '`' | '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}'))
}

/// What kind of value it is, with its article.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn why(payload: &[u8]) -> String {
        read(payload).unwrap_err().to_string()
    }

    #[test]
    fn what_tools_leave_behind_is_named() {
        let utf16 = |text: &str, order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        for (payload, says) in [
            (b"\xef\xbb\xbf{}".to_vec(), "byte order mark"),
            (utf16("\u{feff}{}", u16::to_le_bytes), "UTF-16"),
            (utf16("\u{feff}{}", u16::to_be_bytes), "UTF-16"),
            (utf16("{}", u16::to_le_bytes), "UTF-16"),
            (utf16("{}", u16::to_be_bytes), "UTF-16"),
            (b"{\"a\":\"caf\xe9\"}".to_vec(), "not UTF-8 from byte 9 on"),
            (b" \r\n".to_vec(), "is empty"),
            (Vec::new(), "is empty"),
            (b"{\"a\":".to_vec(), "ends before its JSON does"),
            (b"{'a':1}".to_vec(), "line 1, column 2 has '"),
            ("{\n\u{201c}a\u{201d}:1}".into(), "line 2, column 1 has \u{201c}"),
            (b"{\"a\":\"one\ntwo\"}".to_vec(), "control character within a text"),
            ([b'['; 500].to_vec(), "nested too deep"),
            (b"\"{}\"x".to_vec(), "from line 1, column 5 on"),
            (b"hunter2".to_vec(), "from line 1, column 1 on"),
        ] {
            let why = why(&payload);
            assert!(why.contains(says) && !why.contains("hunter2"), "{payload:?}: {why}");
        }
    }

    #[test]
    fn white_space_of_any_system_around_json_is_no_matter() {
        assert_eq!(read(b"\r\n{}\r\n\t ").unwrap(), serde_json::json!({}));
    }

    proptest! {
        #[test]
        fn no_bytes_panic_the_reader(payload in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Err(error) = read(&payload) {
                prop_assert!(!error.to_string().is_empty());
            }
        }

        #[test]
        fn no_text_panics_the_reader(payload in ".{0,40}") {
            let _ = read(payload.as_bytes());
        }
    }
}
