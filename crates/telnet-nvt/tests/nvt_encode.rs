//! Local text to NVT text and back, and what the Return key sends.

use std::borrow::Cow;

use proptest::prelude::*;
use wirelore_telnet_nvt::nvt::{
    BareCr, Keyboard, ReturnKey, TextDecoder, TextEncoder, encode_text, encode_text_into, escape,
    escape_into,
};

/// RFC 1123 section 3.2.6, RFC 1123 section 3.2.7: "a Telnet escape character (known as IAC, with
/// the value 255) to be sent as data MUST be doubled".
#[test]
fn only_iac_is_doubled() {
    for (octets, sent) in [
        (&b""[..], &b""[..]),
        (b"\xff", b"\xff\xff"),
        (b"\xff\xff", b"\xff\xff\xff\xff"),
        (b"a\xffb", b"a\xff\xffb"),
        (b"a\xff\xffb\xff", b"a\xff\xff\xff\xffb\xff\xff"),
        (b"\r\n\r\0\xfe", b"\r\n\r\0\xfe"),
    ] {
        assert_eq!(*escape(octets), *sent);
        let mut out = b"before".to_vec();
        escape_into(octets, &mut out);
        assert_eq!(out, [b"before", sent].concat());
    }
}

#[test]
fn what_needs_no_change_is_borrowed() {
    let text = b"one\r\ntwo\r\n\x1b[0m \x80\xfe\0";
    assert!(matches!(escape(text), Cow::Borrowed(t) if t == text));
    assert!(matches!(encode_text(text), Cow::Borrowed(t) if t == text));
    for text in [&b"\n"[..], b"a\r", b"\r\r\n", b"\r\n\xff", b"\n\r\n"] {
        assert!(matches!(encode_text(text), Cow::Owned(_)), "{text:?}");
    }
}

/// RFC 854 NVT PRINTER, RFC 1123 section 3.3.1: "the sequence "CR LF" must be treated as a single
/// "new line" character and used whenever their combined action is intended; the sequence "CR NUL"
/// must be used where a carriage return alone is actually desired".
#[test]
fn line_ends() {
    for (text, sent) in [
        (&b""[..], &b""[..]),
        (b"\n", b"\r\n"),
        (b"\r\n", b"\r\n"),
        (b"\r", b"\r\0"),
        (b"\n\r", b"\r\n\r\0"),
        (b"\r\r\n", b"\r\0\r\n"),
        (b"\r\n\n", b"\r\n\r\n"),
        (b"\n\n\n", b"\r\n\r\n\r\n"),
        (b"a\nb\rc\r\nd", b"a\r\nb\r\0c\r\nd"),
        (b"\r\0", b"\r\0\0"),
        (b"\r\xff\n", b"\r\0\xff\xff\r\n"),
    ] {
        assert_eq!(*encode_text(text), *sent, "{text:?}");
    }
}

#[test]
fn a_carriage_return_is_sent_at_once_and_its_second_half_later() {
    let mut encoder = TextEncoder::new();
    let mut out = Vec::new();
    encoder.encode(b"a\r", &mut out);
    assert_eq!(out, b"a\r");
    assert!(encoder.owes());
    encoder.encode(b"", &mut out);
    assert!(encoder.owes());
    encoder.encode(b"\n", &mut out);
    assert_eq!(out, b"a\r\n");
    assert!(!encoder.owes());
    encoder.encode(b"\r", &mut out);
    encoder.encode(b"\r", &mut out);
    assert_eq!(out, b"a\r\n\r\0\r");
    encoder.finish(&mut out);
    encoder.finish(&mut out);
    assert_eq!(out, b"a\r\n\r\0\r\0");
    encoder.encode(b"\n", &mut out);
    assert_eq!(out, b"a\r\n\r\0\r\0\r\n");
}

/// RFC 1123 section 3.3.1: "A User Telnet MUST be able to send any of the forms: CR LF, CR NUL, and
/// LF (...) and CR LF SHOULD be the default".
#[test]
fn the_return_key() {
    assert_eq!(ReturnKey::default().octets(), b"\r\n");
    for (return_key, sent) in [
        (ReturnKey::CrLf, &b"ls\r\n"[..]),
        (ReturnKey::CrNul, b"ls\r\0"),
        (ReturnKey::Lf, b"ls\n"),
    ] {
        for (keyboard, typed) in [(Keyboard::RAW, b"ls\r"), (Keyboard::LINES, b"ls\n")] {
            let mut out = Vec::new();
            Keyboard {
                return_key,
                ..keyboard
            }
            .encode(typed, &mut out);
            assert_eq!(out, sent);
        }
    }
}

/// RFC 854 KEYBOARD: it "has keys ... for generating all 128 USASCII codes".
#[test]
fn other_keys_stand_for_themselves() {
    let mut out = Vec::new();
    Keyboard::RAW.encode(b"\n\xff\r\n\x03\x7fz", &mut out);
    assert_eq!(out, b"\n\xff\xff\r\n\n\x03\x7fz");
    out.clear();
    Keyboard::LINES.encode(b"a\rb\n\xff", &mut out);
    assert_eq!(out, b"a\r\0b\r\n\xff\xff");
}

