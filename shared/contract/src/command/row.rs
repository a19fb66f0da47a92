//! The form of the table's rows.
//!
//! Lives here: a row's columns, and what follows from them. Does not live here: the rows (`table`, `views`).

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

use super::DeviceCommand;
use super::body_check::check_body;
use crate::{DeviceId, OperatingSystem};

/// Writes the schema of a type into a document.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// A command.
#[derive(Debug)]
pub struct CommandRow {
    /// As it is typed, without what it takes: `device focus on`. A last word that begins with hyphens is an option of the
    /// command before it (`app notifications --refresh`).
    pub name: &'static str,
    /// How it is sent.
    pub method: HttpMethod,
    /// Whose path it is.
    pub scope: CommandScope,
    /// Its path, without what the scope says: `focus/on`.
    pub path: &'static str,
    /// Where it exists; elsewhere the device refuses it.
    pub platforms: PlatformSet,
    /// What it does, in a line.
    pub summary: &'static str,
    /// At least one.
    pub examples: &'static [CommandExample],
    /// What may be typed behind its name.
    pub arguments: &'static [Argument],
    /// What it does, and what it sends for that.
    pub effect: CommandEffect,
}

/// What a command does.
#[derive(Debug, Clone, Copy)]
pub enum CommandEffect {
    /// It only shows something, and changes no state.
    Shows,
    /// It changes the device that it is sent to.
    ChangesDevice(RequestBody),
    /// It changes which devices the daemon hosts.
    ChangesDaemon {
        /// The schema of what it sends; none: nothing.
        body: Option<SchemaOf>,
    },
}

/// How a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::Display)]
#[strum(serialize_all = "UPPERCASE")]
pub enum HttpMethod {
    /// It changes nothing.
    Get,
    /// It does something.
    Post,
    /// It gives something named a value.
    Put,
    /// DELETE
    Delete,
}

impl HttpMethod {
    /// The method's name, as a request line has it.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Whose path it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandScope {
    /// One device's: below `/v1/devices/{device}/`.
    Device,
    /// The daemon's: below `/v1/`.
    Daemon,
}

/// The platforms on which something exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlatformSet {
    /// All of them.
    All,
    /// iOS and iPadOS.
    Apple,
    /// Android.
    Android,
}

impl PlatformSet {
    /// Their names, as a person reads them.
    pub fn words(self) -> &'static str {
        match self {
            Self::All => "iOS, iPadOS, Android",
            Self::Apple => "iOS, iPadOS",
            Self::Android => "Android",
        }
    }

    /// Whether `platform` is one of them.
    pub fn has(self, platform: OperatingSystem) -> bool {
        match self {
            Self::All => true,
            Self::Apple => platform.is_apple(),
            Self::Android => !platform.is_apple(),
        }
    }
}

/// A line to try, without the program's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandExample {
    /// The line.
    pub line: &'static str,
    /// What is worth knowing of it; may be empty.
    pub note: &'static str,
}

/// Something that may be typed behind a command's name.
#[derive(Debug, Clone, Copy)]
pub struct Argument {
    /// How it is typed.
    pub kind: ArgumentKind,
    /// The body's member that it fills; of [`ArgumentKind::NameAndValue`], the first of the two.
    pub member: &'static str,
    /// What it says, for the help page.
    pub help: &'static str,
    /// Reads its value from what was typed: the member's JSON, or a sentence that says what would be right.
    pub read: fn(&str) -> Result<Value, String>,
}

/// How an argument is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgumentKind {
    /// `VALUE`, which must be there.
    Positional {
        /// What stands for it on the help page.
        value_name: &'static str,
    },
    /// `NAME=VALUE`, which must be there: two members, `name` and `value`.
    NameAndValue,
    /// `--long VALUE`
    Option {
        /// Its name, without the hyphens.
        long: &'static str,
        /// What stands for its value on the help page.
        value_name: &'static str,
        /// How often it may be typed.
        times: Times,
        /// Whether a scenario may leave the name out (`enroll: adele@contoso.example`).
        bare_in_scenarios: bool,
    },
    /// `--long`; what it says is fixed. Two that fill one member exclude each other.
    Flag {
        /// Its name, without the hyphens.
        long: &'static str,
    },
}

/// How often an option may be typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// Once or not at all.
    Optional,
    /// Once.
    Required,
    /// As often as wanted: a list.
    Many,
}

/// What a command sends, and what that means to the device.
#[derive(Debug, Clone, Copy)]
pub struct RequestBody {
    /// The schema of the body.
    pub schema: SchemaOf,
    /// What a body means.
    pub read: fn(Value) -> Result<DeviceCommand, serde_json::Error>,
    /// The body by which this command means a given one; none where it means another.
    pub body_of: fn(&DeviceCommand) -> Option<Result<Value, serde_json::Error>>,
}

/// The members of a body that means one command: both directions from one pair of patterns, so that they cannot differ.
macro_rules! request_body {
    ($body:ident: $(($($sent:tt)+) <=> ($($meant:tt)+)),+ $(,)?) => {
        RequestBody {
            schema: schema_of::<$body>,
            // One pair of patterns makes both directions. Written by hand, the recorder's direction had been wrong
            // for wipe, delete, policy and enrollment while the reader's was right.
            read: |value| Ok(match serde_json::from_value::<$body>(value)? { $($($sent)+ => $($meant)+),+ }),
            body_of: |command| match command.clone() {
                $($($meant)+ => Some(serde_json::to_value::<$body>($($sent)+)),)+
                _ => None,
            },
        }
    };
    ($($meant:tt)+) => {
        request_body!(NoMembers: (NoMembers {}) <=> ($($meant)+))
    };
}
pub(super) use request_body;

