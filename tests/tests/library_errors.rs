//! No sentence for people has a library's words in it: the sources are searched for the next that would.
//!
//! Lives here: the two ways in which an error's text gets into a sentence. Does not live here: the sentences themselves.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// The files of the program, without their tests.
fn sources() -> Result<Vec<(PathBuf, String)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    let mut folders = vec![root.join("agent"), root.join("shared")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !["tests", "benches", "target"].contains(&name.as_str()) {
                folders.push(path);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                let text = std::fs::read_to_string(&path)?;
                // A file's tests stand at its end.
                let text = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned();
                found.push((path.strip_prefix(&root)?.to_owned(), text));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The types that the sources define (the ids by a macro), and those of std that say only what they were given.
fn own_types(sources: &[(PathBuf, String)]) -> BTreeSet<String> {
    let std_types = "String str PathBuf Path SocketAddr IpAddr Duration bool char u8 u16 u32 u64 usize i32 i64 f32 f64 Uuid \
         DeviceId GroupId";
    let defined = sources.iter().flat_map(|(_, text)| text.lines()).filter_map(|line| {
        let mut words =
            line.trim_start().trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ").split(' ');
        let keyword = words.next().map(|word| if word == "pub" { words.next().unwrap_or_default() } else { word });
        let name = words.next()?;
        let name: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        keyword.filter(|word| matches!(*word, "struct" | "enum")).map(|_| name)
    });
    std_types.split(' ').map(str::to_owned).chain(defined).collect()
}

/// The last word of each part of a type: `Option<std::io::Error>` is `Option` and `io::Error`.
fn foreign_part<'a>(of: &'a str, own: &BTreeSet<String>) -> Option<&'a str> {
    let parts = of.split(['<', '>', ',', '&', ' ', '(', ')']).filter(|part| !part.is_empty());
    parts.filter(|part| !matches!(*part, "Option" | "Vec" | "Box" | "Arc" | "'static" | "Cow" | "dyn")).find(|part| {
        let path: Vec<&str> = part.split("::").collect();
        let last = path.last().copied().unwrap_or_default();
        // `crate::…::Error` is ours, `io::Error` is not, whatever else is called so.
        !own.contains(last) || (path.len() > 1 && !matches!(path[0], "crate" | "super" | "portal_contract"))
    })
}

/// The names that a format text puts in, as in `{path}` and `{0:?}`.
fn interpolated(text: &str) -> Vec<String> {
    let plain = text.replace("{{", "").replace("}}", "");
    let insides = plain.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let names = insides.map(|inside| inside.split(':').next().unwrap_or_default().to_owned());
    names.filter(|name| !name.is_empty()).collect()
}

/// `#[error("… {reason}")]` over a field whose type is another crate's.
#[test]
fn no_error_shows_a_field_of_a_librarys_type() -> Result<()> {
    let sources = sources()?;
    let own = own_types(&sources);
    ensure!(own.contains("SettingsError") && sources.len() > 100, "the sources were found");
    let mut wrong = Vec::new();
    for (path, text) in &sources {
        for attribute in text.split("#[error(").skip(1) {
            let Some((format, rest)) = attribute.split_once(")]\n") else { continue };
            let names = interpolated(format);
            // The variant or struct that it stands over: named fields to its closing brace, or a tuple.
            let variant = rest.split("#[error(").next().unwrap_or_default();
            for name in names {
                let declared = match name.parse::<usize>() {
                    Ok(_) => {
                        variant.split_once('(').map(|(_, inside)| inside.split([')', '\n']).next().unwrap_or_default())
                    }
                    Err(_) => variant
                        .split_once(&format!(" {name}: "))
                        .map(|(_, of)| of.split(['\n', '}']).next().unwrap_or_default()),
                };
                let declared = declared.unwrap_or_default().trim_start_matches("#[from] ").trim_end_matches([',', ' ']);
                if let Some(foreign) = foreign_part(declared, &own) {
                    wrong.push(format!("{}: {{{name}}} is a {foreign}", path.display()));
                }
            }
        }
    }
    ensure!(
        wrong.is_empty(),
        "translate these by an exhaustive match (see agent/src/library_error):\n{}",
        wrong.join("\n")
    );
    Ok(())
}

