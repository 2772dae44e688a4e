//! h11 as a second judge of framing: it reads what we read, and every difference has a name and a reason.

mod grammar;
mod known;
mod reading;
mod vectors;

use std::collections::BTreeMap;
use std::path::Path;

use wirelore_interop::require;
use wirelore_testkit::Rng;

use crate::client::{Ask, octets};
use crate::requests;
use crate::theirs::{h11_python, piped};
use known::{KNOWN, Known};
use reading::{Reading, difference, read};

/// Octets of one direction of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// Of the requests that were sent, where these are responses. Otherwise they are requests.
    pub(crate) methods: Vec<&'static str>,
    pub(crate) octets: Vec<u8>,
}

/// How many messages are made up, besides the table.
const MADE_UP: u64 = 2000;

#[test]
fn h11_agrees_or_is_known_not_to() {
    let python = require!(h11_python());
    let mut cases = vectors::cases();
    cases.extend((0..MADE_UP).map(|seed| grammar::case(&mut Rng::new(seed), seed)));
    let judged = judge(&python, &cases);
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut agreed, mut accepted, mut unknown) = (0, 0, Vec::new());
    for (case, theirs) in cases.iter().zip(&judged) {
        let ours = read(case);
        let Some(difference) = difference(&ours, theirs) else {
            agreed += 1;
            accepted += usize::from(ours.is_good());
            continue;
        };
        let reasons: Vec<&str> = KNOWN
            .iter()
            .filter(|known| known.explains(&difference))
            .map(|known| known.name)
            .collect();
        match reasons[..] {
            [reason] => *seen.entry(reason).or_default() += 1,
            _ => unknown.push(format!(
                "{} {:?}: {}\n  {reasons:?} {difference:?}\n  ours   {ours:?}\n  theirs {theirs:?}",
                case.name,
                case.methods,
                case.octets.escape_ascii()
            )),
        }
    }
    let shown = unknown[..unknown.len().min(12)].join("\n");
    assert!(unknown.is_empty(), "{} unknown:\n{shown}", unknown.len());
    for Known { name, clause, .. } in KNOWN {
        assert!(seen.contains_key(name), "{name} ({clause}) did not occur: {seen:?}");
    }
    // what is generated is neither all good nor all bad
    let all = cases.len();
    assert!(agreed > all / 2 && accepted > all / 4, "{agreed} of {all} agreed, {accepted} good");
}

/// Our requests, and those that nginx does not know.
#[test]
fn h11_reads_what_we_write() {
    let python = require!(h11_python());
    let mut asks = requests::asks();
    asks.push(("asterisk", Ask::new("OPTIONS", "*")));
    asks.push(("tunnel", Ask::new("CONNECT", "example.com:443")));
    let cases: Vec<Case> = asks
        .iter()
        .map(|(name, ask)| Case {
            name: (*name).to_owned(),
            methods: Vec::new(),
            octets: octets(ask),
        })
        .collect();
    for ((name, ask), theirs) in asks.iter().zip(judge(&python, &cases)) {
        let [message] = &theirs.messages[..] else { panic!("{name}: {theirs:?}") };
        assert!(theirs.is_good() && message.complete, "{name}: {theirs:?}");
        let version = &ask.version.as_str()["HTTP/".len()..];
        assert_eq!(message.start, format!("{} {} {version}", ask.method, ask.target));
        assert_eq!(message.body, hex::encode(ask.body()), "{name}");
        let trailers =
            ask.trailers.iter().map(|(name, value)| (name.to_lowercase(), value.clone()));
        assert_eq!(message.trailers, trailers.collect::<Vec<_>>(), "{name}");
        let added = message.fields.len() - ask.fields.len();
        assert_eq!(added, usize::from(version == "1.0"), "{name}: {:?}", message.fields);
        for ((ours, value), (theirs, read)) in ask.fields.iter().zip(&message.fields) {
            assert_eq!((&ours.to_lowercase(), value), (theirs, read), "{name}");
        }
    }
}

/// What h11 makes of the cases.
#[track_caller]
fn judge(python: &Path, cases: &[Case]) -> Vec<Reading> {
    let judge = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/http1/h11/judge.py");
    let lines: String = cases
        .iter()
        .map(|case| {
            let role = if case.methods.is_empty() { "server" } else { "client" };
            let methods = if case.methods.is_empty() { "-".into() } else { case.methods.join(",") };
            format!("{role} {methods} {}\n", hex::encode(&case.octets))
        })
        .collect();
    let (code, output, said) = piped(python, &[judge], lines.as_bytes());
    assert_eq!(code, 0, "{said}");
    let output = String::from_utf8(output).expect("JSON is ASCII");
    assert_eq!(output.lines().count(), cases.len());
    output.lines().map(Reading::parse).collect()
}
