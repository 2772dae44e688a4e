//! Parts of a file, and files that somebody has already.

use super::super::content::octets;
use super::super::judge::Fault;
use super::super::wire::{Wire, shown};
use super::copies::FILE;
use super::exchange::{Answer, ask, same};
use super::{At, Case, Scene, cases};
use wirelore_http1::value::content_range::ContentRange;
use wirelore_http1::value::multipart::{Boundary, parts};
use wirelore_http1::value::parameters::split_item;

pub(super) const CASES: &[Case] = cases! { "parts and conditions":
    "one range" "206, these octets" one;
    "several ranges" "206, a part for each" several;
    "ranges that touch" "206, joined into one" joined;
    "a range behind the end" "416, with the length that there is" behind;
    "a range of another version" "200, the whole file" of_another;
    "If-None-Match" "304 without a body; 200 for another tag" none_match;
    "If-Modified-Since" "304 without a body; 200 since long ago" modified_since;
    "If-Match" "412 for another tag" matching;
};

const PATH: &str = "/513";
const LEN: u64 = FILE.1 as u64;

/// A connection, and what the whole file is like.
async fn open(scene: &mut Scene<'_>) -> Result<(Wire, Answer, Vec<u8>), Fault> {
    let mut wire = Wire::open(scene.place(At::Shelf)?).await?;
    let octets = octets(FILE.1);
    let whole = ask(&mut wire, "GET", PATH, &[]).await?;
    whole.is(200, &octets)?;
    Ok((wire, whole, octets))
}

async fn one(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let (mut wire, whole, octets) = open(scene).await?;
    for (range, first, end) in [
        ("0-0", 0, 1),
        ("0-99", 0, 100),
        ("100-", 100, 513),
        ("-100", 413, 513),
        ("512-512", 512, 513),
        ("500-9999", 500, 513),
        ("-9999", 0, 513),
    ] {
        let field = format!("Range: bytes={range}");
        let came = ask(&mut wire, "GET", PATH, &[&field]).await?;
        came.is(206, &octets[first..end])?;
        let content_range = format!("bytes {first}-{}/{LEN}", end - 1);
        came.says("Content-Range", &content_range)?;
        came.says("ETag", &whole.field("ETag")?)?;
    }
    Ok(())
}

async fn several(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let (mut wire, _, octets) = open(scene).await?;
    // in the order that is asked for
    let field = "Range: bytes=400-449, 0-9, 200-219";
    let came = ask(&mut wire, "GET", PATH, &[field]).await?;
    came.has_status(206)?;
    let kind = came.field("Content-Type")?;
    let (item, parameters) = split_item(kind.as_bytes());
    same(b"multipart/byteranges", item)?;
    let boundary = parameters.value_of(b"boundary").unwrap_or_default();
    let Ok(boundary) = Boundary::new(&boundary) else {
        return Err(Fault::new("a boundary", kind));
    };
    let mut wanted = [(400, 450), (0, 10), (200, 220)].into_iter();
    for part in parts(&came.body, boundary) {
        let wrong = |came: String| Fault::new("three parts as asked for", came);
        let part = part.map_err(|error| wrong(error.to_string()))?;
        let (first, end) = wanted.next().ok_or_else(|| wrong("more of them".into()))?;
        same(&octets[first..end], part.octets)?;
        let range = part
            .range
            .map(|range| (range.first(), part.complete_length));
        if range != Some((first as u64, Some(LEN))) {
            return Err(wrong(shown(part.content_range)));
        }
    }
    match wanted.next() {
        None => Ok(()),
        Some(_) => Err(Fault::new("three parts", shown(&came.body))),
    }
}

async fn joined(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let (mut wire, _, octets) = open(scene).await?;
    let came = ask(&mut wire, "GET", PATH, &["Range: bytes=0-9,5-19,20-29"]).await?;
    came.is(206, &octets[..30])?;
    came.says("Content-Range", "bytes 0-29/513")
}

async fn behind(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let (mut wire, ..) = open(scene).await?;
    let came = ask(&mut wire, "GET", PATH, &["Range: bytes=513-"]).await?;
    came.has_status(416)?;
    let content_range = came.field("Content-Range")?;
    match ContentRange::parse(content_range.as_bytes()) {
        Ok(ContentRange::Unsatisfied {
            complete_length: LEN,
        }) => Ok(()),
        _ => Err(Fault::new("Content-Range: bytes */513", content_range)),
    }
}

async fn of_another(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let (mut wire, whole, octets) = open(scene).await?;
    let fields = ["Range: bytes=1-", "If-Range: \"other\""];
    let came = ask(&mut wire, "GET", PATH, &fields).await?;
    came.is(200, &octets)?;
    // and of this one
    let tag = format!("If-Range: {}", whole.field("ETag")?);
    let came = ask(&mut wire, "GET", PATH, &[fields[0], &tag]).await?;
    came.is(206, &octets[1..])
}

async fn none_match(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let (mut wire, whole, octets) = open(scene).await?;
    let tag = whole.field("ETag")?;
    for value in [&tag, "*", &format!("\"other\", W/{tag}")] {
        let field = format!("If-None-Match: {value}");
        let came = ask(&mut wire, "GET", PATH, &[&field]).await?;
        came.is(304, b"")?;
        came.says("ETag", &tag)?;
    }
    let came = ask(&mut wire, "GET", PATH, &["If-None-Match: \"other\""]).await?;
    came.is(200, &octets)
}

async fn modified_since(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let (mut wire, whole, octets) = open(scene).await?;
    let field = format!("If-Modified-Since: {}", whole.field("Last-Modified")?);
    let came = ask(&mut wire, "GET", PATH, &[&field]).await?;
    came.is(304, b"")?;
    let field = "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT";
    let came = ask(&mut wire, "GET", PATH, &[field]).await?;
    came.is(200, &octets)
}

async fn matching(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let (mut wire, whole, octets) = open(scene).await?;
    let came = ask(&mut wire, "GET", PATH, &["If-Match: \"other\""]).await?;
    came.has_status(412)?;
    let field = format!("If-Match: {}", whole.field("ETag")?);
    let came = ask(&mut wire, "GET", PATH, &[&field]).await?;
    came.is(200, &octets)
}
