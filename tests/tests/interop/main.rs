//! One suite over every broker that users meet: the embedded one, Debian's mosquitto in each way it keeps people out, and
//! three RabbitMQ nodes.
//!
//! Lives here: the cases, and a file a broker with what is its own. Does not live here: certificates and passwords that
//! are wrong (`interop_security`), a cluster's node that dies under load (`cluster`).

mod cases;
mod embedded;
mod mosquitto;
mod permissions;
mod rabbitmq;
mod site;
