//! The examples beside the control API's page: each starts a daemon, denies the permission, pushes and asserts.
//!
//! Lives here: running each where its language is, with the two words of its test framework that it uses where that is not
//! installed. Does not live here: what they show (`agent/docs/control-api.md`).

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use portal_tests::agent::{Agent, binary};
use portal_tests::survival::is_full;
use tempfile::TempDir;

/// The most lines that an example has.
const LONGEST: usize = 30;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../agent/docs/examples")
}

/// Whether a program is there; where it is not a note says so. With `tests/run --full` it must be.
fn is_there(program: &str) -> Result<bool> {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let go = || Command::new(program).arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let is_there = [found, go()].into_iter().flatten().any(|status| status.success());
    if !is_there {
        ensure!(!is_full(), "{program} is not installed here; tests/run --full installs it");
        eprintln!("skipped: {program} is not installed here");
    }
    Ok(is_there)
}

/// A command of an example's own, in an environment in which nothing of the machine's session reaches the daemon.
fn run(program: &str, arguments: &[&str], folder: &Path) -> Result<Output> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).env("PORTAL_AGENT", binary()?);
    for name in ["STATE_DIR", "CONFIG", "DEVICE"] {
        command.env_remove(format!("PORTAL_AGENT_{name}"));
    }
    command.env("XDG_CONFIG_HOME", "/dev/null/none").env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
    let output = command.stdin(Stdio::null()).output()?;
    ensure!(
        output.status.success(),
        "{program} {arguments:?} ended with {}:\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output)
}

/// A folder with these files and the example.
fn folder(example: &str, files: &[(&str, &str)]) -> Result<TempDir> {
    let folder = TempDir::with_prefix("example-")?;
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().context("a folder")?)?;
        std::fs::write(path, text)?;
    }
    std::fs::copy(examples().join(example), folder.path().join(example))?;
    Ok(folder)
}

#[test]
fn each_example_has_at_most_thirty_lines() -> Result<()> {
    let mut count = 0;
    for entry in std::fs::read_dir(examples())? {
        let path = entry?.path();
        let lines = std::fs::read_to_string(&path)?.lines().count();
        ensure!(lines <= LONGEST, "{} has {lines} lines", path.display());
        count += 1;
    }
    ensure!(count == 5, "{count}");
    Ok(())
}

#[test]
fn bash() -> Result<()> {
    let folder = folder("denied.sh", &[])?;
    let told = String::from_utf8(run("bash", &["denied.sh"], folder.path())?.stdout)?;
    ensure!(told.contains("as expected"), "{told}");
    Ok(())
}

/// The two words of pytest that the example uses.
const PYTEST: &str = "def fixture(function):\n    return function\n";
const PYTHON_RUNNER: &str = "import pathlib, tempfile, test_denied
folder = pathlib.Path(tempfile.mkdtemp(dir='.'))
phone = test_denied.phone(folder.resolve())
test_denied.test_a_denied_permission_withholds_a_push(next(phone))
next(phone, None)
";

#[test]
fn python() -> Result<()> {
    if !is_there("python3")? {
        return Ok(());
    }
    // Debian's own, where the python3 on the path is another.
    for pytest in [&["pytest-3"][..], &["python3", "-m", "pytest"]] {
        let version = Command::new(pytest[0]).args(&pytest[1..]).arg("--version").stderr(Stdio::null()).output();
        if version.is_ok_and(|version| version.status.success()) {
            let folder = folder("test_denied.py", &[])?;
            let arguments = [&pytest[1..], &["-q", "-p", "no:cacheprovider"]].concat();
            return run(pytest[0], &arguments, folder.path()).map(drop);
        }
    }
    ensure!(!is_full(), "pytest is not installed here; tests/run --full installs it");
    eprintln!("without pytest: by a stand-in for its one decorator");
    let folder = folder("test_denied.py", &[("pytest.py", PYTEST), ("runner.py", PYTHON_RUNNER)])?;
    run("python3", &["runner.py"], folder.path()).map(drop)
}

