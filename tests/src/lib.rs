//! What the black-box tests and the benchmarks share: the binary, real brokers, a recording desktop, bare MQTT clients.
//!
//! Lives here: support code, one file a thing. Does not live here: tests (`tests/tests/`) and benchmarks (`tests/benches/`).

pub mod agent;
pub mod browser;
pub mod card_server;
pub mod certificates;
pub mod disk;
pub mod dunst;
pub mod faulty_link;
pub mod figures;
pub mod gateway;
pub mod hostile;
pub mod http;
pub mod mosquitto;
pub mod mosquitto_clients;
pub mod network;
pub mod notification_server;
pub mod picture;
pub mod process;
pub mod publish;
pub mod rabbitmq;
pub mod scripted;
pub mod session_bus;
pub mod steady;
pub mod stepped_clock;
pub mod subscribe;
pub mod survival;
pub mod tap;
pub mod test_rig;
pub mod wait;
pub mod xfconf;
