//! A body from what is typed behind a command's name, as scenarios have it in a line.
//!
//! Lives here: options, positional arguments and `NAME=VALUE`, by the row's declarations. Does not live here: the command
//! line's own parser, which reads the same declarations and has more to say about a mistake.

use serde_json::{Map, Value};

use super::row::NAME_AND_VALUE;
use super::{Argument, ArgumentKind, COMMANDS, CommandRow, DeviceCommand, Times};

impl CommandRow {
    /// The body that `words` behind this command's name mean.
    ///
    /// # Errors
    /// A sentence: a word that is not known, is missing or comes twice, or a value that is not right.
    pub fn body_of_words(&self, words: &[&str]) -> Result<Value, String> {
        let mut body = Map::new();
        let mut left = words.iter().copied();
        while let Some(word) = left.next() {
            match word.strip_prefix("--") {
                Some(option) => self.option(option, &mut left, &mut body)?,
                None => self.bare(word, &mut body)?,
            }
        }
        match self.members().into_iter().find(|(name, needed)| *needed && !body.contains_key(*name)) {
            Some((missing, _)) => Err(format!("{} needs {missing}", self.name)),
            None => Ok(Value::Object(body)),
        }
    }

    fn option<'a>(
        &self,
        option: &'a str,
        left: &mut impl Iterator<Item = &'a str>,
        body: &mut Map<String, Value>,
    ) -> Result<(), String> {
        let (name, given) = option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
        for argument in self.arguments {
            match argument.kind {
                ArgumentKind::Flag { long } if long == name => {
                    return match given {
                        None => self.fill(argument, long, body),
                        Some(value) => Err(format!("--{long} takes no {value:?}")),
                    };
                }
                ArgumentKind::Option { long, value_name, .. } if long == name => {
                    let missing = || format!("--{long} needs a value: --{long} {value_name}");
                    return self.fill(argument, given.or_else(|| left.next()).ok_or_else(missing)?, body);
                }
                _ => {}
            }
        }
        Err(format!("{} has no --{name}", self.name))
    }

    /// A word without hyphens: an argument, or the value of the one option whose name may be left out.
    fn bare(&self, word: &str, body: &mut Map<String, Value>) -> Result<(), String> {
        let takes = |argument: &&Argument| match argument.kind {
            ArgumentKind::Positional { .. } | ArgumentKind::NameAndValue => true,
            ArgumentKind::Option { bare_in_scenarios, .. } => bare_in_scenarios,
            // `retire: pending` says as much as `retire: --pending`.
            ArgumentKind::Flag { long } => long == word && argument.member != long,
        };
        match self.arguments.iter().find(takes) {
            Some(argument) => self.fill(argument, word, body),
            None => Err(format!("{} takes no {word:?}", self.name)),
        }
    }

    fn fill(&self, argument: &Argument, text: &str, body: &mut Map<String, Value>) -> Result<(), String> {
        if argument.kind == ArgumentKind::NameAndValue {
            let (name, value) = name_and_value(text)?;
            let pair = NAME_AND_VALUE.into_iter().zip([name, value]);
            return pair.into_iter().try_for_each(|(member, text)| put(self, member, text.into(), body));
        }
        let value = (argument.read)(text)?;
        match argument.kind {
            ArgumentKind::Option { times: Times::Many, .. } => {
                match body.entry(argument.member).or_insert_with(|| Value::Array(Vec::new())) {
                    Value::Array(values) => values.push(value),
                    other => *other = value,
                }
                Ok(())
            }
            _ => put(self, argument.member, value, body),
        }
    }
}

fn put(row: &CommandRow, member: &str, value: Value, body: &mut Map<String, Value>) -> Result<(), String> {
    match body.insert(member.to_owned(), value) {
        None => Ok(()),
        // The last one does not win: of two values one is a mistake, and nobody knows which.
        Some(_) => Err(format!("{} takes one {member}", row.name)),
    }
}

