//! How sessions begin, change hands, wait and end.
//!
//! Lives here: CONNECT and DISCONNECT, takeover, the will, session expiry. Does not live here: what a session holds
//! (`session`).

use std::time::{Duration, Instant};

use super::ids::{ConnectionId, SessionId};
use super::message::Message;
use super::session::{KeptWill, NEVER, Session};
use super::{ALIASES, Broker, NoticeKind, WINDOW};
use crate::codec::packets::Connect;
use crate::codec::writing::{ConnAck, Control};
use crate::codec::{Fault, Reason, Version};

const NO_ROOM: Fault = Fault::new(Reason::QuotaExceeded, "the broker's memory limit is reached");

impl Broker {
    pub(super) fn connect(&mut self, id: ConnectionId, connect: &Connect<'_>, now: Instant) -> Result<(), Fault> {
        // First of all: whoever is not let in takes nobody's session over.
        if !self.access.admits(connect.username, connect.password) {
            return Err(Fault::new(Reason::BadUserNameOrPassword, "the user name or the password is wrong"));
        }
        let assigned = connect.client_id.is_empty();
        if assigned && connect.version == Version::V311 && !connect.clean {
            return Err(Fault::new(Reason::ClientIdInvalid, "a kept session needs a client id"));
        }
        let client_id = if assigned { self.unused_client_id() } else { connect.client_id.to_owned() };
        self.take_over(&client_id, now);
        // Counted after the taking over, which frees a place.
        if self.sessions.len() - self.away.len() >= self.limits.clients {
            return Err(Fault::new(Reason::QuotaExceeded, "the limit on clients is reached"));
        }
        // Before the former session ends: a CONNECT for which there is no room leaves what that one holds.
        let will = match &connect.will {
            Some(will) => Some(KeptWill {
                message: Message::keep(&will.message, will.message.topic, &self.budget, now).ok_or(NO_ROOM)?,
                delay: Duration::from_secs(u64::from(will.delay)),
            }),
            None => None,
        };
        if connect.clean
            && let Some(&former) = self.by_client.get(&*client_id)
        {
            self.end_session(former, now);
        }
        let (key, session_present) = self.session_of(&client_id)?;
        let Some(session) = self.sessions.get_mut(&key) else { return Err(NO_ROOM) };
        if let Some(since) = session.away_since.take() {
            self.away.remove(&(since, key));
        }
        if let Some(deadline) = session.deadline() {
            self.deadlines.remove(&(deadline, key));
        }
        session.connection = Some(id);
        session.expiry = connect.session_expiry;
        // A will that was still waiting is not published: its client is back in time (MQTT 5, 3.1.3.2.2).
        (session.will, session.will_due, session.ends_at) = (will, None, None);
        session.rewind();
        let Some(connection) = self.connections.get_mut(&id) else { return Ok(()) };
        connection.accept(connect, WINDOW, ALIASES);
        connection.session = Some(key);
        let connack = ConnAck {
            session_present,
            receive_maximum: WINDOW,
            maximum_packet_size: u32::try_from(self.limits.packet_size).unwrap_or(u32::MAX),
            topic_alias_maximum: ALIASES,
            assigned_client_id: (assigned && connect.version == Version::V5).then_some(&*client_id),
        };
        self.send(id, Control::ConnAck(connack));
        self.pump(key, now);
        Ok(())
    }

