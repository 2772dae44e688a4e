//! Every combination of Transfer-Encoding, Content-Length, version, role and leniency, against an oracle
//! that reads RFC 9112 section 6.3 slowly, rule by rule, and shares nothing with the crate.

use std::collections::BTreeSet;

use wirelore_http1::wire::{Field, Framing, MethodKind, parse_request, parse_response};
use wirelore_http1::{Config, Lenient};

/// The lines of Transfer-Encoding.
const CODINGS: &[&[&str]] = &[
    &[],
    &["chunked"],
    &["CHUNKED"],
    &[" \tchunked\t "],
    &["gzip, chunked"],
    &["gzip", "chunked"],
    &["gzip;q=\"a,chunked\", chunked"],
    &["gzip"],
    &["identity"],
    &["xchunked"],
    &["chunkedx"],
    &["chunked, gzip"],
    &["chunked", "identity"],
    &["chunked, chunked"],
    &["chunked", "chunked"],
    &["chunked", "gzip, chunked"],
    &["chunked", ""],
    &["", "chunked"],
    &["gzip", "", "chunked"],
    &[",chunked"],
    &["chunked,"],
    &["gzip,,chunked"],
    &[","],
    &[""],
    &["chunked;q=1"],
    &["chunked;"],
    &["\"chunked\""],
    &["chun ked"],
    &["\u{a0}chunked"],
];

/// The lines of Content-Length.
const LENGTHS: &[&[&str]] = &[
    &[],
    &["0"],
    &["5"],
    &["005"],
    &[" 5\t"],
    &["5, 5"],
    &["5", "5"],
    &["5", "05"],
    &["5, 6"],
    &["5", "6"],
    &["5", "x"],
    &["5", ""],
    &["+5"],
    &["-5"],
    &["0x5"],
    &["5 5"],
    &["5;"],
    &["\"5\""],
    &[""],
    &["5,"],
    &[",5"],
    &["18446744073709551615"],
    &["18446744073709551616"],
    &["99999999999999999999999"],
];

#[derive(Clone, Copy, Debug)]
enum Role {
    Request(&'static str),
    Response(&'static str, u16),
}

const ROLES: &[Role] = &[
    Role::Request("GET"),
    Role::Request("POST"),
    Role::Request("FROB"),
    Role::Request("CONNECT"),
    Role::Response("GET", 200),
    Role::Response("HEAD", 200),
    Role::Response("HEAD", 404),
    Role::Response("CONNECT", 200),
    Role::Response("CONNECT", 299),
    Role::Response("CONNECT", 407),
    Role::Response("GET", 100),
    Role::Response("GET", 103),
    Role::Response("GET", 204),
    Role::Response("POST", 304),
    Role::Response("GET", 205),
    Role::Response("GET", 600),
];

/// What a message is, or the reasons for which it may be refused.
type Verdict = Result<(Framing, bool), BTreeSet<&'static str>>;

struct Case<'c> {
    codings: &'c [&'c str],
    lengths: &'c [&'c str],
    modern: bool,
    connection: &'c str,
    lenient: Lenient,
}

