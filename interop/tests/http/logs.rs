//! The access log: what is in it of requests that curl made, in both formats.

use std::fs;

use serde_json::Value;
use wirelore_interop::{Peer, content, find, require, wait_until};

use crate::LIMIT;
use crate::changes::LARGE;
use crate::clients::{Curl, Fifo, Piped};
use crate::server::{Folder, Server, utf8};

/// A line of the Combined Log Format.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    client: String,
    user: String,
    request: String,
    status: u16,
    octets: Option<u64>,
    referer: String,
    agent: String,
}

/// Reads one, of which every octet has to be as the format has it.
#[track_caller]
fn combined(line: &str) -> Line {
    let mut rest = line;
    let mut until = |end: &str| {
        let (field, behind) = rest.split_once(end).unwrap_or_else(|| panic!("{end:?}: {line}"));
        rest = behind;
        field.to_owned()
    };
    let (client, user) = (until(" - "), until(" ["));
    let time = until("] \"");
    let pattern = "00/aaa/0000:00:00:00 +0000";
    assert_eq!(time.len(), pattern.len(), "{line}");
    for (sign, like) in time.bytes().zip(pattern.bytes()) {
        let fits = match like {
            b'0' => sign.is_ascii_digit(),
            b'a' => sign.is_ascii_alphabetic(),
            b'+' => matches!(sign, b'+' | b'-'),
            other => sign == other,
        };
        assert!(fits, "{line}");
    }
    let request = quoted(&mut rest);
    rest = rest.strip_prefix(' ').expect(line);
    let (status, behind) = rest.split_once(' ').expect(line);
    let (octets, behind) = behind.split_once(" \"").expect(line);
    rest = behind;
    let referer = quoted(&mut rest);
    rest = rest.strip_prefix(" \"").expect(line);
    let agent = quoted(&mut rest);
    assert_eq!(rest, "", "{line}");
    assert_eq!(status.len(), 3, "{line}");
    let number = |text: &str| {
        assert!(text.bytes().all(|octet| octet.is_ascii_digit()), "{line}");
        text.parse::<u64>().expect(line)
    };
    let status = u16::try_from(number(status)).unwrap();
    let octets = (octets != "-").then(|| number(octets));
    assert_ne!(octets, Some(0), "{line}");
    Line { client, user, request, status, octets, referer, agent }
}

/// What is before the quotation mark that has no backslash in front of it, without its escapes.
#[track_caller]
fn quoted(rest: &mut &str) -> String {
    let mut octets = Vec::new();
    let mut signs = rest.bytes().enumerate();
    while let Some((at, sign)) = signs.next() {
        assert!((b' '..=b'~').contains(&sign), "{rest}");
        match sign {
            b'"' => {
                *rest = &rest[at + 1..];
                return octets.iter().map(|&octet| char::from(octet)).collect();
            }
            b'\\' => {
                let (at, escape) = signs.next().expect("an escape");
                octets.push(match escape {
                    b'"' | b'\\' => escape,
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'x' => {
                        signs.nth(1).expect("two digits");
                        u8::from_str_radix(&rest[at + 1..at + 3], 16).expect("two digits")
                    }
                    other => panic!("\\{} in {rest}", char::from(other)),
                });
            }
            sign => octets.push(sign),
        }
    }
    panic!("no end: {rest}")
}

/// The requests that are made for either format, in turn: what curl is told, the path, user, status,
/// octets of content, referrer and user agent.
type Made<'m> = (Vec<&'m str>, &'m str, Option<&'m str>, u16, u64);

const AGENT: [&str; 2] = ["-A", "curl of a \"test\" \\"];

