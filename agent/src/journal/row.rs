//! A receipt as a row, and back.
//!
//! Lives here: the columns of `receipts`. Does not live here: the numbers in them (`codes`), queries (`reader`, `store`).

use portal_contract::{
    CardInteraction, DeliveryDelay, DeviceId, GroupId, Outcome, OutcomeKind, Prerequisites, Presentation, PushProblem,
    PushTarget, Receipt, Surface, Timestamp,
};
use rusqlite::types::Type;
use rusqlite::{CachedStatement, Row, params};

use super::codes::{ReceiptMarks, StoredCode};

/// Inserts one receipt; its parameters are bound by [`insert`].
pub(super) const INSERT: &str = "INSERT INTO receipts (device, sequence, id, target, outcome, problem, unmet, surface, \
     delay, received_at, decided_at, interaction, event, detail, push, marks) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";

/// The columns that [`read`] reads, in its order.
pub(super) const COLUMNS: &str = "sequence, id, target, outcome, problem, unmet, surface, delay, received_at, \
     decided_at, interaction, detail, marks";

/// How many columns [`COLUMNS`] names: those that a query adds come behind them.
pub(super) const COLUMN_COUNT: usize = 13;

#[derive(Default)]
struct ReceiptColumns<'a> {
    problem: Option<u8>,
    detail: Option<&'a str>,
    unmet: Option<u8>,
    presentation: Option<&'a Presentation>,
}

fn members(outcome: &Outcome) -> ReceiptColumns<'_> {
    match outcome {
        Outcome::Rejected { problem, detail } | Outcome::Failed { problem, detail } => {
            ReceiptColumns { problem: Some(problem.code()), detail: Some(detail), ..ReceiptColumns::default() }
        }
        Outcome::Dropped { problem } => ReceiptColumns { problem: Some(problem.code()), ..ReceiptColumns::default() },
        Outcome::Withheld { unmet } => ReceiptColumns { unmet: Some(unmet.bits()), ..ReceiptColumns::default() },
        Outcome::Presented(presentation) => {
            ReceiptColumns { presentation: Some(presentation), ..ReceiptColumns::default() }
        }
        Outcome::Duplicate | Outcome::Expired => ReceiptColumns::default(),
    }
}

/// Runs [`INSERT`] for a receipt that was decided while the snapshot of `event` was in force.
pub(super) fn insert(
    statement: &mut CachedStatement<'_>,
    device: i64,
    receipt: &Receipt,
    event: u64,
    push: Option<&str>,
) -> rusqlite::Result<()> {
    let members = members(&receipt.outcome);
    let target = match &receipt.target {
        PushTarget::Device => None,
        PushTarget::Group { id } => Some(id.as_bytes()),
    };
    statement.execute(params![
        device,
        receipt.sequence,
        receipt.notification_id.as_ref().map(|id| id.as_str()),
        target,
        receipt.outcome.kind().code(),
        members.problem,
        members.unmet,
        members.presentation.map(|shown| shown.surface.code()),
        receipt.delay.map(StoredCode::code),
        receipt.received_at.as_millis(),
        receipt.decided_at.as_millis(),
        receipt.interaction.map(StoredCode::code),
        event,
        members.detail,
        push,
        ReceiptMarks::of(receipt, members.presentation),
    ])?;
    Ok(())
}

/// The receipt in a row of [`COLUMNS`].
pub(super) fn read(row: &Row<'_>, device_id: DeviceId) -> rusqlite::Result<Receipt> {
    let target: Option<[u8; 16]> = row.get(2)?;
    // Rows from before version 2 have none.
    let marks = row.get::<_, Option<u32>>(12)?.unwrap_or(0);
    Ok(Receipt {
        sequence: row.get(0)?,
        notification_id: row
            .get::<_, Option<String>>(1)?
            .map(|text| text.parse().map_err(|error| unreadable(1, error)))
            .transpose()?,
        device_id,
        target: target.map_or(PushTarget::Device, |bytes| PushTarget::Group { id: GroupId::from_bytes(bytes) }),
        outcome: outcome(row, marks)?,
        delay: optional::<DeliveryDelay>(row, 7)?,
        priority_lowered: ReceiptMarks::priority_lowered(marks),
        desktop: ReceiptMarks::desktop(marks),
        received_at: Timestamp::from_millis(row.get(8)?),
        decided_at: Timestamp::from_millis(row.get(9)?),
        interaction: optional::<CardInteraction>(row, 10)?,
    })
}

fn outcome(row: &Row<'_>, marks: u32) -> rusqlite::Result<Outcome> {
    Ok(match required::<OutcomeKind>(row, 3)? {
        OutcomeKind::Rejected => Outcome::Rejected { problem: required::<PushProblem>(row, 4)?, detail: row.get(11)? },
        OutcomeKind::Failed => Outcome::Failed { problem: required::<PushProblem>(row, 4)?, detail: row.get(11)? },
        OutcomeKind::Dropped => Outcome::Dropped { problem: required::<PushProblem>(row, 4)? },
        OutcomeKind::Withheld => Outcome::Withheld { unmet: Prerequisites::from_bits(row.get(5)?) },
        OutcomeKind::Presented => Outcome::Presented(ReceiptMarks::presentation(marks, required::<Surface>(row, 6)?)),
        OutcomeKind::Duplicate => Outcome::Duplicate,
        OutcomeKind::Expired => Outcome::Expired,
    })
}

fn required<T: StoredCode>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let code: u8 = row.get(column)?;
    T::from_code(code).ok_or_else(|| unreadable(column, format!("no word has the number {code}")))
}

fn optional<T: StoredCode>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    match row.get::<_, Option<u8>>(column)? {
        None => Ok(None),
        Some(_) => required(row, column).map(Some),
    }
}

fn unreadable(column: usize, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Null, error.into())
}
