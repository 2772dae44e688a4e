//! From the path of a request-target to names below a root (RFC 3986 sections 3.3 and 5.2.4).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::percent::{BadEscape, Place, decode, encode_to};
use crate::wire::octet::is_target;

/// A path below a root, decoded: what a file server looks up.
///
/// No segment is empty, `.` or `..`, and none has a NUL, a slash or a backslash in it, so joined by
/// slashes they lead nowhere but below the root as far as names go. That is all that names can say:
/// symbolic links, drive letters, device names and streams (`C:`, `NUL`, `a::$DATA`), dots and
/// spaces at the end of a name, case and Unicode normalisation are for the sandbox that opens the
/// file to deal with. Segments are octets; nothing says that they are UTF-8.
///
/// ```
/// # use wirelore_http1::value::path::{Path, PathError, Rules};
/// let path = Path::parse(b"/pub/./a%20b/?x=1", &Rules::default()).unwrap();
/// assert_eq!(path.segments, [&b"pub"[..], b"a b"]);
/// assert!(path.directory);
/// assert_eq!(path.query, Some(&b"x=1"[..]));
/// let above = Path::parse(b"/pub/%2e%2e/../etc", &Rules::default());
/// assert_eq!(above, Err(PathError::LeavesRoot { offset: 12 }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Path<'t> {
    /// The names, from the root on; none for the root itself. Borrowed unless something was escaped.
    pub segments: Vec<Cow<'t, [u8]>>,
    /// Whether the path ended with a slash, or with `.` or `..`: what is asked for is a directory.
    pub directory: bool,
    /// What follows the first `?`, as it was sent.
    pub query: Option<&'t [u8]>,
}

/// What else may stand in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rules {
    /// Allow escaped control octets (below 0x20, and 0x7f), but never NUL. Off: names with line
    /// breaks forge logs and listings.
    pub allow_control_octets: bool,
    /// The most segments there may be at a time, 256 if not changed. Memory is bounded by this and
    /// the length of the target.
    pub max_segments: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            allow_control_octets: false,
            max_segments: 256,
        }
    }
}

/// Why a path is refused. Offsets are those of the segment, octet or escape in the target. All of
/// them deserve a 400; a server that would rather not tell answers 404.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathError {
    /// It does not begin with a slash: `*`, an authority or an absolute URI.
    NotAbsolute,
    /// An octet that no target may have: whitespace, `#`, a control octet or one above 0x7f, not
    /// escaped.
    Octet {
        /// Where it stands.
        offset: usize,
        /// The octet.
        octet: u8,
    },
    /// A `%` without two hexadecimal digits.
    Escape {
        /// Where it stands.
        offset: usize,
    },
    /// A segment with `..` for which there is nothing to leave. RFC 3986 would have it ignored, but
    /// such a path was made by a mistake or an attack, so it is refused.
    LeavesRoot {
        /// Where the segment begins.
        offset: usize,
    },
    /// A segment with an octet that cannot be part of a name: an escaped slash or NUL, a backslash,
    /// escaped or not, or another escaped control octet unless it is allowed.
    Name {
        /// Where the segment begins.
        offset: usize,
        /// The octet, decoded.
        octet: u8,
    },
    /// A segment that begins with `.;` or `..;`. Here it would be a name, but some servers cut at
    /// the semicolon and leave the root.
    DotParameter {
        /// Where the segment begins.
        offset: usize,
    },
    /// More segments than [`Rules::max_segments`].
    TooManySegments {
        /// How many are allowed.
        limit: usize,
    },
}

impl core::fmt::Display for PathError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotAbsolute => f.write_str("path does not begin with a slash"),
            Self::Octet { offset, octet } => {
                write!(f, "octet {octet:#04x} at offset {offset} is not allowed")
            }
            Self::Escape { offset } => write!(f, "bad percent escape at offset {offset}"),
            Self::LeavesRoot { offset } => write!(f, "segment at offset {offset} leaves the root"),
            Self::Name { offset, octet } => {
                write!(f, "octet {octet:#04x} in the segment at offset {offset}")
            }
            Self::DotParameter { offset } => {
                write!(f, "dots with a parameter at offset {offset}")
            }
            Self::TooManySegments { limit } => write!(f, "more than {limit} segments"),
        }
    }
}

impl core::error::Error for PathError {}

