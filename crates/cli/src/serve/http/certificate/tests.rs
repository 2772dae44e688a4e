//! What clients say to the certificates, and what people are told.

use super::*;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, ServerConnection};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// A folder that is served, and one beside it for state.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let top = tempfile::tempdir().expect("a folder");
        fs::create_dir(top.path().join("root")).expect("makes it");
        Self(top)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn served(&self) -> PathBuf {
        self.path("root")
    }

    fn own(&self) -> Options {
        Options {
            state: Some(self.path("state/deep")),
            ..Options::default()
        }
    }

    /// What is kept for these names at this time.
    fn at(&self, names: &[&str], now: SystemTime) -> CertificateDer<'static> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let (key, _) = own::load(&self.path("state"), &names, now, &provider()).expect("loads");
        key.cert[0].clone()
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("writes");
        path
    }
}

/// A client that trusts only this certificate talks to the server, without a network.
fn connect(
    certificate: &Certificate,
    trusted: CertificateDer<'static>,
    name: &str,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> Result<(ProtocolVersion, Option<Vec<u8>>), rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted).expect("is a certificate");
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .expect("has these versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from(name.to_owned()).expect("is a name");
    let mut client = ClientConnection::new(Arc::new(config), name).expect("begins");
    let mut server = ServerConnection::new(certificate.config()).expect("begins");
    for _ in 0..20 {
        let mut octets = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut octets).expect("writes");
        }
        let mut rest = &octets[..];
        while !rest.is_empty() {
            server.read_tls(&mut rest).expect("reads");
            server.process_new_packets()?;
        }
        let mut octets = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut octets).expect("writes");
        }
        let mut rest = &octets[..];
        while !rest.is_empty() {
            client.read_tls(&mut rest).expect("reads");
            client.process_new_packets()?;
        }
        if !client.is_handshaking() && !server.is_handshaking() {
            let version = client.protocol_version().expect("has one");
            return Ok((version, client.alpn_protocol().map(<[u8]>::to_vec)));
        }
    }
    panic!("it does not end");
}

#[test]
fn clients_that_trust_our_own_accept_it() {
    let place = Place::new();
    let certificate = Certificate::open(&place.own(), &place.served()).expect("opens");
    let trusted = certificate.current.loaded().key.cert[0].clone();
    let both = &[&rustls::version::TLS13, &rustls::version::TLS12];
    for name in ["localhost", "127.0.0.1", "::1"] {
        let (version, alpn) =
            connect(&certificate, trusted.clone(), name, both).expect("is accepted");
        assert_eq!(version, ProtocolVersion::TLSv1_3);
        assert_eq!(alpn.as_deref(), Some(&b"http/1.1"[..]));
    }
    let old = &[&rustls::version::TLS12];
    let (version, _) = connect(&certificate, trusted.clone(), "localhost", old).expect("accepted");
    assert_eq!(version, ProtocolVersion::TLSv1_2);
    let other = connect(&certificate, trusted, "other.example", both);
    assert!(other.is_err());
}

#[test]
fn it_stays_the_same_as_long_as_it_will_do() {
    let place = Place::new();
    let now = SystemTime::now();
    let first = place.at(&["localhost", "10.0.0.1"], now);
    assert_eq!(place.at(&["localhost", "10.0.0.1"], now), first);
    assert_eq!(place.at(&["10.0.0.1"], now + 388 * DAY), first);
    // it ends within a week, or the clock was wrong when it was made
    let second = place.at(&["localhost", "10.0.0.1"], now + 390 * DAY);
    assert_ne!(second, first);
    let third = place.at(&["localhost", "10.0.0.1"], now);
    assert!(third != second && third != first);
    // another name
    let fourth = place.at(&["localhost", "10.0.0.2"], now);
    assert_ne!(fourth, third);
    assert_eq!(place.at(&["localhost", "10.0.0.2"], now), fourth);
}

#[test]
fn the_key_stays_when_the_certificate_is_renewed() {
    let place = Place::new();
    let now = SystemTime::now();
    let key_of = |certificate: CertificateDer<'_>| {
        let parsed = ParsedCertificate::try_from(&certificate).expect("is one");
        parsed.subject_public_key_info().to_vec()
    };
    let first = key_of(place.at(&["a.example"], now));
    assert_eq!(key_of(place.at(&["b.example"], now)), first);
    fs::remove_file(place.path("state/https-key.pem")).expect("removes");
    // without its key, the certificate is of no use
    let other = key_of(place.at(&["b.example"], now));
    assert_ne!(other, first);
}

