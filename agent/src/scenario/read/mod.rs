//! Reading scenario files: bytes in, cases out, or everything that is wrong with its place.
//!
//! Lives here: a document's own members. Does not live here: each part of it (a file each), running.

mod changes;
mod diagnostic;
mod expect;
mod given;
mod grounds;
mod matrix;
mod members;
mod opened;
mod place;
mod push;
mod script;
mod status;
mod step;
#[cfg(test)]
mod tests;
mod vocabulary;
mod words;
mod yaml;

pub use changes::{row, spellings};
pub use diagnostic::{InvalidFile, ReportedProblem};
pub use given::{rules_by_settings, switch_names};
pub use opened::OpenedFile;
pub use script::{LONGEST_CAPTION, MOST_BEATS, read_script};
pub use vocabulary::Vocabulary;
pub use words::nearest;

/// The largest file in bytes; the largest that ships has under 20 KB.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;

use std::collections::BTreeSet;

use super::model::{ExpectationBasis, GivenDevice, ScenarioCase, ScenarioStep, StepAction};
use diagnostic::ProblemList;
use matrix::{CaseMatrix, ChosenValues};
use members::NodeMembers;
use place::SourceFile;
use yaml::YamlNode;

/// What a case costs beside its parts, in bytes.
const CASE_COST: usize = 1024;

/// Reads a file: its cases, in the order of the file.
///
/// # Errors
/// Everything that is wrong with the file, each thing once.
pub fn read(file: &str, bytes: &[u8]) -> Result<Vec<ScenarioCase>, InvalidFile> {
    OpenedFile::of(file, bytes)?.scenarios()
}

impl OpenedFile<'_> {
    /// Its cases, in the order of the file.
    ///
    /// # Errors
    /// Everything that is wrong with the file, each thing once.
    pub fn scenarios(&self) -> Result<Vec<ScenarioCase>, InvalidFile> {
        let places = SourceFile::of(self.name);
        let mut problems = ProblemList::default();
        if self.documents.is_empty() {
            problems.add(diagnostic::SourceSpan::default(), "the file holds no scenario", "name: and steps: make one");
        }
        let mut cases = Vec::new();
        let mut names = BTreeSet::new();
        for document in &self.documents {
            cases.extend(scenario(document, &places, &mut names, &mut problems));
        }
        match problems.in_order() {
            problems if problems.is_empty() => Ok(cases),
            problems => Err(self.wrong(problems)),
        }
    }
}

/// Reads the `device` blocks of a file alone, each by its scenario's name and the combination of its matrix: what follows of
/// them is nobody's business here, and need not be in the file.
///
/// # Errors
/// Everything that is wrong with these parts of the file.
pub fn devices(file: &str, bytes: &[u8]) -> Result<Vec<(String, GivenDevice)>, InvalidFile> {
    let opened = OpenedFile::of(file, bytes)?;
    let places = SourceFile::of(file);
    let mut problems = ProblemList::default();
    let mut devices = Vec::new();
    for document in &opened.documents {
        let Some(mut members) = NodeMembers::of(document, "a scenario", &mut problems) else { continue };
        let name = members.text("name", &mut problems).unwrap_or(file).to_owned();
        let matrix = CaseMatrix::read(members.take("matrix"), members.take("exclude"), &mut problems);
        let Some(block) = members.take("device") else { continue };
        for chosen in matrix.combinations() {
            let resolved = chosen.resolve(block, &mut problems);
            if let Some((device, _)) = given::device(resolved.as_ref(), &places, &mut problems) {
                devices.push((super::model::case_name(&name, &chosen.combination()), device));
            }
        }
    }
    if devices.is_empty() && problems.count() == 0 {
        problems.add(diagnostic::SourceSpan::default(), "the file has no device block", "device: {platform: ios}");
    }
    match problems.in_order() {
        problems if problems.is_empty() => Ok(devices),
        problems => Err(opened.wrong(problems)),
    }
}

