//! What packages install beside the binary: pages, unit, desktop entry, and the tarball's install script.
//!
//! Lives here: what can be looked at without a release build. Does not live here: the packages themselves (`tests/release`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use portal_tests::agent::binary;
use tempfile::TempDir;

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Runs a command that must succeed, and gives what it printed on both streams.
fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    ensure!(output.status.success(), "{command:?} ended with {}: {printed}", output.status);
    Ok(printed)
}

/// The tarball's content, with the binary that the tests have.
fn staged() -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    run(Command::new(project("tests/release")).arg("stage").arg(binary()?).arg(folder.path()))?;
    Ok(folder)
}

/// Every file and link below a folder.
fn files(folder: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path);
            }
        }
    }
    Ok(found)
}

fn install(staged: &Path, home: &Path, arguments: &[&str]) -> Result<String> {
    let script = staged.join("install.sh");
    // No systemd of the computer's own is asked: there is no bus where this points to.
    run(Command::new(script)
        .args(arguments)
        .env("HOME", home)
        .env_remove("PREFIX")
        .env_remove("XDG_DATA_HOME")
        .env_remove("XDG_CONFIG_HOME")
        .env("XDG_RUNTIME_DIR", home.join("none"))
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent"))
}

#[test]
fn install_sh_installs_for_one_user_twice_over_and_takes_away_just_that() -> Result<()> {
    let (staged, home) = (staged()?, tempfile::tempdir()?);
    for file in ["scenarios/FORMAT.md", "scripts/denied-walk.yaml"] {
        ensure!(staged.path().join("share").join(file).exists(), "{file}");
    }
    let state = home.path().join(".local/share/portal-agent/journal.db");
    std::fs::create_dir_all(state.parent().context("its folder")?)?;
    std::fs::write(&state, "somebody's")?;
    for _ in 0..2 {
        let printed = install(staged.path(), home.path(), &[])?;
        ensure!(printed.contains(env!("CARGO_PKG_VERSION")) && printed.contains("hint:"), "{printed}");
    }
    let installed = home.path().join(".local/bin/portal-agent");
    run(Command::new(&installed).arg("--version"))?;
    let unit = std::fs::read_to_string(home.path().join(".config/systemd/user/portal-agent.service"))?;
    ensure!(unit.contains(&format!("ExecStart=\"{}\" run", installed.display())), "{unit}");
    let entry = home.path().join(".local/share/applications/company-portal.desktop");
    ensure!(std::fs::read_to_string(entry)?.contains(&format!("Exec={} status", installed.display())));
    ensure!(files(home.path())?.iter().any(|path| path.ends_with("man1/portal-agent-push.1")));
    ensure!(!files(home.path())?.iter().any(|path| path.to_string_lossy().ends_with(".new")));

    let printed = install(staged.path(), home.path(), &["--uninstall"])?;
    ensure!(printed.contains("portal-agent"), "{printed}");
    assert_eq!(files(home.path())?, BTreeSet::from([state]), "the journal stays, and nothing else");
    ensure!(install(staged.path(), home.path(), &["--uninstall"]).is_err(), "there is nothing left to take away");
    ensure!(install(staged.path(), home.path(), &["--unninstall"]).is_err(), "what it does not know it does not do");
    Ok(())
}

#[test]
fn systemd_understands_every_line_of_the_unit() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let unit = std::fs::read_to_string(project("agent/packaging/linux/portal-agent.service"))?;
    // Program and manual are looked for where the package puts them, which is not here.
    let unit = unit.replace("/usr/bin/portal-agent", &binary()?.to_string_lossy());
    let unit = unit.replace("Documentation=man:portal-agent(1)\n", "");
    let path = folder.path().join("portal-agent.service");
    std::fs::write(&path, unit)?;
    let mut verify = Command::new("systemd-analyze");
    let said = run(verify.args(["verify", "--user", "--man=no"]).arg(&path).env("XDG_RUNTIME_DIR", folder.path()))?;
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("portal-agent.service")).collect();
    ensure!(ours.is_empty(), "{ours:?}");
    Ok(())
}

#[test]
fn the_desktop_entry_and_the_metadata_are_valid() -> Result<()> {
    run(Command::new("desktop-file-validate").arg(project("agent/packaging/linux/company-portal.desktop")))?;
    let metadata = project("agent/packaging/linux/io.github.portal_agent.portal_agent.metainfo.xml");
    run(Command::new("appstreamcli").args(["validate", "--no-net"]).arg(&metadata))?;
    let version = env!("CARGO_PKG_VERSION");
    ensure!(std::fs::read_to_string(metadata)?.contains(&format!("<release version=\"{version}\"")));
    let changelog = std::fs::read_to_string(project("agent/packaging/deb/changelog"))?;
    ensure!(changelog.starts_with(&format!("portal-agent ({version}-")), "{changelog}");
    Ok(())
}

#[test]
fn the_package_takes_only_files_that_there_are() -> Result<()> {
    let manifest: toml::Table = std::fs::read_to_string(project("agent/Cargo.toml"))?.parse()?;
    let assets = manifest["package"]["metadata"]["deb"]["assets"].as_array().context("its assets")?;
    ensure!(assets.len() > 10);
    for asset in assets {
        let source = asset[0].as_str().context("a path")?;
        // What is built is not there yet.
        if source.contains("target/") {
            continue;
        }
        let (folder, name) = source.rsplit_once('/').unwrap_or((".", source));
        let folder = project("agent").join(folder);
        let (start, end) = name.split_once('*').unwrap_or((name, ""));
        let names: Vec<String> = std::fs::read_dir(&folder)
            .with_context(|| folder.display().to_string())?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<Result<_>>()?;
        let fits = |found: &String| found.starts_with(start) && found.ends_with(end);
        ensure!(names.iter().any(fits), "{source}");
    }
    Ok(())
}

#[test]
fn the_mac_bundle_is_put_together_and_named_by_the_version() -> Result<()> {
    let folder = tempfile::tempdir()?;
    run(Command::new(project("agent/packaging/macos/build")).arg("bundle").arg(binary()?).arg(folder.path()))?;
    let contents = folder.path().join("Company Portal (emulator).app/Contents");
    let plist = std::fs::read_to_string(contents.join("Info.plist"))?;
    let version = format!("<key>CFBundleShortVersionString</key><string>{}</string>", env!("CARGO_PKG_VERSION"));
    ensure!(plist.contains(&version) && !plist.contains('@'), "{plist}");
    run(Command::new(contents.join("MacOS/portal-agent")).arg("--version"))?;
    for file in ["company-portal.icns", "scenarios/FORMAT.md", "scripts/denied-walk.yaml"] {
        ensure!(contents.join("Resources").join(file).exists(), "{file}");
    }

    let archive = folder.path().join("source.tar.gz");
    std::fs::write(&archive, "abc")?;
    let mut formula = Command::new(project("agent/packaging/macos/build"));
    let formula = run(formula.args(["formula", "https://example.org/source.tar.gz"]).arg(archive))?;
    ensure!(formula.contains("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), "{formula}");
    ensure!(formula.contains("url \"https://example.org/source.tar.gz\""), "{formula}");
    Ok(())
}
