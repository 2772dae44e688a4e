//! HTTP and HTTPS: one server for each way of serving. Copies by `wirelore copy` come first, then what
//! people cannot type, octet by octet, and then the servers are told to stop.

mod copies;
#[cfg(unix)]
mod drain;
mod exchange;
mod folder;
mod limits;
mod login;
mod many;
mod octets;
mod play;
mod ranges;
mod refused;
mod resume;
mod uploads;

use super::judge::Fault;
use super::report::{Row, Shown, Story, Verdict};
use super::stage::{Server, Stage};
use super::{Tell, Trouble};
use std::fs;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

/// What the narrow server takes at most, and a file that is too large for it.
const MAX_UPLOAD: (&str, usize) = ("--max-upload=256KiB", 300_000);
/// How long the narrow server waits for a head.
const HEAD: &str = "--http-head=300ms";
/// Where servers keep their certificate and key.
const STATE: &str = "--state=state";
/// That certificate, for clients.
const TRUST: &str = "--cacert=state/https-certificate.pem";
/// A server with a certificate of its own, of which nobody is told.
const OTHER_STATE: &str = "--state=other";

/// So many files are in the folder of many.
const MANY: usize = 60;

/// One thing that is tried over a connection of this process.
struct Case {
    group: &'static str,
    what: &'static str,
    /// What must come of it.
    answer: &'static str,
    play: for<'s, 'x> fn(&'s mut Scene<'x>) -> Judged<'s>,
}

type Judged<'s> = Pin<Box<dyn Future<Output = Result<(), Fault>> + 's>>;

/// A table of cases of one group.
macro_rules! cases {
    ($group:literal: $($what:literal $answer:literal $play:path;)*) => {
        &[$($crate::selftest::http::Case {
            group: $group,
            what: $what,
            answer: $answer,
            play: |scene| Box::pin($play(scene)),
        }),*]
    };
}
use cases;

/// Cases over connections of this process, in their order.
const CASES: &[&[Case]] = &[octets::CASES, ranges::CASES, uploads::CASES, limits::CASES];

pub(super) async fn run(stage: &Stage, tell: Tell<'_>) -> Result<(), Trouble> {
    let copies = copies::prepare(stage)?;
    let mut scene = Scene::begin(stage).await?;
    let mut copies = copies.into_iter().chain(refused::refusals());
    let silent = play::all(&mut scene, &mut copies, &mut *tell).await?;
    if !silent {
        login::run(&mut scene, &mut *tell).await?;
        resume::run(&mut scene, &mut *tell).await?;
        many::run(&mut scene, &mut *tell).await?;
        folder::run(&mut scene, &mut *tell).await?;
    }
    let mut over = silent;
    for case in CASES.iter().copied().flatten() {
        let verdict = match over {
            true => Verdict::LeftOut,
            false => (case.play)(&mut scene).await.into(),
        };
        over |= matches!(&verdict, Verdict::Wrong(fault) if fault.is_silence());
        tell(row(case.group, case.what, case.answer, verdict))?;
    }
    #[cfg(unix)]
    drain::run(scene, tell).await?;
    Ok(())
}

fn row(group: &'static str, what: &'static str, answer: &str, verdict: Verdict) -> Row {
    Row {
        group,
        what,
        shown: Shown::Answer(answer.into()),
        verdict,
        story: Story::default(),
    }
}

/// Who serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Who lets nothing be written.
    Shelf,
    /// Who takes files, and replaces them.
    Drop,
    /// Who takes new files in one folder, small ones, and waits for nobody.
    Narrow,
    /// Who wants to know a user.
    Guarded,
}

impl At {
    /// What it serves, as a folder of the stage.
    const fn folder(self) -> &'static str {
        match self {
            Self::Shelf => "shelf",
            Self::Drop => "box/drop",
            Self::Narrow => "box/narrow",
            Self::Guarded => "box/guarded",
        }
    }
}

/// All servers at once: they cost little, and each case begins without a wait.
struct Scene<'s> {
    stage: &'s Stage,
    shelf: Server,
    drop: Server,
    narrow: Server,
    guarded: Server,
}

impl<'s> Scene<'s> {
    async fn begin(stage: &'s Stage) -> io::Result<Self> {
        login::write_users(stage)?;
        let (both, http) = (["http", "https"], ["http"]);
        let serve = |at: At, protocols, options| stage.serve_all(protocols, at.folder(), options);
        let narrow = [
            "--upload=create",
            "--upload-folder=inbox",
            MAX_UPLOAD.0,
            HEAD,
        ];
        let guarded = [OTHER_STATE, "--upload=create", login::USERS];
        Ok(Self {
            stage,
            shelf: serve(At::Shelf, &both, &[STATE]).await?,
            drop: serve(At::Drop, &both, &[STATE, "--upload=overwrite"]).await?,
            narrow: serve(At::Narrow, &http, &narrow).await?,
            guarded: serve(At::Guarded, &both, &guarded).await?,
        })
    }

    fn server(&mut self, at: At) -> &mut Server {
        match at {
            At::Shelf => &mut self.shelf,
            At::Drop => &mut self.drop,
            At::Narrow => &mut self.narrow,
            At::Guarded => &mut self.guarded,
        }
    }

    /// Where it serves http, or https.
    fn address(&mut self, at: At, secure: bool) -> io::Result<SocketAddr> {
        self.server(at).at(if secure { "https" } else { "http" })
    }

    /// The same for http, where cases are judged.
    fn place(&mut self, at: At) -> Result<SocketAddr, Fault> {
        self.address(at, false)
            .map_err(|error| Fault::unready(&error))
    }
}

/// Files that are served, and folders that files are put into.
fn make_folders(stage: &Stage) -> io::Result<()> {
    for folder in [
        "shelf/many/empty",
        "box/drop",
        "box/narrow/inbox",
        "box/guarded",
        "in",
    ] {
        fs::create_dir_all(stage.path(folder))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::report::{LONGEST_ANSWER, LONGEST_WHAT};
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn rows_have_room() {
        let mut seen = HashSet::new();
        for case in CASES.iter().copied().flatten() {
            assert!(case.what.len() <= LONGEST_WHAT, "{}", case.what);
            assert!(case.answer.len() <= LONGEST_ANSWER, "{}", case.answer);
            assert!(seen.insert((case.group, case.what)), "{}", case.what);
        }
    }
}
