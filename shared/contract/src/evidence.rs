//! How far the documentation of each year supports a rule, and the sources that it is shown with.
//!
//! Lives here: the choice of sources for one year and platform. Does not live here: the years and the labels (`years`), the
//! documents (`documents`), and the rules (`portal_device`).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::device_state::OperatingSystem;
use crate::documents::{Citation, Document};
use crate::years::{DocumentationYear, SourceStatus, YearStatus, YearStatuses, of_year};

/// What a rule or a behaviour rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleEvidence {
    /// How far each year's documentation says it.
    pub statuses: YearStatuses,
    /// The same for Android, where the documents say less of it than of iOS.
    pub on_android: Option<YearStatuses>,
    /// The quotes that carry it.
    pub citations: &'static [Citation],
    /// From what it is derived, or where documents conflict; empty where there is nothing to add.
    pub note: &'static str,
    /// What of it nobody documents, and the choice made; empty where all of it is documented or derived.
    pub undocumented: &'static str,
}

/// A source as it is shown and as JSON has it (contract 7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentSource {
    /// Who publishes it: `Microsoft`, `Apple`, `Google`; `portal-agent` of what nobody documents.
    pub publisher: String,
    /// Its title.
    pub title: String,
    /// Its address; null where no address of the publisher's is confirmed.
    pub url: Option<String>,
    /// Its date or the version that it is about; null where it has neither.
    pub dated: Option<String>,
    /// Its own words; null where it is its silence that counts. Of what nobody documents: the choice made.
    pub quote: Option<String>,
    /// Whether it says so itself.
    pub status: SourceStatus,
}

/// Under which title this product writes down what it chose where nobody documents anything.
pub const CHOICES_TITLE: &str = "Choices where nothing is documented";

impl DocumentSource {
    /// What a citation shows.
    pub fn of(citation: &Citation, status: SourceStatus) -> Self {
        let document = citation.document;
        Self {
            publisher: document.publisher.name().to_owned(),
            title: document.title.to_owned(),
            url: document.url.map(str::to_owned),
            dated: document.dated.map(str::to_owned),
            quote: citation.text().map(str::to_owned),
            status,
        }
    }

    /// This product's own choice.
    pub fn choice(chosen: &str) -> Self {
        Self {
            publisher: "portal-agent".to_owned(),
            title: CHOICES_TITLE.to_owned(),
            url: None,
            dated: None,
            quote: (!chosen.is_empty()).then(|| chosen.to_owned()),
            status: SourceStatus::Undocumented,
        }
    }

    /// Title and date, as a person reads them.
    pub fn title_and_date(&self) -> String {
        match &self.dated {
            Some(dated) => format!("{} ({dated})", self.title),
            None => self.title.clone(),
        }
    }

    /// Title, date and address of the documents with this label, each once.
    pub fn titles(sources: &[Self], status: SourceStatus) -> Vec<(String, Option<&str>)> {
        let mut titles: Vec<(String, Option<&str>)> = Vec::new();
        for source in sources.iter().filter(|source| source.status == status) {
            let title = (source.title_and_date(), source.url.as_deref());
            if !titles.contains(&title) {
                titles.push(title);
            }
        }
        titles
    }
}

impl RuleEvidence {
    /// How far the documentation of `profile` says it of `operating_system`.
    pub fn status(&self, profile: DocumentationYear, operating_system: OperatingSystem) -> YearStatus {
        let statuses = match self.on_android {
            Some(on_android) if !operating_system.is_apple() => on_android,
            _ => self.statuses,
        };
        of_year(statuses, profile)
    }

    /// The label that it is shown with. A system that is newer than the year's documentation is judged by the newest; where
    /// the rule is not in force, it is that year's silence which counts.
    fn label(&self, profile: DocumentationYear, operating_system: OperatingSystem) -> SourceStatus {
        match self.status(profile, operating_system) {
            YearStatus::NewerSystem => {
                self.status(DocumentationYear::Y2025, operating_system).label().unwrap_or(SourceStatus::Derived)
            }
            status => status.label().unwrap_or(SourceStatus::Derived),
        }
    }

