//! Who the users are, and what is offered to them.

use super::alike::{differs, print};
use super::{Options, file};
use crate::policy::{DigestAlgorithm, HttpUsers, Protect, Scheme, list_fault};
use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};
use std::hint::black_box;
use std::sync::Arc;
use wirelore_http1::value::digest::compute::{user_secret, username_hash};
use wirelore_http1::value::digest::{Algorithm, DigestResponse, HashName, Username};

/// All users, prepared. Nothing here has `Debug`.
pub(super) struct Roll {
    realm: String,
    protect: Protect,
    /// What is offered over http, and over https.
    schemes: [Vec<Scheme>; 2],
    algorithms: Vec<Algorithm>,
    userhash: bool,
    utf8: bool,
    users: Vec<Known>,
    /// Whose secrets are used where there is no such user, so that it takes as long.
    stranger: Known,
}

struct Known {
    name: Arc<str>,
    name_print: [u8; 32],
    password_print: [u8; 32],
    /// In the order of the algorithms.
    secrets: Vec<Secrets>,
}

/// What an algorithm needs of a user.
struct Secrets {
    /// `H(A1)`
    secret: String,
    /// The print of the hashed name.
    hash_print: [u8; 32],
}

/// Whether a response of Digest is right.
pub(super) enum Proof {
    Right(Arc<str>),
    Wrong,
    /// Its algorithm is not offered.
    NotOffered,
}

impl Roll {
    pub(super) fn new(options: &Options, configured: &HttpUsers) -> Result<Self, String> {
        let mut users = configured.users.clone();
        if let Some(path) = &options.http_users {
            for user in file::read(path)? {
                if users.iter().any(|known| known.name == user.name) {
                    let text = "is in the configuration, too";
                    return Err(format!("{}: {:?} {text}", path.display(), user.name));
                }
                users.push(user);
            }
        }
        let named = match &options.http_auth[..] {
            [] => configured.auth.clone(),
            named => Some(named.to_vec()),
        };
        if let Some(fault) = named.as_deref().and_then(list_fault) {
            return Err(format!("--http-auth: {fault}"));
        }
        let protect = options.http_protect.or(configured.protect);
        if protect.is_some() && users.is_empty() {
            let why =
                "requests are to be protected (protect, --http-protect), and there are no users";
            return Err(why.to_owned());
        }
        let algorithms: Vec<Algorithm> = configured
            .algorithms
            .iter()
            .map(|algorithm| Algorithm {
                hash: match algorithm {
                    DigestAlgorithm::Sha256 => HashName::Sha256,
                    DigestAlgorithm::Sha512_256 => HashName::Sha512_256,
                    DigestAlgorithm::Md5 => HashName::Md5,
                },
                session: false,
            })
            .collect();
        let known = |name: &str, password: &str| Known {
            name: name.into(),
            name_print: print(name.as_bytes()),
            password_print: print(password.as_bytes()),
            secrets: algorithms
                .iter()
                .map(|&algorithm| Secrets::new(algorithm, name, &configured.realm, password))
                .collect(),
        };
        Ok(Self {
            realm: configured.realm.clone(),
            protect: protect.unwrap_or(Protect::All),
            schemes: match named {
                Some(named) => [named.clone(), named],
                None => [vec![Scheme::Digest], vec![Scheme::Digest, Scheme::Basic]],
            },
            userhash: configured.userhash,
            utf8: users
                .iter()
                .any(|user| !user.name.is_ascii() || !user.password.0.is_ascii()),
            users: users
                .iter()
                .map(|user| known(&user.name, &user.password.0))
                .collect(),
            stranger: known("", ""),
            algorithms,
        })
    }

    pub(super) const fn has_users(&self) -> bool {
        !self.users.is_empty()
    }

    pub(super) fn needs_user(&self, method: &[u8]) -> bool {
        let protected = match self.protect {
            Protect::All => true,
            Protect::Uploads => !is_reading(method),
        };
        self.has_users() && protected
    }

