//! HTTP subjects: heads as a browser and a server send them, bodies of 1 MiB.

use std::hint::black_box;
use std::sync::LazyLock;

use wirelore_http1::encode::{
    Body, ConnectionOption, FieldBlock, Response, response_framing, write_response_head,
};
use wirelore_http1::wire::{Field, MethodKind, parse_request, parse_response};
use wirelore_http1::{
    Config, Input, Limits, Machine, Next, RequestEvent, RequestReceiver, ResponseReceiver,
    ServerConfig, ServerConnection, Version,
};

/// How long the bodies are.
pub const LEN: usize = 1 << 20;
/// In pieces of this size they come.
pub const PIECE: usize = 16 * 1024;
/// So many heads make one piece of work.
pub const HEADS: usize = 64;

/// The heads that come in single octets: about as long as a browser's, and ten times that.
pub const SHORT: usize = 700;
/// See [`SHORT`].
pub const LONG: usize = 7000;

/// What a browser says beside Host.
const BROWSER: [&str; 11] = [
    "Connection: keep-alive",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language: en-GB,en;q=0.7,is;q=0.3",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Referer: http://gazette.example.org/1994/08/",
    "Upgrade-Insecure-Requests: 1",
    "Sec-Fetch-Dest: document",
    "Sec-Fetch-Mode: navigate",
    "Priority: u=0, i",
    "Cookie: session=5fd924625f6ab16a19cc9807c7c506ae1813490e4ba675f843d5a10e0baacdb8; theme=dark",
];

/// What a server says beside Content-Length.
const SERVER: [(&str, &str); 8] = [
    ("Date", "Sat, 21 Nov 2026 12:00:00 GMT"),
    ("Server", "wirelore"),
    ("Content-Type", "text/html; charset=utf-8"),
    ("Last-Modified", "Fri, 20 Nov 2026 08:30:00 GMT"),
    ("ETag", "\"5fd924625f6ab16a\""),
    ("Cache-Control", "max-age=300"),
    ("Vary", "Accept-Encoding"),
    ("X-Frame-Options", "SAMEORIGIN"),
];

/// The head of a browser's request.
pub static REQUEST: LazyLock<Vec<u8>> = LazyLock::new(|| request(0));

/// The head of a server's response, whose body is not sent.
pub static RESPONSE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut head = "HTTP/1.1 304 Not Modified\r\n".to_owned();
    for (name, value) in SERVER {
        head += &format!("{name}: {value}\r\n");
    }
    (head + "\r\n").into_bytes()
});

static REQUESTS: LazyLock<Vec<u8>> = LazyLock::new(|| REQUEST.repeat(HEADS));
static RESPONSES: LazyLock<Vec<u8>> = LazyLock::new(|| RESPONSE.repeat(HEADS));
static SHORT_REQUEST: LazyLock<Vec<u8>> = LazyLock::new(|| request(SHORT));
static LONG_REQUEST: LazyLock<Vec<u8>> = LazyLock::new(|| request(LONG));
static LENGTH: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut stream = posted(&format!("Content-Length: {LEN}"));
    stream.resize(stream.len() + LEN, b'x');
    stream
});
static CHUNKS_OF_1K: LazyLock<Vec<u8>> = LazyLock::new(|| chunked(1024));
static CHUNKS_OF_16K: LazyLock<Vec<u8>> = LazyLock::new(|| chunked(16 * 1024));

/// A head with all fields of a browser, and those again until it has `octets` octets or a few more.
fn request(octets: usize) -> Vec<u8> {
    let mut head = "GET /gazette/1994/08/dispatches-from-the-wire?ref=front HTTP/1.1\r\n\
        Host: gazette.example.org\r\n"
        .to_owned();
    for (number, line) in BROWSER.iter().cycle().enumerate() {
        if number >= BROWSER.len() && head.len() + 2 >= octets {
            break;
        }
        head += line;
        head += "\r\n";
    }
    (head + "\r\n").into_bytes()
}

fn posted(framing: &str) -> Vec<u8> {
    format!("POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n").into_bytes()
}

fn chunked(size: usize) -> Vec<u8> {
    let mut stream = posted("Transfer-Encoding: chunked");
    for _ in 0..LEN / size {
        stream.extend_from_slice(format!("{size:x}\r\n").as_bytes());
        stream.resize(stream.len() + size, b'x');
        stream.extend_from_slice(b"\r\n");
    }
    stream.extend_from_slice(b"0\r\n\r\n");
    stream
}

/// A browser's head, at the value level: [`HEADS`] times.
pub fn parse_requests() {
    let config = Config::default();
    let mut table = [Field::default(); 32];
    for _ in 0..HEADS {
        let head = parse_request(black_box(&REQUEST), &mut table, &config);
        assert!(matches!(black_box(head), Ok(Some(_))));
    }
}