impl Case<'_> {
    /// RFC 9112 section 9.3.
    fn persists(&self) -> bool {
        match (self.modern, self.connection) {
            (_, "close") => false,
            (modern, option) => modern || option == "keep-alive",
        }
    }

    /// Section 6.3, in its order.
    fn judge(&self, role: Role) -> Verdict {
        let persists = self.persists();
        // 1 and 2: responses without a body, whatever the fields say.
        if let Role::Response(method, status) = role {
            if method == "HEAD" || matches!(status, 100..=199 | 204 | 304) {
                return Ok((Framing::None, persists));
            }
            if method == "CONNECT" && matches!(status, 200..=299) {
                return Ok((Framing::Tunnel, persists));
            }
        }
        let coded = !self.codings.is_empty();
        let measured = !self.lengths.is_empty();
        let mut reasons = BTreeSet::new();
        let (mut framing, mut goes_on) = (None, persists);
        if coded {
            // 3: both.
            if measured {
                if !self.lenient.te_and_cl_te_wins {
                    reasons.insert("transfer-encoding-and-content-length");
                }
                goes_on = false;
            }
            // Section 6.1: not in HTTP/1.0.
            if !self.modern {
                reasons.insert("transfer-encoding-in-http10");
            }
            // 4: the final coding.
            let members = self.members(self.codings, &mut reasons);
            let is_chunked = |member: &String| member.eq_ignore_ascii_case("chunked");
            for member in &members {
                let name = member
                    .split(';')
                    .next()
                    .unwrap_or("")
                    .trim_matches([' ', '\t']);
                let bare = member == name;
                if !is_token(name) || !bare && name.eq_ignore_ascii_case("chunked") {
                    reasons.insert("bad-transfer-encoding");
                }
            }
            let count = members.iter().filter(|m| is_chunked(m)).count();
            if count > 1 {
                reasons.insert("chunked-twice");
            }
            let last = members.last().is_some_and(is_chunked);
            match role {
                Role::Request(_) if !last => {
                    reasons.insert("chunked-not-final");
                }
                Role::Request(_) => {
                    if members.len() > count && !self.lenient.other_transfer_codings {
                        reasons.insert("unknown-transfer-coding");
                    }
                    framing = Some(Framing::Chunked);
                }
                Role::Response(..) if last => framing = Some(Framing::Chunked),
                Role::Response(..) => framing = Some(Framing::UntilEof),
            }
        } else if measured {
            // 5 and 6: a length, if it is one.
            let members = self.members(self.lengths, &mut reasons);
            let mut first = None;
            // A line without any number is wrong, whatever the others say.
            if self.lengths.iter().any(|line| line.is_empty()) {
                reasons.insert("bad-content-length");
            }
            for member in &members {
                let digits = !member.is_empty() && member.bytes().all(|o| o.is_ascii_digit());
                let Some(number) = digits.then(|| member.parse::<u64>()) else {
                    reasons.insert("bad-content-length");
                    continue;
                };
                let Ok(number) = number else {
                    reasons.insert("content-length-overflow");
                    continue;
                };
                match first {
                    None => first = Some(number),
                    Some(other) if other != number => {
                        reasons.insert("content-length-mismatch");
                    }
                    Some(_) if !self.lenient.duplicate_content_length_equal => {
                        reasons.insert("content-length-repeated");
                    }
                    Some(_) => {}
                }
            }
            match first {
                Some(length) => framing = Some(Framing::Length(length)),
                None => {
                    reasons.insert("bad-content-length");
                }
            }
        }
        if !reasons.is_empty() {
            return Err(reasons);
        }
        // 7 and 8: neither.
        let framing = framing.unwrap_or(match role {
            Role::Request(_) => Framing::None,
            Role::Response(..) => Framing::UntilEof,
        });
        goes_on &= framing != Framing::UntilEof;
        // CONNECT has no content (RFC 9110 section 9.3.6): nobody reads on behind what is no body.
        if let Role::Request("CONNECT") = role {
            let harmless = matches!(framing, Framing::None | Framing::Length(0));
            return Ok((Framing::None, goes_on && harmless));
        }
        Ok((framing, goes_on))
    }

    /// The members of a list in several lines; empty ones are a reason where they are not tolerated.
    fn members(&self, lines: &[&str], reasons: &mut BTreeSet<&'static str>) -> Vec<String> {
        let mut members = Vec::new();
        for line in lines {
            let mut rest = String::new();
            let mut quoted = false;
            let mut parts = Vec::new();
            for c in line.chars() {
                quoted ^= c == '"';
                if c == ',' && !quoted {
                    parts.push(core::mem::take(&mut rest));
                } else {
                    rest.push(c);
                }
            }
            parts.push(rest);
            for part in parts {
                let part = part.trim_matches([' ', '\t']);
                if !part.is_empty() {
                    members.push(part.to_string());
                } else if !self.lenient.empty_list_members {
                    reasons.insert("empty-list-member");
                }
            }
        }
        members
    }

    fn fields(&self, length_first: bool) -> Vec<u8> {
        let lines = |name: &str, values: &[&str]| {
            let mut octets = Vec::new();
            for value in values {
                octets.extend_from_slice(name.as_bytes());
                octets.extend_from_slice(b": ");
                // Above 0x7F as one octet each.
                octets.extend(value.chars().map(|c| u8::try_from(u32::from(c)).unwrap()));
                octets.extend_from_slice(b"\r\n");
            }
            octets
        };
        let coding = lines("Transfer-Encoding", self.codings);
        let length = lines("Content-Length", self.lengths);
        let mut octets = match self.connection {
            "" => Vec::new(),
            option => format!("Connection: {option}\r\n").into_bytes(),
        };
        octets.extend(if length_first {
            [length, coding].concat()
        } else {
            [coding, length].concat()
        });
        octets
    }
}