/// What may be put into a sentence by the name of an error, because it is one of this program's own: the file's end and
/// the line's beginning or middle.
const OURS: &[(&str, &str)] = &[
    // A clap-like parser's or a reader's sentence, which is ours.
    ("control/parameters.rs", "{name}: {error}"),
    ("contract/src/notification.rs", "{error}"),
    ("contract/src/service.rs", "{error}"),
    // What a member's own type says of its value; the form is checked before, in our words.
    ("contract/src/command/row.rs", "{what} is not right: {error}"),
    ("contract/src/command/body_check.rs", "{what} is not right: {error}"),
    ("contract/src/command/row.rs", "error.to_string()"),
    ("scenario/read/members.rs", "{what} is not right: {error}"),
    ("scenario/case_runner/mod.rs", "{error}{hint}"),
    ("cli/push/payload.rs", "the file {} {error}"),
    // A journal at rest and a state directory have sentences of their own.
    ("cli/device_source.rs", "error.to_string()"),
    ("cli/diagnostics.rs", "state_dir().map_err(|error|"),
    ("cli/what_if.rs", "the file {} {error}"),
    ("daemon/start.rs", "warn!(\"{error}\")"),
    ("host/mod.rs", "warn!(\"{error}\")"),
    ("cli/config.rs", "Failure::configuration(error.to_string()"),
    ("cli/failure.rs", "Self::configuration(error.to_string()"),
    ("cli/scenario/mod.rs", "error.to_string()"),
    ("scenario/attached_device.rs", "error.to_string()"),
    ("scenario/case_runner/without_device.rs", "error.to_string()"),
    ("scenario/read/given.rs", "error.to_string()"),
    ("host/device_handle.rs", "message: error.to_string()"),
    ("host/host_handle.rs", "error"),
    // Errors of this program's own reading and writing of files, and the API's own.
    ("cli/run.rs", "--ready-file {}: {error}"),
    ("cli/scenario/run.rs", "the report {} {error}"),
    ("mqtt/tls.rs", "the {what} {} {error}"),
    ("mqtt/tls_reason.rs", "return error.to_string();"),
    ("scenario/case_runner/mod.rs", "refused: {error}"),
    ("scenario/case_runner/mod.rs", "it was refused with {}: {error}"),
    ("settings/error.rs", "the settings file {} {error}"),
    ("settings/error.rs", "the password file {} {error}"),
    // Texts that are compared and not shown.
    ("mqtt/connection_failure.rs", "error.to_string().starts_with("),
    ("contract/src/json_payload.rs", "let says = error.to_string();"),
    ("control/body.rs", "error"),
    ("control/route.rs", "error"),
    // The gateway's: files that it reads and writes, its start, what a call's words and bodies are.
    ("cli/gateway/client.rs", "{} {error}"),
    ("cli/gateway/run.rs", "wrong(error.to_string())"),
    ("cli/gateway/run.rs", "is not right: {error}"),
    ("cli/gateway/serving.rs", "the groups are not kept over a restart: {error}"),
    ("cli/gateway/serving.rs", "error.to_string()"),
    ("cli/browser.rs", "\"notOpened\", error.to_string()"),
    ("daemon/panel_pages.rs", "{error}"),
    // A scenario's device, its client and its terminal have sentences of their own, and so has a device's id.
    ("cli/scenario/watch.rs", "it was not opened in the browser: {error}"),
    ("cli/scenario/watch.rs", "there is no page to watch: {error}"),
    ("cli/script.rs", "\"scriptEnded\", error.to_string()"),
    ("scenario/reporter.rs", "nobody sees this run on the page: {error}"),
    ("scenario/script_player.rs", "error.to_string()"),
    ("scenario/watched_run.rs", "did not end cleanly: {error}"),
    ("control/panel/several.rs", "device: {error}"),
    ("agent/src/gateway/state.rs", "the gateway could not publish: {error}"),
    ("graph/src/batch.rs", "it {error}"),
    ("graph/src/body.rs", "The request body {error}."),
    ("graph/src/body.rs", "groupsToNotify: {error}"),
    ("graph/src/body.rs", "bad_request(format!(\"{error}\"))"),
    ("graph/src/calls/grouping.rs", "bad_request(format!(\"{error}\"))"),
    ("graph/src/tenant.rs", "json_payload::read(payload)"),
    // A client's own daemon, whose answers are of this program's making.
    ("control/client.rs", "ClientError::Lost("),
    // notify-rust gives macOS' and Windows' reasons as text alone.
    ("desktop/macos.rs", "error.to_string()"),
    ("desktop/windows.rs", "error.to_string()"),
    ("desktop/blocking.rs", "error"),
    ("desktop/linux/show_state.rs", "Failed(error.to_string())"),
];

/// `format!("… {error}")` and `error.to_string()`, by the names that errors have here; log fields are no sentences.
#[test]
fn no_sentence_is_made_of_a_librarys_error() -> Result<()> {
    const SIGNS: [&str; 8] =
        ["{error}", "{error:?}", "{error:#}", "{err}", "{e}", "error.to_string()", "err.to_string()", "e.to_string()"];
    let mut wrong = Vec::new();
    for (path, text) in sources()? {
        let file = path.to_string_lossy().replace('\\', "/");
        for (number, line) in text.lines().enumerate() {
            let is_sign = SIGNS.iter().any(|sign| {
                line.match_indices(sign).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
            });
            let is_log = line.contains("tracing::debug!");
            let is_ours = OURS.iter().any(|(end, part)| file.ends_with(end) && line.contains(part));
            if is_sign && !is_log && !is_ours {
                wrong.push(format!("{file}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    ensure!(
        wrong.is_empty(),
        "translate these by an exhaustive match (see agent/src/library_error), or, where the error is of this program, \
         add the line to OURS:\n{}",
        wrong.join("\n")
    );
    Ok(())
}

/// The search finds what it is for.
#[test]
fn the_search_finds_a_librarys_type() -> Result<()> {
    let own = own_types(&[(PathBuf::new(), "pub enum TlsError {\nstruct Lock;".to_owned())]);
    for (of, foreign) in [
        ("std::io::Error", Some("std::io::Error")),
        ("io::Error", Some("io::Error")),
        ("Option<serde_json::Error>", Some("serde_json::Error")),
        ("rustls::TlsError", Some("rustls::TlsError")),
        ("TlsError", None),
        ("crate::mqtt::TlsError", None),
        ("Option<&'static str>", None),
    ] {
        assert_eq!(foreign_part(of, &own), foreign, "{of}");
    }
    assert_eq!(interpolated("a {path} {{no}} {0:?} {}"), ["path", "0"]);
    interpolated("{x}").first().context("a name").map(drop)
}
