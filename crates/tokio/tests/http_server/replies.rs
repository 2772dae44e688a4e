//! Replies, in order and joined.

use crate::rig::{
    Call, Do, Plan, Site, closing, get, in_time, last, no_drain, ok, options, pattern, post, said,
    same, shown, spawn,
};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use wirelore_http1::encode::Body;
use wirelore_tokio::http1::server::ServerOptions;

#[tokio::test]
async fn a_hundred_pipelined_requests_are_answered_in_order_with_one_write() {
    let (stream, counts) = Counted::pair(1 << 20);
    let (mut client, stream) = stream;
    let served = spawn(stream, Site::new(), options(), no_drain());
    let (mut asked, mut answers) = (String::new(), String::new());
    for at in 0..100 {
        asked += &get(&format!("/{at}"));
        answers += &ok(&format!("/{at}"));
    }
    client.write_all(asked.as_bytes()).await.unwrap();
    let mut heard = vec![0; answers.len()];
    in_time(client.read_exact(&mut heard)).await.unwrap();
    same(&heard, answers.as_bytes());
    assert_eq!(counts.writes.load(Relaxed), 1);
    // the buffer grows with what comes
    assert!(counts.reads.load(Relaxed) <= 4, "{counts:?}");
    drop(client);
    assert_eq!(shown(&in_time(served).await.unwrap()), "closed");
}

#[tokio::test]
async fn one_request_is_one_read_and_one_write() {
    let (stream, counts) = Counted::pair(1 << 20);
    let (mut client, stream) = stream;
    let steps = [
        Do::Respond(200, Body::Length(5000)),
        Do::Send(pattern(5000)),
        Do::Finish,
    ];
    let site = Site::new()
        .at("/owned", Plan::Owned(200, pattern(5000)))
        .job("/whole", [Do::RespondWith(200, pattern(5000))])
        .job("/pieces", steps);
    let served = spawn(stream, site, options(), no_drain());
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n";
    let long = [&head[..], &pattern(5000)].concat();
    let mut round = 0;
    for target in ["/short", "/owned", "/whole", "/pieces"].repeat(3) {
        let wanted = match target {
            "/short" => ok("/short").into_bytes(),
            _ => long.clone(),
        };
        client.write_all(get(target).as_bytes()).await.unwrap();
        let mut heard = vec![0; wanted.len()];
        in_time(client.read_exact(&mut heard)).await.unwrap();
        same(&heard, &wanted);
        round += 1;
        let writes = counts.writes.load(Relaxed);
        // what is sent piece by piece goes when it is there
        let more = if target == "/pieces" {
            round / 4
        } else {
            (round - 1) / 4
        };
        assert!(writes <= round + more, "{target}: {counts:?}");
        assert_eq!(counts.reads.load(Relaxed), round, "{target}");
    }
    drop(client);
    assert_eq!(shown(&in_time(served).await.unwrap()), "closed");
}

