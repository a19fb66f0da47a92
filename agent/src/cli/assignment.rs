//! `NAME=VALUE`, as `settings set`, `enrollment set` and `policy set` take it.

/// Reads it.
///
/// # Errors
/// A sentence that says what would be right.
pub fn parse(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE, as in lockScreen=off; show lists the names".to_owned()),
    }
}
