//! Whatever is given, a strict message is written or nothing; and nothing is allocated for it.

use allocation_counter::measure;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wirelore_http1::encode::{
    BodyWriter, ConnectionOption, FieldBlock, OutFraming, Request, Response, write_request_head,
    write_response_head,
};
use wirelore_http1::wire::{Field, Framing, MethodKind, parse_request, parse_response};
use wirelore_http1::{Config, Version};

use OutFraming::{Chunked, Length, None as Nothing, UntilClose};
use Version::{Http09, Http10, Http11};

fn host() -> FieldBlock {
    FieldBlock::new().with("Host", "a").unwrap()
}

/// Mostly good, sometimes hostile.
fn part(good: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let good = select(good).prop_map(|text| text.as_bytes().to_vec());
    let octet = select(b"a/: \t\r\n\0\x7f\xff*%@".to_vec());
    prop_oneof![3 => good, 1 => vec(octet, 0..6)]
}

fn framings() -> impl Strategy<Value = OutFraming> {
    prop_oneof![
        Just(Nothing),
        Just(Length(0)),
        any::<u64>().prop_map(Length),
        Just(Chunked),
        Just(UntilClose)
    ]
}

fn options() -> impl Strategy<Value = ConnectionOption> {
    select(vec![
        ConnectionOption::None,
        ConnectionOption::Close,
        ConnectionOption::KeepAlive,
    ])
}

fn blocks() -> impl Strategy<Value = FieldBlock> {
    let names = part(&["Host", "Host", "Connection", "Upgrade", "TE", "X"]);
    let values = part(&["a", "a", "close", "upgrade, x", ""]);
    vec((names, values), 0..4).prop_map(|fields| {
        let mut block = FieldBlock::new();
        for (name, value) in fields {
            let before = block.clone();
            if block.push(&name, &value).is_err() {
                assert_eq!(block, before);
            }
        }
        block
    })
}

/// Whether `head` is a start line, field lines and an empty line, and nothing in them that the
/// grammar forbids; returns how many field lines there are.
fn strict(head: &[u8]) -> Option<usize> {
    let lines = head.strip_suffix(b"\r\n\r\n")?;
    let lines: Vec<&[u8]> = lines.split(|&octet| octet == b'\n').collect();
    let (last, others) = lines.split_last()?;
    let mut whole: Vec<&[u8]> = Vec::new();
    for line in others {
        whole.push(line.strip_suffix(b"\r")?);
    }
    whole.push(last);
    for line in &whole {
        if line
            .iter()
            .any(|&octet| octet != b'\t' && octet.is_ascii_control())
        {
            return None;
        }
    }
    for line in &whole[1..] {
        let colon = line
            .iter()
            .position(|&octet| octet == b':')
            .filter(|&at| at > 0)?;
        if !line[..colon]
            .iter()
            .all(|&octet| octet.is_ascii_alphanumeric() || b"*%-".contains(&octet))
        {
            return None;
        }
    }
    Some(whole.len() - 1)
}

