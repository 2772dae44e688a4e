//! However the requests are cut, the answers are the same.

use crate::rig::{Call, Do, Log, Plan, Site, get, in_time, no_drain, options, pattern, post, same};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wirelore_http1::encode::Body;
use wirelore_testkit::{Cutting, Rng};
use wirelore_tokio::DriverConfig;
use wirelore_tokio::http1::server::ServerOptions;

fn site() -> Site {
    let echo = [Do::Read, Do::RespondWith(200, "read".into())];
    let chunks = [
        Do::Respond(200, Body::Unknown),
        Do::Send(pattern(700)),
        Do::Send(pattern(3000)),
        Do::Trailers,
    ];
    let before = [
        Do::Respond(200, Body::Length(5)),
        Do::Send("first".into()),
        Do::Finish,
        Do::Read,
    ];
    Site::new()
        .at("/owned", Plan::Owned(200, pattern(5000)))
        .at("/304", Plan::Head(304, Some(9)))
        .job("/echo", echo)
        .job("/chunks", chunks)
        .job("/before", before)
        .job("/job", [Do::RespondWith(404, pattern(2000))])
}

fn asked() -> String {
    let chunked = "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\
        4\r\nsome\r\n6;ext=1\r\n words\r\n0\r\nX-Sum: 10\r\n\r\n";
    let lost = "PUT /now HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\
        3\r\nabc\r\n0\r\n\r\n";
    [
        get("/now"),
        "\r\n".into(),
        get("/owned"),
        chunked.into(),
        get("/304"),
        lost.into(),
        get("/chunks"),
        post("/echo", "body"),
        get("/job").replace("GET", "HEAD"),
        post("/before", "behind"),
        post("/now", "nobody reads this"),
        get("/end").replace("h\r\n", "h\r\nConnection: close\r\n"),
        get("/too late"),
    ]
    .concat()
}

/// What the handler saw, without regard to how bodies were cut.
fn seen(log: &Log) -> String {
    let mut seen = String::new();
    for line in log.lines() {
        match line.strip_prefix("data ") {
            Some(data) if seen.ends_with('>') => {
                seen.pop();
                seen += &format!("{data}>");
            }
            Some(data) => seen += &format!("<{data}>"),
            None => seen += &format!("[{line}]"),
        }
    }
    seen
}

async fn conversation(
    asked: &[&[u8]],
    options: &ServerOptions,
    pipe: usize,
) -> (Vec<u8>, String, String) {
    let site = site();
    let mut call = Call::with(&site, options, no_drain(), pipe);
    let mut said = Vec::new();
    let (mut hear, mut say) = tokio::io::split(call.client);
    let talk = async {
        for piece in asked {
            // the server has closed, perhaps
            if say.write_all(piece).await.is_err() {
                break;
            }
            if piece.len() > 1 {
                tokio::task::yield_now().await;
            }
        }
        let _ = say.shutdown().await;
    };
    let (heard, ()) = in_time(async { tokio::join!(hear.read_to_end(&mut said), talk) }).await;
    heard.unwrap();
    call.client = hear.unsplit(say);
    let ended = call.ends().await;
    (said, ended, seen(&site.log))
}

async fn check(cutting: &Cutting, options: &ServerOptions, pipe: usize) {
    let asked = asked();
    let whole = conversation(&[asked.as_bytes()], &crate::rig::options(), 1 << 20).await;
    let pieces: Vec<&[u8]> = cutting.pieces(asked.as_bytes()).collect();
    let (said, ended, seen) = conversation(&pieces, options, pipe).await;
    same(&said, &whole.0);
    let case = format!("{cutting:?}, pipe {pipe}");
    assert_eq!((ended, seen), (whole.1, whole.2), "{case}");
}

#[tokio::test]
async fn the_whole_is_what_it_should_be() {
    let asked = asked();
    let (said, ended, seen) = conversation(&[asked.as_bytes()], &options(), 1 << 20).await;
    assert_eq!(ended, "closed");
    assert_eq!(
        seen,
        "[GET /now][GET /owned][POST /echo]<some words>[end true][GET /304][PUT /now][GET /chunks]\
        [POST /echo]<body>[end true][HEAD /job][POST /before]<behind>[end true][POST /now][GET /end]"
    );
    let heads = said.windows(9).filter(|it| it == b"HTTP/1.1 ").count();
    assert_eq!(heads, 11);
    assert!(said.ends_with(b"Connection: close\r\nContent-Length: 4\r\n\r\n/end"));
}

#[tokio::test]
async fn every_cutting_gives_the_same_answers() {
    let len = asked().len();
    for cutting in Cutting::all(len, 11).step_by(3) {
        check(&cutting, &options(), 1 << 20).await;
    }
    check(&Cutting::octets(len), &options(), 1 << 20).await;
}

#[tokio::test]
async fn every_size_of_pipe_and_buffer_gives_the_same_answers() {
    let len = asked().len();
    let mut rng = Rng::new(12);
    for pipe in [1, 2, 7, 64, 1000, 5000] {
        for (receive, high, low) in [(0, 0, 0), (0, 100, 10), (65_536, 1, 1), (300, 4096, 4096)] {
            let mut options = options();
            options.driver = DriverConfig {
                receive,
                high,
                low,
                ..DriverConfig::default()
            };
            check(&Cutting::random(len, &mut rng), &options, pipe).await;
        }
    }
}
