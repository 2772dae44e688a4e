//! Requests that take time.

use crate::rig::{
    Call, Do, Log, Plan, Site, closing, get, in_time, is_farewell, ok, options, pattern, post, said,
};
use bytes::Bytes;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use wirelore_http1::encode::Body;
use wirelore_http1::encode::FieldBlock;
use wirelore_http1::encode::Response;
use wirelore_http1::wire::RequestHead;
use wirelore_tokio::http1::server::{Begun, Exchange, ExchangeError, Handler, Reply, Transport};

fn chunked(target: &str, body: &str) -> String {
    format!("POST {target} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{body}")
}

#[tokio::test]
async fn pieces_with_a_length_with_chunks_and_with_trailers() {
    let site = Site::new()
        .job(
            "/length",
            [
                Do::Respond(200, Body::Length(6)),
                Do::Send("one".into()),
                Do::Send(Bytes::new()),
                Do::Send("two".into()),
                Do::Finish,
            ],
        )
        .job(
            "/chunks",
            [
                Do::Respond(200, Body::Unknown),
                Do::Send("one".into()),
                Do::Send(Bytes::new()),
                Do::Send("two".into()),
                Do::Finish,
            ],
        )
        .job(
            "/trailers",
            [
                Do::Respond(200, Body::Unknown),
                Do::Send("one".into()),
                Do::Trailers,
            ],
        )
        .job("/empty", [Do::Respond(200, Body::Length(0)), Do::Finish])
        .job("/whole", [Do::RespondWith(201, "whole".into())])
        .job("/204", [Do::RespondWith(204, Bytes::new())])
        .job("/none", [Do::RespondWith(200, Bytes::new())]);
    let asked = [
        "/length",
        "/chunks",
        "/trailers",
        "/empty",
        "/whole",
        "/204",
        "/none",
        "/now",
    ];
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let wanted = [
        &ok("onetwo"),
        head,
        "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n",
        head,
        "3\r\none\r\n0\r\nX-Sum: 42\r\n\r\n",
        &ok(""),
        "HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nwhole",
        "HTTP/1.1 204 No Content\r\n\r\n",
        &ok(""),
        &ok("/now"),
    ];
    let (heard, ended) = said(&site, &options(), &asked.map(get).concat()).await;
    assert_eq!(heard, wanted.concat());
    assert_eq!(ended, "closed");
}

#[tokio::test]
async fn the_body_comes_before_between_and_behind() {
    let orders = [
        vec![
            Do::Read,
            Do::Respond(200, Body::Length(2)),
            Do::Send("ok".into()),
            Do::Finish,
        ],
        vec![
            Do::Respond(200, Body::Length(2)),
            Do::Read,
            Do::Send("ok".into()),
            Do::Finish,
        ],
        vec![
            Do::Respond(200, Body::Length(2)),
            Do::Send("ok".into()),
            Do::Read,
            Do::Finish,
        ],
        vec![Do::RespondWith(200, "ok".into()), Do::Read, Do::Read],
    ];
    for steps in orders {
        let site = Site::new().job("/read", steps);
        let chunks = chunked("/read", "5\r\ncontent\r\n".replace("5", "7").as_str()) + "0\r\n\r\n";
        for asked in [post("/read", "content"), chunks] {
            let mut call = Call::new(&site, &options());
            let (before, behind) = asked.split_at(asked.find("con").unwrap() + 3);
            call.say(before).await;
            tokio::task::yield_now().await;
            call.say(behind.to_string() + &get("/now")).await;
            call.hears(ok("ok") + &ok("/now")).await;
            let lines = call.log.lines().concat();
            assert!(
                lines.replace("data ", "").contains("contentend true"),
                "{lines}"
            );
            assert_eq!(call.hangs_up().await, "closed");
        }
    }
}

#[tokio::test]
async fn what_is_sent_is_there_before_the_rest_is() {
    let go_on = std::sync::Arc::new(tokio::sync::Notify::new());
    let steps = [
        Do::Respond(200, Body::Unknown),
        Do::Send("first".into()),
        Do::Flush,
        Do::Until(go_on.clone()),
        Do::Send("last".into()),
        Do::Finish,
    ];
    let mut call = Call::new(&Site::new().job("/slow", steps), &options());
    call.say(get("/slow")).await;
    call.hears("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst")
        .await;
    go_on.notify_one();
    call.hears("\r\n4\r\nlast\r\n0\r\n\r\n").await;
    assert_eq!(call.hangs_up().await, "closed");
}

