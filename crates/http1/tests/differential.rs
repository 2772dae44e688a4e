//! Heads against another parser, httparse: valid ones with at most one mutation. Both find the same, or
//! the reason is one of those listed here.

use httparse::{EMPTY_HEADER, ParserConfig, Status};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wirelore_http1::wire::{Field, MethodKind, parse_request, parse_response};
use wirelore_http1::{Config, ErrorKind, Version};

const SLOTS: usize = 100;

/// What both parsers say of a head: the parts of the start line, the fields, the length.
#[derive(Debug, PartialEq, Eq)]
struct Parts {
    start: Vec<String>,
    fields: Vec<(String, String)>,
    len: usize,
}

#[derive(Debug)]
enum Theirs {
    Parts(Parts),
    Partial,
    Error(httparse::Error),
}

fn text(octets: &[u8]) -> String {
    octets.escape_ascii().to_string()
}

fn their_fields(headers: &[httparse::Header<'_>]) -> Vec<(String, String)> {
    let field = |header: &httparse::Header<'_>| (text(header.name.as_bytes()), text(header.value));
    headers.iter().map(field).collect()
}

fn their_request(bytes: &[u8]) -> Theirs {
    let mut headers = [EMPTY_HEADER; SLOTS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(Status::Complete(len)) => Theirs::Parts(Parts {
            start: vec![
                text(request.method.unwrap_or_default().as_bytes()),
                text(request.path.unwrap_or_default().as_bytes()),
                request.version.unwrap_or_default().to_string(),
            ],
            fields: their_fields(request.headers),
            len,
        }),
        Ok(Status::Partial) => Theirs::Partial,
        Err(error) => Theirs::Error(error),
    }
}

fn their_response(bytes: &[u8]) -> Theirs {
    let mut headers = [EMPTY_HEADER; SLOTS];
    let mut response = httparse::Response::new(&mut headers);
    let mut config = ParserConfig::default();
    config.allow_obsolete_multiline_headers_in_responses(true);
    match config.parse_response(&mut response, bytes) {
        Ok(Status::Complete(len)) => Theirs::Parts(Parts {
            start: vec![
                response.version.unwrap_or_default().to_string(),
                response.code.unwrap_or_default().to_string(),
                text(response.reason.unwrap_or_default().as_bytes()),
            ],
            fields: their_fields(response.headers),
            len,
        }),
        Ok(Status::Partial) => Theirs::Partial,
        Err(error) => Theirs::Error(error),
    }
}

fn our_fields(bytes: &[u8], table: &[Field]) -> Vec<(String, String)> {
    let field = |field: &Field| (text(field.name(bytes)), text(field.value(bytes)));
    table.iter().map(field).collect()
}

fn minor(version: Version) -> String {
    u8::from(version == Version::Http11).to_string()
}

fn our_request(bytes: &[u8]) -> Result<Option<Parts>, ErrorKind> {
    let mut table = [Field::default(); SLOTS];
    let head = parse_request(bytes, &mut table, &Config::default()).map_err(|error| error.kind)?;
    Ok(head.map(|head| Parts {
        start: vec![
            text(head.method()),
            text(head.target()),
            minor(head.version()),
        ],
        fields: our_fields(bytes, &table[..head.field_count()]),
        len: head.raw().len(),
    }))
}

fn our_response(bytes: &[u8]) -> Result<Option<Parts>, ErrorKind> {
    let mut table = [Field::default(); SLOTS];
    let head = parse_response(bytes, &mut table, MethodKind::Get, &Config::default())
        .map_err(|error| error.kind)?;
    Ok(head.map(|head| Parts {
        start: vec![
            minor(head.version()),
            head.status().to_string(),
            text(head.reason()),
        ],
        fields: our_fields(bytes, &table[..head.field_count()]),
        len: head.raw().len(),
    }))
}

/// What we refuse in a head that they accept.
fn we_are_stricter(kind: ErrorKind, bytes: &[u8]) -> Option<&'static str> {
    use ErrorKind as K;
    Some(match kind {
        K::BareLf => "they take LF for a line end",
        K::BadMethod {
            octet: b'\r' | b'\n',
        }
        | K::BadVersion
            if bytes.starts_with(b"\r\n") || bytes.starts_with(b"\n") =>
        {
            "they skip empty lines; here that is the receiver's task"
        }
        K::BareCr if bytes.starts_with(b"\r") => "the same",
        K::BadTargetForm | K::BadAuthority => "they do not look at the form of the target",
        K::BadTarget {
            octet: 0x80.. | b'#',
        } => "they let obs-text and # stand in targets",
        K::MissingHost | K::DuplicateHost | K::BadHost => "they do not know Host",
        K::BadContentLength
        | K::ContentLengthOverflow
        | K::ContentLengthMismatch
        | K::EmptyListMember
        | K::TransferEncodingAndContentLength
        | K::TransferEncodingInHttp10
        | K::BadTransferEncoding
        | K::ChunkedNotFinal
        | K::ChunkedTwice
        | K::UnknownTransferCoding => "they do not look at framing",
        _ => return None,
    })
}

