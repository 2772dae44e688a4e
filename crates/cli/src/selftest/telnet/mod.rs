//! TELNET: the console, asked by this very executable as `wirelore telnet` in a pipe, and octet by
//! octet over connections of this process.

#[cfg(unix)]
mod command;
#[cfg(unix)]
mod dialogue;
mod octets;
#[cfg(unix)]
mod sigterm;
mod terminal;

use super::judge::Fault;
use super::report::{Row, Shown, Story, Verdict};
use super::stage::{Server, Stage};
use super::{Tell, Trouble};
use std::future::Future;
use std::pin::Pin;

const PROMPT: &str = "wirelore> ";

/// One thing that is tried with `S`.
struct Case<S> {
    what: &'static str,
    /// What must come of it.
    answer: &'static str,
    play: for<'s> fn(&'s mut S) -> Judged<'s>,
}

type Judged<'s> = Pin<Box<dyn Future<Output = Result<(), Fault>> + 's>>;

/// A table of cases.
macro_rules! cases {
    ($($what:literal $answer:literal $play:path;)*) => {
        [$($crate::selftest::telnet::Case {
            what: $what,
            answer: $answer,
            play: |scene| Box::pin($play(scene)),
        }),*]
    };
}
use cases;

/// What can no longer be tried once a case went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// The other cases are independent of it, unless there is no connection at all.
    GoOn,
    /// They are steps of one conversation.
    #[cfg(unix)]
    LeaveOut,
}

pub(super) async fn run(stage: &Stage, tell: Tell<'_>) -> Result<(), Trouble> {
    let mut servers = Servers::start(stage).await?;
    #[cfg(unix)]
    {
        // three wrong passwords take more than three seconds: meanwhile there is the rest
        let mut intruder = command::Intruder::come(stage, &mut servers.guarded).await?;
        let rest = open_to_all(stage, &mut servers, &mut *tell);
        let (guessed, played) = tokio::join!(intruder.guess(), rest);
        played?;
        command::logins(stage, &mut servers.guarded, &intruder, guessed, &mut *tell).await?;
        sigterm::run(stage, servers, tell).await
    }
    #[cfg(not(unix))]
    open_to_all(stage, &mut servers, tell).await
}

/// All that needs no user.
async fn open_to_all(stage: &Stage, servers: &mut Servers, tell: Tell<'_>) -> Result<(), Trouble> {
    #[cfg(unix)]
    command::run(stage, &mut servers.open, &mut *tell).await?;
    #[cfg(not(unix))]
    let _ = stage;
    let (open, narrow) = (&mut servers.open, &mut servers.narrow);
    play(
        "octet by octet",
        octets::CASES,
        open,
        After::GoOn,
        None,
        &mut *tell,
    )
    .await?;
    play("limits", octets::LIMITS, narrow, After::GoOn, None, tell).await
}

/// Plays cases one after the other.
async fn play<S>(
    group: &'static str,
    cases: &[Case<S>],
    scene: &mut S,
    after: After,
    command: Option<&str>,
    tell: Tell<'_>,
) -> Result<(), Trouble> {
    let mut over = false;
    for case in cases {
        let verdict = match over {
            true => Verdict::LeftOut,
            false => (case.play)(scene).await.into(),
        };
        if let Verdict::Wrong(fault) = &verdict {
            over = after != After::GoOn || fault.is_silence();
        }
        let command = command.map(str::to_owned);
        tell(row(group, case.what, case.answer, verdict, command))?;
    }
    Ok(())
}

fn row(
    group: &'static str,
    what: &'static str,
    answer: &str,
    verdict: Verdict,
    command: Option<String>,
) -> Row {
    let story = Story {
        command,
        ..Story::default()
    };
    Row {
        group,
        what,
        shown: Shown::Answer(answer.into()),
        verdict,
        story,
    }
}

/// All of them at once, as each costs little.
struct Servers {
    /// One that lets in everybody.
    open: Server,
    /// One at which nobody may have two connections.
    narrow: Server,
    /// One with users.
    #[cfg(unix)]
    guarded: Server,
}

impl Servers {
    async fn start(stage: &Stage) -> std::io::Result<Self> {
        for dir in ["open", "narrow", "guarded"] {
            std::fs::create_dir(stage.path(dir))?;
        }
        Ok(Self {
            open: stage
                .serve("telnet", "open", &["--telnet-per-peer=16"])
                .await?,
            narrow: stage
                .serve("telnet", "narrow", &["--telnet-per-peer=1"])
                .await?,
            #[cfg(unix)]
            guarded: command::guarded(stage).await?,
        })
    }
}

/// The first words of the console.
fn welcome() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("Wirelore {version} console; ? lists the commands\r\n\r\n")
}

