//! Matrices: a scenario's axes, their combinations, and the scenario as one combination has it.
//!
//! Lives here: `matrix`, `exclude`, `${axis}`, and `when`, anywhere in a scenario. Does not live here: what a step means.

use super::super::model::MatrixCombination;
use super::diagnostic::ProblemList;
use super::members::{NodeMembers, list, shown};
use super::words::meant;
use super::yaml::{YamlKey, YamlNode, YamlNodeKind, YamlScalar};

/// How many cases one scenario may have.
const MAX_CASES: usize = 5000;
/// How many axes a matrix may have.
const MAX_AXES: usize = 32;
/// How many comparisons `exclude` may take in all.
const MAX_COMPARISONS: usize = 10_000_000;

/// What a node costs beside its text, in bytes.
const NODE_COST: usize = 64;

/// An axis: its name, and its values by name.
#[derive(Debug, Clone)]
struct MatrixAxis {
    name: String,
    values: Vec<(String, YamlNode)>,
}

/// A scenario's axes and the combinations that are left out.
#[derive(Debug, Clone, Default)]
pub struct CaseMatrix {
    axes: Vec<MatrixAxis>,
    exclude: Vec<YamlNode>,
}

/// One value of each axis.
#[derive(Debug, Clone, Default)]
pub struct ChosenValues<'a>(Vec<(&'a str, &'a str, &'a YamlNode)>);

impl CaseMatrix {
    /// Reads `matrix` and `exclude`.
    pub fn read(matrix: Option<&YamlNode>, exclude: Option<&YamlNode>, problems: &mut ProblemList) -> Self {
        let mut read = Self::default();
        if let Some(mut members) = matrix.and_then(|node| NodeMembers::of(node, "matrix", problems)) {
            read.axes = members.take_rest().into_iter().filter_map(|(key, node)| axis(key, node, problems)).collect();
        }
        for condition in exclude.map(list).unwrap_or_default() {
            read.check(condition, "exclude", problems);
            read.exclude.push(condition.clone());
        }
        let cases = read.axes.iter().map(|axis| axis.values.len()).try_fold(1_usize, usize::checked_mul);
        let place = matrix.map(|node| node.place).unwrap_or_default();
        if cases.is_none_or(|cases| cases > MAX_CASES) || read.axes.len() > MAX_AXES {
            let message = format!("the matrix has more than {MAX_CASES} combinations, or more than {MAX_AXES} axes");
            problems.add(place, message, "split the scenario");
            // Nothing is multiplied out: a small file may name gigabytes of cases, and one mistake is to be told, not
            // a thousand.
            read.axes.clear();
        }
        let conditions: usize = read.exclude.iter().map(YamlNode::count).sum();
        if conditions.saturating_mul(cases.unwrap_or_default()) > MAX_COMPARISONS {
            let message = format!("exclude has {conditions} parts, each looked at for every combination");
            problems.add(exclude.map(|node| node.place).unwrap_or_default(), message, "split the scenario");
            read.exclude.clear();
        }
        read
    }

