//! `http:` and `https:` URLs.
//!
//! A copy is a [`session`](session::Session) that asks until there is an answer, and a
//! [`Get`](get::Get) or [`Put`](put::Put) that makes something of it, with as many tries as are wanted.
//! The engine below, with its connections, is `wirelore_tokio::http1::client`.

mod connections;
mod dial;
mod discreet;
mod disposition;
mod failure;
mod flow;
mod get;
pub(super) mod history;
mod limit;
mod login;
mod netrc;
mod options;
mod password;
mod proxy;
mod put;
mod redirect;
mod resume;
mod retry;
mod session;
mod side;
mod url;
mod verify;
mod words;

pub(super) use options::Options;

use super::Arguments;
use super::codes::{Code, Failure};
use super::local::Input;
use super::output::Output;
use super::place::{Place, Scheme, Url};
use super::progress::{Console, seconds};
use super::remote::{Facts, Outcome, Remote, Transfer, Way};
use get::Get;
use login::Login;
use netrc::Netrc;
use put::Put;
use session::Session;
use side::Side;
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use url::Address;

pub(super) const PLAIN: Scheme = Scheme {
    name: "http",
    place,
};

pub(super) const SECURE: Scheme = Scheme {
    name: "https",
    place,
};

/// How many octets of a source that cannot be read twice are kept in case they have to be sent again.
const WINDOW: usize = 1 << 20;

/// What counts as a block for a progress of marks: what an Ethernet frame holds.
const BLOCK: u64 = 1460;

/// A file on a server.
pub(super) struct Http {
    address: Address,
    /// As the URL has it.
    login: Option<Login>,
}

fn place(url: &Url<'_>) -> Result<Place, Failure> {
    let text = str::from_utf8(url.whole);
    let text = text.map_err(|_| url.malformed("what is not ASCII is written %XX"))?;
    let (address, login) = Address::parse(text).map_err(|why| url.malformed(why))?;
    Ok(Place::Remote(Box::new(Http { address, login })))
}

impl Remote for Http {
    fn shown(&self) -> String {
        self.address.shown()
    }

    fn name(&self) -> Vec<u8> {
        let path = self.address.path();
        // what no file can be called has no name
        if path.contains(&0) { Vec::new() } else { path }
    }

    fn is_folder(&self) -> bool {
        self.address.is_folder()
    }

    fn enter(&mut self, name: &[u8]) {
        self.address.enter(name);
    }

    fn names_itself(&self, arguments: &Arguments) -> bool {
        arguments.http.content_disposition
    }

    fn can_go_on(&self) -> bool {
        true
    }

    fn can_spare(&self) -> bool {
        true
    }

    fn window(&self, _: &Arguments) -> usize {
        WINDOW
    }

    fn get<'c>(&'c self, way: Way<'c>, output: Output) -> Transfer<'c> {
        Box::pin(async move {
            let started = Instant::now();
            let mut stop = way.stop.clone();
            let session = match Session::new(self, &way, false) {
                Ok(session) => session,
                Err(failure) => return Outcome::nothing(failure),
            };
            let mut get = Get::new(session, output);
            let result = tokio::select! {
                result = get.run() => result,
                failure = stop.word() => {
                    get.give_up().await;
                    Err(failure)
                }
            };
            let mut facts = facts(get.session(), get.retried());
            if let Some(resumed) = get.resumed {
                facts.push(("resumed_at", resumed.into()));
            }
            let outcome = Outcome {
                octets: get.at,
                elapsed: started.elapsed(),
                retransmissions: None,
                options: facts,
                result,
                name: get.name.clone(),
            };
            way.common
                .http
                .record("get", &self.address, get.session().status, &outcome);
            outcome
        })
    }

    fn put<'c>(&'c self, way: Way<'c>, input: Input) -> Transfer<'c> {
        Box::pin(async move {
            let started = Instant::now();
            let mut stop = way.stop.clone();
            let session = match Session::new(self, &way, true) {
                Ok(session) => session,
                Err(failure) => return Outcome::nothing(failure),
            };
            let mut put = Put::new(session, input);
            let result = tokio::select! {
                result = put.run() => result,
                failure = stop.word() => Err(failure),
            };
            let outcome = Outcome {
                octets: put.at,
                elapsed: started.elapsed(),
                retransmissions: None,
                options: facts(put.session(), put.retried()),
                result,
                name: None,
            };
            way.common
                .http
                .record("put", &self.address, put.session().status, &outcome);
            outcome
        })
    }
}

/// What a copy went by.
fn facts(session: &Session<'_>, retries: u64) -> Facts {
    vec![
        ("status", session.status.into()),
        ("etag", session.etag.clone().into()),
        ("redirects", session.redirects.into()),
        ("retries", retries.into()),
    ]
}

