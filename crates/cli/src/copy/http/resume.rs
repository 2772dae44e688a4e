//! Going on in the middle of a file, and only of the same one (RFC 9110 sections 13.1.5 and 14).

use super::super::part::Notes;
use std::time::{SystemTime, UNIX_EPOCH};
use wirelore_http1::value::content_range::ContentRange;
use wirelore_http1::value::date::HttpDate;
use wirelore_http1::value::etag::EntityTag;
use wirelore_http1::wire::Fields;

/// Which version of a file it is that came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Version {
    /// A strong entity-tag.
    etag: Option<String>,
    /// A date that is as good, where there is no entity-tag.
    last_modified: Option<String>,
    pub(super) length: Option<u64>,
}

/// What an answer to the request for the rest is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// The rest follows, up to this octet at least, exclusively.
    Follows { end: u64 },
    /// There is nothing more: all of it is there.
    Complete,
    /// It is another file, or nobody can tell.
    Other,
}

impl Version {
    /// That of an answer with the whole file.
    pub(super) fn of(fields: Fields<'_>, length: Option<u64>) -> Self {
        let etag = fields.value("ETag");
        let strong = etag
            .as_deref()
            .and_then(|value| EntityTag::parse(value).ok().map(|tag| (tag, value)))
            .filter(|(tag, _)| !tag.is_weak())
            .and_then(|(_, value)| String::from_utf8(value.to_vec()).ok());
        let last_modified = fields
            .value("Last-Modified")
            .filter(|_| etag.is_none() && is_strong(fields))
            .and_then(|value| String::from_utf8(value.to_vec()).ok());
        Self {
            etag: strong,
            last_modified,
            length,
        }
    }

    /// That of what an earlier copy has left.
    pub(super) fn noted(notes: Notes) -> Self {
        Self {
            etag: notes.etag,
            last_modified: notes.last_modified,
            length: notes.length,
        }
    }

    /// To be kept beside the octets; nothing where there would be no way to go on.
    pub(super) fn notes(&self, url: String) -> Option<Notes> {
        self.validator().map(|_| Notes {
            url,
            etag: self.etag.clone(),
            last_modified: self.last_modified.clone(),
            length: self.length,
        })
    }

    /// The value of If-Range.
    pub(super) fn validator(&self) -> Option<&str> {
        self.etag.as_deref().or(self.last_modified.as_deref())
    }

    /// Whether an answer speaks of this very version, octet for octet, and says so.
    pub(super) fn is_that_of(&self, fields: Fields<'_>) -> bool {
        match (&self.etag, &self.last_modified) {
            (Some(ours), _) => {
                let Some(value) = fields.value("ETag") else {
                    return false;
                };
                match (EntityTag::parse(ours.as_bytes()), EntityTag::parse(&value)) {
                    (Ok(ours), Ok(theirs)) => ours.matches_strongly(&theirs),
                    _ => false,
                }
            }
            (None, Some(ours)) => {
                let theirs = fields.value("Last-Modified");
                fields.value("ETag").is_none()
                    && theirs.is_some_and(|theirs| *theirs == *ours.as_bytes())
            }
            (None, None) => false,
        }
    }

    /// Whether an answer that was promised to be of this version contradicts that. A 206 need not repeat
    /// what it was asked with.
    fn is_contradicted(&self, fields: Fields<'_>) -> bool {
        let said = match self.etag {
            Some(_) => fields.value("ETag").is_some(),
            None => fields.value("Last-Modified").is_some(),
        };
        said && !self.is_that_of(fields)
    }

    /// What the answer to a request for everything from `at` on means, with the validator in If-Range.
    pub(super) fn rest(&self, status: u16, fields: Fields<'_>, at: u64) -> Rest {
        let mut ranges = fields.named("Content-Range");
        let range = ranges.next().map(|line| ContentRange::parse(&line.value()));
        let alone = ranges.next().is_none();
        match (status, range) {
            (
                206,
                Some(Ok(ContentRange::Range {
                    range,
                    complete_length,
                })),
            ) => {
                let length = match (self.length, complete_length) {
                    (Some(ours), Some(theirs)) => ours == theirs,
                    _ => true,
                };
                if alone && range.first() == at && length && !self.is_contradicted(fields) {
                    Rest::Follows {
                        end: range.last().saturating_add(1),
                    }
                } else {
                    Rest::Other
                }
            }
            (416, Some(Ok(ContentRange::Unsatisfied { complete_length }))) => {
                let whole = complete_length == at && self.length.is_none_or(|length| length == at);
                if alone && whole && self.is_that_of(fields) {
                    Rest::Complete
                } else {
                    Rest::Other
                }
            }
            _ => Rest::Other,
        }
    }
}

