//! Matrices: a scenario's axes, their combinations, and the scenario as one combination has it.
//!
//! Lives here: `matrix`, `exclude`, `${axis}`, and `when`, anywhere in a scenario. Does not live here: what a step means.

use super::super::model::Combination;
use super::diagnostic::Problems;
use super::members::{Members, list, shown};
use super::words::meant;
use super::yaml::{Key, Kind, Node, Scalar};

/// How many cases one scenario may have.
const MAX_CASES: usize = 5000;

/// An axis: its name, and its values by name.
#[derive(Debug, Clone)]
struct Axis {
    name: String,
    values: Vec<(String, Node)>,
}

/// A scenario's axes and the combinations that are left out.
#[derive(Debug, Clone, Default)]
pub struct Matrix {
    axes: Vec<Axis>,
    exclude: Vec<Node>,
}

/// One value of each axis.
#[derive(Debug, Clone, Default)]
pub struct Chosen<'a>(Vec<(&'a str, &'a str, &'a Node)>);

impl Matrix {
    /// Reads `matrix` and `exclude`.
    pub fn read(matrix: Option<&Node>, exclude: Option<&Node>, problems: &mut Problems) -> Self {
        let mut read = Self::default();
        if let Some(mut members) = matrix.and_then(|node| Members::of(node, "matrix", problems)) {
            read.axes = members.take_rest().into_iter().filter_map(|(key, node)| axis(key, node, problems)).collect();
        }
        for condition in exclude.map(list).unwrap_or_default() {
            read.check(condition, "exclude", problems);
            read.exclude.push(condition.clone());
        }
        let cases = read.axes.iter().map(|axis| axis.values.len()).try_fold(1_usize, usize::checked_mul);
        if cases.is_none_or(|cases| cases > MAX_CASES) {
            let message = format!("the matrix has more than {MAX_CASES} combinations");
            problems.add(matrix.map(|node| node.place).unwrap_or_default(), message, "split the scenario");
            read.axes.clear();
        }
        read
    }

    /// Every combination that is not excluded, the last axis turning fastest.
    pub fn combinations<'a>(&'a self) -> Vec<Chosen<'a>> {
        let mut combinations: Vec<Chosen<'a>> = vec![Chosen::default()];
        for axis in &self.axes {
            let longer = |chosen: &Chosen<'a>| -> Vec<Chosen<'a>> {
                axis.values.iter().map(|(name, node)| chosen.with(&axis.name, name, node)).collect()
            };
            combinations = combinations.iter().flat_map(longer).collect();
        }
        combinations.retain(|chosen| !self.exclude.iter().any(|condition| chosen.meets(condition)));
        combinations
    }

    /// Whether `condition` names axes and values that there are.
    fn check(&self, condition: &Node, what: &str, problems: &mut Problems) {
        if let Kind::List(conditions) = &condition.kind {
            return conditions.iter().for_each(|condition| self.check(condition, what, problems));
        }
        let Some(mut members) = Members::of(condition, what, problems) else { return };
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
    pub fn check_all(&self, node: &Node, problems: &mut Problems) {
        match &node.kind {
            Kind::Scalar(scalar) => self.check_placeholders(node, &scalar.text, problems),
            Kind::List(nodes) => nodes.iter().for_each(|node| self.check_all(node, problems)),
            Kind::Map(members) => {
                for (key, node) in members {
                    match key.name.as_str() {
                        "when" => self.check(node, "when", problems),
                        _ => self.check_all(node, problems),
                    }
                }
            }
        }
    }

    fn check_placeholders(&self, node: &Node, text: &str, problems: &mut Problems) {
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

impl Axis {
    fn check_value(&self, value: &Node, problems: &mut Problems) {
        let written = value.text().unwrap_or_default();
        if !self.values.iter().any(|(known, _)| known == written) {
            let message = format!("the axis {:?} has no value {}", self.name, shown(value));
            problems.add(value.place, message, meant(written, self.values.iter().map(|(known, _)| known.as_str())));
        }
    }
}

fn axis(key: &Key, node: &Node, problems: &mut Problems) -> Option<Axis> {
    let values: Vec<(String, Node)> = match &node.kind {
        Kind::Map(members) => members.iter().map(|(key, node)| (key.name.clone(), node.clone())).collect(),
        Kind::List(nodes) => {
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
        Kind::Scalar(_) => Vec::new(),
    };
    if values.is_empty() {
        problems.add(
            node.place,
            format!("the axis {:?} has no values", key.name),
            "a list of values, as in [ios, android]",
        );
        return None;
    }
    Some(Axis { name: key.name.clone(), values })
}

/// What stands in `{not: …}`.
fn negated(node: &Node) -> Option<&Node> {
    match &node.kind {
        Kind::Map(members) if members.len() == 1 && members[0].0.name == "not" => Some(&members[0].1),
        _ => None,
    }
}

fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0))
}

