//! How a person in another terminal calls this program, so that what is printed runs as pasted.
//!
//! Lives here: the program's name or path, the state directory beside it, and how a shell takes both. Does not live here: which
//! commands are suggested.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// The program's name where that name leads to it, else its path.
pub(crate) fn program() -> String {
    const NAME: &str = "portal-agent";
    let Ok(own) = std::env::current_exe() else { return NAME.to_owned() };
    let found = std::env::var_os("PATH").and_then(|path| first_on(&path, NAME));
    match found.filter(|found| is_same(found, &own)) {
        Some(_) => NAME.to_owned(),
        None => called(&own),
    }
}

/// The program for the daemon of a state directory, which a terminal finds by itself only where it is the default.
pub(crate) fn program_for(state_dir: &Path, default: Option<&Path>) -> String {
    let program = program();
    if default == Some(state_dir) {
        return program;
    }
    let whole = std::path::absolute(state_dir).unwrap_or_else(|_| state_dir.to_owned());
    format!("{program} --state-dir {}", quoted(&whole.display().to_string()))
}

/// The line after which a shell finds the daemon of this state directory.
pub(crate) fn export(state_dir: &Path) -> String {
    let quoted = quoted(&state_dir.display().to_string()).into_owned();
    if cfg!(windows) {
        format!("$env:PORTAL_AGENT_STATE_DIR = {quoted}")
    } else {
        format!("export PORTAL_AGENT_STATE_DIR={quoted}")
    }
}

/// A word as the shell takes it; one that no shell could take is shown as it is.
pub(crate) fn quoted(word: &str) -> Cow<'_, str> {
    if cfg!(windows) {
        return Cow::Owned(format!("'{}'", word.replace('\'', "''")));
    }
    shlex::try_quote(word).unwrap_or(Cow::Borrowed(word))
}

fn called(binary: &Path) -> String {
    let path = binary.display().to_string();
    // PowerShell takes a quoted word for a text, unless it is told to call it.
    if cfg!(windows) { format!("& {}", quoted(&path)) } else { quoted(&path).into_owned() }
}

fn first_on(path: &std::ffi::OsStr, name: &str) -> Option<PathBuf> {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(path).map(|folder| folder.join(&name)).find(|file| is_program(file))
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file()
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_what_a_shell_would_find_first() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
        for place in [&first, &second] {
            std::fs::create_dir(place).unwrap();
            std::fs::write(place.join("portal-agent"), "").unwrap();
        }
        let path = std::env::join_paths([&first, &second]).unwrap();
        assert_eq!(first_on(&path, "portal-agent"), None, "neither is a program");
        let program = second.join("portal-agent");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(first_on(&path, "portal-agent"), Some(program.clone()));
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&program, &link).unwrap();
        assert!(is_same(&link, &program) && !is_same(&first.join("portal-agent"), &program));
    }

    #[test]
    fn what_is_printed_survives_pasting() {
        let odd = Path::new("/tmp/it's here");
        assert!(export(odd).starts_with("export PORTAL_AGENT_STATE_DIR=") && export(odd).contains("it's here"));
        assert_eq!(shlex::split(&quoted("/tmp/it's here")), Some(vec!["/tmp/it's here".to_owned()]));
        assert!(program_for(odd, None).contains("--state-dir"));
        assert!(!program_for(odd, Some(odd)).contains("--state-dir"));
    }
}
