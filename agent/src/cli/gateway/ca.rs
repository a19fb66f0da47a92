//! `gateway ca`: certificates for a gateway over HTTPS.
//!
//! Lives here: the three files. Does not live here: making certificates (`gateway`).

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use serde_json::json;

use super::super::page::{PageLine, TextPage};
use super::super::{CommandContext, CommandFailure};
use crate::gateway::make_certificates;
use crate::library_error::os_reason;

/// Runs `gateway ca`.
pub(super) fn run(context: &mut CommandContext, directory: &Path) -> Result<(), CommandFailure> {
    let not_written = |path: &Path, error: &std::io::Error| {
        let message = format!("{} cannot be written: {}", path.display(), os_reason(error));
        CommandFailure::operation("output", message, "name another folder; files that are there are not replaced")
    };
    let made = make_certificates().map_err(|why| CommandFailure::operation("certificates", why, ""))?;
    std::fs::create_dir_all(directory).map_err(|error| not_written(directory, &error))?;
    let names = ["ca.pem", "gateway.pem", "gateway.key"];
    for (name, text) in names.iter().zip([&made.authority, &made.certificate, &made.key]) {
        let path = directory.join(name);
        let mut options = OpenOptions::new();
        // Never over another key: what it was made for would stop working.
        options.write(true).create_new(true);
        #[cfg(unix)]
        if *name == "gateway.key" {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        let written = options.open(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| not_written(&path, &error))?;
    }
    let [ca, certificate, key] = names.map(|name| directory.join(name).display().to_string());
    if context.global.json {
        return context.json(&json!({"caFile": ca, "certificate": certificate, "key": key}));
    }
    let mut page =
        TextPage::of(PageLine::new().plain(format!("clients trust {ca}, for a year; start the gateway with")));
    page.push(PageLine::new().plain(format!("  --ca-file {ca} --certificate {certificate} --key {key}")));
    context.page(&page)
}
