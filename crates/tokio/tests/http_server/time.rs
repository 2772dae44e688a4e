//! Time, which is virtual here.

use crate::rig::{Call, Do, Plan, Site, farewell, get, no_drain, ok, options, pattern, post};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep};
use wirelore_http1::encode::Body;
use wirelore_tokio::http1::server::ServerOptions;

const SECOND: Duration = Duration::from_secs(1);

/// What is said when the octets behind the first `octets` do not come in time.
fn late(octets: u64) -> String {
    let text = format!("the message did not come in time at octet {octets}\n");
    farewell("408 Request Timeout", &text)
}

fn patient(idle: u64, head: u64, body: u64) -> ServerOptions {
    let mut options = options();
    let seconds = |count: u64| (count > 0).then(|| Duration::from_secs(count));
    options.machine.idle = seconds(idle);
    options.machine.head = seconds(head);
    options.machine.body = seconds(body);
    options
}

/// So much time has passed since `start`, as far as the timers can tell.
#[track_caller]
fn passed(start: Instant, wanted: Duration) {
    let passed = start.elapsed();
    let about = wanted..wanted + Duration::from_millis(3);
    assert!(about.contains(&passed), "{passed:?} instead of {wanted:?}");
}

#[tokio::test(start_paused = true)]
async fn the_defaults_are_those_of_the_documents() {
    let options = ServerOptions::default();
    let mut call = Call::new(&Site::new(), &options);
    let start = Instant::now();
    assert_eq!(call.rest().await, "");
    passed(start, 60 * SECOND);
    assert_eq!(call.hangs_up().await, "closed");
    passed(start, 60 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_without_a_word() {
    for (requests, job) in [(0, false), (1, false), (1, true), (3, true)] {
        let site = Site::new().job("/job", [Do::RespondWith(200, "/job".into())]);
        let mut call = Call::new(&site, &patient(10, 5, 7));
        for _ in 0..requests {
            sleep(9 * SECOND).await;
            let target = if job { "/job" } else { "/now" };
            call.say(get(target)).await;
            call.hears(ok(target)).await;
        }
        let start = Instant::now();
        assert_eq!(call.rest().await, "");
        passed(start, 10 * SECOND);
        assert_eq!(call.ends().await, "closed");
        passed(start, 10 * SECOND);
    }
}

/// The alarm clock is not set anew with every request, but never rings because of that.
#[tokio::test(start_paused = true)]
async fn a_steady_client_is_never_cut() {
    for (every, requests) in [(9_999, 200), (5_000, 500), (1, 30_000), (3_333, 1000)] {
        let mut call = Call::new(&Site::new(), &patient(10, 5, 7));
        for _ in 0..requests {
            sleep(Duration::from_millis(every)).await;
            call.client.write_all(get("/a").as_bytes()).await.unwrap();
            call.client.read_exact(&mut [0; 40]).await.unwrap();
        }
        let start = Instant::now();
        assert_eq!(call.rest().await, "");
        passed(start, 10 * SECOND);
        assert_eq!(call.ends().await, "closed");
    }
}

#[tokio::test(start_paused = true)]
async fn limits_of_different_length_follow_each_other_exactly() {
    // longer behind shorter, and shorter behind longer
    for (idle, head, body) in [(10, 5, 7), (5, 10, 20), (100, 1, 50), (1, 100, 2)] {
        let options = patient(idle, head, body);
        let nearly = |limit: u64| Duration::from_secs(limit) - Duration::from_millis(10);
        let site = Site::new().job("/job", [Do::Read, Do::RespondWith(200, "/job".into())]);
        let mut call = Call::new(&site, &options);
        for round in 0..5 {
            let target = if round % 2 == 0 { "/job" } else { "/now" };
            sleep(nearly(idle)).await;
            call.say("POST ").await;
            sleep(nearly(head)).await;
            call.say(&post(target, "body")[5..post(target, "body").len() - 4])
                .await;
            sleep(nearly(body)).await;
            call.say("body").await;
            call.hears(ok(target)).await;
        }
        let start = Instant::now();
        assert_eq!(call.rest().await, "");
        passed(start, Duration::from_secs(idle));
        assert_eq!(call.ends().await, "closed");
    }
}

/// RFC 9112 §8, RFC 9112 §9.5.
/// The alarm clock is set for a later time already.
#[tokio::test(start_paused = true)]
async fn a_shorter_limit_behind_a_longer_one_is_kept() {
    let body = post("/now", "body");
    let short = &body[..body.len() - 1];
    for (limits, words, seconds) in [
        // idle, head, body; what is said, and after how long the connection ends
        ((100, 2, 50), "G", 2),
        ((100, 50, 2), short, 2),
        ((2, 50, 100), "\r\n", 2),
    ] {
        let (idle, head, body) = limits;
        let mut call = Call::new(&Site::new(), &patient(idle, head, body));
        sleep(SECOND).await;
        call.say(words).await;
        let start = Instant::now();
        call.rest().await;
        let wanted = seconds - u64::from(words == "\r\n");
        passed(start, Duration::from_secs(wanted));
        call.hangs_up().await;
    }
    // idle behind a body that took its time
    let mut call = Call::new(&Site::new(), &patient(2, 50, 100));
    call.say(short).await;
    call.hears(ok("/now")).await;
    sleep(SECOND).await;
    call.say("y").await;
    let start = Instant::now();
    assert_eq!(call.rest().await, "");
    passed(start, 2 * SECOND);
    assert_eq!(call.ends().await, "closed");
}

/// RFC 9112 §8, RFC 9112 §9.5.
#[tokio::test(start_paused = true)]
async fn a_head_that_dribbles_is_answered_408() {
    for first in [true, false] {
        let mut call = Call::new(&Site::new(), &patient(10, 5, 7));
        if !first {
            call.say(get("/now")).await;
            call.hears(ok("/now")).await;
        }
        sleep(9 * SECOND).await;
        let start = Instant::now();
        for octet in get("/").bytes().take(4) {
            call.say([octet]).await;
            sleep(SECOND).await;
        }
        let rest = call.rest().await;
        passed(start, 5 * SECOND);
        assert_eq!(rest, late(if first { 0 } else { 30 }));
        assert_eq!(call.log.lines().last().unwrap(), "refused timed-out");
        assert_eq!(call.hangs_up().await, "refused timed-out");
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_comes_in_the_last_moment_is_taken() {
    let mut call = Call::new(&Site::new(), &patient(10, 5, 7));
    sleep(Duration::from_millis(9_990)).await;
    call.say("G").await;
    sleep(Duration::from_millis(4_990)).await;
    call.say(&get("/now")[1..]).await;
    call.hears(ok("/now")).await;
    assert_eq!(call.hangs_up().await, "closed");
}

#[tokio::test(start_paused = true)]
async fn each_4096_octets_of_a_body_have_their_time() {
    let steps = [Do::Read, Do::RespondWith(200, "read".into())];
    for (target, site) in [
        ("/read", Site::new().job("/read", steps)),
        ("/now", Site::new()),
    ] {
        let mut call = Call::new(&site, &patient(10, 5, 7));
        let body = "b".repeat(20_000);
        let asked = post(target, &body);
        let (head, _) = asked.split_at(asked.len() - body.len());
        call.say(head).await;
        let mut start = Instant::now();
        if target == "/now" {
            call.hears(ok("/now")).await;
        }
        for _ in 0..4 {
            sleep(Duration::from_millis(6_900)).await;
            start = Instant::now();
            call.say(&body[..4096]).await;
        }
        // less than a piece is no reason to wait longer
        sleep(3 * SECOND).await;
        call.say("b").await;
        let rest = call.rest().await;
        passed(start, 7 * SECOND);
        let wanted = match target {
            "/now" => "",
            _ => &late(16_440),
        };
        assert_eq!(rest, wanted);
        assert_eq!(call.hangs_up().await, "refused timed-out");
        let told = site.log.lines();
        match target {
            // it was answered
            "/now" => assert_eq!(told, ["POST /now"]),
            _ => assert!(
                told.last()
                    .unwrap()
                    .starts_with("data: the message did not")
            ),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_too_late_behind_a_part_of_the_response_is_cut() {
    let steps = [
        Do::Respond(200, Body::Length(9)),
        Do::Send("part".into()),
        Do::Read,
    ];
    let mut call = Call::new(&Site::new().job("/job", steps), &patient(10, 5, 7));
    let start = Instant::now();
    call.say(&post("/job", "body")[..post("/job", "body").len() - 1])
        .await;
    let rest = call.rest().await;
    passed(start, 7 * SECOND);
    assert_eq!(rest, ok("part ____").replace(" ____", ""));
    let ended = call.hangs_up().await;
    assert!(
        ended.starts_with("cut: ") && ended.contains("time"),
        "{ended}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_job_takes_what_time_it_needs() {
    let steps = [
        Do::Wait(1000 * SECOND),
        Do::Read,
        Do::Wait(1000 * SECOND),
        Do::Respond(200, Body::Length(4)),
        Do::Wait(1000 * SECOND),
        Do::Send("late".into()),
        Do::Finish,
        Do::Wait(1000 * SECOND),
    ];
    let mut call = Call::new(&Site::new().job("/job", steps), &patient(10, 5, 7));
    let start = Instant::now();
    call.say(post("/job", "body") + &get("/then")).await;
    let wanted = ok("late") + &ok("/then");
    let mut heard = vec![0; wanted.len()];
    call.client.read_exact(&mut heard).await.unwrap();
    assert_eq!(String::from_utf8(heard).unwrap(), wanted);
    passed(start, 4000 * SECOND);
    // and the time between requests begins behind it
    let start = Instant::now();
    assert_eq!(call.rest().await, "");
    passed(start, 10 * SECOND);
    assert_eq!(call.ends().await, "closed");
}

#[tokio::test(start_paused = true)]
async fn without_limits_nobody_is_hurried() {
    let mut call = Call::new(&Site::new(), &patient(0, 0, 0));
    for octet in post("/now", "body").bytes() {
        sleep(3600 * SECOND).await;
        call.client.write_all(&[octet]).await.unwrap();
    }
    let mut heard = vec![0; ok("/now").len()];
    call.client.read_exact(&mut heard).await.unwrap();
    assert_eq!(heard, ok("/now").into_bytes());
    assert_eq!(call.hangs_up().await, "closed");
}

/// RFC 9112 §9.5.
#[tokio::test(start_paused = true)]
async fn a_connection_that_was_closed_lingers() {
    for (linger, more) in [(2, false), (9, false), (0, false), (2, true)] {
        let mut options = patient(100, 5, 7);
        options.linger = Duration::from_secs(linger);
        let mut call = Call::new(&Site::new(), &options);
        let start = Instant::now();
        call.say(get("/now").replace("h\r\n", "h\r\nConnection: close\r\n"))
            .await;
        let rest = call.rest().await;
        assert!(rest.ends_with("/now"), "{rest}");
        passed(start, Duration::ZERO);
        if more {
            // what comes is thrown away, and does not make it longer
            for _ in 0..19 {
                sleep(SECOND / 10).await;
                call.say("more").await;
            }
        }
        // the client does not close
        assert_eq!(call.ended().await, "closed");
        passed(start, Duration::from_secs(linger));
    }
    // and if it does, there is nothing to wait for
    let mut call = Call::new(&Site::new(), &patient(100, 5, 7));
    let start = Instant::now();
    call.say("nonsense\r\n").await;
    assert!(call.rest().await.starts_with("HTTP/1.1 400"));
    sleep(SECOND).await;
    assert_eq!(call.hangs_up().await, "refused missing-version");
    passed(start, SECOND);
}

#[tokio::test(start_paused = true)]
async fn whoever_reads_nothing_is_given_up() {
    let mut options = patient(10, 5, 7);
    options.driver.stall = Some(30 * SECOND);
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, &pattern(900_000)).unwrap();
    let body = Do::Respond(200, Body::Length(900_000));
    let send = Do::Send(pattern(900_000));
    let file = Do::File(Arc::new(file), 0, 900_000);
    let site = Site::new()
        .at("/owned", Plan::Owned(200, pattern(900_000)))
        .job("/whole", [Do::RespondWith(200, pattern(900_000))])
        .job("/send", [body.clone(), send, Do::Finish])
        .job("/file", [body, file, Do::Finish]);
    for (target, how) in [
        ("/owned", "io: TimedOut"),
        ("/whole", "io: TimedOut"),
        ("/send", "cut: the peer does not read what is sent"),
        ("/file", "cut: the peer does not read what is sent"),
    ] {
        let mut call = Call::with(&site, &options, no_drain(), 1000);
        let start = Instant::now();
        call.say(get(target)).await;
        // reading a little now and then helps
        for _ in 0..4 {
            sleep(29 * SECOND).await;
            call.client.read_exact(&mut [0; 10]).await.unwrap();
        }
        assert_eq!(call.ended().await, how, "{target}");
        passed(start, (4 * 29 + 30) * SECOND);
    }
}

/// A slow reader has done nothing wrong: it may ask for more.
#[tokio::test(start_paused = true)]
async fn however_slowly_a_response_is_read_the_connection_goes_on() {
    let long = pattern(200_000);
    let short = pattern(30_000);
    let site = Site::new()
        .at("/copied", Plan::Copied(200, long.clone()))
        .at("/owned", Plan::Owned(200, long.clone()))
        .at("/short", Plan::Owned(200, short.clone()))
        .job("/job", [Do::RespondWith(200, long.clone())]);
    let both = ["/copied", "/owned", "/job"].map(|target| vec![target]);
    let many = [
        vec!["/short"; 7],
        vec!["/owned", "/short", "/copied", "/now"],
    ];
    for targets in both.into_iter().chain(many) {
        // (the time between requests begins with the last answer)
        let mut call = Call::with(&site, &patient(100, 5, 7), no_drain(), 1000);
        call.say(targets.iter().map(|target| get(target)).collect::<String>())
            .await;
        let lengths = targets.iter().map(|target| match *target {
            "/short" => short.len(),
            "/now" => 4,
            _ => long.len(),
        });
        for len in lengths {
            call.hears(format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n"))
                .await;
            for at in (0..len).step_by(1000) {
                sleep(SECOND).await;
                let piece = 1000.min(len - at);
                call.client.read_exact(&mut vec![0; piece]).await.unwrap();
            }
        }
        call.say(get("/then")).await;
        call.hears(ok("/then")).await;
        assert_eq!(call.hangs_up().await, "closed", "{targets:?}");
        assert!(!site.log.has("refused timed-out"));
    }
}
