//! The verification of a broker's certificate: rustls' own, and what it leaves unsaid where nobody trusted signed it.
//!
//! Lives here: who signed, and whether a certificate in between is missing. Does not live here: any leniency; what
//! rustls refuses stays refused.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{VerifierBuilderError, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::{
    CertificateError, DigitallySignedStruct, Error as RustlsError, OtherError, RootCertStore, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::der::{CertificateNames, name_for_people};

/// Why a chain of certificates ends at nobody who is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ChainError {
    /// Signed by its own key.
    SelfSigned,
    /// It ends at an authority that was sent along and is not trusted.
    Untrusted {
        /// The authority's name.
        authority: Option<String>,
    },
    /// The certificate of whoever signed is neither trusted nor sent along.
    Missing {
        /// The signer's name.
        signer: Option<String>,
    },
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |name: &Option<String>| name.as_ref().map(|name| format!(" {name:?}")).unwrap_or_default();
        match self {
            Self::SelfSigned => f.write_str(
                "its certificate is signed by itself, and not by an authority that is trusted; if it is the right one, \
                 give it as ca_file",
            ),
            Self::Untrusted { authority } => write!(
                f,
                "its certificate comes from an authority that is not trusted here,{}; give that one's certificate as \
                 ca_file",
                quoted(authority)
            ),
            Self::Missing { signer } => write!(
                f,
                "its certificate was signed by an authority that is not trusted here,{}, whose certificate the broker \
                 does not send either; give the broker's CA file as ca_file, or, if that is an intermediate authority, \
                 have the broker send its certificate too",
                quoted(signer)
            ),
        }
    }
}

impl std::error::Error for ChainError {}

/// rustls' verifier, which explains itself where it knows no issuer.
#[derive(Debug)]
pub(super) struct ExplainingVerifier(Arc<WebPkiServerVerifier>);

impl ExplainingVerifier {
    pub(super) fn new(roots: RootCertStore, provider: Arc<CryptoProvider>) -> Result<Self, VerifierBuilderError> {
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().map(Self)
    }
}

impl ServerCertVerifier for ExplainingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, RustlsError> {
        // rustls decides; only the words of its commonest refusal are changed. "Unknown issuer" alone sends people
        // looking for a CA file when it is an intermediate that is missing.
        let verified = self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        verified.map_err(|error| match error {
            RustlsError::InvalidCertificate(CertificateError::UnknownIssuer) => {
                let error = chain_error(end_entity, intermediates);
                RustlsError::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(error))))
            }
            other => other,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// Follows the chain by its names to where it ends.
