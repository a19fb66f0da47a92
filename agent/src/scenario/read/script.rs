//! A presenter's script: beats, each with a caption and the steps that it plays.
//!
//! Lives here: its own members. Does not live here: steps (`step`), playing it (`script_player`).

use std::collections::BTreeSet;

use super::super::model::{ExpectationBasis, PresenterScript, ScenarioCase, ScenarioStep, ScriptBeat, StepAction};
use super::diagnostic::{InvalidFile, ProblemList, SourceSpan};
use super::members::{NodeMembers, parsed};
use super::opened::OpenedFile;
use super::place::SourceFile;
use super::yaml::{YamlNode, YamlNodeKind};
use super::{given, step};
use portal_contract::OperatingSystem;

/// How many characters a caption has at most: it is read from the last row, in large letters.
pub const LONGEST_CAPTION: usize = 200;
/// How many beats a script has at most.
pub const MOST_BEATS: usize = 200;

/// Reads a script file.
///
/// # Errors
/// Everything that is wrong with the file, each thing once.
pub fn read_script(file: &str, bytes: &[u8]) -> Result<PresenterScript, InvalidFile> {
    OpenedFile::of(file, bytes)?.script()
}

impl OpenedFile<'_> {
    /// Its script.
    ///
    /// # Errors
    /// Everything that is wrong with the file, each thing once.
    pub fn script(&self) -> Result<PresenterScript, InvalidFile> {
        let mut problems = ProblemList::default();
        let script = match self.documents.as_slice() {
            [document] => script(document, &SourceFile::of(self.name), &mut problems),
            [] => {
                problems.add(SourceSpan::default(), "the file holds no script", "name: and beats: make one");
                None
            }
            [_, second, ..] => {
                problems.add(
                    second.place,
                    "a file holds one script, and this is a second document",
                    "put it into a file of its own",
                );
                None
            }
        };
        match (problems.in_order(), script) {
            (problems, Some(script)) if problems.is_empty() => Ok(script),
            (problems, _) => Err(self.wrong(problems)),
        }
    }
}

fn script(document: &YamlNode, places: &SourceFile, problems: &mut ProblemList) -> Option<PresenterScript> {
    let mut members = NodeMembers::of(document, "a script", problems)?;
    let name = members.text("name", problems);
    let description = members.text("description", problems).map(str::to_owned);
    let platform = members.take("platform").and_then(|node| parsed::<OperatingSystem>(node, "platform", problems));
    let beats = members.take("beats");
    members.end("a script", problems);
    if name.is_none() {
        problems.add(document.place, "the script has no name", "name: says in a few words what it shows");
    }
    let Some(beats) = beats else {
        problems.add(document.place, "the script has no beats", "beats: each has a caption and steps");
        return None;
    };
    let (beats, steps) = read_beats(beats, platform, places, problems)?;
    // As a scenario's would be; of a script it is the daemon's own.
    let (device, _) = given::device(None, places, problems)?;
    let case = ScenarioCase {
        scenario: name?.to_owned(),
        description,
        combination: Vec::new(),
        at: places.at(document.place),
        grounds: ExpectationBasis::Documented(Vec::new()),
        facts: Vec::new(),
        device,
        given: Vec::new(),
        steps,
    };
    Some(PresenterScript { case, beats })
}

