//! Ids that people shorten: as rows show them, and as they are typed (contract 7).
//!
//! Lives here: how much of an id is shown, and which id a beginning stands for. Does not live here: finding the ids.

use portal_contract::NotificationId;

use super::CommandFailure;
use crate::control::{is_beginning_of, is_uuid};

/// How much of a UUID a row shows.
const SHOWN: usize = 8;

/// An id as a row shows it: a UUID's beginning, and any other id whole, since its end may be all that tells it from the next.
pub fn short(id: &NotificationId) -> &str {
    if is_uuid(id.as_str()) { id.as_str().get(..SHOWN).unwrap_or_default() } else { id.as_str() }
}

/// The id that is meant: the one that is typed whole, else the only one that begins so. Where none does it stays as it is
/// typed, and whoever is asked says that there is none.
///
/// # Errors
/// Several begin so.
pub fn meant(typed: &NotificationId, beginning_so: &[NotificationId]) -> Result<NotificationId, CommandFailure> {
    if beginning_so.contains(typed) {
        return Ok(typed.clone());
    }
    let found: Vec<&NotificationId> =
        beginning_so.iter().filter(|id| is_beginning_of(typed.as_str(), id.as_str())).collect();
    match found.as_slice() {
        [] => Ok(typed.clone()),
        [only] => Ok((*only).clone()),
        several => {
            let ids: Vec<&str> = several.iter().map(|id| id.as_str()).collect();
            let message = format!("{:?} is the beginning of several ids: {}", typed.as_str(), ids.join(", "));
            Err(CommandFailure::configuration(message, "type more of the one that is meant"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> NotificationId {
        text.parse().unwrap()
    }

    #[test]
    fn a_uuid_is_shown_by_its_beginning_and_any_other_id_whole() {
        assert_eq!(short(&id("58161d2d-5fc2-4f2b-a949-bc094a4c225e")), "58161d2d");
        assert_eq!(short(&id("a-quite-long-id-of-somebody-s-own")), "a-quite-long-id-of-somebody-s-own");
    }

    #[test]
    fn the_whole_id_wins_then_the_only_beginning() {
        let known = [id("alpha"), id("alphabet"), id("beta")];
        assert_eq!(meant(&id("alpha"), &known).unwrap(), id("alpha"));
        assert_eq!(meant(&id("be"), &known).unwrap(), id("beta"));
        assert_eq!(meant(&id("gamma"), &known).unwrap(), id("gamma"));
        let error = meant(&id("alp"), &known).unwrap_err().to_string();
        assert!(error.contains("alpha, alphabet"), "{error}");
    }
}
