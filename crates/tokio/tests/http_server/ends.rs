//! Clients that go away, in every way and at every time.

use crate::rig::{Call, Do, Plan, Site, get, in_time, ok, options, over_tcp, pattern, post, shown};
use socket2::SockRef;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wirelore_http1::encode::Body;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Going {
    Closes,
    Resets,
    /// Closes its sending direction and reads on.
    Half,
}

async fn go(mut client: TcpStream, how: Going) -> Vec<u8> {
    let mut heard = Vec::new();
    match how {
        Going::Closes => drop(client),
        Going::Resets => {
            SockRef::from(&client)
                .set_linger(Some(Duration::ZERO))
                .unwrap();
        }
        Going::Half => {
            client.shutdown().await.unwrap();
            // whether it is whole or not
            let _ = in_time(client.read_to_end(&mut heard)).await;
        }
    }
    heard
}

fn site() -> Site {
    let pieces = [
        Do::Respond(200, Body::Unknown),
        Do::Send(pattern(3_000_000)),
        Do::Send(pattern(3_000_000)),
        Do::Finish,
    ];
    let wait = [Do::HungUp, Do::RespondWith(200, "gone".into())];
    Site::new()
        .job("/read", [Do::Read, Do::RespondWith(200, "read".into())])
        .job("/wait", wait)
        .job("/pieces", pieces)
        .job("/whole", [Do::RespondWith(200, pattern(6_000_000))])
        .at("/owned", Plan::Owned(200, pattern(6_000_000)))
        .at("/copied", Plan::Copied(200, pattern(6_000_000)))
}

/// What is said before the client goes, and whether some of the answer is read first.
fn phases() -> Vec<(&'static str, String, usize)> {
    let cut_short = |words: String, less: usize| words[..words.len() - less].to_string();
    let chunks = "POST /read HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab";
    vec![
        ("nothing", String::new(), 0),
        ("part of a head", cut_short(get("/now"), 5), 0),
        ("empty lines", "\r\n\r\n\r".into(), 0),
        ("part of a body", cut_short(post("/read", "body"), 1), 0),
        ("part of a chunk", chunks.into(), 0),
        (
            "part of a body that nobody reads",
            cut_short(post("/now", "body"), 1),
            10,
        ),
        ("a request", get("/now"), 0),
        ("between requests", get("/now"), ok("/now").len()),
        ("a job at work", get("/wait"), 0),
        ("a job at work, and more", get("/wait") + &get("/now"), 0),
        ("pieces", get("/pieces"), 1000),
        ("whole", get("/whole") + &get("/now"), 1000),
        ("owned", get("/owned") + &get("/owned"), 1000),
        ("copied", get("/copied"), 1000),
        ("nonsense", "nonsense\r\n\r\n".into(), 10),
        (
            "the last",
            get("/now").replace("h\r\n", "h\r\nConnection: close\r\n"),
            10,
        ),
    ]
}

#[tokio::test]
async fn the_server_is_through_with_whoever_goes() {
    for (phase, words, read) in phases() {
        for how in [Going::Closes, Going::Resets, Going::Half] {
            let (mut client, served) = over_tcp(&site(), &options()).await;
            client.write_all(words.as_bytes()).await.unwrap();
            client.read_exact(&mut vec![0; read]).await.unwrap();
            if read == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let heard = go(client, how).await;
            let ended = shown(&in_time(served).await.unwrap());
            let case = format!("{phase}, {how:?}: {ended}");
            if how == Going::Half {
                let cut_short = phase.starts_with("part") || phase.starts_with("empty");
                let wanted = match phase {
                    "nonsense" => "refused missing-version",
                    _ if cut_short => "refused truncated",
                    _ => "closed",
                };
                assert_eq!(ended, wanted, "{case}");
                let len = heard.len();
                match phase {
                    "pieces" | "whole" | "copied" => assert!(len > 5_999_000, "{case}: {len}"),
                    "owned" => assert!(len > 11_999_000, "{case}: {len}"),
                    "a job at work" => assert_eq!(heard, ok("gone").as_bytes()),
                    "a request" => assert_eq!(heard, ok("/now").as_bytes()),
                    _ => {}
                }
            }
        }
    }
}

#[tokio::test]
async fn over_a_pipe_too() {
    for (phase, words, read) in phases() {
        for half in [false, true] {
            let mut call = Call::with(&site(), &options(), crate::rig::no_drain(), 5000);
            call.say(words.as_bytes()).await;
            call.client.read_exact(&mut vec![0; read]).await.unwrap();
            if half {
                call.client.shutdown().await.unwrap();
                let _ = in_time(call.client.read_to_end(&mut Vec::new())).await;
            }
            let ended = call.hangs_up().await;
            assert!(!half || !ended.starts_with("io"), "{phase}: {ended}");
        }
    }
}

#[tokio::test]
async fn a_job_that_waits_learns_that_the_client_is_gone() {
    for how in [Going::Closes, Going::Resets] {
        let site = site();
        let (mut client, served) = over_tcp(&site, &options()).await;
        client.write_all(get("/wait").as_bytes()).await.unwrap();
        while site.log.lines().is_empty() {
            tokio::task::yield_now().await;
        }
        go(client, how).await;
        let ended = shown(&in_time(served).await.unwrap());
        match how {
            Going::Resets => assert!(ended.starts_with("cut: Connection reset"), "{ended}"),
            // nobody can tell this from a client that still listens
            _ => assert!(!ended.starts_with("cut"), "{ended}"),
        }
    }
}
