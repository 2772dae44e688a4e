//! Against httparse.

use super::{METHODS, pairs};
use httparse::{ParserConfig, Status};
use wirelore_http1::Config;
use wirelore_http1::wire::{Field, MethodKind, parse_request, parse_response};

/// A head that we accept, httparse accepts too, with the same parts; so we refuse what it refuses.
///
/// Octet 0 says whether it is a request, or the method that a response answers.
pub fn http1_httparse(data: &[u8]) {
    let [role, stream @ ..] = data else {
        return;
    };
    match role & 1 {
        0 => requests(stream),
        _ => responses(stream, MethodKind::of(METHODS[usize::from(role >> 5)])),
    }
}

fn requests(stream: &[u8]) {
    let mut table = [Field::default(); 100];
    let Ok(Some(ours)) = parse_request(stream, &mut table, &Config::default()) else {
        return;
    };
    let mut headers = [httparse::EMPTY_HEADER; 128];
    let mut theirs = httparse::Request::new(&mut headers);
    let status = theirs.parse(stream);
    // Exception: RFC 9112 section 2.3 has a recipient read HTTP/1.2 to 1.9 as 1.1; httparse refuses.
    if status == Err(httparse::Error::Version) {
        assert!(is_later_minor(version_of_request(stream)));
        return;
    }
    assert_eq!(status, Ok(Status::Complete(ours.raw().len())));
    assert_eq!(theirs.method.map(str::as_bytes), Some(ours.method()));
    assert_eq!(theirs.path.map(str::as_bytes), Some(ours.target()));
    assert_eq!(theirs.version, minor(ours.version()));
    assert_eq!(list(theirs.headers), pairs(ours.fields()));
}

fn responses(stream: &[u8], method: MethodKind) {
    let mut table = [Field::default(); 100];
    let Ok(Some(ours)) = parse_response(stream, &mut table, method, &Config::default()) else {
        return;
    };
    let mut headers = [httparse::EMPTY_HEADER; 128];
    let mut theirs = httparse::Response::new(&mut headers);
    // RFC 9112 section 5.2 has a user agent accept folded lines; httparse does so when asked.
    let mut config = ParserConfig::default();
    config.allow_obsolete_multiline_headers_in_responses(true);
    let status = config.parse_response(&mut theirs, stream);
    // Exception: as for requests.
    if status == Err(httparse::Error::Version) {
        assert!(is_later_minor(stream.get(..8)));
        return;
    }
    assert_eq!(status, Ok(Status::Complete(ours.raw().len())));
    assert_eq!(theirs.code, Some(ours.status()));
    assert_eq!(theirs.version, minor(ours.version()));
    // Exception: httparse has no reason phrase where it is not ASCII.
    if ours.reason().is_ascii() {
        assert_eq!(theirs.reason.map(str::as_bytes), Some(ours.reason()));
    }
    // Exception: httparse leaves the folds in the value; we make each one SP.
    let unfolded = list(theirs.headers).into_iter().map(|(name, value)| {
        let value = unfold(&value);
        (name, value)
    });
    assert_eq!(unfolded.collect::<Vec<_>>(), pairs(ours.fields()));
}

fn list(headers: &[httparse::Header<'_>]) -> super::Pairs {
    headers
        .iter()
        .map(|header| (header.name.as_bytes().to_vec(), header.value.to_vec()))
        .collect()
}

const fn minor(version: wirelore_http1::Version) -> Option<u8> {
    match version {
        wirelore_http1::Version::Http11 => Some(1),
        wirelore_http1::Version::Http10 => Some(0),
        wirelore_http1::Version::Http09 => None,
    }
}

/// The third word of the first line.
fn version_of_request(stream: &[u8]) -> Option<&[u8]> {
    let line = stream.split(|&octet| octet == b'\r').next()?;
    line.split(|&octet| octet == b' ').nth(2)
}

fn is_later_minor(version: Option<&[u8]>) -> bool {
    matches!(
        version,
        Some([b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'2'..=b'9'])
    )
}

/// Whitespace with a line end in it is one SP; none at the ends.
fn unfold(value: &[u8]) -> Vec<u8> {
    let is_gap = |octet: &u8| matches!(octet, b' ' | b'\t' | b'\r' | b'\n');
    let mut unfolded = Vec::new();
    for run in value.chunk_by(|a, b| is_gap(a) == is_gap(b)) {
        match run.iter().any(|octet| matches!(octet, b'\r' | b'\n')) {
            true => unfolded.push(b' '),
            false => unfolded.extend_from_slice(run),
        }
    }
    wirelore_http1::wire::octet::trim(&unfolded).to_vec()
}
