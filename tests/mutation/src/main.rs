//! Changes the rules of the device on purpose, one at a time, and has the shipped scenarios judge each change: one that turns
//! none of them red is a rule that nobody watches.
//!
//! The mutations are a list by hand (`tests/mutation/list`): each is a text of a source file, what stands in its place, and
//! what that would mean to a tester. All of them are compiled into one binary, from a copy of the workspace under `target`, and
//! an environment variable chooses one. The crates that ship know nothing of it.
//!
//! Rejected: cargo-mutants, and operators over the syntax tree. Both make hundreds of changes that no tester would call a fault
//! (a log line less, a capacity), and each of those would want a reason by hand.
//!
//! Lives here: the command, from its arguments to its verdict. Does not live here: the list (`list`), how a text is changed
//! (`rewrite`), the copy and its build (`build`), trying one (`trial`).

mod build;
mod list;
mod rewrite;
mod trial;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use list::Mutation;
use trial::{Trial, TrialVerdict};

const USAGE: &str = "usage: tests/mutate [--sample | NAME…]";

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("tests/mutate: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether every mutation that is tried came out as the list says.
fn run() -> Result<bool> {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().context("the repository")?;
    let began = Instant::now();
    let all = list::read(&root.join("tests/mutation/list"))?;
    let chosen = choose(&all, &asked)?;
    let binary = build::build(&root, &all)?;
    let built = began.elapsed();

    let trials = Trial::new(&root, &binary)?.all(&chosen)?;
    let (mut killed, mut equivalent, mut wrong) = (0_usize, 0_usize, Vec::new());
    for (mutation, verdict) in chosen.iter().zip(&trials) {
        match (verdict, mutation.equivalent.as_deref()) {
            (TrialVerdict::Killed { .. }, None) => killed += 1,
            (TrialVerdict::Survived, Some(_)) => equivalent += 1,
            (TrialVerdict::Survived, None) => wrong.push(format!("survived: {}: {}", mutation.name, mutation.means)),
            (TrialVerdict::Killed { by }, Some(_)) => {
                wrong.push(format!("listed as equivalent, but noticed by {by}: {}", mutation.name));
            }
        }
        if let (TrialVerdict::Killed { by }, false) = (verdict, asked.is_empty() || asked[0] == "--sample") {
            println!("killed: {} by {by}", mutation.name);
        }
    }
    for line in &wrong {
        println!("{line}");
    }
    println!(
        "tests/mutate: {killed} of {} changes of the rules turned a shipped scenario red; {equivalent} more are equivalent \
         (built in {} s, tried in {} s)",
        chosen.len() - equivalent,
        built.as_secs(),
        (began.elapsed() - built).as_secs(),
    );
    Ok(wrong.is_empty())
}

fn choose<'a>(all: &'a [Mutation], asked: &[String]) -> Result<Vec<&'a Mutation>> {
    if asked.is_empty() {
        return Ok(all.iter().collect());
    }
    if asked == ["--sample"] {
        return Ok(all.iter().filter(|mutation| mutation.sample).collect());
    }
    let known: BTreeSet<&str> = all.iter().map(|mutation| mutation.name.as_str()).collect();
    if let Some(unknown) = asked.iter().find(|name| !known.contains(name.as_str())) {
        bail!("{unknown:?} is no mutation of the list\n{USAGE}");
    }
    Ok(all.iter().filter(|mutation| asked.contains(&mutation.name)).collect())
}
