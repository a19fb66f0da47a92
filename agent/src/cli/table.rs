//! The commands of the table, on the command line.
//!
//! Lives here: clap's commands, made of the table's rows, and the body of what was typed. Does not live here: the commands
//! (the contract's table), the pages of those that only show something (`views`).

use clap::builder::ValueParser;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Error, FromArgMatches, Subcommand};
use portal_contract::command::{
    Argument, ArgumentKind, COMMANDS, CommandExample, CommandRow, Times, all_rows, group, name_and_value,
};
use serde_json::{Map, Value, json};

use super::{CommandContext, CommandFailure, devices, views};

/// A row of the table, as it was typed.
#[derive(Debug)]
pub struct TableCommand {
    row: &'static CommandRow,
    body: Value,
    /// The commands that are options of this one (`--refresh`); they come first.
    options: Vec<&'static CommandRow>,
}

pub fn run(context: &mut CommandContext, command: &TableCommand) -> Result<(), CommandFailure> {
    if let Some(run) = devices::hosting(command.row) {
        return run(context, &command.body);
    }
    let client = context.client()?;
    for option in &command.options {
        client.change(option, &json!({}))?;
    }
    if command.row.changes_state() {
        context.change(&client, command.row, &command.body)
    } else {
        views::show(context, &client, command.row)
    }
}

/// The rows that a command of the command line is made of: those with a group, and every one that changes something.
fn typed_rows() -> impl Iterator<Item = &'static CommandRow> {
    all_rows().filter(|row| option_of(row).is_none() && (row.changes_state() || row.name.contains(' ')))
}

/// The option of which the row is the meaning, and the command that has it.
fn option_of(row: &CommandRow) -> Option<(&'static str, &'static str)> {
    let (command, option) = row.name.rsplit_once(' ')?;
    Some((command, option.strip_prefix("--")?))
}

/// The rows that are options of a command.
fn options_of(row: &CommandRow) -> impl Iterator<Item = (&'static CommandRow, &'static str)> {
    let name = row.name;
    COMMANDS.iter().filter_map(move |option| {
        let (command, long) = option_of(option)?;
        (command == name).then_some((option, long))
    })
}

/// The commands below `prefix` (`device`, or nothing): each a row, or a group of some.
fn commands_below(prefix: &str) -> Vec<clap::Command> {
    let rest_of = |row: &'static CommandRow| {
        let rest = row.name.strip_prefix(prefix)?;
        if prefix.is_empty() { Some(rest) } else { rest.strip_prefix(' ') }
    };
    let mut rows: Vec<(&CommandRow, &str)> = typed_rows().filter_map(|row| Some((row, rest_of(row)?))).collect();
    // How something stands comes before what changes it.
    rows.sort_by_key(|(_, rest)| *rest != "show");
    let mut commands: Vec<clap::Command> = Vec::new();
    for (row, rest) in rows {
        match rest.split_once(' ') {
            None => commands.push(command_of(row, rest)),
            Some((word, _)) if commands.iter().any(|command| command.get_name() == word) => {}
            Some((word, _)) => {
                let name = if prefix.is_empty() { word.to_owned() } else { format!("{prefix} {word}") };
                commands.push(group_of(&name, word));
            }
        }
    }
    commands
}

fn group_of(name: &str, word: &'static str) -> clap::Command {
    let command = clap::Command::new(word)
        .subcommand_required(true)
        .arg_required_else_help(true)
        // Every group would have a `help` of its own; `portal-agent help GROUP` and `--help` are enough.
        .disable_help_subcommand(true)
        .subcommands(commands_below(name));
    match group(name) {
        Some(group) => command.about(group.summary).after_help(examples(group.examples)),
        None => command,
    }
}

fn command_of(row: &'static CommandRow, word: &'static str) -> clap::Command {
    let command = clap::Command::new(word).about(row.about()).after_help(examples(row.examples));
    let options =
        options_of(row).map(|(option, long)| Arg::new(long).long(long).action(ArgAction::SetTrue).help(option.about()));
    command.args(row.arguments.iter().map(|argument| argument_of(row, argument))).args(options)
}

fn argument_of(row: &CommandRow, argument: &'static Argument) -> Arg {
    let arg = Arg::new(id(argument)).help(argument.help);
    match argument.kind {
        ArgumentKind::Positional { value_name } => {
            arg.value_name(value_name).required(true).value_parser(ValueParser::from(argument.read))
        }
        ArgumentKind::NameAndValue => arg.value_name("NAME=VALUE").required(true).value_parser(ValueParser::from(pair)),
        ArgumentKind::Option { long, value_name, times, .. } => {
            let action = if times == Times::Many { ArgAction::Append } else { ArgAction::Set };
            arg.long(long)
                .value_name(value_name)
                .action(action)
                .required(times == Times::Required)
                .value_parser(ValueParser::from(argument.read))
        }
        ArgumentKind::Flag { long } => {
            let others = row.arguments.iter().filter(|other| other.member == argument.member).map(id);
            // Flags that stand for values of one member exclude each other, as options would that were given twice.
            arg.long(long).action(ArgAction::SetTrue).conflicts_with_all(others.filter(|other| *other != long))
        }
    }
}