#[tokio::test]
async fn an_error_behind_a_part_cuts_the_connection() {
    let missing = "cut: cannot read what is to be sent: entity not found";
    let unfinished = "cut: the response was not finished";
    let length = Do::Respond(200, Body::Length(10));
    let chunks = Do::Respond(200, Body::Unknown);
    let part = || Do::Send("part".into());
    for (steps, wanted) in [
        (vec![length.clone(), part(), Do::Flush, Do::Fail], missing),
        (vec![chunks.clone(), part(), Do::Flush, Do::Fail], missing),
        (vec![Do::Fail], missing),
        (vec![Do::Read, Do::Fail], missing),
        (vec![length.clone(), part(), Do::Flush], unfinished),
        (vec![chunks.clone(), part(), Do::Flush], unfinished),
        (vec![length.clone()], unfinished),
        (
            vec![length.clone(), part(), Do::Finish],
            "cut: the body ends 6 octets too early",
        ),
        (
            vec![length.clone(), part(), part(), part()],
            "cut: only 2 octets of the body are left",
        ),
        (
            vec![Do::Respond(200, Body::Length(4)), part(), Do::Trailers],
            "cut: trailers behind a body without chunks",
        ),
        (vec![part()], "cut: not in this state"),
        (vec![Do::Finish], "cut: not in this state"),
        (vec![chunks.clone(), chunks], "cut: not in this state"),
    ] {
        let site = Site::new().job("/job", steps);
        let mut call = Call::new(&site, &options());
        call.say(get("/job") + &get("/not")).await;
        let heard = in_time(call.rest()).await;
        assert!(!heard.contains("\r\n0\r\n\r\n"), "{heard}");
        let whole = heard.split_once("\r\n\r\n").map(|(_, body)| body.len());
        assert!(whole.is_none_or(|len| len < 10), "{heard}");
        assert_eq!(call.ends().await, wanted);
        assert!(!site.log.has("GET /not"));
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_an_error_and_answered() {
    for (rest, name, what, status) in [
        (
            "zz\r\n",
            "bad-chunk-size",
            "the chunk size is not",
            "400 Bad Request",
        ),
        (
            "3\r\nabcd",
            "chunk-not-terminated",
            "no line end behind",
            "400 Bad Request",
        ),
        (
            "3\r\nabc\r\n0\r\nbad\r\n\r\n",
            "missing-colon",
            "a field line without",
            "400 Bad Request",
        ),
        (
            "65\r\n",
            "body-too-large",
            "the body is longer",
            "413 Content Too Large",
        ),
        ("3\r\nab", "truncated", "", "400 Bad Request"),
        ("", "truncated", "", "400 Bad Request"),
    ] {
        let mut options = options();
        options.machine.message.limits.max_body = Some(100);
        for (steps, begun) in [
            (vec![Do::Read, Do::RespondWith(200, "ok".into())], ""),
            (vec![Do::TryRead, Do::TryRead], ""),
            (
                vec![Do::RespondWith(200, "ok".into()), Do::Read],
                &ok("ok")[..],
            ),
        ] {
            let steps_well = matches!(steps[0], Do::TryRead);
            let site = Site::new().job("/read", steps);
            let mut call = Call::new(&site, &options);
            call.say(chunked("/read", rest)).await;
            if name == "truncated" {
                call.client.shutdown().await.unwrap();
            }
            let heard = in_time(call.rest()).await;
            match begun {
                // it was not answered at all
                "" if steps_well => assert_eq!(heard, closing("500 Internal Server Error", "")),
                "" => is_farewell(&heard, status),
                _ => assert_eq!(heard, begun),
            }
            let told = site.log.lines().concat();
            assert!(told.contains(&format!("data: {what}")), "{told}");
            assert_eq!(call.ends().await, format!("refused {name}"));
        }
        // what is half said cannot be taken back
        let steps = [
            Do::Respond(200, Body::Length(4)),
            Do::Send("ok".into()),
            Do::Read,
            Do::Send("!!".into()),
            Do::Finish,
        ];
        let site = Site::new().job("/read", steps);
        let mut call = Call::new(&site, &options);
        call.say(chunked("/read", rest)).await;
        if name == "truncated" {
            call.client.shutdown().await.unwrap();
        }
        let heard = in_time(call.rest()).await;
        assert_eq!(heard, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nok");
        assert!(call.ends().await.starts_with("cut: "));
    }
}

#[tokio::test]
async fn a_handler_may_answer_a_bad_body_itself_where_no_farewell_is_wanted() {
    let mut options = options();
    options.machine.farewell = false;
    let site = Site::new()
        .job("/own", [Do::TryRead, Do::RespondWith(400, "mine".into())])
        .job("/none", [Do::Read]);
    let (heard, ended) = said(&site, &options, &chunked("/own", "x")).await;
    assert_eq!(heard, closing("400 Bad Request", "mine"));
    assert_eq!(ended, "refused bad-chunk-size");
    let (heard, ended) = said(&site, &options, &chunked("/none", "x")).await;
    assert_eq!((&heard[..], &ended[..]), ("", "refused bad-chunk-size"));
}

#[tokio::test]
async fn a_response_larger_than_all_buffers_waits_for_the_reader() {
    let long = pattern(3_000_000);
    let mut steps = vec![Do::Respond(200, Body::Length(3_000_000))];
    for at in 0..300 {
        steps.push(Do::Send(long.slice(at * 10_000..(at + 1) * 10_000)));
    }
    steps.push(Do::Finish);
    let site = Site::new()
        .job("/pieces", steps)
        .job("/whole", [Do::RespondWith(200, long.clone())])
        .at("/owned", Plan::Owned(200, long.clone()));
    for target in ["/pieces", "/whole", "/owned"] {
        let mut call = Call::with(&site, &options(), crate::rig::no_drain(), 1000);
        call.say(get(target) + &get("/now")).await;
        call.hears("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n")
            .await;
        call.hears(&long).await;
        call.hears(ok("/now")).await;
        assert_eq!(call.hangs_up().await, "closed");
    }
}

#[tokio::test]
async fn a_job_may_wait_for_the_client_to_go() {
    let go_on = [Do::HungUp, Do::RespondWith(200, "gone".into())];
    let site = Site::new().job("/wait", go_on);
    let mut call = Call::new(&site, &options());
    call.say(get("/wait") + &get("/then")).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    call.client.shutdown().await.unwrap();
    call.hears(ok("gone") + &ok("/then")).await;
    assert_eq!(call.ends().await, "closed");
}

/// What an exchange says of itself.
struct Curious(Log);

impl Handler for Curious {
    type Job = ();

    fn begin(&mut self, _: &RequestHead<&[u8]>, _: &mut Reply<'_>) -> Begun<()> {
        Begun::Work(())
    }

    async fn work<T: Transport>(
        &mut self,
        (): (),
        exchange: &mut Exchange<'_, T>,
    ) -> Result<(), ExchangeError> {
        let say = |exchange: &Exchange<'_, T>| {
            self.0.note(format!(
                "awaits {}, received {}, wants {}",
                exchange.awaits_continue(),
                exchange.is_received(),
                exchange.wants_body(),
            ));
        };
        say(exchange);
        while exchange.data().await?.is_some() {}
        say(exchange);
        let fields = FieldBlock::new();
        exchange.respond(&Response::new(200, &fields), Body::Length(2))?;
        say(exchange);
        if exchange.wants_body() {
            exchange.send("ok".into()).await?;
        }
        say(exchange);
        exchange.finish(None)?;
        say(exchange);
        Ok(())
    }
}

#[tokio::test]
async fn an_exchange_knows_where_it_is() {
    let (mut client, stream) = tokio::io::duplex(10_000);
    let log = Log::default();
    let mut handler = Curious(log.clone());
    let served = tokio::spawn(async move {
        let drain = crate::rig::no_drain();
        let ended =
            wirelore_tokio::http1::server::serve(stream, &mut handler, &options(), drain).await;
        crate::rig::shown(&ended)
    });
    let expecting = post("/1", "body").replace("h\r\n", "h\r\nExpect: 100-continue\r\n");
    let head = get("/2").replace("GET", "HEAD");
    client
        .write_all((expecting + &head).as_bytes())
        .await
        .unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(in_time(served).await.unwrap(), "closed");
    assert_eq!(
        log.lines(),
        [
            "awaits true, received false, wants false",
            "awaits false, received true, wants false",
            "awaits false, received true, wants true",
            "awaits false, received true, wants false",
            "awaits false, received true, wants false",
            "awaits false, received false, wants false",
            "awaits false, received true, wants false",
            "awaits false, received true, wants false",
            "awaits false, received true, wants false",
            "awaits false, received true, wants false",
        ]
    );
}