fn made(source: &str) -> Vec<Made<'_>> {
    let user = ["--basic", "-u", "ann lee:one"];
    vec![
        (vec![], "/f", None, 200, 100_000),
        (vec!["--head"], "/f", None, 200, 0),
        (vec!["-r", "0-9"], "/f", None, 206, 10),
        (vec!["-H", "If-None-Match: *"], "/f", None, 304, 0),
        (vec!["--http1.0"], "/empty", None, 200, 0),
        ([&user[..], &["-T", source]].concat(), "/new?", None, 400, 0),
        ([&user[..], &["-T", source]].concat(), "/new", Some("ann lee"), 201, 0),
        (vec!["-e", "http://a.invalid/\"x\"", "--path-as-is"], "/a%22b\\c", None, 400, 0),
        (vec![], "/gr%C3%BC%C3%9Fe", None, 404, 0),
        (vec!["-T", source], "/other", None, 401, 0),
    ]
}

/// Makes the requests over one server, and how many octets each response had.
#[track_caller]
fn make(curl: &Curl, server: &Server, source: &str) -> Vec<u64> {
    let made = made(source);
    let sent = made.iter().map(|(arguments, path, _, status, _)| {
        let patient = ["-H", "Expect: 100-continue", "--expect100-timeout", "40"];
        let patient = if arguments.contains(&"-T") { &patient[..] } else { &[] };
        let arguments = [&AGENT[..], arguments, patient].concat();
        let got = curl.get(&arguments, &server.url(path));
        got.expect_status(*status);
        got.body.len() as u64
    });
    sent.collect()
}

#[track_caller]
fn logging(format: &str) -> (Server, std::path::PathBuf, String) {
    let folder = Folder::new();
    folder.holds("f", &content(100_000));
    folder.holds("empty", b"");
    let users = folder.keeps("users", "ann lee:one\n");
    let log = folder.outside("log");
    let source = folder.outside("source");
    fs::write(&source, content(777)).unwrap();
    let source = utf8(&source).to_owned();
    let options = [
        ["--access-log", utf8(&log), "--access-log-format", format],
        ["--http-users", utf8(&users), "--http-protect", "uploads"],
        ["--http-auth", "basic", "--upload", "create"],
    ];
    let server = Server::over(folder, &options.concat());
    (server, log, source)
}

#[test]
fn combined_lines() {
    let curl = require!(Curl::new());
    let (server, log, source) = logging("combined");
    let octets = make(&curl, &server, &source);
    let _folder = server.folder.clone();
    server.ends();
    let text = fs::read_to_string(log).unwrap();
    assert!(text.ends_with('\n'));
    let lines: Vec<Line> = text.lines().map(combined).collect();
    assert_eq!(lines.len(), octets.len(), "{text}");
    for ((line, made), octets) in lines.iter().zip(made(&source)).zip(octets) {
        let (arguments, path, user, status, length) = made;
        let method = match arguments {
            _ if arguments.contains(&"--head") => "HEAD",
            _ if arguments.contains(&"-T") => "PUT",
            _ => "GET",
        };
        let version = if arguments.contains(&"--http1.0") { "1.0" } else { "1.1" };
        let refers = arguments.contains(&"-e");
        // a blank in a name would end it
        let user = user.map_or("-".into(), |user| user.replace(' ', "\\x20"));
        // who is refused for another reason is known, too
        let user = if line.status == 400 && method == "PUT" { line.user.clone() } else { user };
        let wanted = Line {
            client: "127.0.0.1".into(),
            user,
            request: format!("{method} {path} HTTP/{version}"),
            status,
            octets: Some(octets).filter(|&octets| octets > 0),
            referer: if refers { "http://a.invalid/\"x\"" } else { "-" }.into(),
            agent: AGENT[1].into(),
        };
        assert_eq!(*line, wanted, "{text}");
        assert!(length == 0 || octets == length);
    }
}

