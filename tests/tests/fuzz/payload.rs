//! Payloads: custom notifications, group lists, remote actions.

use portal_contract::notification::MAX_PAYLOAD_BYTES;
use portal_contract::service::MAX_GROUPS;
use portal_contract::{CustomNotification, GroupList, RemoteAction};

/// A sentence for a receipt or the log: one line, and not as long as whoever sends pleases.
fn is_a_sentence(text: &str) -> bool {
    !text.is_empty() && text.len() < 1024 && !text.contains(char::is_control)
}

#[test]
fn custom_notification() {
    bolero::check!().with_max_len(MAX_PAYLOAD_BYTES + 8).for_each(|payload: &[u8]| {
        match CustomNotification::parse(payload) {
            // What is journalled must be read again after a restart.
            Ok(push) => {
                let written = serde_json::to_vec(&push).unwrap();
                assert_eq!(serde_json::from_slice::<CustomNotification>(&written).unwrap(), push);
                if written.len() <= MAX_PAYLOAD_BYTES {
                    assert_eq!(CustomNotification::parse(&written), Ok(push));
                }
            }
            Err(rejection) => assert!(is_a_sentence(&rejection.detail), "{:?}", rejection.detail),
        }
    });
}

#[test]
fn group_list() {
    bolero::check!().with_max_len(MAX_PAYLOAD_BYTES).for_each(|payload: &[u8]| match GroupList::parse(payload) {
        Ok((list, ignored)) => {
            assert!(list.groups.len() <= MAX_GROUPS);
            assert!(ignored.iter().all(|entry| is_a_sentence(entry)), "{ignored:?}");
            let written = serde_json::to_vec(&list).unwrap();
            assert_eq!(GroupList::parse(&written), Ok((list, Vec::new())));
        }
        Err(sentence) => assert!(is_a_sentence(&sentence), "{sentence:?}"),
    });
}

#[test]
fn action() {
    bolero::check!().with_max_len(MAX_PAYLOAD_BYTES).for_each(|payload: &[u8]| match RemoteAction::parse(payload) {
        Ok(action) => {
            let written = serde_json::to_vec(&action).unwrap();
            assert_eq!(RemoteAction::parse(&written), Ok(action));
        }
        Err(sentence) => assert!(is_a_sentence(&sentence), "{sentence:?}"),
    });
}
