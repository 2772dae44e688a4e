//! Random lists, quoted strings, parameters, escapes and paths; what they cost; and hostile input.

use proptest::prelude::*;
use wirelore_http1::value::conditional::{Outcome, Preconditions, Recipient, Selected};
use wirelore_http1::value::date::HttpDate;
use wirelore_http1::value::etag::{EntityTag, tags};
use wirelore_http1::value::list::{contains_token, members, members_and_gaps, tokens};
use wirelore_http1::value::parameters::{Parameters, split_item, write_parameter};
use wirelore_http1::value::path::{Path, Rules};
use wirelore_http1::value::percent::{Place, decode, encode};
use wirelore_http1::value::quoted::{comment_len, quote, split_quoted, unquote};
use wirelore_http1::value::range::ByteRanges;

/// Octets that may stand in a field.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![
        Just(b'"'),
        Just(b'\\'),
        Just(b','),
        Just(b';'),
        Just(b'\t'),
        0x20..0x7f_u8,
        0x80..=0xff_u8,
    ];
    prop::collection::vec(octet, 0..20)
}

/// Octets that mean something in fields, and some that may not stand there.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let octet = prop::sample::select(&b"\",;=\\()/ \tab%.W*-0\x00\x80"[..]);
    prop::collection::vec(octet, 0..40)
}