/// Whether Last-Modified tells two versions apart: the answer was made at least a second later, so that
/// there cannot have been a second change within that second (RFC 9110 section 8.8.2.2).
fn is_strong(fields: Fields<'_>) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs());
    let date = |name: &str| {
        let value = fields.value(name)?;
        HttpDate::parse(&value, HttpDate::from_unix(now)?).ok()
    };
    match (date("Last-Modified"), date("Date")) {
        (Some(modified), Some(date)) => date.to_unix() > modified.to_unix(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wirelore_http1::Config;
    use wirelore_http1::wire::{Field, MethodKind, parse_response};

    const OLD: &str = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT";
    const SECOND_LATER: &str = "Date: Sun, 06 Nov 1994 08:49:38 GMT";
    const AT_ONCE: &str = "Date: Sun, 06 Nov 1994 08:49:37 GMT";

    fn with<R>(fields: &[&str], act: impl FnOnce(Fields<'_>) -> R) -> R {
        let lines = fields.join("\r\n");
        let head = format!(
            "HTTP/1.1 200 OK\r\nX: y\r\n{lines}{}\r\n",
            if lines.is_empty() { "" } else { "\r\n" }
        );
        let head = parse_response(
            head.as_bytes(),
            &mut [Field::default(); 8],
            MethodKind::Other,
            &Config::default(),
        );
        act(head.unwrap().unwrap().fields())
    }

    fn version(fields: &[&str], length: Option<u64>) -> Version {
        with(fields, |fields| Version::of(fields, length))
    }

    /// RFC 9110 §8.8.2.2, RFC 9110 §13.1.5.
    #[test]
    fn only_strong_validators_count() {
        for (fields, wanted) in [
            (&["ETag: \"1\""][..], Some("\"1\"")),
            (&["ETag: \"1\"", OLD, SECOND_LATER], Some("\"1\"")),
            (&["ETag: W/\"1\"", OLD, SECOND_LATER], None),
            (&["ETag: 1"], None),
            (&[OLD, SECOND_LATER], Some("Sun, 06 Nov 1994 08:49:37 GMT")),
            (&[OLD, AT_ONCE], None),
            (&[OLD], None),
            (&[], None),
        ] {
            assert_eq!(version(fields, None).validator(), wanted, "{fields:?}");
        }
    }

    /// RFC 9110 §14.4, RFC 9110 §15.3.7, RFC 9110 §15.3.7.3.
    #[test]
    fn a_rest_begins_where_it_was_asked_for_and_is_of_the_same_file() {
        let ours = version(&["ETag: \"1\""], Some(100));
        let follows = |end| Rest::Follows { end };
        for (fields, wanted) in [
            (&["Content-Range: bytes 40-99/100"][..], follows(100)),
            (
                &["Content-Range: bytes 40-99/100", "ETag: \"1\""],
                follows(100),
            ),
            (&["Content-Range: bytes 40-59/100"], follows(60)),
            (&["Content-Range: bytes 40-99/*"], follows(100)),
            (
                &["Content-Range: bytes 40-99/100", "ETag: \"2\""],
                Rest::Other,
            ),
            (
                &["Content-Range: bytes 40-99/100", "ETag: W/\"1\""],
                Rest::Other,
            ),
            (&["Content-Range: bytes 39-99/100"], Rest::Other),
            (&["Content-Range: bytes 41-99/100"], Rest::Other),
            (&["Content-Range: bytes 40-100/101"], Rest::Other),
            (&["Content-Range: bytes */100"], Rest::Other),
            (&["Content-Range: octets 40-99/100"], Rest::Other),
            (
                &["Content-Type: multipart/byteranges; boundary=x"],
                Rest::Other,
            ),
            (
                &[
                    "Content-Range: bytes 40-99/100",
                    "Content-Range: bytes 40-99/100",
                ],
                Rest::Other,
            ),
        ] {
            let found = with(fields, |fields| ours.rest(206, fields, 40));
            assert_eq!(found, wanted, "{fields:?}");
        }
        let range = ["Content-Range: bytes 40-99/100"];
        assert_eq!(
            with(&range, |fields| ours.rest(200, fields, 40)),
            Rest::Other
        );
    }

    #[test]
    fn nothing_is_left_of_a_file_that_is_whole() {
        let ours = version(&["ETag: \"1\""], Some(100));
        for (fields, at, wanted) in [
            (
                &["Content-Range: bytes */100", "ETag: \"1\""][..],
                100,
                Rest::Complete,
            ),
            (
                &["Content-Range: bytes */100", "ETag: \"2\""],
                100,
                Rest::Other,
            ),
            (&["Content-Range: bytes */100"], 100, Rest::Other),
            (
                &["Content-Range: bytes */99", "ETag: \"1\""],
                100,
                Rest::Other,
            ),
            (
                &["Content-Range: bytes */90", "ETag: \"1\""],
                90,
                Rest::Other,
            ),
            (&["ETag: \"1\""], 100, Rest::Other),
        ] {
            let found = with(fields, |fields| ours.rest(416, fields, at));
            assert_eq!(found, wanted, "{fields:?}");
        }
    }

    #[test]
    fn notes_bring_the_version_back() {
        let ours = version(&["ETag: \"1\""], Some(100));
        let notes = ours.notes("u".into()).unwrap();
        assert_eq!(Version::noted(notes), ours);
        assert_eq!(version(&["ETag: W/\"1\""], None).notes("u".into()), None);
    }
}
