//! Reads `data/vectors.txt`.

use wirelore_http1::Config;
use wirelore_http1::wire::MethodKind;

/// Who sent the octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Request,
    /// Answers requests with these methods.
    Response(Vec<MethodKind>),
}

/// One message, or several, and what has to come of it.
#[derive(Clone, Debug)]
pub(crate) struct Vector {
    /// The area, which is also the name of a test.
    pub(crate) area: String,
    pub(crate) line: usize,
    pub(crate) role: Role,
    pub(crate) config: Config,
    pub(crate) octets: Vec<u8>,
    /// The stream ends behind them.
    pub(crate) eof: bool,
    /// Where the mark of an error stands.
    pub(crate) error_at: Option<usize>,
    /// How many octets are consumed.
    pub(crate) consumed: usize,
    pub(crate) expected: String,
}

impl Vector {
    pub(crate) fn new(role: Role) -> Self {
        Self {
            area: String::new(),
            line: 0,
            role,
            config: Config::default(),
            octets: Vec::new(),
            eof: false,
            error_at: None,
            consumed: 0,
            expected: String::new(),
        }
    }
}

const TEXT: &str = include_str!("../data/vectors.txt");

/// All vectors.
pub(crate) fn load() -> Vec<Vector> {
    let mut vectors = Vec::new();
    let mut area = String::new();
    // Those that have no expectation yet.
    let mut open: Vec<(usize, String, String)> = Vec::new();
    for (number, line) in TEXT.lines().enumerate().map(|(n, line)| (n + 1, line)) {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with("# ") || line == "#" {
            continue;
        }
        if let Some(name) = line.strip_prefix("## ") {
            assert!(open.is_empty(), "line {number}: no expectation before");
            area = name.trim().into();
        } else if let Some(alternatives) = line.strip_prefix("with ") {
            let (_, head, text) = open.pop().expect("a message before");
            assert!(text.contains("{V}"), "line {number}: no {{V}}");
            for alternative in alternatives.split(" ~ ") {
                let alternative = if alternative == "{}" { "" } else { alternative };
                open.push((number, head.clone(), text.replace("{V}", alternative)));
            }
        } else if let Some(expected) = line.strip_prefix("= ") {
            assert!(!open.is_empty(), "line {number}: no message");
            for (number, head, text) in open.drain(..) {
                let mut vector = message(number, &head, &text);
                vector.area.clone_from(&area);
                vector.expected = behind_head(&text, expected);
                vectors.push(vector);
            }
        } else if let Some((head, text)) = line.split_once(" | ") {
            open.push((number, head.into(), text.into()));
        } else {
            panic!("line {number} is not in the notation: {line}");
        }
    }
    assert!(open.is_empty(), "no expectation at the end");
    vectors
}

/// An error alone is one behind the head, if the head is one that is written in short.
fn behind_head(text: &str, expected: &str) -> String {
    let head = if text.starts_with("{chunked}") {
        "request chunked; "
    } else if text.starts_with("{ok-chunked}") {
        "response 200 chunked; "
    } else {
        ""
    };
    let alone = expected.starts_with("error ");
    format!("{}{expected}", if alone { head } else { "" })
}

fn message(line: usize, head: &str, text: &str) -> Vector {
    let mut words = head.split_whitespace();
    let role = match words.next().expect("a role") {
        "req" => Role::Request,
        "resp" => Role::Response(vec![MethodKind::Get]),
        list => {
            let list = list
                .strip_prefix("resp[")
                .and_then(|list| list.strip_suffix(']'))
                .unwrap_or_else(|| panic!("line {line}: {list}"));
            let methods = list.split(',').filter(|method| !method.is_empty());
            Role::Response(methods.map(|m| MethodKind::of(m.as_bytes())).collect())
        }
    };
    let mut vector = Vector {
        line,
        ..Vector::new(role)
    };
    for word in words {
        set(&mut vector.config, word).unwrap_or_else(|| panic!("line {line}: {word}"));
    }
    let mut rest_at = None;
    let octets = &mut vector.octets;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (_, after) = rest.split_at(first.len_utf8());
        rest = after;
        match first {
            '\\' => {
                let (octet, len) = escape(rest).unwrap_or_else(|| panic!("line {line}: {rest}"));
                octets.push(octet);
                rest = &rest[len..];
            }
            '{' => {
                let (name, after) = rest.split_once('}').expect("a closing brace");
                rest = after;
                match name {
                    "!" => vector.error_at = Some(octets.len()),
                    "|" => rest_at = Some(octets.len()),
                    "eof" => vector.eof = true,
                    _ => octets.extend_from_slice(
                        &named(name).unwrap_or_else(|| panic!("line {line}: {{{name}}}")),
                    ),
                }
            }
            _ => octets.extend_from_slice(first.to_string().as_bytes()),
        }
    }
    vector.consumed = rest_at.unwrap_or(vector.octets.len());
    vector
}

pub(crate) fn escape(rest: &str) -> Option<(u8, usize)> {
    Some(match rest.as_bytes().first()? {
        b'r' => (b'\r', 1),
        b'n' => (b'\n', 1),
        b't' => (b'\t', 1),
        b'0' => (0, 1),
        b's' => (b' ', 1),
        b'\\' => (b'\\', 1),
        b'{' => (b'{', 1),
        b'}' => (b'}', 1),
        b'~' => (b'~', 1),
        b'x' => (u8::from_str_radix(rest.get(1..3)?, 16).ok()?, 3),
        _ => return None,
    })
}

/// What stands for octets that come again and again, and `TEXT*COUNT`.
fn named(name: &str) -> Option<Vec<u8>> {
    let text = match name {
        "get" => "GET / HTTP/1.1\r\nHost: h\r\n",
        "post" => "POST / HTTP/1.1\r\nHost: h\r\n",
        "chunked" => "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
        "next" => "GET /next HTTP/1.1\r\nHost: h\r\n\r\n",
        "ok" => "HTTP/1.1 200 OK\r\n",
        "ok-chunked" => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "ok-empty" => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        _ => {
            let (text, count) = name.rsplit_once('*')?;
            let text = text.replace("\\r", "\r").replace("\\n", "\n");
            return Some(text.repeat(count.parse().ok()?).into_bytes());
        }
    };
    Some(text.as_bytes().to_vec())
}

/// `+flag`, `-flag`, `http09` or `limit=number`.
fn set(config: &mut Config, word: &str) -> Option<()> {
    if word == "http09" {
        config.http09 = true;
        return Some(());
    }
    if word == "+everything" {
        for (flag, _) in wirelore_http1::Lenient::NAMES {
            config.lenient.set(flag, true).then_some(())?;
        }
        return Some(());
    }
    if let Some((limit, number)) = word.split_once('=') {
        let limits = &mut config.limits;
        let small = number.parse().ok()?;
        match limit {
            "max_request_line" => limits.max_request_line = small,
            "max_method" => limits.max_method = small,
            "max_field_line" => limits.max_field_line = small,
            "max_head" => limits.max_head = small,
            "max_headers" => limits.max_headers = small,
            "max_chunk_ext" => limits.max_chunk_ext = small,
            "max_chunk_ext_total" => limits.max_chunk_ext_total = number.parse().ok()?,
            "max_body" => limits.max_body = Some(number.parse().ok()?),
            _ => return None,
        }
        return Some(());
    }
    let (flag, on) = match word.split_at_checked(1)? {
        ("+", flag) => (flag, true),
        ("-", flag) => (flag, false),
        _ => return None,
    };
    config.lenient.set(flag, on).then_some(())
}
