//! `facts` on a terminal: each rule with its documents by title and date; one alone with its quotes and addresses.
//!
//! Lives here: the lines. Does not live here: what is chosen (`super`).

use portal_contract::{Citation, Document, DocumentSource, RuleEvidence, SourceStatus};
use portal_device::{DocumentationYear, DocumentedBehaviour, Rule};

use super::{FactScope, FactSelection};
use crate::cli::page::{PageLine, TextPage};

pub fn page(found: &FactSelection, scope: &FactScope) -> TextPage {
    let mut page = TextPage::new();
    if let Some((document, quote)) = &found.document {
        add_document(document, *quote, &mut page);
    }
    for rule in &found.rules {
        let scope = scope.on(*rule);
        add_rule(*rule, &scope, &mut page);
        if found.is_one() {
            add_quotes(&rule.about().evidence, &scope, &mut page);
        }
    }
    for behaviour in &found.behaviours {
        let scope = scope.of_behaviour(behaviour);
        add_behaviour(behaviour, &scope, &mut page);
        if found.is_one() {
            add_quotes(&behaviour.evidence, &scope, &mut page);
        }
    }
    page
}

fn add_rule(rule: Rule, scope: &FactScope, page: &mut TextPage) {
    let about = rule.about();
    let years: Vec<&str> = about.profiles.iter().map(|profile| profile.year()).collect();
    let years = years.join(", ");
    page.push(PageLine::new().strong(about.name).dim(format!(
        "  {}  {}  {years}",
        about.source,
        about.platforms.words()
    )));
    page.push(PageLine::new().plain(format!("  {}", about.says)));
    add_evidence(&about.evidence, scope, page);
    if !about.setting.is_empty() {
        page.push(PageLine::new().dim(format!("  to choose otherwise: {}", about.setting)));
    }
}

fn add_behaviour(behaviour: &DocumentedBehaviour, scope: &FactScope, page: &mut TextPage) {
    page.push(PageLine::new().strong(behaviour.id).plain("  ").plain(behaviour.says));
    let names: Vec<&str> = behaviour.rules.iter().map(|rule| rule.about().name).collect();
    if !names.is_empty() {
        page.push(PageLine::new().dim(format!("  carried out by: {}", names.join(", "))));
    }
    add_evidence(&behaviour.evidence, scope, page);
}

/// A line for each label, with the titles of its documents.
fn add_evidence(evidence: &RuleEvidence, scope: &FactScope, page: &mut TextPage) {
    let sources = evidence.sources_of(&scope.profiles, &scope.systems);
    for status in [SourceStatus::Documented, SourceStatus::Derived] {
        let titles = DocumentSource::titles(&sources, status);
        if !titles.is_empty() {
            page.push(PageLine::new().dim(format!("  {}: ", status.word())).links(&titles));
        }
    }
    if !evidence.note.is_empty() {
        page.push(PageLine::new().dim(format!("  note: {}", evidence.note)));
    }
    if !evidence.undocumented.is_empty() {
        page.push(PageLine::new().plain("  ").bad("undocumented: ").plain(evidence.undocumented));
    }
}

/// How far each year says it, and each quote with where it stands.
fn add_quotes(evidence: &RuleEvidence, scope: &FactScope, page: &mut TextPage) {
    let mut shown: Vec<Citation> = Vec::new();
    for system in &scope.systems {
        let years: Vec<String> = DocumentationYear::ALL
            .iter()
            .map(|profile| format!("{} {}", profile.year(), evidence.status(*profile, *system).words()))
            .collect();
        page.push(PageLine::new().dim(format!("  {system}: {}", years.join(", "))));
        for citation in scope.profiles.iter().flat_map(|profile| evidence.citations(*profile, *system)) {
            if !shown.contains(&citation) {
                shown.push(citation);
            }
        }
    }
    for citation in shown {
        page.push(PageLine::new());
        add_quote(&citation, page);
        page.push(
            PageLine::new()
                .plain("    ")
                .dim(format!("{}, ", citation.document.publisher.name()))
                .links(&[(citation.document.title_and_date(), citation.document.url)]),
        );
        page.push(address(citation.document, "    "));
    }
}

fn add_quote(citation: &Citation, page: &mut TextPage) {
    let text = citation.text().map_or_else(|| "the document as a whole".to_owned(), |text| format!("“{text}”"));
    page.push(PageLine::new().plain("  ").strong(citation.code()).plain("  ").plain(text));
}

fn address(document: &Document, indent: &str) -> PageLine {
    PageLine::new().dim(format!("{indent}{}", document.url.unwrap_or("its address is not confirmed")))
}

fn add_document(document: &'static Document, quote: Option<Citation>, page: &mut TextPage) {
    page.push(
        PageLine::new()
            .strong(document.code)
            .plain("  ")
            .links(&[(document.title_and_date(), document.url)])
            .dim(format!("  {}  {}", document.publisher.name(), document.key)),
    );
    page.push(address(document, "  "));
    if !document.note.is_empty() {
        page.push(PageLine::new().dim(format!("  {}", document.note)));
    }
    let quotes = (1..=document.quotes.len()).map(|number| Citation { document, number: Some(number) });
    for citation in quotes.filter(|citation| quote.is_none_or(|quote| quote == *citation)) {
        add_quote(&citation, page);
    }
    page.heading("What rests on it");
}
