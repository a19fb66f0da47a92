//! Why a settings file is no TOML, by what people and tools do to one.
//!
//! Lives here: reading the line at which the parser gave up. Does not live here: the parser, whose own words are not
//! used. No byte of the file is repeated: it may hold a password, or be a private key that was named by mistake.

/// The reason, as the end of a sentence that names the file. `at` is the byte at which the parser gave up; `says` is
/// its message, by which a key that stands twice is told.
pub(super) fn toml_reason(text: &str, at: usize, says: &str) -> &'static str {
    of_file(text).unwrap_or_else(|| {
        // The parser has no codes: its words are looked at for this one case, and not shown.
        if says.contains("duplicate") {
            return "this key or section stands in it a second time";
        }
        let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
        let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        of_line(line).unwrap_or("a line has one key = value, and a text stands in quotation marks")
    })
}

/// A file that is something else altogether.
fn of_file(text: &str) -> Option<&'static str> {
    let first = text.trim_start();
    if text.contains("-----BEGIN ") {
        Some("it holds a certificate or a key, not settings")
    } else if first.starts_with('{') {
        Some("it is JSON; settings are written in TOML: [section], and key = value below it")
    } else if first.starts_with('<') {
        Some("it is XML or HTML; settings are written in TOML: [section], and key = value below it")
    } else if text.contains('\r') && !text.contains('\n') {
        Some("its lines end in carriage returns alone; save it with line feeds")
    } else {
        None
    }
}

fn of_line(line: &str) -> Option<&'static str> {
    let (key, value) = match line.split_once('=') {
        Some((key, value)) => (key.trim(), value.trim()),
        None => (line.trim(), ""),
    };
    if line.contains(|c: char| matches!(c, '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}' | '\u{2032}' | '\u{2033}')) {
        return Some("it has curly quotation marks, as word processors write them; write \" instead");
    }
    if line.contains(|c: char| matches!(c, '\u{a0}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')) {
        return Some("it has an invisible character, as text copied from a page has; type the line anew");
    }
    if value.starts_with('"') && value.contains('\\') {
        return Some(
            "a backslash within \" begins an escape; write a Windows path within ' ' as it is, or with / in place of \\",
        );
    }
    if key.starts_with("export ") || key.starts_with("PORTAL_AGENT_") {
        return Some(
            "it is a variable, as a shell or an .env file has it; write [section], and key = \"value\" below it",
        );
    }
    if value.is_empty() && !line.contains('=') {
        return match key.contains(": ") || key.ends_with(':') {
            true => Some("it is written as in YAML; TOML has key = \"value\""),
            false if key.starts_with('[') => Some("a section's name stands in brackets alone on its line: [broker]"),
            false => Some("it has no =; TOML has key = value"),
        };
    }
    match value.chars().next() {
        None => Some("it has no value behind its ="),
        Some('"' | '\'') if value.len() == 1 || !value[1..].contains(&value[..1]) => {
            Some("its quotation mark is not closed")
        }
        Some('[') if !value.contains(']') => Some("its list is not closed by ]"),
        Some(first) if first.is_alphabetic() || matches!(first, '/' | '.' | '\\' | '~' | '$' | '%') => {
            Some("its value is a text, which stands in quotation marks; true and false are written small")
        }
        Some(first) if first.is_ascii_digit() || first == '-' => Some(
            "its value is neither a number (which has no leading zero) nor a text, which stands in quotation marks",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_and_tools_do_is_named() {
        for (text, says) in [
            ("-----BEGIN PRIVATE KEY-----\nMII\n", "certificate or a key"),
            ("{\"broker\": {}}", "JSON"),
            ("<settings/>", "XML"),
            ("[broker]\rkeep_alive = \"20s\"\r", "carriage returns"),
            ("keep_alive = \u{201c}20s\u{201d}", "curly"),
            ("keep_alive\u{a0}= \"20s\"", "invisible"),
            ("ca_file = \"C:\\Users\\x.pem\"", "backslash"),
            ("export PORTAL_AGENT__BROKER__USERNAME=x", "variable"),
            ("keep_alive: 20s", "YAML"),
            ("[broker", "brackets"),
            ("keep_alive", "no ="),
            ("keep_alive =", "no value"),
            ("keep_alive = \"20s", "not closed"),
            ("urls = [\"a\"", "not closed by ]"),
            ("keep_alive = twenty", "quotation marks"),
            ("ca_file = /etc/ca.pem", "quotation marks"),
            ("emulate = True", "true and false"),
            ("keep_alive = 20s", "quotation marks"),
            ("name = 007", "leading zero"),
            ("= ]", "one key = value"),
        ] {
            let reason = toml_reason(text, 0, "");
            assert!(reason.contains(says), "{text}: {reason}");
        }
        assert!(toml_reason("a = 1\na = 2", 6, "duplicate key").contains("second time"));
    }
}
