//! Pages of folders as people see them: lynx and w3m, and Chromium where it is installed.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;
use wirelore_interop::{Ended, Missing, find, folder, require, run};

use crate::LIMIT;
use crate::names::{NAMES, escaped};
use crate::server::{Server, utf8};

fn holding_names() -> Server {
    let server = Server::start(&[]);
    for name in NAMES {
        server.folder.holds(name, format!("content of {name}").as_bytes());
    }
    server.folder.holds("sub/inner.txt", b"deep inside\n");
    server.folder.holds("other/.hidden", b"");
    server
}

#[test]
fn lynx_shows_names_and_links() {
    let lynx = require!(find("lynx"));
    let server = holding_names();
    let run_lynx = |arguments: &[&str], url: &str| {
        let mut command = Command::new(&lynx);
        command.env("LC_ALL", "C.UTF-8").env("HOME", server.folder.outside(""));
        command.args(["-cfg=/dev/null", "-lss=/dev/null", "-display_charset=UTF-8", "-width=200"]);
        let ended = run(command.args(arguments).arg(url), LIMIT).expect_success();
        ended.stdout()
    };
    let text = run_lynx(&["-dump", "-nolist"], &server.url("/"));
    assert!(text.contains("Index of /"), "{text}");
    for name in NAMES {
        let line = text.lines().find(|line| line.trim_start().starts_with(name));
        let line = line.unwrap_or_else(|| panic!("{name}: {text}"));
        assert!(line.contains(&format!(" {} B ", "content of ".len() + name.len())), "{line}");
    }
    let links = run_lynx(&["-dump", "-listonly", "-nonumbers"], &server.url("/"));
    let links: Vec<&str> = links.lines().collect();
    for name in NAMES {
        // lynx shows what is escaped as what it stands for
        assert!(links.contains(&&*server.url(&format!("/{name}"))), "{name}: {links:?}");
        let link = server.url(&format!("/{}", escaped(name.as_bytes())));
        assert_eq!(run_lynx(&["-source"], &link), format!("content of {name}"));
    }
    let links = run_lynx(&["-dump", "-listonly", "-nonumbers"], &server.url("/sub/"));
    for link in [server.url("/"), server.url("/sub/inner.txt")] {
        assert!(links.lines().any(|line| line.trim() == link), "{link}: {links}");
    }
    let text = run_lynx(&["-dump"], &server.url("/other/"));
    assert!(text.contains("Nothing is in this folder.") && !text.contains("hidden"), "{text}");
}

#[test]
fn w3m_shows_names_and_links() {
    let w3m = require!(find("w3m"));
    let server = holding_names();
    let run_w3m = |arguments: &[&str], url: &str| {
        let mut command = Command::new(&w3m);
        command.env("LC_ALL", "C.UTF-8").env("HOME", server.folder.outside(""));
        command.args(["-no-cookie", "-no-proxy", "-cols", "200", "-O", "UTF-8"]);
        run(command.args(arguments).arg(url), LIMIT).expect_success().stdout()
    };
    let text = run_w3m(&["-dump", "-T", "text/html"], &server.url("/"));
    assert!(text.contains("Index of /"), "{text}");
    for name in NAMES {
        let line = text.lines().find(|line| line.trim_start().starts_with(name));
        let line = line.unwrap_or_else(|| panic!("{name}: {text}"));
        assert!(line.contains(&format!("{} B", "content of ".len() + name.len())), "{line}");
    }
    let links = run_w3m(&["-dump", "-o", "display_link_number=1"], &server.url("/"));
    for name in NAMES {
        let found = links.lines().filter_map(|line| line.trim().split_once("] "));
        let mut urls = found.map(|(_, url)| url.trim()).filter(|url| url.starts_with("http://"));
        let path = |url: &str| url.strip_prefix(&server.url("/")).map(normal);
        let wanted = Some(escaped(name.as_bytes()));
        let url = urls.find(|url| path(url) == wanted).unwrap_or_else(|| panic!("{name}: {links}"));
        assert_eq!(run_w3m(&["-dump_source"], url), format!("content of {name}"));
    }
    assert!(run_w3m(&["-dump"], &server.url("/sub/inner.txt")).contains("deep inside"));
    assert!(run_w3m(&["-dump"], &server.url("/nothing")).contains("404 Not Found"));
}

