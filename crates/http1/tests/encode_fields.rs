//! Blocks of field lines: what may be in them, what they remember, and those of received messages.

use allocation_counter::measure;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wirelore_http1::Misuse;
use wirelore_http1::encode::{
    ConnectionOption, FieldBlock, Forward, OutFraming, Request, may_be_trailer, write_request_head,
};

fn block(fields: &[(&str, &str)]) -> FieldBlock {
    FieldBlock::of(fields.iter().copied()).unwrap()
}

fn received(fields: &[(&str, &str)], forward: Forward) -> String {
    let fields = fields
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let block = FieldBlock::from_received(fields, forward);
    String::from_utf8(block.as_bytes().to_vec()).unwrap()
}

#[test]
fn rfc9110_5_1_names_are_tokens() {
    let mut fields = block(&[("A", "1")]);
    for octet in (0..=0x20).chain(*b"\"(),/:;<=>?@[\\]{}").chain(0x7f..=0xff) {
        let refused = fields.push([b'X', b'-', octet], "1").map(|_| ());
        assert_eq!(refused, Err(Misuse::BadFieldName { at: 2 }), "{octet:#x}");
    }
    let refused = fields.push("", "1").map(|_| ());
    assert_eq!(refused, Err(Misuse::BadFieldName { at: 0 }));
    assert_eq!(fields.as_bytes(), b"A: 1\r\n");
}

#[test]
fn rfc9110_5_5_values_have_no_controls_but_htab() {
    let mut fields = FieldBlock::new();
    for octet in (0..0x20).chain([0x7f]).filter(|&octet| octet != b'\t') {
        let refused = fields.push("X", [b'a', octet, b'b']).map(|_| ());
        assert_eq!(refused, Err(Misuse::BadFieldValue { octet, at: 1 }));
    }
    // Not trimmed first: a line end at the end is refused as well.
    assert!(fields.push("X", "a\r\n").is_err());
    assert!(fields.is_empty());
    fields.push("X", b"a\tb \x80\xff").unwrap();
    assert_eq!(fields.as_bytes(), b"X: a\tb \x80\xff\r\n");
}

#[test]
fn rfc9112_5_1_whitespace_at_the_ends_is_left_out() {
    let fields = block(&[("A", " \t b c\t "), ("B", ""), ("C", " "), ("D", ":")]);
    assert_eq!(fields.as_bytes(), b"A: b c\r\nB:\r\nC:\r\nD: :\r\n");
    let values: Vec<_> = fields.iter().map(|(_, value)| value).collect();
    assert_eq!(values, [&b"b c"[..], b"", b"", b":"]);
}

#[test]
fn rfc9112_6_framing_fields_are_derived() {
    for name in [
        "Content-Length",
        "content-length",
        "Transfer-Encoding",
        "TRANSFER-ENCODING",
    ] {
        let mut fields = FieldBlock::new();
        assert_eq!(
            fields.push(name, "1").map(|_| ()),
            Err(Misuse::FramingField)
        );
        assert_eq!(fields.set(name, "1").map(|_| ()), Err(Misuse::FramingField));
        assert!(fields.is_empty());
    }
}

#[test]
fn extend_is_all_or_nothing() {
    let mut fields = block(&[("A", "1")]);
    let bad = [("Host", "a"), ("Connection", "close"), ("X", "\n")];
    assert!(fields.extend(bad).is_err());
    assert_eq!(fields.as_bytes(), b"A: 1\r\n");
    assert!(!fields.says_close() && !fields.has_host());
    fields.extend([("B", "2"), ("C", "3")]).unwrap();
    assert_eq!(fields.iter().count(), 3);
}

#[test]
fn facts_are_remembered() {
    let fields = block(&[
        ("connection", "x, Close ,keep-alive"),
        ("UPGRADE", "websocket"),
        ("date", "now"),
        ("Host", "a b"),
        ("Expect", "200-ok, 100-Continue"),
    ]);
    assert!(fields.says_close() && fields.says_keep_alive() && fields.has_upgrade());
    assert!(fields.has_date() && fields.has_host() && fields.expects_continue());
    assert!(!fields.may_be_trailers());
    let mut fields = block(&[
        ("Connection", "closed, \"close\""),
        ("X-Date", "1"),
        ("Expect", "x"),
    ]);
    assert!(!fields.says_close() && !fields.has_date() && !fields.expects_continue());
    fields.push("Date", "x").unwrap();
    fields.clear();
    assert!(!fields.has_date() && fields.may_be_trailers());
    assert!(block(&[("ETag", "x"), ("Content-MD5", "x")]).may_be_trailers());
}

