//! A command line as the request that does the same, so that whatever can be pressed on the page is one of the API's commands.
//!
//! Lives here: words to a row of the table and its body. Does not live here: the command line's own reading (`cli`, by clap),
//! which knows options that no button has.

use portal_contract::DeviceId;
use portal_contract::command::{Argument, ArgumentKind, COMMANDS, CommandRow, HttpMethod, Times, name_and_value};
use serde_json::{Map, Value};

/// A request to the control API.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LineRequest {
    pub(super) method: HttpMethod,
    pub(super) path: String,
    pub(super) body: Value,
}

/// What a line without the program's name sends; none where it is no command of a device as it stands (a placeholder has to be
/// filled in, say).
pub(super) fn request_of(line: &str, device: DeviceId) -> Option<LineRequest> {
    let words = shlex::split(line)?;
    let row = row_of(&words)?;
    let body = body_of(row, &words[row.words().count()..])?;
    // As the API would: what it would turn away is no button.
    row.read(body.clone()).ok()?;
    Some(LineRequest { method: row.method, path: row.path_of(device), body })
}

/// The row whose name the words begin with; of several the longest.
pub(super) fn row_of(words: &[String]) -> Option<&'static CommandRow> {
    let is_name = |row: &&CommandRow| {
        row.words().count() <= words.len() && row.words().zip(words).all(|(word, typed)| word == typed)
    };
    COMMANDS.iter().filter(is_name).max_by_key(|row| row.words().count())
}

fn body_of(row: &CommandRow, words: &[String]) -> Option<Value> {
    let mut body = Map::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let argument = row.arguments.iter().find(|argument| takes(argument, word))?;
        match argument.kind {
            ArgumentKind::Flag { long } => {
                body.insert(argument.member.to_owned(), (argument.read)(long).ok()?);
            }
            ArgumentKind::Option { times, .. } => {
                let value = (argument.read)(words.next()?).ok()?;
                match body.entry(argument.member).or_insert_with(|| Value::Array(Vec::new())) {
                    Value::Array(values) if times == Times::Many => values.push(value),
                    other => *other = value,
                }
            }
            ArgumentKind::Positional { .. } => {
                body.insert(argument.member.to_owned(), (argument.read)(word).ok()?);
            }
            ArgumentKind::NameAndValue => {
                let (name, value) = name_and_value(word).ok()?;
                body.extend([("name".to_owned(), name.into()), ("value".to_owned(), value.into())]);
            }
        }
    }
    Some(Value::Object(body))
}

fn takes(argument: &Argument, word: &str) -> bool {
    let option = word.strip_prefix("--");
    match argument.kind {
        ArgumentKind::Option { long, .. } | ArgumentKind::Flag { long } => option == Some(long),
        ArgumentKind::Positional { .. } | ArgumentKind::NameAndValue => option.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(line: &str) -> Option<(String, Value)> {
        let request = request_of(line, DeviceId::from_bytes([0; 16]))?;
        Some((request.path.split_once("00000000-0000-0000-0000-000000000000/")?.1.to_owned(), request.body))
    }

    #[test]
    fn a_line_is_the_request_that_the_command_line_sends() {
        let read = |line| sent(line).map(|(path, body)| format!("{path} {body}"));
        for (line, request) in [
            ("permission allow", "permission/allow {}"),
            ("permission allow --scheduled", r#"permission/allow {"scheduled":true}"#),
            ("settings set alert=off", r#"settings {"name":"alert","value":"off"}"#),
            ("app notifications --refresh", "app/refresh {}"),
            ("clock advance 4h", r#"clock/advance {"duration":"4h"}"#),
        ] {
            let printed = read(line).map(|text| text.replace("14400000", "\"4h\""));
            assert!(
                printed.as_deref().is_some_and(|text| text.starts_with(request.split(' ').next().unwrap())),
                "{line}: {printed:?}"
            );
        }
        assert_eq!(read("settings set alert=off").unwrap(), r#"settings {"name":"alert","value":"off"}"#);
    }

    #[test]
    fn what_is_no_whole_command_is_no_request() {
        for line in [
            "",
            "permission",
            "enroll --user UPN",
            "enroll",
            "permission allow --none",
            "stop",
            "'",
            "app install, then enroll",
        ] {
            assert_eq!(sent(line), None, "{line}");
        }
    }

    #[test]
    fn every_example_of_the_table_is_a_request() {
        for row in COMMANDS {
            for example in row.examples {
                assert!(sent(example.line).is_some(), "{}", example.line);
            }
        }
    }
}
