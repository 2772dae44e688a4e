//! Who may come in over HTTP: users with passwords, by Digest (RFC 7616) and Basic (RFC 7617).
//!
//! `roll` is who the users are and what is offered to them, `file` where they come from beside the
//! configuration, `nonce` what keeps Digest from being replayed, `alike` comparisons that take as
//! long whatever they find. Nothing here waits: a verdict says how long its answer should be held
//! back.

mod alike;
mod file;
mod nonce;
mod roll;
#[cfg(test)]
mod tests;

use crate::policy::{HttpUsers, Protect, Scheme};
use nonce::{Nonces, Use};
use roll::{Proof, Roll};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use wirelore_http1::value::authorization::Credentials;
use wirelore_http1::value::basic::{BasicChallenge, UserPass};
use wirelore_http1::value::digest::{
    DigestChallenge, DigestError, DigestResponse, Protection, Qop, Username,
};

/// How long the answer to a wrong password should be held back.
const PAUSE: Duration = Duration::from_millis(500);

/// What the command line has to say about users.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "HTTP")]
pub(crate) struct Options {
    /// Who may come in: lines NAME:PASSWORD, in a file that others cannot read
    #[arg(long, value_name = "FILE")]
    http_users: Option<PathBuf>,
    /// How passwords are asked for, the best first (comma-separated; default: digest, and over https
    /// also basic)
    #[arg(long, value_name = "SCHEMES", value_delimiter = ',')]
    http_auth: Vec<Scheme>,
    /// For which requests a user is needed (default: all)
    #[arg(long, value_name = "WHAT")]
    http_protect: Option<Protect>,
    /// How long a client may go on with a nonce of Digest before it is given another
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = humantime::parse_duration)]
    http_nonce_time: Duration,
    /// So many nonces in use are remembered, so that requests cannot be replayed
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    http_nonces: u32,
}

impl Options {
    /// The file with users.
    pub(super) fn file(&self) -> Option<&Path> {
        self.http_users.as_deref()
    }
}

/// Who may come in, and what was heard from them.
pub(super) struct Gate {
    options: Options,
    roll: RwLock<Arc<Roll>>,
    nonces: Nonces,
}

/// What is known of a request.
#[derive(Clone, Copy)]
pub(super) struct Asked<'r> {
    pub(super) method: &'r [u8],
    /// As in the request line.
    pub(super) target: &'r [u8],
    /// The value of `Authorization`.
    pub(super) authorization: Option<&'r [u8]>,
    /// Whether it came over TLS.
    pub(super) secure: bool,
}

/// What is to be done with a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It needs no user, and was not asked for one.
    Open,
    /// It is this user's.
    User(Arc<str>),
    /// The answer is 401, with these values of `WWW-Authenticate`, each in a line of its own.
    Challenge(Vec<Vec<u8>>, Option<Failed>),
    /// The answer is 400.
    Malformed(Failed),
}

/// What was wrong with credentials: for the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failed {
    pub(super) why: &'static str,
    /// Who it is said to be, as it was sent.
    pub(super) user: Option<Vec<u8>>,
    /// How long the answer should be held back.
    pub(super) pause: Duration,
}

impl Failed {
    const fn new(why: &'static str) -> Self {
        Self {
            why,
            user: None,
            pause: Duration::ZERO,
        }
    }

    fn wrong(user: Option<&[u8]>) -> Self {
        Self {
            why: "wrong user or password",
            user: user.map(<[u8]>::to_vec),
            pause: PAUSE,
        }
    }
}

impl Gate {
    /// # Errors
    /// What is wrong with the users, in words.
    pub(super) fn new(options: &Options, configured: &HttpUsers) -> Result<Self, String> {
        let nonces = Nonces::new(
            options.http_nonce_time,
            usize::try_from(options.http_nonces).unwrap_or(usize::MAX),
            Instant::now(),
        );
        Ok(Self {
            roll: RwLock::new(Arc::new(Roll::new(options, configured)?)),
            options: options.clone(),
            nonces: nonces.ok_or("the system has no random numbers for nonces")?,
        })
    }

    /// Reads the file with users again, and takes what is configured now. Nonces stay as they are.
    ///
    /// # Errors
    /// What is wrong, in words; nothing has changed then.
    pub(super) fn reload(&self, configured: &HttpUsers) -> Result<(), String> {
        let roll = Arc::new(Roll::new(&self.options, configured)?);
        *self.roll.write().unwrap_or_else(PoisonError::into_inner) = roll;
        Ok(())
    }

    /// Whether there are users at all.
    pub(super) fn has_users(&self) -> bool {
        self.roll().has_users()
    }

    /// What is to be done with a request.
    pub(super) fn check(&self, asked: &Asked<'_>, now: Instant) -> Verdict {
        let roll = self.roll();
        if !roll.needs_user(asked.method) {
            return Verdict::Open;
        }
        let Some(value) = asked.authorization else {
            return self.challenge(&roll, asked, false, None, now);
        };
        let failed = match Credentials::parse(value) {
            Some(it) if it.is(b"digest") && roll.offers(Scheme::Digest, asked.secure) => {
                return self.digest(&roll, asked, &it, now);
            }
            Some(it) if it.is(b"basic") && roll.offers(Scheme::Basic, asked.secure) => {
                match basic(&roll, &it) {
                    Ok(name) => return Verdict::User(name),
                    Err(failed) => failed,
                }
            }
            Some(_) => Failed::new("a scheme that is not offered"),
            None => Failed::new("malformed credentials"),
        };
        self.challenge(&roll, asked, false, Some(failed), now)
    }