/// A server's head, at the value level: [`HEADS`] times.
pub fn parse_responses() {
    let config = Config::default();
    let mut table = [Field::default(); 32];
    for _ in 0..HEADS {
        let head = parse_response(black_box(&RESPONSE), &mut table, MethodKind::Get, &config);
        assert!(matches!(black_box(head), Ok(Some(_))));
    }
}

/// [`HEADS`] heads of a browser in a row, by the receiver.
pub fn receive_requests() {
    let mut receiver = RequestReceiver::new(Config::default());
    assert_eq!(events(&mut receiver, &REQUESTS, PIECE), 2 * HEADS);
}

/// [`HEADS`] heads of a server in a row, by the receiver.
pub fn receive_responses() {
    let mut receiver = ResponseReceiver::new(Config::default());
    for _ in 0..HEADS {
        receiver.expect(MethodKind::Get);
    }
    assert_eq!(events(&mut receiver, &RESPONSES, PIECE), 2 * HEADS);
}

/// A head of [`SHORT`] octets, an octet at a time.
pub fn short_single() {
    single(&SHORT_REQUEST);
}

/// A head of [`LONG`] octets, an octet at a time.
pub fn long_single() {
    single(&LONG_REQUEST);
}

fn single(head: &[u8]) {
    let limits = Limits {
        max_headers: 200,
        ..Limits::default()
    };
    let mut receiver = RequestReceiver::new(Config {
        limits,
        ..Config::default()
    });
    assert_eq!(events(&mut receiver, head, 1), 2);
}

/// How long the heads are that come in single octets.
#[must_use]
pub fn single_lengths() -> (usize, usize) {
    (SHORT_REQUEST.len(), LONG_REQUEST.len())
}

/// A body with Content-Length.
pub fn length() {
    assert!(events(&mut RequestReceiver::new(Config::default()), &LENGTH, PIECE) > 2);
}

/// A body in chunks of 1 KiB.
pub fn chunks_of_1k() {
    let mut receiver = RequestReceiver::new(Config::default());
    assert!(events(&mut receiver, &CHUNKS_OF_1K, PIECE) > LEN / 1024);
}

/// A body in chunks of 16 KiB.
pub fn chunks_of_16k() {
    let mut receiver = RequestReceiver::new(Config::default());
    assert!(events(&mut receiver, &CHUNKS_OF_16K, PIECE) > LEN / PIECE);
}

/// Steps `machine` through `stream`, of which `piece` octets more are there each time: how many events.
fn events(machine: &mut impl Machine, stream: &[u8], piece: usize) -> usize {
    let (mut count, mut at, mut end) = (0, 0, 0);
    let mut out = Vec::new();
    while end < stream.len() {
        end = (end + piece).min(stream.len());
        loop {
            let step = machine.step(Input::more(&stream[at..end]), &mut out);
            let step = step.unwrap_or_else(|error| panic!("{error}"));
            at += step.consumed;
            match step.next {
                Next::Event(event) => {
                    black_box(event);
                    count += 1;
                }
                Next::NeedMore if step.consumed == 0 => break,
                Next::NeedMore => {}
                Next::Paused | Next::Done => panic!("the stream ends early"),
            }
        }
    }
    assert!(out.is_empty());
    count
}

/// A response's head with fields made in advance, by the server's side of a connection: [`HEADS`]
/// times, with the request that each needs.
pub fn answer_requests() {
    let fields = FieldBlock::of(SERVER).expect("good fields");
    let response = Response::new(200, &fields);
    let mut server = ServerConnection::new(ServerConfig::default());
    let mut out = Vec::with_capacity(1024);
    let mut rest = &REQUESTS[..];
    while !rest.is_empty() {
        let step = server.step(Input::more(rest), &mut out);
        let step = step.unwrap_or_else(|error| panic!("{error}"));
        rest = &rest[step.consumed..];
        if let Next::Event(RequestEvent::End { .. }) = step.next {
            let sent = server.respond_with(&response, black_box(b"hello"), &mut out);
            assert_eq!(sent, Ok(()));
            assert_eq!(server.next_cycle(), Ok(()));
            black_box(&out);
            out.clear();
        }
    }
}

/// A response's head with fields made in advance: [`HEADS`] times.
pub fn encode_responses() {
    let fields = FieldBlock::of(SERVER).expect("good fields");
    let mut out = Vec::with_capacity(1024);
    for _ in 0..HEADS {
        let response = Response::new(black_box(200), &fields);
        let body = Body::Length(black_box(14_302));
        let framing = response_framing(200, MethodKind::Get, Version::Http11, body);
        let framing = framing.expect("a body");
        let written =
            write_response_head(&response, framing.head, ConnectionOption::None, &mut out);
        assert_eq!(written, Ok(()));
        black_box(&out);
        out.clear();
    }
}
