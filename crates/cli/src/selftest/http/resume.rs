//! Going on where a copy was cut, as `wirelore copy --continue` has left it, and only with the same file.

use super::super::content::{Content, octets};
use super::super::judge::{Account, Fault};
use super::super::wire::Wire;
use super::super::{Tell, Trouble};
use super::copies::HALVES;
use super::exchange::ask;
use super::play::{self, Copy};
use super::{At, Scene, row};
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::time::Duration;

const GROUP: &str = "going on";
const HALF: usize = HALVES.1 / 2;
/// Another file, whole.
const WHOLE: (&str, usize) = ("65537", 65_537);

pub(super) async fn run(scene: &mut Scene<'_>, tell: Tell<'_>) -> Result<(), Trouble> {
    let tags = async {
        let of_halves = strong_tag(scene, HALVES.0).await?;
        Ok((of_halves, strong_tag(scene, WHOLE.0).await?))
    };
    let (tag, tag_of_whole) = match tags.await {
        Ok(tags) => tags,
        Err(fault) => {
            let answer = "there, and strong";
            tell(row(GROUP, "the tag of a file", answer, Err(fault).into()))?;
            return Ok(());
        }
    };
    let old = octets(HALVES.1);

    let mut half = copy(
        "the second half, after a cut",
        HALVES.0,
        &old,
        "from the middle on",
    );
    half.wanted.options = vec![("status", 206.into()), ("resumed_at", HALF.into())];
    half.wanted.server = Account::Done("read", vec![("status", 206.into())]);
    half.before = left(&half.url(scene)?, &half, &tag, &old[..HALF], old.len());

    let mut foreign = copy(
        "a part of another URL",
        HALVES.0,
        &old,
        "from the beginning",
    );
    foreign.before = left(
        "http://127.0.0.1:1/",
        &foreign,
        &tag,
        &new()[..HALF],
        old.len(),
    );

    let all = octets(WHOLE.1);
    let mut whole = copy("all of it is there", WHOLE.0, &all, "nothing but the name");
    whole.wanted.options.clear();
    whole.wanted.server = Account::Any;
    whole.before = left(&whole.url(scene)?, &whole, &tag_of_whole, &all, all.len());

    let mut cases = [half, foreign, whole].into_iter();
    if play::all(scene, &mut cases, &mut *tell).await? {
        return Ok(());
    }
    // as long as the old one: nothing but the tag tells them apart
    replace(scene, &new())?;
    let mut changed = copy(
        "a file that has changed since",
        HALVES.0,
        &new(),
        "from the beginning",
    );
    changed.before = left(
        &changed.url(scene)?,
        &changed,
        &tag,
        &old[..HALF],
        old.len(),
    );
    play::all(scene, &mut [changed].into_iter(), tell).await?;
    Ok(())
}

/// A copy of which nothing that is there already is used.
fn copy(what: &'static str, name: &str, octets: &[u8], how: &str) -> Copy {
    let content = Content::of(octets);
    let mut copy = Copy::get(GROUP, what, name, content, how).with(&["--continue"]);
    copy.wanted.options.push(("resumed_at", Value::Null));
    copy
}

/// What is in the file later.
fn new() -> Vec<u8> {
    octets(HALVES.1).iter().map(|octet| !octet).collect()
}

fn replace(scene: &Scene<'_>, octets: &[u8]) -> io::Result<()> {
    let shelf = scene.stage.path("shelf");
    fs::write(shelf.join("new"), octets)?;
    fs::rename(shelf.join("new"), shelf.join(HALVES.0))
}

/// The two files that a copy leaves beside its target.
fn left(url: &str, copy: &Copy, tag: &str, part: &[u8], length: usize) -> Vec<(String, Vec<u8>)> {
    let name = format!(".{}.wirelore-part", copy.local);
    let notes = json!({"url": url, "etag": tag, "last_modified": null, "length": length});
    vec![
        (format!("{name}.json"), notes.to_string().into_bytes()),
        (name, part.to_vec()),
    ]
}

/// The tag of a file. Where the system counts seconds, it is weak for some of them.
async fn strong_tag(scene: &mut Scene<'_>, name: &str) -> Result<String, Fault> {
    let mut wire = Wire::open(scene.place(At::Shelf)?).await?;
    let mut tries = 50;
    loop {
        tries -= 1;
        let answer = ask(&mut wire, "HEAD", &format!("/{name}"), &[]).await?;
        answer.has_status(200)?;
        let tag = answer.field("ETag")?;
        if tag.starts_with('"') {
            return Ok(tag);
        }
        if tries == 0 {
            return Err(Fault::new("a strong tag", tag));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
