//! The copy of the workspace with every mutation in it, and its build.
//!
//! The copy stands in `target/mutation`, and is built into the same target directory with the same features as
//! `cargo build --workspace --all-targets` builds, so that no dependency is compiled a second time. Its binary has a name of its
//! own. A file that has not changed is not written again, so that cargo builds only what has.
//!
//! Lives here: what is copied, what is left out, and what is added. Does not live here: how a text is changed (`rewrite`).

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use toml::{Table, Value};

use crate::list::Mutation;
use crate::rewrite::rewrite;

/// The environment variable that chooses a mutation by its number.
pub const VARIABLE: &str = "PORTAL_MUTATION";
/// The binary's name.
const BINARY: &str = "portal-agent-mutated";
/// What the copy has of the workspace. `tests` has a manifest alone: with it the dependencies have the features that they have
/// where everything is built.
const COPIED: [&str; 3] = ["agent", "shared", "config"];
/// Folders that are left out: test targets, the tests beside the code, benchmarks.
const LEFT_OUT: [&str; 2] = ["tests", "benches"];
/// The member that is left out: this tool.
const TOOL: &str = "tests/mutation";

/// What each mutated crate gets: which mutation is chosen.
const MODULE: &str = r#"//! Which mutation is chosen.
use std::sync::OnceLock;

pub(crate) fn is(number: usize) -> bool {
    static CHOSEN: OnceLock<usize> = OnceLock::new();
    let read = || std::env::var("PORTAL_MUTATION").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    *CHOSEN.get_or_init(read) == number
}
"#;

/// Builds the binary that holds every mutation.
///
/// # Errors
/// A mutation whose old text does not stand in its source any more, or does not compile.
pub fn build(root: &Path, all: &[Mutation]) -> Result<PathBuf> {
    let target = root.join("target");
    let copy = target.join("mutation");
    let mut workspace: Table = toml::from_str(&fs::read_to_string(root.join("Cargo.toml"))?)?;
    let members = members(&mut workspace)?;
    let mut files = Files { root, copy: &copy, written: BTreeSet::new() };
    let mut mutated = mutated_sources(root, all)?;
    for folder in COPIED {
        files.copy_folder(Path::new(folder), &mut mutated)?;
    }
    if let Some(path) = mutated.keys().next() {
        bail!("{} is in no crate that is mutated", path.display());
    }
    for member in &members {
        files.manifest(Path::new(member))?;
    }
    files.write(Path::new("tests/src/lib.rs"), b"")?;
    files.workspace(&workspace)?;
    files.delete_others(&copy)?;

    let built = Command::new("cargo")
        .args(["build", "--quiet", "--offline", "--workspace", "--all-targets"])
        .arg("--target-dir")
        .arg(&target)
        .current_dir(&copy)
        .output()
        .context("cargo")?;
    ensure!(
        built.status.success(),
        "the mutated copy in {} does not compile:\n{}",
        copy.display(),
        String::from_utf8_lossy(&built.stderr)
    );
    Ok(target.join("debug").join(BINARY))
}

/// The members of the workspace in this manifest, which this tool is taken out of.
fn members(manifest: &mut Table) -> Result<Vec<String>> {
    let workspace = manifest.get_mut("workspace").and_then(Value::as_table_mut).context("the workspace")?;
    let members = workspace.get_mut("members").and_then(Value::as_array_mut).context("the workspace's members")?;
    members.retain(|member| member.as_str() != Some(TOOL));
    members.iter().map(|member| Ok(member.as_str().context("a member's path")?.to_owned())).collect()
}

/// The text of each source file that has mutations, and of each crate's root, which has the module that chooses.
fn mutated_sources(root: &Path, all: &[Mutation]) -> Result<BTreeMap<PathBuf, String>> {
    let mut of_files: BTreeMap<&Path, Vec<&Mutation>> = BTreeMap::new();
    for mutation in all {
        of_files.entry(&mutation.path).or_default().push(mutation);
    }
    let (mut sources, mut wrong) = (BTreeMap::new(), Vec::new());
    for (path, mutations) in of_files {
        let text = fs::read_to_string(root.join(path)).with_context(|| path.display().to_string())?;
        match rewrite(&text, &mutations) {
            Ok(text) => drop(sources.insert(path.to_owned(), text)),
            Err(error) => wrong.push(error.to_string()),
        }
    }
    ensure!(wrong.is_empty(), "the list of mutations is not true any more:\n{}", wrong.join("\n"));
    for name in ["contract", "delivery", "device"] {
        let path = PathBuf::from(format!("shared/{name}/src/lib.rs"));
        let text = match sources.remove(&path) {
            Some(text) => text,
            None => fs::read_to_string(root.join(&path))?,
        };
        sources.insert(path, format!("#![allow(warnings)]\n{text}\nmod mutant;\n"));
        sources.insert(PathBuf::from(format!("shared/{name}/src/mutant.rs")), MODULE.to_owned());
    }
    Ok(sources)
}