    /// Refuses a connection that is not let in.
    pub(super) fn refuse(&mut self, id: ConnectionId, version: Version, client_id: &str, fault: Fault) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        // Only for the form of the answer: nothing more is read.
        connection.version = Some(version);
        connection.send(Control::Refused(fault.reason, fault.detail));
        connection.closing = true;
        self.wake(id);
        self.notice(NoticeKind::Refused, client_id, fault.detail);
    }

    fn unused_client_id(&self) -> String {
        let id = format!("assigned-{:016x}-{}", self.run, self.last_session + 1);
        // Somebody may have chosen just this one; a longer one is free.
        if self.by_client.contains_key(&*id) { format!("{id}-{}", self.sessions.len()) } else { id }
    }

    /// Ends the connection that carries this client's session, if there is one (MQTT 5, 3.1.4).
    fn take_over(&mut self, client_id: &str, now: Instant) {
        let session = self.by_client.get(client_id).and_then(|key| self.sessions.get(key));
        let Some(former) = session.and_then(|session| session.connection) else { return };
        self.send(former, Control::Disconnect(Reason::SessionTakenOver, "another connection has the same client id"));
        if let Some(connection) = self.connections.get_mut(&former) {
            connection.closing = true;
        }
        self.wake(former);
        self.detach(former, true, now);
    }

    /// The session of a client, or a new one; whether it was there.
    fn session_of(&mut self, client_id: &str) -> Result<(SessionId, bool), Fault> {
        if let Some(&key) = self.by_client.get(client_id) {
            return Ok((key, true));
        }
        let session = Session::new(client_id, &self.budget).ok_or(NO_ROOM)?;
        self.last_session += 1;
        let key = SessionId(self.last_session);
        self.by_client.insert(client_id.into(), key);
        self.sessions.insert(key, session);
        Ok((key, false))
    }

    pub(super) fn disconnect(
        &mut self,
        id: ConnectionId,
        key: SessionId,
        with_will: bool,
        expiry: Option<u32>,
        now: Instant,
    ) -> Result<(), Fault> {
        if let Some(session) = self.sessions.get_mut(&key)
            && let Some(seconds) = expiry
        {
            if session.expiry == 0 && seconds != 0 {
                return Err(Fault::protocol("DISCONNECT asked to keep a session that CONNECT did not"));
            }
            session.expiry = seconds;
        }
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.closing = true;
        }
        self.wake(id);
        self.detach(id, with_will, now);
        Ok(())
    }

    /// Parts a connection from its session, which then waits or ends.
    pub(super) fn detach(&mut self, id: ConnectionId, with_will: bool, now: Instant) {
        let Some(key) = self.connections.get_mut(&id).and_then(|connection| connection.session.take()) else { return };
        let Some(session) = self.sessions.get_mut(&key) else { return };
        session.connection = None;
        session.away_since = Some(now);
        self.away.insert((now, key));
        let lasts = Duration::from_secs(u64::from(session.expiry));
        session.ends_at = if session.expiry == NEVER { None } else { now.checked_add(lasts) };
        match &session.will {
            Some(will) if with_will => session.will_due = now.checked_add(will.delay),
            _ => session.will = None,
        }
        if let Some(deadline) = session.deadline() {
            self.deadlines.insert((deadline, key));
        }
        // At once: a will without delay is due now, and a session without expiry over.
        self.tick(now);
        if self.away.len() > self.limits.sessions
            && let Some(&(_, longest)) = self.away.first()
        {
            self.end_unasked(longest, "the limit on kept sessions is reached", now);
        }
    }

    /// When [`Broker::tick`] has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Does what time brings: wills that waited, sessions that end.
    pub fn tick(&mut self, now: Instant) {
        while let Some(&(deadline, key)) = self.deadlines.first()
            && deadline <= now
        {
            self.deadlines.remove(&(deadline, key));
            let Some(session) = self.sessions.get_mut(&key) else { continue };
            if session.ends_at.is_some_and(|at| at <= now) {
                self.end_unasked(key, "its time is over", now);
                continue;
            }
            session.will_due = None;
            let will = session.will.take();
            if let Some(deadline) = session.deadline() {
                self.deadlines.insert((deadline, key));
            }
            self.publish_will(key, will, now);
        }
    }

    fn end_unasked(&mut self, key: SessionId, why: &'static str, now: Instant) {
        if let Some(session) = self.sessions.get(&key)
            && session.waiting() > 0
        {
            let client = session.client_id.to_string();
            self.notice(NoticeKind::SessionEnded, &client, why);
        }
        self.end_session(key, now);
    }

    /// Ends a session without a connection, with everything in it. Its will is published, if it was due at all.
    fn end_session(&mut self, key: SessionId, now: Instant) {
        let Some(session) = self.sessions.remove(&key) else { return };
        self.by_client.remove(&session.client_id);
        for filter in session.filters.keys() {
            self.subscriptions.remove(filter, key);
        }
        if let Some(since) = session.away_since {
            self.away.remove(&(since, key));
        }
        if let Some(deadline) = session.deadline() {
            self.deadlines.remove(&(deadline, key));
        }
        // The will's delay ends with the session at the latest (MQTT 5, 3.1.3.2.2).
        if session.will_due.is_some() {
            self.publish_will(key, session.will, now);
        }
    }

    fn publish_will(&mut self, from: SessionId, will: Option<KeptWill>, now: Instant) {
        let Some(KeptWill { mut message, .. }) = will else { return };
        message.received = now;
        if let Err(limit) = self.distribute(Some(from), message, now) {
            let client = self.sessions.get(&from).map_or_else(String::new, |session| session.client_id.to_string());
            self.notice(NoticeKind::PublishRefused, &client, limit);
        }
    }
}
