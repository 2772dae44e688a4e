//! Certificate and key of our own.
//!
//! The key is made once and stays. A certificate is made when there is none for the names that this
//! host has, or when it ends soon; what it says is beside it in JSON, since nothing here reads X.509.

use super::{fingerprint, given};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SerialNumber,
};
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: Duration = Duration::from_secs(86_400);
/// From a day before it is made, since clocks differ, it holds for as long as browsers accept.
const BEFORE: Duration = DAY;
const VALID: Duration = Duration::from_secs(397 * 86_400);
/// Another one is made when it ends sooner than this.
const LEFT: Duration = Duration::from_secs(7 * 86_400);

const KEY: &str = "https-key.pem";
const CERTIFICATE: &str = "https-certificate.pem";
const FACTS: &str = "https-certificate.json";

/// What a certificate says. Times are in seconds since 1970.
#[derive(serde::Serialize, serde::Deserialize)]
struct Facts {
    names: Vec<String>,
    not_before: u64,
    not_after: u64,
    /// Of the certificate that this is about.
    sha256: String,
}

/// What is kept in `state`, made first if need be, and the file with the certificate.
///
/// # Errors
/// What cannot be read, made or written.
pub(super) fn load(
    state: &Path,
    names: &[String],
    now: SystemTime,
    provider: &CryptoProvider,
) -> Result<(CertifiedKey, PathBuf), String> {
    let file = state.join(CERTIFICATE);
    let key = key(state)?;
    let certified = match kept(state, names, now, &key, provider) {
        Some(certified) => certified,
        None => {
            let error = |text: &dyn std::fmt::Display| format!("{}: {text}", file.display());
            let (text, facts) = make(names, now, &key).map_err(|it| error(&it))?;
            // should it end between the two, they do not fit, and both are made again
            write(state, FACTS, facts.as_bytes()).map_err(|it| error(&it))?;
            write(state, CERTIFICATE, text.as_bytes()).map_err(|it| error(&it))?;
            certified(text.as_bytes(), &key, provider).map_err(|it| error(&it))?
        }
    };
    Ok((certified, file))
}

/// The key, which is made if there is none.
fn key(state: &Path) -> Result<KeyPair, String> {
    let file = state.join(KEY);
    let error = |text: &dyn std::fmt::Display| format!("{}: {text}", file.display());
    match fs::read_to_string(&file) {
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
            let key = KeyPair::generate().map_err(|it| error(&it))?;
            create(state).map_err(|it| error(&it))?;
            let put = temporary(state, 0o600, key.serialize_pem().as_bytes())
                .map_err(|it| error(&it))?
                .persist_noclobber(&file);
            match put {
                Ok(_) => return Ok(key),
                // another server was faster: it is that one's
                Err(put) if put.error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(put) => return Err(error(&put.error)),
            }
        }
        Err(it) => return Err(error(&it)),
        Ok(_) => {}
    }
    let text = fs::read_to_string(&file).map_err(|it| error(&it))?;
    KeyPair::from_pem(&text).map_err(|it| {
        let text = format!("it is damaged ({it}); without it, another one is made");
        error(&text)
    })
}

/// The certificate that is there, if it will do.
fn kept(
    state: &Path,
    names: &[String],
    now: SystemTime,
    key: &KeyPair,
    provider: &CryptoProvider,
) -> Option<CertifiedKey> {
    let facts: Facts = serde_json::from_slice(&fs::read(state.join(FACTS)).ok()?).ok()?;
    let text = fs::read(state.join(CERTIFICATE)).ok()?;
    let certified = certified(&text, key, provider).ok()?;
    let has = |name: &String| facts.names.contains(name);
    let will_do = facts.sha256 == fingerprint(certified.cert.first()?)
        && names.iter().all(has)
        && seconds(now) >= facts.not_before
        && seconds(now + LEFT) < facts.not_after;
    will_do.then_some(certified)
}

fn certified(
    text: &[u8],
    key: &KeyPair,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, String> {
    let chain = given::certificates(text)?;
    let key = given::key(key.serialize_pem().as_bytes())?;
    CertifiedKey::from_der(chain, key, provider).map_err(|error| error.to_string())
}

/// Another certificate in PEM, and what it says.
fn make(
    names: &[String],
    now: SystemTime,
    key: &KeyPair,
) -> Result<(String, String), rcgen::Error> {
    let (not_before, not_after) = (seconds(now - BEFORE), seconds(now - BEFORE + VALID));
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let mut params = CertificateParams::new(names)?;
    params.not_before = epoch + Duration::from_secs(not_before);
    params.not_after = epoch + Duration::from_secs(not_after);
    // with the same key there must not be the same number: browsers refuse that
    let number = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    params.serial_number = Some(SerialNumber::from_slice(&number.as_nanos().to_be_bytes()));
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "wirelore, signed by itself");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.self_signed(key)?;
    let facts = Facts {
        names: names.to_vec(),
        not_before,
        not_after,
        sha256: fingerprint(certificate.der()),
    };
    let facts = serde_json::json!(facts).to_string() + "\n";
    Ok((certificate.pem(), facts))
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

fn create(state: &Path) -> io::Result<()> {
    let mut folder = fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(state)
}

fn write(state: &Path, name: &str, octets: &[u8]) -> io::Result<()> {
    let file = temporary(state, 0o644, octets)?;
    file.persist(state.join(name))
        .map_err(|error| error.error)?;
    Ok(())
}

fn temporary(state: &Path, mode: u32, octets: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    let permissions = <Permissions as std::os::unix::fs::PermissionsExt>::from_mode(mode);
    #[cfg(unix)]
    builder.permissions(permissions);
    let mut file = builder.tempfile_in(state)?;
    file.write_all(octets)?;
    file.as_file().sync_all()?;
    Ok(file)
}
