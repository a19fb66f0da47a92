//! What a command has at hand: the global options, the daemon, and where its result goes.
//!
//! Lives here: the ways in which results are printed. Does not live here: what they say (one file a verb).

use std::io::Write;

use super::log_file::LogFile;
use super::page::{PageLine, TextPage, harmless_json};
use super::{CommandFailure, GlobalOptions, LogFormatOption, changed, differences, logging, page};
use portal_contract::command::CommandRow;
use serde::Serialize;
use serde_json::Value;

use crate::control::{ClientAnswer, ControlClient, VERSION};
use crate::settings::{LoadedSettings, Settings, SettingsSources};

/// What a command has at hand.
pub struct CommandContext {
    /// The global options.
    pub global: GlobalOptions,
    out: Box<dyn Write + Send>,
    hyperlinks: bool,
    skew_told: std::sync::atomic::AtomicBool,
    /// How wide lines may be; as wide as they are where the output is no terminal.
    width: Option<usize>,
}

impl CommandContext {
    /// With these options, printing to `out`, which drops the terminal's codes where they do not belong; with hyperlinks
    /// where it takes them.
    pub fn new(global: GlobalOptions, out: Box<dyn Write + Send>, hyperlinks: bool) -> Self {
        Self { global, out, hyperlinks, skew_told: false.into(), width: page::width() }
    }

    /// Logs what a client does, where it is asked for.
    pub(super) fn start_client_logging(&self) {
        if let Some(level) = &self.global.log_level {
            logging::start(level, self.global.log_format.unwrap_or_default());
        }
    }

    /// The settings in force, with what a command's own arguments say on top.
    ///
    /// # Errors
    /// A setting is wrong, named with where it comes from.
    pub(super) fn settings(&self, command_line: Vec<(String, String)>) -> Result<LoadedSettings, CommandFailure> {
        Ok(Settings::load(&self.sources(command_line))?)
    }

    /// Where the settings come from, with what a command's own arguments say on top.
    pub(super) fn sources(&self, mut command_line: Vec<(String, String)>) -> SettingsSources {
        let format = self.global.log_format.map(|format| match format {
            LogFormatOption::Text => "text".to_owned(),
            LogFormatOption::Json => "json".to_owned(),
        });
        // As a setting, so that `config show` names the command line as where it comes from.
        command_line.extend(format.map(|format| ("log.format".to_owned(), format)));
        SettingsSources::of_process(self.global.settings_file(), command_line)
    }

    /// Logs what the daemon does, as the settings or the global options say; into a file, where there is one.
    pub(super) fn start_logging(&self, settings: &Settings, file: Option<LogFile>) {
        let format = match settings.log.format {
            crate::settings::LogFormat::Text => LogFormatOption::Text,
            crate::settings::LogFormat::Json => LogFormatOption::Json,
        };
        let level = self.global.log_level.clone().unwrap_or_else(|| settings.log.level.to_string());
        match file {
            Some(file) => logging::start_in(&level, format, file),
            None => logging::start(&level, format),
        }
    }

    /// Logs what goes wrong in the demo, and no more unless asked: its own words are the show.
    pub(super) fn start_demo_logging(&self) {
        let level = self.global.log_level.as_deref().unwrap_or("error");
        logging::start(level, self.global.log_format.unwrap_or_default());
    }

    /// The running daemon, for what concerns no device or all of them.
    ///
    /// # Errors
    /// There is none, or it cannot be reached.
    pub fn daemon(&self) -> Result<ControlClient, CommandFailure> {
        let client = ControlClient::connect(&self.global.state_dir()?)?;
        if let Some(daemon) = client.other_version().filter(|_| !self.global.json) {
            self.tell_of_skew(daemon);
        }
        Ok(client)
    }

    /// Says once that the daemon is of another version, which an upgrade leaves running.
    fn tell_of_skew(&self, daemon: &str) {
        if self.skew_told.swap(true, std::sync::atomic::Ordering::Relaxed) {
            return;
        }
        let line = format!(
            "note: the daemon is portal-agent {daemon}, this command {VERSION}; hint: portal-agent stop, then start it \
             again (as a service: portal-agent service stop, portal-agent service start)"
        );
        // Where standard error is closed there is nobody to tell.
        let _ = writeln!(anstream::stderr(), "{}", super::page::harmless(&line));
    }

    /// The device of the running daemon that is meant.
    ///
    /// # Errors
    /// There is no daemon, it cannot be reached, or it is not clear which of its devices is meant.
    pub fn client(&self) -> Result<ControlClient, CommandFailure> {
        let mut client = self.daemon()?;
        client.choose(self.global.device().as_deref())?;
        Ok(client)
    }

    /// Says something beside the result, on standard error: for people, or as an object of one member.
    pub fn note(&self, message: &str) {
        let line = if self.global.json {
            harmless_json(&serde_json::json!({ "note": message }).to_string())
        } else {
            format!("note: {}", page::harmless(message))
        };
        // Where standard error is closed there is nobody to tell.
        let _ = writeln!(anstream::stderr(), "{line}");
    }

    /// Prints JSON as it came, in one line.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn json_line(&mut self, json: &str) -> Result<(), CommandFailure> {
        // Of an answer these are the daemon's own bytes, not a value that was read and written anew: a newer daemon
        // may send members that this program does not know.
        writeln!(self.out, "{}", harmless_json(json.trim_end()))?;
        Ok(self.out.flush()?)
    }

    /// Prints a value as JSON, in one line.
    ///
    /// # Errors
    /// It cannot be written as JSON, or the output cannot be written.
    pub fn json<T: Serialize>(&mut self, value: &T) -> Result<(), CommandFailure> {
        let json = serde_json::to_string(value).map_err(|error| {
            let message =
                format!("the result cannot be written as JSON: {}", crate::library_error::json_reason(&error));
            CommandFailure::operation("internal", message, "the same without --json shows it")
        })?;
        self.json_line(&json)
    }

    /// Prints text as it is: a document for a file, which people made or the program did.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn text(&mut self, text: &str) -> Result<(), CommandFailure> {
        self.out.write_all(text.as_bytes())?;
        Ok(self.out.flush()?)
    }

    /// Prints a page.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn page(&mut self, page: &TextPage) -> Result<(), CommandFailure> {
        self.out.write_all(page.styled(self.hyperlinks, self.width).as_bytes())?;
        Ok(self.out.flush()?)
    }

    /// Prints an answer: as JSON, or as the page that it makes.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn show<T>(
        &mut self,
        answer: &ClientAnswer<T>,
        page: impl FnOnce(&T) -> TextPage,
    ) -> Result<(), CommandFailure> {
        if self.global.json { self.json_line(&answer.json) } else { self.page(&page(&answer.value)) }
    }

    /// Carries out a command and prints what came of it: that nothing changed, or how the device stands now.
    ///
    /// # Errors
    /// The daemon refused, or cannot be reached.
    pub fn change(&mut self, client: &ControlClient, row: &CommandRow, body: &Value) -> Result<(), CommandFailure> {
        // What was before is asked for only where somebody reads what changed.
        let before = if self.global.json { None } else { Some(client.status()?.value) };
        let applied = client.change(row, body)?;
        match &applied.value.note {
            // The state that the daemon answered with; the page below asks for the status, which says more.
            _ if self.global.json => self.json_line(&applied.json),
            Some(note) => self.page(&TextPage::of(PageLine::new().plain(note))),
            None => {
                let after = client.status()?.value;
                let mut page = before.map_or_else(TextPage::new, |before| differences::lines(&before, &after));
                page.append(changed::page(&after));
                self.page(&page)
            }
        }
    }
}
