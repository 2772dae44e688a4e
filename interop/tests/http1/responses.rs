//! Responses of nginx, read by our client: as they come, and once more in all kinds of pieces.

use std::path::Path;

use wirelore_http1::Version;
use wirelore_http1::wire::Framing;
use wirelore_interop::{find, require};
use wirelore_testkit::Rng;

use crate::client::{Ask, Got, exchange, reread};
use crate::origin::Origin;
use crate::theirs::{Nginx, curl, files_served, piped};

/// What a response is to be.
struct Wanted {
    ask: Ask,
    status: u16,
    framing: Framing,
}

fn wanted(ask: Ask, status: u16, framing: Framing) -> Wanted {
    Wanted { ask, status, framing }
}

fn get(target: &str) -> Ask {
    Ask::new("GET", target)
}

/// `etag` and `modified`: of `large.bin`.
fn cases(etag: &str, modified: &str) -> Vec<Wanted> {
    let large = || get("/files/large.bin");
    let old = |ask: Ask| ask.version(Version::Http10);
    vec![
        wanted(large(), 200, Framing::Length(200_000)),
        wanted(get("/files/empty"), 200, Framing::Length(0)),
        wanted(get("/files/small.txt"), 200, Framing::Length(98_000)),
        wanted(large().with("Range", "bytes=100-299"), 206, Framing::Length(200)),
        wanted(large().with("Range", "bytes=-1"), 206, Framing::Length(1)),
        wanted(large().with("Range", "bytes=200000-"), 416, Framing::Length(197)),
        wanted(large().with("If-None-Match", etag), 304, Framing::None),
        wanted(large().with("If-Modified-Since", modified), 304, Framing::None),
        wanted(large().with("If-Match", "\"another\""), 412, Framing::Length(173)),
        wanted(Ask::new("HEAD", "/files/large.bin"), 200, Framing::None),
        wanted(Ask::new("HEAD", "/listing/"), 200, Framing::None),
        wanted(get("/listing/"), 200, Framing::Chunked),
        wanted(get("/trailers/large.bin"), 200, Framing::Chunked),
        wanted(get("/gzipped/small.txt").with("Accept-Encoding", "gzip"), 200, Framing::Chunked),
        wanted(get("/nothing"), 204, Framing::None),
        wanted(get("/files"), 301, Framing::Length(169)),
        wanted(get("/files/"), 403, Framing::Length(153)),
        wanted(get("/files/missing"), 404, Framing::Length(153)),
        wanted(Ask::new("DELETE", "/files/large.bin"), 405, Framing::Length(157)),
        wanted(Ask::new("HEAD", "/files/missing"), 404, Framing::None),
        wanted(old(large()), 200, Framing::Length(200_000)),
        wanted(old(get("/trailers/small.txt")), 200, Framing::Length(98_000)),
        // these end their connections
        wanted(old(get("/listing/")), 200, Framing::UntilEof),
        wanted(large().with("Connection", "close"), 200, Framing::Length(200_000)),
        wanted(get("/listing/").with("Connection", "close"), 200, Framing::Chunked),
        wanted(Ask::new("OPTIONS", "*"), 400, Framing::Length(157)),
    ]
}

#[test]
fn we_read_what_nginx_writes() {
    let origin = Origin::start();
    let nginx = require!(Nginx::start(origin.port));
    let (program, gzip) = (require!(find("curl")), require!(find("gzip")));
    let mut kept = Vec::new();
    for Wanted { ask, status, framing } in cases_of(&nginx) {
        let exchange = exchange(nginx.port, std::slice::from_ref(&ask));
        let [got] = &exchange.got[..] else { panic!("{ask:?}: {:?}", exchange.got) };
        let line = (got.status, got.framing);
        // pages of nginx name its version, so their lengths vary
        if let (Framing::Length(_), true) = (framing, status >= 300) {
            assert!(matches!(got.framing, Framing::Length(100..300)), "{ask:?}: {got:?}");
            assert_eq!(got.status, status, "{ask:?}");
        } else {
            assert_eq!(line, (status, framing), "{ask:?}: {got:?}");
        }
        assert_eq!(got.version, Version::Http11);
        check_body(&program, &gzip, &nginx, &ask, got);
        check_cuts(std::slice::from_ref(&ask), &exchange.received, &exchange.got);
        // nginx 1.22 closes behind a 412, although it says that it does not
        if got.keep_alive && status != 412 {
            kept.push(ask);
        } else if !got.keep_alive {
            assert!(ask.version == Version::Http10 || status == 400 || has_close(&ask), "{ask:?}");
        }
    }
    assert!(kept.len() >= 20, "{}", kept.len());
    let exchange = exchange(nginx.port, &kept);
    assert_eq!(exchange.got.len(), kept.len());
    check_cuts(&kept, &exchange.received, &exchange.got);
}