/// What all copies by HTTP of a run have in common.
pub(super) struct Common {
    netrc: Option<Netrc>,
    get: OnceLock<Result<Arc<Side>, Failure>>,
    put: OnceLock<Result<Arc<Side>, Failure>>,
    console: Console,
    prints_connections: bool,
    keeps_history: bool,
    asked: OnceLock<Result<String, Failure>>,
}

impl Common {
    pub(super) fn new(arguments: &Arguments, console: &Console) -> Result<Self, Failure> {
        let options = &arguments.http;
        let netrc = match (&options.netrc_file, options.netrc) {
            (Some(path), _) => Some(Netrc::read(Some(path))?),
            (None, true) => Some(Netrc::read(None)?),
            (None, false) => None,
        };
        Ok(Self {
            netrc,
            get: OnceLock::new(),
            put: OnceLock::new(),
            console: console.clone(),
            prints_connections: options.connections,
            keeps_history: !options.no_history,
            asked: OnceLock::new(),
        })
    }

    fn side(&self, is_put: bool, way: &Way<'_>) -> Result<Arc<Side>, Failure> {
        let side = if is_put { &self.put } else { &self.get };
        let made = || Side::new(way.arguments, &way.lookout).map(Arc::new);
        side.get_or_init(made).clone()
    }

    /// Who asks for this URL: what it says itself, then what the options say, then the netrc file.
    fn login(&self, http: &Http, arguments: &Arguments) -> Result<Option<Login>, Failure> {
        let given = http.login.as_ref().or(arguments.http.user.as_ref());
        let name = given.map(|login| &*login.name);
        if let Some(login) = given.filter(|login| login.password.is_some()) {
            return Ok(Some(login.clone()));
        }
        let noted = self
            .netrc
            .as_ref()
            .and_then(|netrc| netrc.find(http.address.host(), name));
        let (Some(given), None) = (given, &noted) else {
            return Ok(noted);
        };
        let asked = self
            .asked
            .get_or_init(|| password::ask(&given.name, &http.address.shown()));
        Ok(Some(Login {
            password: Some(asked.clone()?),
            ..given.clone()
        }))
    }

    /// The last copy of a batch is over.
    pub(super) fn ended(&self) {
        if self.prints_connections {
            self.print_connections();
        }
    }

    /// Prints what is open.
    pub(super) fn print_connections(&self) {
        let sides = [&self.get, &self.put];
        let open = sides
            .into_iter()
            .filter_map(|side| side.get()?.as_ref().ok())
            .flat_map(|side| side.client.connections());
        for line in connections::table(open) {
            self.console.line(&line);
        }
    }

    fn record(&self, direction: &str, address: &Address, status: Option<u16>, outcome: &Outcome) {
        if !self.keeps_history {
            return;
        }
        let failure = outcome.result.as_ref().err();
        history::add(&history::Entry {
            time: history::Entry::now(),
            direction: direction.into(),
            url: address.text(),
            bytes: outcome.octets,
            seconds: (outcome.elapsed.as_secs_f64() * 1e3).round() / 1e3,
            status,
            exit_code: failure.map_or(Code::COPIED, |failure| failure.code).0,
            error: failure.map(|failure| failure.text.clone()),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    fn remote(url: &str) -> Box<dyn Remote> {
        match Place::of(OsStr::new(url)) {
            Ok(Place::Remote(remote)) => remote,
            Ok(Place::Local(_)) => panic!("{url} is local"),
            Err(failure) => panic!("{}", failure.text),
        }
    }

    #[test]
    fn the_name_of_a_file_is_the_last_segment() {
        for (url, wanted) in [
            ("http://h/a/b%20c?d/e", Some("b c")),
            ("http://h/a%2Fb", Some("b")),
            ("http://h/%2e%2e%5C..", None),
            ("http://h/a%00b", None),
            ("http://h/a/", None),
            ("http://h", None),
        ] {
            let name = Place::Remote(remote(url)).last_name();
            assert_eq!(name.as_deref(), wanted.map(str::as_bytes), "{url}");
        }
        let mut folder = remote("https://u:p@h/up/");
        assert!(folder.is_folder());
        folder.enter(b"a b");
        assert_eq!(folder.shown(), "https://h/up/a%20b");
    }

    #[test]
    fn what_is_malformed_is_told_without_secrets() {
        for url in [
            "http://u:secret@",
            "http://u:secret@h:x/",
            "http://u:sec/ret@h/",
            "http:///x",
        ] {
            let Err(failure) = Place::of(OsStr::new(url)) else {
                panic!("{url}")
            };
            assert_eq!(failure.code, Code::MALFORMED_URL, "{url}");
            assert!(!failure.text.contains("sec"), "{}", failure.text);
        }
    }
}
