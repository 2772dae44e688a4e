//! What is no request, or not one that this server takes.

use crate::rig::{Call, Do, Site, farewell, get, in_time, is_farewell, ok, options, said};
use wirelore_tokio::http1::server::ServerOptions;

/// Words, the status line they are answered with, and what they are called.
fn refusals() -> Vec<(String, &'static str, &'static str)> {
    let get = |line: &str| format!("GET / HTTP/1.1\r\nHost: h\r\n{line}\r\n\r\n");
    let long = |len: usize| "a".repeat(len);
    vec![
        (
            "GET / HTTP/1.1\r\n\r\n".into(),
            "400 Bad Request",
            "missing-host",
        ),
        ("GET /\r\n\r\n".into(), "400 Bad Request", "missing-version"),
        ("\x16\x03\x01\x02\0".into(), "400 Bad Request", "bad-method"),
        (get("a b: c"), "400 Bad Request", "bad-field-name"),
        (get("a: b\0"), "400 Bad Request", "nul"),
        (
            get("Content-Length: 1,2"),
            "400 Bad Request",
            "content-length-mismatch",
        ),
        (
            get("Content-Length: 101"),
            "413 Content Too Large",
            "body-too-large",
        ),
        (
            format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", long(9000)),
            "414 URI Too Long",
            "request-line-too-long",
        ),
        (
            get(&format!("a: {}", long(2000))),
            "431 Request Header Fields Too Large",
            "head-too-large",
        ),
        (
            get(&"a: b\r\n".repeat(101)),
            "431 Request Header Fields Too Large",
            "too-many-fields",
        ),
        (
            format!("{} / HTTP/1.1\r\nHost: h\r\n\r\n", long(100)),
            "501 Not Implemented",
            "method-too-long",
        ),
        (
            get("Transfer-Encoding: gzip, chunked"),
            "501 Not Implemented",
            "unknown-transfer-coding",
        ),
        (
            "GET / HTTP/2.0\r\nHost: h\r\n\r\n".into(),
            "505 HTTP Version Not Supported",
            "unsupported-version",
        ),
        (
            "GET / HTTP/1.1\r\nHo".into(),
            "400 Bad Request",
            "truncated",
        ),
    ]
}

fn strict() -> ServerOptions {
    let mut options = options();
    let limits = &mut options.machine.message.limits;
    limits.max_body = Some(100);
    limits.max_head = 1800;
    options
}

/// RFC 9110 §15.5, RFC 9110 §15.6.6, RFC 9112 §8.
#[tokio::test]
async fn each_gets_its_answer_behind_those_that_are_owed() {
    let site = Site::new().job("/job", [Do::RespondWith(200, "job".into())]);
    for (words, status, name) in refusals() {
        let mut options = strict();
        if status.starts_with("414") {
            options.machine.message.limits.max_head = 65_536;
        }
        for before in ["", "/now", "/job"] {
            let (asked, answered) = match before {
                "" => (String::new(), String::new()),
                "/job" => (get(before), ok("job")),
                _ => (get(before), ok(before)),
            };
            let (heard, ended) = said(&site, &options, &(asked + &words)).await;
            let said = heard.strip_prefix(&answered[..]).unwrap_or_default();
            is_farewell(said, status);
            assert_eq!(ended, format!("refused {name}"));
            assert_eq!(site.log.lines().last().unwrap(), &ended);
        }
    }
}

/// RFC 9112 §9.6.
#[tokio::test]
async fn nothing_is_taken_behind_it_and_the_answer_is_not_lost() {
    let mut call = Call::new(&Site::new(), &strict());
    call.say("nonsense\r\n\r\n").await;
    // more than anybody would read
    call.say("x".repeat(500_000)).await;
    let text = "the request line has no version at octet 8\n";
    call.hears(farewell("400 Bad Request", text)).await;
    call.say(get("/too late")).await;
    assert_eq!(call.log.lines(), ["refused missing-version"]);
    assert_eq!(call.ends().await, "refused missing-version");
}

#[tokio::test]
async fn nothing_is_said_where_no_farewell_is_wanted() {
    let mut options = strict();
    options.machine.farewell = false;
    for (words, _, name) in refusals() {
        if name == "request-line-too-long" {
            continue;
        }
        let site = Site::new();
        let (heard, ended) = said(&site, &options, &(get("/now") + &words)).await;
        assert_eq!(heard, ok("/now"));
        assert_eq!(ended, format!("refused {name}"));
        assert_eq!(site.log.lines(), ["GET /now", &ended]);
    }
}

#[tokio::test]
async fn a_bad_body_behind_an_answer_ends_the_connection() {
    let mut options = options();
    options.machine.message.limits.max_body = Some(100);
    for (body, name) in [
        ("zz\r\n", "bad-chunk-size"),
        ("3\r\nabcd\r\n", "chunk-not-terminated"),
        ("65\r\n", "body-too-large"),
        ("3\r\nab", "truncated"),
    ] {
        for (target, farewell) in [
            ("/now", true),
            ("/job", true),
            ("/now", false),
            ("/job", false),
        ] {
            options.machine.farewell = farewell;
            let site = Site::new().job("/job", [Do::RespondWith(200, "/job".into())]);
            let asked = format!(
                "POST {target} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{body}"
            );
            let mut call = Call::new(&site, &options);
            call.say(&asked).await;
            call.hears(ok(target)).await;
            if name == "truncated" {
                tokio::io::AsyncWriteExt::shutdown(&mut call.client)
                    .await
                    .unwrap();
            }
            let ended = in_time(call.ends()).await;
            assert_eq!(ended, format!("refused {name}"));
            // it was answered: it is not refused as well
            assert_eq!(site.log.lines(), [format!("POST {target}")]);
        }
    }
}