fn has_close(ask: &Ask) -> bool {
    ask.fields.iter().any(|(name, value)| name == "Connection" && value == "close")
}

fn cases_of(nginx: &Nginx) -> Vec<Wanted> {
    let large = exchange(nginx.port, &[Ask::new("HEAD", "/files/large.bin")]).got;
    let field = |name: &str| large[0].field(name).expect("a field of nginx").to_owned();
    cases(&field("ETag"), &field("Last-Modified"))
}

/// The body is what nginx has, or what curl gets.
#[track_caller]
fn check_body(program: &Path, gzip: &Path, nginx: &Nginx, ask: &Ask, got: &Got) {
    let name = ask.target.rsplit('/').next().unwrap_or_default();
    let file = files_served().into_iter().find(|(other, _)| *other == name);
    match file {
        _ if ask.method == "HEAD" || matches!(got.status, 204 | 304) => assert_eq!(got.body, b""),
        Some((_, octets)) if got.status == 200 && got.field("Content-Encoding").is_none() => {
            assert!(got.body == octets, "{ask:?}: {} octets", got.body.len());
        }
        Some((_, octets)) if got.status == 200 => {
            assert_eq!(got.field("Content-Encoding"), Some("gzip"));
            assert!(got.body.len() < octets.len() / 10);
            let (code, unpacked, said) = piped(gzip, &["-dc"], &got.body);
            assert!(code == 0 && unpacked == octets, "{said}");
        }
        Some((_, octets)) if got.status == 206 => {
            let range = got.field("Content-Range").expect("a range");
            let range = range.strip_prefix("bytes ").and_then(|range| range.split_once('/'));
            let (first, last) = range.and_then(|(range, _)| range.split_once('-')).expect("two");
            let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
            assert!(got.body == octets[first..=last], "{ask:?}");
        }
        _ if ask.target.starts_with('/') && ask.method == "GET" => {
            let fields: Vec<String> = ask.fields[1..]
                .iter()
                .flat_map(|(name, value)| ["-H".into(), format!("{name}: {value}")])
                .collect();
            let arguments: Vec<&str> = fields.iter().map(String::as_str).collect();
            let theirs = curl(program, &arguments, &nginx.url(&ask.target));
            assert_eq!(theirs.status, got.status);
            assert!(theirs.body == got.body && !got.body.is_empty(), "{ask:?}");
        }
        _ => assert!(!got.body.is_empty()),
    }
    if ask.target.starts_with("/trailers/") && got.framing == Framing::Chunked {
        let names: Vec<&str> = got.trailers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["X-Sum", "X-Place"], "{got:?}");
    } else {
        assert!(got.trailers.is_empty(), "{got:?}");
    }
}

/// However the octets are cut, the responses are the same.
#[track_caller]
fn check_cuts(asks: &[Ask], received: &[u8], got: &[Got]) {
    assert!(reread(asks, received, || usize::MAX >> 1) == got, "{asks:?}: whole");
    assert!(reread(asks, received, || 1) == got, "{asks:?}: single octets");
    let mut rng = Rng::new(received.len() as u64);
    for _ in 0..4 {
        let most = 2 + rng.below(3000);
        assert!(reread(asks, received, || rng.below(most) as usize) == got, "{asks:?}: pieces");
    }
}

/// Parts of a file come as one body.
#[test]
fn several_ranges_are_one_body() {
    let origin = Origin::start();
    let nginx = require!(Nginx::start(origin.port));
    let ask = get("/files/large.bin").with("Range", "bytes=0-9,50-59");
    let exchange = exchange(nginx.port, std::slice::from_ref(&ask));
    let got = &exchange.got[0];
    assert_eq!(got.status, 206);
    assert_eq!(got.framing, Framing::Length(got.body.len() as u64));
    let kind = got.field("Content-Type").expect("a type");
    assert!(kind.starts_with("multipart/byteranges; boundary="), "{kind}");
    let (_, octets) = &files_served()[2];
    for part in [&octets[0..10], &octets[50..60]] {
        assert!(got.body.windows(part.len()).any(|window| window == part));
    }
    check_cuts(&[ask], &exchange.received, &exchange.got);
}