/// What `status` must say, but for the time.
fn judge_status(text: &str, sessions: &str) -> Result<(), Fault> {
    let version = format!("wirelore {}", env!("CARGO_PKG_VERSION"));
    let wanted = [
        ("version", &*version),
        ("up", ""),
        ("endpoints", "1"),
        ("transfers", "0 good, 0 failed, 0 now, 0 B in all"),
        ("sessions", sessions),
        ("errors", ""),
    ];
    let lines: Vec<_> = text.split_terminator("\r\n").collect();
    if lines.len() != wanted.len() {
        return Err(Fault::new(
            "6 lines of status",
            text.escape_debug().to_string(),
        ));
    }
    for (line, (name, value)) in lines.into_iter().zip(wanted) {
        let fault = || Fault::new(format!("{name} {value}"), line.escape_debug().to_string());
        let (came, rest) = line.split_once(' ').ok_or_else(fault)?;
        let rest = rest.trim_start();
        if came != name || rest.is_empty() || !(value.is_empty() || rest == value) {
            return Err(fault());
        }
    }
    Ok(())
}

/// The line of `who` about this very session.
fn judge_who(text: &str, client: std::net::SocketAddr, who: &str) -> Result<(), Fault> {
    let client = client.to_string();
    let mut lines = text.split_terminator("\r\n").skip(1);
    let words = |line: &str| {
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let wanted = format!("{who} (you)");
    let found = lines.find(|line| words(line).get(1) == Some(&client));
    match found {
        Some(line) if line.starts_with("telnet ") && line.ends_with(&format!("  {wanted}")) => {
            Ok(())
        }
        _ => Err(Fault::new(
            format!("a line with telnet, {client} and {wanted}"),
            text.escape_debug().to_string(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::{LONGEST_ANSWER, LONGEST_WHAT};
    use super::*;

    #[track_caller]
    fn fit<S>(cases: &[Case<S>]) {
        for Case { what, answer, .. } in cases {
            assert!(what.len() <= LONGEST_WHAT, "{what}");
            assert!(answer.len() <= LONGEST_ANSWER, "{answer}");
        }
    }

    #[test]
    fn rows_have_room() {
        fit(octets::CASES);
        fit(octets::LIMITS);
        #[cfg(unix)]
        fit(&command::visits());
    }

    fn status(sessions: &str) -> String {
        let version = env!("CARGO_PKG_VERSION");
        format!(
            "version    wirelore {version}\r\nup         0s\r\nendpoints  1\r\ntransfers  0 good, \
             0 failed, 0 now, 0 B in all\r\nsessions   {sessions}\r\nerrors     0\r\n"
        )
    }

    #[test]
    fn a_wrong_status_is_found() {
        let right = status("1 so far");
        assert_eq!(judge_status(&right, "1 so far"), Ok(()));
        assert_eq!(judge_status(&right, ""), Ok(()));
        assert!(judge_status(&right, "2 so far").is_err());
        for (part, other) in [
            ("0 good", "1 good"),
            ("\r\nerrors     0", ""),
            ("version ", "Version "),
            ("0s", ""),
            ("endpoints  1", "endpoints  2"),
            ("errors     0\r\n", "errors     0\r\nmore 1\r\n"),
        ] {
            let wrong = right.replace(part, other);
            assert!(judge_status(&wrong, "1 so far").is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_the_line_about_us_is_right() {
        let client = "127.0.0.1:40001".parse().expect("an address");
        let head = "PROTOCOL  FROM  SINCE  IDLE  WHO OR WHAT\r\n";
        let line = |from: &str, who: &str| format!("{head}telnet    {from}  0s  0s  {who}\r\n");
        let right = line("127.0.0.1:40001", "ann, VT100 (you)");
        assert_eq!(judge_who(&right, client, "ann, VT100"), Ok(()));
        assert!(judge_who(&right, client, "VT100").is_err());
        assert!(judge_who(&right, client, "ann").is_err());
        let other = line("127.0.0.1:4000", "ann, VT100 (you)");
        assert!(judge_who(&other, client, "ann, VT100").is_err());
        assert!(judge_who("", client, "-").is_err());
    }

    /// The words of rows that were told, where the second of three cases goes this way.
    async fn verdicts(fault: fn() -> Result<(), Fault>, after: After) -> Vec<&'static str> {
        type Scene = fn() -> Result<(), Fault>;
        fn good(_: &mut Scene) -> Judged<'_> {
            Box::pin(async { Ok(()) })
        }
        fn other(scene: &mut Scene) -> Judged<'_> {
            Box::pin(async { scene() })
        }
        let cases = [good, other, good].map(|play| Case::<Scene> {
            what: "",
            answer: "",
            play,
        });
        let (mut told, mut scene) = (Vec::new(), fault);
        let mut tell = |row: Row| {
            told.push(row.verdict.word());
            Ok(())
        };
        let played = play("", &cases, &mut scene, after, None, &mut tell).await;
        assert!(played.is_ok());
        told
    }

    #[tokio::test]
    async fn what_cannot_be_tried_is_left_out() {
        let wrong = || Err(Fault::new("a", "b"));
        let silence = || Err(Fault::silence("a"));
        assert_eq!(
            verdicts(wrong, After::GoOn).await,
            ["right", "wrong", "right"]
        );
        assert_eq!(
            verdicts(silence, After::GoOn).await,
            ["right", "wrong", "left out"]
        );
        #[cfg(unix)]
        assert_eq!(
            verdicts(wrong, After::LeaveOut).await,
            ["right", "wrong", "left out"]
        );
        assert_eq!(verdicts(|| Ok(()), After::GoOn).await, ["right"; 3]);
    }
}
