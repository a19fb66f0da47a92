//! `diagnostics`: one file for whoever helps, made even when the daemon is dead.
//!
//! Lives here: what is in it, and how it is put together. Does not live here: what the commands say whose answers are in it, and
//! that no secret is in those; what this adds is lists of names and of sizes.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Parser;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use super::capture::run_captured;
use super::page::{PageLine, TextPage};
use super::{Cli, CommandContext, CommandFailure, log_file, version};
use crate::library_error::os_reason;
use crate::output_file;
use crate::service::definition::UNIT;
use crate::state_dir::LOG;
use crate::wall_clock;

/// How much of a log is taken, in bytes, from its end.
const MOST_LOG: u64 = 512 * 1024;
/// How many lines of the journal of systemd are.
const MOST_LINES: &str = "2000";
/// The variables of the session that say something of the desktop, and hold no secret.
const VARIABLES: [&str; 19] = [
    "COLORTERM",
    "DBUS_SESSION_BUS_ADDRESS",
    "DESKTOP_SESSION",
    "DISPLAY",
    "INVOCATION_ID",
    "LANG",
    "LC_ALL",
    "NO_COLOR",
    "PATH",
    "SSH_CONNECTION",
    "TERM",
    "TZ",
    "WAYLAND_DISPLAY",
    "XDG_CONFIG_HOME",
    "XDG_CURRENT_DESKTOP",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_SESSION_CLASS",
    "XDG_SESSION_TYPE",
];

/// Arguments of `diagnostics`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
No password, token or key is in it; device and user names, the titles and ids of pushes, and paths are. --list shows what it
holds, and writes nothing.

Examples:
  portal-agent diagnostics --list
  portal-agent diagnostics
  portal-agent diagnostics /tmp/report.tar.gz")]
pub struct DiagnosticsArgs {
    /// The archive [default: portal-agent-diagnostics-TIME.tar.gz, in this folder]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// Only say what would be in it
    #[arg(long)]
    list: bool,
}

/// Where a part comes from.
#[derive(Clone, Copy)]
enum PartSource {
    /// A command of this program.
    Command(&'static [&'static str]),
    /// What this finds out itself.
    Found(fn(&CommandContext) -> io::Result<String>),
}

struct ArchivePart {
    name: &'static str,
    about: &'static str,
    source: PartSource,
}

const PARTS: [ArchivePart; 10] = [
    ArchivePart {
        name: "version.txt",
        about: "which build made this archive",
        source: PartSource::Found(|_| Ok(version::text())),
    },
    ArchivePart {
        name: "status.json",
        about: "the device, the broker, the desktop's notification server, the daemon's version",
        source: PartSource::Command(&["status"]),
    },
    ArchivePart {
        name: "doctor.json",
        about: "what on this computer could keep a notification from showing",
        source: PartSource::Command(&["doctor"]),
    },
    ArchivePart {
        name: "devices.json",
        about: "the devices of the daemon",
        source: PartSource::Command(&["device", "list"]),
    },
    ArchivePart {
        name: "settings.json",
        about: "each setting with where it comes from; secrets are ***",
        source: PartSource::Command(&["config", "show"]),
    },
    ArchivePart {
        name: "receipts.jsonl",
        about: "the latest 200 receipts, and what is held",
        source: PartSource::Command(&["log", "--limit", "200"]),
    },
    ArchivePart {
        name: "service.json",
        about: "the service that starts with the desktop session",
        source: PartSource::Command(&["service", "status"]),
    },
    ArchivePart {
        name: "log.txt",
        about: "the newest log lines, of the service's log or of portal-agent.log in the state directory",
        source: PartSource::Found(log_lines),
    },
    ArchivePart {
        name: "state-directory.txt",
        about: "the files of the state directory: names, sizes, permissions; none of their content",
        source: PartSource::Found(state_directory),
    },
    ArchivePart {
        name: "session.txt",
        about: "the operating system, and the variables of this session that name its desktop",
        source: PartSource::Found(|_| Ok(session())),
    },
];