impl<'a> Chosen<'a> {
    fn with(&self, axis: &'a str, name: &'a str, value: &'a Node) -> Self {
        let mut longer = self.0.clone();
        longer.push((axis, name, value));
        Self(longer)
    }

    /// The names of the values, axis by axis.
    pub fn combination(&self) -> Combination {
        self.0.iter().map(|(axis, value, _)| ((*axis).to_owned(), (*value).to_owned())).collect()
    }

    /// Whether a condition holds: a list, where one of it holds; members, where every one does.
    fn meets(&self, condition: &Node) -> bool {
        match &condition.kind {
            Kind::List(conditions) => conditions.iter().any(|condition| self.meets(condition)),
            Kind::Map(members) => members.iter().all(|(key, values)| {
                let Some((_, name, _)) = self.0.iter().find(|(axis, ..)| *axis == key.name) else { return false };
                let among = |values: &Node| list(values).iter().any(|value| value.text() == Some(*name));
                negated(values).map_or_else(|| among(values), |values| !among(values))
            }),
            Kind::Scalar(_) => false,
        }
    }

    /// The node as this combination has it: placeholders filled in, and what its `when` leaves out left out.
    pub fn resolve(&self, node: &Node) -> Option<Node> {
        let kind = match &node.kind {
            Kind::Scalar(scalar) => return Some(self.fill(node, scalar)),
            Kind::List(nodes) => Kind::List(nodes.iter().filter_map(|node| self.resolve(node)).collect()),
            Kind::Map(members) => {
                let condition = members.iter().find(|(key, _)| key.name == "when");
                if condition.is_some_and(|(_, condition)| !self.meets(condition)) {
                    return None;
                }
                let rest = members.iter().filter(|(key, _)| key.name != "when");
                let member = |(key, node): &(Key, Node)| Some((key.clone(), self.resolve(node)?));
                let mut rest: Vec<(Key, Node)> = rest.filter_map(member).collect();
                if condition.is_some() && rest.len() == 1 && rest[0].0.name == "is" {
                    return rest.pop().map(|(_, node)| node);
                }
                Kind::Map(rest)
            }
        };
        Some(Node { place: node.place, kind })
    }

    /// A placeholder alone stands for the whole value; within a text, for its text.
    fn fill(&self, node: &Node, scalar: &Scalar) -> Node {
        let alone = scalar.text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        if let Some(value) = alone.and_then(|name| self.value(name)) {
            return Node { place: node.place, kind: value.kind.clone() };
        }
        if !scalar.text.contains("${") {
            return node.clone();
        }
        let mut text = scalar.text.clone();
        for name in placeholders(&scalar.text) {
            if let Some(value) = self.value(name) {
                text = text.replace(&format!("${{{name}}}"), &value.to_string());
            }
        }
        Node { place: node.place, kind: Kind::Scalar(Scalar { value: text.clone().into(), text }) }
    }

    /// The value that a placeholder names: an axis, or a member of its value (`device.platform`).
    fn value(&self, name: &str) -> Option<&Node> {
        let (axis, path) = name.split_once('.').map_or((name, None), |(axis, path)| (axis, Some(path)));
        let (_, _, value) = self.0.iter().find(|(known, ..)| *known == axis)?;
        path.map_or(Some(*value), |path| member(value, path))
    }
}

/// The member of a value that a path names.
fn member<'a>(value: &'a Node, path: &str) -> Option<&'a Node> {
    path.split('.').try_fold(value, |value, name| match &value.kind {
        Kind::Map(members) => members.iter().find(|(key, _)| key.name == name).map(|(_, node)| node),
        _ => None,
    })
}