fn is_token(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !name.is_empty() && name.chars().all(allowed)
}

fn leniencies() -> Vec<Lenient> {
    let strict = Lenient::default();
    let mut everything = strict;
    for (flag, _) in Lenient::NAMES {
        assert!(everything.set(flag, true));
    }
    let with = |flag: &str, on| {
        let mut lenient = strict;
        assert!(lenient.set(flag, on));
        lenient
    };
    vec![
        strict,
        everything,
        with("te_and_cl_te_wins", true),
        with("other_transfer_codings", true),
        with("empty_list_members", true),
        with("duplicate_content_length_equal", false),
    ]
}

fn try_out(case: &Case<'_>, role: Role, length_first: bool) -> Result<(), String> {
    let version = if case.modern { "HTTP/1.1" } else { "HTTP/1.0" };
    let config = Config {
        lenient: case.lenient,
        ..Config::default()
    };
    let mut table = [Field::default(); 16];
    let mut bytes = match role {
        Role::Request("CONNECT") => format!("CONNECT h:80 {version}\r\nHost: h\r\n"),
        Role::Request(method) => format!("{method} / {version}\r\nHost: h\r\n"),
        Role::Response(_, status) => format!("{version} {status} X\r\n"),
    }
    .into_bytes();
    bytes.extend(case.fields(length_first));
    bytes.extend_from_slice(b"\r\n");
    let ours = match role {
        Role::Request(_) => parse_request(&bytes, &mut table, &config)
            .map(|head| head.map(|head| (head.framing(), head.keep_alive()))),
        Role::Response(method, _) => {
            let kind = MethodKind::of(method.as_bytes());
            parse_response(&bytes, &mut table, kind, &config)
                .map(|head| head.map(|head| (head.framing(), head.keep_alive())))
        }
    };
    let wanted = case.judge(role);
    let same = match (&ours, &wanted) {
        (Ok(Some(ours)), Ok(wanted)) => ours == wanted,
        (Err(error), Err(reasons)) => reasons.contains(error.kind.name()),
        _ => false,
    };
    if same {
        return Ok(());
    }
    let shown = bytes.escape_ascii();
    Err(format!("{role:?} {shown}: {ours:?}, by the RFC {wanted:?}"))
}

#[test]
fn rfc9112_6_3_every_combination() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for lenient in leniencies() {
        for &codings in CODINGS {
            for &lengths in LENGTHS {
                for (modern, connection) in [
                    (true, ""),
                    (true, "close"),
                    (true, "keep-alive"),
                    (false, ""),
                    (false, "keep-alive"),
                ] {
                    let case = Case {
                        codings,
                        lengths,
                        modern,
                        connection,
                        lenient,
                    };
                    for &role in ROLES {
                        for length_first in [false, true] {
                            count += 1;
                            wrong.extend(try_out(&case, role, length_first).err());
                        }
                    }
                }
            }
        }
    }
    let some = &wrong[..wrong.len().min(20)];
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        some.join("\n")
    );
    assert!(count > 500_000, "{count}");
}
