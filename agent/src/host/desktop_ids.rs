//! Cards and prompts of many devices on one desktop: an id there names the device and its own number.
//!
//! Lives here: putting the two into one number and taking them out again. Does not live here: the notification server's ids
//! (the desktop edge keeps those).

use portal_delivery::{CardNumber, DeviceKey, PromptNumber};

use crate::desktop::{CardId, PromptId};

/// How many bits a device's own number has: a device that showed a thousand cards a second would take 34 years.
const NUMBER_BITS: u32 = 40;
const NUMBER_MASK: u64 = (1 << NUMBER_BITS) - 1;

fn join(device: DeviceKey, number: u64) -> u64 {
    (u64::from(device.0) << NUMBER_BITS) | (number & NUMBER_MASK)
}

fn split(id: u64) -> (DeviceKey, u64) {
    // 24 bits are left, which a key fits into: there are never as many devices.
    (DeviceKey(u32::try_from(id >> NUMBER_BITS).unwrap_or(u32::MAX)), id & NUMBER_MASK)
}

/// The desktop's id of a device's card.
pub(super) fn card_id(device: DeviceKey, card: CardNumber) -> CardId {
    CardId(join(device, card.0))
}

/// Whose card this is, and which.
pub(super) fn card_of(card: CardId) -> (DeviceKey, CardNumber) {
    let (device, number) = split(card.0);
    (device, CardNumber(number))
}

/// The desktop's id of a device's prompt.
pub(super) fn prompt_id(device: DeviceKey, prompt: PromptNumber) -> PromptId {
    PromptId(join(device, prompt.0.into()))
}

/// Whose prompt this is, and which.
pub(super) fn prompt_of(prompt: PromptId) -> (DeviceKey, PromptNumber) {
    let (device, number) = split(prompt.0);
    (device, PromptNumber(u32::try_from(number).unwrap_or(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_the_device_and_its_own_number() {
        for (device, number) in [(0, 1), (7, 1), (9_999, NUMBER_MASK)] {
            let (device, card) = (DeviceKey(device), CardNumber(number));
            assert_eq!(card_of(card_id(device, card)), (device, card));
        }
        let (device, prompt) = (DeviceKey(3), PromptNumber(u32::MAX));
        assert_eq!(prompt_of(prompt_id(device, prompt)), (device, prompt));
    }
}
