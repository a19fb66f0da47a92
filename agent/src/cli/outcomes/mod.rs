//! `outcomes`: one push against every combination of the states that a phone may be in.
//!
//! Lives here: the arguments, and what they choose. Does not live here: the grid (`portal_device`), how it is printed
//! (`summary`, `csv`), the page (`outcomes_page`).

mod csv;
mod summary;

use std::path::Path;

use clap::ValueEnum;
use portal_contract::OperatingSystem;
use portal_device::{DocumentationYear, EmulationSettings, GridResult, GridSection, outcome_grid};
use serde_json::{Map, Value, json};
use url::Url;

use super::{CommandContext, CommandFailure};
use crate::outcomes_page::{outcomes_file, scenarios_of};

/// Arguments of `outcomes`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portal-agent outcomes                                            how many combinations come to what
  portal-agent outcomes --platform android --documentation 2025 --where channel=LOW
  portal-agent outcomes --format csv > outcomes.csv
  portal-agent outcomes --format html > outcomes.html              a page with filters that needs nothing else")]
pub struct OutcomesArgs {
    /// Only this platform
    #[arg(long, value_name = "ios|ipados|android")]
    platform: Option<OperatingSystem>,

    /// Only this documentation year
    #[arg(long, value_name = "2019|2023|2025|2026")]
    documentation: Option<DocumentationYear>,

    /// Only combinations with this value of an axis, such as permission=denied; repeated: all of them
    #[arg(long = "where", value_name = "AXIS=VALUE", value_parser = condition)]
    conditions: Vec<(String, String)>,

    /// As what it is printed
    #[arg(long, value_enum, default_value_t)]
    format: GridFormat,
}

/// As what the grid is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum GridFormat {
    /// For a terminal: what there is to come to, counted; each combination where they are few
    #[default]
    Text,
    /// One line a combination
    Csv,
    /// A page with filters that needs nothing else
    Html,
}

fn condition(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').map(|(axis, value)| (axis.trim().to_lowercase(), value.trim().to_lowercase()));
    pair.ok_or_else(|| "write AXIS=VALUE, as in permission=denied".to_owned())
}

/// Runs `outcomes`.
pub fn run(context: &mut CommandContext, args: &OutcomesArgs) -> Result<(), CommandFailure> {
    let wanted = |system: OperatingSystem, year: DocumentationYear| {
        args.platform.is_none_or(|platform| platform == system)
            && args.documentation.is_none_or(|chosen| chosen == year)
    };
    let grid = outcome_grid(&EmulationSettings::default(), wanted);
    check(&args.conditions, &grid)?;
    let chosen = ChosenRows { conditions: &args.conditions };
    if context.global.json {
        return rows_as_json(context, &grid, &chosen);
    }
    match args.format {
        GridFormat::Text => context.page(&summary::page(&grid, &chosen)),
        GridFormat::Csv => context.text(&csv::csv(&grid, &chosen)),
        GridFormat::Html => {
            let places = |section: &GridSection| chosen.of(section).map(|(place, _, _)| place).collect();
            context.text(&outcomes_file(&grid, places, scenarios().as_ref()))
        }
    }
}

/// The shipped scenarios, where the command is run in a folder that has them.
fn scenarios() -> Option<Url> {
    let folder = Path::new("config/scenarios").canonicalize().ok()?;
    Url::from_directory_path(folder).ok()
}

/// Which combinations are wanted.
struct ChosenRows<'a> {
    conditions: &'a [(String, String)],
}

impl ChosenRows<'_> {
    /// The combinations of a section that are wanted, with their places.
    fn of<'a>(&self, section: &'a GridSection) -> impl Iterator<Item = (usize, Vec<&'static str>, &'a GridResult)> {
        // The place of each axis and of its value, looked up once for all rows; none where the section has no such axis.
        let places: Option<Vec<(usize, &'static str)>> =
            self.conditions.iter().map(|(axis, value)| place_of(section, axis, value)).collect();
        let cells = section.cells.iter().enumerate();
        cells.filter_map(move |(place, cell)| {
            let values = section.combination(place);
            let holds = |(axis, value): &(usize, &str)| values.get(*axis) == Some(value);
            places.as_ref()?.iter().all(holds).then_some(())?;
            Some((place, values, section.results.get(usize::from((*cell)?))?))
        })
    }
}

fn place_of(section: &GridSection, axis: &str, value: &str) -> Option<(usize, &'static str)> {
    let place = section.axes.iter().position(|one| one.name.eq_ignore_ascii_case(axis))?;
    let value = section.axes.get(place)?.values.iter().find(|one| one.eq_ignore_ascii_case(value))?;
    Some((place, value))
}

/// A condition that no section knows is a mistake, and not an empty grid.
fn check(conditions: &[(String, String)], grid: &[GridSection]) -> Result<(), CommandFailure> {
    for (axis, value) in conditions {
        if grid.iter().any(|section| place_of(section, axis, value).is_some()) {
            continue;
        }
        let axes: Vec<&portal_device::GridAxis> = grid.iter().flat_map(|section| &section.axes).collect();
        let mut known: Vec<&str> = match axes.iter().any(|one| one.name.eq_ignore_ascii_case(axis)) {
            true => axes
                .iter()
                .filter(|one| one.name.eq_ignore_ascii_case(axis))
                .flat_map(|one| one.values.clone())
                .collect(),
            false => axes.iter().map(|one| one.name).collect(),
        };
        known.sort_unstable();
        known.dedup();
        let message = format!("no combination has {axis}={value}");
        return Err(CommandFailure::configuration(message, format!("one of {}", known.join(", "))));
    }
    Ok(())
}

fn rows_as_json(
    context: &mut CommandContext,
    grid: &[GridSection],
    chosen: &ChosenRows<'_>,
) -> Result<(), CommandFailure> {
    // One write and one flush: there are about 250,000 combinations.
    let mut lines = String::new();
    for section in grid {
        let words: Vec<Map<String, Value>> = section.results.iter().map(|result| members(section, result)).collect();
        for (place, values, _) in chosen.of(section) {
            let Some(of_result) = section.cells.get(place).copied().flatten().and_then(|at| words.get(usize::from(at)))
            else {
                continue;
            };
            let phone: Map<String, Value> =
                section.axes.iter().zip(values).map(|(axis, value)| (axis.name.to_owned(), value.into())).collect();
            let mut row = Map::new();
            row.insert("system".to_owned(), section.system.into());
            row.insert("documentation".to_owned(), section.documentation.year().into());
            row.insert("phone".to_owned(), phone.into());
            row.extend(of_result.clone());
            lines.push_str(&Value::Object(row).to_string());
            lines.push('\n');
        }
    }
    context.text(&lines)
}

fn members(section: &GridSection, result: &GridResult) -> Map<String, Value> {
    let rules: Vec<&str> = result.rules.iter().map(|rule| rule.about().name).collect();
    let sources: Vec<_> =
        result.rules.iter().flat_map(|rule| rule.sources(section.documentation, section.operating_system)).collect();
    let scenarios = scenarios_of(&result.rules);
    let value = json!({
        "outcome": result.outcome, "detail": result.detail, "sound": result.sound,
        "contentHidden": result.is_content_hidden, "rules": rules, "sources": sources,
        "scenarios": scenarios.iter().map(|scenario| scenario.file).collect::<Vec<_>>(),
    });
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
