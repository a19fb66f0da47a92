//! `demo`, as a newcomer types it: on a machine with a desktop, and on one with neither desktop nor terminal.
//!
//! Lives here: what it prints, asks and cleans up. Does not live here: the screenshots (`desktop_session`).

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::notification_server::{NotificationServer, ServerProfile};
use portal_tests::session_bus::SessionBus;
use portal_tests::test_rig::LIMIT;
use portal_tests::wait::until;

/// A running demo and what it has printed.
struct RunningDemo {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    printed: String,
}

impl RunningDemo {
    fn start(bus: &str, arguments: &[&str]) -> Result<Self> {
        Self::start_in(bus, &std::env::temp_dir(), arguments)
    }

    fn start_in(bus: &str, place: &Path, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(portal_tests::agent::binary()?);
        let bus = if bus.is_empty() { "unix:path=/nonexistent/bus" } else { bus };
        command.arg("demo").args(arguments).env("DBUS_SESSION_BUS_ADDRESS", bus).env("NO_COLOR", "1");
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env("XDG_RUNTIME_DIR", "/dev/null/none");
        command.env("TMPDIR", place);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let lines = BufReader::new(child.stdout.take().context("its output")?).lines();
        Ok(Self { child, lines, printed: String::new() })
    }

    /// Reads on until a line has this text.
    fn until(&mut self, text: &str) -> Result<String> {
        loop {
            let line = self.lines.next().with_context(|| format!("{text:?} in {}", self.printed))??;
            self.printed.push_str(&line);
            self.printed.push('\n');
            if line.contains(text) {
                return Ok(line);
            }
        }
    }

    /// Ctrl-C; gives everything that was printed.
    fn interrupt(mut self) -> Result<String> {
        let pid = self.child.id().to_string();
        ensure!(Command::new("kill").args(["-INT", &pid]).status()?.success());
        for line in self.lines.by_ref() {
            self.printed.push_str(&line?);
            self.printed.push('\n');
        }
        let status = self.child.wait()?;
        ensure!(status.success(), "the demo ended with {status}: {}", self.printed);
        Ok(std::mem::take(&mut self.printed))
    }
}

