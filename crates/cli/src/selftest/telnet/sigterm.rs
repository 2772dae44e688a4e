//! How the servers end, with somebody in one of them.

use super::super::judge::{Fault, judge_end};
use super::super::stage::Stage;
use super::super::{Tell, Trouble};
use super::dialogue::Dialogue;
use super::{PROMPT, Servers, row};

const FAREWELL: &str = "\r\nThe server stops. Goodbye.\r\n";

pub(super) async fn run(stage: &Stage, servers: Servers, tell: Tell<'_>) -> Result<(), Trouble> {
    let Servers {
        mut open,
        mut narrow,
        mut guarded,
    } = servers;
    let group = "SIGTERM ends the servers";
    let mut dialogue = Dialogue::begin(stage, "last", open.address)?;
    let greeted = dialogue.sees(PROMPT).await;
    let ended = open.end().await?;
    let judged = async {
        greeted?;
        judge_end(&ended)?;
        let before = dialogue.sees(FAREWELL).await?;
        let after = dialogue.ends().await?;
        match (&*before, &*after) {
            ("", "") => Ok(()),
            _ => Err(Fault::new(
                "no other words",
                format!("{before:?}, {after:?}"),
            )),
        }
    };
    let verdict = judged.await.into();
    let command = Some(dialogue.command.clone());
    let answer = "told so; exit code 0 here and there";
    tell(row(
        group,
        "while somebody is typing",
        answer,
        verdict,
        command,
    ))?;
    for (what, server) in [
        ("the one that takes one connection", &mut narrow),
        ("the one with users", &mut guarded),
    ] {
        let verdict = judge_end(&server.end().await?).into();
        let answer = "exit code 0, nothing was cut off";
        tell(row(group, what, answer, verdict, None))?;
    }
    Ok(())
}
