//! How many may come, how long they may stay, and how much they may say.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use wirelore_interop::{find, require, wait_until};

use crate::LIMIT;
use crate::clients::{Curl, Piped};
use crate::server::Server;

const REQUEST: &[u8] = b"GET /f HTTP/1.1\r\nHost: a\r\n\r\n";

/// socat, which stays as long as the server does.
struct Socat(PathBuf);

impl Socat {
    fn open(&self, server: &Server, input: &[u8]) -> Piped {
        Piped::open(&self.0, &["-", &format!("TCP:127.0.0.1:{}", server.port)], input)
    }

    /// A connection that was served, and stays.
    #[track_caller]
    fn guest(&self, server: &Server) -> Piped {
        let guest = self.open(server, REQUEST);
        wait_until("an answer", LIMIT, || guest.output().ends_with(b"here").then_some(()));
        guest
    }
}

fn serving(arguments: &[&str]) -> Server {
    let server = Server::start(arguments);
    server.folder.holds("f", b"here");
    server
}

/// Whether curl is served, or is told to come again, or finds the connection closed before that.
#[track_caller]
fn is_served(curl: &Curl, arguments: &[&str], server: &Server) -> bool {
    let (ended, got) = curl.try_many(arguments, &[&server.url("/f")]);
    match ended.code() {
        Some(0) if got[0].status == 503 => {
            assert!(got[0].field("Retry-After").is_some_and(|time| time.parse::<u32>().is_ok()));
            assert_eq!(got[0].field("Connection"), Some("close"));
            false
        }
        Some(0) => got[0].expect(200, b"here").status == 200,
        // the end of the stream, or a reset
        Some(52 | 55 | 56) => false,
        _ => panic!("{ended}"),
    }
}

/// Who comes too late is not kept waiting, and is served when somebody has left.
#[test]
fn connections_are_limited() {
    let curl = require!(Curl::new());
    let socat = Socat(require!(find("socat")));
    let server = serving(&["--http-connections", "3"]);
    let mut guests: Vec<Piped> = (0..3).map(|_| socat.guest(&server)).collect();
    for arguments in [&[][..], &["--interface", "127.0.0.2"]] {
        assert!(!is_served(&curl, arguments, &server));
    }
    let error = server.events("error").swap_remove(0);
    assert!(error["error"].as_str().unwrap().contains("--http-connections"), "{error}");
    guests[1].says(REQUEST);
    wait_until("another answer", LIMIT, || {
        let output = String::from_utf8(guests[1].output()).unwrap();
        (output.matches("here").count() == 2).then_some(())
    });
    guests.pop();
    wait_until("a place", LIMIT, || is_served(&curl, &[], &server).then_some(()));
}

#[test]
fn connections_of_one_peer_are_limited() {
    let curl = require!(Curl::new());
    let socat = Socat(require!(find("socat")));
    let server = serving(&["--http-per-peer", "2"]);
    let mut guests = vec![socat.guest(&server), socat.guest(&server)];
    assert!(!is_served(&curl, &[], &server));
    assert!(is_served(&curl, &["--interface", "127.0.0.2"], &server));
    guests.pop();
    wait_until("a place", LIMIT, || is_served(&curl, &[], &server).then_some(()));
}

/// A head that does not come to its end in time, whether its octets stop or not, is answered with 408,
/// and the connection is closed.
#[test]
fn the_time_of_a_head_is_limited() {
    let socat = Socat(require!(find("socat")));
    let curl = require!(Curl::new());
    let server = serving(&["--http-head", "500ms"]);
    for start in [&b"G"[..], b"GET /f HTTP/1.1\r\n", b"GET /f HTTP/1.1\r\nHost: a\r\n\r\nGET /"] {
        let stopped = socat.open(&server, start);
        let slow = socat.open(&server, start);
        // at most as long as anything may take
        for _ in 0..600 {
            if String::from_utf8(slow.output()).unwrap().contains(" 408 ") {
                break;
            }
            slow.says(b"a");
            thread::sleep(Duration::from_millis(100));
        }
        for client in [stopped, slow] {
            let text = String::from_utf8(client.wait().1).unwrap();
            let text = text.split_once("here").map_or(&*text, |(_, text)| text);
            assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
            assert!(text.contains("\r\nConnection: close\r\n"), "{text}");
        }
        assert!(is_served(&curl, &[], &server));
    }
}

/// Who says nothing, at first or between requests, is sent away without a word.
#[test]
fn idle_connections_are_closed() {
    let socat = Socat(require!(find("socat")));
    let server = serving(&["--http-idle", "500ms"]);
    let silent = socat.open(&server, b"");
    let served = socat.open(&server, REQUEST);
    let (ended, output) = silent.wait();
    ended.expect_success();
    assert_eq!(output, b"");
    let (ended, output) = served.wait();
    ended.expect_success();
    assert!(output.ends_with(b"\r\n\r\nhere"));
}

#[test]
fn the_length_of_a_head_is_limited() {
    let curl = require!(Curl::new());
    let server = serving(&["--http-max-head", "2048"]);
    let field = |len: usize| format!("X-Long: {}", "a".repeat(len));
    curl.get(&["-H", &field(1700)], &server.url("/f")).expect(200, b"here");
    let got = curl.get(&["-H", &field(2048)], &server.url("/f"));
    assert_eq!(got.expect_status(431).field("Connection"), Some("close"));
    let fields: Vec<String> = (0..30).map(|n| format!("X-{n}: {}", "a".repeat(100))).collect();
    let arguments: Vec<&str> = fields.iter().flat_map(|field| ["-H", field]).collect();
    curl.get(&arguments, &server.url("/f")).expect_status(431);
    let query = format!("/f?{}", "a".repeat(3000));
    // line and head are both too long
    assert!(matches!(curl.get(&[], &server.url(&query)).status, 414 | 431));
    curl.get(&[], &server.url(&query[..1000])).expect(200, b"here");
    // without the option, what clients usually send fits
    let server = serving(&[]);
    curl.get(&["-H", &field(12_000)], &server.url("/f")).expect(200, b"here");
    curl.get(&["-H", &field(17_000)], &server.url("/f")).expect_status(431);
    let query = format!("/f?{}", "a".repeat(9000));
    curl.get(&[], &server.url(&query)).expect_status(414);
}

/// A body that nobody wants is read no further than is polite.
#[test]
fn bodies_that_nobody_wants_are_not_read_for_ever() {
    let curl = require!(Curl::new());
    let server = serving(&[]);
    let source = server.folder.outside("source");
    std::fs::File::create(&source).unwrap().set_len(1 << 30).unwrap();
    let arguments = ["-H", "Expect:", "-T", crate::server::utf8(&source)];
    let (ended, got) = curl.try_many(&arguments, &[&server.url("/f")]);
    assert!(matches!(ended.code(), Some(0 | 55 | 56)), "{ended}");
    got[0].expect_status(405);
    assert!(got[0].uploaded() < 64 << 20, "{}", got[0].uploaded());
}
