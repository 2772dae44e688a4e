//! Uploads, octet by octet.

use super::super::content::{Content, octets, strays};
use super::super::judge::Fault;
use super::super::wire::Wire;
use super::exchange::{answer, request, same};
use super::{At, Case, Scene, cases};
use std::fs;
use std::io;

pub(super) const CASES: &[Case] = cases! { "uploads, octet by octet":
    "100-continue" "asked for before the file, then 201" continued;
    "chunks of all sizes" "extensions and trailers are no content" chunked;
    "an upload that breaks off" "nothing of it is left" broken;
    "a part of a file" "400, and nothing is there" partial;
};

const LEN: usize = 5000;

async fn continued(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let mut wire = Wire::open(scene.place(At::Drop)?).await?;
    let length = format!("Content-Length: {LEN}");
    let fields = [&*length, "Expect: 100-continue"];
    wire.sends(&request("PUT", "/continued", &fields)).await?;
    let interim = answer(&mut wire, "PUT").await?;
    interim.has_status(100)?;
    let octets = octets(LEN);
    wire.sends(&octets).await?;
    answer(&mut wire, "PUT").await?.has_status(201)?;
    arrived(scene, "continued", Some(&octets)).await
}

async fn chunked(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let mut wire = Wire::open(scene.place(At::Drop)?).await?;
    let octets = octets(LEN);
    let fields = ["Transfer-Encoding: chunked", "Trailer: X"];
    let mut sent = request("PUT", "/chunked", &fields);
    let (mut rest, mut len) = (&octets[..], 1);
    while !rest.is_empty() {
        let (chunk, behind) = rest.split_at(len.min(rest.len()));
        let size = format!("{:X};name=\"va;lue\"\r\n", chunk.len());
        sent = [&sent, size.as_bytes(), chunk, b"\r\n"].concat();
        (rest, len) = (behind, len * 2 + 1);
    }
    sent.extend_from_slice(b"000\r\nX: no content\r\n\r\n");
    // cut where no line ends
    for piece in sent.chunks(97) {
        wire.sends(piece).await?;
        tokio::task::yield_now().await;
    }
    let came = answer(&mut wire, "PUT").await?;
    came.has_status(201)?;
    came.goes_on(true)?;
    arrived(scene, "chunked", Some(&octets)).await
}

async fn broken(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let mut wire = Wire::open(scene.place(At::Drop)?).await?;
    let length = format!("Content-Length: {LEN}");
    wire.sends(&request("PUT", "/broken", &[&length])).await?;
    wire.sends(&octets(LEN - 1)).await?;
    drop(wire);
    match scene.drop.transfer("/broken").await {
        Some(said) if said["ok"] == false => arrived(scene, "broken", None).await,
        said => Err(Fault::new(
            "a failure in the log of the server",
            said.unwrap_or_default().to_string(),
        )),
    }
}

async fn partial(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let mut wire = Wire::open(scene.place(At::Drop)?).await?;
    let fields = ["Content-Range: bytes 0-3/8", "Content-Length: 4"];
    wire.sends(&request("PUT", "/partial", &fields)).await?;
    wire.sends(b"half").await?;
    answer(&mut wire, "PUT").await?.has_status(400)?;
    arrived(scene, "partial", None).await
}

/// Just this file is where files are put, with this content. It is removed.
async fn arrived(scene: &Scene<'_>, name: &str, wanted: Option<&[u8]>) -> Result<(), Fault> {
    let unready = |error: io::Error| Fault::unready(&error);
    let folder = scene.stage.path("box");
    let place = scene.stage.path(At::Drop.folder()).join(name);
    let strays = strays(&folder, &place).await.map_err(unready)?;
    let there = Content::at(&place).map_err(unready)?;
    if !strays.is_empty() {
        return Err(Fault::new("no other files", strays.join(", ")));
    }
    if there == wanted.map(Content::of) {
        return match there {
            Some(_) => fs::remove_file(place).map_err(unready),
            None => Ok(()),
        };
    }
    match wanted {
        Some(wanted) => same(wanted, &fs::read(&place).unwrap_or_default()),
        None => Err(Fault::new("no file", name)),
    }
}
