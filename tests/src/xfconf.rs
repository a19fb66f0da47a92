//! Xfce's settings service as far as an agent asks it: the one channel of the notification server.
//!
//! Lives here: `org.xfce.SettingsService` on a bus of the test's choice. Does not live here: the notification server.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use zbus::object_server::SignalEmitter;
use zbus::{Connection, OwnedVariant, Variant, fdo, interface};

const NAME: &str = "org.xfce.Xfconf";
const PATH: &str = "/org/xfce/Xfconf";
const CHANNEL: &str = "xfce4-notifyd";

/// A running settings service. Its connection is closed when it is dropped.
#[derive(Debug)]
pub struct SettingsService {
    connection: Connection,
}

impl SettingsService {
    /// Starts one on a bus, with nothing set.
    ///
    /// # Errors
    /// Where the bus is not there, or has one already.
    pub async fn start(bus_address: &str) -> anyhow::Result<Self> {
        let connection = zbus::connection::Builder::address(bus_address)
            .serve_at(PATH, XfconfValues(Mutex::default()))
            .name(NAME)
            .build()
            .await?;
        Ok(Self { connection })
    }

    /// Sets a property of the channel and says so.
    ///
    /// # Errors
    /// Where the bus is gone.
    pub async fn set(&self, property: &str, value: Variant<'static>) -> anyhow::Result<()> {
        let served = self.connection.object_server().interface::<_, XfconfValues>(PATH).await?;
        let kept = OwnedVariant::try_from(value.try_clone()?)?;
        served.get().await.0.lock().unwrap_or_else(PoisonError::into_inner).insert(property.to_owned(), kept);
        Ok(XfconfValues::property_changed(served.signal_emitter(), CHANNEL, property, value).await?)
    }
}

struct XfconfValues(Mutex<HashMap<String, OwnedVariant>>);

#[interface(name = "org.xfce.Xfconf")]
impl XfconfValues {
    async fn get_all_properties(&self, channel: &str, _base: &str) -> fdo::Result<HashMap<String, OwnedVariant>> {
        if channel != CHANNEL {
            return Err(fdo::Error::InvalidArgs(format!("no channel {channel}")));
        }
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .map(|(name, value)| Ok((name.clone(), value.try_clone()?)))
            .collect::<zbus::Result<_>>()
            .map_err(|error| fdo::Error::Failed(error.to_string()))
    }

    #[zbus(signal)]
    async fn property_changed(
        emitter: &SignalEmitter<'_>,
        channel: &str,
        property: &str,
        value: Variant<'_>,
    ) -> zbus::Result<()>;
}