/// What clap knows an argument by.
fn id(argument: &Argument) -> &'static str {
    match argument.kind {
        ArgumentKind::Option { long, .. } | ArgumentKind::Flag { long } => long,
        ArgumentKind::Positional { .. } | ArgumentKind::NameAndValue => argument.member,
    }
}

fn pair(text: &str) -> Result<Value, String> {
    name_and_value(text).map(|(name, value)| json!({ "name": name, "value": value }))
}

/// Lines to try, with their notes in a column.
pub fn examples(examples: &[CommandExample]) -> String {
    let width = examples.iter().filter(|example| !example.note.is_empty()).map(|example| example.line.len()).max();
    let mut text = if examples.len() == 1 { "Example:".to_owned() } else { "Examples:".to_owned() };
    for CommandExample { line, note } in examples {
        let padded = format!("{line:<width$}    {note}", width = width.unwrap_or(0));
        text.push_str(&format!("\n  portal-agent {}", padded.trim_end()));
    }
    text
}

fn body_of(row: &CommandRow, matches: &ArgMatches) -> Result<Value, String> {
    let mut body = Map::new();
    for argument in row.arguments {
        let values = || matches.get_many::<Value>(id(argument)).into_iter().flatten().cloned();
        match argument.kind {
            ArgumentKind::Flag { long } if matches.get_flag(long) => {
                body.insert(argument.member.to_owned(), (argument.read)(long)?);
            }
            ArgumentKind::Flag { .. } => {}
            ArgumentKind::NameAndValue => values().for_each(|value| {
                body.extend(value.as_object().cloned().into_iter().flatten());
            }),
            ArgumentKind::Option { times: Times::Many, .. } => {
                let all: Vec<Value> = values().collect();
                // A member that is left out keeps what the device has; an empty list would say that there are none.
                if !all.is_empty() {
                    body.insert(argument.member.to_owned(), Value::Array(all));
                }
            }
            ArgumentKind::Option { .. } | ArgumentKind::Positional { .. } => {
                body.extend(values().map(|value| (argument.member.to_owned(), value)));
            }
        }
    }
    Ok(Value::Object(body))
}

impl FromArgMatches for TableCommand {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut words = Vec::new();
        let mut matches = matches;
        while let Some((word, inner)) = matches.subcommand() {
            words.push(word);
            matches = inner;
        }
        let name = words.join(" ");
        let unknown = || Error::raw(ErrorKind::InvalidSubcommand, format!("there is no command {name:?}"));
        let row = typed_rows().find(|row| row.name == name).ok_or_else(unknown)?;
        let body = body_of(row, matches).map_err(|sentence| Error::raw(ErrorKind::ValueValidation, sentence))?;
        let options = options_of(row).filter(|(_, long)| matches.get_flag(long)).map(|(option, _)| option).collect();
        Ok(Self { row, body, options })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Subcommand for TableCommand {
    fn augment_subcommands(command: clap::Command) -> clap::Command {
        command.subcommands(commands_below(""))
    }

    fn augment_subcommands_for_update(command: clap::Command) -> clap::Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        // clap asks this where subcommands are flattened: the first word is all that it has.
        typed_rows().any(|row| row.words().next() == Some(name))
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::super::{Cli, CliCommand};
    use super::*;

    fn typed(line: &str) -> TableCommand {
        let words = std::iter::once("portal-agent").chain(line.split(' '));
        match Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}")).verb {
            CliCommand::Table(command) => command,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_command_line_reads_each_example_as_a_scenario_does() {
        Cli::command().debug_assert();
        for row in COMMANDS.iter().filter(|row| option_of(row).is_none()) {
            for example in row.examples {
                let words: Vec<&str> = example.line[row.name.len()..].split_whitespace().collect();
                let typed = typed(example.line);
                assert_eq!((typed.row.name, typed.body), (row.name, row.body_of_words(&words).unwrap()), "{example:?}");
            }
        }
        let refresh = typed("app notifications --refresh");
        assert_eq!(refresh.options.iter().map(|row| row.path).collect::<Vec<_>>(), ["app/refresh"]);
        assert!(typed("app notifications").options.is_empty());
    }

    #[test]
    fn what_excludes_each_other_is_refused() {
        assert!(Cli::try_parse_from(["portal-agent", "retire", "--pending", "--issued"]).is_err());
        assert!(Cli::try_parse_from(["portal-agent", "delete", "--issued"]).is_err());
        assert!(Cli::try_parse_from(["portal-agent", "settings", "set", "alert"]).is_err());
    }
}