impl Drop for RunningDemo {
    fn drop(&mut self) {
        // It has ended, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The commands that the demo prints, each as it stands.
fn commands(printed: &str) -> Vec<String> {
    let binary = portal_tests::agent::binary().map(|path| path.display().to_string()).unwrap_or_default();
    printed.lines().map(str::trim).filter(|line| line.starts_with(&binary)).map(str::to_owned).collect()
}

#[test]
fn without_desktop_and_terminal_it_prints_cards_and_grants_by_itself() -> Result<()> {
    let started = Instant::now();
    let mut demo = RunningDemo::start("", &[])?;
    demo.until("Ctrl-C")?;
    ensure!(started.elapsed() < Duration::from_secs(10), "it took {:?}", started.elapsed());
    let printed = demo.printed.clone();
    for words in ["printed here instead", "granted by the demo itself", "presented", "Office closed on Friday"] {
        ensure!(printed.contains(words), "{words:?} in {printed}");
    }
    let commands = commands(&printed);
    assert_eq!(commands.len(), 3, "{printed}");

    // The permission-denied walk works as pasted.
    let walk = commands.iter().find(|command| command.contains("permission deny")).context("the walk")?;
    let output = Command::new("sh").args(["-c", walk]).stdin(Stdio::null()).output()?;
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{walk}: {shown}{}", String::from_utf8_lossy(&output.stderr));
    for words in ["withheld", "notificationsPermitted", "permission allow", "facts"] {
        ensure!(shown.contains(words), "{words:?} in {shown}");
    }
    let status = commands.iter().find(|command| command.ends_with("status")).context("status")?;
    ensure!(Command::new("sh").args(["-c", status]).output()?.status.success());

    let state_dir = state_dir(status)?;
    ensure!(std::path::Path::new(&state_dir).exists(), "{state_dir}");
    demo.interrupt()?;
    ensure!(!std::path::Path::new(&state_dir).exists(), "the demo leaves nothing behind");
    Ok(())
}

fn state_dir(command: &str) -> Result<String> {
    let mut words = command.split(' ').skip_while(|word| *word != "--state-dir");
    Ok(words.nth(1).context("a state directory")?.trim_matches('\'').to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_desktop_the_prompt_is_answered_there() -> Result<()> {
    for (platform, label, outcome) in [("ios", "Allow", "presented"), ("android", "Don't allow", "withheld")] {
        let bus = SessionBus::start()?;
        let server = NotificationServer::start(&bus.address(), ServerProfile::xfce()).await?;
        let mut demo = RunningDemo::start(&bus.address(), &["--platform", platform])?;
        let shown = server.wait_for(1, LIMIT).await?;
        let action = shown[0].actions.iter().find(|(_, shown)| shown == label).context("a button")?;
        server.invoke(shown[0].id, &action.0, false).await?;
        demo.until("outcome")?;
        ensure!(demo.printed.contains(outcome), "{}", demo.printed);
        ensure!(demo.printed.contains("shown natively"), "{}", demo.printed);
        let shown = server.notifications();
        assert_eq!(shown.len(), if outcome == "presented" { 2 } else { 1 });
        demo.until("Ctrl-C")?;
        demo.interrupt()?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_its_cards_with_it_and_those_of_a_demo_that_was_killed() -> Result<()> {
    let bus = SessionBus::start()?;
    let server = NotificationServer::start(&bus.address(), ServerProfile::xfce()).await?;
    let place = tempfile::tempdir()?;
    let mut killed = RunningDemo::start_in(&bus.address(), place.path(), &[])?;
    let prompt = server.wait_for(1, LIMIT).await?[0].clone();
    killed.until("press Allow")?;
    let left = std::fs::read_dir(place.path())?.next().context("its folder")??.path();
    // The server has the prompt before the demo hears its id and keeps it.
    let kept = || std::fs::read_to_string(left.join("state/desktop-cards.json")).unwrap_or_default();
    let id = prompt.id.to_string();
    until("the demo to keep which cards are open", kept, |kept| kept.contains(&id)).await;
    killed.child.kill()?;
    killed.child.wait()?;
    ensure!(server.open() == [prompt.id], "its prompt stands, and nobody hears it");
    // As if a while ago: one that was just made may be about to be used.
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
    std::fs::File::open(&left)?.set_modified(long_ago)?;

    let mut demo = RunningDemo::start_in(&bus.address(), place.path(), &[])?;
    let shown = server.wait_for(2, LIMIT).await?;
    ensure!(!left.exists(), "the folder of a dead demo stays");
    until("the dead demo's prompt to go", || server.closed(), |closed| closed.contains(&prompt.id)).await;
    let allow = shown[1].actions.iter().find(|(_, shown)| shown == "Allow").context("a button")?;
    server.invoke(shown[1].id, &allow.0, false).await?;
    demo.until("Ctrl-C")?;
    ensure!(!server.open().is_empty(), "the pushed card is there");
    demo.interrupt()?;
    ensure!(server.open().is_empty(), "{:?} stay on the desktop", server.open());
    ensure!(std::fs::read_dir(place.path())?.next().is_none(), "a folder stays");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_cleanly_while_the_prompt_waits() -> Result<()> {
    let bus = SessionBus::start()?;
    let server = NotificationServer::start(&bus.address(), ServerProfile::xfce()).await?;
    let mut demo = RunningDemo::start(&bus.address(), &[])?;
    server.wait_for(1, LIMIT).await?;
    demo.until("press Allow")?;
    let printed = demo.interrupt()?;
    ensure!(!printed.contains("pushed"), "{printed}");
    Ok(())
}

#[test]
fn without_a_desktop_the_prompt_is_answered_in_the_terminal() -> Result<()> {
    for (typed, outcome) in [("what?\na\n", "presented"), ("d\n", "withheld")] {
        // `script` gives it a terminal, and passes on what is typed.
        let command = format!("exec {} demo", portal_tests::agent::binary()?.display());
        let mut script = Command::new("script");
        script.args(["-qec", &command, "/dev/null"]).env("NO_COLOR", "1").env("XDG_RUNTIME_DIR", "/dev/null/none");
        script.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus").env_remove("DISPLAY");
        let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut keyboard = child.stdin.take().context("its input")?;
        let lines = BufReader::new(child.stdout.take().context("its output")?).lines();
        let mut demo = RunningDemo { child, lines, printed: String::new() };
        demo.until("answer here")?;
        keyboard.write_all(typed.as_bytes())?;
        demo.until(outcome)?;
        demo.until("Ctrl-C")?;
        // Ctrl-C, as typed.
        keyboard.write_all(b"\x03")?;
        demo.until("has ended")?;
        ensure!(demo.child.wait()?.success(), "{}", demo.printed);
    }
    Ok(())
}

#[test]
fn stop_ends_it_too() -> Result<()> {
    let mut demo = RunningDemo::start("", &[])?;
    demo.until("Ctrl-C")?;
    let status = commands(&demo.printed).into_iter().find(|command| command.ends_with("status")).context("status")?;
    let agent = Agent::in_state_dir("", std::path::Path::new(&state_dir(&status)?));
    agent.command(&["stop"])?;
    ensure!(demo.child.wait()?.success());
    Ok(())
}
