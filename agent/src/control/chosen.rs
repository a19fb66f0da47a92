//! Which of a daemon's devices is meant by what a person typed.
//!
//! Lives here: names, ids, and the beginning of an id (contract 7). Does not live here: asking the daemon (`client`).

use portal_contract::{DeviceId, DeviceSummary};

use super::client_error::ClientError;

/// How much of a device's id must be typed.
const SHORTEST_ID: usize = 4;

/// The device with this name or id, else the only one whose id begins so; without a name, the only one.
///
/// # Errors
/// [`ClientError::UnknownDevice`] where none is called so, [`ClientError::SeveralDevices`] where more than one is meant.
pub(super) fn chosen(hosted: &[DeviceSummary], named: Option<&str>) -> Result<DeviceId, ClientError> {
    let is_meant = |device: &&DeviceSummary| match named {
        None => true,
        Some(named) => device.device_name == named || named.parse() == Ok(device.device_id),
    };
    let mut meant: Vec<DeviceId> = hosted.iter().filter(is_meant).map(|device| device.device_id).collect();
    // A name comes before the id that it may be the beginning of.
    if let (true, Some(named)) = (meant.is_empty(), named.filter(|named| named.len() >= SHORTEST_ID)) {
        let begins = |id: &DeviceId| id.to_string().starts_with(&named.to_lowercase());
        meant.extend(hosted.iter().map(|device| device.device_id).filter(begins));
    }
    let names = || hosted.iter().map(|device| device.device_name.clone()).collect();
    match (meant.as_slice(), named) {
        ([only], _) => Ok(*only),
        ([], Some(named)) => Err(ClientError::UnknownDevice { named: named.to_owned(), hosted: names() }),
        _ => Err(ClientError::SeveralDevices { hosted: names() }),
    }
}

#[cfg(test)]
mod tests {
    use portal_contract::OperatingSystem;

    use super::*;

    fn device(name: &str, id: &str) -> DeviceSummary {
        DeviceSummary {
            device_id: id.parse().unwrap(),
            device_name: name.to_owned(),
            operating_system: OperatingSystem::Android,
            os_version: "17".to_owned(),
            tenant: "contoso".parse().unwrap(),
        }
    }

    #[test]
    fn a_device_is_named_by_name_by_id_or_by_the_beginning_of_its_id() {
        let first = "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10";
        let hosted = [device("Pixel", first), device("6f0c", "6f0c2222-2f5a-4c0e-9a52-0d6f3a3b7a10")];
        let id = |named: &str| chosen(&hosted, Some(named)).map(|id| id.to_string());
        assert_eq!(id("Pixel").unwrap(), first);
        assert_eq!(id(first).unwrap(), first);
        assert_eq!(id("6F0C1").unwrap(), first);
        assert_ne!(id("6f0c").unwrap(), first, "a name comes first");
        assert!(matches!(id("6f").unwrap_err(), ClientError::UnknownDevice { .. }), "too short");
        assert!(matches!(chosen(&hosted, None).unwrap_err(), ClientError::SeveralDevices { .. }));
        assert_eq!(chosen(&hosted[..1], None).unwrap().to_string(), first);
    }
}
