//! Certificates for tests, made on the spot.
//!
//! Lives here: an authority and what it signs, as PEM files. Does not live here: any TLS connection.

use std::path::{Path, PathBuf};

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

/// A certificate authority whose files lie in a directory of the test's.
pub struct CertificateAuthority {
    dir: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate.
    pub ca_file: PathBuf,
}

/// A certificate with its key.
#[derive(Clone, Debug)]
pub struct CertificatePair {
    /// The certificate.
    pub cert_file: PathBuf,
    /// Its key.
    pub key_file: PathBuf,
}

impl CertificateAuthority {
    /// A new authority; `name` is its files' name.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn new(dir: &Path, name: &str) -> Result<Self> {
        let mut params = CertificateParams::new(Vec::<String>::new())?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let ca_file = dir.join(format!("{name}.pem"));
        std::fs::write(&ca_file, certificate.pem())?;
        Ok(Self { dir: dir.to_owned(), issuer: Issuer::new(params, key), ca_file })
    }

    /// A certificate for `host`, valid today.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn sign(&self, host: &str) -> Result<CertificatePair> {
        self.sign_params(host, host, CertificateParams::new(vec![host.to_owned()])?)
    }

    /// A certificate for `host` that nobody signed but its own key.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn self_signed(dir: &Path, host: &str) -> Result<CertificatePair> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec![host.to_owned()])?.self_signed(&key)?;
        write(dir, &format!("{host}-self-signed"), &certificate.pem(), &key)
    }

    /// A certificate for `host` that expired long ago.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn sign_expired(&self, host: &str) -> Result<CertificatePair> {
        let mut params = CertificateParams::new(vec![host.to_owned()])?;
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        self.sign_params(&format!("{host}-expired"), host, params)
    }

    fn sign_params(&self, name: &str, host: &str, mut params: CertificateParams) -> Result<CertificatePair> {
        params.distinguished_name.push(DnType::CommonName, host);
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        write(&self.dir, name, &certificate.pem(), &key)
    }
}

fn write(dir: &Path, name: &str, certificate: &str, key: &KeyPair) -> Result<CertificatePair> {
    let pair = CertificatePair {
        cert_file: dir.join(format!("{name}.cert.pem")),
        key_file: dir.join(format!("{name}.key.pem")),
    };
    std::fs::write(&pair.cert_file, certificate)?;
    std::fs::write(&pair.key_file, key.serialize_pem())?;
    Ok(pair)
}