proptest! {
    #[test]
    fn rfc9110_5_6_4_quoted_strings_come_back(text in text(), rest in text()) {
        let mut out = Vec::new();
        quote(&text, &mut out).unwrap();
        prop_assert!(unquote(&out).is_some_and(|it| it == text));
        let len = out.len();
        out.extend_from_slice(&rest);
        prop_assert_eq!(split_quoted(&out), Some((&out[..len], &rest[..])));
        prop_assert_eq!(unquote(&out).is_some(), rest.is_empty());
    }

    #[test]
    fn rfc9110_5_6_1_lists_come_back(
        all in prop::collection::vec(text(), 1..5),
        space in "[ \t]{0,2}",
        empty in 0usize..3,
    ) {
        let mut value = Vec::new();
        let mut expected: Vec<Vec<u8>> = Vec::new();
        for text in &all {
            let mut member = b"x=".to_vec();
            quote(text, &mut member).unwrap();
            value.extend_from_slice(space.as_bytes());
            value.extend_from_slice(&member);
            value.extend_from_slice(space.as_bytes());
            value.extend(std::iter::repeat_n(b',', 1 + empty));
            expected.push(member);
        }
        prop_assert_eq!(members(&value).collect::<Vec<_>>(), expected);
        prop_assert_eq!(members_and_gaps(&value).count(), all.len() * (1 + empty) + 1);
    }

    #[test]
    fn rfc9110_5_6_6_parameters_come_back(
        all in prop::collection::vec(("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,6}", text()), 0..5),
    ) {
        let mut out = b"a/b".to_vec();
        for (name, value) in &all {
            write_parameter(name.as_bytes(), value, &mut out).unwrap();
        }
        let (item, parameters) = split_item(&out);
        prop_assert_eq!(item, b"a/b");
        let read: Vec<_> = parameters
            .map(Result::unwrap)
            .map(|it| (String::from_utf8(it.name.to_vec()).unwrap(), it.value().into_owned()))
            .collect();
        prop_assert_eq!(read, all);
    }

    #[test]
    fn rfc3986_2_1_escapes_come_back(octets: Vec<u8>, noise in noise()) {
        for place in [Place::Segment, Place::Query, Place::ExtendedValue] {
            let encoded = encode(&octets, place);
            prop_assert!(encoded.iter().all(|&it| it == b'%' || place.keeps(it)));
            prop_assert!(decode(&encoded).is_ok_and(|it| it == octets));
        }
        match decode(&noise) {
            Ok(plain) => {
                let escapes = noise.iter().filter(|&&it| it == b'%').count();
                prop_assert_eq!(plain.len(), noise.len() - 2 * escapes);
            }
            Err(bad) => prop_assert_eq!(noise[bad.offset], b'%'),
        }
    }

    #[test]
    fn rfc3986_5_2_4_no_path_leaves_the_root(
        target in "/(\\.|%2e|%2E|/|%2f|a|;|%5c|\\\\|%00|%25|%3b|\\?|%){0,24}",
    ) {
        let Ok(path) = Path::parse(target.as_bytes(), &Rules::default()) else {
            return Ok(());
        };
        for segment in &path.segments {
            prop_assert!(!matches!(&**segment, b"" | b"." | b".."));
            prop_assert!(!segment.iter().any(|it| matches!(it, 0 | b'/' | b'\\')));
        }
        let mut out = Vec::new();
        path.write(&mut out);
        prop_assert!(out.starts_with(b"/") && !out.starts_with(b"//"));
        prop_assert_eq!(Path::parse(&out, &Rules::default()), Ok(path.clone()));
        let joined = path.segments.join(&b'/');
        prop_assert!(joined.len() < target.len());
    }

    #[test]
    fn rfc3986_5_2_4_depth_below_zero_is_refused(steps in prop::collection::vec(any::<bool>(), 0..12)) {
        let mut target = Vec::new();
        let mut depth = 0i32;
        let mut left = false;
        for &down in &steps {
            target.extend_from_slice(if down { b"/a" } else { b"/.." });
            depth += if down { 1 } else { -1 };
            left |= depth < 0;
        }
        target.push(b'/');
        let path = Path::parse(&target, &Rules::default());
        prop_assert_eq!(path.is_err(), left);
        if let Ok(path) = path {
            prop_assert_eq!(path.segments.len(), usize::try_from(depth).unwrap());
        }
    }

    #[test]
    fn any_octets_are_no_panic(octets in prop_oneof![noise(), any::<Vec<u8>>()]) {
        let count = members(&octets).with_comments().count();
        prop_assert!(count <= octets.len());
        let _ = tokens(&octets).count() + tags(&octets).count();
        let _ = (unquote(&octets), comment_len(&octets), split_item(&octets));
        let _ = Parameters::new(&octets).with_bad_whitespace().count();
        let _ = Path::parse(&octets, &Rules::default());
        for bad in Parameters::new(&octets).filter_map(Result::err) {
            let end = bad.offset + bad.octets.len();
            prop_assert_eq!(&octets[bad.offset..end], bad.octets);
        }
        if let Ok(tag) = EntityTag::parse(&octets) {
            let mut out = Vec::new();
            tag.write(&mut out);
            prop_assert_eq!(out, octets);
        }
    }

    #[test]
    fn rfc9110_13_2_2_never_304_to_what_changes_something(
        fields in prop::collection::vec(
            (
                prop::sample::select(vec![
                    "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since",
                    "If-Range", "Range",
                ]),
                prop::sample::select(vec![
                    "*", "\"x\"", "W/\"x\"", "\"y\"", "", "bytes=0-1",
                    "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:38 GMT",
                ]),
            ),
            0..6,
        ),
        method in prop::sample::select(vec!["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]),
        there: bool,
    ) {
        let now = HttpDate::from_unix(784_111_777).unwrap();
        let file = Selected::new()
            .with_tag(EntityTag::strong(b"x").unwrap())
            .with_last_modified(now)
            .with_strong_date();
        let lines = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let request = Preconditions::from_fields(lines);
        let file = there.then_some(&file);
        let outcome = request.evaluate(method.as_bytes(), file, Recipient::Origin, now);
        let has = |name: &str| fields.iter().any(|field| field.0 == name);
        match outcome {
            Outcome::Proceed => {}
            Outcome::IgnoreRange => {
                prop_assert!(method == "GET" && has("Range") && has("If-Range"));
            }
            Outcome::NotModified => prop_assert!(there && matches!(method, "GET" | "HEAD")),
            Outcome::PreconditionFailed => prop_assert!(method != "OPTIONS"),
        }
    }
}

#[test]
fn reading_allocates_nothing() {
    let now = HttpDate::from_unix(784_111_777).unwrap();
    let measured = allocation_counter::measure(|| {
        assert!(contains_token(b"a, b;x=\"1,2\", close", b"close"));
        let (_, parameters) = split_item(b"text/html; charset=\"utf-8\"; x");
        assert_eq!(parameters.count(), 2);
        assert_eq!(unquote(b"\"abc\"").map(|it| it.len()), Some(3));
        assert_eq!(decode(b"abc").map(|it| it.len()), Ok(3));
        assert_eq!(HttpDate::parse(&now.to_octets(), now), Ok(now));
        assert_eq!(
            ByteRanges::parse(b"bytes=0-1,5-,-9", 3).map(|it| it.len()),
            Ok(3)
        );
        let file = Selected::new().with_tag(EntityTag::parse(b"\"b\"").unwrap());
        let request = Preconditions::new().field(b"If-None-Match", b"W/\"a\", W/\"b\"");
        let outcome = request.evaluate(b"GET", Some(&file), Recipient::Origin, now);
        assert_eq!(outcome, Outcome::NotModified);
        let root = Path::parse(b"/?a", &Rules::default()).unwrap();
        assert!(root.segments.is_empty());
    });
    assert_eq!(measured.count_total, 0);
}

/// Quadratic work would take hours here.
#[test]
fn hostile_values_cost_linear_time() {
    const LEN: usize = 1 << 20;
    let long = |pattern: &[u8]| pattern.repeat(LEN / pattern.len());
    let now = HttpDate::from_unix(784_111_777).unwrap();
    for pattern in [
        &b","[..],
        b"\"",
        b"\\",
        b"(",
        b")",
        b";",
        b"a;",
        b"\",",
        b"(,",
        b"\"\\",
        b"=\"",
        b" ",
        b" ,",
        b"a=\";",
        b"(\"",
        b"/",
        b"/.",
        b"/a/..",
        b"%2e",
        b"0",
        b"0-,",
        b"W/\"",
    ] {
        let value = long(pattern);
        let all = members(&value).with_comments().count();
        assert!(all <= LEN);
        let _ = members_and_gaps(&value).count() + tags(&value).count();
        let _ = Parameters::new(&value).count();
        let _ = (unquote(&value), comment_len(&value), decode(&value).is_ok());
        let _ = ByteRanges::parse(&[&b"bytes="[..], &value].concat(), LEN).map(|it| it.len());
        let _ = Path::parse(&value, &Rules::default());
        let _ = HttpDate::parse(&value, now);
    }
}
