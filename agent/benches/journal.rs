//! How many settled pushes a second become durable, one `append` each, and what asking for a used id costs.
//!
//! Lives here: the journal alone, on the disk that holds the temporary directory. Does not live here: the broker.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark may stop at the first surprise")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use portal_agent::journal::{CommitTicket, DeviceJournal, JournalDatabase, JournalOptions, JournalReader, Retention};
use portal_contract::{DeviceId, NotificationId, Outcome, Prerequisite, PushTarget, Receipt, Timestamp};
use portal_delivery::{JournalEntry, UsedId};
use tokio::runtime::Runtime;

const ASKED_AT_ONCE: usize = 256;
const PUSHES: u64 = 100_000;

fn id(number: u64) -> NotificationId {
    DeviceId::from_random(u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
        .to_string()
        .parse()
        .unwrap()
}

fn settled(sequence: u64) -> JournalEntry {
    let at = Timestamp::from_millis(1_700_000_000_000 + sequence as i64);
    let push = format!(
        r#"{{"id":"{}","notificationTitle":"Office closed","notificationBody":"Work from home on Friday.","sentAt":"2026-11-23T09:00:00.000Z","targetUserPrincipalName":"adele@contoso.example"}}"#,
        id(sequence)
    );
    let receipt = Receipt {
        sequence,
        notification_id: Some(id(sequence)),
        device_id: DeviceId::from_random(1),
        target: PushTarget::Device,
        outcome: Outcome::Withheld { unmet: [Prerequisite::NotificationsPermitted].into_iter().collect() },
        delay: None,
        priority_lowered: false,
        desktop: None,
        received_at: at,
        decided_at: at,
        interaction: None,
    };
    JournalEntry::Settled { receipt, push: Some(push), held: None }
}

struct JournalBench {
    database: JournalDatabase,
    journal: DeviceJournal,
    runtime: Runtime,
}

impl JournalBench {
    fn open(path: &Path) -> Self {
        let options = JournalOptions { retention: Retention::default(), rules: 1 };
        let database = JournalDatabase::open(&path.join("journal.db"), options).unwrap();
        let (journal, _) = database.device(DeviceId::from_random(1), Timestamp::from_millis(0)).unwrap();
        Self { database, journal, runtime: tokio::runtime::Builder::new_current_thread().build().unwrap() }
    }

    /// Appends one entry; waits while the queue is full.
    fn append(&self, entry: JournalEntry) -> CommitTicket {
        let mut entries = vec![entry];
        loop {
            let mut durable = self.journal.durable();
            durable.borrow_and_update();
            match self.journal.append(entries) {
                Ok(ticket) => return ticket,
                Err(refused) => entries = refused.into_entries(),
            }
            self.runtime.block_on(durable.changed()).unwrap();
        }
    }

    fn settle(&self, sequences: impl IntoIterator<Item = u64>) {
        let last = sequences.into_iter().map(|sequence| self.append(settled(sequence))).last();
        self.wait(last.unwrap_or_default());
    }

    fn wait(&self, ticket: CommitTicket) {
        self.runtime.block_on(self.journal.durable().wait_for(|durable| *durable >= ticket)).unwrap();
    }
}

/// Times `PUSHES` appends up to the last durable one, behind `before` pushes that the journal holds already; the
/// daemon's loop asks for their ids first, a batch at a time.
fn settle(before: u64, ask: bool) -> Duration {
    let directory = tempfile::tempdir().unwrap();
    let bench = JournalBench::open(directory.path());
    bench.settle(1..=before);
    bench.append(JournalEntry::Published { through: before });
    let pushes: Vec<(NotificationId, JournalEntry)> =
        (before + 1..=before + PUSHES).map(|number| (id(number), settled(number))).collect();
    let start = Instant::now();
    let mut last = CommitTicket::default();
    for batch in pushes.chunks(ASKED_AT_ONCE) {
        if ask {
            let ids: Vec<UsedId> = batch.iter().map(|(id, _)| UsedId::Notification(id.clone())).collect();
            assert!(bench.journal.are_used(&ids).unwrap().iter().all(|used| !used));
        }
        for (_, entry) in batch {
            last = bench.append(entry.clone());
        }
    }
    bench.wait(last);
    let took = start.elapsed();
    bench.database.close().unwrap();
    took
}

fn read_all(reader: &JournalReader) -> usize {
    let (mut count, mut last) = (0, 0);
    loop {
        let page = reader.receipts_after(last, 512).unwrap();
        let Some(newest) = page.last() else { return count };
        last = newest.sequence;
        count += page.len();
    }
}

fn journal(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("journal");
    group.sample_size(10).throughput(Throughput::Elements(PUSHES));
    let times = |count: u64, one: &dyn Fn() -> Duration| (0..count).map(|_| one()).sum::<Duration>();
    group.bench_function("settle", |b| b.iter_custom(|count| times(count, &|| settle(0, false))));
    group.bench_function("ask_and_settle", |b| b.iter_custom(|count| times(count, &|| settle(0, true))));

    group
        .bench_function("ask_and_settle_when_full", |b| b.iter_custom(|count| times(count, &|| settle(300_000, true))));

    let directory = tempfile::tempdir().unwrap();
    let bench = JournalBench::open(directory.path());
    bench.settle(1..=PUSHES);
    let reader = bench.journal.reader().unwrap();
    group.bench_function("read_receipts", |b| b.iter(|| black_box(read_all(&reader))));
    let unused: Vec<UsedId> = (0..PUSHES).map(|number| UsedId::Notification(id(number + 10 * PUSHES))).collect();
    group.bench_function("ask_for_unused_ids", |b| {
        b.iter(|| unused.chunks(ASKED_AT_ONCE).map(|ids| bench.journal.are_used(ids).unwrap().len()).sum::<usize>());
    });
    bench.database.close().unwrap();
    group.bench_function("open", |b| b.iter(|| JournalBench::open(directory.path()).database.close().unwrap()));
    group.finish();
}

criterion_group!(benches, journal);
criterion_main!(benches);
