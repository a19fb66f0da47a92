//! `scenario` as testers and their CI use it: the shipped library passes, mistakes end with 2 and run nothing, what does
//! not hold ends with 1, and the reports say so.
//!
//! Lives here: exit codes, what is printed, the files that are written. Does not live here: the form of a file and of the
//! reports (unit tests of `scenario`).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Holds what a run writes.
struct RunFolder(tempfile::TempDir);

impl RunFolder {
    fn new() -> Result<Self> {
        Ok(Self(tempfile::tempdir()?))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, content: &[u8]) -> Result<PathBuf> {
        let path = self.path(name);
        fs::write(&path, content)?;
        Ok(path)
    }

    fn run(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new(portal_tests::agent::binary()?);
        command.current_dir(self.0.path()).arg("scenario").args(arguments).env("NO_COLOR", "1");
        Ok(command.output()?)
    }
}

fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/scenarios")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const HOLDS: &str = "name: holds\nsteps: [{push: }, {expect: presented}]\n";
const FAILS: &str =
    "name: fails\nfacts: ['4.1.4']\ndevice: {permission: denied}\nsteps: [{push: {id: a}}, {expect: presented}]\n";
const WARNS: &str =
    "name: warns\nundocumented: a choice\nsteps: [{push: }, {expect: {outcome: presented, surface: lockScreen}}]\n";

#[test]
fn the_shipped_library_passes_in_any_order() -> Result<()> {
    let folder = RunFolder::new()?;
    let library = library();
    // Shuffled and repeated, it never flakes: 3 times by default, 50 in full.
    let repeat = if std::env::var_os("PORTAL_TESTS_FULL").is_some() { "50" } else { "3" };
    let seed = std::process::id().to_string();
    let arguments =
        ["run", library.to_str().context("a path of text")?, "--strict", "--shuffle", &seed, "--repeat", repeat];
    let output = folder.run(&[&arguments[..], &["--junit", "r.xml", "--html", "r.html"]].concat())?;
    let printed = text(&output.stdout);
    let failed: Vec<&str> = printed.lines().filter(|line| !line.contains("✓ passed")).collect();
    ensure!(output.status.code() == Some(0), "seed {seed}:\n{}\n{}", failed.join("\n"), text(&output.stderr));
    ensure!(fs::read_to_string(folder.path("r.xml"))?.contains("<testsuite "));
    ensure!(fs::read_to_string(folder.path("r.html"))?.contains("</html>"));
    Ok(())
}

#[test]
fn what_does_not_hold_ends_with_1_and_the_reports_say_the_same() -> Result<()> {
    let folder = RunFolder::new()?;
    folder.file("a.yaml", format!("{HOLDS}---\n{FAILS}---\n{WARNS}").as_bytes())?;
    let output = folder.run(&["run", "a.yaml", "--junit", "r.xml", "--html", "r.html"])?;
    ensure!(output.status.code() == Some(1), "{output:?}");
    let printed = text(&output.stdout);
    for words in [
        "✓ passed  holds",
        "✗ failed  fails",
        "! warned  warns",
        "a.yaml:7:35",
        "facts 4.1.4",
        "✗ notificationsPermitted",
    ] {
        ensure!(printed.contains(words), "{words}: {printed}");
    }
    for report in ["r.xml", "r.html"] {
        let report = fs::read_to_string(folder.path(report))?;
        ensure!(report.contains("notificationsPermitted") && report.contains("hint: permission allow"), "{report}");
    }
    let only = |filter: &str, more: &[&str]| {
        let output = folder.run(&[&["run", "a.yaml", "--filter", filter], more].concat())?;
        Ok::<_, anyhow::Error>(output.status.code())
    };
    ensure!(only("holds", &[])? == Some(0));
    ensure!(only("warns", &[])? == Some(0));
    ensure!(only("warns", &["--strict"])? == Some(1));
    ensure!(only("nobody", &[])? == Some(2));
    Ok(())
}

#[test]
fn json_has_a_line_a_case_and_one_that_sums_up() -> Result<()> {
    let folder = RunFolder::new()?;
    folder.file("a.yaml", format!("{HOLDS}---\n{FAILS}").as_bytes())?;
    let output = folder.run(&["run", "a.yaml", "--json"])?;
    let lines: Vec<Value> = text(&output.stdout).lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(lines.len() == 3, "{lines:?}");
    let failed = lines.iter().find(|line| line["standing"] == "failed").context("the failed case")?;
    ensure!(failed["failures"][0]["text"].as_str().is_some_and(|text| text.contains("expected:")), "{failed}");
    ensure!(lines[2]["summary"]["failed"] == 1 && lines[2]["summary"]["passed"] == 1, "{}", lines[2]);
    Ok(())
}

#[test]
fn one_mistake_anywhere_and_nothing_is_run() -> Result<()> {
    let folder = RunFolder::new()?;
    folder.file("good.yaml", HOLDS.as_bytes())?;
    folder.file("bad.yaml", b"name: bad\nsteps:\n- app: instal\n- advance: soon\n")?;
    for verb in ["run", "check"] {
        let output = folder.run(&[verb, "."])?;
        ensure!(output.status.code() == Some(2) && output.stdout.is_empty(), "{output:?}");
        let told = text(&output.stderr);
        for words in ["bad.yaml:3:3", "did you mean app: install?", "bad.yaml:4:12", "nothing was run"] {
            ensure!(told.contains(words), "{words}: {told}");
        }
        let output = folder.run(&["--json", verb, "bad.yaml"])?;
        let first: Value = serde_json::from_str(text(&output.stderr).lines().next().context("a line")?)?;
        ensure!(first["error"]["code"] == "scenarioFile", "{first}");
        ensure!(first["error"]["message"].as_str().is_some_and(|m| m.starts_with("bad.yaml:3:3: ")), "{first}");
    }
    ensure!(folder.run(&["check", "good.yaml"])?.status.code() == Some(0));
    ensure!(folder.run(&["check", "absent.yaml"])?.status.code() == Some(2));
    Ok(())
}

#[test]
fn what_would_eat_time_or_memory_is_refused_at_once() -> Result<()> {
    let folder = RunFolder::new()?;
    let mut laughs = "a0: &a0 [lol, lol]\n".to_owned();
    laughs.extend((1..60).map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}]\n", n - 1)));
    let files = [
        ("large.yaml", vec![b'#'; 10 * 1024 * 1024]),
        ("deep.yaml", "[".repeat(500_000).into_bytes()),
        ("laughs.yaml", laughs.into_bytes()),
        ("twice.yaml", b"name: a\nname: b\n".to_vec()),
        ("latin.yaml", b"name: caf\xe9\n".to_vec()),
    ];
    for (name, content) in files {
        folder.file(name, &content)?;
        let began = Instant::now();
        let output = folder.run(&["check", name])?;
        ensure!(output.status.code() == Some(2), "{name}: {output:?}");
        ensure!(text(&output.stderr).contains(name), "{name}: {output:?}");
        ensure!(began.elapsed() < Duration::from_secs(20), "{name} took {:?}", began.elapsed());
    }
    Ok(())
}