#[test]
fn set_replaces_and_host_comes_first() {
    let mut fields = block(&[("A", "1"), ("b", "2"), ("C", "3"), ("B", "4")]);
    fields.set("B", "new").unwrap();
    assert_eq!(fields.as_bytes(), b"A: 1\r\nB: new\r\nC: 3\r\n");
    fields.set("Host", "h").unwrap().set("D", "4").unwrap();
    assert_eq!(
        fields.as_bytes(),
        b"Host: h\r\nA: 1\r\nB: new\r\nC: 3\r\nD: 4\r\n"
    );
    let mut out = Vec::new();
    let send = |fields: &FieldBlock, out: &mut Vec<u8>| {
        let request = Request::get("http://h/", fields);
        write_request_head(&request, OutFraming::None, ConnectionOption::None, out)
    };
    send(&fields, &mut out).unwrap();
    fields.set("host", "other").unwrap();
    assert_eq!(send(&fields, &mut out), Err(Misuse::HostMismatch));
    fields.remove("HOST");
    assert_eq!(send(&fields, &mut out), Err(Misuse::MissingHost));
    assert_eq!(fields.first("b"), Some(&b"new"[..]));
    assert_eq!(fields.first("host"), None);
}

#[test]
fn secrets_are_not_shown() {
    let fields = block(&[
        ("Authorization", "Basic c2VjcmV0"),
        ("proxy-authorization", "c2VjcmV0"),
        ("Cookie", "c2VjcmV0"),
        ("Set-Cookie", "c2VjcmV0"),
        ("Accept", "shown"),
    ]);
    let text = format!("{fields:?}");
    assert!(!text.contains("c2VjcmV0") && text.contains("shown") && text.contains("Cookie"));
}

