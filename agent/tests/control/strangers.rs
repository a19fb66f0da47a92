//! The control API cannot be held shut: not by those without the token, nor by those who have it and only follow.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::fake::DEVICE;
use super::running::{LIMIT, RunningServer};

/// Connections that ask for health again and again and never read an answer.
fn pipelining(running: &RunningServer, count: usize) -> Vec<TcpStream> {
    let request = format!("GET /livez HTTP/1.1\r\nHost: {}\r\n\r\n", running.authority());
    let many = request.repeat(2_000);
    let connect = |_| {
        let mut stream = TcpStream::connect(running.authority()).unwrap();
        stream.set_nonblocking(true).unwrap();
        // As much as it takes at once.
        let _ = stream.write(many.as_bytes());
        stream
    };
    (0..count).map(connect).collect()
}

/// Says that it is over as it is dropped: of a test that fails too, or the threads that it joins would never end.
struct OverOnDrop<'a>(&'a AtomicBool);

impl Drop for OverOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn status_takes(running: &RunningServer) -> Duration {
    let started = Instant::now();
    let (code, _, stderr) = running.cli("status");
    assert_eq!(code, 0, "{stderr}");
    started.elapsed()
}

#[test]
fn connections_without_the_token_that_never_read_do_not_lock_the_owner_out() {
    let running = RunningServer::ios();
    let _held = pipelining(&running, 400);
    assert!(status_takes(&running) < LIMIT);
    // Nor those that say nothing at all, nor both, one after the other without an end.
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let _over = OverOnDrop(&over);
        for _ in 0..4 {
            scope.spawn(|| {
                let mut held = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    held.extend(TcpStream::connect(running.authority()).ok());
                    if held.len() > 150 {
                        held.clear();
                    }
                }
            });
        }
        let took: Vec<Duration> = (0..5).map(|_| status_takes(&running)).collect();
        assert!(took.iter().all(|took| *took < LIMIT), "{took:?}");
    });
}

#[test]
fn a_connection_without_the_token_has_one_answer_and_a_few_seconds() {
    let running = RunningServer::ios();
    let mut stream = TcpStream::connect(running.authority()).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let request = format!("GET /livez HTTP/1.1\r\nHost: {}\r\n\r\n", running.authority());
    stream.write_all(request.repeat(3).as_bytes()).unwrap();
    let mut answers = Vec::new();
    // What was sent behind the answered request makes the close a reset.
    let _ = stream.read_to_end(&mut answers);
    let answers = String::from_utf8_lossy(&answers);
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 1, "{answers}");
    assert!(answers.to_ascii_lowercase().contains("connection: close"), "{answers}");

    let started = Instant::now();
    let mut silent = TcpStream::connect(running.authority()).unwrap();
    silent.set_read_timeout(Some(LIMIT)).unwrap();
    let ended = silent.read(&mut [0; 16]);
    assert!(matches!(ended, Ok(0)) || ended.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
    assert!(started.elapsed() < LIMIT);
}

#[test]
fn a_connection_with_the_token_is_kept() {
    let running = RunningServer::ios();
    let mut stream = TcpStream::connect(running.authority()).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    for _ in 0..3 {
        let (host, token) = (running.authority(), running.file().token.bearer());
        write!(stream, "GET /v1/devices HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\n\r\n").unwrap();
        let mut answer = [0; 4096];
        let read = stream.read(&mut answer).unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 200"));
    }
}

#[test]
fn followers_and_waits_beyond_their_number_are_refused_and_commands_get_through() {
    let running = RunningServer::ios();
    let open = |path: &str, more: &str| {
        let mut stream = TcpStream::connect(running.authority()).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let (host, token) = (running.authority(), running.file().token.bearer());
        write!(
            stream,
            "GET /v1/devices/{DEVICE}/{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\n{more}\r\n"
        )
        .unwrap();
        stream
    };
    let mut held = Vec::new();
    let mut refused = 0;
    for number in 0..220 {
        let mut stream = if number % 2 == 0 {
            open("receipts?after=0", "Accept: text/event-stream\r\n")
        } else {
            open("wait?condition=prompt-showing", "")
        };
        // A wait answers nothing until it is over; a refusal comes at once.
        if number > 140 {
            let mut start = [0; 12];
            stream.read_exact(&mut start).unwrap();
            assert_eq!(&start, b"HTTP/1.1 503", "{number}");
            refused += 1;
        }
        held.push(stream);
        if number == 140 {
            // Until the server has read them all.
            thread::sleep(Duration::from_millis(300));
        }
    }
    assert!(refused > 70);
    assert!(status_takes(&running) < LIMIT);
    let (code, _, stderr) = running.cli("log --follow");
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("as many as this daemon serves at once"), "{stderr}");
    drop(held);
    let freed = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(50));
        let mut start = [0; 12];
        let mut stream = open("receipts?after=0", "Accept: text/event-stream\r\n");
        stream.read_exact(&mut start).is_ok() && &start == b"HTTP/1.1 200"
    });
    assert!(freed, "their places are given back");
}