    /// The quotes that count for `profile` on `operating_system`. A Microsoft page that belongs to no year stands in only
    /// where the year's own page says nothing.
    pub fn citations(&self, profile: DocumentationYear, operating_system: OperatingSystem) -> Vec<Citation> {
        let holds = |citation: &&Citation| {
            let document = citation.document;
            document.publisher.documents(operating_system)
                && DocumentationYear::of_document(document).is_none_or(|year| year == profile.page())
        };
        let counting: Vec<Citation> = self.citations.iter().filter(holds).copied().collect();
        let of_the_year = |citation: &Citation| citation.document.year().is_some();
        if !counting.iter().any(of_the_year) {
            return counting;
        }
        let microsoft = |citation: &Citation| citation.document.publisher == crate::documents::Publisher::Microsoft;
        counting.into_iter().filter(|citation| of_the_year(citation) || !microsoft(citation)).collect()
    }

    /// The labels that it has in these years on these platforms; none where it is not in force.
    pub fn labels(
        &self,
        profiles: impl Iterator<Item = DocumentationYear>,
        systems: &[OperatingSystem],
    ) -> BTreeSet<SourceStatus> {
        let everywhere = profiles.flat_map(|profile| systems.iter().map(move |system| (profile, *system)));
        everywhere
            .filter(|(profile, system)| self.status(*profile, *system) != YearStatus::NotInForce)
            .map(|(profile, system)| self.label(profile, system))
            .collect()
    }

    /// The sources of these years on these platforms, each once.
    pub fn sources_of(&self, profiles: &[DocumentationYear], systems: &[OperatingSystem]) -> Vec<DocumentSource> {
        let mut sources: Vec<DocumentSource> = Vec::new();
        for (profile, system) in
            profiles.iter().flat_map(|profile| systems.iter().map(move |system| (*profile, *system)))
        {
            if self.status(profile, system) == YearStatus::NotInForce {
                continue;
            }
            for source in self.sources(profile, system) {
                if !sources.contains(&source) {
                    sources.push(source);
                }
            }
        }
        sources
    }

    /// How far each year's documentation says it of `operating_system`, in words, the same years together: `derived in 2019;
    /// documented in 2023, 2025, 2026`. Years in which it is not in force are left out.
    pub fn by_year(&self, operating_system: OperatingSystem) -> String {
        let mut words: Vec<(SourceStatus, Vec<&str>)> = Vec::new();
        let in_force =
            |profile: &&DocumentationYear| self.status(**profile, operating_system) != YearStatus::NotInForce;
        for profile in DocumentationYear::ALL.iter().filter(in_force) {
            let label = self.label(*profile, operating_system);
            match words.iter_mut().find(|(known, _)| *known == label) {
                Some((_, years)) => years.push(profile.year()),
                None => words.push((label, vec![profile.year()])),
            }
        }
        match words.as_slice() {
            [(label, years)] if years.len() == DocumentationYear::ALL.len() => label.word().to_owned(),
            _ => words
                .iter()
                .map(|(label, years)| format!("{} in {}", label.word(), years.join(", ")))
                .collect::<Vec<_>>()
                .join("; "),
        }
    }

    /// The same of every platform: one sentence where it is the same for all of them.
    pub fn by_year_and_platform(&self) -> String {
        let (apple, android) = (self.by_year(OperatingSystem::Ios), self.by_year(OperatingSystem::Android));
        if apple == android { apple } else { format!("{apple}; on Android {android}") }
    }

    /// Title and date of each document, whatever the year and the platform.
    pub fn titles(&self) -> Vec<String> {
        let mut titles: Vec<String> = Vec::new();
        for title in self.citations.iter().map(|citation| citation.document.title_and_date()) {
            if !titles.contains(&title) {
                titles.push(title);
            }
        }
        titles
    }

