//! Names, references, sizes and times, as they stand in pages.

use crate::policy::{Entry, EntryKind};
use std::time::SystemTime;
use wirelore_core::escape;
use wirelore_http1::value::percent::{Place, encode_to};

/// Appends a reference to an entry of the folder that the page is of, percent-encoded: it has none of
/// the characters that mean something in HTML but `&` and `'`.
pub(super) fn href(entry: &Entry) -> Vec<u8> {
    let mut href = Vec::with_capacity(entry.name.len() + 3);
    if entry.name.contains(&b':') {
        // nobody should see a scheme in it, decoded or not
        href.extend_from_slice(b"./");
    }
    encode_to(&entry.name, Place::Segment, &mut href);
    if entry.kind == EntryKind::Folder {
        href.push(b'/');
    }
    href
}

/// Appends text, or the value of an attribute in quotation marks.
pub(super) fn text(text: &str, out: &mut Vec<u8>) {
    for octet in text.bytes() {
        match octet {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            octet => out.push(octet),
        }
    }
}

/// Appends a name: cut where it is very long, and with everything that cannot be seen made visible,
/// blanks at its ends too.
pub(super) fn name(name: &[u8], out: &mut Vec<u8>) {
    const BLANK: &str = r"\x20";
    let shown = escape(name).to_string();
    let inner = shown.trim_matches(' ');
    let before = match inner {
        "" => shown.len(),
        _ => shown.len() - shown.trim_start_matches(' ').len(),
    };
    let after = shown.len() - before - inner.len();
    text(&BLANK.repeat(before), out);
    text(inner, out);
    text(&BLANK.repeat(after), out);
}

/// `1.5 MiB`: two or three digits that count, but for what is small.
pub(super) fn size(len: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if len < 1024 {
        return format!("{len} B");
    }
    let mut tenths = u128::from(len) * 10;
    for unit in UNITS {
        match ((tenths + 512) / 1024, (tenths + 5120) / 10_240) {
            (tenths @ 0..=999, _) => return format!("{}.{} {unit}", tenths / 10, tenths % 10),
            (_, whole @ 0..=1023) => return format!("{whole} {unit}"),
            _ => tenths /= 1024,
        }
    }
    format!("{len} B")
}

/// `2024-05-01 12:34:56`, in UTC.
pub(super) fn time(time: SystemTime) -> Option<String> {
    shown(time, "%Y-%m-%d %H:%M:%S")
}

/// `2024-05-01T12:34:56Z` (RFC 3339).
pub(super) fn rfc3339(time: SystemTime) -> Option<String> {
    shown(time, "%Y-%m-%dT%H:%M:%SZ")
}

/// `None` for years of more or less than four digits.
fn shown(time: SystemTime, format: &str) -> Option<String> {
    let time = jiff::Timestamp::try_from(time).ok()?;
    let time = time.to_zoned(jiff::tz::TimeZone::UTC);
    (0..=9999)
        .contains(&time.year())
        .then(|| time.strftime(format).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn sizes_are_short() {
        for (len, shown) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1075, "1.0 KiB"),
            (1076, "1.1 KiB"),
            (102_348, "99.9 KiB"),
            (102_400, "100 KiB"),
            (1_047_961, "1023 KiB"),
            (1_048_063, "1023 KiB"),
            (1_048_064, "1.0 MiB"),
            (1_048_576, "1.0 MiB"),
            (5 << 30, "5.0 GiB"),
            (1 << 40, "1.0 TiB"),
            (1 << 50, "1.0 PiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(size(len), shown, "{len}");
        }
    }

    #[test]
    fn times_are_in_utc_and_of_this_era() {
        let after = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let shown = |at| (time(at), rfc3339(at));
        assert_eq!(
            shown(after(1_714_566_896)),
            (
                Some("2024-05-01 12:34:56".into()),
                Some("2024-05-01T12:34:56Z".into())
            )
        );
        let before = UNIX_EPOCH - Duration::from_millis(1500);
        assert_eq!(time(before).as_deref(), Some("1969-12-31 23:59:58"));
        assert_eq!(shown(after(253_402_300_800)), (None, None));
        assert_eq!(time(after(253_402_207_200)).map(|it| it.len()), Some(19));
        let far = UNIX_EPOCH.checked_add(Duration::from_secs(1 << 55));
        assert_eq!(far.and_then(time), None);
        let long_ago = UNIX_EPOCH.checked_sub(Duration::from_secs(62_200_000_000));
        assert_eq!(long_ago.and_then(time), None);
    }

    #[test]
    fn nothing_in_a_name_stays_unseen() {
        for (octets, shown) in [
            (&b"a b"[..], "a b"),
            (b" a ", r"\x20a\x20"),
            (b"   ", r"\x20\x20\x20"),
            (
                b"<a href=\"x\">'&",
                "&lt;a href=&quot;x&quot;&gt;&#39;&amp;",
            ),
            (b"\x1b[31m\n\xff", r"\x1b[31m\n\xff"),
            ("\u{202e}x\u{a0}".as_bytes(), r"\u{202e}x\u{a0}"),
        ] {
            let mut out = Vec::new();
            name(octets, &mut out);
            assert_eq!(String::from_utf8(out).expect("UTF-8"), shown);
        }
    }
}