#[tokio::test]
async fn long_bodies_are_not_copied_and_stay_in_order() {
    let long = pattern(100_000);
    let site = Site::new()
        .at("/copied", Plan::Copied(200, long.clone()))
        .at("/owned", Plan::Owned(200, long.clone()))
        .at("/4096", Plan::Owned(200, long.slice(..4096)))
        .at("/4097", Plan::Owned(200, long.slice(..4097)))
        .job("/job", [Do::RespondWith(200, long.clone())]);
    let targets = [
        "/owned", "/1", "/copied", "/4096", "/job", "/4097", "/2", "/owned", "/job",
    ];
    let mut wanted = Vec::new();
    let mut call = Call::new(&site, &options());
    call.say(targets.map(get).concat()).await;
    for target in targets {
        let body = match target {
            "/1" | "/2" => Bytes::from(target),
            "/4096" => long.slice(..4096),
            "/4097" => long.slice(..4097),
            _ => long.clone(),
        };
        let len = body.len();
        wanted.extend(format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n").into_bytes());
        wanted.extend(body);
    }
    call.hears(wanted).await;
    assert_eq!(call.hangs_up().await, "closed");
}

/// The pieces that are written, by where they are in memory.
#[tokio::test]
async fn the_octets_of_a_long_body_are_written_from_where_they_are() {
    let long = pattern(50_000);
    let (stream, counts) = Counted::pair(1 << 20);
    let (mut client, mut stream) = stream;
    stream.watched = long.as_ptr() as usize..long.as_ptr() as usize + long.len();
    let site = Site::new()
        .at("/owned", Plan::Owned(200, long.clone()))
        .job("/job", [Do::RespondWith(200, long.clone())])
        .at("/copied", Plan::Copied(200, long.clone()));
    let served = spawn(stream, site, options(), no_drain());
    for (target, in_place) in [("/owned", 50_000), ("/job", 100_000), ("/copied", 100_000)] {
        client.write_all(get(target).as_bytes()).await.unwrap();
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n";
        let mut heard = vec![0; head.len() + long.len()];
        in_time(client.read_exact(&mut heard)).await.unwrap();
        same(&heard, &[&head[..], &long].concat());
        assert_eq!(counts.in_place.load(Relaxed), in_place, "{target}");
    }
    drop(client);
    served.await.unwrap();
}

/// RFC 9112 §9.3.2.
#[tokio::test]
async fn jobs_and_answers_at_once_keep_their_order() {
    let slow = [
        Do::Wait(std::time::Duration::from_millis(5)),
        Do::RespondWith(200, "slow".into()),
    ];
    let chunks = [
        Do::Respond(200, Body::Unknown),
        Do::Send("one".into()),
        Do::Flush,
        Do::Send("two".into()),
        Do::Finish,
    ];
    let site = Site::new().job("/slow", slow).job("/chunks", chunks);
    let targets = [
        "/slow", "/a", "/chunks", "/slow", "/b", "/c", "/chunks", "/d",
    ];
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
        3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n";
    let wanted = targets.map(|target| match target {
        "/slow" => ok("slow"),
        "/chunks" => chunked.to_string(),
        _ => ok(target),
    });
    let (heard, ended) = said(&site, &options(), &targets.map(get).concat()).await;
    assert_eq!(heard, wanted.concat());
    assert_eq!(ended, "closed");
}

#[tokio::test]
async fn what_is_done_behind_an_answer_holds_nothing_back_of_it() {
    let body = pattern(5000);
    for steps in [vec![], vec![Do::Flush, Do::Read]] {
        let site = Site::new().at("/both", Plan::Both(200, body.clone(), steps));
        let mut call = Call::new(&site, &options());
        call.say(get("/both") + &get("/next")).await;
        call.hears("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
            .await;
        call.hears(&body).await;
        call.hears(ok("/next")).await;
        assert_eq!(call.hangs_up().await, "closed");
    }
}

/// RFC 9110 §8.6.
#[tokio::test]
async fn heads_alone() {
    let site = Site::new()
        .at("/304", Plan::Head(304, None))
        .at("/304/7", Plan::Head(304, Some(7)))
        .at("/7", Plan::Head(200, Some(7)))
        .at("/204", Plan::Copied(204, Bytes::new()))
        .at("/owned", Plan::Owned(200, pattern(10_000)))
        .job("/job", [Do::RespondWith(200, pattern(10_000))])
        .job("/job/304", [Do::RespondWith(304, Bytes::new())])
        .job("/job/chunks", [Do::Respond(200, Body::Unknown), Do::Finish]);
    let head = |target: &str| get(target).replace("GET", "HEAD");
    let asked = [
        get("/304"),
        get("/304/7"),
        head("/304"),
        head("/7"),
        head("/204"),
        get("/204"),
        head("/copied"),
        head("/owned"),
        head("/job"),
        get("/job/304"),
        head("/job/304"),
        head("/job/chunks"),
        get("/end"),
    ];
    let length = |len: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n");
    let unchanged = "HTTP/1.1 304 Not Modified\r\n\r\n";
    let wanted = [
        unchanged,
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
        unchanged,
        &length(7),
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        &length(7),
        &length(10_000),
        &length(10_000),
        unchanged,
        unchanged,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        &ok("/end"),
    ];
    let (heard, ended) = said(&site, &options(), &asked.concat()).await;
    assert_eq!(heard, wanted.concat());
    assert_eq!((&ended[..], site.log.lines().len()), ("closed", 13));
}

/// RFC 9112 §9.3.
#[tokio::test]
async fn bodies_that_nobody_reads_are_thrown_away_up_to_a_limit() {
    let mut options = options();
    options.discard = 1000;
    let site = Site::new().job("/job", [Do::RespondWith(200, "/job".into())]);
    for target in ["/now", "/job"] {
        for (len, goes_on) in [
            (0, true),
            (1, true),
            (1000, true),
            (1001, false),
            (9000, false),
        ] {
            let body = "x".repeat(len);
            let chunks: Vec<String> = body
                .as_bytes()
                .chunks(100)
                .map(|piece| {
                    format!(
                        "{:x}\r\n{}\r\n",
                        piece.len(),
                        str::from_utf8(piece).unwrap()
                    )
                })
                .collect();
            let chunked = format!(
                "POST {target} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\
                {}0\r\nX-Sum: 7\r\n\r\n",
                chunks.concat(),
            );
            for asked in [post(target, &body), chunked] {
                // the limit is for each of them
                let asked = [&asked, &asked, &get("/next")].map(|it| &it[..]).concat();
                let (heard, ended) = said(&site, &options, &asked).await;
                let wanted = match goes_on {
                    true => [ok(target), ok(target), ok("/next")].concat(),
                    // who says how much comes can be told
                    false if asked.contains("Length") => last(target),
                    false => ok(target),
                };
                assert_eq!(heard, wanted, "{len} octets");
                assert_eq!(ended, "closed", "{len} octets");
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_was_read_in_part_is_thrown_away_from_there_on() {
    let mut options = options();
    options.discard = 10;
    let steps = [Do::Piece, Do::RespondWith(200, "enough".into())];
    let site = Site::new().job("/part", steps);
    let mut call = Call::new(&site, &options);
    let asked = post("/part", &"y".repeat(30));
    // the first piece is what came with the head
    call.say(&asked[..asked.len() - 10]).await;
    call.hears(ok("enough")).await;
    call.say(&asked[asked.len() - 10..]).await;
    call.say(get("/next")).await;
    call.hears(ok("/next")).await;
    assert!(call.log.has(&format!("data {}", "y".repeat(20))));
    assert_eq!(call.hangs_up().await, "closed");
}

/// RFC 9110 §10.1.1.
#[tokio::test]
async fn whoever_waits_for_100_is_told_at_once_or_asked_to_go_on() {
    let expecting = |target: &str| {
        format!(
            "POST {target} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\
            Content-Length: 4\r\n\r\n"
        )
    };
    let site = Site::new()
        .at("/no", Plan::Copied(403, "no".into()))
        .job("/no/job", [Do::RespondWith(403, "no".into())])
        .job("/yes", [Do::Read, Do::RespondWith(200, "yes".into())]);
    // without the body, which never comes
    for target in ["/no", "/no/job"] {
        let mut call = Call::new(&site, &options());
        call.say(expecting(target)).await;
        call.hears(closing("403 Forbidden", "no")).await;
        assert_eq!(call.ends().await, "closed");
    }
    let mut call = Call::new(&site, &options());
    call.say(expecting("/yes")).await;
    call.hears("HTTP/1.1 100 Continue\r\n\r\n").await;
    call.say("body").await;
    call.hears(ok("yes")).await;
    // whoever does not wait is not told
    call.say(expecting("/yes") + "body").await;
    call.hears("HTTP/1.1 100 Continue\r\n\r\n").await;
    call.hears(ok("yes")).await;
    call.say(post("/yes", "body")).await;
    call.hears(ok("yes")).await;
    let told: Vec<_> = call.log.lines();
    assert_eq!(told.iter().filter(|line| *line == "data body").count(), 3);
    assert_eq!(call.hangs_up().await, "closed");
}

#[tokio::test]
async fn a_request_that_nobody_answers_is_answered_with_500() {
    let site = Site::new()
        .at("/nothing", Plan::Nothing)
        .job("/job", [])
        .job("/read", [Do::Read])
        .at("/misuse", Plan::Copied(204, "text".into()))
        .at("/header", Plan::Copied(99, Bytes::new()));
    let failed = closing("500 Internal Server Error", "");
    for target in ["/nothing", "/job", "/read", "/misuse", "/header"] {
        for asked in [get(target), post(target, "body")] {
            let (heard, ended) = said(&site, &options(), &(asked + &get("/next"))).await;
            assert_eq!(heard, failed, "{target}");
            assert_eq!(ended, "closed", "{target}");
        }
    }
}

#[tokio::test]
async fn an_answer_at_once_that_lacks_its_body_is_cut() {
    let site = Site::new().at("/half", Plan::Head(200, Some(5)));
    let mut call = Call::new(&site, &options());
    call.say(get("/half") + &get("/next")).await;
    let heard = in_time(call.rest()).await;
    assert!(
        ["", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"].contains(&&heard[..]),
        "{heard}"
    );
    assert_eq!(call.ends().await, "cut: the response was not finished");
    assert_eq!(
        site.log.lines(),
        ["GET /half", "misuse: the body ends 5 octets too early"]
    );
}

/// RFC 9110 §6.6.1, RFC 1945 §10.6.
#[tokio::test]
async fn responses_have_a_date_unless_they_have_one() {
    let site = Site::new()
        .at("/nothing", Plan::Nothing)
        .at("/owned", Plan::Owned(200, pattern(5000)))
        .at("/head", Plan::Head(304, None))
        .job("/job", [Do::RespondWith(200, "job".into())]);
    for target in ["/now", "/owned", "/head", "/job", "/nothing"] {
        let mut call = Call::new(&site, &ServerOptions::default());
        call.say(get(target)).await;
        let mut heard = vec![0; 120];
        let len = in_time(call.client.read(&mut heard)).await.unwrap();
        let heard = String::from_utf8_lossy(&heard[..len]).into_owned();
        let date = heard.split("\r\nDate: ").nth(1).expect(target);
        assert_eq!(date.find(" GMT\r\n"), Some(25), "{heard}");
        assert_eq!(heard.matches("Date:").count(), 1);
    }
    let (heard, _) = said(&site, &options(), &get("/now")).await;
    assert_eq!(heard, ok("/now"));
}

#[tokio::test]
async fn the_last_words_are_said_where_the_handler_wants_no_more() {
    let site = Site::new()
        .at("/last", Plan::Last(200, "bye".into()))
        .job("/job", [Do::CloseAfter, Do::RespondWith(200, "bye".into())]);
    for target in ["/last", "/job"] {
        let mut call = Call::new(&site, &options());
        call.say([get("/1"), get(target), get("/2")].concat()).await;
        call.hears(ok("/1") + &last("bye")).await;
        assert_eq!(call.ends().await, "closed");
        assert!(!site.log.has("GET /2"));
    }
}

/// What went through a stream.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Reads that gave something.
    pub(crate) reads: AtomicUsize,
    /// Writes that took something.
    pub(crate) writes: AtomicUsize,
    /// Octets that were written from where they are watched.
    pub(crate) in_place: AtomicUsize,
}

struct Counted {
    inner: DuplexStream,
    counts: Arc<Counts>,
    watched: std::ops::Range<usize>,
}

impl Counted {
    fn pair(pipe: usize) -> ((DuplexStream, Self), Arc<Counts>) {
        let (client, inner) = duplex(pipe);
        let counts = Arc::<Counts>::default();
        let stream = Self {
            inner,
            counts: counts.clone(),
            watched: 0..0,
        };
        ((client, stream), counts)
    }
}

mod counted {
    use super::Counted;
    use std::io::{self, IoSlice};
    use std::pin::Pin;
    use std::sync::atomic::Ordering::Relaxed;
    use std::task::{Context, Poll, ready};
    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
    use wirelore_tokio::http1::server::Transport;

    impl Transport for Counted {}

    impl Counted {
        fn wrote(&self, buf: &[u8]) {
            if self.watched.contains(&(buf.as_ptr() as usize)) {
                self.counts.in_place.fetch_add(buf.len(), Relaxed);
            }
        }
    }

    impl AsyncRead for Counted {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let before = buf.filled().len();
            ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
            if buf.filled().len() > before {
                self.counts.reads.fetch_add(1, Relaxed);
            }
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Counted {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            let count = ready!(Pin::new(&mut self.inner).poll_write(cx, buf))?;
            self.wrote(&buf[..count]);
            self.counts.writes.fetch_add(1, Relaxed);
            Poll::Ready(Ok(count))
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            let count = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, bufs))?;
            let mut left = count;
            for buf in bufs {
                let len = buf.len().min(left);
                self.wrote(&buf[..len]);
                left -= len;
            }
            self.counts.writes.fetch_add(1, Relaxed);
            Poll::Ready(Ok(count))
        }

        fn is_write_vectored(&self) -> bool {
            true
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.inner).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.inner).poll_shutdown(cx)
        }
    }
}
