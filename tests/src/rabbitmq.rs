//! Private RabbitMQ nodes, a cluster of three or one alone: own ports, own port mapper, own cookie, gone with the test.
//!
//! Lives here: starting, killing, restarting them, and `rabbitmqctl`. Does not live here: any client; what a user of such
//! a cluster configures (`config/rabbitmq.conf`, which every node here reads first).

use std::fmt::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

/// How long a node may take to listen, on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(180);
/// How much of each node's log a failure shows.
const LOG_LINES_SHOWN: usize = 40;
/// Where Debian's package keeps the programs themselves; those on the path change the user first.
const PROGRAMS: &str = "/usr/lib/rabbitmq/bin";
/// One thread a scheduler is enough for a test, and none of them spins while it waits.
const EMULATOR: &str = "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none";

/// How the nodes are set up.
#[derive(Clone, Debug, Default)]
pub struct ClusterSetup {
    /// How many.
    pub nodes: usize,
    /// More lines of `rabbitmq.conf`.
    pub more: String,
}

/// Running nodes, killed when dropped.
pub struct RabbitCluster {
    dir: TempDir,
    port_mapper: Child,
    mapper_port: u16,
    nodes: Vec<RabbitNode>,
}

struct RabbitNode {
    number: usize,
    mqtt: u16,
    distribution: u16,
    child: Option<Child>,
}

