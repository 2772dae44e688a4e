//! Many copies in one run, and what becomes of the connections.

use super::Scene;
use super::http_server::{HttpServer, answer};
use std::fs;

#[test]
fn a_batch_uses_its_connections_again() {
    let scene = Scene::new();
    let server = HttpServer::start(|asked| match &*asked.target {
        "/no" => answer("404 Not Found", &[], b""),
        _ => answer("200 OK", &[], asked.target.as_bytes()),
    });
    let list = format!(
        "# all of them\n{} .\n\n\"{}\" \"b c\" # two\n{} d\n{} e\nmissing f\n",
        server.url("a"),
        server.url("b"),
        server.url("no"),
        server.url("e"),
    );
    fs::write(scene.path("list"), &list).unwrap();
    let ended = scene.copy(&["--batch", "list", "--connections"]);
    assert_eq!(ended.code, 22, "{}", ended.stderr);
    let lines: Vec<_> = ended.stderr.lines().collect();
    assert_eq!(lines.len(), 7, "{lines:?}");
    assert!(lines[0].starts_with(&format!("{} -> ./a: 2 bytes copied", server.url("a"))));
    assert!(lines[2].starts_with("wirelore: ") && lines[2].contains("404"));
    assert!(lines[4].contains("missing"), "{lines:?}");
    assert!(
        lines[5].starts_with("origin") && lines[6].ends_with("       4  idle"),
        "{lines:?}"
    );
    assert!(server.asked().iter().all(|asked| asked.connection == 0));
    assert_eq!(scene.names(), ["a", "b c", "e", "list"]);
    let list = format!("{} x\n{} y\n", server.url("a"), server.url("b"));
    let ended = scene
        .copy_with(
            &["--batch", "-", "--json", "--no-keep-alive"],
            list.as_bytes(),
        )
        .good();
    let reports: Vec<serde_json::Value> = ended
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(reports.len(), 2);
    assert_eq!(reports[1]["destination"], "y");
    let asked = server.asked();
    let [.., first, second] = &asked[..] else {
        panic!()
    };
    assert_ne!(first.connection, second.connection);
    assert_eq!(second.field("Connection"), Some("close"));
    let list = format!("{} x\n{} y\n", server.url("a"), server.url("b"));
    let brief = ["--batch", "-", "--keep-alive-time", "0"];
    scene.copy_with(&brief, list.as_bytes()).good();
    let asked = server.asked();
    let [.., first, second] = &asked[..] else {
        panic!()
    };
    assert_ne!(first.connection, second.connection);
}

#[test]
fn a_list_that_makes_no_sense_is_wrong_use() {
    let scene = Scene::new();
    let ended = scene.copy_with(&["--batch", "-"], b"a b\nc\n");
    assert!(ended.failed(2).contains("line 2"), "{}", ended.stderr);
    scene.copy(&["--batch", "missing"]).failed(26);
    assert_eq!(scene.copy(&["a", "b", "--batch", "x"]).code, 2);
    assert_eq!(scene.copy(&["a", "b", "--connections"]).code, 2);
}
