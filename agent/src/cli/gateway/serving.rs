//! A gateway with its files, for `gateway` and for `run --gateway`.
//!
//! Lives here: `gateway.json`, the groups that are kept, starting and ending in order. Does not live here: where it listens and who
//! may call (`run`), what it answers (`gateway`).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use portal_contract::Tenant;
use portal_contract::timestamp::millis;
use portal_graph::{Directory, Faults, Gateway, LimitSettings, Role, TokenTable};

use super::super::CommandFailure;
use super::file::{GATEWAY_FILE, GatewayFile};
use crate::control::{GatewaySend, GatewaySends};
use crate::gateway::{GatewayError, GatewayOptions, RunningGateway, SendsTeller, fresh_token};
use crate::input_file;
use crate::sender::SenderOptions;
use crate::settings::GatewaySettings;
use crate::state_dir::StateDir;

/// The groups of all tenants, in the state directory.
const GROUPS_FILE: &str = "gateway-groups.json";
/// The most that is read of it.
const LARGEST_GROUPS: usize = 256 * 1024 * 1024;

/// How a gateway is reached, and by whom.
pub struct GatewayAccess {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Callers' tokens; none where everybody may call.
    pub tokens: Option<TokenTable>,
    /// Certificate and key, for HTTPS.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// The authority that signed the certificate.
    pub ca_file: Option<PathBuf>,
    /// What befalls requests on purpose.
    pub faults: Option<Faults>,
    /// Who shows the latest sends.
    pub tell_sends: Option<SendsTeller>,
}

impl GatewayAccess {
    /// On this address, for whoever can read `gateway.json`, in a daemon whose page shows the sends.
    pub fn of_this_user(listen: SocketAddr, page: GatewaySends) -> Self {
        let tell: SendsTeller = Arc::new(move |sends| {
            // They have the form that the page reads, by their names.
            let read = |send| serde_json::from_value::<GatewaySend>(send).ok();
            page.set(sends.into_iter().filter_map(read).collect());
        });
        let tokens = Some(TokenTable::default());
        Self { listen, tokens, certificate: None, ca_file: None, faults: None, tell_sends: Some(tell) }
    }
}

/// A gateway that runs, and is found by its file.
pub struct ServedGateway {
    gateway: RunningGateway,
    state_dir: StateDir,
}

impl ServedGateway {
    /// Starts it and writes its file.
    ///
    /// # Errors
    /// Its address, its certificate or a file cannot be had.
    pub async fn start(
        state_dir: &StateDir,
        settings: &GatewaySettings,
        brokers: Vec<SenderOptions>,
        access: GatewayAccess,
    ) -> Result<Self, CommandFailure> {
        // This program's own commands have a token that lies beside the address.
        let token = fresh_token();
        let open = access.tokens.is_none();
        let tokens = access.tokens.map(|mut table| {
            table.add(token.clone(), Role::Admin);
            table
        });
        let tenant = brokers.first().map(|options| options.tenant.clone()).unwrap_or_default();
        let keeper = state_dir.clone();
        let options = GatewayOptions {
            listen: access.listen,
            certificate: access.certificate,
            brokers,
            gateway: Gateway::new(tokens, tenant, groups(state_dir)?, limits(settings)),
            open,
            faults: access.faults,
            tell_sends: access.tell_sends,
            keep_groups: Arc::new(move |bytes| {
                if let Err(error) = keeper.write_private(GROUPS_FILE, &bytes) {
                    tracing::warn!("the groups are not kept over a restart: {error}");
                }
            }),
        };
        let gateway = RunningGateway::start(options).await.map_err(not_started)?;
        let ca_file = access.ca_file.map(|path| path.canonicalize().unwrap_or(path));
        let file = GatewayFile { url: gateway.url().to_owned(), pid: std::process::id(), token, ca_file };
        file.write(state_dir)?;
        Ok(Self { gateway, state_dir: state_dir.clone() })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        self.gateway.url()
    }

    /// Returns once devices are known, or are known not to be.
    pub async fn settled(&self) {
        // What keeps it from the broker is in the log, and in the answers.
        let _ = self.gateway.connected().await;
    }

    /// Ends it.
    ///
    /// # Errors
    /// Its file cannot be removed.
    pub async fn stop(self) -> Result<(), CommandFailure> {
        // A gateway that was started later on the same directory has its own there by now.
        let is_own = GatewayFile::read(self.state_dir.path()).is_ok_and(|file| file.url == self.gateway.url());
        let removed = if is_own { self.state_dir.remove(GATEWAY_FILE) } else { Ok(()) };
        self.gateway.stop().await;
        Ok(removed?)
    }
}

fn not_started(error: GatewayError) -> CommandFailure {
    match error {
        GatewayError::Listen { .. } => {
            CommandFailure::operation("notStarted", error.to_string(), "--listen 127.0.0.1:0 takes a free port")
        }
        GatewayError::Tls(_) => {
            CommandFailure::configuration(error.to_string(), "portal-agent gateway ca DIR makes certificates")
        }
    }
}

/// The groups that an earlier gateway of this state directory kept.
fn groups(state_dir: &StateDir) -> Result<BTreeMap<Tenant, Directory>, CommandFailure> {
    let path: PathBuf = state_dir.path().join(GROUPS_FILE);
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let wrong = |why: String| {
        let message = format!("{} {why}", path.display());
        CommandFailure::configuration(message, "remove it; groups that devices are in are learned from the broker")
    };
    let bytes = input_file::read(&path, LARGEST_GROUPS).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|_| wrong("is not what a gateway writes".to_owned()))
}

fn limits(settings: &GatewaySettings) -> LimitSettings {
    LimitSettings {
        tenant_messages: settings.tenant_messages,
        device_messages: settings.device_messages,
        window_millis: millis(settings.window),
    }
}