    pub(super) fn schemes(&self, secure: bool) -> impl Iterator<Item = Scheme> + '_ {
        let [http, https] = &self.schemes;
        let offered = if secure { https } else { http };
        offered.iter().copied()
    }

    pub(super) fn offers(&self, scheme: Scheme, secure: bool) -> bool {
        self.schemes(secure).any(|offered| offered == scheme)
    }

    pub(super) fn algorithms(&self) -> impl Iterator<Item = Algorithm> + '_ {
        self.algorithms.iter().copied()
    }

    pub(super) const fn realm(&self) -> &[u8] {
        self.realm.as_bytes()
    }

    /// Whether it makes a difference how clients encode what is typed.
    pub(super) const fn is_utf8(&self) -> bool {
        self.utf8
    }

    pub(super) const fn asks_for_userhash(&self) -> bool {
        self.userhash
    }

    /// Who has this name and this password.
    pub(super) fn check(&self, name: &str, password: &str) -> Option<Arc<str>> {
        let password = print(password.as_bytes());
        let name = print(name.as_bytes());
        self.find(|user| {
            differs(&name, &user.name_print) | differs(&password, &user.password_print)
        })
        .map(|user| Arc::clone(&user.name))
    }

    /// Whether the response is that of a user for a request with `method`. It is not looked at
    /// whether it is for this request, or was used before.
    pub(super) fn proof(&self, response: &DigestResponse<'_>, method: &[u8]) -> Proof {
        let Some(at) = self.algorithms().position(|it| it == response.algorithm) else {
            return Proof::NotOffered;
        };
        let secrets = |user: &Known| user.secrets.get(at).map_or([0; 32], |it| it.hash_print);
        let user = match &response.username {
            Username::Hashed(hash) => {
                let hash = print(&hash.to_ascii_lowercase());
                self.find(|user| differs(&hash, &secrets(user)))
            }
            Username::Plain(name) => self.named(name),
            Username::Extended(name) => self.named(name.as_bytes()),
            _ => None,
        };
        let Some(Secrets { secret, .. }) = user.unwrap_or(&self.stranger).secrets.get(at) else {
            return Proof::NotOffered;
        };
        let expected = response
            .exchange(secret, method)
            .response(hash(response.algorithm), None);
        let sent = print(&response.response.to_ascii_lowercase());
        let differs = differs(&print(expected.as_bytes()), &sent);
        match user {
            Some(user) if black_box(differs) == 0 => Proof::Right(Arc::clone(&user.name)),
            _ => Proof::Wrong,
        }
    }

    fn named(&self, name: &[u8]) -> Option<&Known> {
        let name = print(name);
        self.find(|user| differs(&name, &user.name_print))
    }

    /// The user of whom nothing differs. All are looked at.
    fn find(&self, differs: impl Fn(&Known) -> u8) -> Option<&Known> {
        let mut found = None;
        for user in &self.users {
            if black_box(differs(user)) == 0 {
                found = Some(user);
            }
        }
        found
    }
}

impl Secrets {
    fn new(algorithm: Algorithm, name: &str, realm: &str, password: &str) -> Self {
        let (name, realm) = (name.as_bytes(), realm.as_bytes());
        let hash = hash(algorithm);
        Self {
            secret: user_secret(hash, name, realm, password.as_bytes()),
            hash_print: print(username_hash(hash, name, realm).as_bytes()),
        }
    }
}

/// Whether a request with this method changes nothing.
pub(super) fn is_reading(method: &[u8]) -> bool {
    [&b"GET"[..], b"HEAD", b"OPTIONS", b"TRACE"].contains(&method)
}

fn hash(algorithm: Algorithm) -> fn(&[&[u8]]) -> Vec<u8> {
    match algorithm.hash {
        HashName::Sha512_256 => of::<Sha512_256>,
        HashName::Md5 => of::<Md5>,
        _ => of::<Sha256>,
    }
}

fn of<H: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = H::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().to_vec()
}
