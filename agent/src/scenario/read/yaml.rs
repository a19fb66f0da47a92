//! YAML as a tree in which every node and key knows its place, by the crate that decisions/0006 chose.
//!
//! Lives here: bytes to nodes, within limits of size, depth and expansion. Does not live here: what the nodes mean.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::options::MergeKeyPolicy;
use serde_saphyr::{Location, Options, Spanned};

use super::MAX_FILE_BYTES;
use super::diagnostic::{FileProblem, SourceSpan};
use crate::input_file;

/// How deep nodes may nest; a scenario needs about ten.
const MAX_DEPTH: usize = 32;
/// How many nodes a file may have, what its aliases expand to among them.
const MAX_NODES: usize = 100_000;
/// How many scenarios a file may have.
const MAX_DOCUMENTS: usize = 1000;

/// A node of the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct YamlNode {
    /// Where it is written.
    pub place: SourceSpan,
    /// What it holds.
    pub kind: YamlNodeKind,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub enum YamlNodeKind {
    /// Null, a truth value, a number or text.
    Scalar(YamlScalar),
    List(Vec<YamlNode>),
    /// Members, in order.
    Map(Vec<(YamlKey, YamlNode)>),
}

/// A scalar: as it reads, and as it is written (`16.10` and `16.1` are one number and two versions).
#[derive(Debug, Clone, PartialEq)]
pub struct YamlScalar {
    /// As JSON has it.
    pub value: Value,
    /// The text; of a quoted one, what stands between the quotes.
    pub text: String,
}

/// A member's name.
#[derive(Debug, Clone, PartialEq)]
pub struct YamlKey {
    /// Where it is written.
    pub place: SourceSpan,
    pub name: String,
}

impl YamlNode {
    /// A scalar's text; none of null, a list or members.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            YamlNodeKind::Scalar(scalar) if !scalar.value.is_null() => Some(&scalar.text),
            _ => None,
        }
    }

    /// Whether it is null or empty.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, YamlNodeKind::Scalar(scalar) if scalar.value.is_null())
    }

    /// The node as JSON.
    pub fn json(&self) -> Value {
        match &self.kind {
            YamlNodeKind::Scalar(scalar) => scalar.value.clone(),
            YamlNodeKind::List(nodes) => Value::Array(nodes.iter().map(Self::json).collect()),
            YamlNodeKind::Map(members) => {
                let members = members.iter().map(|(key, node)| (key.name.clone(), node.json()));
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }

    /// How many nodes it is.
    pub fn count(&self) -> usize {
        match &self.kind {
            YamlNodeKind::Scalar(_) => 1,
            YamlNodeKind::List(nodes) => nodes.iter().map(Self::count).sum::<usize>() + 1,
            YamlNodeKind::Map(members) => members.iter().map(|(_, node)| node.count()).sum::<usize>() + 1,
        }
    }

    /// About how many bytes of memory a copy takes.
    pub fn size(&self) -> usize {
        let inner = match &self.kind {
            YamlNodeKind::Scalar(scalar) => scalar.text.len(),
            YamlNodeKind::List(nodes) => nodes.iter().map(Self::size).sum(),
            YamlNodeKind::Map(members) => members.iter().map(|(key, node)| key.name.len() + node.size()).sum(),
        };
        size_of::<Self>() + inner
    }

    /// What kind of node it is, for a sentence.
    pub fn kind_in_words(&self) -> &'static str {
        match &self.kind {
            YamlNodeKind::Scalar(scalar) => match scalar.value {
                Value::Null => "nothing",
                Value::Bool(_) => "a truth value",
                Value::Number(_) => "a number",
                _ => "text",
            },
            YamlNodeKind::List(_) => "a list",
            YamlNodeKind::Map(_) => "a set of members",
        }
    }
}

/// The node in one line, as YAML's flow style has it.
impl fmt::Display for YamlNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            YamlNodeKind::Scalar(scalar) if scalar.value.is_null() => f.write_str("~"),
            YamlNodeKind::Scalar(scalar) => f.write_str(scalar.text.trim_end()),
            YamlNodeKind::List(nodes) => {
                f.write_str("[")?;
                for (index, node) in nodes.iter().enumerate() {
                    write!(f, "{}{node}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            YamlNodeKind::Map(members) => {
                f.write_str("{")?;
                for (index, (key, node)) in members.iter().enumerate() {
                    write!(f, "{}{}: {node}", if index == 0 { "" } else { ", " }, key.name)?;
                }
                f.write_str("}")
            }
        }
    }
}

