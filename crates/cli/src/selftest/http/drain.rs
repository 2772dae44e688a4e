//! How the servers end, with downloads under way from one of them.

use super::super::content::{Content, octets};
use super::super::judge::{Fault, judge_end};
use super::super::report::Story;
use super::super::stage::{Copied, Ended, PATIENCE, Stage};
use super::super::wire::{Wire, patient};
use super::super::{Tell, Trouble};
use super::copies::LARGE;
use super::exchange::{request, same};
use super::play::APART;
use super::{At, Scene, TRUST, row};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

const GROUP: &str = "SIGTERM ends the servers";
/// Where a download goes to while the server ends.
const HERE: &str = "in/drained";
/// So that it lasts longer than the server needs to hear of the signal.
const RATE: &str = "--limit-rate=48MiB";

pub(super) async fn run(mut scene: Scene<'_>, tell: Tell<'_>) -> Result<(), Trouble> {
    let stage = scene.stage;
    let plain = scene.address(At::Shelf, false)?;
    let secure = scene.address(At::Shelf, true)?;
    let url = format!("https://{secure}/{LARGE}");
    let options = [&[TRUST, RATE], &APART[..]].concat();
    let copied = stage.copy(&url, HERE, &options);
    let ((download, ended), copied) = tokio::join!(
        async {
            let download = Download::begin(plain).await;
            under_way(stage).await;
            let (ended, download) = tokio::join!(scene.shelf.end(), async {
                match download {
                    Ok(download) => download.go_on(plain).await,
                    Err(fault) => Err(fault),
                }
            });
            (download, ended)
        },
        copied
    );
    let (copied, ended) = (copied?, ended?);
    let there = Content::at(&stage.path(HERE))?;
    let drained = download.and_then(|()| judge_end(&ended));
    let answer = "comes to its end; no new connections";
    tell(row(GROUP, "a download by http", answer, drained.into()))?;
    let verdict = judge(&copied, there, &ended).into();
    let answer = "comes to its end; exit code 0 here and there";
    let mut told = row(GROUP, "a download by https", answer, verdict);
    told.story = Story {
        command: Some(format!("wirelore copy {url} {HERE} {TRUST} {RATE}")),
        client: copied.report,
        server: None,
    };
    tell(told)?;
    for (what, server) in [
        ("the one that takes uploads", &mut scene.drop),
        ("the one with limits", &mut scene.narrow),
        ("the one with users", &mut scene.guarded),
    ] {
        let verdict = judge_end(&server.end().await?).into();
        let answer = "exit code 0, nothing was cut off";
        tell(row(GROUP, what, answer, verdict))?;
    }
    Ok(())
}

/// Waits until something of the copy is there.
async fn under_way(stage: &Stage) {
    let begun = || -> io::Result<bool> {
        for entry in fs::read_dir(stage.path("in"))? {
            if entry?.metadata()?.len() > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    };
    let until = Instant::now() + PATIENCE;
    // whatever fails here shows in the copy
    while Instant::now() < until && matches!(begun(), Ok(false)) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// One whose server has more to send than the system takes: nothing is read meanwhile.
struct Download {
    wire: Wire,
}

impl Download {
    async fn begin(server: SocketAddr) -> Result<Self, Fault> {
        let mut wire = Wire::open(server).await?;
        wire.sends(&request("GET", &format!("/{LARGE}"), &[]))
            .await?;
        wire.gets(b"HTTP/1.1 200 ").await?;
        Ok(Self { wire })
    }

    /// When the server takes no new connections any more, reads all that is left.
    async fn go_on(mut self, server: SocketAddr) -> Result<(), Fault> {
        let expected = "no new connection";
        let deaf = patient(expected, async {
            while TcpStream::connect(server).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Ok(())
        });
        deaf.await?;
        self.wire.up_to(b"\r\n\r\n").await?;
        let mut came = self.wire.unread();
        let stream = &mut self.wire.stream;
        patient("the whole file", stream.read_to_end(&mut came)).await?;
        same(&octets(LARGE), &came)
    }
}

fn judge(copied: &Copied, there: Option<Content>, ended: &Ended) -> Result<(), Fault> {
    if copied.exit_code != Some(0) {
        return Err(Fault::new("exit code 0", copied.said.clone()));
    }
    if there != Some(Content::of(&octets(LARGE))) {
        let came = there.map_or(0, |there| there.octets);
        return Err(Fault::new(
            format!("{LARGE} octets as they are served"),
            format!("{came} octets"),
        ));
    }
    judge_end(ended)
}