#[test]
fn what_is_damaged_is_made_again_but_for_the_key() {
    let place = Place::new();
    let now = SystemTime::now();
    let mut known = place.at(&["a.example"], now);
    for (name, text) in [
        ("state/https-certificate.pem", "nonsense"),
        ("state/https-certificate.json", "{}"),
        ("state/https-certificate.json", ""),
    ] {
        place.write(name, text);
        // the serial number comes from the time
        let made = place.at(&["a.example"], now + Duration::from_nanos(1));
        assert_ne!(made, known, "{name}");
        known = made;
    }
    // facts of another certificate
    let facts = place.path("state/https-certificate.json");
    let text = fs::read_to_string(&facts).expect("reads");
    fs::write(&facts, text.replace("\"sha256\":\"", "\"sha256\":\"00:")).expect("writes");
    assert_ne!(place.at(&["a.example"], now + 2 * DAY), known);
    place.write("state/https-key.pem", "nonsense");
    let error = own::load(&place.path("state"), &[], now, &provider());
    let error = error.expect_err("is damaged");
    assert!(error.contains("https-key.pem") && error.contains("damaged"));
}

#[test]
fn only_the_owner_can_read_the_key() {
    let place = Place::new();
    Certificate::open(&place.own(), &place.served()).expect("opens");
    let mode = |name: &str| {
        let file = fs::metadata(place.path(name)).expect("is there");
        file.permissions().mode() & 0o777
    };
    assert_eq!(mode("state/deep/https-key.pem"), 0o600);
    assert_eq!(mode("state/deep"), 0o700);
    let entries = fs::read_dir(place.path("state/deep")).expect("is there");
    assert_eq!(entries.count(), 3);
}

#[test]
fn two_servers_that_start_at_once_have_the_same_key() {
    let place = Place::new();
    let now = SystemTime::now();
    let keys: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let start = || {
            let certificate = place.at(&["localhost"], now);
            let parsed = ParsedCertificate::try_from(&certificate).expect("is one");
            parsed.subject_public_key_info().to_vec()
        };
        let all: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
        all.into_iter()
            .map(|it| it.join().expect("does not panic"))
            .collect()
    });
    assert!(keys.iter().all(|key| *key == keys[0]));
}

#[test]
fn facts_are_those_that_browsers_and_curl_have() {
    let place = Place::new();
    let certificate = Certificate::open(&place.own(), &place.served()).expect("opens");
    let facts = certificate.facts();
    assert!(facts.own && facts.file == place.path("state/deep/https-certificate.pem"));
    assert_eq!(facts.fingerprint.len(), 32 * 3 - 1);
    assert!(facts.fingerprint.split(':').all(|pair| pair.len() == 2));
    let pin = facts.pin.clone().expect("has one");
    assert!(pin.starts_with("sha256//") && pin.len() == 8 + 44);
    // the same at the next start
    let next = Certificate::open(&place.own(), &place.served()).expect("opens");
    assert_eq!(next.facts(), facts);
    assert_eq!(certificate.reload(), Ok(false));
    fs::remove_file(&facts.file).expect("removes");
    assert_eq!(certificate.reload(), Ok(true));
    let after = certificate.facts();
    assert_ne!(after.fingerprint, facts.fingerprint);
    assert_eq!(after.pin, facts.pin);
}

/// A certificate and its key, in PEM.
fn pair(name: &str) -> (String, String) {
    let key = KeyPair::generate().expect("makes one");
    let params = CertificateParams::new([name.to_owned()]).expect("is a name");
    let certificate = params.self_signed(&key).expect("signs");
    (certificate.pem(), key.serialize_pem())
}

fn given(cert: &Path, key: Option<&Path>) -> Options {
    Options {
        http_cert: Some(cert.to_owned()),
        http_key: key.map(Path::to_owned),
        state: None,
    }
}

#[test]
fn given_files_are_used_together_and_in_one() {
    let place = Place::new();
    let (text, key_text) = pair("given.example");
    let cert = place.write("cert.pem", &text);
    let key = place.write("key.pem", &key_text);
    let one = place.write("one.pem", &(key_text + &text));
    for options in [given(&cert, Some(&key)), given(&one, None)] {
        let certificate = Certificate::open(&options, &place.served()).expect("opens");
        assert!(!certificate.facts().own);
        let trusted = certificate.current.loaded().key.cert[0].clone();
        let versions = &[&rustls::version::TLS13];
        connect(&certificate, trusted, "given.example", versions).expect("is accepted");
    }
}