/// The name of the part that says what the others are.
const MANIFEST: &str = "manifest.json";

/// What the manifest says of a part.
#[derive(Debug, Serialize)]
struct ManifestEntry {
    name: &'static str,
    about: &'static str,
    bytes: usize,
    /// Why it is not whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// Runs `diagnostics`.
pub fn run(context: &mut CommandContext, args: &DiagnosticsArgs) -> Result<(), CommandFailure> {
    if args.list {
        return list(context);
    }
    let moment = wall_clock::now().to_string().replace([':', '-'], "");
    let moment = moment.split('.').next().unwrap_or_default().to_owned();
    let folder = format!("portal-agent-diagnostics-{moment}Z");
    let path = args.file.clone().unwrap_or_else(|| PathBuf::from(format!("{folder}.tar.gz")));
    let (entries, parts) = collect(context);
    let archive = archive(&folder, &parts).map_err(|error| not_written(&path, &os_reason(&error)))?;
    output_file::write(&path, &archive).map_err(|why| not_written(&path, &why.to_string()))?;
    if context.global.json {
        return context.json(&serde_json::json!({ "file": path, "bytes": archive.len(), "parts": entries }));
    }
    let mut page = TextPage::of(
        PageLine::new()
            .strong(path.display().to_string())
            .plain(format!(", {} KiB, with no password, token or key", archive.len().div_ceil(1024))),
    );
    for entry in &entries {
        let line = PageLine::new().mark(entry.problem.is_none()).plain(format!("{:<22}", entry.name));
        page.push(match &entry.problem {
            Some(problem) => line.plain(problem),
            None => line.dim(entry.about),
        });
    }
    context.page(&page)
}

fn not_written(path: &Path, why: &str) -> CommandFailure {
    let message = format!("the archive {} was not written: {why}", path.display());
    CommandFailure::operation("notWritten", message, "name a file on a disk with room: portal-agent diagnostics FILE")
}

fn list(context: &mut CommandContext) -> Result<(), CommandFailure> {
    if context.global.json {
        let parts: Vec<_> =
            PARTS.iter().map(|part| serde_json::json!({ "name": part.name, "about": part.about })).collect();
        return context.json(&serde_json::json!({ "parts": parts }));
    }
    let mut page = TextPage::of(PageLine::new().plain(format!("{MANIFEST:<22}")).dim("what the others are"));
    for part in &PARTS {
        page.push(PageLine::new().plain(format!("{:<22}", part.name)).dim(part.about));
    }
    context.page(&page)
}

/// Every part, and behind them the manifest.
fn collect(context: &CommandContext) -> (Vec<ManifestEntry>, Vec<(&'static str, Vec<u8>)>) {
    let mut silent = None;
    let mut entries = Vec::new();
    let mut parts = Vec::new();
    for part in &PARTS {
        let (content, problem) = match part.source {
            PartSource::Found(find) => match find(context) {
                Ok(text) => (text.into_bytes(), None),
                Err(error) => (Vec::new(), Some(os_reason(&error))),
            },
            // One that does not answer keeps nobody waiting more than once.
            PartSource::Command(words) if words[0] != "service" && silent.is_some() => {
                let settings = if words[0] == "config" { settings_of_next_run(context) } else { Vec::new() };
                (settings, silent.clone())
            }
            PartSource::Command(words) => {
                let cli = Cli::try_parse_from(["portal-agent"].iter().chain(words));
                // A test reads each of them.
                let (printed, failure) =
                    cli.map_or_else(|_| Default::default(), |cli| run_captured(&context.global, &cli));
                if failure.as_ref().is_some_and(|failure| failure.code == "daemonLost") {
                    silent = failure.as_ref().map(|failure| failure.message.clone());
                }
                (printed.into_bytes(), failure.map(|failure| failure.message))
            }
        };
        entries.push(ManifestEntry { name: part.name, about: part.about, bytes: content.len(), problem });
        parts.push((part.name, content));
    }
    let manifest = serde_json::to_vec_pretty(&serde_json::json!({ "parts": entries })).unwrap_or_default();
    parts.insert(0, (MANIFEST, manifest));
    (entries, parts)
}

/// The settings in the form of `config show`, from files, variables and command line alone; nothing where these are wrong.
fn settings_of_next_run(context: &CommandContext) -> Vec<u8> {
    let settings = context.settings(Vec::new());
    settings.map_or_else(
        |_| Vec::new(),
        |loaded| serde_json::json!({ "settings": loaded.origins, "running": false }).to_string().into_bytes(),
    )
}

fn archive(folder: &str, parts: &[(&str, Vec<u8>)]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (name, content) in parts {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(wall_clock::now().as_millis() / 1000).unwrap_or_default());
        archive.append_data(&mut header, format!("{folder}/{name}"), content.as_slice())?;
    }
    archive.into_inner()?.finish()
}

fn log_lines(context: &CommandContext) -> io::Result<String> {
    let state_dir = context.global.state_dir().map_err(|error| io::Error::other(error.to_string()))?;
    let file = state_dir.join(LOG);
    let mut text = String::new();
    for path in [log_file::older(&file), file] {
        match end_of(&path) {
            Ok(lines) => text.push_str(&lines),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    if !text.is_empty() {
        return Ok(text);
    }
    let arguments = ["--user", "--unit", UNIT, "--lines", MOST_LINES, "--no-pager", "--output", "short-iso"];
    match Command::new("journalctl").args(arguments).stdin(Stdio::null()).output() {
        Ok(output) => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(io::ErrorKind::NotFound.into()),
        Err(error) => Err(error),
    }
}

fn end_of(path: &Path) -> io::Result<String> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        // A pipe would be waited for.
        return Err(io::Error::other("it is no regular file"));
    }
    let size = metadata.len();
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(size.saturating_sub(MOST_LOG)))?;
    let mut bytes = Vec::new();
    file.take(MOST_LOG).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn state_directory(context: &CommandContext) -> io::Result<String> {
    let state_dir = context.global.state_dir().map_err(|error| io::Error::other(error.to_string()))?;
    let mut rows = BTreeMap::new();
    for entry in std::fs::read_dir(&state_dir)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        let row = format!("{:>12} bytes  {}", metadata.len(), permissions(&metadata));
        rows.insert(entry.file_name().to_string_lossy().into_owned(), row);
    }
    let own = permissions(&std::fs::metadata(&state_dir)?);
    let rows: String = rows.iter().map(|(name, row)| format!("{row}  {name}\n")).collect();
    Ok(format!("{}  {own}\n{rows}", state_dir.display()))
}

