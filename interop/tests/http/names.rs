//! Paths: what leads where, what leads nowhere, and names that have to be escaped.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use serde_json::Value;
use wirelore_interop::require;

use crate::clients::Curl;
use crate::server::{Server, utf8};

/// Names that mean something to somebody.
pub(crate) const NAMES: [&str; 12] = [
    "two words",
    "grüße 文字",
    "100%",
    "%41",
    "what?",
    "a#b",
    "a&b=c;d",
    "<b>\"bold\"'",
    "a:b",
    "+plus+",
    "~tilde",
    "[0-9]{x}",
];

/// RFC 9110 §4.2.3, RFC 1945 §5.1.2, RFC 1945 §12.5.
#[test]
fn paths_lead_nowhere_but_below_the_root() {
    let curl = require!(Curl::new());
    let server = Server::start(&["--upload", "overwrite"]);
    let folder = &server.folder;
    folder.holds("f", b"here");
    folder.holds("sub/deep/g", b"there");
    folder.holds("..dots", b"dots");
    folder.holds(".hidden", b"SECRET");
    folder.keeps("secret", "SECRET");
    symlink(folder.outside("secret"), folder.served("leaf")).unwrap();
    symlink(folder.outside(""), folder.served("way")).unwrap();
    symlink("f", folder.served("inner")).unwrap();
    for (target, wanted) in [
        ("/f", Ok("here")),
        ("//f", Ok("here")),
        ("/./f", Ok("here")),
        ("/%66", Ok("here")),
        ("/sub/../f", Ok("here")),
        ("/sub/%2e%2E/f", Ok("here")),
        ("/sub//deep/./g", Ok("there")),
        ("/f?query=../secret", Ok("here")),
        ("/f?", Ok("here")),
        ("/inner", Ok("here")),
        ("/..dots", Err(404)),
        ("/../secret", Err(400)),
        ("/sub/../../secret", Err(400)),
        ("/%2e%2e/secret", Err(400)),
        ("/.%2E/secret", Err(400)),
        ("/..%2fsecret", Err(400)),
        ("/..;/secret", Err(400)),
        ("/sub%2fdeep", Err(400)),
        ("/%00", Err(400)),
        ("/f%00.txt", Err(400)),
        ("/..%5csecret", Err(400)),
        ("/..\\secret", Err(400)),
        ("/f%0d%0aX-Evil:%201", Err(404)),
        ("/%", Err(400)),
        ("/%zz", Err(400)),
        ("/%252e%252e/secret", Err(404)),
        ("/F", Err(404)),
        ("/f/", Err(404)),
        ("/f/g", Err(404)),
        ("/.hidden", Err(404)),
        ("/%2ehidden", Err(404)),
        ("/leaf", Err(403)),
        ("/way/secret", Err(403)),
    ] {
        let got = curl.get(&["--path-as-is", "--globoff"], &server.url(target));
        match wanted {
            Ok(text) => _ = got.expect(200, text.as_bytes()),
            // whether something is there that must not be seen is not said either way
            Err(403 | 404) => assert!(matches!(got.status, 403 | 404), "{target}: {got:?}"),
            Err(status) => _ = got.expect_status(status),
        }
        assert!(!got.text().contains("SECRET"), "{target}");
        assert!(!got.text().contains(utf8(&folder.outside(""))), "{target}: {got:?}");
        assert_eq!(got.field("X-Evil"), None);
    }
    let long = format!("/{}", "a".repeat(300));
    assert!(matches!(curl.get(&[], &server.url(&long)).status, 400 | 404));
    let deep = "/a".repeat(1000);
    assert!(matches!(curl.get(&[], &server.url(&deep)).status, 400 | 404));
}

/// A folder without its slash leads to the one with it, on this host and no other.
/// RFC 9110 §15.4, RFC 1945 §9.3.
#[test]
fn folders_have_a_slash() {
    let curl = require!(Curl::new());
    let server = Server::start(&[]);
    server.folder.holds("sub/a b/f", b"x");
    for (target, place) in [
        ("/sub", "/sub/"),
        ("//sub", "/sub/"),
        ("/sub/a%20b", "/sub/a%20b/"),
        ("/sub?sort=size&order=desc", "/sub/?sort=size&order=desc"),
    ] {
        let got = curl.get(&["--path-as-is"], &server.url(target));
        assert_eq!(got.expect_status(301).field("Location"), Some(place), "{target}");
        let got = curl.get(&["--path-as-is", "-L"], &server.url(target));
        got.expect_status(200);
        assert_eq!(got.facts["url_effective"], server.url(place), "{target}");
    }
}