    fn roll(&self) -> Arc<Roll> {
        Arc::clone(&self.roll.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn digest(
        &self,
        roll: &Roll,
        asked: &Asked<'_>,
        credentials: &Credentials<'_>,
        now: Instant,
    ) -> Verdict {
        let again = |failed| self.challenge(roll, asked, false, Some(failed), now);
        let response = match DigestResponse::parse(credentials) {
            Ok(response) => response,
            Err(DigestError::Unknown(_)) => {
                return again(Failed::new("an algorithm that is not known"));
            }
            Err(_) => return Verdict::Malformed(Failed::new("malformed digest credentials")),
        };
        match &response.protection {
            None | Some(Protection { qop: Qop::Auth, .. }) => {}
            Some(_) => return Verdict::Malformed(Failed::new("a qop that is not offered")),
        }
        if !is_target(asked, &response.uri) {
            let why = "digest credentials are for another target";
            return Verdict::Malformed(Failed::new(why));
        }
        if *response.realm != *roll.realm() {
            return again(Failed::new("digest credentials are for another realm"));
        }
        let name = match roll.proof(&response, asked.method) {
            Proof::Right(name) => name,
            Proof::Wrong => return again(Failed::wrong(name_of(&response.username))),
            Proof::NotOffered => return again(Failed::new("an algorithm that is not offered")),
        };
        // who knows the password is not asked for it again, only told another nonce
        let ours = response
            .opaque
            .as_deref()
            .is_none_or(|it| it == self.nonces.opaque().as_bytes());
        let count = response.protection.as_ref().map(|it| it.nc.count());
        match self.nonces.spend(&response.nonce, count, now) {
            Use::First if ours => Verdict::User(name),
            Use::First | Use::Stale => self.challenge(roll, asked, true, None, now),
            Use::Again => {
                let failed = Failed {
                    user: name_of(&response.username).map(<[u8]>::to_vec),
                    ..Failed::new("a request that was seen before")
                };
                self.challenge(roll, asked, true, Some(failed), now)
            }
        }
    }

    fn challenge(
        &self,
        roll: &Roll,
        asked: &Asked<'_>,
        stale: bool,
        failed: Option<Failed>,
        now: Instant,
    ) -> Verdict {
        let mut values = Vec::new();
        let mut add = |write: &dyn Fn(&mut Vec<u8>) -> bool| {
            let mut value = Vec::with_capacity(192);
            if write(&mut value) {
                values.push(value);
            }
        };
        for scheme in roll.schemes(asked.secure) {
            match scheme {
                Scheme::Basic => add(&|value| {
                    let challenge = BasicChallenge {
                        realm: Cow::Borrowed(roll.realm()),
                        utf8: roll.is_utf8(),
                    };
                    challenge.write(value).is_ok()
                }),
                Scheme::Digest => {
                    let nonce = self.nonces.make(now);
                    for algorithm in roll.algorithms() {
                        add(&|value| {
                            let challenge = DigestChallenge {
                                realm: Cow::Borrowed(roll.realm()),
                                domain: None,
                                nonce: Cow::Borrowed(nonce.as_bytes()),
                                opaque: Some(Cow::Borrowed(self.nonces.opaque().as_bytes())),
                                stale,
                                algorithm,
                                auth: true,
                                auth_int: false,
                                utf8: roll.is_utf8(),
                                userhash: roll.asks_for_userhash(),
                            };
                            challenge.write(value).is_ok()
                        });
                    }
                }
            }
        }
        Verdict::Challenge(values, failed)
    }
}

fn basic(roll: &Roll, credentials: &Credentials<'_>) -> Result<Arc<str>, Failed> {
    let Ok(UserPass { user_id, password }) = UserPass::parse(credentials) else {
        return Err(Failed::new("malformed basic credentials"));
    };
    let (name, password) = (text(&user_id), text(&password));
    roll.check(&name, &password)
        .ok_or_else(|| Failed::wrong(Some(&user_id)))
}

/// Text of a client that may not have heard of UTF-8: it is ISO 8859-1 then.
fn text(octets: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(octets) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => octets.iter().copied().map(char::from).collect(),
    }
}

fn name_of<'u>(username: &'u Username<'_>) -> Option<&'u [u8]> {
    match username {
        Username::Plain(name) => Some(name),
        Username::Extended(name) => Some(name.as_bytes()),
        _ => None,
    }
}

/// Whether `uri` is the target of the request (RFC 7616 section 3.4.6), either of which may have
/// passed a proxy. Internet Explorer up to 6 leaves the query out, which is accepted of requests that
/// change nothing.
fn is_target(asked: &Asked<'_>, uri: &[u8]) -> bool {
    let (target, uri) = (origin_form(asked.target), origin_form(uri));
    let query = target.iter().position(|&octet| octet == b'?');
    let without_query = query.and_then(|at| target.get(..at));
    target == uri || roll::is_reading(asked.method) && without_query == Some(uri)
}

/// The path and query of an absolute URI; anything else as it is.
fn origin_form(target: &[u8]) -> &[u8] {
    let scheme = |scheme: &[u8]| {
        let (first, rest) = target.split_at_checked(scheme.len())?;
        first.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    let Some(rest) = scheme(b"http://").or_else(|| scheme(b"https://")) else {
        return target;
    };
    let end = rest.iter().position(|octet| b"/?".contains(octet));
    match end.and_then(|at| rest.get(at..)) {
        None => b"/",
        Some(path) if path.starts_with(b"/") => path,
        Some(_) => target,
    }
}