/// A reference in its one spelling: decoded, and escaped again.
fn normal(reference: &str) -> String {
    let reference = reference.strip_prefix("./").unwrap_or(reference).as_bytes();
    let (mut octets, mut at) = (Vec::new(), 0);
    while let Some(&octet) = reference.get(at) {
        let digits = reference.get(at + 1..at + 3).filter(|_| octet == b'%');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) => (octets.push(decoded), at += 3),
            None => (octets.push(octet), at += 1),
        };
    }
    escaped(&octets)
}

/// Chromium without a window, which asks nobody but this machine.
struct Chromium {
    program: PathBuf,
    home: TempDir,
}

impl Chromium {
    fn new() -> Result<Self, Missing> {
        let names = ["chromium", "chromium-browser", "google-chrome"];
        let program = names.iter().find_map(|name| find(name).ok());
        let program = program.ok_or_else(|| Missing::Browser("chromium".into()))?;
        Ok(Self { program, home: folder() })
    }

    #[track_caller]
    fn run(&self, arguments: &[&str], url: &str) -> Ended {
        let mut command = Command::new(&self.program);
        command.env("HOME", self.home.path());
        command.arg(format!("--user-data-dir={}", self.home.path().join("profile").display()));
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]);
        command.args(["--no-first-run", "--disable-background-networking", "--disable-sync"]);
        command.args(["--disable-component-update", "--disable-extensions", "--no-proxy-server"]);
        command.args(["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]);
        command.args(["--virtual-time-budget=2000", "--timeout=20000"]);
        run(command.args(arguments).arg(url), LIMIT).expect_success()
    }
}

/// The page in Chromium's eyes: each link as it resolves it leads to its file; the style is applied, and
/// nothing of it is refused; a picture of it is not empty.
#[test]
fn chromium_shows_names_and_links() {
    let chromium = require!(Chromium::new());
    let server = holding_names();
    let page = chromium.run(&["--dump-dom"], &server.url("/"));
    let dom = page.stdout();
    assert!(dom.contains("<title>Index of /</title>"), "{page}");
    assert!(!page.stderr().contains("Content Security Policy"), "{page}");
    // `href="REFERENCE">NAME</a>`
    let links: Vec<(&str, &str)> = dom
        .split("<a ")
        .skip(1)
        .filter_map(|rest| rest.split_once("href=\"")?.1.split_once("</a>"))
        .filter_map(|(link, _)| link.split_once("\">"))
        .collect();
    for name in NAMES {
        let plain =
            |text: &str| text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        let wanted = escaped(name.as_bytes());
        let found = links.iter().find(|(reference, _)| normal(&plain(reference)) == wanted);
        let (reference, shown) = found.unwrap_or_else(|| panic!("{name}: {links:?}"));
        assert_eq!(plain(shown), *name, "{reference}");
    }
    // one of them, and a folder and what is in it
    let inner = chromium.run(&["--dump-dom"], &server.url("/sub")).stdout();
    assert!(
        inner.contains("Index of ") && inner.contains("<a href=\"inner.txt\">inner.txt</a>"),
        "{inner}"
    );
    let text = chromium.run(&["--dump-dom"], &server.url("/sub/inner.txt")).stdout();
    assert!(text.contains("deep inside"), "{text}");
    let picture = chromium.home.path().join("picture.png");
    let option = format!("--screenshot={}", utf8(&picture));
    chromium.run(&[&option, "--window-size=800,600"], &server.url("/"));
    let octets = std::fs::read(picture).expect("a picture");
    assert!(octets.starts_with(b"\x89PNG\r\n\x1a\n") && octets.len() > 5000, "{}", octets.len());
    // nothing but what was asked for
    let mut files: Vec<String> =
        server.events("transfer").iter().map(|event| event["file"].to_string()).collect();
    files.retain(|file| file != "\"/favicon.ico\"");
    files.sort();
    files.dedup();
    assert_eq!(files, ["\"/\"", "\"/sub\"", "\"/sub/\"", "\"/sub/inner.txt\""]);
}