/// The files of the copy.
struct Files<'a> {
    root: &'a Path,
    copy: &'a Path,
    written: BTreeSet<PathBuf>,
}

impl Files<'_> {
    fn copy_folder(&mut self, folder: &Path, mutated: &mut BTreeMap<PathBuf, String>) -> Result<()> {
        for entry in fs::read_dir(self.root.join(folder)).with_context(|| folder.display().to_string())? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                if !LEFT_OUT.iter().any(|left_out| path.file_name() == Some(OsStr::new(left_out))) {
                    self.copy_folder(&path, mutated)?;
                }
            } else if path.file_name() != Some(OsStr::new("Cargo.toml")) {
                match mutated.remove(&path) {
                    Some(text) => self.write(&path, text.as_bytes())?,
                    None => self.write(&path, &fs::read(entry.path())?)?,
                }
            }
        }
        let added = folder.join("mutant.rs");
        if let Some(text) = mutated.remove(&added) {
            self.write(&added, text.as_bytes())?;
        }
        Ok(())
    }

    /// A member's manifest, without test targets and benchmarks, and with a name of its own for the binary.
    fn manifest(&mut self, member: &Path) -> Result<()> {
        let path = member.join("Cargo.toml");
        let mut manifest: Table = toml::from_str(&fs::read_to_string(self.root.join(&path))?)?;
        let package = manifest.get("package").and_then(|package| package.get("name")).cloned();
        manifest.remove("bench");
        let mut library = Table::new();
        library.insert("test".to_owned(), Value::Boolean(false));
        library.insert("bench".to_owned(), Value::Boolean(false));
        library.insert("doctest".to_owned(), Value::Boolean(false));
        if package == Some(Value::String("portal-agent".to_owned())) {
            let mut binary = library.clone();
            binary.remove("doctest");
            binary.insert("name".to_owned(), Value::String(BINARY.to_owned()));
            binary.insert("path".to_owned(), Value::String("src/main.rs".to_owned()));
            manifest.insert("bin".to_owned(), Value::Array(vec![Value::Table(binary)]));
        }
        manifest.insert("lib".to_owned(), Value::Table(library));
        self.write(&path, toml::to_string(&manifest)?.as_bytes())
    }

    /// The workspace's manifest and lock file.
    fn workspace(&mut self, manifest: &Table) -> Result<()> {
        self.write(Path::new("Cargo.toml"), toml::to_string(manifest)?.as_bytes())?;
        // cargo takes out of the copy what nobody needs there; the repository's decides on each version.
        let lock = Path::new("Cargo.lock");
        self.written.insert(self.copy.join(lock));
        if !self.copy.join(lock).exists() || is_newer(&self.root.join(lock), &self.copy.join(lock))? {
            fs::copy(self.root.join(lock), self.copy.join(lock))?;
        }
        Ok(())
    }

    fn write(&mut self, path: &Path, bytes: &[u8]) -> Result<()> {
        let path = self.copy.join(path);
        if fs::read(&path).ok().as_deref() != Some(bytes) {
            fs::create_dir_all(path.parent().context("a file in a folder")?)?;
            fs::write(&path, bytes)?;
        }
        self.written.insert(path);
        Ok(())
    }

    /// What an earlier build left and this one does not have.
    fn delete_others(&self, folder: &Path) -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                self.delete_others(&entry.path())?;
            } else if !self.written.contains(&entry.path()) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

fn is_newer(one: &Path, other: &Path) -> Result<bool> {
    Ok(fs::metadata(one)?.modified()? > fs::metadata(other)?.modified()?)
}
