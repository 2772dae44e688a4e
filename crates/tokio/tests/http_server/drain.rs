//! The day ends.

use crate::rig::{Call, Day, Do, Plan, Site, get, in_time, last, ok, options, pattern, post};
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use wirelore_http1::encode::Body;

fn call(site: &Site, day: &Day) -> Call {
    Call::with(site, &options(), day.drain.clone(), 1 << 20)
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_ends_at_once() {
    for requests in [0, 1, 2] {
        let mut day = Day::new();
        let site = Site::new().job("/1", [Do::RespondWith(200, "/1".into())]);
        let mut call = call(&site, &day);
        for target in ["/0", "/1"].iter().take(requests) {
            call.say(get(target)).await;
            call.hears(ok(target)).await;
        }
        // it waits
        sleep(std::time::Duration::from_secs(1)).await;
        let start = Instant::now();
        day.end();
        assert_eq!(call.rest().await, "");
        assert_eq!(call.ends().await, "closed");
        assert!(start.elapsed().as_secs() == 0);
    }
}

#[tokio::test]
async fn a_connection_that_comes_too_late_gets_nothing() {
    let mut day = Day::new();
    day.end();
    let mut call = call(&Site::new(), &day);
    let _ = call.client.write_all(get("/now").as_bytes()).await;
    assert_eq!(call.ends().await, "closed");
}

#[tokio::test]
async fn a_request_in_flight_is_answered_and_told_that_it_is_the_last() {
    let asked = post("/now", "body");
    // amid the head
    let mut day = Day::new();
    let mut call = call(&Site::new(), &day);
    call.say(&asked[..20]).await;
    in_time(async {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    day.end();
    tokio::task::yield_now().await;
    call.say(&asked[20..]).await;
    let _ = call.client.write_all(get("/not").as_bytes()).await;
    call.hears(last("/now")).await;
    assert!(!call.log.has("GET /not"));
    assert_eq!(call.ends().await, "closed");
}

#[tokio::test]
async fn a_body_that_nobody_reads_still_comes_to_its_end() {
    let asked = post("/now", "body");
    let mut day = Day::new();
    let mut call = call(&Site::new(), &day);
    call.say(&asked[..asked.len() - 2]).await;
    call.hears(ok("/now")).await;
    day.end();
    // the server has been told, too
    tokio::task::yield_now().await;
    call.say("dy".to_string() + &get("/not")).await;
    assert!(!call.log.has("GET /not"));
    assert_eq!(call.ends().await, "closed");
}

#[tokio::test]
async fn what_is_pipelined_behind_it_is_not_answered() {
    // a job ends the day: the requests behind it are there already
    let told = Arc::new(Notify::new());
    let plans = [
        vec![Do::Until(told.clone()), Do::RespondWith(200, "job".into())],
        vec![
            Do::Until(told.clone()),
            Do::Read,
            Do::Respond(200, Body::Length(3)),
            Do::Send("job".into()),
            Do::Finish,
        ],
    ];
    for steps in plans {
        let mut day = Day::new();
        let site = Site::new().job("/job", steps);
        let mut call = call(&site, &day);
        call.say([get("/now"), get("/job"), get("/2"), get("/3")].concat())
            .await;
        while !site.log.has("waiting") {
            tokio::task::yield_now().await;
        }
        day.end();
        told.notify_one();
        call.hears(ok("/now") + &last("job")).await;
        assert_eq!(call.ends().await, "closed");
        assert!(!site.log.has("GET /2"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_that_has_begun_comes_to_its_end() {
    for more in ["", "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n"] {
        let told = Arc::new(Notify::new());
        let steps = [
            Do::Respond(200, Body::Length(100_003)),
            Do::Send("job".into()),
            Do::Until(told.clone()),
            Do::Send(pattern(100_000)),
            Do::Finish,
        ];
        let mut day = Day::new();
        let site = Site::new().job("/job", steps);
        let mut call = call(&site, &day);
        call.say(get("/job") + more).await;
        call.hears("HTTP/1.1 200 OK\r\nContent-Length: 100003\r\n\r\njob")
            .await;
        let start = Instant::now();
        day.end();
        sleep(std::time::Duration::from_millis(100)).await;
        told.notify_one();
        call.hears(pattern(100_000)).await;
        // nobody waits for another request
        assert_eq!(call.ends().await, "closed");
        assert!(start.elapsed().as_secs() == 0);
        assert!(!site.log.has("GET /2"));
    }
}

#[tokio::test]
async fn answers_that_wait_to_be_sent_are_sent() {
    let mut day = Day::new();
    let site = Site::new().at("/owned", Plan::Owned(200, pattern(300_000)));
    let mut call = Call::with(&site, &options(), day.drain.clone(), 100);
    call.say(get("/owned")).await;
    call.hears("HTTP/1.1 200 OK\r\n").await;
    day.end();
    call.hears("Content-Length: 300000\r\n\r\n").await;
    call.hears(pattern(300_000)).await;
    assert_eq!(call.ends().await, "closed");
}