/// What they refuse in a head that we accept.
fn they_are_stricter(error: httparse::Error, bytes: &[u8]) -> Option<&'static str> {
    use httparse::Error as E;
    let line = bytes
        .split(|&octet| octet == b'\n')
        .next()
        .unwrap_or_default();
    let has = |word: &[u8]| line.windows(word.len()).any(|part| part == word);
    Some(match error {
        E::Version if has(b"HTTP/1.") => "minor versions above 1 (RFC 9110 section 6.2)",
        E::Status if line.iter().any(|&octet| octet >= 0x80) => "obs-text in the reason phrase",
        E::Token if line.iter().any(|octet| b"\"<>^`{|}\\".contains(octet)) => {
            "octets that browsers send in targets"
        }
        _ => return None,
    })
}

/// Both found a head, and not the same.
fn equal_enough(ours: &Parts, theirs: &Parts) -> bool {
    if ours.len != theirs.len || ours.fields.len() != theirs.fields.len() {
        return false;
    }
    // They drop a reason phrase with obs-text.
    let start = ours.start == theirs.start
        || ours.start[..2] == theirs.start[..2]
            && theirs.start[2].is_empty()
            && ours.start[2].contains("\\x");
    start && ours.fields == theirs.fields
}

fn judge(
    bytes: &[u8],
    ours: &Result<Option<Parts>, ErrorKind>,
    theirs: &Theirs,
) -> Result<(), String> {
    let agreed = match (ours, theirs) {
        (Ok(Some(ours)), Theirs::Parts(theirs)) => equal_enough(ours, theirs),
        (Ok(Some(_)), Theirs::Error(error)) => they_are_stricter(*error, bytes).is_some(),
        (Ok(Some(_)), Theirs::Partial) => false,
        // They judge octets before the line is complete, and we do not.
        (Ok(None), Theirs::Partial | Theirs::Error(_)) => true,
        // They end the head at a bare LF.
        (Ok(None), Theirs::Parts(_)) => false,
        (Err(kind), Theirs::Parts(_)) => we_are_stricter(*kind, bytes).is_some(),
        // Whoever has a reason earlier has one.
        (Err(_), Theirs::Error(_)) => true,
        (Err(kind), Theirs::Partial) => we_are_stricter(*kind, bytes).is_some() || is_early(*kind),
    };
    if agreed {
        return Ok(());
    }
    Err(format!(
        "{}\n ours {ours:?}\n theirs {theirs:?}",
        bytes.escape_ascii()
    ))
}

/// Errors that we tell from a complete line, while they still wait for another octet.
const fn is_early(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::MissingVersion | ErrorKind::BadVersion | ErrorKind::BareCr
    )
}

