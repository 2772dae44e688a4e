//! The checks of `data/rfcN.txt`, clause by clause.
//!
//! ```text
//! ## 9112-2.2 bare-lf
//! req | GET / HTTP/1.1\nHost: h\n\n | error bare-lf 400
//! ```
//!
//! `##` names a clause of `docs/conformance/rfcN.md`. Each line below it is a check: lane, input, what has
//! to come of it.
//!
//! - `req` and `resp` (an answer to GET; `resp[HEAD,GET]` to these methods), with the configuration
//!   where it is not the default (`+flag`, `http09`, `limit=number`): messages and expectations as in
//!   `data/vectors.txt`, without its marks of errors.
//! - `server` and `client`, with a configuration likewise: what happens to a connection, one after the
//!   other with ` > ` between; see `server.rs` and `client.rs`. Expected is all that is told and written,
//!   and at the end `more`, `paused` or `done` and the octets that are left.
//! - `encode`: what is handed to the encoder, and what it writes; see `encode.rs`.
//! - `value`: a function, its arguments with ` ~ ` between, and the result; see `value.rs`.
//!
//! `; V = a ~ b` at the end of an input is a check for each of these in the place of `{V}`. Octets are
//! written as `notation.rs` says. Received octets are given whole and one by one.

mod client;
mod encode;
mod notation;
mod play;
mod server;
mod transcript;
mod value;

use std::path::Path;

use wirelore_http1::encode::{
    ConnectionOption, FieldBlock, Forward, OutFraming, Request, write_request_head,
};
use wirelore_http1::wire::{Framing, MethodKind};
use wirelore_http1::{Config, Lenient};
use wirelore_testkit::{Cutting, Rng};

use crate::vector::{self, End, Role, Told, Vector};

/// One line of a file.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) line: usize,
    pub(crate) clause: String,
    pub(crate) lane: String,
    pub(crate) input: String,
    pub(crate) expected: String,
}

/// All checks of a file.
pub(crate) fn load(text: &str) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut clause = "";
    for (number, line) in text.lines().enumerate().map(|(n, line)| (n + 1, line)) {
        if let Some(name) = line.strip_prefix("## ") {
            clause = name;
        } else if !line.is_empty() && !line.starts_with('#') {
            let parts: Vec<&str> = line.split(" | ").collect();
            let [lane, input, expected] = parts[..] else {
                panic!("line {number} is not `lane | input | expected`: {line}");
            };
            let (input, each) = input.split_once(" ; V = ").unwrap_or((input, "{V}"));
            checks.extend(each.split(" ~ ").map(|value| Check {
                line: number,
                clause: clause.into(),
                lane: lane.into(),
                input: input.replace("{V}", if value == "{}" { "" } else { value }),
                expected: expected.replace("{V}", value),
            }));
        }
    }
    checks
}

