//! Bodies as they are sent.

use proptest::collection::vec;
use proptest::prelude::*;
use wirelore_http1::Misuse;
use wirelore_http1::encode::{BodyWriter, FieldBlock, OutFraming};

use OutFraming::{Chunked, Length, None as Nothing, UntilClose};

fn sent(framing: OutFraming, pieces: &[&[u8]], trailers: Option<&FieldBlock>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut body = BodyWriter::new(framing);
    for piece in pieces {
        body.data(piece, &mut out).unwrap();
    }
    body.finish(trailers, &mut out).unwrap();
    assert!(body.is_finished());
    out
}

#[test]
fn rfc9112_7_1_chunks() {
    assert_eq!(sent(Chunked, &[], None), b"0\r\n\r\n");
    assert_eq!(sent(Chunked, &[b"", b""], None), b"0\r\n\r\n");
    let pieces: [&[u8]; 3] = [b"hello", b"", b"0123456789abcdef"];
    let wanted = b"5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n";
    assert_eq!(sent(Chunked, &pieces, None), wanted);
    let mut out = Vec::new();
    BodyWriter::new(Chunked)
        .announce(u64::MAX, &mut out)
        .unwrap();
    assert_eq!(out, b"ffffffffffffffff\r\n");
}

#[test]
fn rfc9112_7_1_2_trailers() {
    let trailers = FieldBlock::new()
        .with("ETag", "\"x\"")
        .unwrap()
        .with("X", "1")
        .unwrap();
    let wanted = b"1\r\na\r\n0\r\nETag: \"x\"\r\nX: 1\r\n\r\n";
    assert_eq!(sent(Chunked, &[b"a"], Some(&trailers)), wanted);
    assert_eq!(sent(Chunked, &[], Some(&FieldBlock::new())), b"0\r\n\r\n");
}

#[test]
fn rfc9110_6_5_1_trailers_need_chunks_and_have_no_head_fields() {
    let mut out = b"before".to_vec();
    let fine = FieldBlock::new().with("X", "1").unwrap();
    for framing in [Nothing, Length(0), UntilClose] {
        let mut body = BodyWriter::new(framing);
        let refused = body.finish(Some(&fine), &mut out);
        assert_eq!(refused, Err(Misuse::TrailersWithoutChunked));
        body.finish(Some(&FieldBlock::new()), &mut out).unwrap();
    }
    let mut body = BodyWriter::new(Chunked);
    for name in [
        "Host",
        "connection",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Upgrade",
        "Cache-Control",
        "Expect",
        "Max-Forwards",
        "Pragma",
        "Range",
        "If-Match",
        "If-None-Match",
        "If-Modified-Since",
        "If-Unmodified-Since",
        "If-Range",
        "Authorization",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "WWW-Authenticate",
        "Cookie",
        "Set-Cookie",
        "Age",
        "Expires",
        "Date",
        "Location",
        "Retry-After",
        "Vary",
        "Warning",
        "Content-Encoding",
        "CONTENT-TYPE",
        "Content-Range",
    ] {
        let trailers = fine.clone().with(name, "1").unwrap();
        assert_eq!(
            body.finish(Some(&trailers), &mut out),
            Err(Misuse::NotInTrailers),
            "{name}"
        );
    }
    assert_eq!(out, b"before");
    body.finish(Some(&fine), &mut out).unwrap();
    assert_eq!(out, b"before0\r\nX: 1\r\n\r\n");
}

#[test]
fn rfc9112_6_2_length_is_kept() {
    let mut out = Vec::new();
    let mut body = BodyWriter::new(Length(3));
    let refused = body.data(b"1234", &mut out);
    assert_eq!(refused, Err(Misuse::BodyTooLong { remaining: 3 }));
    body.data(b"12", &mut out).unwrap();
    assert_eq!(body.remaining(), Some(1));
    assert_eq!(
        body.announce(2, &mut out),
        Err(Misuse::BodyTooLong { remaining: 1 })
    );
    assert_eq!(
        body.finish(None, &mut out),
        Err(Misuse::BodyTooShort { remaining: 1 })
    );
    assert!(!body.is_finished());
    body.announce(1, &mut out).unwrap();
    body.finish(None, &mut out).unwrap();
    assert_eq!(out, b"12");
}

#[test]
fn rfc9110_6_4_1_no_body_where_there_is_none() {
    let mut out = Vec::new();
    let mut body = BodyWriter::new(Nothing);
    assert_eq!(body.data(b"x", &mut out), Err(Misuse::BodyNotAllowed));
    body.data(b"", &mut out).unwrap();
    assert_eq!(body.remaining(), Some(0));
    body.finish(None, &mut out).unwrap();
    assert!(out.is_empty());
}

#[test]
fn nothing_behind_the_end() {
    for framing in [Nothing, Length(0), Chunked, UntilClose] {
        let mut out = Vec::new();
        let mut body = BodyWriter::new(framing);
        body.finish(None, &mut out).unwrap();
        let len = out.len();
        assert_eq!(body.data(b"", &mut out), Err(Misuse::NotNow));
        assert_eq!(body.announce(1, &mut out), Err(Misuse::NotNow));
        assert_eq!(body.finish(None, &mut out), Err(Misuse::NotNow));
        assert_eq!((out.len(), body.remaining()), (len, Some(0)));
    }
}

#[test]
fn until_close_is_only_data() {
    assert_eq!(sent(UntilClose, &[b"a", b"", b"bc"], None), b"abc");
    assert_eq!(BodyWriter::new(UntilClose).remaining(), None);
}

proptest! {
    #[test]
    fn rfc9112_7_1_announced_is_the_same_as_copied(
        pieces in vec(vec(any::<u8>(), 0..40), 0..8),
        kind in 0..3,
    ) {
        let all = pieces.concat();
        let framing = match kind {
            0 => Chunked,
            1 => Length(all.len() as u64),
            _ => UntilClose,
        };
        let (mut copied, mut announced) = (Vec::new(), Vec::new());
        let (mut one, mut other) = (BodyWriter::new(framing), BodyWriter::new(framing));
        for piece in &pieces {
            one.data(piece, &mut copied).unwrap();
            other.announce(piece.len() as u64, &mut announced).unwrap();
            announced.extend_from_slice(piece);
            prop_assert_eq!(&one, &other);
        }
        one.finish(None, &mut copied).unwrap();
        other.finish(None, &mut announced).unwrap();
        prop_assert_eq!(&copied, &announced);
        let content = if framing == Chunked { unchunked(&copied) } else { Some(copied) };
        prop_assert_eq!(content, Some(all));
    }
}

/// What is in chunks without extensions and trailers, by the grammar and nothing else.
fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    for _ in 0..100 {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let digits = std::str::from_utf8(&rest[..end]).ok()?;
        let size = usize::from_str_radix(digits, 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return (rest == b"\r\n").then_some(content);
        }
        content.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size..)?.strip_prefix(b"\r\n")?;
    }
    None
}