pub(super) fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// What reads from text, as the JSON that it writes.
pub(super) fn parsed<T>(text: &str) -> Result<Value, String>
where
    T: std::str::FromStr + Serialize,
    T::Err: fmt::Display,
{
    let value: T = text.parse().map_err(|error: T::Err| error.to_string())?;
    serde_json::to_value(value).map_err(|error| error.to_string())
}

/// A line to try.
pub(super) const fn example(line: &'static str) -> CommandExample {
    CommandExample { line, note: "" }
}

/// A line to try, with what is worth knowing of it.
pub(super) const fn noted(line: &'static str, note: &'static str) -> CommandExample {
    CommandExample { line, note }
}

/// A command that takes nothing more.
pub(super) const fn plain(
    name: &'static str,
    path: &'static str,
    platforms: PlatformSet,
    summary: &'static str,
    examples: &'static [CommandExample],
    body: RequestBody,
) -> CommandRow {
    taking(name, (HttpMethod::Post, path), platforms, summary, examples, &[], body)
}

/// A command with arguments.
pub(super) const fn taking(
    name: &'static str,
    (method, path): (HttpMethod, &'static str),
    platforms: PlatformSet,
    summary: &'static str,
    examples: &'static [CommandExample],
    arguments: &'static [Argument],
    body: RequestBody,
) -> CommandRow {
    let scope = CommandScope::Device;
    CommandRow {
        name,
        method,
        scope,
        path,
        platforms,
        summary,
        examples,
        arguments,
        effect: CommandEffect::ChangesDevice(body),
    }
}

impl CommandRow {
    /// The words of its name.
    pub fn words(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.name.split(' ')
    }

    /// Whether it changes the state of a device or of the daemon.
    pub fn changes_state(&self) -> bool {
        !matches!(self.effect, CommandEffect::Shows)
    }

    /// What it sends to a device, and what that means to it; none where it changes no device.
    pub fn device_body(&self) -> Option<&RequestBody> {
        match &self.effect {
            CommandEffect::ChangesDevice(body) => Some(body),
            CommandEffect::Shows | CommandEffect::ChangesDaemon { .. } => None,
        }
    }

    /// The schema of what it sends; none where it sends nothing.
    pub fn body_schema(&self) -> Option<SchemaOf> {
        match self.effect {
            CommandEffect::Shows => None,
            CommandEffect::ChangesDevice(body) => Some(body.schema),
            CommandEffect::ChangesDaemon { body } => body,
        }
    }

    /// Its path as the API's document has it, with the device's key as a parameter.
    pub fn path_template(&self) -> String {
        self.path_below("{device}")
    }

    /// Its path for one device.
    pub fn path_of(&self, device: DeviceId) -> String {
        self.path_below(&device.to_string())
    }

    fn path_below(&self, device: &str) -> String {
        let base = match self.scope {
            CommandScope::Device => format!("/v1/devices/{device}"),
            CommandScope::Daemon => "/v1".to_owned(),
        };
        if self.path.is_empty() { base } else { format!("{base}/{}", self.path) }
    }

    /// What it does, in a line, with the platform where it is one's own.
    pub fn about(&self) -> String {
        let platform = match self.platforms {
            PlatformSet::All => "",
            PlatformSet::Apple => " (iOS, iPadOS)",
            PlatformSet::Android => " (Android)",
        };
        format!("{}{platform}", self.summary)
    }

    /// As a scenario writes it, without what it takes: `device: focus on`, `retire:`.
    pub fn step(&self) -> String {
        match self.name.split_once(' ') {
            Some((noun, rest)) => format!("{noun}: {rest}"),
            None => format!("{}:", self.name),
        }
    }

    /// The command that a body means.
    ///
    /// # Errors
    /// A sentence: a member is missing, unknown, or of the wrong form; or nothing is sent to what only shows something.
    pub fn read(&self, body: Value) -> Result<DeviceCommand, String> {
        let Some(of) = self.device_body() else { return Err(format!("{} changes no device", self.name)) };
        let what = format!("the body of {}", self.name);
        // Before serde: it takes a list for an object, and `POST wipe` with the body `[]` wiped.
        check_body(&what, of.schema, &body)?;
        (of.read)(body).map_err(|error| format!("{what} is not right: {error}"))
    }

    /// The argument that fills a member.
    pub fn argument_of(&self, member: &str) -> Option<&'static Argument> {
        let fills = |argument: &&Argument| match argument.kind {
            ArgumentKind::NameAndValue => NAME_AND_VALUE.contains(&member),
            _ => argument.member == member,
        };
        self.arguments.iter().find(fills)
    }

    /// The members of its body, each once, with whether it must be there.
    pub fn members(&self) -> Vec<(&'static str, bool)> {
        let mut members: Vec<(&str, bool)> = Vec::new();
        for argument in self.arguments {
            let new: Vec<(&'static str, bool)> = match argument.kind {
                ArgumentKind::NameAndValue => NAME_AND_VALUE.map(|name| (name, true)).to_vec(),
                ArgumentKind::Positional { .. } => vec![(argument.member, true)],
                ArgumentKind::Option { times, .. } => vec![(argument.member, times == Times::Required)],
                ArgumentKind::Flag { .. } => vec![(argument.member, false)],
            };
            members.extend(
                new.into_iter().filter(|(name, _)| !members.iter().any(|(known, _)| known == name)).collect::<Vec<_>>(),
            );
        }
        members
    }
}

/// The members that `NAME=VALUE` fills.
pub(super) const NAME_AND_VALUE: [&str; 2] = ["name", "value"];