/// Debian's JUnit 5 as a class path, where it is installed.
fn junit() -> Option<String> {
    let files = [
        "apiguardian-api",
        "junit-jupiter-api",
        "junit-jupiter-engine",
        "junit-platform-commons",
        "junit-platform-console",
        "junit-platform-engine",
        "junit-platform-launcher",
        "junit-platform-reporting",
        "opentest4j",
        "picocli",
    ];
    let path = files.map(|file| format!("/usr/share/java/{file}.jar"));
    path.iter().all(|file| Path::new(file).exists()).then(|| path.join(":"))
}

/// The two words of JUnit that the example uses, and who calls its test.
const JUNIT: &[(&str, &str)] = &[
    ("org/junit/jupiter/api/Test.java", "package org.junit.jupiter.api; public @interface Test {}"),
    (
        "org/junit/jupiter/api/Assertions.java",
        "package org.junit.jupiter.api; public class Assertions { public static void assertTrue(boolean holds) \
         { if (!holds) throw new AssertionError(); } }",
    ),
    (
        "Runner.java",
        "public class Runner { public static void main(String[] none) throws Exception { new \
         DeniedTest().aDeniedPermissionWithholdsAPush(); System.exit(0); } }",
    ),
];

#[test]
fn java() -> Result<()> {
    if !is_there("javac")? || !is_there("java")? {
        return Ok(());
    }
    if let Some(junit) = junit() {
        let folder = folder("DeniedTest.java", &[])?;
        run("javac", &["-cp", &junit, "-d", "classes", "DeniedTest.java"], folder.path())?;
        let launcher = "org.junit.platform.console.ConsoleLauncher";
        let test = ["--class-path", "classes", "--select-class", "DeniedTest", "--disable-banner"];
        let told = run("java", &[&["-cp", &junit, launcher], &test[..]].concat(), folder.path())?;
        let told = String::from_utf8(told.stdout)?;
        ensure!(told.contains("1 tests successful"), "{told}");
        return Ok(());
    }
    ensure!(!is_full(), "JUnit is not installed here; tests/run --full installs it");
    eprintln!("without JUnit: by a stand-in for the two words that the example uses");
    let folder = folder("DeniedTest.java", JUNIT)?;
    run("javac", &["-d", "classes", "Runner.java", "DeniedTest.java"], folder.path())?;
    run("java", &["-cp", "classes", "Runner"], folder.path()).map(drop)
}

#[test]
fn go() -> Result<()> {
    if !is_there("go")? {
        return Ok(());
    }
    let folder = folder("denied_test.go", &[])?;
    run("go", &["test", "denied_test.go"], folder.path()).map(drop)
}

#[test]
fn the_ci_jobs_annotations_name_file_and_line() -> Result<()> {
    if !is_there("jq")? {
        return Ok(());
    }
    let job = std::fs::read_to_string(examples().join("ci.yml"))?;
    let filter = job.split("jq -r '").nth(1).and_then(|rest| rest.split('\'').next()).context("the filter")?;
    let folder = TempDir::with_prefix("example-")?;
    let file = folder.path().join("wrong.yaml");
    std::fs::write(&file, "name: wrong\nsteps:\n  - push:\n  - expect: withheld\n")?;
    let output = Agent::new("")?.output(&["--json", "scenario", "run", &file.to_string_lossy()])?;
    ensure!(output.status.code() == Some(1));
    let lines = folder.path().join("lines.json");
    std::fs::write(&lines, &output.stdout)?;
    let told = String::from_utf8(run("jq", &["-r", filter, "lines.json"], folder.path())?.stdout)?;
    let expected = format!("::error file={},line=4::", file.display());
    ensure!(told.lines().count() == 1 && told.starts_with(&expected) && told.contains("%0A"), "{told}");
    Ok(())
}