#[derive(Clone, Debug)]
enum Mutation {
    None,
    Insert(usize, Vec<u8>),
    Replace(usize, u8),
    Delete(usize, usize),
    Repeat(usize, usize),
    Cut(usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let words: &[&[u8]] = &[
        b"\r",
        b"\n",
        b"\r\n",
        b" ",
        b"\t",
        b"\0",
        b":",
        b"\x0b",
        b"\x7f",
        b"\x80",
        b"\xff",
        b"\"",
        b"/",
        b"#",
        b"{",
        b"|",
        b"\x01",
        b",",
        b";",
        b"\r\n ",
        b"\r\r\n",
        b"  ",
        b"0",
        b"HTTP/1.1",
        b"\r\nContent-Length: 5",
        b"\r\nTransfer-Encoding: chunked",
        b"\r\nHost: g",
    ];
    let word = select(words).prop_map(<[u8]>::to_vec);
    prop_oneof![
        1 => Just(Mutation::None),
        6 => (any::<usize>(), word).prop_map(|(at, word)| Mutation::Insert(at, word)),
        4 => (any::<usize>(), any::<u8>()).prop_map(|(at, octet)| Mutation::Replace(at, octet)),
        2 => (any::<usize>(), 1usize..5).prop_map(|(at, len)| Mutation::Delete(at, len)),
        2 => (any::<usize>(), 1usize..30).prop_map(|(at, len)| Mutation::Repeat(at, len)),
        1 => any::<usize>().prop_map(Mutation::Cut),
    ]
}

fn mutate(mut bytes: Vec<u8>, mutation: &Mutation) -> Vec<u8> {
    let place = |at: &usize| at % (bytes.len() + 1);
    match mutation {
        Mutation::None => {}
        Mutation::Insert(at, word) => {
            let at = place(at);
            bytes.splice(at..at, word.iter().copied());
        }
        Mutation::Replace(at, octet) => {
            let at = place(at).min(bytes.len() - 1);
            bytes[at] = *octet;
        }
        Mutation::Delete(at, len) => {
            let at = place(at);
            bytes.drain(at..(at + len).min(bytes.len()));
        }
        Mutation::Repeat(at, len) => {
            let at = place(at);
            let part = bytes[at..(at + len).min(bytes.len())].to_vec();
            bytes.splice(at..at, part);
        }
        Mutation::Cut(at) => bytes.truncate(place(at)),
    }
    bytes
}

/// Field lines as the grammar has them.
fn lines() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        "[A-Za-z][A-Za-z0-9-]{0,20}",
        "[!#$%&'*+.^_`|~0-9a-z-]{1,8}",
        Just("Connection".to_string()),
        Just("Cookie".to_string()),
    ];
    let value = prop_oneof!["[ -~]{0,60}", "[a-z0-9, ;=/\"-]{0,20}", "[!-~]{0,300}"];
    let line = (name, "[ \t]{0,2}", value, "[ \t]{0,2}")
        .prop_map(|(name, before, value, after)| format!("{name}:{before}{value}{after}\r\n"));
    vec(line, 0..8).prop_map(|lines| lines.concat())
}

fn request() -> impl Strategy<Value = String> {
    let method = prop_oneof![Just("GET".to_string()), Just("POST".into()), "[A-Z-]{1,10}"];
    let target = prop_oneof![
        "/[a-zA-Z0-9/?&=%.~_-]{0,60}",
        Just("http://h/x?y".to_string())
    ];
    let version = select(vec!["HTTP/1.1", "HTTP/1.0"]);
    (method, target, version, lines()).prop_map(|(method, target, version, lines)| {
        format!("{method} {target} {version}\r\nHost: h\r\n{lines}\r\n")
    })
}

fn response() -> impl Strategy<Value = String> {
    let version = select(vec!["HTTP/1.1", "HTTP/1.0"]);
    let reason = prop_oneof!["( [ -~]{0,20})?", Just(" OK".to_string())];
    (version, 100u16..600, reason, lines()).prop_map(|(version, status, reason, lines)| {
        format!("{version} {status}{reason}\r\n{lines}\r\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// RFC 9112 sections 3 and 5.
    #[test]
    fn rfc9112_3_request_heads_as_httparse_reads_them(head in request(), mutation in mutation()) {
        let bytes = mutate(head.into_bytes(), &mutation);
        let verdict = judge(&bytes, &our_request(&bytes), &their_request(&bytes));
        prop_assert!(verdict.is_ok(), "{}", verdict.unwrap_err());
    }

    /// RFC 9112 sections 4 and 5.
    #[test]
    fn rfc9112_4_response_heads_as_httparse_reads_them(head in response(), mutation in mutation()) {
        let bytes = mutate(head.into_bytes(), &mutation);
        let verdict = judge(&bytes, &our_response(&bytes), &their_response(&bytes));
        prop_assert!(verdict.is_ok(), "{}", verdict.unwrap_err());
    }
}
