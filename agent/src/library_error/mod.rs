//! What errors of libraries and of the operating system mean, in sentences of this program.
//!
//! A library's own text is printed nowhere: it may repeat what it read, a private key included, and it speaks of the
//! library's insides. Lives here: what several parts meet. Does not live here: TLS and MQTT (`mqtt`), D-Bus
//! (`desktop`), the journal's database (`journal`).

mod json;
mod os;

pub(crate) use json::json_reason;
pub(crate) use os::{cannot_listen, os_reason};