#[test]
fn rfc9110_7_6_1_hop_by_hop_fields_are_not_forwarded() {
    let fields = [
        ("Host", "a"),
        ("Connection", "close, X-One,, keep-alive"),
        ("x-one", "1"),
        ("X-Two", "2"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Connection", "x"),
        ("TE", "trailers"),
        ("Upgrade", "x"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Length", "5"),
        ("connection", "\"x three, X-THREE"),
        ("X-Three", "3"),
        ("Proxy-Authorization", "x"),
        ("Proxy-Authenticate", "x"),
        ("Trailer", "X-Sum"),
        ("x", "4"),
        ("close", "5"),
        ("X-two", "6"),
    ];
    let kept = "Host: a\r\nX-Two: 2\r\nTrailer: X-Sum\r\nclose: 5\r\nX-two: 6\r\n";
    assert_eq!(received(&fields, Forward::EndToEnd), kept);
    let all = received(&fields, Forward::All);
    assert_eq!(all.lines().count(), fields.len() - 2);
    assert!(!all.contains("Content-Length") && !all.contains("Transfer-Encoding"));
}

#[test]
fn rfc9110_6_5_1_received_trailers() {
    let fields = [
        ("X-Sum", "1"),
        ("Host", "evil"),
        ("Content-Length", "5"),
        ("Connection", "x"),
    ];
    assert_eq!(received(&fields, Forward::Trailers), "X-Sum: 1\r\n");
    assert!(may_be_trailer(b"x-sum") && !may_be_trailer(b"HOST"));
}

#[test]
fn rfc9112_5_2_folds_and_rfc9110_5_5_controls_become_spaces() {
    let cases = [
        ("a\r\n b", "a   b"),
        ("a\rb", "a b"),
        ("\ra\n", "a"),
        ("a\0b", "a b"),
        ("\r\n \r\n", ""),
        ("a\x7f\tb\t", "a \tb"),
        ("\x0ba", "a"),
        ("a\r\nX-Injected: 1", "a  X-Injected: 1"),
    ];
    for (value, wanted) in cases {
        let line = received(&[("X", value)], Forward::All);
        let wanted = format!("X: {wanted}");
        assert_eq!(line, format!("{}\r\n", wanted.trim_end()), "{value:?}");
    }
    assert_eq!(
        received(
            &[("a b", "1"), ("", "2"), ("a\r\nX", "3"), ("X:", "4")],
            Forward::All
        ),
        ""
    );
    // A fold cannot hide an option.
    let folded = [("Connection", "close,\r\n X-Hop"), ("X-Hop", "1")];
    assert_eq!(received(&folded, Forward::EndToEnd), "");
}

#[test]
fn rfc9110_7_6_1_many_options_and_many_fields() {
    let names: Vec<String> = (0..20_000).map(|n| format!("n{n}")).collect();
    let options = names.join(",");
    let fields = names.iter().map(|name| (name.as_bytes(), &b""[..]));
    let first = (&b"Connection"[..], options.as_bytes());
    let last = (&b"N20000"[..], &b""[..]);
    let all = std::iter::once(first).chain(fields).chain([last]);
    let block = FieldBlock::from_received(all, Forward::EndToEnd);
    assert_eq!(block.as_bytes(), b"N20000:\r\n");
}

#[test]
fn a_block_that_is_filled_again_allocates_nothing() {
    let fields: [(&[u8], &[u8]); 3] = [(b"Host", b"a"), (b"Connection", b"close"), (b"X", b"1")];
    let mut block = FieldBlock::with_capacity(64);
    let info = measure(|| {
        block.receive(fields, Forward::EndToEnd);
        block.clear();
        block
            .push("Host", "a")
            .unwrap()
            .push("Connection", "close")
            .unwrap();
    });
    assert_eq!(info.count_total, 0);
}

fn names() -> impl Strategy<Value = Vec<u8>> {
    let known = [
        "Host",
        "connection",
        "Upgrade",
        "TE",
        "Date",
        "Expect",
        "Content-Length",
        "X",
        "x-y",
    ];
    let any_octets = vec(any::<u8>(), 0..4);
    prop_oneof![5 => select(known.to_vec()).prop_map(|name| name.as_bytes().to_vec()), 1 => any_octets]
}

fn values() -> impl Strategy<Value = Vec<u8>> {
    let known = [
        "",
        "a",
        "a:80",
        "close",
        "upgrade, te, x-y",
        "100-continue",
        " a ",
        "a\r\n b",
    ];
    let any_octets = vec(any::<u8>(), 0..6);
    prop_oneof![5 => select(known.to_vec()).prop_map(|name| name.as_bytes().to_vec()), 1 => any_octets]
}

fn heads(block: &FieldBlock) -> Vec<Result<Vec<u8>, Misuse>> {
    let heads = ["/", "http://a/", "http://a:80/"].map(|target| {
        let mut out = Vec::new();
        let request = Request::get(target, block);
        write_request_head(
            &request,
            OutFraming::None,
            ConnectionOption::KeepAlive,
            &mut out,
        )?;
        Ok(out)
    });
    heads.to_vec()
}

fn facts(block: &FieldBlock) -> [bool; 7] {
    [
        block.says_close(),
        block.says_keep_alive(),
        block.has_upgrade(),
        block.has_date(),
        block.has_host(),
        block.expects_continue(),
        block.may_be_trailers(),
    ]
}

proptest! {
    #[test]
    fn rfc9112_5_what_is_remembered_is_what_is_there(
        steps in vec((0..6, names(), values()), 0..12),
    ) {
        let mut block = FieldBlock::new();
        for (step, name, value) in steps {
            let before = block.clone();
            let done = match step {
                0 => block.set(&name, &value).map(|_| ()),
                1 => Ok(block.remove(&name)).map(|_| ()),
                2 => Ok(block.retain(|_, it| it != value)).map(|_| ()),
                3 => block.extend([(&name, &value), (&value, &name)]).map(|_| ()),
                4 => Ok(block.append(&before)).map(|_| ()),
                _ => block.push(&name, &value).map(|_| ()),
            };
            if done.is_err() {
                prop_assert_eq!(block.as_bytes(), before.as_bytes());
            }
            let again = FieldBlock::of(block.iter()).unwrap();
            prop_assert_eq!(again.as_bytes(), block.as_bytes());
            prop_assert_eq!(facts(&again), facts(&block));
            prop_assert_eq!(heads(&again), heads(&block));
            if block.as_bytes().len() > 10_000 {
                break;
            }
        }
    }

    #[test]
    fn rfc9110_5_5_what_was_received_can_be_sent(
        fields in vec((names(), values()), 0..8),
        forward in select(vec![Forward::All, Forward::EndToEnd, Forward::Trailers]),
    ) {
        let block = FieldBlock::from_received(
            fields.iter().map(|(name, value)| (&name[..], &value[..])),
            forward,
        );
        // Strict: each field passes `push`, and stays as it is.
        let again = FieldBlock::of(block.iter()).unwrap();
        prop_assert_eq!(again.as_bytes(), block.as_bytes());
        prop_assert_eq!(heads(&again), heads(&block));
        if forward == Forward::Trailers {
            prop_assert!(block.may_be_trailers());
        }
        if forward == Forward::All {
            let tokens = fields.iter().filter(|(name, _)| {
                FieldBlock::new().push(name, "").is_ok()
            });
            prop_assert_eq!(block.iter().count(), tokens.count());
        }
    }
}

/// Whatever Connection says, a request keeps what it is for.
#[test]
fn rfc9110_7_6_1_host_is_no_option_of_the_connection() {
    let received: [(&[u8], &[u8]); 3] =
        [(b"Host", b"h"), (b"Connection", b"Host, X"), (b"X", b"1")];
    let block = FieldBlock::from_received(received, Forward::EndToEnd);
    assert_eq!(block.as_bytes(), b"Host: h\r\n");
}
