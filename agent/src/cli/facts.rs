//! `facts`: every rule of the device with its source, from the code's own table.

use std::fmt::Write as _;

use serde::Serialize;

use super::page::{Line, Page};
use super::{Context, Failure};
use portal_device::{DocumentationYear, Rule};

/// Arguments of `facts`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent facts
  portal-agent facts --documentation 2025
  portal-agent facts --undocumented        what nobody documents, and the choice made")]
pub struct Args {
    /// Only the rules of this documentation profile
    #[arg(long, value_name = "2019|2023|2025")]
    documentation: Option<DocumentationYear>,

    /// Only what nobody documents
    #[arg(long)]
    undocumented: bool,

    /// Print a Markdown table
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

/// A rule, as `--json` prints it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    name: &'static str,
    source: &'static str,
    documentation: Vec<&'static str>,
    platforms: &'static str,
    says: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    undocumented: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    setting: &'static str,
}

impl From<Rule> for Row {
    fn from(rule: Rule) -> Self {
        let about = rule.about();
        Self {
            name: about.name,
            source: about.source,
            documentation: about.profiles.iter().map(|profile| profile.year()).collect(),
            platforms: about.platforms.words(),
            says: about.says,
            undocumented: about.undocumented,
            setting: about.setting,
        }
    }
}

/// Runs `facts`.
pub fn run(context: &mut Context, args: &Args) -> Result<(), Failure> {
    let chosen = |rule: &&Rule| {
        let about = rule.about();
        args.documentation.is_none_or(|profile| about.profiles.contains(&profile))
            && (!args.undocumented || !about.undocumented.is_empty())
    };
    let rows: Vec<Row> = Rule::ALL.iter().filter(chosen).map(|rule| Row::from(*rule)).collect();
    if context.global.json {
        for row in rows {
            context.json_line(&serde_json::to_string(&row).unwrap_or_default())?;
        }
        return Ok(());
    }
    if args.markdown {
        return context.page(&Page::of(Line::new().plain(markdown(&rows).trim_end())));
    }
    context.page(&page(&rows))
}

fn page(rows: &[Row]) -> Page {
    let mut page = Page::new();
    for row in rows {
        let years = row.documentation.join(", ");
        page.push(Line::new().strong(row.name).dim(format!("  {}  {}  {years}", row.source, row.platforms)));
        page.push(Line::new().plain(format!("  {}", row.says)));
        if !row.undocumented.is_empty() {
            page.push(Line::new().plain("  ").bad("undocumented: ").plain(row.undocumented));
        }
        if !row.setting.is_empty() {
            page.push(Line::new().dim(format!("  to choose otherwise: {}", row.setting)));
        }
    }
    page
}

fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| rule | source | documentation | platforms | what it does | undocumented, and the choice made | to choose otherwise |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for row in rows {
        let years = row.documentation.join(", ");
        let setting = if row.setting.is_empty() { String::new() } else { format!("`{}`", row.setting) };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {years} | {} | {} | {} | {setting} |",
            row.name, row.source, row.platforms, row.says, row.undocumented
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `tests/regenerate` writes it anew.
    #[test]
    fn the_rendered_table_is_the_codes() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/FACTS.md");
        let rows: Vec<Row> = Rule::ALL.iter().map(|rule| Row::from(*rule)).collect();
        let text = format!(
            "# Every rule of the device\n\nRendered from the code by `portal-agent facts --markdown`. A source such as \
             facts 4.1 is a section of the project's sheet of what Microsoft, Apple and Google document.\n\n{}",
            markdown(&rows)
        );
        if std::env::var_os("PORTAL_REGENERATE").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(path).unwrap_or_default(),
            text,
            "FACTS.md is not current; run tests/regenerate"
        );
    }
}