/// What the reader makes of it.
fn read_back(framing: OutFraming) -> Framing {
    match framing {
        Nothing => Framing::None,
        Length(length) => Framing::Length(length),
        Chunked => Framing::Chunked,
        UntilClose => Framing::UntilEof,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn rfc9112_11_1_requests_are_strict_or_not_written(
        method in part(&["GET", "POST", "OPTIONS", "CONNECT", "TRACE"]),
        target in part(&["/", "/x?y", "*", "a:1", "http://a/b", "http://b/"]),
        version in select(vec![Http09, Http10, Http11, Http11]),
        fields in blocks(),
        framing in framings(),
        option in options(),
    ) {
        let it = Request::new(&method, &target, &fields).with_version(version);
        let mut out = b"before".to_vec();
        match write_request_head(&it, framing, option, &mut out) {
            Err(_) => prop_assert_eq!(out, b"before"),
            Ok(()) if version == Http09 => {
                let line = out.strip_prefix(b"beforeGET ").unwrap();
                prop_assert_eq!(line, [&target[..], b"\r\n"].concat());
            }
            Ok(()) => {
                let head = out.strip_prefix(b"before").unwrap();
                let lines = strict(head);
                prop_assert!(lines.is_some(), "{}", head.escape_ascii());
                let ours = usize::from(framing != Nothing)
                    + usize::from(head.windows(12).filter(|it| it == b"Connection: ").count()
                        > fields.iter().filter(|(name, value)| *name == b"Connection" && !value.is_empty()).count());
                prop_assert_eq!(lines.unwrap(), fields.iter().count() + ours);
                let mut table = [Field::default(); 16];
                let read = parse_request(head, &mut table, &Config::default());
                let read = read.unwrap().unwrap();
                prop_assert_eq!(read.method(), &method);
                prop_assert_eq!(read.target(), &target);
                prop_assert_eq!(read.version(), version);
                prop_assert_eq!(read.framing(), read_back(framing));
                prop_assert_eq!(read.field_count(), lines.unwrap());
            }
        }
    }

    #[test]
    fn rfc9112_11_1_responses_are_strict_or_not_written(
        status in prop_oneof![100u16..600, any::<u16>()],
        reason in proptest::option::of(part(&["OK", "", "Not\tFound"])),
        version in select(vec![Http10, Http11, Http11]),
        fields in blocks(),
        framing in framings(),
        option in options(),
    ) {
        let it = Response { status, reason: reason.as_deref(), version, fields: &fields, also: None };
        let mut out = b"before".to_vec();
        match write_response_head(&it, framing, option, &mut out) {
            Err(_) => prop_assert_eq!(out, b"before"),
            Ok(()) => {
                let head = out.strip_prefix(b"before").unwrap();
                prop_assert!(strict(head).is_some(), "{}", head.escape_ascii());
                let start = format!("{} {} ", version.as_str(), status);
                prop_assert!(head.starts_with(start.as_bytes()));
                let mut table = [Field::default(); 16];
                let get = MethodKind::Get;
                let read = parse_response(head, &mut table, get, &Config::default());
                let read = read.unwrap().unwrap();
                let bodiless = matches!(status, 100..200 | 204 | 304);
                if !bodiless && framing != Nothing {
                    prop_assert_eq!(read.framing(), read_back(framing));
                }
                prop_assert!(framing != UntilClose || !read.keep_alive());
            }
        }
    }

    #[test]
    fn rfc9112_7_1_bodies_are_counted_or_not_written(
        framing in framings(),
        pieces in vec((0u64..5, any::<bool>()), 0..6),
    ) {
        let mut out = Vec::new();
        let mut body = BodyWriter::new(framing);
        for (len, finish) in pieces {
            let (before, state) = (out.len(), body.clone());
            let done = if finish {
                body.finish(None, &mut out)
            } else {
                body.announce(len, &mut out)
            };
            if done.is_err() {
                prop_assert_eq!((out.len(), body.clone()), (before, state));
            }
        }
    }
}
#[test]
fn the_steady_state_allocates_nothing() {
    let fields = host()
        .with("Content-Type", "text/plain")
        .unwrap()
        .with("Upgrade", "x")
        .unwrap()
        .with("TE", "trailers")
        .unwrap();
    let trailers = FieldBlock::new().with("X", "1").unwrap();
    let mut out = Vec::with_capacity(1024);
    let mut longest = 0;
    let info = measure(|| {
        for framing in [Chunked, UntilClose, Length(u64::MAX)] {
            out.clear();
            let it = Response::new(511, &fields);
            write_response_head(&it, framing, ConnectionOption::KeepAlive, &mut out).unwrap();
            let mut body = BodyWriter::new(framing);
            body.data(b"data", &mut out).unwrap();
            body.announce(4, &mut out).unwrap();
            let _ = body.finish((framing == Chunked).then_some(&trailers), &mut out);
            longest = longest.max(out.len());
        }
        out.clear();
        let it = Request::new("OPTIONS", "http://a/", &fields);
        write_request_head(&it, Chunked, ConnectionOption::Close, &mut out).unwrap();
    });
    assert_eq!(info.count_total, 0);
    assert!(longest > 150);
}

#[test]
fn one_reservation_is_enough_for_a_head() {
    let fields = host()
        .with("Upgrade", "x")
        .unwrap()
        .with("TE", "x")
        .unwrap();
    let it = Request::new("POST", "/", &fields);
    let mut out = Vec::new();
    let info = measure(|| {
        write_request_head(&it, Length(u64::MAX), ConnectionOption::KeepAlive, &mut out).unwrap();
    });
    assert_eq!(info.count_total, 1);
}
