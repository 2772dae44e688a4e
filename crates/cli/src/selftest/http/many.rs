//! Many files with one command, over one connection.

use super::super::content::Content;
use super::super::judge::Fault;
use super::super::report::Story;
use super::super::stage::{PATIENCE, complaint};
use super::super::{Tell, Trouble};
use super::copies::{many, one_of_many};
use super::play::{APART, encoded};
use super::{At, MANY, Scene, row};
use serde_json::Value;
use std::fs;
use std::io;
use std::process::Output;
use tokio::time::timeout;

/// Pairs of names, one a line.
const LIST: &str = "list";

pub(super) async fn run(scene: &mut Scene<'_>, tell: Tell<'_>) -> Result<(), Trouble> {
    let address = scene.address(At::Shelf, false)?;
    let mut list = String::new();
    for number in 0..MANY {
        let name = encoded(&one_of_many(number));
        list += &format!("http://{address}/many/{name} in/{number}\n");
    }
    fs::write(scene.stage.path(LIST), list)?;
    let arguments = ["--batch", LIST, "--json", "--progress", "none"];
    let mut command = scene.stage.command();
    command.arg("copy").args(arguments).args(APART);
    let output = match timeout(PATIENCE, command.output()).await {
        Ok(output) => Some(output?),
        Err(_) => None,
    };
    let verdict = judge(scene, output).await.into();
    let story = Story {
        command: Some(format!("wirelore copy --batch {LIST}")),
        ..Story::default()
    };
    let answer = "all of them, over one connection";
    let mut row = row("many files", "a batch of them", answer, verdict);
    row.story = story;
    Ok(tell(row)?)
}

async fn judge(scene: &mut Scene<'_>, output: Option<Output>) -> Result<(), Fault> {
    let Some(output) = output else {
        return Err(Fault::silence("the end of the command"));
    };
    if output.status.code() != Some(0) {
        let came = format!("{}: {}", output.status, complaint(&output.stderr));
        return Err(Fault::new("exit code 0", came));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let good = said.lines().filter(|line| {
        serde_json::from_str(line).is_ok_and(|report: Value| report["exit_code"] == 0)
    });
    let good = good.count();
    if good != MANY {
        let expected = format!("{MANY} objects, each with exit code 0");
        return Err(Fault::new(expected, format!("{good} of them")));
    }
    let mut client = None;
    for number in 0..MANY {
        let there = arrived(scene, number).map_err(|error| Fault::unready(&error))?;
        if there != Some(Content::of(&many(number))) {
            let name = one_of_many(number);
            return Err(Fault::new(name, "another content, or nothing"));
        }
        let name = format!("/many/{}", one_of_many(number));
        let said = scene.shelf.transfer(&name).await.unwrap_or_default();
        let from = client.get_or_insert_with(|| said["client"].clone());
        if said["ok"] != true || said["client"] != *from {
            let expected = format!("{name} from {from} in the log of the server");
            return Err(Fault::new(expected, said.to_string()));
        }
    }
    Ok(())
}

/// What has come, which is removed.
fn arrived(scene: &Scene<'_>, number: usize) -> io::Result<Option<Content>> {
    let path = scene.stage.path(&format!("in/{number}"));
    let there = Content::at(&path)?;
    if there.is_some() {
        fs::remove_file(path)?;
    }
    Ok(there)
}