    /// The sources to show for `profile` on `operating_system`; never none.
    pub fn sources(&self, profile: DocumentationYear, operating_system: OperatingSystem) -> Vec<DocumentSource> {
        let label = self.label(profile, operating_system);
        // Never an empty list: where nobody documents it, what is cited is this product's own choice (contract 5).
        if label == SourceStatus::Undocumented {
            return vec![DocumentSource::choice(self.undocumented)];
        }
        // Of a rule that is not in force no quote speaks, since the quotes are those of the years in which it is. The
        // whole page of the year is cited, of which it is the silence that counts.
        let not_in_force = self.status(profile, operating_system) == YearStatus::NotInForce;
        let page = || Citation::whole(page_of(profile));
        let citations = if not_in_force { vec![page()] } else { self.citations(profile, operating_system) };
        citations.iter().map(|citation| DocumentSource::of(citation, label)).collect()
    }
}

/// The custom notification page of that year.
fn page_of(profile: DocumentationYear) -> &'static Document {
    use crate::documents::codes::{C19, C23, C25};
    match profile {
        DocumentationYear::Y2019 => &C19,
        DocumentationYear::Y2023 => &C23,
        DocumentationYear::Y2025 | DocumentationYear::Y2026 => &C25,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::citations;
    use crate::statuses;

    const EVIDENCE: RuleEvidence = RuleEvidence {
        statuses: statuses![D V -],
        on_android: Some(statuses![U V -]),
        citations: citations![C19.3 C20.1 C23.3 Act.1 Ask.1 Np.1],
        note: "",
        undocumented: "when; here at once",
    };

    fn shown(profile: DocumentationYear, system: OperatingSystem) -> Vec<String> {
        EVIDENCE.citations(profile, system).iter().map(Citation::code).collect()
    }

    #[test]
    fn a_year_and_a_platform_choose_their_quotes() {
        assert_eq!(shown(DocumentationYear::Y2019, OperatingSystem::Ios), ["C19.3", "Ask.1"]);
        assert_eq!(shown(DocumentationYear::Y2023, OperatingSystem::Android), ["C20.1", "C23.3", "Np.1"]);
        // nothing of the year's own page: the page that belongs to no year counts
        assert_eq!(shown(DocumentationYear::Y2025, OperatingSystem::Android), ["Act.1", "Np.1"]);
    }

    #[test]
    fn what_nobody_documents_shows_the_choice() {
        let sources = EVIDENCE.sources(DocumentationYear::Y2019, OperatingSystem::Android);
        assert_eq!(sources, [DocumentSource::choice("when; here at once")]);
        assert_eq!(sources[0].status, SourceStatus::Undocumented);
    }

    #[test]
    fn a_rule_that_is_not_in_force_rests_on_the_years_silence() {
        let sources = EVIDENCE.sources(DocumentationYear::Y2025, OperatingSystem::Ios);
        let [source] = sources.as_slice() else { panic!("{sources:?}") };
        assert_eq!((source.status, source.quote.as_deref()), (SourceStatus::Derived, None));
        assert_eq!(source.dated.as_deref(), Some("2025-10-27"));
    }

    #[test]
    fn a_source_is_spelled_as_the_contract_spells_it() {
        let source = DocumentSource::of(&Citation::quote(&crate::documents::codes::C20, 1), SourceStatus::Derived);
        assert_eq!(
            serde_json::to_value(&source).unwrap(),
            serde_json::json!({
                "publisher": "Microsoft",
                "title": "Send custom notifications in Intune",
                "url": null,
                "dated": "2020-01-15",
                "quote": "If needed, the Company Portal app and the Microsoft Intune app may prompt users to permit notifications.",
                "status": "derived",
            })
        );
    }
}
