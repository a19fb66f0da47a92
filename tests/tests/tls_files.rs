//! Certificate and key files as openssl, ssh-keygen, Windows tools and secret stores make them: taken, or refused by the
//! true reason, without a byte of them.
//!
//! Lives here: files that are read before anything is dialled, and what brokers show in a handshake. Does not live here:
//! what mosquitto does with them (`interop_security`).

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portal_tests::agent::{ANSWER_TIMEOUT, Agent};
use tempfile::TempDir;

/// Files in a folder of the test's own.
struct Workshop(TempDir);

impl Workshop {
    fn new() -> Result<Self> {
        Ok(Self(tempfile::tempdir()?))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<()> {
        Ok(std::fs::write(self.path(name), bytes)?)
    }

    fn read(&self, name: &str) -> Result<String> {
        Ok(std::fs::read_to_string(self.path(name))?)
    }

    /// Runs a tool in the folder; its words are split at spaces.
    fn run(&self, line: &str) -> Result<()> {
        let words: Vec<&str> = line.split(' ').collect();
        self.run_words(&words)
    }

    fn run_words(&self, words: &[&str]) -> Result<()> {
        let output = Command::new(words[0]).args(&words[1..]).current_dir(self.0.path()).stdin(Stdio::null()).output();
        let output = output.with_context(|| format!("{} must be installed", words[0]))?;
        ensure!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    /// What `config check` says of these settings of `[broker]`, by file name; none where it is content.
    fn check(&self, settings: &[(&str, &str)]) -> Result<Option<String>> {
        let agent = settings.iter().fold(Agent::new("")?, |agent, (key, file)| {
            agent.with(&format!("PORTAL_AGENT__BROKER__{key}"), &self.text(file))
        });
        let agent = agent.with("PORTAL_AGENT__BROKER__URLS", "mqtts://localhost:1");
        let output = agent.output(&["config", "check"])?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success() != (output.status.code() == Some(2)), "{said}");
        Ok((!output.status.success()).then_some(said))
    }

    /// What is said of a key file beside the certificate `cert.pem`.
    fn of_key(&self, key: &str) -> Result<Option<String>> {
        self.check(&[("CLIENT_CERTIFICATE_FILE", "cert.pem"), ("CLIENT_KEY_FILE", key)])
    }

    /// An EC key `key.pem` with its certificate `cert.pem`, which is the CA too.
    fn pair(&self) -> Result<()> {
        self.run("openssl ecparam -name prime256v1 -genkey -noout -out sec1.pem")?;
        self.run("openssl pkcs8 -topk8 -nocrypt -in sec1.pem -out key.pem")?;
        self.run("openssl req -x509 -key key.pem -subj /CN=client -days 2 -out cert.pem")
    }
}

/// The lines of base64 of a PEM file: none of them may ever be said.
fn secrets(pem: &str) -> Vec<String> {
    let lines = pem.lines().filter(|line| line.len() > 20 && !line.starts_with('-'));
    lines.flat_map(|line| [line[..16].to_owned(), format!("{:?}", &line.as_bytes()[..6])]).collect()
}

fn assert_says(said: Option<String>, words: &[&str]) -> Result<()> {
    let said = said.context("it was taken")?;
    ensure!(said.lines().count() == 1, "{said}");
    for word in words {
        ensure!(said.contains(word), "{word} in {said}");
    }
    Ok(())
}

#[test]
fn a_key_of_every_kind_that_tls_uses_is_taken_however_it_is_written() -> Result<()> {
    let shop = Workshop::new()?;
    for make in [
        "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out pkcs8.pem",
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out pkcs8.pem",
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out pkcs8.pem",
        "openssl genpkey -algorithm ED25519 -out pkcs8.pem",
    ] {
        shop.run(make)?;
        shop.run("openssl req -x509 -key pkcs8.pem -subj /CN=client -days 2 -out cert.pem")?;
        let mut forms = vec![shop.read("pkcs8.pem")?];
        if !make.contains("ED25519") {
            // PKCS#1 and SEC 1, the latter behind its parameters too.
            shop.run("openssl pkey -in pkcs8.pem -traditional -out traditional.pem")?;
            forms.push(shop.read("traditional.pem")?);
        }
        if make.contains("P-256") {
            shop.run("openssl ecparam -name prime256v1 -out parameters.pem")?;
            forms.push(shop.read("parameters.pem")? + &shop.read("traditional.pem")?);
        }
        for form in forms {
            let indented = form.lines().map(|line| format!("    {line}\n")).collect::<String>();
            let combined = format!("{}{form}", shop.read("cert.pem")?);
            for text in [form.replace('\n', "\r\n"), format!("\u{feff}{form}"), indented, combined, form] {
                shop.write("key.pem", &text)?;
                let said = shop.of_key("key.pem")?;
                ensure!(said.is_none(), "{make}: {said:?}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_key_that_cannot_be_used_is_told_by_what_it_is_and_never_shown() -> Result<()> {
    let shop = Workshop::new()?;
    shop.pair()?;
    let key = shop.read("key.pem")?;
    shop.run("openssl pkcs8 -topk8 -in key.pem -passout pass:hunter2 -out encrypted.pem")?;
    shop.run("openssl ec -in sec1.pem -aes256 -passout pass:hunter2 -out legacy.pem")?;
    shop.run("openssl pkey -in key.pem -outform der -out key.der")?;
    shop.run("openssl pkey -in key.pem -pubout -out public.pem")?;
    shop.run("openssl pkcs12 -export -inkey key.pem -in cert.pem -passout pass:hunter2 -out both.p12")?;
    shop.run("openssl ecparam -name prime256v1 -out parameters.pem")?;
    shop.run("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out small.pem")?;
    shop.run("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp521r1 -out p521.pem")?;
    shop.run("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out koblitz.pem")?;
    shop.run("openssl genpkey -algorithm ED448 -out ed448.pem")?;
    shop.run("openssl genpkey -algorithm X25519 -out x25519.pem")?;
    shop.run("openssl dsaparam -out dsaparam.pem 1024")?;
    shop.run("openssl genpkey -paramfile dsaparam.pem -out dsa-pkcs8.pem")?;
    shop.run("openssl pkey -in dsa-pkcs8.pem -traditional -out dsa.pem")?;
    shop.run_words(&["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "ssh"])?;
    shop.run("openssl ecparam -name prime256v1 -genkey -noout -out other.pem")?;
    shop.write("one-line", key.replace('\n', ""))?;
    shop.write("spaces", key.replace('\n', " "))?;
    shop.write("written-out", key.replace('\n', "\\n"))?;
    shop.write("quoted", format!("\"{key}\""))?;
    shop.write("cut", &key[..key.len() / 2])?;
    shop.write("utf16", format!("\u{feff}{key}").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())?;
    shop.write("empty", "")?;
    std::fs::create_dir(shop.path("folder"))?;
    let cases: &[(&str, &[&str])] = &[
        ("encrypted.pem", &["encrypted with a passphrase", "openssl pkey"]),
        ("legacy.pem", &["encrypted with a passphrase"]),
        ("key.der", &["DER", "openssl pkey -inform der"]),
        ("both.p12", &["PKCS#12", "openssl pkcs12"]),
        ("public.pem", &["public key"]),
        ("parameters.pem", &["parameters"]),
        ("cert.pem", &["holds a certificate, and no private key"]),
        ("small.pem", &["an RSA key of less than 2048 bits"]),
        ("p521.pem", &["an EC key on P-521"]),
        ("koblitz.pem", &["an EC key on secp256k1"]),
        ("ed448.pem", &["an Ed448 key"]),
        ("x25519.pem", &["X25519"]),
        ("dsa.pem", &["DSA"]),
        ("dsa-pkcs8.pem", &["DSA"]),
        ("ssh", &["OpenSSH", "ssh-keygen -p -m PEM"]),
        ("ssh.pub", &["public key of OpenSSH"]),
        ("other.pem", &["is not the key of the certificate", "cert.pem"]),
        ("one-line", &["its line breaks are lost"]),
        ("spaces", &["its line breaks are lost"]),
        ("written-out", &["written out as \\n"]),
        ("quoted", &["quotation mark"]),
        ("cut", &["is cut off"]),
        ("utf16", &["UTF-16"]),
        ("empty", &["is empty"]),
        ("folder", &["is a directory"]),
        ("missing", &["does not exist"]),
    ];
    for (file, words) in cases {
        let said = shop.of_key(file)?;
        assert_says(said.clone(), &[words, &["client key", *file][..]].concat()).with_context(|| (*file).to_owned())?;
        for secret in secrets(&key) {
            ensure!(!said.as_deref().unwrap_or_default().contains(&secret), "{file}: {said:?}");
        }
    }
    Ok(())
}

#[test]
fn a_ca_file_is_taken_whole_or_told_by_what_it_is() -> Result<()> {
    let shop = Workshop::new()?;
    shop.pair()?;
    let (key, certificate) = (shop.read("key.pem")?, shop.read("cert.pem")?);
    shop.run("openssl x509 -in cert.pem -trustout -out trusted.pem")?;
    shop.run("openssl x509 -in cert.pem -outform der -out cert.der")?;
    shop.run("openssl pkcs12 -export -inkey key.pem -in cert.pem -passout pass:hunter2 -out both.p12")?;
    shop.run("openssl crl2pkcs7 -nocrl -certfile cert.pem -out seven.pem")?;
    shop.run("openssl req -new -key key.pem -subj /CN=x -out request.pem")?;
    shop.run("openssl x509 -in cert.pem -text -out text.pem")?;
    shop.write("mark", format!("\u{feff}{certificate}"))?;
    shop.write("windows", format!("\u{feff}{certificate}{certificate}").replace('\n', "\r\n"))?;
    for good in ["cert.pem", "text.pem", "mark", "windows"] {
        let said = shop.check(&[("CA_FILE", good)])?;
        ensure!(said.is_none(), "{good}: {said:?}");
    }
    shop.write("lost", key.replace('\n', ""))?;
    shop.write("written-out", key.replace('\n', "\\n"))?;
    shop.write("twice", base64(certificate.as_bytes()))?;
    shop.write("bundle", format!("{certificate}{}", shop.read("trusted.pem")?))?;
    shop.write("damaged", certificate.replace("MII", "MJJ"))?;
    let cases: &[(&str, &[&str])] = &[
        ("trusted.pem", &["TRUSTED CERTIFICATE", "openssl x509"]),
        ("bundle", &["TRUSTED CERTIFICATE"]),
        ("cert.der", &["DER", "openssl x509 -inform der"]),
        ("both.p12", &["PKCS#12"]),
        ("seven.pem", &["PKCS#7", "openssl pkcs7"]),
        ("request.pem", &["request for a certificate"]),
        ("key.pem", &["holds a private key, and no certificate"]),
        ("lost", &["its line breaks are lost"]),
        ("written-out", &["written out as \\n"]),
        ("twice", &["base64 once more"]),
        ("damaged", &["certificate 1 in the CA file", "damaged"]),
    ];
    for (file, words) in cases {
        let said = shop.check(&[("CA_FILE", file)])?;
        assert_says(said.clone(), &[words, &["CA file", *file][..]].concat()).with_context(|| (*file).to_owned())?;
        for secret in secrets(&key) {
            ensure!(!said.as_deref().unwrap_or_default().contains(&secret), "{file}: {said:?}");
        }
    }
    Ok(())
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |bits: u32, shift: u32| char::from(LETTERS[(bits >> shift & 63) as usize]);
    let group = |chunk: &[u8]| {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        [18, 12, 6, 0].map(|shift| letter(bits, shift))
    };
    bytes.chunks(3).flat_map(group).collect()
}

/// The key with its line breaks lost, by every command that reads it, with and without `--json`.
#[test]
fn no_command_shows_a_byte_of_a_key() -> Result<()> {
    let shop = Workshop::new()?;
    shop.pair()?;
    let key = shop.read("key.pem")?;
    for (name, text) in [("lost", key.replace('\n', "")), ("written-out", key.replace('\n', "\\n"))] {
        shop.write(name, &text)?;
        for setting in ["CLIENT_KEY_FILE", "CA_FILE", "CLIENT_CERTIFICATE_FILE", "PASSWORD_FILE"] {
            let agent = Agent::new("")?
                .with("PORTAL_AGENT__BROKER__URLS", "mqtts://localhost:1")
                .with("PORTAL_AGENT__BROKER__CLIENT_CERTIFICATE_FILE", &shop.text("cert.pem"))
                .with("PORTAL_AGENT__BROKER__CLIENT_KEY_FILE", &shop.text("key.pem"))
                .with("PORTAL_AGENT__BROKER__USERNAME", "agent")
                .with(&format!("PORTAL_AGENT__BROKER__{setting}"), &shop.text(name));
            let device = "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10";
            for command in [
                &["run", "--notifier", "console"][..],
                &["push", "--device", device, "--title", "T", "--body", "B"],
                &["config", "check"],
            ] {
                for json in [&[][..], &["--json"]] {
                    let output = agent.output(&[json, command].concat())?;
                    let said = format!(
                        "{}{}",
                        String::from_utf8_lossy(&output.stdout),
                        String::from_utf8_lossy(&output.stderr)
                    );
                    ensure!(!output.status.success() && said.contains(name), "{setting} {command:?}: {said}");
                    for secret in secrets(&key) {
                        ensure!(!said.contains(&secret), "{setting} {command:?}: {said}");
                    }
                }
            }
        }
    }
    Ok(())
}

/// openssl's own server, which shows whatever it is given.
struct Server {
    port: u16,
    child: Child,
}

impl Server {
    fn start(shop: &Workshop, arguments: &str) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = Command::new("openssl")
            .args(["s_server", "-quiet", "-accept", &format!("127.0.0.1:{port}")])
            .args(arguments.split(' '))
            .current_dir(shop.0.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(started.elapsed() < ANSWER_TIMEOUT, "openssl s_server does not listen");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(Self { port, child })
    }

    /// What `push` says of it, trusting this file.
    fn refused(&self, ca_file: &Path) -> Result<String> {
        let agent = Agent::new("")?
            .with("PORTAL_AGENT__SENDER__URLS", &format!("mqtts://localhost:{}", self.port))
            .with("PORTAL_AGENT__SENDER__CA_FILE", &ca_file.to_string_lossy());
        let device = "6f0c1b9e-2f5a-4c0e-9a52-0d6f3a3b7a10";
        agent.failure(1, &["push", "--device", device, "--title", "T", "--body", "B"])
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_openssls_own_commands_make_of_a_broker_is_told_by_the_true_reason() -> Result<()> {
    let shop = Workshop::new()?;
    shop.run("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem")?;
    shop.run("openssl req -x509 -key key.pem -subj /CN=root -days 2 -out ca.pem")?;
    shop.run("openssl req -new -key key.pem -subj /CN=localhost -out request.pem")?;
    // As tutorials have it: authority and server at once; without a subjectAltName; of version 1; signed with SHA-1.
    shop.run("openssl req -x509 -key key.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost -out both.pem")?;
    shop.write("cn.ext", "basicConstraints=CA:FALSE\n")?;
    shop.write("san.ext", "subjectAltName=DNS:localhost\n")?;
    let sign = "openssl x509 -req -in request.pem -CA ca.pem -CAkey key.pem -CAcreateserial -days 2";
    shop.run(&format!("{sign} -extfile cn.ext -out cn.pem"))?;
    shop.run(&format!("{sign} -out v1.pem"))?;
    shop.run(&format!("{sign} -sha1 -extfile san.ext -out sha1.pem"))?;
    let cases: &[(&str, &str, &[&str])] = &[
        ("both.pem", "both.pem", &["authority's (CA:TRUE)", "basicConstraints=CA:FALSE"]),
        ("cn.pem", "ca.pem", &["no subjectAltName", "CN"]),
        ("v1.pem", "ca.pem", &["version 1"]),
        ("sha1.pem", "ca.pem", &["SHA-1"]),
    ];
    for (certificate, ca, words) in cases {
        let server = Server::start(&shop, &format!("-cert {certificate} -key key.pem -cipher ALL:@SECLEVEL=0"))?;
        let said = server.refused(&shop.path(ca))?;
        for word in *words {
            ensure!(said.contains(word), "{certificate}: {word} in {said}");
        }
    }
    Ok(())
}