/// The command that a whole line means: `settings set lockScreen=off`.
///
/// # Errors
/// A sentence: the line begins with no command's name, or what stands behind it is not right.
pub fn read_line(line: &str) -> Result<DeviceCommand, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let named = |count: &usize| COMMANDS.iter().find(|row| row.words().eq(words.iter().take(*count).copied()));
    // The longest name first: `app notifications --refresh` is a command of its own, and its option a part of the
    // name.
    let longest = (1..=words.len()).rev().find_map(|count| Some((named(&count)?, count)));
    let (row, count) = longest.ok_or_else(|| format!("{line:?} is no command that changes the device"))?;
    row.read(row.body_of_words(words.get(count..).unwrap_or_default())?)
}

/// Reads `NAME=VALUE`.
///
/// # Errors
/// A sentence that says what would be right.
pub fn name_and_value(text: &str) -> Result<(&str, &str), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name, value)),
        _ => Err("write NAME=VALUE, as in lockScreen=off; show lists the names".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(line: &str) -> Result<Value, String> {
        let row = COMMANDS.iter().filter(|row| line.starts_with(row.name)).max_by_key(|row| row.name.len()).unwrap();
        row.body_of_words(&line[row.name.len()..].split_whitespace().collect::<Vec<_>>())
    }

    #[test]
    fn what_is_typed_is_read_as_it_was_meant() {
        let group = "11111111-2222-4333-8444-555555555555";
        for (line, meant) in [
            ("device lock", json!({})),
            ("app install --version 5.0 --target-sdk 34", json!({ "version": "5.0", "targetSdk": 34 })),
            ("app install 5.0", json!({ "version": "5.0" })),
            ("settings set lockScreen=off", json!({ "name": "lockScreen", "value": "off" })),
            ("retire --pending", json!({ "stage": "pending" })),
            ("retire pending", json!({ "stage": "pending" })),
            ("permission keep --scheduled", json!({ "scheduled": true })),
            ("device standby rare", json!({ "bucket": "rare" })),
            ("clock advance 1h30m", json!({ "duration": "1h30m" })),
            ("enroll Adele@contoso.example", json!({ "user": "adele@contoso.example" })),
            (
                &format!("enroll --group {group} --group={group} --user adele@contoso.example --supervised"),
                json!({ "user": "adele@contoso.example", "groups": [group, group], "supervised": true }),
            ),
        ] {
            assert_eq!(body(line), Ok(meant), "{line}");
        }
    }

    #[test]
    fn a_line_begins_with_the_longest_name_that_it_can() {
        assert_eq!(
            read_line("device focus on"),
            Ok(DeviceCommand::Condition(super::super::ConditionCommand::Focus(true)))
        );
        assert_eq!(read_line("policy clear"), Ok(DeviceCommand::PolicyClear));
        assert!(read_line("device").unwrap_err().contains("no command"));
        assert!(read_line("").unwrap_err().contains("no command"));
        assert!(read_line("device lock now").unwrap_err().contains("takes no"));
    }

    #[test]
    fn a_mistake_is_named() {
        for (line, part) in [
            ("device lock now", "takes no \"now\""),
            ("device lock --now", "has no --now"),
            ("enroll", "needs user"),
            ("enroll --user", "needs a value"),
            ("enroll --user adele", "adele@contoso.example"),
            ("retire --pending --issued", "one stage"),
            ("retire --pending=yes", "takes no \"yes\""),
            ("settings set lockScreen", "NAME=VALUE"),
            ("settings set a=b c=d", "one name"),
            ("os update tomorrow", "write it like 26"),
            ("app install --target-sdk x", "no number"),
            ("device standby now", "bucket"),
            ("permission keep scheduled", "takes no"),
        ] {
            let error = body(line).unwrap_err();
            assert!(error.contains(part), "{line}: {error}");
        }
    }
}
