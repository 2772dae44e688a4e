//! A folder for programs: what is said of it is complete, and leads to each file.

use super::super::judge::Fault;
use super::super::stage::Copied;
use super::super::wire::Wire;
use super::super::{Tell, Trouble};
use super::copies::{many, one_of_many};
use super::exchange::{answer, request};
use super::play::APART;
use super::{At, MANY, Scene, row};
use serde_json::Value;
use std::collections::HashMap;
use std::fs;
use std::io;

const GROUP: &str = "a folder as JSON";
const HERE: &str = "in/folder";

pub(super) async fn run(scene: &mut Scene<'_>, tell: Tell<'_>) -> Result<(), Trouble> {
    let address = scene.address(At::Shelf, false)?;
    let url = format!("http://{address}/many/?json");
    let copied = scene.stage.copy(&url, HERE, &APART).await?;
    let path = scene.stage.path(HERE);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let _ = fs::remove_file(path);
    let listed = listed(&copied, &text);
    let followed = match &listed {
        Ok(files) => follow(scene, files).await,
        Err(fault) => Err(fault.clone()),
    };
    for (what, answer, verdict, command) in [
        (
            "?json",
            "all names with their sizes, and no others",
            listed.map(drop),
            Some(format!("wirelore copy '{url}' {HERE}")),
        ),
        (
            "what it leads to",
            "each file, all asked for at once",
            followed,
            None,
        ),
    ] {
        let mut row = row(GROUP, what, answer, verdict.into());
        row.story.command = command;
        tell(row)?;
    }
    Ok(())
}

/// The files that the answer names, each with what it leads to.
fn listed(copied: &Copied, text: &[u8]) -> Result<Vec<(usize, String)>, Fault> {
    if copied.exit_code != Some(0) {
        return Err(Fault::new("exit code 0", copied.said.clone()));
    }
    let folder: Value = match serde_json::from_slice(text) {
        Ok(folder) => folder,
        Err(error) => return Err(Fault::new("an object", error.to_string())),
    };
    let is = |object: &Value, member: &str, wanted: Value| match object[member] == wanted {
        true => Ok(()),
        false => Err(Fault::new(format!("{member} {wanted}"), object.to_string())),
    };
    is(&folder, "path", "/many/".into())?;
    is(&folder, "cut", false.into())?;
    let entries = folder["entries"].as_array().map_or(&[][..], Vec::as_slice);
    let by_name: HashMap<_, _> = entries
        .iter()
        .filter_map(|entry| Some((entry["name"].as_str()?, entry)))
        .collect();
    if entries.len() != MANY + 1 || by_name.len() != MANY + 1 {
        let expected = format!("{} names", MANY + 1);
        let came = format!("{} entries, {} names", entries.len(), by_name.len());
        return Err(Fault::new(expected, came));
    }
    let entry = |name: &str| match by_name.get(name) {
        Some(&entry) => Ok(entry),
        None => Err(Fault::new(name, "no such name")),
    };
    let below = entry("empty")?;
    is(below, "type", "folder".into())?;
    is(below, "size", Value::Null)?;
    is(below, "href", "empty/".into())?;
    let mut files = Vec::new();
    for number in 0..MANY {
        let file = entry(&one_of_many(number))?;
        is(file, "type", "file".into())?;
        is(file, "size", many(number).len().into())?;
        let Some(href) = file["href"].as_str() else {
            return Err(Fault::new("a member href", file.to_string()));
        };
        files.push((number, href.to_owned()));
    }
    Ok(files)
}

/// Asks for all files at once, and reads the answers in this order.
async fn follow(scene: &mut Scene<'_>, files: &[(usize, String)]) -> Result<(), Fault> {
    let mut wire = Wire::open(scene.place(At::Shelf)?).await?;
    let requests = files.iter().flat_map(|(_, href)| {
        let href = href.strip_prefix("./").unwrap_or(href);
        request("GET", &format!("/many/{href}"), &[])
    });
    wire.sends(&requests.collect::<Vec<_>>()).await?;
    for &(number, _) in files {
        let answer = answer(&mut wire, "GET").await?;
        answer.is(200, &many(number))?;
        let name = format!("/many/{}", one_of_many(number));
        if scene.shelf.transfer(&name).await.is_none() {
            return Err(Fault::new(format!("{name} in the log"), "not a word"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn good() -> Value {
        let mut entries: Vec<_> = (0..MANY)
            .map(|number| {
                let size = many(number).len();
                json!({"name": one_of_many(number), "type": "file", "size": size, "href": "x"})
            })
            .collect();
        entries.push(json!({"name": "empty", "type": "folder", "size": null, "href": "empty/"}));
        json!({"path": "/many/", "cut": false, "entries": entries})
    }

    fn judged(folder: &Value) -> Result<(), Fault> {
        let copied = Copied {
            exit_code: Some(0),
            ..Copied::default()
        };
        listed(&copied, folder.to_string().as_bytes()).map(drop)
    }

    #[test]
    fn what_is_missing_or_too_much_is_found() {
        assert_eq!(judged(&good()), Ok(()));
        for (pointer, value) in [
            ("/path", json!("/")),
            ("/cut", json!(true)),
            ("/entries", json!([])),
            ("/entries/0/name", json!("other")),
            ("/entries/1/name", good()["entries"][0]["name"].clone()),
            ("/entries/2/size", json!(35)),
            ("/entries/2/type", json!("folder")),
            ("/entries/2/href", json!(null)),
            ("/entries/60/size", json!(0)),
            ("/entries/60", json!({"name": "0", "type": "file"})),
        ] {
            let mut folder = good();
            *folder.pointer_mut(pointer).expect("it is there") = value;
            assert!(judged(&folder).is_err(), "{pointer}");
        }
        let mut folder = good();
        let entries = folder["entries"].as_array_mut().expect("an array");
        entries.push(json!({"name": ".hidden", "type": "file", "size": 1, "href": ".hidden"}));
        assert!(judged(&folder).is_err());
        assert!(listed(&Copied::default(), good().to_string().as_bytes()).is_err());
    }
}