/// Runs the checks of a section.
pub(crate) fn section(text: &str, section: &str) {
    let checks = load(text);
    let of_section = |check: &&Check| check.clause.split(' ').next() == Some(section);
    let checks: Vec<&Check> = checks.iter().filter(of_section).collect();
    assert!(!checks.is_empty(), "no check of section {section}");
    let mut wrong = Vec::new();
    for check in checks {
        if let Err(why) = run(check) {
            let Check {
                line,
                clause,
                lane,
                input,
                ..
            } = check;
            let input: String = input.chars().take(300).collect();
            wrong.push(format!(
                "line {line}, {clause}: {why}\n    {lane} | {input}"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The file, the tests and the table speak of the same clauses.
///
/// Each clause of the file is in the table, each section of the file is run by a test function, and a row
/// of the table that names this test has a check.
pub(crate) fn same_clauses(rfc: u32, text: &str, source: &str) {
    let table = format!("../../docs/conformance/rfc{rfc}.md");
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join(table);
    let table = std::fs::read_to_string(table).expect("the table");
    let rows: Vec<(&str, bool)> = table
        .lines()
        .filter_map(|row| row.strip_prefix("| ")?.split_once(" | "))
        .filter(|(clause, _)| clause.starts_with(&rfc.to_string()))
        .map(|(clause, rest)| {
            (
                clause,
                rest.contains(&format!("tests/rfc{rfc}.rs::section_")),
            )
        })
        .collect();
    let clauses: Vec<&str> = text
        .lines()
        .filter_map(|it| it.strip_prefix("## "))
        .collect();
    for clause in &clauses {
        let named = rows.iter().any(|(row, named)| row == clause && *named);
        assert!(named, "the table names no check for {clause}");
        let section = clause.split(' ').next().unwrap_or_default();
        let call = format!("section(CHECKS, \"{section}\")");
        assert!(source.contains(&call), "nothing runs {section}");
        assert_eq!(
            clauses.iter().filter(|it| *it == clause).count(),
            1,
            "{clause}"
        );
        let checked = load(text).iter().any(|check| check.clause == *clause);
        assert!(checked, "no check of {clause}");
    }
    for (row, _) in rows.iter().filter(|(_, named)| *named) {
        assert!(clauses.contains(row), "no check of {row}");
    }
}

/// What the checks of the receiver of requests are given.
pub(crate) fn requests(text: &str) -> Vec<Vec<u8>> {
    let checks = load(text);
    let checks = checks.iter().filter(|it| it.lane.starts_with("req"));
    checks.map(|it| notation::plain(&it.input)).collect()
}

/// With all flags.
pub(crate) fn lenient() -> Config {
    let mut config = Config::default();
    for (flag, _) in Lenient::NAMES {
        assert!(config.lenient.set(flag, true));
    }
    config
}

/// The first request of these octets, written again; none when it is not a whole one, or may not be sent.
pub(crate) fn written_again(octets: &[u8], config: Config) -> Option<Vec<u8>> {
    let outcome = vector::receive_whole(&Role::Request, config, octets, false);
    let mut told = outcome.told.iter();
    let Some(Told::Request(head)) = told.next() else {
        return None;
    };
    let data = match told.next()? {
        Told::Data(data) => match told.next()? {
            Told::End(_) => &data[..],
            _ => return None,
        },
        Told::End(_) => &[],
        _ => return None,
    };
    let fields = head.fields().map(|it| (it.name(), it.raw_value()));
    let fields = FieldBlock::from_received(fields, Forward::All);
    let request = Request::new(head.method(), head.target(), &fields).with_version(head.version());
    let framing = match head.framing() {
        Framing::None => OutFraming::None,
        _ => OutFraming::Length(data.len() as u64),
    };
    let mut out = Vec::new();
    write_request_head(&request, framing, ConnectionOption::None, &mut out).ok()?;
    out.extend_from_slice(data);
    Some(out)
}

/// The kinds of errors that each flag is for.
const HEALED: &[(&str, &[&str])] = &[
    ("bare_lf", &["bare-lf"]),
    ("bare_cr_as_sp", &["bare-cr"]),
    ("obs_fold", &["obs-fold"]),
    ("space_before_colon_in_response", &["space-before-colon"]),
    ("duplicate_content_length_equal", &[]),
    (
        "te_and_cl_te_wins",
        &["transfer-encoding-and-content-length"],
    ),
    ("multiple_spaces_in_request_line", &["bad-request-line"]),
    ("other_ctl_in_value", &["control-character"]),
    ("empty_list_members", &["empty-list-member"]),
    ("missing_host", &["missing-host"]),
    ("obs_text_in_target", &["bad-target"]),
    ("space_after_chunk_size", &["bad-chunk-extension"]),
    ("other_transfer_codings", &["unknown-transfer-coding"]),
];

/// Receives what is refused once more with each flag alone: only a refusal that the flag is for may
/// change. Returns how many did.
pub(crate) fn flags_keep_to_themselves(check: &Check) -> usize {
    assert_eq!(HEALED.len(), Lenient::NAMES.len());
    let role = match &check.lane[..] {
        "req" => Role::Request,
        lane if lane.starts_with("resp") && !lane.contains(' ') => {
            Role::Response(outstanding(&lane[4..]))
        }
        _ => return 0,
    };
    let (octets, marks) = notation::octets(&check.input);
    let strict = vector::receive_whole(&role, Config::default(), &octets, marks.eof);
    let End::Error(error) = strict.end else {
        return 0;
    };
    let mut healed = 0;
    for (flag, kinds) in HEALED {
        let mut config = Config::default();
        assert!(config.lenient.set(flag, true), "{flag}");
        let outcome = vector::receive_whole(&role, config, &octets, marks.eof);
        if outcome != strict {
            let kind = error.kind.name();
            assert!(
                kinds.contains(&kind),
                "{flag} changes {kind}: {}",
                check.input
            );
            healed += 1;
        }
    }
    healed
}

fn run(check: &Check) -> Result<(), String> {
    let (role, options) = check.lane.split_once(' ').unwrap_or((&check.lane, ""));
    if let Some(methods) = role.strip_prefix("resp") {
        return message(check, Role::Response(outstanding(methods)), options);
    }
    let told = match role {
        "req" => return message(check, Role::Request, options),
        "server" => server::run(&check.input, config(options)),
        "client" => client::run(&check.input, config(options)),
        "encode" => encode::run(&check.input),
        "value" => value::run(&check.input),
        _ => panic!("line {}: no lane {role}", check.line),
    };
    if told == notation::expanded(&check.expected) {
        return Ok(());
    }
    Err(format!(
        "\n    should {}\n    tells  {told}",
        check.expected
    ))
}

/// Receives a message whole, octet by octet and in random pieces.
fn message(check: &Check, role: Role, options: &str) -> Result<(), String> {
    let (octets, marks) = notation::octets(&check.input);
    let mut vector = Vector {
        line: check.line,
        config: config(options),
        consumed: marks.rest.unwrap_or(octets.len()),
        octets,
        eof: marks.eof,
        expected: check.expected.clone(),
        ..Vector::new(role)
    };
    let len = vector.octets.len();
    let whole = vector::receive(&vector, &Cutting::whole(len), false);
    if let End::Error(error) = whole.end
        && error.kind.name() != "truncated"
    {
        // The places of errors are checked with the vectors.
        vector.error_at = usize::try_from(error.offset).ok();
    }
    vector::check(&vector, &whole)?;
    let mut rng = Rng::new(check.line as u64);
    let mut cuttings = vec![Cutting::octets(len)];
    cuttings.extend((0..4).map(|_| Cutting::random(len, &mut rng)));
    for cutting in &cuttings {
        let cut = vector::receive(&vector, cutting, true);
        if cut != whole {
            return Err(format!("{cutting:?}: {cut:?}\n    whole: {whole:?}"));
        }
    }
    Ok(())
}

/// Of `[HEAD,GET]`; without brackets GET.
fn outstanding(methods: &str) -> Vec<MethodKind> {
    let methods = match methods {
        "" => "GET",
        list => list.trim_matches(['[', ']']),
    };
    let methods = methods.split(',').filter(|method| !method.is_empty());
    methods.map(|it| MethodKind::of(it.as_bytes())).collect()
}

fn config(options: &str) -> Config {
    let mut config = Config::default();
    for word in options.split_whitespace() {
        if word == "http09" {
            config.http09 = true;
        } else if let Some(flag) = word.strip_prefix('+') {
            assert!(config.lenient.set(flag, true), "no flag {flag}");
        } else if let Some((limit, number)) = word.split_once('=') {
            let number: usize = number.parse().expect("a number");
            let limits = &mut config.limits;
            match limit {
                "max_request_line" => limits.max_request_line = number,
                "max_method" => limits.max_method = number,
                "max_field_line" => limits.max_field_line = number,
                "max_head" => limits.max_head = number,
                "max_headers" => limits.max_headers = number,
                "max_chunk_ext" => limits.max_chunk_ext = number,
                "max_chunk_ext_total" => limits.max_chunk_ext_total = number as u64,
                "max_body" => limits.max_body = Some(number as u64),
                _ => panic!("no limit {limit}"),
            }
        } else {
            panic!("no setting {word}");
        }
    }
    config
}