fn read_beats(
    node: &YamlNode,
    platform: Option<OperatingSystem>,
    places: &SourceFile,
    problems: &mut ProblemList,
) -> Option<(Vec<ScriptBeat>, Vec<ScenarioStep>)> {
    let YamlNodeKind::List(nodes) = &node.kind else {
        let message = format!("beats is {}, not a list", node.kind_in_words());
        problems.add(node.place, message, "each beat begins with a dash");
        return None;
    };
    if nodes.is_empty() || nodes.len() > MOST_BEATS {
        problems.add(node.place, format!("the script has {} beats", nodes.len()), format!("1 to {MOST_BEATS}"));
        return None;
    }
    let (mut beats, mut all) = (Vec::new(), Vec::new());
    let mut captions = BTreeSet::new();
    let mut has_push = false;
    for node in nodes {
        let Some(mut members) = NodeMembers::of(node, "a beat", problems) else { continue };
        let caption = members.text("caption", problems);
        let steps = members.take("steps");
        members.end("a beat", problems);
        check_caption(caption, node, problems);
        if caption.is_some_and(|caption| !captions.insert(caption)) {
            problems.add(
                node.place,
                "a second beat has this caption",
                "by its caption an audience knows that it went on",
            );
        }
        let above = ExpectationBasis::Documented(Vec::new());
        let read = steps
            .map_or_else(Vec::new, |steps| step::read_more(steps, platform, &above, places, &mut has_push, problems));
        if read.iter().any(|step| matches!(step.action, StepAction::Restart)) {
            problems.add(node.place, "a script restarts no daemon", "leave restart out");
        }
        beats.push(ScriptBeat {
            caption: caption.unwrap_or_default().to_owned(),
            at: places.at(node.place),
            steps: all.len()..all.len() + read.len(),
        });
        all.extend(read);
    }
    Some((beats, all))
}

fn check_caption(caption: Option<&str>, node: &YamlNode, problems: &mut ProblemList) {
    match caption.map(|caption| caption.chars().count()) {
        None | Some(0) => problems.add(node.place, "the beat has no caption", "caption: is what the audience reads"),
        Some(count) if count > LONGEST_CAPTION => {
            let message = format!("the caption has {count} characters");
            problems.add(node.place, message, format!("at most {LONGEST_CAPTION}; make two beats of it"));
        }
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        read_script("s.yaml", text.as_bytes()).expect_err(text).show(false)
    }

    #[test]
    fn beats_have_captions_and_steps_and_follow_each_other() {
        let text = "name: n\nbeats:\n- caption: one\n- caption: two\n  steps: [push: {title: a}, advance: 1s]\n- caption: three\n  steps: [expect: presented]\n";
        let script = read_script("s.yaml", text.as_bytes()).unwrap_or_else(|wrong| panic!("{}", wrong.show(false)));
        let steps: Vec<_> = script.beats.iter().map(|beat| beat.steps.clone()).collect();
        assert_eq!(steps, [0..0, 0..2, 2..3]);
        assert_eq!((script.beats[1].at.line, script.case.steps.len()), (4, 3));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, message) in [
            ("", "the file holds no script"),
            ("name: n\n", "the script has no beats"),
            ("beats: [{caption: c}]\n", "the script has no name"),
            ("name: n\nbeats: []\n", "the script has 0 beats"),
            ("name: n\nbeats: [{steps: []}]\n", "the beat has no caption"),
            ("name: n\nbeats: [{caption: c, step: []}]\n", "a beat has no \"step\""),
            ("name: n\nbeats: [{caption: c, steps: [restart]}]\n", "a script restarts no daemon"),
            ("name: n\nbeats: [{caption: c, steps: [expect: presented]}]\n", "before any push"),
            ("name: n\nbeats: [{caption: c}, {caption: c}]\n", "a second beat has this caption"),
            ("name: n\nplatform: ios\nbeats: [{caption: c, steps: [device: doze on]}]\n", "has no device doze on"),
            ("name: n\nbeats: [{caption: c}]\n---\nname: m\n", "a second document"),
            ("-----BEGIN PRIVATE KEY-----\nabc\n", "a certificate or a key"),
        ] {
            let shown = wrong(text);
            assert!(shown.contains(message), "{text:?}: {shown}");
        }
        assert!(wrong("name: n\nbeats:\n- caption: c\n  steps:\n  - pusch:\n").contains("s.yaml:5"));
    }

    #[test]
    fn the_shipped_script_is_right() {
        let shipped = include_bytes!("../../../../config/scripts/denied-walk.yaml");
        let script = read_script("denied-walk.yaml", shipped).unwrap_or_else(|wrong| panic!("{}", wrong.show(false)));
        assert!(script.beats.len() >= 5);
    }
}
