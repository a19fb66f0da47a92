//! `demo`, as a newcomer types it: on a machine with a desktop, and on one with neither desktop nor terminal.
//!
//! Lives here: what it prints, asks and cleans up. Does not live here: the screenshots (`desktop_session`).

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portal_tests::agent::Agent;
use portal_tests::dunst::DunstSession;
use portal_tests::notification_server::{DoNotDisturb, NotificationServer, ServerProfile};
use portal_tests::session_bus::SessionBus;
use portal_tests::test_rig::LIMIT;
use portal_tests::wait::until;

/// A running demo and what it has printed.
struct RunningDemo {
    child: Child,
    lines: Receiver<String>,
    printed: String,
}

/// Lines as they come, so that a test can stop waiting for one.
fn read_lines(output: ChildStdout) -> Receiver<String> {
    let (sender, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    lines
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
        let lines = read_lines(child.stdout.take().context("its output")?);
        Ok(Self { child, lines, printed: String::new() })
    }

    /// Reads on until a line has this text.
    fn until(&mut self, text: &str) -> Result<String> {
        loop {
            let line = self.lines.recv_timeout(LIMIT).with_context(|| format!("{text:?} in {}", self.printed))?;
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
        while let Ok(line) = self.lines.recv_timeout(LIMIT) {
            self.printed.push_str(&line);
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

/// The line that tells a shell which daemon is meant.
fn export(printed: &str) -> Result<&str> {
    printed.lines().map(str::trim).find(|line| line.starts_with("export ")).context("the export")
}

/// A demo on a terminal, as `script` makes one, and its keyboard.
fn on_a_terminal(bus: &str, around: impl Fn(&str) -> String) -> Result<(RunningDemo, ChildStdin)> {
    let command = around(&format!("{} demo", portal_tests::agent::binary()?.display()));
    let mut script = Command::new("script");
    script.args(["-qec", &command, "/dev/null"]).env("NO_COLOR", "1").env("XDG_RUNTIME_DIR", "/dev/null/none");
    let bus = if bus.is_empty() { "unix:path=/nonexistent/bus" } else { bus };
    script.env("DBUS_SESSION_BUS_ADDRESS", bus).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let keyboard = child.stdin.take().context("its input")?;
    let lines = read_lines(child.stdout.take().context("its output")?);
    Ok((RunningDemo { child, lines, printed: String::new() }, keyboard))
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
    let export = export(&printed)?;

    // The permission-denied walk works as pasted.
    let walk = commands.iter().find(|command| command.contains("permission deny")).context("the walk")?;
    let output = Command::new("sh").args(["-c", &format!("{export}\n{walk}")]).stdin(Stdio::null()).output()?;
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{walk}: {shown}{}", String::from_utf8_lossy(&output.stderr));
    for words in ["withheld", "notificationsPermitted", "permission allow", "facts"] {
        ensure!(shown.contains(words), "{words:?} in {shown}");
    }
    let status = commands.iter().find(|command| command.ends_with("status")).context("status")?;
    ensure!(Command::new("sh").args(["-c", &format!("{export}\n{status}")]).output()?.status.success());

    let state_dir = state_dir(export)?;
    ensure!(std::path::Path::new(&state_dir).exists(), "{state_dir}");
    demo.interrupt()?;
    ensure!(!std::path::Path::new(&state_dir).exists(), "the demo leaves nothing behind");
    Ok(())
}

fn state_dir(export: &str) -> Result<String> {
    let (_, value) = export.split_once('=').context("a state directory")?;
    Ok(value.trim_matches('\'').to_owned())
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
    killed.until("press Don't Allow or Allow")?;
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
    demo.until("press Don't Allow or Allow")?;
    let printed = demo.interrupt()?;
    ensure!(!printed.contains("pushed"), "{printed}");
    Ok(())
}

#[test]
fn keys_do_what_they_say_and_the_terminal_is_as_it_was() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let [before, after] = ["before", "after"].map(|name| folder.path().join(name).display().to_string());
    let (mut demo, mut keyboard) = on_a_terminal("", |demo| format!("stty -a > {before}; {demo}; stty -a > {after}"))?;
    let mut press = |demo: &mut RunningDemo, key: &str, expected: &str| -> Result<()> {
        keyboard.write_all(key.as_bytes())?;
        demo.until(expected).map(drop)
    };
    demo.until("answer here: a for Allow")?;
    press(&mut demo, "?", "? is no key here")?;
    press(&mut demo, "\x1b[A", "that key is no key here")?;
    press(&mut demo, "export X=y\n", "commands go into another terminal")?;
    press(&mut demo, "p", "withheld: ")?;
    ensure!(demo.printed.contains("hint: permission allow"), "the reason in one line: {}", demo.printed);
    press(&mut demo, "d", "permission  denied")?;
    press(&mut demo, "p", "withheld: ")?;
    demo.until("a, then p")?;
    press(&mut demo, "e", "✗ notificationsPermitted")?;
    press(&mut demo, "a", "permission  authorized")?;
    press(&mut demo, "p", "presented (banner)")?;
    press(&mut demo, "a", "already allowed")?;
    press(&mut demo, "l", "device      locked")?;
    press(&mut demo, "p", "presented (lock screen)")?;
    press(&mut demo, "r", "answer here: a for Allow")?;
    press(&mut demo, "q", "has ended")?;
    ensure!(demo.child.wait()?.success(), "{}", demo.printed);
    assert_eq!(std::fs::read_to_string(before)?, std::fs::read_to_string(after)?);
    Ok(())
}

#[test]
fn at_the_end_of_the_input_it_goes_on_without_keys_until_ctrl_c() -> Result<()> {
    let (mut demo, mut keyboard) = on_a_terminal("", |demo| format!("exec {demo}"))?;
    demo.until("answer here")?;
    keyboard.write_all(b"\x04")?;
    demo.until("the demo goes on without them")?;
    let agent = Agent::in_state_dir("", Path::new(&state_dir(export(&demo.printed)?)?));
    agent.command(&["permission", "allow"])?;
    demo.until("presented")?;
    demo.until("Ctrl-C ends the demo")?;
    keyboard.write_all(b"\x03")?;
    demo.until("has ended")?;
    ensure!(demo.child.wait()?.success(), "{}", demo.printed);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn in_do_not_disturb_it_says_that_the_card_is_not_on_the_screen_and_how_to_see_it() -> Result<()> {
    let bus = SessionBus::start()?;
    let server = NotificationServer::start(&bus.address(), ServerProfile::dunst()).await?;
    server.set_do_not_disturb(DoNotDisturb::On).await?;
    let (mut demo, mut keyboard) = on_a_terminal(&bus.address(), |demo| format!("exec {demo}"))?;
    demo.until("the prompt is not on this screen: dunst is in Do Not Disturb")?;
    demo.until("dunstctl set-paused false")?;
    demo.until("answer here")?;
    keyboard.write_all(b"a")?;
    demo.until("on the device, and not on this screen: dunst is in Do Not Disturb")?;
    demo.until("to see it")?;
    server.set_do_not_disturb(DoNotDisturb::Off).await?;
    keyboard.write_all(b"p")?;
    demo.until("presented (banner), and shown by dunst")?;
    assert_eq!(server.notifications().len(), 3);
    keyboard.write_all(b"q")?;
    demo.until("has ended").map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_server_without_buttons_it_asks_in_the_terminal() -> Result<()> {
    let bus = SessionBus::start()?;
    let _dunst = DunstSession::start(&bus.address()).await?;
    let (mut demo, mut keyboard) = on_a_terminal(&bus.address(), |demo| format!("exec {demo}"))?;
    demo.until("where dunst draws no buttons")?;
    demo.until("answer here: a for Allow")?;
    keyboard.write_all(b"a")?;
    demo.until("presented (banner), and shown by dunst")?;
    keyboard.write_all(b"q")?;
    demo.until("has ended").map(drop)
}

#[test]
fn a_card_on_the_console_names_the_daemon_that_it_is_of() -> Result<()> {
    let agent = Agent::running("", &["--embedded-broker", "--notifier", "console"])?;
    agent.wait(&["online"])?;
    agent.command(&["app", "install"])?;
    // The box wraps what is long.
    let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace() && *c != '│').collect::<String>();
    let command = format!("--state-dir {} permission allow", agent.state_dir().display());
    let allow = |log: String| bare(&log).contains(&bare(&command));
    let started = Instant::now();
    while !allow(agent.log()) {
        ensure!(started.elapsed() < LIMIT, "{}", agent.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

#[test]
fn stop_ends_it_too() -> Result<()> {
    let mut demo = RunningDemo::start("", &[])?;
    demo.until("Ctrl-C")?;
    let agent = Agent::in_state_dir("", Path::new(&state_dir(export(&demo.printed)?)?));
    agent.command(&["stop"])?;
    ensure!(demo.child.wait()?.success());
    Ok(())
}