/// RFC 1945 §5.1.2.
#[test]
fn names_are_escaped_and_found_again() {
    let curl = require!(Curl::new());
    let server = Server::start(&["--upload", "create"]);
    let source = server.folder.outside("source");
    for name in NAMES {
        let path = format!("/{}", escaped(name.as_bytes()));
        fs::write(&source, name).unwrap();
        curl.get(&["-T", utf8(&source)], &server.url(&path)).expect(201, b"");
        assert_eq!(fs::read(server.folder.served(name)).unwrap(), name.as_bytes());
        curl.get(&[], &server.url(&path)).expect(200, name.as_bytes());
    }
    // octets that are no UTF-8, a line break in a name, and one in the name of a folder
    for (name, status) in [(&b"gr\xfcn"[..], 200), (b"a\nb", 200)] {
        fs::write(server.folder.served("").join(OsStr::from_bytes(name)), b"x").unwrap();
        let got = curl.get(&[], &server.url(&format!("/{}", escaped(name))));
        got.expect_status(status);
    }
    server.folder.holds("x\r\nX-Evil: 1/f", b"x");
    let got = curl.get(&[], &server.url("/x%0d%0aX-Evil:%201"));
    assert_eq!(got.expect_status(301).field("Location"), Some("/x%0d%0aX-Evil:%201/"));
    assert_eq!(got.field("X-Evil"), None);
    let names: Vec<String> = NAMES.iter().map(|name| (*name).into()).collect();
    let mut listed = listing(&curl, &server.url("/")).0;
    listed.retain(|(name, ..)| names.contains(name));
    assert_eq!(listed.len(), names.len(), "{listed:?}");
    for (name, kind, size, href) in listed {
        assert_eq!((kind.as_str(), size), ("file", Some(name.len() as u64)));
        let got = curl.get(&["--path-as-is", "--globoff"], &server.url(&format!("/{href}")));
        got.expect(200, name.as_bytes());
    }
}

/// JSON for those who ask for it, HTML for everybody else; each entry is one that is there, and each
/// reference leads to it.
/// RFC 9110 §12.5.5.
#[test]
fn listings_are_complete() {
    let curl = require!(Curl::new());
    let server = Server::start(&[]);
    let mut wanted = Vec::new();
    for n in 0..300_usize {
        server.folder.holds(&format!("sub/f{n:03}.txt"), &vec![b'x'; n]);
        wanted.push((format!("f{n:03}.txt"), "file".to_owned(), Some(n as u64)));
    }
    server.folder.holds("sub/inner/f", b"x");
    server.folder.holds("sub/.hidden", b"x");
    wanted.push(("inner".into(), "folder".into(), None));
    wanted.sort();
    let (listed, path) = listing(&curl, &server.url("/sub/"));
    assert_eq!(path, "/sub/");
    let mut found: Vec<_> =
        listed.iter().map(|(name, kind, size, _)| (name.clone(), kind.clone(), *size)).collect();
    found.sort();
    assert_eq!(found, wanted);
    assert!(listed.contains(&("inner".into(), "folder".into(), None, "inner/".into())));
    for (accept, kind) in [
        ("*/*", "text/html; charset=utf-8"),
        ("text/html,application/json;q=0.5", "text/html; charset=utf-8"),
        ("text/html;q=0.5,application/json", "application/json"),
        ("application/*", "application/json"),
        ("image/png", "text/html; charset=utf-8"),
    ] {
        let got = curl.get(&["-H", &format!("Accept: {accept}")], &server.url("/sub/"));
        got.expect_status(200);
        assert_eq!(got.field("Content-Type"), Some(kind), "{accept}");
        assert!(got.all("Vary").contains(&"Accept"), "{got:?}");
        assert!(!got.text().contains("hidden"));
    }
    let closed = Server::start(&["--http-no-listing"]);
    closed.folder.holds("f", b"secret");
    let got = curl.get(&[], &closed.url("/"));
    assert!(!got.expect_status(403).text().contains("secret"));
    curl.get(&[], &closed.url("/f")).expect(200, b"secret");
    closed.folder.holds("index.html", b"<p>welcome");
    curl.get(&[], &closed.url("/")).expect(200, b"<p>welcome");
}

/// Name, type, size and reference of each entry, and the path, of a folder.
type Listed = (Vec<(String, String, Option<u64>, String)>, String);

#[track_caller]
fn listing(curl: &Curl, url: &str) -> Listed {
    let got = curl.get(&["-H", "Accept: application/json"], url);
    assert_eq!(got.expect_status(200).field("Content-Type"), Some("application/json"));
    let folder: Value = serde_json::from_slice(&got.body).expect("JSON");
    assert_eq!(folder["cut"], false);
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    let entries = folder["entries"].as_array().expect("entries").iter().map(|entry| {
        let modified = text(&entry["modified"]);
        assert!(modified.len() == 20 && modified.ends_with('Z'), "{modified}");
        (text(&entry["name"]), text(&entry["type"]), entry["size"].as_u64(), text(&entry["href"]))
    });
    (entries.collect(), text(&folder["path"]))
}

/// Everything but letters and digits.
pub(crate) fn escaped(name: &[u8]) -> String {
    name.iter()
        .map(|&octet| match octet {
            octet if octet.is_ascii_alphanumeric() => char::from(octet).to_string(),
            octet => format!("%{octet:02X}"),
        })
        .collect()
}
