//! A set of members, taken one by one: what is left over at the end is unknown.
//!
//! Lives here: taking members and saying which there are. Does not live here: what they mean.

use std::str::FromStr;
use std::time::Duration;

use super::diagnostic::{ProblemList, SourceSpan};
use super::words::meant;
use super::yaml::{YamlKey, YamlNode, YamlNodeKind};
use portal_contract::duration;

pub struct NodeMembers<'a> {
    /// Where the node stands.
    pub place: SourceSpan,
    left: Vec<&'a (YamlKey, YamlNode)>,
    known: Vec<&'static str>,
}

impl<'a> NodeMembers<'a> {
    /// The members of `node`, which is `what`; of nothing, none.
    pub fn of(node: &'a YamlNode, what: &str, problems: &mut ProblemList) -> Option<Self> {
        let left = match &node.kind {
            YamlNodeKind::Map(members) => members.iter().collect(),
            _ if node.is_null() => Vec::new(),
            _ => {
                problems.add(node.place, format!("{what} is {}, not a set of members", node.kind_in_words()), "");
                return None;
            }
        };
        Some(Self { place: node.place, left, known: Vec::new() })
    }

    /// Takes a member; none where it is absent or null.
    pub fn take(&mut self, name: &'static str) -> Option<&'a YamlNode> {
        self.take_with_key(name).map(|(_, node)| node).filter(|node| !node.is_null())
    }

    /// Takes a member with its key, null or not.
    pub fn take_with_key(&mut self, name: &'static str) -> Option<(&'a YamlKey, &'a YamlNode)> {
        self.known.push(name);
        let at = self.left.iter().position(|(key, _)| key.name == name)?;
        let (key, node) = self.left.remove(at);
        Some((key, node))
    }

    /// Takes whatever is left.
    pub fn take_rest(&mut self) -> Vec<(&'a YamlKey, &'a YamlNode)> {
        self.left.drain(..).map(|(key, node)| (key, node)).collect()
    }

    /// Takes a text.
    pub fn text(&mut self, name: &'static str, problems: &mut ProblemList) -> Option<&'a str> {
        let node = self.take(name)?;
        text(node, name, problems)
    }

    /// Takes a truth value; `on` and `off`, `yes` and `no` are ones too.
    pub fn truth(&mut self, name: &'static str, problems: &mut ProblemList) -> Option<bool> {
        let node = self.take(name)?;
        match node.text() {
            Some("true" | "on" | "yes") => Some(true),
            Some("false" | "off" | "no") => Some(false),
            _ => {
                problems.add(node.place, format!("{name} is {}", shown(node)), "true or false");
                None
            }
        }
    }

    /// Takes what reads from its text.
    pub fn parsed<T: FromStr>(&mut self, name: &'static str, problems: &mut ProblemList) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        let node = self.take(name)?;
        parsed(node, name, problems)
    }

    /// Takes a duration.
    pub fn duration(&mut self, name: &'static str, problems: &mut ProblemList) -> Option<Duration> {
        let node = self.take(name)?;
        read_duration(node, name, problems)
    }

    /// Everything that is left over is unknown.
    pub fn end(self, what: &str, problems: &mut ProblemList) {
        for (key, _) in self.left {
            problems.add(
                key.place,
                format!("{what} has no {:?}", key.name),
                meant(&key.name, self.known.iter().copied()),
            );
        }
    }
}

/// A node in an error: what is written there, cut where it is long.
pub fn shown(node: &YamlNode) -> String {
    match node.text() {
        Some(text) => format!("{:?}", text.chars().take(64).collect::<String>()),
        None => node.kind_in_words().to_owned(),
    }
}

/// A node's text.
pub fn text<'a>(node: &'a YamlNode, what: &str, problems: &mut ProblemList) -> Option<&'a str> {
    let text = node.text();
    if text.is_none() {
        problems.add(node.place, format!("{what} is {}, not text", node.kind_in_words()), "");
    }
    text
}

/// What reads from a node's text.
pub fn parsed<T: FromStr>(node: &YamlNode, what: &str, problems: &mut ProblemList) -> Option<T>
where
    T::Err: std::fmt::Display,
{
    match text(node, what, problems)?.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            problems.add(node.place, format!("{what} is not right: {error}"), "");
            None
        }
    }
}

/// A duration such as `4h`.
pub fn read_duration(node: &YamlNode, what: &str, problems: &mut ProblemList) -> Option<Duration> {
    let read = duration::parse(text(node, what, problems)?);
    read.map_err(|sentence| problems.add(node.place, format!("{what}: {sentence}"), "such as 90s, 4h, 1h30m or 2d"))
        .ok()
}

/// A list's nodes; a single node counts as a list of one.
pub fn list(node: &YamlNode) -> Vec<&YamlNode> {
    match &node.kind {
        YamlNodeKind::List(nodes) => nodes.iter().collect(),
        _ => vec![node],
    }
}

/// One of some words.
pub fn word<T: Copy>(node: &YamlNode, what: &str, words: &[(&str, T)], problems: &mut ProblemList) -> Option<T> {
    let written = node.text().unwrap_or_default();
    let found = words.iter().find(|(word, _)| *word == written).map(|(_, value)| *value);
    if found.is_none() {
        let right = words.iter().map(|(word, _)| *word);
        problems.add(node.place, format!("{what} is {}", shown(node)), meant(written, right));
    }
    found
}