#[test]
fn what_is_wrong_with_given_files_is_said() {
    let place = Place::new();
    let ((text, key_text), (other, _)) = (pair("a.example"), pair("b.example"));
    let cert = place.write("cert.pem", &text);
    let key = place.write("key.pem", &key_text);
    let other_cert = place.write("other.pem", &other);
    let wrong_order = place.write("order.pem", &(other + &text));
    let empty = place.write("empty.pem", "");
    let encrypted = key_text.replace("PRIVATE", "ENCRYPTED PRIVATE");
    let encrypted = place.write("encrypted.pem", &encrypted);
    let damaged = place.write("damaged.pem", &text.replace("\n", "\n?"));
    let no_key = "-----BEGIN PRIVATE KEY-----\nMDAw\n-----END PRIVATE KEY-----\n";
    let no_key = place.write("nokey.pem", no_key);
    let der = place.path("cert.der");
    fs::write(&der, [0x30, 0x82, 0, 0]).expect("writes");
    let missing = place.path("missing.pem");
    for (cert, key, file, word) in [
        (&missing, &key, &missing, "No such file"),
        (&cert, &missing, &missing, "No such file"),
        (&empty, &key, &empty, "no certificate"),
        (&key, &key, &key, "a key in it, and no certificate"),
        (&der, &key, &der, "not PEM"),
        (&damaged, &key, &damaged, "damaged"),
        (&cert, &empty, &empty, "no key"),
        (&cert, &cert, &cert, "a certificate in it, and no key"),
        (&cert, &encrypted, &encrypted, "encrypted"),
        (&cert, &no_key, &no_key, "none that can be used"),
        (&other_cert, &key, &key, "does not belong"),
        (&wrong_order, &key, &wrong_order, "must be the first"),
    ] {
        let error = Certificate::open(&given(cert, Some(key)), &place.served());
        let error = error.err().expect(word);
        assert!(error.contains(word), "{error}");
        assert!(error.starts_with(&*file.display().to_string()), "{error}");
        assert!(!error.contains("MIG"), "{error}");
    }
}

#[test]
fn a_reload_that_fails_keeps_the_old_one() {
    let place = Place::new();
    let (text, key_text) = pair("a.example");
    let cert = place.write("cert.pem", &text);
    let key = place.write("key.pem", &key_text);
    let options = given(&cert, Some(&key));
    let certificate = Certificate::open(&options, &place.served()).expect("opens");
    let facts = certificate.facts();
    let (text, key_text) = pair("b.example");
    place.write("cert.pem", &text);
    assert!(certificate.reload().is_err());
    assert_eq!(certificate.facts(), facts);
    place.write("key.pem", &key_text);
    assert_eq!(certificate.reload(), Ok(true));
    let trusted = certificate.current.loaded().key.cert[0].clone();
    let versions = &[&rustls::version::TLS13];
    connect(&certificate, trusted, "b.example", versions).expect("is accepted");
}

#[test]
fn no_key_is_in_what_is_served() {
    let place = Place::new();
    let open = |options: &Options| Certificate::open(options, &place.served()).map(|_| ());
    let state = |name: &str| Options {
        state: Some(place.path(name)),
        ..Options::default()
    };
    for exposed in ["root", "root/state", "root/../root/a/b"] {
        let error = open(&state(exposed)).expect_err(exposed);
        assert!(error.contains("everybody"), "{error}");
    }
    std::os::unix::fs::symlink(place.path("root"), place.path("link")).expect("links");
    assert!(open(&state("link/state")).is_err());
    assert!(open(&state("root/.state")).is_err());
    assert_eq!(fs::read_dir(place.path("root")).expect("reads").count(), 0);
    assert_eq!(open(&state("state")), Ok(()));
    let (text, key_text) = pair("a.example");
    let cert = place.write("root/cert.pem", &text);
    let key = place.write("root/key.pem", &key_text);
    assert!(open(&given(&cert, Some(&key))).is_err());
    let key = place.write("key.pem", &key_text);
    assert_eq!(open(&given(&cert, Some(&key))), Ok(()));
}

#[test]
fn the_command_line_is_sound() {
    use clap::{CommandFactory, Parser};
    #[derive(Parser)]
    struct Serve {
        #[command(flatten)]
        certificate: Options,
    }
    Serve::command().debug_assert();
    let parse = |arguments: &[&str]| Serve::try_parse_from([&["serve"], arguments].concat());
    let serve = parse(&["--http-cert", "a", "--http-key", "b"]).expect("parses");
    assert_eq!(serve.certificate.http_key.as_deref(), Some(Path::new("b")));
    assert!(parse(&["--http-cert", "a"]).is_ok());
    assert!(parse(&["--http-key", "b"]).is_err());
}