impl RabbitCluster {
    /// Starts the nodes, one after another, and waits until each serves MQTT.
    ///
    /// # Errors
    /// RabbitMQ is not installed, or a node does not start.
    pub fn start(setup: &ClusterSetup) -> Result<Self> {
        ensure!(Path::new(PROGRAMS).join("rabbitmq-server").exists(), "rabbitmq-server must be installed");
        let dir = TempDir::with_prefix("portal-rabbitmq-")?;
        let ports = free_ports(1 + 2 * setup.nodes)?;
        std::fs::write(dir.path().join("plugins"), "[rabbitmq_mqtt].\n")?;
        write_cookie(dir.path())?;
        let port_mapper = Command::new("epmd")
            .args(["-port", &ports[0].to_string(), "-address", "127.0.0.1"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("epmd, which comes with Erlang, must be installed")?;
        let nodes: Vec<RabbitNode> = (0..setup.nodes)
            .map(|at| RabbitNode {
                number: at + 1,
                mqtt: ports[1 + 2 * at],
                distribution: ports[2 + 2 * at],
                child: None,
            })
            .collect();
        let mut cluster = Self { dir, port_mapper, mapper_port: ports[0], nodes };
        for at in 0..setup.nodes {
            cluster.configure(at, setup)?;
        }
        // The first alone, so that the others join a cluster that is there. Started together they form one between them,
        // and on a busy machine a node of RabbitMQ 3.10 then came up without its virtual host, or never agreed with the
        // others on who holds the client ids.
        for at in 0..setup.nodes {
            cluster.spawn(at)?;
            cluster.wait_for(at)?;
        }
        Ok(cluster)
    }

    /// Where this node serves MQTT.
    pub fn port(&self, node: usize) -> u16 {
        self.nodes[node].mqtt
    }

    /// The URL of this node.
    pub fn url(&self, node: usize) -> String {
        format!("mqtt://127.0.0.1:{}", self.port(node))
    }

    /// The node that has this URL.
    pub fn node_of(&self, url: &str) -> Option<usize> {
        (0..self.nodes.len()).find(|&at| url.trim_end_matches('/').ends_with(&format!(":{}", self.port(at))))
    }

    /// `kill -9` of this node.
    ///
    /// # Errors
    /// It does not run.
    pub fn kill(&mut self, node: usize) -> Result<()> {
        let mut child = self.nodes[node].child.take().context("the node does not run")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Starts a killed node again, with its files, and waits until it serves MQTT.
    ///
    /// # Errors
    /// It does not start.
    pub fn restart(&mut self, node: usize) -> Result<()> {
        self.spawn(node)?;
        self.wait_for(node)
    }

    /// Runs `rabbitmqctl` on this node.
    ///
    /// # Errors
    /// It failed.
    pub fn control(&self, node: usize, arguments: &[&str]) -> Result<String> {
        let output = self.command("rabbitmqctl", node).arg("-q").args(arguments).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "rabbitmqctl {arguments:?}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(text)
    }

    /// One of RabbitMQ's programs, or a script that calls them, in the surroundings of this node.
    pub fn command(&self, program: &str, node: usize) -> Command {
        let dir = self.dir.path();
        let node = &self.nodes[node];
        let mut command = Command::new(program);
        command
            .env("PATH", format!("{PROGRAMS}:/usr/local/bin:/usr/bin:/bin"))
            .env("HOME", dir)
            .env("LANG", "C.UTF-8")
            .env("LC_ALL", "C.UTF-8")
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("ERL_EPMD_PORT", self.mapper_port.to_string())
            // Nothing of the computer's own RabbitMQ is read.
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("RABBITMQ_NODENAME", format!("r{}@localhost", node.number))
            .env("RABBITMQ_DIST_PORT", node.distribution.to_string())
            .env("RABBITMQ_CONFIG_FILE", self.configuration(node.number))
            .env("RABBITMQ_ADVANCED_CONFIG_FILE", dir.join("none"))
            .env("RABBITMQ_MNESIA_BASE", dir.join("db"))
            .env("RABBITMQ_LOG_BASE", dir.join("log"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", dir.join("plugins"))
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", EMULATOR)
            // The script then becomes the node itself instead of waiting for it, so that a kill is the node's.
            .env("RUNNING_UNDER_SYSTEMD", "true")
            .stdin(Stdio::null());
        command
    }

    /// What a node logged, for the message of a failure.
    pub fn log(&self, node: usize) -> String {
        let name = format!("log/r{}@localhost.log", self.nodes[node].number);
        std::fs::read_to_string(self.dir.path().join(name)).unwrap_or_default()
    }

    /// The last lines that each node logged, for the message of a failure: whether it raised an alarm, which stops
    /// everybody who publishes, or lost sight of another node stands only there.
    pub fn log_ends(&self) -> String {
        let end = |at: usize| {
            let log = self.log(at);
            let lines: Vec<&str> = log.lines().collect();
            format!("node {}:\n{}\n", at + 1, lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n"))
        };
        (0..self.nodes.len()).map(end).collect()
    }

    fn configuration(&self, number: usize) -> PathBuf {
        self.dir.path().join(format!("r{number}.conf"))
    }

    /// The file of the user's, then the test's own lines: in RabbitMQ's format, the last of a key counts.
    fn configure(&self, at: usize, setup: &ClusterSetup) -> Result<()> {
        let node = &self.nodes[at];
        let mut text = users_configuration();
        writeln!(text, "mqtt.listeners.tcp.default = 127.0.0.1:{}\nlisteners.tcp = none", node.mqtt)?;
        writeln!(text, "log.console = false\nlog.file.level = info")?;
        writeln!(text, "vm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.absolute = 100MB")?;
        if setup.nodes > 1 {
            for number in 1..=setup.nodes {
                writeln!(text, "cluster_formation.classic_config.nodes.{number} = r{number}@localhost")?;
            }
        } else {
            writeln!(text, "cluster_formation.classic_config.nodes.1 = r1@localhost")?;
        }
        text.push_str(&setup.more);
        Ok(std::fs::write(self.configuration(node.number), text)?)
    }

    fn spawn(&mut self, at: usize) -> Result<()> {
        let log = std::fs::File::options().create(true).append(true).open(self.dir.path().join("output"))?;
        let mut command = self.command("rabbitmq-server", at);
        self.nodes[at].child = Some(command.stdout(log.try_clone()?).stderr(log).spawn()?);
        Ok(())
    }

    fn wait_for(&mut self, at: usize) -> Result<()> {
        let start = Instant::now();
        loop {
            let node = &mut self.nodes[at];
            let ended = node.child.as_mut().context("a started node")?.try_wait()?;
            if TcpStream::connect((Ipv4Addr::LOCALHOST, node.mqtt)).is_ok() {
                return Ok(());
            }
            if ended.is_some() || start.elapsed() > TIMEOUT {
                let output = std::fs::read_to_string(self.dir.path().join("output")).unwrap_or_default();
                bail!("node {} did not start ({ended:?}): {output}\n{}", at + 1, self.log(at));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for RabbitCluster {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            if let Some(mut child) = node.child.take() {
                // It may have ended by itself.
                let _ = child.kill();
                let _ = child.wait();
            }
        }
        let _ = self.port_mapper.kill();
        let _ = self.port_mapper.wait();
    }
}

/// `config/rabbitmq.conf` without what names its reader's own machines.
fn users_configuration() -> String {
    let lines = include_str!("../../config/rabbitmq.conf").lines();
    let own = ["cluster_formation.classic_config", "mqtt.listeners", "listeners", "ssl_options", "load_definitions"];
    let kept = lines.filter(|line| !own.iter().any(|key| line.starts_with(key)));
    kept.flat_map(|line| [line, "\n"]).collect()
}

/// Ports that are free now; all are held until each is known, so that no two are the same.
fn free_ports(count: usize) -> Result<Vec<u16>> {
    let held: Vec<TcpListener> =
        (0..count).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<Result<_, _>>()?;
    held.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

/// The secret by which the nodes know each other; Erlang takes it only from a file that is its user's alone.
fn write_cookie(dir: &Path) -> Result<()> {
    let path = dir.join(".erlang.cookie");
    std::fs::write(&path, uuid::Uuid::new_v4().simple().to_string())?;
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o400))?;
    Ok(())
}
