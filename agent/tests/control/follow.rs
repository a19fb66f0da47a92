//! `log` and `log --follow`: which receipts, and none lost or repeated.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;

use portal_agent::control::log::LogRequest;
use portal_contract::{ListedReceipt, OutcomeKind};
use serde_json::Value;

use super::running::{LIMIT, RunningServer};

fn sequences(receipts: &[ListedReceipt]) -> Vec<u64> {
    receipts.iter().map(|listed| listed.receipt.sequence).collect()
}

fn push_many(running: &RunningServer, from: usize, to: usize) {
    (from..=to).for_each(|number| running.fake.push(&format!("push-{number}"), "x"));
}

/// Each push and its duplicate.
fn push_twice(running: &RunningServer, from: usize, to: usize) {
    for number in from..=to {
        push_many(running, number, number);
        push_many(running, number, number);
    }
}

/// Follows from now on, and reads in a thread until `last` has come.
fn follow(running: &RunningServer, request: &LogRequest, last: u64) -> mpsc::Receiver<Vec<u64>> {
    let following = running.client().follow(request).unwrap();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut seen = Vec::new();
        for receipt in following {
            seen.push(receipt.unwrap().value.receipt.sequence);
            if seen.last() == Some(&last) {
                break;
            }
        }
        sender.send(seen).unwrap();
    });
    receiver
}

#[test]
fn a_follower_loses_nothing_and_repeats_nothing() {
    let running = RunningServer::ios();
    push_many(&running, 1, 20);
    let limits = [0, 1, 5, 100];
    let (followers, after) = thread::scope(|scope| {
        scope.spawn(|| push_many(&running, 21, 699));
        let of = |limit: &usize| follow(&running, &LogRequest { limit: Some(*limit), ..LogRequest::default() }, 700);
        let followers: Vec<_> = limits.iter().map(of).collect();
        (followers, follow(&running, &LogRequest { after: Some(7), ..LogRequest::default() }, 700))
    });
    push_many(&running, 700, 700);
    for follower in followers {
        let seen = follower.recv_timeout(LIMIT).unwrap();
        let first = *seen.first().unwrap();
        assert_eq!(seen, (first..=700).collect::<Vec<u64>>());
    }
    assert_eq!(after.recv_timeout(LIMIT).unwrap(), (8..=700).collect::<Vec<u64>>());
}

#[test]
fn a_follower_with_a_filter_loses_nothing_either() {
    let running = RunningServer::ios();
    let request = LogRequest { outcome: Some(OutcomeKind::Duplicate), limit: Some(3), ..LogRequest::default() };
    push_twice(&running, 1, 5);
    let follower = thread::scope(|scope| {
        scope.spawn(|| push_twice(&running, 6, 199));
        follow(&running, &request, 400)
    });
    push_twice(&running, 200, 200);
    let seen = follower.recv_timeout(LIMIT).unwrap();
    let first = *seen.first().unwrap();
    assert_eq!(seen, (first..=400).step_by(2).collect::<Vec<u64>>());
}

#[test]
fn the_log_is_the_latest_oldest_first() {
    let running = RunningServer::ios();
    push_many(&running, 1, 150);
    running.fake.push_garbage();
    let client = running.client();
    let of = |request: LogRequest| sequences(&client.receipts(&request).unwrap());
    assert_eq!(of(LogRequest::default()), (52..=151).collect::<Vec<u64>>());
    assert_eq!(of(LogRequest { limit: Some(2), ..LogRequest::default() }), [150, 151]);
    assert_eq!(of(LogRequest { outcome: Some(OutcomeKind::Rejected), ..LogRequest::default() }), [151]);
    assert_eq!(of(LogRequest { id: Some("push-7".parse().unwrap()), ..LogRequest::default() }), [7]);
    assert_eq!(of(LogRequest { after: Some(148), ..LogRequest::default() }), [149, 150, 151]);
    assert_eq!(of(LogRequest { after: Some(10), limit: Some(2), ..LogRequest::default() }), [11, 12]);
}

#[test]
fn since_is_a_time_or_a_span_before_the_devices_present() {
    let running = RunningServer::ios();
    push_many(&running, 1, 1);
    let lines = |line: &str| running.cli(line).1.lines().count();
    assert_eq!(lines("log --since 2026-11-23T09:00:00Z"), 1);
    assert_eq!(lines("log --since 2026-11-23T10:00:00.001+01:00"), 1);
    assert_eq!(lines("log --since 2026-11-24T00:00:00Z"), 0);
    assert_eq!(lines("log --since 36500d"), 1);
}

#[test]
fn the_binary_streams_one_receipt_a_line_and_ends_with_the_daemon() {
    let mut running = RunningServer::ios();
    push_many(&running, 1, 2);
    let mut child =
        running.command("log --follow --json --limit 1").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap()["sequence"].clone();
    assert_eq!(next(), 2);
    push_many(&running, 3, 3);
    assert_eq!(next(), 3, "as it becomes durable, not when a buffer is full");
    running.stop_server();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the daemon ended"));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let running = RunningServer::ios();
    push_many(&running, 1, 1);
    let mut child = running.command("log --follow").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    drop(lines);
    push_many(&running, 2, 3);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn events_are_the_standards_own_and_a_library_that_comes_again_misses_nothing() {
    let mut running = RunningServer::ios();
    push_many(&running, 1, 2);
    let request = format!(
        "GET /v1/devices/{}/receipts HTTP/1.1\r\nHost: {}\r\nAuthorization: {}\r\nAccept: text/event-stream\r\n\
         Last-Event-ID: 1\r\n\r\n",
        super::fake::DEVICE,
        running.authority(),
        running.file().token.bearer()
    );
    let mut stream = TcpStream::connect(running.authority()).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "content-type: text/event-stream"));
    let event: Vec<String> = lines.by_ref().skip_while(|line| !line.starts_with("event:")).take(3).collect();
    assert_eq!(event[0], "event: receipt");
    assert!(event[1].starts_with("data: {\"sequence\":2,"), "{event:?}");
    assert_eq!(event[2], "id: 2");
    running.stop_server();
    assert!(lines.all(|line| !line.starts_with("event:")), "the stream ends with the daemon");
}
