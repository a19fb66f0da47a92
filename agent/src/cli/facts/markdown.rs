//! The tables of `agent/docs/sources.md`, rendered from the code's own: documents, quotes, rules and behaviours.
//!
//! Lives here: their form, and the test that the page is current. Does not live here: the text above the tables, which is
//! written by hand.

use std::fmt::{self, Write as _};

use portal_contract::{Document, OperatingSystem, Publisher, RuleEvidence};
use portal_device::behaviour::BEHAVIOURS;
use portal_device::{DocumentationYear, Rule};

/// All tables, as they stand in the page.
pub fn tables() -> String {
    let mut text = String::new();
    documents(&mut text);
    rules(&mut text);
    behaviours(&mut text);
    text
}

fn add(text: &mut String, line: fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(line);
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn documents(text: &mut String) {
    text.push_str("## Documents\n");
    for publisher in Publisher::ALL.iter().copied() {
        add(text, format_args!("\n### {}\n\n", publisher.name()));
        text.push_str(
            "| code | key | title | address | date or version | note |\n| --- | --- | --- | --- | --- | --- |\n",
        );
        for document in Document::all().filter(|document| document.publisher == publisher) {
            let url = document.url.map_or_else(|| "not confirmed".to_owned(), |url| format!("<{url}>"));
            let Document { code, key, title, dated, note, .. } = document;
            let (title, note, dated) = (cell(title), cell(note), dated.unwrap_or("undated"));
            add(text, format_args!("| {code} | {key} | {title} | {url} | {dated} | {note} |\n"));
        }
    }
    text.push_str("\n## Quotes\n\n| quote | text |\n| --- | --- |\n");
    for document in Document::all() {
        for (index, quote) in document.quotes.iter().enumerate() {
            add(text, format_args!("| {}.{} | “{}” |\n", document.code, index + 1, cell(quote)));
        }
    }
}

const STATUSES: &str = "\
Each year's status is *documented*, *derived* (the note says from what) or *undocumented*; *newer system*: the version of the system
that it is about is newer than that year's documentation, and newer documents decide; *–*: not in force in that year. A status
after a slash is Android's.
";

/// The status of each year, with Android's after a slash where it is another.
fn statuses(evidence: &RuleEvidence) -> String {
    let year = |profile: DocumentationYear| {
        let apple = evidence.status(profile, OperatingSystem::Ios);
        let android = evidence.status(profile, OperatingSystem::Android);
        if apple == android { apple.words().to_owned() } else { format!("{} / {}", apple.words(), android.words()) }
    };
    DocumentationYear::ALL.iter().copied().map(year).collect::<Vec<_>>().join(" | ")
}

fn quotes(evidence: &RuleEvidence) -> String {
    evidence.citations.iter().map(portal_contract::Citation::code).collect::<Vec<_>>().join(" ")
}

fn rules(text: &mut String) {
    text.push_str("\n## Rules\n\n");
    text.push_str(
        "What the device does, and who says so. *In force*: the profiles in which the device carries it out.\n",
    );
    text.push_str(STATUSES);
    text.push_str(
        "\n| rule | facts | platforms | in force | what it does | 2019 | 2023 | 2025 | 2026 | quotes | note | undocumented, and the choice made | to choose otherwise |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for rule in Rule::ALL {
        let about = rule.about();
        let years: Vec<&str> = about.profiles.iter().map(|profile| profile.year()).collect();
        let setting = if about.setting.is_empty() { String::new() } else { format!("`{}`", about.setting) };
        add(
            text,
            format_args!(
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {setting} |\n",
                about.name,
                rule.section(),
                about.platforms.words(),
                years.join(", "),
                cell(about.says),
                statuses(&about.evidence),
                quotes(&about.evidence),
                cell(about.evidence.note),
                cell(about.evidence.undocumented),
            ),
        );
    }
}

fn behaviours(text: &mut String) {
    text.push_str("\n## Behaviours\n\n");
    text.push_str("What a scenario can rest on (`facts: [\"4.1.4\"]`), with the rules that carry it out. The statuses are as above.\n\n");
    text.push_str("| behaviour | what is documented | 2019 | 2023 | 2025 | 2026 | quotes | note | rules |\n");
    text.push_str("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for behaviour in BEHAVIOURS {
        let names: Vec<&str> = behaviour.rules.iter().map(|rule| rule.about().name).collect();
        add(
            text,
            format_args!(
                "| {} | {} | {} | {} | {} | {} |\n",
                behaviour.id,
                cell(behaviour.says),
                statuses(&behaviour.evidence),
                quotes(&behaviour.evidence),
                cell(behaviour.evidence.note),
                names.join(", "),
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sources.md");

    /// `tests/regenerate` writes the tables anew.
    #[test]
    fn the_pages_tables_are_the_codes() {
        let page = std::fs::read_to_string(PAGE).unwrap_or_default();
        let (written, _) = page.split_once("## Documents\n").expect("the page has its tables from this heading on");
        let current = format!("{written}{}", tables());
        // Only where it changes: the test below reads the page meanwhile.
        if std::env::var_os("PORTAL_REGENERATE").is_some() && page != current {
            std::fs::write(PAGE, &current).unwrap();
            return;
        }
        assert!(page == current, "agent/docs/sources.md is not current; run tests/regenerate");
    }

    /// Every code in the text above the tables is a document's.
    #[test]
    fn the_pages_text_cites_documents_that_exist() {
        let page = std::fs::read_to_string(PAGE).unwrap_or_default();
        let text = page.split("## Documents\n").next().unwrap_or_default();
        let mut cited = 0;
        for word in text.split(|c: char| !c.is_alphanumeric() && c != '.') {
            let Some((code, number)) = word.trim_end_matches('.').split_once('.') else { continue };
            let (Some(document), Ok(number)) = (Document::all().find(|one| one.code == code), number.parse::<usize>())
            else {
                continue;
            };
            assert!((1..=document.quotes.len()).contains(&number), "{word}");
            cited += 1;
        }
        assert!(cited > 100, "{cited}");
    }
}