impl<'t> Path<'t> {
    /// Reads the path and query of a request-target in origin-form, `/where?query`.
    ///
    /// In this order: the target is cut at the first `?`; the path is cut at its slashes; each
    /// segment is decoded once (so `%252e` is the name `%2e`); empty segments and `.` are dropped;
    /// `..` takes the segment in front of it along. That an empty segment is nothing, so that
    /// `/a//../b` is `/b`, is how file systems see it, not how RFC 3986 does.
    ///
    /// # Errors
    /// See [`PathError`].
    pub fn parse(target: &'t [u8], rules: &Rules) -> Result<Self, PathError> {
        let bad = target.iter().enumerate().find(|it| !is_target(*it.1));
        let (path, query) = match memchr::memchr(b'?', target) {
            Some(at) => (target.get(..at), target.get(at + 1..)),
            None => (Some(target), None),
        };
        let Some([b'/', path @ ..]) = path else {
            return Err(PathError::NotAbsolute);
        };
        if let Some((offset, &octet)) = bad {
            return Err(PathError::Octet { offset, octet });
        }
        let mut segments = Vec::new();
        let mut directory = true;
        let mut offset = 1;
        for raw in path.split(|&octet| octet == b'/') {
            let segment = segment(raw, offset, rules)?;
            directory = true;
            match &*segment {
                b"" | b"." => {}
                b".." => {
                    segments.pop().ok_or(PathError::LeavesRoot { offset })?;
                }
                _ => {
                    if segments.len() == rules.max_segments {
                        let limit = rules.max_segments;
                        return Err(PathError::TooManySegments { limit });
                    }
                    segments.push(segment);
                    directory = false;
                }
            }
            offset += raw.len() + 1;
        }
        Ok(Self {
            segments,
            directory,
            query,
        })
    }

    /// Appends the one spelling of this path, escaped and without dots: for a redirect to it. It
    /// begins with exactly one slash, so no browser takes it for another host.
    pub fn write(&self, out: &mut Vec<u8>) {
        for segment in &self.segments {
            out.push(b'/');
            encode_to(segment, Place::Segment, out);
        }
        if self.directory || self.segments.is_empty() {
            out.push(b'/');
        }
        if let Some(query) = self.query {
            out.push(b'?');
            out.extend_from_slice(query);
        }
    }
}

