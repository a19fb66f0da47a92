//! What one name, section or code stands for: `facts apple-prompts-once`, `facts 4.1`, `facts C19.3`.
//!
//! Lives here: reading it, and what belongs to it. Does not live here: the tables.

use portal_contract::{Citation, Document, Prerequisite, RuleEvidence};
use portal_device::Rule;
use portal_device::behaviour::{self, BEHAVIOURS, DocumentedBehaviour};

use super::FactSelection;
use crate::cli::CommandFailure;

/// How alike two names must be, of 1, for one to be taken for the other.
const ALIKE: f64 = 0.5;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FactQuery {
    Rule(Rule),
    Section(&'static str),
    Behaviour(&'static DocumentedBehaviour),
    Document(&'static Document),
    Quote(Citation),
}

impl FactQuery {
    /// Reads it; `facts 4.1` is as good as `4.1`.
    ///
    /// # Errors
    /// Nothing has that name.
    pub fn read(written: &str) -> Result<Self, CommandFailure> {
        let text = written.trim();
        let text = text.strip_prefix("facts ").unwrap_or(text).trim();
        let found = rule(text)
            .map(Self::Rule)
            .or_else(|| DocumentedBehaviour::find(text).map(Self::Behaviour))
            .or_else(|| section(text).map(Self::Section))
            .or_else(|| Document::find(text).map(Self::Document))
            .or_else(|| quote(text).map(Self::Quote));
        found.ok_or_else(|| {
            let message = format!("there is no rule, section or document {text:?}");
            CommandFailure::configuration(message, hint(text))
        })
    }

    /// What belongs to it.
    pub fn found(self) -> FactSelection {
        let cites =
            |evidence: &RuleEvidence, is_meant: &dyn Fn(&Citation) -> bool| evidence.citations.iter().any(is_meant);
        let resting_on = |is_meant: &dyn Fn(&Citation) -> bool| FactSelection {
            rules: Rule::ALL.iter().copied().filter(|rule| cites(&rule.about().evidence, is_meant)).collect(),
            behaviours: BEHAVIOURS.iter().filter(|one| cites(&one.evidence, is_meant)).collect(),
            document: None,
        };
        match self {
            Self::Rule(rule) => FactSelection { rules: vec![rule], ..FactSelection::default() },
            Self::Behaviour(behaviour) => FactSelection { behaviours: vec![behaviour], ..FactSelection::default() },
            Self::Section(section) => FactSelection {
                rules: Rule::ALL.iter().copied().filter(|rule| rule.section() == section).collect(),
                behaviours: BEHAVIOURS.iter().filter(|behaviour| behaviour.section() == section).collect(),
                document: None,
            },
            Self::Document(document) => FactSelection {
                document: Some((document, None)),
                ..resting_on(&|citation| citation.document.code == document.code)
            },
            Self::Quote(quote) => FactSelection {
                document: Some((quote.document, Some(quote))),
                ..resting_on(&|citation| *citation == quote)
            },
        }
    }
}

fn rule(text: &str) -> Option<Rule> {
    let by_name = Rule::ALL.iter().copied().find(|rule| rule.about().name.eq_ignore_ascii_case(text));
    let code = || Prerequisite::ALL.iter().copied().find(|code| code.code().eq_ignore_ascii_case(text));
    by_name.or_else(|| code().map(Rule::behind))
}

fn sections() -> impl Iterator<Item = &'static str> {
    let of_rules = Rule::ALL.iter().map(|rule| rule.section());
    behaviour::SECTIONS.iter().map(|(section, _)| *section).chain(of_rules)
}

fn section(text: &str) -> Option<&'static str> {
    sections().find(|section| *section == text)
}

fn quote(text: &str) -> Option<Citation> {
    let (code, number) = text.rsplit_once('.')?;
    let (document, number) = (Document::find(code)?, number.parse().ok()?);
    let citation = Citation { document, number: Some(number) };
    citation.text().is_some().then_some(citation)
}

fn hint(text: &str) -> String {
    if let Some(document) = text.rsplit_once('.').and_then(|(code, _)| Document::find(code)) {
        let quotes = document.quotes.len();
        return format!("{} has quotes 1 to {quotes}: facts {}", document.code, document.code);
    }
    let names = Rule::ALL.iter().map(|rule| rule.about().name);
    let codes = Prerequisite::ALL.iter().copied().map(Prerequisite::code);
    let documents = Document::all().map(|document| document.code);
    let known: Vec<&str> = names.chain(codes).chain(documents).chain(sections()).collect();
    let likeness = |name: &str| strsim::normalized_damerau_levenshtein(&name.to_lowercase(), &text.to_lowercase());
    let nearest = known.into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match nearest.filter(|nearest| likeness(nearest) >= ALIKE) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => "portal-agent facts lists every rule".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(query: &str) -> (usize, usize) {
        let found = FactQuery::read(query).unwrap().found();
        (found.rules.len(), found.behaviours.len())
    }

    #[test]
    fn names_codes_and_sections_are_found_in_any_case() {
        assert_eq!(FactQuery::read("apple-prompts-once").unwrap(), FactQuery::Rule(Rule::ApplePromptsOnce));
        assert_eq!(FactQuery::read("NOTIFICATIONSpermitted").unwrap(), FactQuery::Rule(Rule::NotificationsPermitted));
        assert_eq!(FactQuery::read("facts 4.1").unwrap(), FactQuery::Section("4.1"));
        assert!(matches!(FactQuery::read("4.1.4").unwrap(), FactQuery::Behaviour(one) if one.id == "4.1.4"));
        assert!(matches!(FactQuery::read("c19").unwrap(), FactQuery::Document(one) if one.code == "C19"));
        assert!(matches!(FactQuery::read("apple-tn2265").unwrap(), FactQuery::Document(one) if one.code == "Tn"));
        assert!(matches!(FactQuery::read("c19.3").unwrap(), FactQuery::Quote(one) if one.code() == "C19.3"));
    }

    #[test]
    fn what_rests_on_a_quote_is_found_with_it() {
        assert_eq!(counts("C19.3"), (1, 2));
        assert_eq!(counts("1.3"), (0, 2));
        assert_eq!(counts("3"), (2, 1));
    }

    #[test]
    fn what_nothing_is_named_gets_a_hint() {
        let hint = |query: &str| match FactQuery::read(query) {
            Err(CommandFailure::Configuration(error)) => error.hint,
            other => panic!("{other:?}"),
        };
        assert_eq!(hint("apple-prompt-once"), "did you mean apple-prompts-once?");
        assert_eq!(hint("C19.99"), "C19 has quotes 1 to 17: facts C19");
        assert_eq!(hint("xyzzyxyzzy"), "portal-agent facts lists every rule");
    }
}
