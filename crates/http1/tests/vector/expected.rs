//! Compares what a receiver told with what the file says it should.

use core::fmt::Write;

use wirelore_http1::Version;
use wirelore_http1::wire::{Fields, Framing, TargetForm};

use super::{End, Outcome, Told, Vector};

/// `Err` says what differs.
pub(crate) fn check(vector: &Vector, outcome: &Outcome) -> Result<(), String> {
    let mut parts = vector.expected.split("; ").map(str::trim).peekable();
    for told in &outcome.told {
        let Some(part) = parts.next() else {
            return Err(format!("also tells {}", show(told)));
        };
        if !agrees(part, told) {
            return Err(format!("should tell \"{part}\", tells {}", show(told)));
        }
    }
    let part = parts.next().unwrap_or("more");
    if let Some(after) = parts.next() {
        return Err(format!("does not tell \"{part}; {after}\""));
    }
    let end = match outcome.end {
        End::More => "more".to_string(),
        End::Done => "done".to_string(),
        End::Error(error) => format!("error {} {}", error.kind.name(), error.reply_hint()),
    };
    let wanted = match part {
        "waits" => "more",
        _ => part,
    };
    if end != wanted {
        return Err(format!(
            "should end with \"{wanted}\", ends with \"{end}\" {:?}",
            outcome.end
        ));
    }
    if let End::Error(error) = outcome.end {
        let at = match (error.kind.name(), vector.error_at) {
            (_, Some(at)) => at,
            ("truncated", None) => vector.octets.len(),
            _ => {
                return Err(format!(
                    "the message has no mark {{!}}; the error is at {error}"
                ));
            }
        };
        if error.offset != at as u64 {
            return Err(format!("should fail at octet {at}: {error}"));
        }
    } else if vector.error_at.is_some() {
        return Err("the message has a mark {!}, but there is no error".into());
    } else if part != "waits" && outcome.consumed != vector.consumed {
        let (ours, wanted) = (outcome.consumed, vector.consumed);
        return Err(format!("should consume {wanted} octets, consumes {ours}"));
    }
    Ok(())
}

/// Whether `told` is what `part` says. Framing and flags always have to be said, method, target,
/// fields and the like only if they matter.
fn agrees(part: &str, told: &Told) -> bool {
    let (what, rest) = part.split_once(' ').unwrap_or((part, ""));
    let (words, wanted) = match rest.find('[') {
        Some(at) => (&rest[..at], &rest[at..]),
        None => (rest, ""),
    };
    let mut words: Vec<&str> = words.split_whitespace().collect();
    // Takes `name=value` out of the words and compares the value.
    let mut names = |name: &str, value: &str| {
        let place = words.iter().position(|word| {
            word.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('='))
        });
        place.is_none_or(|at| words.remove(at)[name.len() + 1..] == value.replace(' ', "\\x20"))
    };
    match (what, told) {
        ("request", Told::Request(head)) => {
            let form = match head.target_form() {
                TargetForm::Origin => "origin",
                TargetForm::Absolute => "absolute",
                TargetForm::Authority => "authority",
                TargetForm::Asterisk => "asterisk",
            };
            let authority = head.authority().map_or("null".into(), escaped);
            let same = names("method", &escaped(head.method()))
                & names("target", &escaped(head.target()))
                & names("path", &escaped(head.path_and_query()))
                & names("form", form)
                & names("version", version(head.version()))
                & names("authority", &authority);
            let mut facts = framing(head.framing());
            for (flag, set) in [
                ("close", !head.keep_alive()),
                ("upgrade", head.upgrade()),
                ("expect", head.expect_continue()),
                ("expect-other", head.expect_other()),
            ] {
                facts += if set { " " } else { "" };
                facts += if set { flag } else { "" };
            }
            same && words.join(" ") == facts && has_fields(wanted, head.fields())
        }
        ("interim", Told::Interim(head)) => {
            rest.split_whitespace().next() == Some(&head.status().to_string())
                && has_fields(wanted, head.fields())
        }
        ("response", Told::Response(head)) => {
            let same = names("reason", &escaped(head.reason()))
                & names("version", version(head.version()));
            let mut facts = format!("{:03} {}", head.status(), framing(head.framing()));
            facts += if head.keep_alive() { "" } else { " close" };
            facts += if head.upgrade() { " upgrade" } else { "" };
            same && words.join(" ") == facts && has_fields(wanted, head.fields())
        }
        ("data", Told::Data(data)) => rest == escaped(data),
        ("octets", Told::Data(data)) => rest == data.len().to_string(),
        ("end", Told::End(trailers)) => list(trailers.fields()) == rest,
        _ => false,
    }
}

/// Whether `fields` has the wanted ones, in this order, among others.
fn has_fields(wanted: &str, fields: Fields<'_>) -> bool {
    let all: Vec<String> = fields
        .map(|field| shown(field.name(), &field.value()))
        .collect();
    let mut all = all.iter();
    let mut wanted = wanted;
    while let Some((field, rest)) = wanted.split_once(']') {
        wanted = rest;
        let field = format!("{field}]");
        if !all.any(|other| *other == field) {
            return false;
        }
    }
    true
}

fn list(fields: Fields<'_>) -> String {
    fields
        .map(|field| shown(field.name(), &field.value()))
        .collect()
}

fn shown(name: &[u8], value: &[u8]) -> String {
    format!("[{} {}]", escaped(name), escaped(value))
}

fn framing(framing: Framing) -> String {
    match framing {
        Framing::None => "none".into(),
        Framing::Length(length) => format!("length {length}"),
        Framing::Chunked => "chunked".into(),
        Framing::UntilEof => "until-eof".into(),
        Framing::Tunnel => "tunnel".into(),
        other => format!("{other:?}"),
    }
}

fn version(version: Version) -> &'static str {
    match version {
        Version::Http09 => "0.9",
        Version::Http10 => "1.0",
        Version::Http11 => "1.1",
    }
}

/// As the file has it: other than visible characters and SP as `\xNN`, and `[`, `]`, `;` and the backslash too.
fn escaped(octets: &[u8]) -> String {
    let mut text = String::new();
    for &octet in octets {
        if (octet == b' ' || octet.is_ascii_graphic())
            && !matches!(octet, b'[' | b']' | b';' | b'\\')
        {
            text.push(char::from(octet));
        } else {
            let _ = write!(text, "\\x{octet:02x}");
        }
    }
    text
}

fn show(told: &Told) -> String {
    match told {
        Told::Request(head) => format!(
            "request method={} target={} path={} form={:?} version={} authority={} {}{}{}{}{}{}",
            escaped(head.method()),
            escaped(head.target()),
            escaped(head.path_and_query()),
            head.target_form(),
            version(head.version()),
            head.authority().map_or("null".into(), escaped),
            framing(head.framing()),
            if head.keep_alive() { "" } else { " close" },
            if head.upgrade() { " upgrade" } else { "" },
            if head.expect_continue() {
                " expect"
            } else {
                ""
            },
            if head.expect_other() {
                " expect-other"
            } else {
                ""
            },
            list(head.fields()),
        ),
        Told::Interim(head) => format!("interim {} {}", head.status(), list(head.fields())),
        Told::Response(head) => format!(
            "response version={} reason={} {:03} {}{}{} {}",
            version(head.version()),
            escaped(head.reason()),
            head.status(),
            framing(head.framing()),
            if head.keep_alive() { "" } else { " close" },
            if head.upgrade() { " upgrade" } else { "" },
            list(head.fields())
        ),
        Told::Data(data) => format!("data {}", escaped(data)),
        Told::End(trailers) => format!("end {}", list(trailers.fields())),
    }
}