/// Reads a file's documents; empty ones are left out.
///
/// # Errors
/// The one place at which the file is not YAML, or passes a limit.
pub fn documents(bytes: &[u8]) -> Result<Vec<YamlNode>, FileProblem> {
    if bytes.len() > MAX_FILE_BYTES {
        let message = format!("the file has {} bytes; a scenario file has at most {MAX_FILE_BYTES}", bytes.len());
        return Err(FileProblem::of_file(message, "split it into several files"));
    }
    if input_file::is_utf16(bytes) {
        return Err(FileProblem::of_file("the file is UTF-16, which Windows tools call Unicode", "save it as UTF-8"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))?;
    let written: Vec<RawNode> = serde_saphyr::from_multiple_with_options(text, options()).map_err(|e| not_yaml(&e))?;
    Ok(written.into_iter().map(|node| node.with_text_of(text)).collect())
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_documents: MAX_DOCUMENTS,
            max_aliases: 1000,
            max_anchors: 1000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_NODES,
        },
        // A merged key would stand at a place where nobody wrote it.
        merge_keys: MergeKeyPolicy::Error,
        // `focus: on` is a word here, and `true` a truth value.
        strict_booleans: true,
        ignore_binary_tag_for_string: true,
        reject_unsupported_tags: true,
    }
}

fn not_utf8(bytes: &[u8], good: usize) -> FileProblem {
    let before = &bytes[..good];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let column = String::from_utf8_lossy(&before[line_start..]).chars().count() + 1;
    let place = SourceSpan { line, column, length: 1 };
    FileProblem::new(place, "the file is not UTF-8 from here on", "save it as UTF-8")
}

fn not_yaml(error: &serde_saphyr::Error) -> FileProblem {
    let place = error.location().map(place).unwrap_or_default();
    let sentence = error.without_snippet().to_string();
    let sentence = sentence.split(" at line ").next().unwrap_or(&sentence);
    let (message, hint) = in_our_words(sentence);
    FileProblem::new(place, message, hint)
}

fn in_our_words(sentence: &str) -> (String, &'static str) {
    // The library's own sentence is only looked at: it names things that nobody who writes a scenario has heard of,
    // and another version of it may say them otherwise.
    if let Some(key) = sentence.strip_prefix("duplicate mapping key: ") {
        let key = key.split(", set ").next().unwrap_or(key);
        return (format!("the key {key:?} stands here twice"), "leave one of them out");
    }
    let known = KNOWN.iter().find(|(part, ..)| sentence.contains(part));
    let (message, hint) = known.map_or(("the file is not YAML from here on", ""), |(_, message, hint)| (message, hint));
    (message.to_owned(), hint)
}

/// Parts of the library's sentences, the more special ones first, with what they mean to whoever wrote the file.
const KNOWN: &[(&str, &str, &str)] = &[
    ("Depth", "the file nests deeper than a scenario needs", LIMITS),
    ("recursion limit", "the file nests deeper than a scenario needs", LIMITS),
    ("alias replay limit", "the aliases of the file expand to too much", LIMITS),
    ("alias expansion limit", "the aliases of the file expand to too much", LIMITS),
    ("RecordedAnchor", "the aliases of the file expand to too much", LIMITS),
    ("Alias", "the file has too many aliases", LIMITS),
    ("Anchors", "the file has too many anchors", LIMITS),
    ("Documents", "the file has too many documents", LIMITS),
    ("budget breached", "the file has more nodes than a scenario file may have", LIMITS),
    ("limit", "the file is larger than a scenario file may be", LIMITS),
    (
        "unknown anchor",
        "this alias names an unknown anchor: no &name before it",
        "write the value out, or mark it with &name",
    ),
    ("merge", "a merge key (<<) is not read here", "write the members out"),
    ("tab", "a tab stands where YAML takes spaces alone", "indent with spaces"),
    ("byte order mark", "a byte order mark stands within the file", "leave it out"),
    ("BOM", "a byte order mark stands within the file", "leave it out"),
    ("escape", "a \\ in quotation marks begins nothing that YAML knows", "write \\\\, or use single quotation marks"),
    ("surrogate", "a \\u in quotation marks is no character", "write the character itself"),
    (
        "quote",
        "a quotation mark is not closed, or text follows one that is",
        "close it, or double those within single ones",
    ),
    (
        "quoted scalar",
        "a quotation mark is not closed, or text follows one that is",
        "close it, or double those within single ones",
    ),
    ("bracket", "a bracket is not closed, or closes nothing", "each [ needs a ], and each { a }"),
    ("flow", "a bracket is not closed, or a comma is missing between its parts", "each [ needs a ], and each { a }"),
    ("%YAML", "a directive (%) is not read here", "leave it out"),
    ("directive", "a directive (%) is not read here", "leave it out"),
    ("tag", "a tag (!) is not read here", "leave it out, or put the text in quotation marks"),
    (
        "mapping values are not allowed",
        "a second colon with a space behind it stands in one value",
        "put the value in quotation marks",
    ),
    (
        "indent",
        "this line is indented otherwise than those it belongs to",
        "give the lines of one list or set the same indent",
    ),
    ("block sequence", "this is no entry of the list that began above", "each entry begins with a dash, at one indent"),
    ("block mapping", "this is no member of the set that began above", "a member is a name, a colon and a value"),
    ("simple key", "a name without a colon behind it stands here", "a member is a name, a colon and a value"),
    ("block scalar", "the text behind | or > does not begin as YAML has it", "begin it on a line of its own, indented"),
    ("eof", "the file ends in the middle of something", "look for a bracket or a quotation mark that is not closed"),
    ("end of", "the file ends in the middle of something", "look for a bracket or a quotation mark that is not closed"),
    (
        "string",
        "this is text where something else is needed, or something else where text is",
        "put it in quotation marks",
    ),
];

