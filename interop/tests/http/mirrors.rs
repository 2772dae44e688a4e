//! wget: whole trees through the pages of folders, downloads that go on, and dates.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use wirelore_interop::{Ended, Missing, content, digest, find, require, run};

use crate::LIMIT;
use crate::names::NAMES;
use crate::server::{Server, utf8};

struct Wget(PathBuf);

impl Wget {
    fn new() -> Result<Self, Missing> {
        find("wget").map(Self)
    }

    #[track_caller]
    fn run(&self, folder: &Path, arguments: &[&str]) -> Ended {
        let mut command = Command::new(&self.0);
        command.args(["--no-config", "--no-proxy", "--tries=1", "--timeout=50", "-nv"]);
        command.arg("-P").arg(folder).args(arguments);
        run(&mut command, LIMIT)
    }
}

/// Digests of all files below `folder`, by their paths in it.
fn tree(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        for entry in fs::read_dir(here).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = utf8(path.strip_prefix(folder).unwrap()).to_owned();
            found.insert(name, digest(&fs::read(&path).unwrap()));
        }
    }
    found
}

/// Every file is there with its name and octets, whatever is in names, and nothing else but the pages
/// themselves, in each of their orders.
#[test]
fn wget_mirrors_a_tree() {
    let wget = require!(Wget::new());
    let server = Server::start(&[]);
    for (number, folder) in
        ["", "sub/", "sub/with blank/", "sub/50%/", "ünï/", "a&b/"].iter().enumerate()
    {
        // wget decodes names twice where it keeps them
        for name in NAMES.iter().filter(|name| **name != "%41") {
            server.folder.holds(&format!("{folder}{name}"), format!("{folder}{name}").as_bytes());
        }
        server.folder.holds(&format!("{folder}large"), &content(100_000 + number));
        server.folder.holds(&format!("{folder}empty"), b"");
    }
    server.folder.holds("sub/no-page/index.html.old", b"x");
    let wanted = tree(&server.folder.served(""));
    assert!(wanted.len() >= 79);
    for from in ["/", "/sub/"] {
        let place = server.folder.copy(&format!("mirror{}", from.len()));
        let options = ["-r", "-l", "inf", "-np", "-nH", "--restrict-file-names=nocontrol"];
        wget.run(&place, &[&options[..], &[&server.url(from)]].concat()).expect_success();
        let mut mirrored = tree(&place);
        mirrored.retain(|name, _| {
            let (_, name) = name.rsplit_once('/').unwrap_or(("", name));
            name != "index.html" && !name.starts_with("index.html?sort=")
        });
        let mut wanted = wanted.clone();
        wanted.retain(|name, _| name.starts_with(&from[1..]));
        let names: Vec<_> = mirrored.keys().collect();
        assert_eq!(names, wanted.keys().collect::<Vec<_>>());
        assert!(mirrored == wanted, "other octets");
    }
    // what robots may do is nowhere said
    for event in server.events("transfer") {
        let is_asked = event["file"] == "/robots.txt" && event["error_code"] == 404;
        assert!(is_asked || event["ok"] == true, "{event}");
    }
}

/// What is new is fetched once more, and what is not is left alone; files have the server's dates.
#[test]
fn wget_fetches_what_is_newer() {
    let wget = require!(Wget::new());
    let server = Server::start(&[]);
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_234_567_890);
    let set = |file: &Path, date| {
        File::options().write(true).open(file).unwrap().set_modified(date).unwrap();
    };
    let mut files = Vec::new();
    for (name, size) in [("old", 70_000), ("renewed", 100)] {
        let file = server.folder.holds(name, &content(size));
        set(&file, date);
        files.push(server.url(&format!("/{name}")));
    }
    let place = server.folder.copy("dated");
    let arguments = ["-N", &*files[0], &files[1]];
    wget.run(&place, &arguments).expect_success();
    for name in ["old", "renewed"] {
        let modified = fs::metadata(place.join(name)).unwrap().modified().unwrap();
        assert_eq!(modified, date, "{name}");
    }
    let fetched = || {
        let events = server.events("transfer").into_iter();
        events.filter(|event| event["options"]["status"].is_null()).count()
    };
    assert_eq!(fetched(), 2);
    wget.run(&place, &arguments).expect_success();
    assert_eq!(fetched(), 2, "nothing was new");
    let file = server.folder.holds("renewed", b"other octets, and fewer");
    set(&file, date + Duration::from_secs(1));
    wget.run(&place, &arguments).expect_success();
    assert_eq!(tree(&place), tree(&server.folder.served("")));
    let modified = fs::metadata(place.join("renewed")).unwrap().modified().unwrap();
    assert_eq!(modified, date + Duration::from_secs(1));
    assert_eq!(fetched(), 3);
}

#[test]
fn wget_goes_on_with_a_download() {
    let wget = require!(Wget::new());
    let server = Server::start(&[]);
    let all = content(3_000_000);
    server.folder.holds("f", &all);
    let place = server.folder.copy("resumed");
    fs::create_dir(&place).unwrap();
    for cut in [1, 1_000_000, 2_999_999, 3_000_000] {
        fs::write(place.join("f"), &all[..cut]).unwrap();
        wget.run(&place, &["-c", &server.url("/f")]).expect_success();
        assert!(fs::read(place.join("f")).unwrap() == all, "{cut}");
    }
    let events = server.events("transfer");
    let bytes: Vec<_> = events.iter().map(|event| event["bytes"].as_u64().unwrap()).collect();
    assert_eq!(bytes[..3], [2_999_999, 2_000_000, 1]);
    assert!(bytes[3..].iter().all(|&bytes| bytes == 0), "what was whole came again: {bytes:?}");
}

/// What is not there is said by the exit code, and is not kept.
#[test]
fn wget_is_told_what_is_not_there() {
    let wget = require!(Wget::new());
    let server = Server::start(&[]);
    let place = server.folder.copy("nothing");
    fs::create_dir(&place).unwrap();
    wget.run(&place, &[&server.url("/nothing")]).expect_code(8);
    assert!(tree(&place).is_empty());
}
