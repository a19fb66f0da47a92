//! `panel --script`: plays a presenter's script on the device, beat by beat, as the page's keys say.
//!
//! Lives here: reading the file, the link to the stage, and a line for each beat. Does not live here: playing
//! (`scenario::script_player`), the page (`control`).

use std::path::Path;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::page::{PageLine, TextPage};
use super::{CommandContext, CommandFailure, browser, scenario};
use crate::daemon::{interrupted, sender_settings};
use crate::input_file;
use crate::scenario::script_player::{PlayedBeat, play};
use crate::scenario::{MAX_FILE_BYTES, read_script};
use crate::sender::SenderOptions;

/// Plays the script until it is ended, on the page or here.
pub fn run(context: &mut CommandContext, file: &Path, opens: bool) -> Result<(), CommandFailure> {
    let unreadable = |reason| {
        let message = format!("{} {reason}", file.display());
        CommandFailure::configuration(message, "name a script file, such as config/scripts/denied-walk.yaml")
    };
    let bytes = input_file::read(file, MAX_FILE_BYTES).map_err(unreadable)?;
    let script = read_script(&file.to_string_lossy(), &bytes).map_err(|wrong| {
        scenario::tell(context.global.json, std::slice::from_ref(&wrong));
        CommandFailure::configuration("the script is not right; nothing was played", "each mistake is shown above")
    })?;
    let client = Arc::new(context.client()?);
    let status = client.status()?.value;
    let settings =
        sender_settings(&context.settings(Vec::new())?.settings, Some(&status), &context.global.state_dir()?)?;
    let sender = SenderOptions { tenant: status.tenant.clone(), ..settings };
    let answer = client.panel_link()?;
    // The fragment is the link's code, and stays last.
    let url = answer.value.url.replacen('#', &format!("?device={}&stage#", status.device.device_id), 1);
    if opens {
        browser::open(&context.global.state_dir()?, &url)?;
    } else {
        context.page(&TextPage::of(PageLine::new().plain(&url)))?;
    }
    let hint = "Space on the page plays the next beat, R is back at the start; Ctrl-C ends it";
    context.page(&TextPage::of(PageLine::new().dim(hint)))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CommandFailure::runtime)?;
    let mut told = Ok(());
    let tell = |played| {
        if told.is_ok() {
            told = context.page(&page_of(&played));
        }
    };
    runtime.block_on(async {
        let stop = CancellationToken::new();
        let ending = stop.clone();
        let interrupted = interrupted();
        let ended = async move {
            interrupted.await;
            ending.cancel();
            // The player ends in order once it is told to.
            std::future::pending().await
        };
        tokio::select! {
            played = play(&script, client, sender, stop, tell) => played.map_err(|error| {
                CommandFailure::operation("scriptEnded", error.to_string(), "portal-agent doctor says how things stand")
            }),
            never = ended => never,
        }
    })?;
    told
}

fn page_of(played: &PlayedBeat) -> TextPage {
    match played {
        PlayedBeat::Beat { number, caption, wrong } => {
            let mut page = TextPage::of(PageLine::new().dim(format!("{number:>3}  ")).plain(caption));
            for line in wrong {
                page.push(PageLine::new().bad("     ✗ ").plain(line));
            }
            page
        }
        PlayedBeat::Start(Ok(())) => TextPage::of(PageLine::new().dim("  R  back at the start")),
        PlayedBeat::Start(Err(why)) => TextPage::of(PageLine::new().bad(format!("  R  not back at the start: {why}"))),
    }
}
