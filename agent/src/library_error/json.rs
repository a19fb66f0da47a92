//! What keeps a file or an answer from being the JSON that is expected.

use serde_json::error::Category;

/// What is wrong, as the end of a sentence that names the text. serde_json's own words repeat values.
pub(crate) fn json_reason(error: &serde_json::Error) -> String {
    let place = format!("line {}, column {}", error.line(), error.column());
    match error.classify() {
        Category::Eof => "it ends before its JSON does".to_owned(),
        Category::Syntax => format!("it is not JSON from {place} on"),
        Category::Data => format!("it is JSON, but not with the members and types that are expected ({place})"),
        Category::Io => "it could not be read to its end".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_repeated() {
        for text in [r#""hunter2""#, r#"{"a":hunter2}"#, "hunter2", "{\"hunter2\":"] {
            let reason = json_reason(&serde_json::from_str::<u32>(text).unwrap_err());
            assert!(!reason.contains("hunter2") && reason.starts_with("it "), "{reason}");
        }
    }
}