#[test]
fn json_lines() {
    let curl = require!(Curl::new());
    let (server, log, source) = logging("json");
    let octets = make(&curl, &server, &source);
    let _folder = server.folder.clone();
    server.ends();
    let text = fs::read_to_string(log).unwrap();
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!(lines.len(), octets.len(), "{text}");
    let members = [
        "bytes",
        "client",
        "method",
        "referer",
        "seconds",
        "status",
        "target",
        "time",
        "tls",
        "user",
        "user_agent",
        "version",
    ];
    for ((line, made), octets) in lines.iter().zip(made(&source)).zip(octets) {
        let (_, path, user, status, _) = made;
        let object = line.as_object().expect("an object");
        let mut names: Vec<&str> = object.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, members, "{line}");
        assert_eq!(line["status"], status, "{line}");
        assert_eq!(line["bytes"], octets, "{line}");
        assert_eq!(line["target"], path, "{line}");
        assert!(status == 400 || line["user"].as_str() == user, "{line}");
        assert_eq!(line["user_agent"], AGENT[1], "{line}");
        assert_eq!(line["tls"], false, "{line}");
        assert!(line["seconds"].is_number(), "{line}");
        assert!(line["time"].as_str().is_some_and(|time| time.len() == 24 && time.ends_with('Z')));
        assert!(line["client"].as_str().is_some_and(|client| client.starts_with("127.0.0.1:")));
    }
}

/// A download that the client gave up is there with what was sent of it; so is what was no request.
#[test]
fn what_went_wrong_is_logged() {
    let curl = require!(Curl::new());
    let ncat = require!(find("ncat"));
    let folder = Folder::new();
    folder.holds("f", &content(LARGE));
    let log = folder.outside("log");
    let server = Server::over(folder, &["--access-log", utf8(&log)]);
    let mut fifo = Fifo::new();
    let client = Peer::start(&mut curl.command(["-o", fifo.path(), &server.url("/f")]));
    fifo.begins();
    client.signal("KILL");
    let lines = || fs::read_to_string(&log).unwrap_or_default();
    wait_until("a line", LIMIT, || lines().ends_with('\n').then_some(()));
    let line = combined(lines().trim_end());
    assert_eq!((line.request.as_str(), line.status), ("GET /f HTTP/1.1", 200));
    assert!(line.octets.is_some_and(|octets| octets < LARGE as u64), "{line:?}");
    let port = server.port.to_string();
    for (text, status) in
        [("GET /f HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505)]
    {
        let before = lines().lines().count();
        Piped::start(&ncat, &["127.0.0.1", &port], text.as_bytes()).wait();
        wait_until("a line", LIMIT, || (lines().lines().count() > before).then_some(()));
        let line = combined(lines().lines().last().unwrap());
        assert_eq!((line.request.as_str(), line.status), ("-", status), "{line:?}");
    }
}

/// A request that was refused and whose body then does not come is one request.
#[test]
fn a_refused_upload_is_logged_once() {
    let ncat = require!(find("ncat"));
    let folder = Folder::new();
    let log = folder.outside("log");
    let options = ["--upload", "create", "--max-upload", "1kB", "--access-log", utf8(&log)];
    let server = Server::over(folder, &options);
    let port = server.port.to_string();
    let text = "PUT /f HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\nabc";
    let (_, output) = Piped::start(&ncat, &["127.0.0.1", &port], text.as_bytes()).wait();
    let output = String::from_utf8(output).unwrap();
    assert!(output.starts_with("HTTP/1.1 413 "), "{output}");
    assert_eq!(output.matches("HTTP/1.1 ").count(), 1, "{output}");
    let _folder = server.folder.clone();
    server.ends();
    let lines = fs::read_to_string(&log).unwrap();
    let lines: Vec<Line> = lines.lines().map(combined).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((lines[0].request.as_str(), lines[0].status), ("PUT /f HTTP/1.1", 413));
}

/// `-` is stdout, where it stands among the events, line by line.
#[test]
fn the_log_may_be_standard_output() {
    let curl = require!(Curl::new());
    let server = Server::start(&["--access-log", "-", "--access-log-format", "json"]);
    server.folder.holds("f", b"x");
    curl.get(&[], &server.url("/f")).expect(200, b"x");
    let ended = server.ends();
    let lines: Vec<Value> =
        ended.stdout().lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let logged: Vec<_> = lines.iter().filter(|line| line["target"] == "/f").collect();
    assert_eq!(logged.len(), 1, "{ended}");
}
