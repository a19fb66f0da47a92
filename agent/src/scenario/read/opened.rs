//! A file's YAML documents, before it is known what they say: scenarios, or a presenter's script.
//!
//! Lives here: what must hold of a file of either kind, and telling the kinds apart. Does not live here: what each says.

use super::diagnostic::{FileProblem, InvalidFile};
use super::yaml::{self, YamlNode, YamlNodeKind};

/// A file that is YAML.
#[derive(Debug)]
pub struct OpenedFile<'a> {
    pub(super) name: &'a str,
    bytes: &'a [u8],
    pub(super) documents: Vec<YamlNode>,
}

impl<'a> OpenedFile<'a> {
    /// Opens it.
    ///
    /// # Errors
    /// It is no YAML, or a key.
    pub fn of(name: &'a str, bytes: &'a [u8]) -> Result<Self, InvalidFile> {
        // The mark that Windows tools put first is no part of the text.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if bytes.trim_ascii_start().starts_with(b"-----BEGIN ") {
            let hint = "name a scenario file or a script file";
            let problem = FileProblem::of_file("the file is a certificate or a key", hint);
            // Without its lines: whoever names a key by mistake is not to see it printed.
            return Err(InvalidFile::new(name, b"", vec![problem]));
        }
        let documents = yaml::documents(bytes).map_err(|problem| InvalidFile::new(name, bytes, vec![problem]))?;
        Ok(Self { name, bytes, documents })
    }

    /// Whether it is a presenter's script: only those have beats.
    pub fn is_script(&self) -> bool {
        self.documents.iter().any(|document| match &document.kind {
            YamlNodeKind::Map(members) => members.iter().any(|(key, _)| key.name == "beats"),
            _ => false,
        })
    }

    /// The file with what is wrong with it.
    pub(super) fn wrong(&self, problems: Vec<FileProblem>) -> InvalidFile {
        InvalidFile::new(self.name, self.bytes, problems)
    }
}