/// Reads a document: a case for each combination of its matrix.
fn scenario(
    node: &YamlNode,
    places: &SourceFile,
    names: &mut BTreeSet<String>,
    problems: &mut ProblemList,
) -> Vec<ScenarioCase> {
    let Some(mut members) = NodeMembers::of(node, "a scenario", problems) else { return Vec::new() };
    let name = members.text("name", problems);
    match name {
        None => problems.add(node.place, "the scenario has no name", "name: says in a few words what must follow"),
        Some(name) if !names.insert(name.to_owned()) => {
            problems.add(
                node.place,
                format!("a second scenario of the file is named {name:?}"),
                "each has a name of its own",
            );
        }
        Some(_) => {}
    }
    let description = members.text("description", problems).map(str::to_owned);
    let matrix = CaseMatrix::read(members.take("matrix"), members.take("exclude"), problems);
    let grounds = grounds::take(&mut members, &ExpectationBasis::Documented(Vec::new()), problems);
    let parts =
        CaseParts { device: members.take("device"), given: members.take("given"), steps: members.take("steps") };
    members.end("a scenario", problems);
    let before = problems.count();
    for part in [parts.device, parts.given, parts.steps].into_iter().flatten() {
        // Before it is multiplied out: a mistake is told once, not once for each combination.
        matrix.check_all(part, problems);
    }
    if parts.steps.is_none() {
        problems.add(node.place, "the scenario has no steps", "steps: is what happens, in order");
    }
    if problems.count() > before {
        return Vec::new();
    }
    let combinations = matrix.combinations();
    if combinations.is_empty() {
        problems.add(node.place, "exclude leaves no combination of the matrix", "");
    }
    let head = ScenarioHead { name: name.unwrap_or_default(), description, grounds, node };
    let mut cases = Vec::new();
    for chosen in &combinations {
        if !problems.expand(node.place, CASE_COST) {
            break;
        }
        cases.extend(case(&head, &parts, chosen, places, problems));
    }
    cases
}

/// What every case of a scenario shares.
struct ScenarioHead<'a> {
    name: &'a str,
    description: Option<String>,
    grounds: ExpectationBasis,
    node: &'a YamlNode,
}

/// What a combination fills in.
struct CaseParts<'a> {
    device: Option<&'a YamlNode>,
    given: Option<&'a YamlNode>,
    steps: Option<&'a YamlNode>,
}

fn case(
    head: &ScenarioHead<'_>,
    parts: &CaseParts<'_>,
    chosen: &ChosenValues<'_>,
    places: &SourceFile,
    problems: &mut ProblemList,
) -> Option<ScenarioCase> {
    let mut resolve = |part: Option<&YamlNode>| part.and_then(|node| chosen.resolve(node, problems));
    let (device, given, steps) = (resolve(parts.device), resolve(parts.given), resolve(parts.steps));
    if problems.is_exhausted() {
        // What is cut off would be found wrong for that alone.
        return None;
    }
    let device = given::device(device.as_ref(), places, problems);
    let mut given = given::given(given.as_ref(), places, problems);
    let platform = device.as_ref().map(|(device, _)| device.platform);
    let steps = step::read_all(&steps?, platform, &head.grounds, places, problems);
    let (device, proved) = device?;
    given.splice(0..0, proved);
    Some(ScenarioCase {
        scenario: head.name.to_owned(),
        description: head.description.clone(),
        combination: chosen.combination(),
        at: places.at(head.node.place),
        grounds: head.grounds.clone(),
        facts: facts(&head.grounds, &steps),
        device,
        given,
        steps,
    })
}

/// Every fact that is named, once, in order.
fn facts(above: &ExpectationBasis, steps: &[ScenarioStep]) -> Vec<String> {
    let of_step = |step: &ScenarioStep| -> Vec<ExpectationBasis> {
        match &step.action {
            StepAction::Expect(expectations) => {
                expectations.iter().map(|expectation| expectation.grounds.clone()).collect()
            }
            StepAction::Change { refused: Some(refused), .. } => vec![refused.grounds.clone()],
            _ => Vec::new(),
        }
    };
    let mut facts: Vec<String> = Vec::new();
    for grounds in std::iter::once(above.clone()).chain(steps.iter().flat_map(of_step)) {
        let ExpectationBasis::Documented(named) = grounds else { continue };
        for fact in named {
            if !facts.contains(&fact) {
                facts.push(fact);
            }
        }
    }
    facts
}