#[test]
fn received_text_as_local_text() {
    for (data, kept, line_end) in [
        (&b"a\r\nb"[..], &b"a\nb"[..], &b"a\nb"[..]),
        (b"a\rb", b"a\rb", b"a\nb"),
        (b"a\nb", b"a\nb", b"a\nb"),
        (b"\r\r\n\r", b"\r\n\r", b"\n\n\n"),
        (b"\n\r\n", b"\n\n", b"\n\n"),
        (b"\r\n\n", b"\n\n", b"\n\n"),
        (b"\xff\0", b"\xff\0", b"\xff\0"),
    ] {
        for (bare_cr, expected) in [(BareCr::Keep, kept), (BareCr::LineEnd, line_end)] {
            assert_eq!(decode(bare_cr, &[data]), expected, "{data:?} {bare_cr:?}");
            let single: Vec<&[u8]> = data.chunks(1).collect();
            assert_eq!(decode(bare_cr, &single), expected, "{data:?} {bare_cr:?}");
        }
    }
}

/// Typed input waits for nothing: a user program that sends a CR alone must not stall the line.
#[test]
fn a_line_end_is_there_with_its_carriage_return() {
    let mut decoder = TextDecoder::new(BareCr::LineEnd);
    let mut out = Vec::new();
    decoder.decode(b"ls\r", &mut out);
    assert_eq!(out, b"ls\n");
    decoder.decode(b"\n", &mut out);
    assert_eq!(out, b"ls\n");
}

fn decode(bare_cr: BareCr, pieces: &[&[u8]]) -> Vec<u8> {
    let mut decoder = TextDecoder::new(bare_cr);
    let mut out = Vec::new();
    for piece in pieces {
        decoder.decode(piece, &mut out);
    }
    decoder.finish(&mut out);
    out
}

/// What a receiver hands out of NVT text on the wire; `None` if there is a command in it, or a CR
/// that neither LF nor NUL follows.
fn receive(wire: &[u8]) -> Option<Vec<u8>> {
    let mut data = Vec::new();
    let mut octets = wire.iter().copied().peekable();
    while let Some(octet) = octets.next() {
        data.push(octet);
        match octet {
            255 => {
                octets.next_if_eq(&255)?;
            }
            b'\r' => match octets.peek() {
                Some(&b'\n') => {}
                Some(&0) => {
                    octets.next();
                }
                _ => return None,
            },
            _ => {}
        }
    }
    Some(data)
}

/// The text with CR LF as LF: both are the same line end on the wire.
fn normal(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, &octet) in text.iter().enumerate() {
        if octet != b'\r' || text.get(at + 1) != Some(&b'\n') {
            out.push(octet);
        }
    }
    out
}

fn octets() -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![
        3 => prop::sample::select(&b"\r\n\0\xff\xff\r\n"[..]),
        1 => any::<u8>(),
        1 => Just(b'x'),
    ];
    prop::collection::vec(octet, 0..200)
}

fn cut<'o>(octets: &'o [u8], at: &[usize]) -> Vec<&'o [u8]> {
    let mut places: Vec<usize> = at.iter().map(|at| at % (octets.len() + 1)).collect();
    places.extend([0, octets.len()]);
    places.sort_unstable();
    places.windows(2).map(|w| &octets[w[0]..w[1]]).collect()
}

proptest! {
    #[test]
    fn escaping_is_doubling(octets in octets()) {
        let expected: Vec<u8> = octets
            .iter()
            .flat_map(|&o| std::iter::repeat_n(o, if o == 255 { 2 } else { 1 }))
            .collect();
        prop_assert_eq!(&*escape(&octets), &expected[..]);
        prop_assert_eq!(matches!(escape(&octets), Cow::Borrowed(_)), !octets.contains(&255));
    }

    /// RFC 1123 section 3.2.5: no bit of what is sent is changed.
    #[test]
    fn text_comes_back(text in octets()) {
        let sent = encode_text(&text);
        let mut into = Vec::new();
        encode_text_into(&text, &mut into);
        prop_assert_eq!(&*sent, &into[..]);
        prop_assert_eq!(matches!(sent, Cow::Borrowed(_)), into == text);
        let data = receive(&sent);
        prop_assert!(data.is_some(), "{:?}", sent);
        let back = decode(BareCr::Keep, &[&data.unwrap_or_default()]);
        // A NUL of the text right behind a CR is still there: only the one of the wire is gone.
        prop_assert_eq!(back, normal(&text));
    }

    #[test]
    fn cutting_does_not_show(text in octets(), at in prop::collection::vec(any::<usize>(), 0..12)) {
        let mut encoder = TextEncoder::new();
        let mut out = Vec::new();
        for piece in cut(&text, &at) {
            encoder.encode(piece, &mut out);
        }
        encoder.finish(&mut out);
        prop_assert_eq!(&*encode_text(&text), &out[..]);
        for bare_cr in [BareCr::Keep, BareCr::LineEnd] {
            prop_assert_eq!(decode(bare_cr, &cut(&text, &at)), decode(bare_cr, &[&text]));
        }
    }

    #[test]
    fn what_is_typed_arrives(typed in octets(), nul: bool) {
        let return_key = if nul { ReturnKey::CrNul } else { ReturnKey::CrLf };
        for keyboard in [Keyboard::RAW, Keyboard::LINES] {
            let mut sent = Vec::new();
            Keyboard { return_key, ..keyboard }.encode(&typed, &mut sent);
            prop_assert!(receive(&sent).is_some());
            let mut single = Vec::new();
            for key in &typed {
                Keyboard { return_key, ..keyboard }.encode(&[*key], &mut single);
            }
            prop_assert_eq!(single, sent);
        }
    }
}
