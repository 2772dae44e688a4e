//! Signals in the middle of a copy.

use super::Scene;
use std::io::Read;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill")
        .args([&format!("-{signal}"), &child.id().to_string()])
        .status();
    assert!(sent.expect("kill is everywhere").success());
}

/// Waits until a temporary file has something in it.
fn begun(scene: &Scene) {
    let until = Instant::now() + Duration::from_secs(20);
    let filled =
        |name: &String| std::fs::metadata(scene.path(name)).is_ok_and(|kind| kind.len() > 0);
    while !scene.names().iter().any(filled) {
        assert!(Instant::now() < until, "nothing was received");
        thread::sleep(Duration::from_millis(5));
    }
}

fn ended(mut child: Child) -> (ExitStatus, String) {
    drop(child.stdin.take());
    let mut said = String::new();
    let mut stderr = child.stderr.take().expect("stderr is a pipe");
    stderr
        .read_to_string(&mut said)
        .expect("complaints are text");
    (child.wait().expect("the command ends"), said)
}

#[test]
fn a_signal_ends_a_copy_and_leaves_nothing() {
    let scene = Scene::new();
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let child = scene
            .command(&[&*scene.url("endless"), "f"])
            .spawn()
            .unwrap();
        begun(&scene);
        send(signal, &child);
        let (status, said) = ended(child);
        assert_eq!(status.code(), Some(code), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert_eq!(scene.names(), [""; 0], "{signal}");
        // and the server need not wait
        scene.server.reported(&["endless", "ended", "Peer"]);
    }
}

#[test]
fn a_signal_ends_an_upload_that_waits_for_stdin() {
    let scene = Scene::new();
    let mut child = scene.command(&["-", &*scene.url("up")]).spawn().unwrap();
    let stdin = child.stdin.take();
    scene.server.reported(&["asked", "up"]);
    send("INT", &child);
    let (status, said) = ended(child);
    drop(stdin);
    assert_eq!(status.code(), Some(130), "{said}");
    assert_eq!(scene.server.names(), [""; 0]);
}

#[test]
fn a_copy_that_is_killed_has_not_got_its_name() {
    let scene = Scene::new();
    let mut child = scene
        .command(&[&*scene.url("endless"), "f"])
        .spawn()
        .unwrap();
    begun(&scene);
    child.kill().unwrap();
    let (status, _) = ended(child);
    assert_eq!(status.code(), None);
    let left = scene.names();
    assert!(
        left.len() == 1 && left[0].starts_with(".f.") && left[0].ends_with(".part"),
        "{left:?}"
    );
}