    /// Every combination that is not excluded, the last axis turning fastest.
    pub fn combinations<'a>(&'a self) -> Vec<ChosenValues<'a>> {
        let mut combinations: Vec<ChosenValues<'a>> = vec![ChosenValues::default()];
        for axis in &self.axes {
            let longer = |chosen: &ChosenValues<'a>| -> Vec<ChosenValues<'a>> {
                axis.values.iter().map(|(name, node)| chosen.with(&axis.name, name, node)).collect()
            };
            combinations = combinations.iter().flat_map(longer).collect();
        }
        combinations.retain(|chosen| !self.exclude.iter().any(|condition| chosen.meets(condition)));
        combinations
    }

    /// Whether `condition` names axes and values that there are.
    fn check(&self, condition: &YamlNode, what: &str, problems: &mut ProblemList) {
        if let YamlNodeKind::List(conditions) = &condition.kind {
            return conditions.iter().for_each(|condition| self.check(condition, what, problems));
        }
        let Some(mut members) = NodeMembers::of(condition, what, problems) else { return };
        for (key, values) in members.take_rest() {
            let Some(axis) = self.axes.iter().find(|axis| axis.name == key.name) else {
                let hint = self.axis_meant(&key.name);
                problems.add(key.place, format!("the matrix has no axis {:?}", key.name), hint);
                continue;
            };
            for value in list(negated(values).unwrap_or(values)) {
                axis.check_value(value, problems);
            }
        }
    }

    fn axis_meant(&self, written: &str) -> String {
        if self.axes.is_empty() {
            return "name it under matrix".to_owned();
        }
        meant(written, self.axes.iter().map(|axis| axis.name.as_str()))
    }

    /// Checks every `when` and `${…}` of a scenario, once for all combinations.
    pub fn check_all(&self, node: &YamlNode, problems: &mut ProblemList) {
        match &node.kind {
            YamlNodeKind::Scalar(scalar) => self.check_placeholders(node, &scalar.text, problems),
            YamlNodeKind::List(nodes) => nodes.iter().for_each(|node| self.check_all(node, problems)),
            YamlNodeKind::Map(members) => {
                for (key, node) in members {
                    match key.name.as_str() {
                        "when" => self.check(node, "when", problems),
                        _ => self.check_all(node, problems),
                    }
                }
            }
        }
    }

    fn check_placeholders(&self, node: &YamlNode, text: &str, problems: &mut ProblemList) {
        for name in placeholders(text) {
            let (wanted, path) = name.split_once('.').map_or((name, None), |(axis, path)| (axis, Some(path)));
            let Some(axis) = self.axes.iter().find(|known| known.name == wanted) else {
                let message = format!("{:?} names no axis of the matrix", format!("${{{name}}}"));
                problems.add(node.place, message, self.axis_meant(wanted));
                continue;
            };
            for (value, there) in &axis.values {
                if path.is_some_and(|path| member(there, path).is_none()) {
                    let message = format!("the value {value:?} of the axis {wanted:?} has no {:?}", path.unwrap_or(""));
                    problems.add(node.place, message, "every value of the axis needs it");
                }
            }
        }
    }
}

impl MatrixAxis {
    fn check_value(&self, value: &YamlNode, problems: &mut ProblemList) {
        let written = value.text().unwrap_or_default();
        if !self.values.iter().any(|(known, _)| known == written) {
            let message = format!("the axis {:?} has no value {}", self.name, shown(value));
            problems.add(value.place, message, meant(written, self.values.iter().map(|(known, _)| known.as_str())));
        }
    }
}

fn axis(key: &YamlKey, node: &YamlNode, problems: &mut ProblemList) -> Option<MatrixAxis> {
    let values: Vec<(String, YamlNode)> = match &node.kind {
        YamlNodeKind::Map(members) => members.iter().map(|(key, node)| (key.name.clone(), node.clone())).collect(),
        YamlNodeKind::List(nodes) => {
            let named = nodes.iter().map(|node| match node.text() {
                Some(name) => Some((name.to_owned(), node.clone())),
                None => {
                    let hint = "write the axis as members, each a name with its value";
                    problems.add(node.place, format!("a value of an axis is {}", node.kind_in_words()), hint);
                    None
                }
            });
            named.collect::<Option<_>>()?
        }
        YamlNodeKind::Scalar(_) => Vec::new(),
    };
    if values.is_empty() {
        problems.add(
            node.place,
            format!("the axis {:?} has no values", key.name),
            "a list of values, as in [ios, android]",
        );
        return None;
    }
    Some(MatrixAxis { name: key.name.clone(), values })
}

/// What stands in `{not: …}`.
fn negated(node: &YamlNode) -> Option<&YamlNode> {
    match &node.kind {
        YamlNodeKind::Map(members) if members.len() == 1 && members[0].0.name == "not" => Some(&members[0].1),
        _ => None,
    }
}

fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0))
}

impl<'a> ChosenValues<'a> {
    fn with(&self, axis: &'a str, name: &'a str, value: &'a YamlNode) -> Self {
        let mut longer = self.0.clone();
        longer.push((axis, name, value));
        Self(longer)
    }

    /// The names of the values, axis by axis.
    pub fn combination(&self) -> MatrixCombination {
        self.0.iter().map(|(axis, value, _)| ((*axis).to_owned(), (*value).to_owned())).collect()
    }

