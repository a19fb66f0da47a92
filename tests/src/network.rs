//! Two network namespaces joined by a cable that can swallow every packet: no reset, no error, just silence.
//!
//! Lives here: making them (as root, with `ip`), and the swallowing. Does not live here: who speaks through them.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

const NEAR: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
const FAR: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);
const NEAR_CARD: &str = "02:00:00:00:77:01";
const FAR_CARD: &str = "02:00:00:00:77:02";
/// Nobody's: a frame sent to it is dropped by whoever gets it.
const NOBODYS_CARD: &str = "02:00:00:00:77:99";

/// The two namespaces; removed when it is dropped.
#[derive(Debug)]
pub struct NetworkNamespaces {
    near: String,
    far: String,
}

impl NetworkNamespaces {
    /// Makes them; none, and the reason printed, where this process may not.
    ///
    /// # Errors
    /// They can be made, but not set up.
    pub fn new() -> Result<Option<Self>> {
        let id = std::process::id();
        let network = Self { near: format!("portal-near-{id}"), far: format!("portal-far-{id}") };
        let made = ip(&["netns", "add", &network.near]).and_then(|()| ip(&["netns", "add", &network.far]));
        if let Err(error) = made {
            println!("skipped: network namespaces need root and iproute2: {error:#}");
            return Ok(None);
        }
        let (near, far) = (network.near.as_str(), network.far.as_str());
        ip(&["link", "add", "near", "netns", near, "type", "veth", "peer", "name", "far", "netns", far])?;
        for (namespace, card, address, mac) in [(near, "near", NEAR, NEAR_CARD), (far, "far", FAR, FAR_CARD)] {
            ip(&["-n", namespace, "link", "set", "lo", "up"])?;
            ip(&["-n", namespace, "link", "set", card, "address", mac])?;
            ip(&["-n", namespace, "addr", "add", &format!("{address}/30"), "dev", card])?;
            ip(&["-n", namespace, "link", "set", card, "up"])?;
        }
        network.deliver()?;
        Ok(Some(network))
    }

    /// What a program is run with to be on the near side.
    pub fn near(&self) -> [&str; 4] {
        ["ip", "netns", "exec", &self.near]
    }

    /// A socket that listens on the far side.
    ///
    /// # Errors
    /// The namespace cannot be entered.
    pub fn listen(&self) -> Result<TcpListener> {
        let namespace = File::open(format!("/run/netns/{}", self.far))?;
        // A namespace is entered by a thread: by one of its own, so that no other moves with it.
        let listening = std::thread::spawn(move || -> Result<TcpListener> {
            move_into_link_name_space(std::os::fd::AsFd::as_fd(&namespace), Some(LinkNameSpaceType::Network))?;
            Ok(TcpListener::bind((FAR, 0))?)
        });
        listening.join().ok().context("the thread that listens panicked")?
    }

    /// The address of the far side, as seen from the near one.
    pub fn far(&self) -> Ipv4Addr {
        FAR
    }

    /// From now on every packet, in both directions, is lost: each side sends to a card that nobody has.
    ///
    /// # Errors
    /// `ip` fails.
    pub fn swallow(&self) -> Result<()> {
        self.address_to(NOBODYS_CARD, NOBODYS_CARD)
    }

    /// From now on packets arrive again.
    ///
    /// # Errors
    /// `ip` fails.
    pub fn deliver(&self) -> Result<()> {
        self.address_to(FAR_CARD, NEAR_CARD)
    }

    fn address_to(&self, far: &str, near: &str) -> Result<()> {
        for (namespace, card, address, mac) in [(&self.near, "near", FAR, far), (&self.far, "far", NEAR, near)] {
            let address = address.to_string();
            ip(&["-n", namespace, "neigh", "replace", &address, "lladdr", mac, "dev", card, "nud", "permanent"])?;
        }
        Ok(())
    }
}

impl Drop for NetworkNamespaces {
    fn drop(&mut self) {
        for namespace in [&self.near, &self.far] {
            // It may never have been made.
            let _ = Command::new("ip").args(["netns", "del", namespace]).stderr(Stdio::null()).status();
        }
    }
}

fn ip(arguments: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(arguments).output().context("ip is not installed")?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    ensure!(output.status.success(), "ip {}: {said}", arguments.join(" "));
    Ok(())
}
