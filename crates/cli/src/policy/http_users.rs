//! Who may come in over HTTP, as the configuration has it.

use super::config::{ConfiguredUser, HttpSection, LoadError, Secret, Source};
use super::rules::User;

/// `realm`, where nothing else is said.
const REALM: &str = "wirelore";

/// What holds for users over HTTP and HTTPS.
#[derive(Clone, Debug)]
pub(crate) struct HttpUsers {
    /// For what a password is asked.
    pub(crate) realm: String,
    /// What is offered, the best first. `None`: Digest, and behind it Basic where the connection is
    /// encrypted.
    pub(crate) auth: Option<Vec<Scheme>>,
    /// For which requests a user is needed; `None`: for all.
    pub(crate) protect: Option<Protect>,
    /// The algorithms of Digest, the best first.
    pub(crate) algorithms: Vec<DigestAlgorithm>,
    /// Whether clients are asked to hash names.
    pub(crate) userhash: bool,
    /// Who may come in; without any, everybody may.
    pub(crate) users: Vec<User>,
}

/// How a password is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scheme {
    /// Without sending it (RFC 7616)
    Digest,
    /// Readable (RFC 7617)
    Basic,
}

/// For which requests a user is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Protect {
    /// All of them
    All,
    /// Those that change something
    Uploads,
}

/// An algorithm of Digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
pub(crate) enum DigestAlgorithm {
    #[serde(rename = "sha-256")]
    Sha256,
    #[serde(rename = "sha-512-256")]
    Sha512_256,
    #[serde(rename = "md5")]
    Md5,
}

impl Default for HttpUsers {
    fn default() -> Self {
        Self {
            realm: REALM.to_owned(),
            auth: None,
            protect: None,
            algorithms: vec![DigestAlgorithm::Sha256, DigestAlgorithm::Md5],
            userhash: false,
            users: Vec::new(),
        }
    }
}

impl HttpUsers {
    pub(super) fn new(section: HttpSection, source: &Source) -> Result<Self, LoadError> {
        let without = Self::default();
        let realm = match section.realm {
            Some(realm) => {
                if let Some(fault) = realm_fault(realm.get_ref()) {
                    return Err(source.error(realm.span(), format!("realm: {fault}")));
                }
                realm.into_inner()
            }
            None => without.realm,
        };
        let auth = match section.auth {
            Some(auth) => {
                let of = auth.get_ref();
                if let Some(fault) = list_fault(of) {
                    return Err(source.error(auth.span(), format!("auth: {fault}")));
                }
                Some(auth.into_inner())
            }
            None => None,
        };
        let algorithms = match section.digest_algorithms {
            Some(algorithms) => {
                if let Some(fault) = list_fault(algorithms.get_ref()) {
                    let text = format!("digest-algorithms: {fault}");
                    return Err(source.error(algorithms.span(), text));
                }
                algorithms.into_inner()
            }
            None => without.algorithms,
        };
        Ok(Self {
            realm,
            auth,
            protect: section.protect,
            algorithms,
            userhash: section.digest_userhash.unwrap_or(false),
            users: users(section.user, source)?,
        })
    }
}

fn users(configured: Vec<ConfiguredUser>, source: &Source) -> Result<Vec<User>, LoadError> {
    let mut users: Vec<User> = Vec::new();
    for ConfiguredUser { name, password } in configured {
        let fault = match fault(name.get_ref(), password.get_ref()) {
            None if users.iter().any(|known| known.name == *name.get_ref()) => {
                Some("name: two users have the same")
            }
            None if source.is_open_to_others() => {
                Some("others can read the passwords in this file: chmod o= FILE")
            }
            fault => fault,
        };
        if let Some(text) = fault {
            return Err(source.error(name.span(), text));
        }
        users.push(User {
            name: name.into_inner(),
            password: password.into_inner(),
        });
    }
    Ok(users)
}

/// Why nobody could log in with these.
pub(crate) fn fault(name: &str, password: &Secret) -> Option<&'static str> {
    let control = |text: &str| text.chars().any(char::is_control);
    if name.trim() != name || name.is_empty() || control(name) {
        Some("name: it cannot be typed, for it is empty, or has blanks around it")
    } else if name.contains(':') {
        Some("name: a colon cannot be in it, since one ends it in a request")
    } else if password.0.is_empty() {
        Some("password: it is empty")
    } else if control(&password.0) {
        Some("password: a control character cannot be in it")
    } else {
        None
    }
}

/// Why this is no realm.
fn realm_fault(realm: &str) -> Option<&'static str> {
    realm
        .chars()
        .any(char::is_control)
        .then_some("a control character cannot be in it")
}

/// Why this is no order of preference.
pub(crate) fn list_fault<T: PartialEq>(list: &[T]) -> Option<&'static str> {
    let repeated = |(at, item): (usize, &T)| list.iter().take(at).any(|other| other == item);
    if list.is_empty() {
        Some("an empty list lets nobody in")
    } else if list.iter().enumerate().any(repeated) {
        Some("something is in it twice")
    } else {
        None
    }
}
