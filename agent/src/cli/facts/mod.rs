//! `facts`: every rule of the device with its sources, from the code's own tables; or what one name, section or code says.
//!
//! Lives here: the arguments, and what they choose. Does not live here: the looking up (`query`), how it is printed (`page`,
//! `row`, `markdown`).

mod markdown;
mod page;
mod query;
mod row;

use portal_contract::{Citation, Document, OperatingSystem, SourceStatus};
use portal_device::{DocumentationYear, DocumentedBehaviour, Rule};

use super::page::{PageLine, TextPage};
use super::{CommandContext, CommandFailure};
use query::FactQuery;
use row::FactRow;

/// Arguments of `facts`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent facts
  portal-agent facts apple-prompts-once       one rule, with the quotes that carry it
  portal-agent facts notificationsPermitted   the rule behind a prerequisite
  portal-agent facts 4.1                      a section: its rules and behaviours
  portal-agent facts C19.3                    a document or a quote, and what rests on it
  portal-agent facts --platform android --documentation 2025 --status derived
  portal-agent facts --undocumented           what nobody documents, and the choice made")]
pub struct FactsArgs {
    /// A rule's name, a prerequisite's code, a section or a behaviour, or the code of a document or a quote
    #[arg(value_name = "NAME|SECTION|CODE", conflicts_with = "markdown")]
    query: Option<String>,

    /// Only what holds on this platform
    #[arg(long, value_name = "ios|ipados|android")]
    platform: Option<OperatingSystem>,

    /// Only the rules of this documentation profile
    #[arg(long, value_name = "2019|2023|2025|2026")]
    documentation: Option<DocumentationYear>,

    /// Only what is documented, derived or undocumented, in any of the chosen years and platforms
    #[arg(long, value_name = "documented|derived|undocumented")]
    status: Option<SourceStatus>,

    /// Only rules of which something is documented nowhere
    #[arg(long)]
    undocumented: bool,

    /// Print the tables of agent/docs/sources.md
    #[arg(long, conflicts_with_all = ["json", "platform", "documentation", "status", "undocumented"])]
    markdown: bool,
}

/// For which years and platforms sources are shown.
#[derive(Debug, Clone)]
struct FactScope {
    profiles: Vec<DocumentationYear>,
    systems: Vec<OperatingSystem>,
}

impl FactScope {
    fn of(args: &FactsArgs) -> Self {
        Self {
            profiles: args.documentation.map_or(DocumentationYear::ALL.to_vec(), |profile| vec![profile]),
            // What holds on iOS holds on iPadOS.
            systems: args.platform.map_or(vec![OperatingSystem::Ios, OperatingSystem::Android], |system| vec![system]),
        }
    }

    /// The same for what holds only on some platforms.
    fn on(&self, rule: Rule) -> Self {
        let platforms = rule.about().platforms;
        let systems = self.systems.iter().copied().filter(|system| platforms.has(*system)).collect();
        Self { profiles: self.profiles.clone(), systems }
    }

    /// The same for what a behaviour's rules hold on.
    fn of_behaviour(&self, behaviour: &DocumentedBehaviour) -> Self {
        let holds = |system: &OperatingSystem| {
            behaviour.rules.is_empty() || behaviour.rules.iter().any(|rule| rule.about().platforms.has(*system))
        };
        let systems = self.systems.iter().copied().filter(holds).collect();
        Self { profiles: self.profiles.clone(), systems }
    }
}

/// What is to be printed.
#[derive(Debug, Default)]
struct FactSelection {
    rules: Vec<Rule>,
    behaviours: Vec<&'static DocumentedBehaviour>,
    document: Option<(&'static Document, Option<Citation>)>,
}

impl FactSelection {
    fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.behaviours.is_empty() && self.document.is_none()
    }

    /// Whether one thing was asked for, which is then shown in full.
    fn is_one(&self) -> bool {
        self.rules.len() + self.behaviours.len() == 1
    }
}

/// Runs `facts`.
pub fn run(context: &mut CommandContext, args: &FactsArgs) -> Result<(), CommandFailure> {
    if args.markdown {
        return context.text(&markdown::tables());
    }
    let scope = FactScope::of(args);
    let mut found = match &args.query {
        Some(query) => FactQuery::read(query)?.found(),
        None => FactSelection { rules: Rule::ALL.to_vec(), ..FactSelection::default() },
    };
    found.rules.retain(|rule| args.choose(*rule, &scope.on(*rule)));
    found.behaviours.retain(|behaviour| args.choose_behaviour(behaviour, &scope.of_behaviour(behaviour)));
    if context.global.json {
        let rules = found.rules.iter().map(|rule| FactRow::of_rule(*rule, &scope.on(*rule)));
        let behaviours = found.behaviours.iter().map(|one| FactRow::of_behaviour(one, &scope.of_behaviour(one)));
        for row in rules.chain(behaviours) {
            // A row has words and lists alone, which always make JSON.
            context.json(&row)?;
        }
        return Ok(());
    }
    if found.is_empty() {
        return context.page(&TextPage::of(PageLine::new().plain("nothing fits")));
    }
    context.page(&page::page(&found, &scope))
}

impl FactsArgs {
    fn choose(&self, rule: Rule, scope: &FactScope) -> bool {
        let about = rule.about();
        let in_force = self.documentation.is_none_or(|profile| about.profiles.contains(&profile));
        let has_label = self.status.is_none_or(|status| {
            let profiles = scope.profiles.iter().filter(|profile| about.profiles.contains(profile));
            about.evidence.labels(profiles.copied(), &scope.systems).contains(&status)
        });
        let undocumented = !self.undocumented || !about.evidence.undocumented.is_empty();
        !scope.systems.is_empty() && in_force && has_label && undocumented
    }

    fn choose_behaviour(&self, behaviour: &DocumentedBehaviour, scope: &FactScope) -> bool {
        let evidence = behaviour.evidence;
        let labels = evidence.labels(scope.profiles.iter().copied(), &scope.systems);
        let has_label = self.status.map_or(!labels.is_empty(), |status| labels.contains(&status));
        has_label && (!self.undocumented || !evidence.undocumented.is_empty())
    }
}
