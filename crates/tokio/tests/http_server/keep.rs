//! Whether the connection goes on behind a response.

use crate::rig::{Call, Do, Plan, Site, farewell, get, in_time, last, ok, options, post, said};
use wirelore_http1::encode::Body;

fn old(target: &str, fields: &str) -> String {
    format!("GET {target} HTTP/1.0\r\n{fields}\r\n")
}

fn kept(body: &str) -> String {
    ok(body).replace("\r\nContent", "\r\nConnection: keep-alive\r\nContent")
}

#[tokio::test]
async fn http10_ends_behind_a_response_unless_it_is_asked_to_go_on() {
    let site = Site::new().job("/job", [Do::RespondWith(200, "/job".into())]);
    for target in ["/now", "/job"] {
        let mut call = Call::new(&site, &options());
        call.say(old(target, "") + &old("/not", "")).await;
        call.hears(last(target)).await;
        assert_eq!(call.ends().await, "closed");

        let mut call = Call::new(&site, &options());
        let goes_on = old(target, "Connection: Keep-Alive\r\n");
        call.say(goes_on.repeat(2)).await;
        call.hears(kept(target).repeat(2)).await;
        call.say(get("/11")).await;
        call.hears(ok("/11")).await;
        call.say(goes_on).await;
        call.hears(kept(target)).await;
        call.say(old("/end", "Connection: close\r\n")).await;
        call.hears(last("/end")).await;
        assert_eq!(call.ends().await, "closed");
    }
    assert!(!site.log.has("GET /not"));
}

#[tokio::test]
async fn to_http10_a_body_of_unknown_length_ends_with_the_connection() {
    let steps = [
        Do::Respond(200, Body::Unknown),
        Do::Send("one".into()),
        Do::Send("two".into()),
        Do::Finish,
    ];
    let site = Site::new().job("/stream", steps);
    let mut call = Call::new(&site, &options());
    call.say(old("/stream", "Connection: keep-alive\r\n")).await;
    call.hears("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nonetwo")
        .await;
    assert_eq!(call.ends().await, "closed");
}

#[tokio::test]
async fn connection_close_ends_it() {
    let site = Site::new().job("/job", [Do::RespondWith(200, "/job".into())]);
    for target in ["/now", "/job"] {
        let close = get(target).replace("h\r\n", "h\r\nConnection: close\r\n");
        let mut call = Call::new(&site, &options());
        call.say(
            [&get(target), &close, &get("/not")]
                .map(|it| &it[..])
                .concat(),
        )
        .await;
        call.hears(ok(target) + &last(target)).await;
        assert_eq!(call.ends().await, "closed");
    }
    assert!(!site.log.has("GET /not"));
}

#[tokio::test]
async fn so_many_requests_and_no_more() {
    for (requests, wanted) in [
        (0, last("/1")),
        (1, last("/1")),
        (2, ok("/1") + &last("/2")),
        (3, ok("/1") + &ok("/2") + &last("/3")),
        (4, ok("/1") + &ok("/2") + &ok("/3")),
    ] {
        let mut options = options();
        options.requests = Some(requests);
        let site = Site::new().job("/2", [Do::Read, Do::RespondWith(200, "/2".into())]);
        let asked = get("/1") + &post("/2", "body") + &post("/3", "body");
        let (heard, ended) = said(&site, &options, &asked).await;
        assert_eq!(heard, wanted, "{requests}");
        assert_eq!(ended, "closed");
    }
}

#[tokio::test]
async fn the_last_request_of_many_may_have_a_body() {
    let mut options = options();
    options.requests = Some(1);
    options.discard = 10;
    for (len, job) in [(10, false), (11, false), (10, true), (11, true)] {
        let target = if job { "/job" } else { "/now" };
        let site = Site::new().job("/job", [Do::RespondWith(200, "/job".into())]);
        let mut call = Call::new(&site, &options);
        call.say(post(target, &"z".repeat(len))).await;
        call.hears(last(target)).await;
        assert_eq!(call.ends().await, "closed");
    }
}

/// RFC 1945 §3.1, RFC 1945 §4.1, RFC 1945 §5.
#[tokio::test]
async fn http09_has_no_head_and_ends() {
    let mut options = options();
    options.machine.message.http09 = true;
    let chunks = [
        Do::Respond(200, Body::Unknown),
        Do::Send("no ".into()),
        Do::Send("head".into()),
        Do::Finish,
    ];
    let site = Site::new()
        .job("/job", chunks)
        .at("/owned", Plan::Owned(200, vec![b'o'; 5000].into()))
        .at("/nothing", Plan::Nothing);
    for (asked, wanted) in [
        ("GET /now\r\n", "/now"),
        ("GET /job\r\nGET /2\r\n", "no head"),
        ("GET /owned\r\n", &"o".repeat(5000)),
        ("GET /nothing\r\n", ""),
    ] {
        let mut call = Call::new(&site, &options);
        call.say(asked).await;
        assert_eq!(in_time(call.rest()).await, wanted);
        assert_eq!(call.ends().await, "closed");
    }
    options.machine.message.http09 = false;
    let (heard, ended) = said(&site, &options, "GET /now\r\n").await;
    let text = "the request line has no version at octet 8\n";
    assert_eq!(heard, farewell("400 Bad Request", text));
    assert_eq!(ended, "refused missing-version");
}