    /// Whether a condition holds: a list, where one of it holds; members, where every one does.
    fn meets(&self, condition: &YamlNode) -> bool {
        match &condition.kind {
            YamlNodeKind::List(conditions) => conditions.iter().any(|condition| self.meets(condition)),
            YamlNodeKind::Map(members) => members.iter().all(|(key, values)| {
                let Some((_, name, _)) = self.0.iter().find(|(axis, ..)| *axis == key.name) else { return false };
                let among = |values: &YamlNode| list(values).iter().any(|value| value.text() == Some(*name));
                negated(values).map_or_else(|| among(values), |values| !among(values))
            }),
            YamlNodeKind::Scalar(_) => false,
        }
    }

    /// The node as this combination has it: placeholders filled in, and what its `when` leaves out left out.
    ///
    /// Once the file's budget is spent it gives nothing more.
    pub fn resolve(&self, node: &YamlNode, problems: &mut ProblemList) -> Option<YamlNode> {
        if !problems.expand(node.place, NODE_COST) {
            return None;
        }
        let kind = match &node.kind {
            YamlNodeKind::Scalar(scalar) => return self.fill(node, scalar, problems),
            YamlNodeKind::List(nodes) => {
                YamlNodeKind::List(nodes.iter().filter_map(|node| self.resolve(node, problems)).collect())
            }
            YamlNodeKind::Map(members) => {
                let condition = members.iter().find(|(key, _)| key.name == "when");
                if let Some((_, condition)) = condition
                    && (!problems.expand(node.place, NODE_COST * condition.count()) || !self.meets(condition))
                {
                    return None;
                }
                let rest = members.iter().filter(|(key, _)| key.name != "when");
                let member = |(key, node): &(YamlKey, YamlNode)| {
                    problems.expand(key.place, key.name.len());
                    Some((key.clone(), self.resolve(node, problems)?))
                };
                let mut rest: Vec<(YamlKey, YamlNode)> = rest.filter_map(member).collect();
                if condition.is_some() && rest.len() == 1 && rest[0].0.name == "is" {
                    return rest.pop().map(|(_, node)| node);
                }
                YamlNodeKind::Map(rest)
            }
        };
        Some(YamlNode { place: node.place, kind })
    }

    /// A placeholder alone stands for the whole value; within a text, for its text.
    fn fill(&self, node: &YamlNode, scalar: &YamlScalar, problems: &mut ProblemList) -> Option<YamlNode> {
        let alone = scalar.text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        if let Some(value) = alone.and_then(|name| self.value(name)) {
            let may_be = problems.expand(node.place, value.size());
            return may_be.then(|| YamlNode { place: node.place, kind: value.kind.clone() });
        }
        // Charged before it is made, as everything that a file grows to: values that name each other double with each
        // mention.
        if !problems.expand(node.place, scalar.text.len()) {
            return None;
        }
        if !scalar.text.contains("${") {
            return Some(node.clone());
        }
        // Once through, from the left: what a value says is text, whatever it looks like.
        let (mut text, mut rest) = (String::new(), scalar.text.as_str());
        while let Some((before, after)) = rest.split_once("${") {
            text.push_str(before);
            let named = after.split_once('}').and_then(|(name, tail)| Some((self.value(name)?, tail)));
            match named {
                Some((value, _)) if !problems.expand(node.place, value.size()) => return None,
                Some((value, tail)) => {
                    text.push_str(&value.to_string());
                    rest = tail;
                }
                None => {
                    text.push_str("${");
                    rest = after;
                }
            }
        }
        text.push_str(rest);
        let kind = YamlNodeKind::Scalar(YamlScalar { value: text.clone().into(), text });
        Some(YamlNode { place: node.place, kind })
    }

    /// The value that a placeholder names: an axis, or a member of its value (`device.platform`).
    fn value(&self, name: &str) -> Option<&YamlNode> {
        let (axis, path) = name.split_once('.').map_or((name, None), |(axis, path)| (axis, Some(path)));
        let (_, _, value) = self.0.iter().find(|(known, ..)| *known == axis)?;
        path.map_or(Some(*value), |path| member(value, path))
    }
}

/// The member of a value that a path names.
fn member<'a>(value: &'a YamlNode, path: &str) -> Option<&'a YamlNode> {
    path.split('.').try_fold(value, |value, name| match &value.kind {
        YamlNodeKind::Map(members) => members.iter().find(|(key, _)| key.name == name).map(|(_, node)| node),
        _ => None,
    })
}