#[cfg(unix)]
fn permissions(metadata: &std::fs::Metadata) -> String {
    use std::os::unix::fs::MetadataExt;
    format!("mode {:o}, user {}", metadata.mode() & 0o7777, metadata.uid())
}

#[cfg(not(unix))]
fn permissions(metadata: &std::fs::Metadata) -> String {
    (if metadata.permissions().readonly() { "read-only" } else { "writable" }).to_owned()
}

fn session() -> String {
    let system = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = system.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or(std::env::consts::OS);
    let kernel = std::fs::read_to_string("/proc/version").unwrap_or_default();
    let mut text = format!("system: {}\nkernel: {}\n", name.trim_matches('"'), kernel.trim());
    for variable in VARIABLES {
        if let Some(value) = std::env::var_os(variable) {
            text.push_str(&format!("{variable}={}\n", value.to_string_lossy()));
        }
    }
    // Their values may be secrets; settings.json has those that are none.
    let mut own: Vec<String> = std::env::vars_os()
        .map(|(name, _)| name.to_string_lossy().into_owned())
        .filter(|name| name.starts_with("PORTAL_AGENT_"))
        .collect();
    own.sort();
    own.iter().for_each(|name| text.push_str(&format!("{name} is set\n")));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_the_archive_is_one() {
        for part in &PARTS {
            if let PartSource::Command(words) = part.source {
                assert!(Cli::try_parse_from(["portal-agent"].iter().chain(words)).is_ok(), "{words:?}");
            }
        }
    }
}
