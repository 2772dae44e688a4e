//! What is local: names, modes, pipes and devices.

use super::{Scene, content, run};
use std::fs::{self, File, Permissions};
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use std::thread;

#[test]
fn local_files_are_copied_too() {
    let scene = Scene::new();
    let octets = content(700_000);
    fs::write(scene.path("a b"), &octets).unwrap();
    let url = format!("file://{}", scene.path("a%20b").display());
    scene.copy(&[&*url, "c"]).good();
    let report = scene.copy(&["c", "-", "--digest", "md5"]).good();
    assert!(report.stdout == octets && fs::read(scene.path("c")).unwrap() == octets);
    let ended = scene.copy_with(&["-", "./d:e", "--json"], b"12").good();
    assert_eq!(fs::read(scene.path("d:e")).unwrap(), b"12");
    assert_eq!(ended.json()["bytes"], 2);
    let ended = scene.copy(&["d:e", "d:e"]).good();
    assert!(
        ended.stderr.starts_with("2 bytes copied in "),
        "{}",
        ended.stderr
    );
    assert_eq!(fs::read(scene.path("d:e")).unwrap(), b"12");
}

#[test]
fn what_cannot_be_read_or_written_is_told() {
    let scene = Scene::new();
    scene.server.has("f", b"1");
    fs::create_dir(scene.path("d")).unwrap();
    let url = scene.url("f");
    let missing = format!("file://{}", scene.path("missing").display());
    for (arguments, code) in [
        (["missing", "x"], 26),
        (["missing", &*url], 26),
        ([&*missing, "x"], 37),
        ([&*missing, &*url], 37),
        (["d", "x"], 26),
        ([&*url, "missing/"], 23),
        ([&*url, "missing/x"], 23),
        ([&*url, "d/\u{1b}/x"], 23),
    ] {
        let ended = scene.copy(&arguments);
        assert!(!ended.failed(code).contains('\u{1b}'), "{arguments:?}");
    }
    fs::create_dir(scene.path("d/f")).unwrap();
    assert!(scene.copy(&[&*url, "d"]).failed(23).contains("folder"));
    assert_eq!(scene.names(), ["d"]);
}

#[test]
fn no_clobber_spares_what_is_there() {
    let scene = Scene::new();
    scene.server.has("f", b"new");
    fs::write(scene.path("old"), "old").unwrap();
    fs::write(scene.path("f"), "old").unwrap();
    let url = scene.url("f");
    for destination in ["old", "."] {
        assert!(
            scene
                .copy(&[&*url, destination, "-n"])
                .failed(91)
                .contains("--no-clobber")
        );
    }
    assert_eq!(fs::read(scene.path("old")).unwrap(), b"old");
    scene.copy(&[&*url, "fresh", "--no-clobber"]).good();
    scene.copy(&[&*url, "/dev/null", "--no-clobber"]).good();
    assert_eq!(scene.names(), ["f", "fresh", "old"]);
}

#[test]
fn a_file_keeps_its_mode_and_a_link_its_place() {
    let scene = Scene::new();
    scene.server.has("f", b"new");
    let path = scene.path("old");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o741)).unwrap();
    symlink("old", scene.path("link")).unwrap();
    scene.copy(&[&*scene.url("f"), "link"]).good();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o741
    );
    assert!(
        fs::symlink_metadata(scene.path("link"))
            .unwrap()
            .is_symlink()
    );
    symlink("nowhere", scene.path("dangling")).unwrap();
    scene.copy(&[&*scene.url("f"), "dangling"]).failed(23);
    assert_eq!(scene.names(), ["dangling", "link", "old"]);
}

#[test]
fn a_new_file_has_the_mode_of_every_new_file() {
    let scene = Scene::new();
    scene.server.has("f", b"new");
    File::create(scene.path("usual")).unwrap();
    scene.copy(&[&*scene.url("f"), "g"]).good();
    let mode = |name: &str| fs::metadata(scene.path(name)).unwrap().permissions().mode();
    assert_eq!(mode("g"), mode("usual"));
}

#[test]
fn devices_and_fifos_are_written_to_as_they_are() {
    let scene = Scene::new();
    let octets = content(400_000);
    scene.server.has("f", &octets);
    let url = scene.url("f");
    scene.copy(&[&*url, "/dev/null"]).good();
    assert!(
        scene
            .copy(&[&*url, "/dev/full"])
            .failed(23)
            .contains("/dev/full: no space left")
    );
    scene.server.reported(&["f from", "ended", "Peer", "3"]);
    let made = Command::new("mkfifo").arg(scene.path("fifo")).status();
    assert!(made.expect("mkfifo is everywhere").success());
    let reader = thread::spawn({
        let path = scene.path("fifo");
        move || fs::read(path).unwrap()
    });
    scene.copy(&[&*url, "fifo"]).good();
    assert!(reader.join().unwrap() == octets);
    let writer = thread::spawn({
        let (path, octets) = (scene.path("fifo"), octets.clone());
        move || fs::write(path, octets).unwrap()
    });
    scene.copy(&["fifo", &*scene.url("up")]).good();
    writer.join().unwrap();
    assert!(scene.server.got("up").unwrap() == octets);
    assert_eq!(scene.names(), ["fifo"]);
}

#[test]
fn a_reader_that_goes_away_is_a_write_error() {
    let scene = Scene::new();
    scene.server.has("f", &content(400_000));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ended = run(scene.command(&[&*scene.url("f"), "-"]).stdout(writer), b"");
    assert!(
        ended.failed(23).contains("stdout: broken pipe"),
        "{}",
        ended.stderr
    );
}

#[test]
fn stdin_goes_on_where_the_shell_stopped_reading() {
    let scene = Scene::new();
    fs::write(scene.path("lines"), "first\nsecond\nthird\n").unwrap();
    let mut shell = Command::new("sh");
    let script = format!(
        "read line; exec '{}' copy - here -q",
        env!("CARGO_BIN_EXE_wirelore")
    );
    shell.args(["-c", &script]).current_dir(scene.work.path());
    let mut file = File::open(scene.path("lines")).unwrap();
    file.read_exact(&mut [0; 6]).unwrap();
    let status = shell.stdin(file).status().unwrap();
    assert!(status.success());
    // six octets were read here, a line by the shell
    assert_eq!(fs::read(scene.path("here")).unwrap(), b"third\n");
}