/// A segment, decoded and checked; it may still be empty or dots.
fn segment<'t>(raw: &'t [u8], offset: usize, rules: &Rules) -> Result<Cow<'t, [u8]>, PathError> {
    let segment = decode(raw).map_err(|BadEscape { offset: at }| PathError::Escape {
        offset: offset + at,
    })?;
    let refused = |octet: &u8| match octet {
        0 | b'/' | b'\\' => true,
        octet => octet.is_ascii_control() && !rules.allow_control_octets,
    };
    if let Some(&octet) = segment.iter().find(|octet| refused(octet)) {
        return Err(PathError::Name { offset, octet });
    }
    if segment.starts_with(b".;") || segment.starts_with(b"..;") {
        return Err(PathError::DotParameter { offset });
    }
    Ok(segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(target: &[u8]) -> Result<Path<'_>, PathError> {
        Path::parse(target, &Rules::default())
    }

    fn written(target: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        parse(target).unwrap().write(&mut out);
        out
    }

    #[test]
    fn rfc3986_5_2_4_dot_segments_are_removed() {
        for (target, path) in [
            (&b"/a/b/c/./../../g"[..], &b"/a/g"[..]),
            (b"/mid/content=5/../6", b"/mid/6"),
            (b"/", b"/"),
            (b"/.", b"/"),
            (b"/a/..", b"/"),
            (b"/a/../", b"/"),
            (b"/a/.", b"/a/"),
            (b"/a/./", b"/a/"),
            (b"/a/b/..", b"/a/"),
            (b"/a/b", b"/a/b"),
            (b"/a/b/", b"/a/b/"),
            (b"/...", b"/..."),
            (b"/.a/..b/c..", b"/.a/..b/c.."),
            (b"/%2e/a/%2E%2e/b/.%2e/c", b"/c"),
        ] {
            assert_eq!(written(target), path, "{target:?}");
        }
    }

    #[test]
    fn rfc3986_5_2_4_leaving_the_root_is_refused() {
        for (target, offset) in [
            (&b"/.."[..], 1),
            (b"/../", 1),
            (b"/../a", 1),
            (b"/a/../..", 6),
            (b"/a/../../a", 6),
            (b"/./..", 3),
            (b"//..", 2),
            (b"/%2e%2e/a", 1),
            (b"/a/.%2E/%2e./a", 8),
        ] {
            assert_eq!(parse(target), Err(PathError::LeavesRoot { offset }));
        }
    }

    #[test]
    fn escaped_delimiters_are_no_part_of_a_name() {
        for (target, octet) in [
            (&b"/a%2fb"[..], b'/'),
            (b"/..%2F..%2fetc", b'/'),
            (b"/a\\b", b'\\'),
            (b"/..\\..\\etc", b'\\'),
            (b"/a%5Cb", b'\\'),
            (b"/a%00b", 0),
            (b"/..%00", 0),
            (b"/a%0d%0aX", b'\r'),
            (b"/a%09", b'\t'),
            (b"/a%7f", 0x7f),
        ] {
            assert_eq!(parse(target), Err(PathError::Name { offset: 1, octet }));
        }
        let rules = Rules {
            allow_control_octets: true,
            ..Rules::default()
        };
        let path = Path::parse(b"/a%0a", &rules).unwrap();
        assert_eq!(path.segments, [&b"a\n"[..]]);
        for target in [b"/a%00", b"/a%2f", b"/a%5c"] {
            assert!(Path::parse(target, &rules).is_err());
        }
    }

    #[test]
    fn rfc3986_2_4_nothing_is_decoded_twice() {
        let path = parse(b"/%252e%252e/%252f").unwrap();
        assert_eq!(path.segments, [&b"%2e%2e"[..], b"%2f"]);
        assert_eq!(written(b"/%252e%252e/"), b"/%252e%252e/");
    }

    #[test]
    fn rfc3986_3_3_parameters_of_dots_are_refused() {
        for target in [&b"/a/..;/b"[..], b"/a/..;x=1", b"/a/.;", b"/a/%2e.%3b"] {
            assert_eq!(parse(target), Err(PathError::DotParameter { offset: 3 }));
        }
        assert_eq!(
            parse(b"/a;x=1/b..;").unwrap().segments[0].as_ref(),
            b"a;x=1"
        );
    }

    #[test]
    fn empty_segments_are_nothing() {
        assert_eq!(written(b"//evil.example/a"), b"/evil.example/a");
        assert_eq!(written(b"///"), b"/");
        assert_eq!(written(b"/a//b//"), b"/a/b/");
        assert_eq!(written(b"/a//../b"), b"/b");
    }

    #[test]
    fn what_was_asked_for() {
        let path = parse(b"/a%20b/c?d=%zz?/../e").unwrap();
        assert_eq!(path.segments, [&b"a b"[..], b"c"]);
        assert!(matches!(path.segments[1], Cow::Borrowed(_)));
        assert!(!path.directory);
        assert_eq!(path.query, Some(&b"d=%zz?/../e"[..]));
        assert_eq!(parse(b"/?").unwrap().query, Some(&b""[..]));
        assert_eq!(parse(b"/").unwrap().query, None);
        assert!(parse(b"/").unwrap().directory);
        assert!(parse(b"/a/b/..").unwrap().directory);
        assert_eq!(parse(b"/%e9").unwrap().segments, [&b"\xe9"[..]]);
        assert_eq!(written(b"/a?/../x"), b"/a?/../x");
        let mut root = parse(b"/").unwrap();
        root.directory = false;
        let mut out = Vec::new();
        root.write(&mut out);
        assert_eq!(out, b"/", "the root is a directory, whatever is said");
    }

    #[test]
    fn what_is_no_path() {
        for target in [
            &b""[..],
            b"*",
            b"a/b",
            b"http://a/b",
            b"a:80",
            b"?a",
            b"%2fa",
        ] {
            assert_eq!(parse(target), Err(PathError::NotAbsolute));
        }
        for (target, offset) in [
            (&b"/a b"[..], 2),
            (b"/a#b", 2),
            (b"/a?b\r", 4),
            (b"/\xe9", 1),
            (b"/\0", 1),
        ] {
            let octet = target[offset];
            assert_eq!(parse(target), Err(PathError::Octet { offset, octet }));
        }
        assert_eq!(parse(b"/a/%zz"), Err(PathError::Escape { offset: 3 }));
        assert_eq!(parse(b"/a/b%2"), Err(PathError::Escape { offset: 4 }));
    }

    #[test]
    fn number_of_segments_is_limited() {
        let rules = Rules {
            max_segments: 2,
            ..Rules::default()
        };
        assert!(Path::parse(b"/a/b/", &rules).is_ok());
        assert!(Path::parse(b"/a/b/../c/../d", &rules).is_ok());
        let limit = 2;
        assert_eq!(
            Path::parse(b"/a/b/c", &rules),
            Err(PathError::TooManySegments { limit })
        );
    }
}