const LIMITS: &str = "a scenario file nests at most 32 deep and has at most 100,000 nodes, aliases expanded";

fn place(location: Location) -> SourceSpan {
    let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    SourceSpan { line: whole(location.line()), column: whole(location.column()), length: whole(location.span().len()) }
}

/// A node as the library gives it: where it is written, and where the text of its scalars is found.
struct RawNode {
    place: SourceSpan,
    bytes: Option<(usize, usize)>,
    kind: RawNodeKind,
}

enum RawNodeKind {
    Scalar(Value),
    List(Vec<RawNode>),
    Map(Vec<(Spanned<String>, RawNode)>),
}

impl RawNode {
    /// The node, its scalars with their text. The parser bounds the depth.
    fn with_text_of(self, source: &str) -> YamlNode {
        let kind = match self.kind {
            RawNodeKind::Scalar(value) => {
                let written = self.bytes.and_then(|(from, length)| source.get(from..from + length));
                let text = match (&value, written) {
                    (Value::String(text), _) => text.clone(),
                    (value, None) => value.to_string(),
                    (_, Some(written)) => written.to_owned(),
                };
                YamlNodeKind::Scalar(YamlScalar { value, text })
            }
            RawNodeKind::List(nodes) => {
                YamlNodeKind::List(nodes.into_iter().map(|node| node.with_text_of(source)).collect())
            }
            RawNodeKind::Map(members) => {
                let member = |(key, node): (Spanned<String>, Self)| {
                    (YamlKey { place: place(key.referenced), name: key.value }, node.with_text_of(source))
                };
                YamlNodeKind::Map(members.into_iter().map(member).collect())
            }
        };
        YamlNode { place: self.place, kind }
    }
}

impl<'de> Deserialize<'de> for RawNode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<RawNodeKind>::deserialize(deserializer)?;
        let span = spanned.defined.span();
        let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let bytes = span.byte_offset().zip(span.byte_len()).map(|(from, length)| (whole(from), whole(length)));
        Ok(Self { place: place(spanned.referenced), bytes, kind: spanned.value })
    }
}

impl<'de> Deserialize<'de> for RawNodeKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyKind)
    }
}

struct AnyKind;

impl AnyKind {
    fn number<E>(number: impl Into<Number>) -> Result<RawNodeKind, E> {
        Ok(RawNodeKind::Scalar(Value::Number(number.into())))
    }
}

impl<'de> Visitor<'de> for AnyKind {
    type Value = RawNodeKind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scalar, a list or members")
    }

    fn visit_bool<E>(self, value: bool) -> Result<RawNodeKind, E> {
        Ok(RawNodeKind::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<RawNodeKind, E> {
        Self::number(value)
    }

    fn visit_u64<E>(self, value: u64) -> Result<RawNodeKind, E> {
        Self::number(value)
    }

    fn visit_f64<E>(self, value: f64) -> Result<RawNodeKind, E> {
        Ok(RawNodeKind::Scalar(Number::from_f64(value).map_or(Value::Null, Value::Number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<RawNodeKind, E> {
        Ok(RawNodeKind::Scalar(Value::String(value.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<RawNodeKind, E> {
        Ok(RawNodeKind::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<RawNodeKind, E> {
        Ok(RawNodeKind::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<RawNodeKind, D::Error> {
        RawNodeKind::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<RawNodeKind, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = access.next_element()? {
            nodes.push(node);
        }
        Ok(RawNodeKind::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<RawNodeKind, A::Error> {
        let mut members = Vec::new();
        while let Some(key) = access.next_key()? {
            members.push((key, access.next_value()?));
        }
        Ok(RawNodeKind::Map(members))
    }
}