fn chain_error(end_entity: &[u8], intermediates: &[CertificateDer<'_>]) -> ChainError {
    let Some(first) = CertificateNames::of(end_entity) else { return ChainError::Missing { signer: None } };
    if first.issuer == first.subject {
        return ChainError::SelfSigned;
    }
    let sent: Vec<CertificateNames<'_>> =
        intermediates.iter().filter_map(|certificate| CertificateNames::of(certificate)).collect();
    let mut last = first;
    // No longer than what was sent, so that a chain that leads in circles ends.
    for _ in 0..sent.len() {
        let Some(signer) = sent.iter().find(|names| names.subject == last.issuer) else { break };
        if signer.issuer == signer.subject {
            return ChainError::Untrusted { authority: name_for_people(signer.subject) };
        }
        last = *signer;
    }
    ChainError::Missing { signer: name_for_people(last.issuer) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{
        BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
        Issuer, KeyPair, date_time_ymd,
    };

    use super::super::tls_reason::tls_reason;
    use super::*;

    struct Authority {
        certificate: Certificate,
        issuer: Issuer<'static, KeyPair>,
    }

    fn params(common_name: &str, names: &[&str]) -> CertificateParams {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, common_name);
        params
    }

    fn authority_params(name: &str) -> CertificateParams {
        let mut params = params(name, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    }

    fn root(name: &str) -> Authority {
        let (params, key) = (authority_params(name), KeyPair::generate().unwrap());
        Authority { certificate: params.self_signed(&key).unwrap(), issuer: Issuer::new(params, key) }
    }

    impl Authority {
        fn sign(&self, params: &CertificateParams) -> Certificate {
            params.signed_by(&KeyPair::generate().unwrap(), &self.issuer).unwrap()
        }

        fn intermediate(&self, name: &str) -> Self {
            let (params, key) = (authority_params(name), KeyPair::generate().unwrap());
            Self { certificate: params.signed_by(&key, &self.issuer).unwrap(), issuer: Issuer::new(params, key) }
        }
    }

    /// Why a broker called `host` that shows this chain is refused by who trusts these roots; none where it is not.
    fn refusal(chain: &[&Certificate], roots: &[&Certificate], host: &str) -> Option<String> {
        let mut store = RootCertStore::empty();
        roots.iter().for_each(|root| store.add(root.der().clone()).unwrap());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = ExplainingVerifier::new(store, provider).unwrap();
        let sent: Vec<_> = chain[1..].iter().map(|certificate| certificate.der().clone()).collect();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_790_000_000));
        let name = ServerName::try_from(host).unwrap();
        let verified = verifier.verify_server_cert(chain[0].der(), &sent, &name, &[], now);
        verified.err().map(|error| tls_reason(&error, host))
    }

    fn assert_says(refusal: Option<String>, words: &[&str]) {
        let refusal = refusal.unwrap();
        for word in words {
            assert!(refusal.contains(word), "{word} in {refusal}");
        }
    }

    #[test]
    fn a_good_chain_verifies() {
        let root = root("root");
        let intermediate = root.intermediate("between");
        let leaf = intermediate.sign(&params("broker", &["localhost", "10.0.0.1"]));
        for host in ["localhost", "10.0.0.1"] {
            assert_eq!(refusal(&[&leaf, &intermediate.certificate], &[&root.certificate], host), None);
        }
        // Trusted by itself, as `ca_file` may name it: no authority, and none needed.
        let own = params("broker", &["localhost"]).self_signed(&KeyPair::generate().unwrap()).unwrap();
        assert_eq!(refusal(&[&own], &[&own], "localhost"), None);
    }

    #[test]
    fn who_signed_and_what_is_missing_is_told() {
        let (ours, theirs) = (root("ours"), root("theirs"));
        let between = theirs.intermediate("between");
        let leaf = between.sign(&params("broker", &["localhost"]));
        let trusted = [&ours.certificate];
        assert_says(refusal(&[&leaf], &trusted, "localhost"), &["\"between\"", "intermediate", "does not send"]);
        assert_says(refusal(&[&leaf], &[&theirs.certificate], "localhost"), &["\"between\"", "have the broker send"]);
        assert_says(refusal(&[&leaf, &between.certificate], &trusted, "localhost"), &["\"theirs\"", "not trusted"]);
        let whole = [&leaf, &between.certificate, &theirs.certificate];
        assert_says(refusal(&whole, &trusted, "localhost"), &["authority that is not trusted here, \"theirs\""]);
        let own = params("broker", &["localhost"]).self_signed(&KeyPair::generate().unwrap()).unwrap();
        assert_says(refusal(&[&own], &trusted, "localhost"), &["signed by itself", "ca_file"]);
        let anew = root("ours");
        let leaf = anew.sign(&params("broker", &["localhost"]));
        assert_says(
            refusal(&[&leaf], &trusted, "localhost"),
            &["not signed by the key of the authority that it names"],
        );
    }

    #[test]
    fn what_is_wrong_with_the_certificate_itself_is_told() {
        let root = root("root");
        let trusted = [&root.certificate];
        let refused = |params: &CertificateParams| refusal(&[&root.sign(params)], &trusted, "localhost");
        assert_says(refused(&params("localhost", &[])), &["no subjectAltName", "CN", "subjectAltName=DNS:localhost"]);
        assert_says(refused(&params("x", &["a.example", "b.example"])), &["localhost, but for a.example, b.example"]);
        let mut old = params("x", &["localhost"]);
        (old.not_before, old.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
        assert_says(refused(&old), &["expired on 2021-01-01"]);
        (old.not_before, old.not_after) = (date_time_ymd(2040, 1, 1), date_time_ymd(2041, 1, 1));
        assert_says(refused(&old), &["not valid before 2040-01-01", "clock"]);
        let mut for_clients = params("x", &["localhost"]);
        for_clients.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        assert_says(refused(&for_clients), &["not for servers", "serverAuth"]);
        // What `openssl req -x509` makes, given as the CA too: authority and server at once.
        let mut both = params("localhost", &["localhost"]);
        both.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let both = both.self_signed(&KeyPair::generate().unwrap()).unwrap();
        assert_says(refusal(&[&both], &[&both], "localhost"), &["authority's (CA:TRUE)", "basicConstraints=CA:FALSE"]);
        let no_authority = params("no authority", &[]);
        let key = KeyPair::generate().unwrap();
        let signer = no_authority.signed_by(&key, &root.issuer).unwrap();
        let leaf = params("x", &["localhost"])
            .signed_by(&KeyPair::generate().unwrap(), &Issuer::new(no_authority, key))
            .unwrap();
        assert_says(refusal(&[&leaf, &signer], &trusted, "localhost"), &["no authority's (CA:FALSE)"]);
    }

    #[test]
    fn no_words_of_a_library_come_through() {
        let root = root("root");
        let leaf = root.sign(&params("localhost", &[]));
        let shown = refusal(&[&leaf], &[&root.certificate], "localhost").unwrap();
        for word in ["NotValidForName", "OtherError", "UnixTime", "DnsName("] {
            assert!(!shown.contains(word), "{shown}");
        }
    }
}
