//! Three RabbitMQ nodes with quorum queues, under the configuration and the permissions that the project ships.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portal_tests::mosquitto_clients::BrokerArguments;
use portal_tests::rabbitmq::{ClusterSetup, RabbitCluster};

use super::site::{AgentPair, BrokerSite, DeviceIds, PASSWORD, topic, users};
use super::{cases, permissions};

/// Generous: it is only reached by a failure.
const AGREED_WITHIN: Duration = Duration::from_secs(60);

struct RabbitSite {
    cluster: RabbitCluster,
    ids: DeviceIds,
    _folder: tempfile::TempDir,
}

impl RabbitSite {
    fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("definitions.json");
        std::fs::write(&file, definitions()?)?;
        let more = format!("load_definitions = {}\n", file.display());
        let cluster = RabbitCluster::start(&ClusterSetup { nodes: 3, more })?;
        let rabbit = Self { cluster, ids: DeviceIds::default(), _folder: folder };
        rabbit.wait_until_agreed()?;
        Ok(rabbit)
    }

    /// Nodes that have only just started serve MQTT before they agree on who holds the client ids; until then a CONNECT is
    /// refused with "broker unavailable", which the agents take for what it is and the suite's own clients do not.
    fn wait_until_agreed(&self) -> Result<()> {
        let (start, nobody) = (Instant::now(), self.ids.next());
        while let Err(refusal) = self.clients("sender").publish(&topic(&nobody, "notifications"), "{}") {
            ensure!(start.elapsed() < AGREED_WITHIN, "the nodes do not agree: {refusal}\n{}", self.cluster.log_ends());
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// A client of the node that the agents come to first: what is retained, RabbitMQ keeps on one node alone.
    fn clients(&self, user: &str) -> BrokerArguments {
        BrokerArguments::port(self.cluster.port(0)).with(&["-V", "mqttv311", "-I", user]).user(user, PASSWORD)
    }
}

/// What `config/rabbitmq-users.sh` makes of the suite's users.
fn definitions() -> Result<Vec<u8>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/rabbitmq-users.sh");
    let mut child = Command::new(script).arg("contoso").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let lines: String = users().iter().map(|(user, password)| format!("{user} {password}\n")).collect();
    child.stdin.take().context("its input")?.write_all(lines.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{script} ended with {}", output.status);
    Ok(output.stdout)
}

impl BrokerSite for RabbitSite {
    fn name(&self) -> &str {
        "three RabbitMQ nodes"
    }

    // Debian 12's RabbitMQ is 3.10, which speaks no MQTT 5.
    fn protocols(&self) -> &'static [&'static str] {
        &["3.1.1"]
    }

    fn pair(&self, environment: &[(&str, &str)]) -> Result<AgentPair> {
        let device = self.ids.next();
        let own = [
            ("PORTAL_AGENT__BROKER__PROTOCOL", "3.1.1"),
            ("PORTAL_AGENT__BROKER__USERNAME", device.as_str()),
            ("PORTAL_AGENT__BROKER__PASSWORD", PASSWORD),
        ];
        let urls: Vec<String> = (0..3).map(|node| self.cluster.url(node)).collect();
        let arguments = ["--broker", &urls[0], "--broker", &urls[1], "--broker", &urls[2]];
        AgentPair::start(device.clone(), &arguments, &[environment, &own].concat(), |_| {
            Ok([self.clients("sender"), self.clients("service")])
        })
    }
}

impl permissions::RestrictedBroker for RabbitSite {
    fn client(&self, user: &str, client_id: &str) -> BrokerArguments {
        BrokerArguments::port(self.cluster.port(0)).with(&["-V", "mqttv311", "-i", client_id]).user(user, PASSWORD)
    }
}

#[test]
fn every_case_holds_and_a_device_reads_and_writes_its_own_topics_only() -> Result<()> {
    let rabbit = RabbitSite::start()?;
    permissions::check(&rabbit).context("config/rabbitmq-users.sh")?;
    cases::run_all(&rabbit).inspect_err(|_| eprintln!("{}", rabbit.cluster.log_ends()))
}
