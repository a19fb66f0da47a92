//! The publishers' documents that the rules rest on: title, address, date, and the quotes that carry a rule.
//!
//! Lives here: the documents, one file a publisher, and how a quote is cited. Does not live here: which rule rests on which
//! quote (`portal_device`), and how far a quote supports it (`evidence`).

macro_rules! documents {
    ($publisher:ident $($code:ident {
        key: $key:literal,
        title: $title:literal,
        url: $url:expr,
        dated: $dated:expr,
        note: $note:literal,
        quotes: [$($quote:literal),* $(,)?],
    })+) => {
        use super::{Document, Publisher};

        $(
            #[allow(non_upper_case_globals, reason = "a document's code is spelled alike here, in rules and for people")]
            #[doc = $title]
            pub static $code: Document = Document {
                code: stringify!($code),
                key: $key,
                publisher: Publisher::$publisher,
                title: $title,
                url: $url,
                dated: $dated,
                note: $note,
                quotes: &[$($quote),*],
            };
        )+

        /// Every document of this publisher.
        pub(super) const ALL: &[&Document] = &[$(&$code),+];
    };
}

mod apple;
mod google;
mod microsoft;

use serde::{Deserialize, Serialize};
use strum::VariantArray;

use crate::device_state::OperatingSystem;

/// The documents by their codes, for [`citations!`](crate::citations).
pub mod codes {
    pub use super::apple::*;
    pub use super::google::*;
    pub use super::microsoft::*;
}

/// Who publishes a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, VariantArray)]
pub enum Publisher {
    /// Intune's and Graph's documentation: every platform.
    Microsoft,
    /// iOS, iPadOS and APNs.
    Apple,
    /// Android, its open source, and FCM.
    Google,
}

impl Publisher {
    /// Every publisher, in the order in which documents are listed.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The name.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether it documents `operating_system`.
    pub fn documents(self, operating_system: OperatingSystem) -> bool {
        match self {
            Self::Microsoft => true,
            Self::Apple => operating_system.is_apple(),
            Self::Google => !operating_system.is_apple(),
        }
    }
}

/// A document as it was read.
#[derive(Debug, PartialEq, Eq)]
pub struct Document {
    /// A short code, which citations begin with: `C19`.
    pub code: &'static str,
    /// A key that says what it is: `ms-custom-notifications-2019`.
    pub key: &'static str,
    /// Who publishes it.
    pub publisher: Publisher,
    /// Its title.
    pub title: &'static str,
    /// Its address; none where the text was read and no address of the publisher's was.
    pub url: Option<&'static str>,
    /// Its date, or the version of the system that it is about; none where it has neither.
    pub dated: Option<&'static str>,
    /// What else there is to say of how it was read; empty where there is nothing.
    pub note: &'static str,
    /// Verbatim quotes; `…` marks words left out.
    pub quotes: &'static [&'static str],
}

/// The documents of the custom notification page itself, with the year whose documentation they are.
const CUSTOM_NOTIFICATIONS: [(&Document, &str); 4] =
    [(&microsoft::C19, "2019"), (&microsoft::C20, "2023"), (&microsoft::C23, "2023"), (&microsoft::C25, "2025")];

impl Document {
    /// Every document, by publisher.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        [microsoft::ALL, apple::ALL, google::ALL].into_iter().flatten().copied()
    }

    /// The document with this code or key, in any case.
    pub fn find(code: &str) -> Option<&'static Self> {
        Self::all().find(|document| document.code.eq_ignore_ascii_case(code) || document.key.eq_ignore_ascii_case(code))
    }

    /// Whose year's documentation it is; none where it belongs to no year in particular.
    pub fn year(&self) -> Option<&'static str> {
        CUSTOM_NOTIFICATIONS.into_iter().find(|(document, _)| document.code == self.code).map(|(_, year)| year)
    }

    /// Title and date, as a person reads them.
    pub fn title_and_date(&self) -> String {
        match self.dated {
            Some(dated) => format!("{} ({dated})", self.title),
            None => self.title.to_owned(),
        }
    }
}

/// A quote of a document, or a document as a whole: where its silence is what something is derived from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Citation {
    /// The document.
    pub document: &'static Document,
    /// Which of its quotes, counted from 1.
    pub number: Option<usize>,
}

impl Citation {
    /// The quote with this number. It is only called where constants are made, so that a wrong number does not compile.
    pub const fn quote(document: &'static Document, number: usize) -> Self {
        assert!(number >= 1 && number <= document.quotes.len(), "the document has no quote with this number");
        Self { document, number: Some(number) }
    }

    /// The document as a whole.
    pub const fn whole(document: &'static Document) -> Self {
        Self { document, number: None }
    }

    /// As it is written: `C19.3`, or `C19`.
    pub fn code(&self) -> String {
        match self.number {
            Some(number) => format!("{}.{number}", self.document.code),
            None => self.document.code.to_owned(),
        }
    }

    /// The words.
    pub fn text(&self) -> Option<&'static str> {
        self.number.and_then(|number| self.document.quotes.get(number.checked_sub(1)?)).copied()
    }
}

/// Citations as they are written, `citations![C19.3 C23.3]`; one that no document has does not compile.
#[macro_export]
macro_rules! citations {
    (@one $code:ident) => { $crate::documents::Citation::whole(&$crate::documents::codes::$code) };
    (@one $code:ident $number:literal) => { $crate::documents::Citation::quote(&$crate::documents::codes::$code, $number) };
    ($($code:ident $(. $number:literal)?)*) => {
        const { &[$($crate::citations!(@one $code $($number)?)),*] as &[$crate::documents::Citation] }
    };
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_and_keys_are_unique_and_find_their_document() {
        let names: Vec<&str> = Document::all().flat_map(|document| [document.code, document.key]).collect();
        let unique: BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(unique.len(), names.len());
        for document in Document::all() {
            assert_eq!(Document::find(&document.code.to_lowercase()), Some(document));
            assert_eq!(Document::find(document.key), Some(document));
        }
        assert_eq!(Document::find("C99"), None);
    }

    #[test]
    fn documents_have_quotes_and_well_formed_addresses() {
        for document in Document::all() {
            assert!(!document.quotes.is_empty(), "{}", document.code);
            let quoted = document.quotes.iter().all(|quote| !quote.is_empty() && !quote.contains(['“', '”', '’']));
            assert!(quoted, "{}", document.code);
            let well_formed = |url: &str| url.starts_with("https://") && !url.contains(char::is_whitespace);
            assert!(document.url.is_none_or(well_formed), "{}", document.code);
        }
    }

    #[test]
    fn a_citation_is_written_as_it_is_read() {
        let [quote, whole] = citations![C19.3 C25] else { panic!() };
        assert_eq!((quote.code().as_str(), whole.code().as_str()), ("C19.3", "C25"));
        assert_eq!(
            quote.text(),
            Some("The Company Portal will prompt users to permit notifications anytime it's installed or updated.")
        );
        assert_eq!(whole.text(), None);
    }
}
