//! Checks of `status`: a member by its path, and the value that it must have.
//!
//! Lives here: reading `status: {…}` and `given: {…}`. Does not live here: what `status` says (`shared`).

use super::super::model::StatusCheck;
use super::diagnostic::{ProblemList, SourceSpan};
use super::members::NodeMembers;
use super::place::SourceFile;
use super::yaml::{YamlNode, YamlNodeKind};
use crate::control::condition::WaitCondition;

/// Reads checks: `promptsShown: 1`, `app.installed: true`, or nested, `app: {installed: true}`.
pub fn read(node: &YamlNode, places: &SourceFile, problems: &mut ProblemList) -> Vec<StatusCheck> {
    let mut checks = Vec::new();
    walk(node, &[], places, &mut checks, problems);
    checks
}

fn walk(
    node: &YamlNode,
    above: &[String],
    places: &SourceFile,
    checks: &mut Vec<StatusCheck>,
    problems: &mut ProblemList,
) {
    let Some(mut members) = NodeMembers::of(node, "status", problems) else { return };
    for (key, value) in members.take_rest() {
        let mut path = above.to_vec();
        path.extend(key.name.split('.').map(str::to_owned));
        match &value.kind {
            YamlNodeKind::Map(_) => walk(value, &path, places, checks, problems),
            _ if is_right(&path, key.place, problems) => {
                let value = value.json();
                checks.push(StatusCheck { at: places.at(key.place), path, value });
            }
            _ => {}
        }
    }
}

fn is_right(path: &[String], place: SourceSpan, problems: &mut ProblemList) -> bool {
    // Whether `status` has such a member is what `wait` asks too.
    let condition = WaitCondition::parse(&format!("{}=x", path.join(".")));
    if let Err(sentence) = &condition
        && !matches!(path, [one] if one == "permission" || one == "outcome")
    {
        problems.add(place, sentence.clone(), "portal-agent status --json shows the members");
    }
    condition.is_ok()
}
