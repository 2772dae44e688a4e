//! The protocol, octet by octet: old versions, requests ahead, and what is no request.

use super::super::content::octets;
use super::super::judge::Fault;
use super::super::wire::Wire;
use super::copies::{FILE, many, one_of_many};
use super::exchange::{answer, ask, ends, request, same};
use super::play::encoded;
use super::{At, Case, Scene, cases};

pub(super) const CASES: &[Case] = cases! { "octet by octet":
    "HTTP/0.9" "the octets of the file, then the end" simple;
    "HTTP/1.0" "head and file, then the end" old;
    "HTTP/1.0 with keep-alive" "a second request is answered too" kept;
    "a request that comes octet by octet" "understood as if it were whole" pieces;
    "50 requests at once" "50 answers in their order" pipelined;
    "HEAD" "the fields of GET, and no octet more" head;
    "a folder without its slash" "301, to the one with it" slash;
    "methods" "405 with Allow; 501 for what is none" methods;
    "paths out of the folder" "400, and nothing of what is there" outside;
    "what is no request" "400, then the end" malformed;
};

const PIPELINED: usize = 50;

/// What is no request, or could be read in two ways.
const MALFORMED: &[&str] = &[
    "BAD\r\n\r\n",
    "GET /513 HTTP/1.1\r\n\r\n",
    "GET /513 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET /513 HTTP/1.1\r\nHost : a\r\n\r\n",
    "GET /513 HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n",
    "GET /513 HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\n",
    "GET /513 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "PUT /new HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
];

const OUTSIDE: &[&str] = &[
    "/../secret",
    "/many/../../secret",
    "/%2e%2e/secret",
    "/..%2fsecret",
    "/..%5Csecret",
    "/513%00",
];

async fn open(scene: &mut Scene<'_>) -> Result<Wire, Fault> {
    Wire::open(scene.place(At::Shelf)?).await
}

async fn simple(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let mut wire = open(scene).await?;
    wire.sends(b"GET /513\r\n").await?;
    same(&octets(FILE.1), &wire.rest().await?)
}

async fn old(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let mut wire = open(scene).await?;
    wire.sends(b"GET /513 HTTP/1.0\r\n\r\n").await?;
    let came = answer(&mut wire, "GET").await?;
    came.is(200, &octets(FILE.1))?;
    came.goes_on(false)?;
    ends(&mut wire).await
}

async fn kept(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let mut wire = open(scene).await?;
    for _ in 0..2 {
        let asked = b"GET /513 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
        wire.sends(asked).await?;
        let came = answer(&mut wire, "GET").await?;
        came.is(200, &octets(FILE.1))?;
        came.says("Connection", "keep-alive")?;
    }
    Ok(())
}

async fn pieces(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let mut wire = open(scene).await?;
    for octet in request("GET", "/513", &["Range: bytes=1-", "X: y"]) {
        wire.sends(&[octet]).await?;
        tokio::task::yield_now().await;
    }
    let came = answer(&mut wire, "GET").await?;
    came.is(206, &octets(FILE.1)[1..])?;
    came.goes_on(true)
}

async fn pipelined(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let mut wire = open(scene).await?;
    let path = |number| format!("/many/{}", encoded(&one_of_many(number)));
    let requests = (0..PIPELINED).flat_map(|number| request("GET", &path(number), &[]));
    wire.sends(&requests.collect::<Vec<_>>()).await?;
    for number in 0..PIPELINED {
        answer(&mut wire, "GET").await?.is(200, &many(number))?;
        let name = format!("/many/{}", one_of_many(number));
        if scene.shelf.transfer(&name).await.is_none() {
            return Err(Fault::new(format!("{name} in the log"), "not a word"));
        }
    }
    // and nothing more
    wire.finish().await?;
    ends(&mut wire).await
}

async fn head(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let mut wire = open(scene).await?;
    let head = ask(&mut wire, "HEAD", "/513", &[]).await?;
    head.is(200, b"")?;
    head.says("Content-Length", "513")?;
    let get = ask(&mut wire, "GET", "/513", &[]).await?;
    get.is(200, &octets(FILE.1))?;
    for name in ["ETag", "Last-Modified", "Content-Type", "Accept-Ranges"] {
        head.says(name, &get.field(name)?)?;
    }
    Ok(())
}

async fn slash(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let mut wire = open(scene).await?;
    let came = ask(&mut wire, "GET", "/many", &[]).await?;
    came.has_status(301)?;
    came.says("Location", "/many/")
}

async fn methods(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let mut wire = open(scene).await?;
    for method in ["PUT", "DELETE", "POST"] {
        let fields = ["Content-Length: 0"];
        let came = ask(&mut wire, method, "/513", &fields).await?;
        came.has_status(405)?;
        came.says("Allow", "GET, HEAD, OPTIONS")?;
    }
    let came = ask(&mut wire, "FETCH", "/513", &[]).await?;
    came.has_status(501)?;
    let came = ask(&mut wire, "GET", "/513", &[]).await?;
    came.is(200, &octets(FILE.1))
}

async fn outside(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let mut wire = open(scene).await?;
    for path in OUTSIDE {
        let came = ask(&mut wire, "GET", path, &[]).await?;
        if came.head.status() != 400 {
            let came = format!("{} for {path}", came.head.status());
            return Err(Fault::new("status 400", came));
        }
    }
    Ok(())
}

async fn malformed(scene: &mut Scene<'_>) -> Result<(), Fault> {
    for octets in MALFORMED {
        let mut wire = open(scene).await?;
        wire.sends(octets.as_bytes()).await?;
        let came = answer(&mut wire, "GET").await?;
        if came.head.status() != 400 {
            let words = octets.escape_default();
            let came = format!("{} for {words}", came.head.status());
            return Err(Fault::new("status 400", came));
        }
        came.goes_on(false)?;
        ends(&mut wire).await?;
    }
    Ok(())
}
