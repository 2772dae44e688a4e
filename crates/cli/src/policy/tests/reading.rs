//! What can be read, and what cannot.

use super::*;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use std::time::{Duration, SystemTime};

#[test]
fn a_file_has_length_time_and_path() {
    let place = Place::new(&["sub/a"]);
    let readable = place.plain().read(&anybody(), b"/sub/a").expect("reads");
    assert_eq!(readable.len, 5);
    assert_eq!(readable.shown, "\"sub/a\"");
    let modified = readable.modified.expect("a time");
    assert_eq!(
        modified,
        fs::metadata(place.root().join("sub/a"))
            .and_then(|data| data.modified())
            .expect("a time")
    );
    assert!(modified < SystemTime::now() + Duration::from_secs(86_400));
}

#[test]
fn what_is_not_there_is_not_found() {
    let place = Place::new(&["a"]);
    for name in ["b", "b/c", "a/b", &"x".repeat(200)] {
        assert_eq!(
            read(&place.plain(), name),
            Err(DeniedKind::NotFound),
            "{name}"
        );
    }
    let long = "x".repeat(256);
    assert_eq!(
        read(&place.plain(), long),
        Err(DeniedKind::BadName),
        "no file system has these"
    );
}

#[test]
fn names_are_octets() {
    let place = Place::new(&[]);
    let names = [
        &b"a b"[..],
        b" ",
        "\u{fc}\u{20ac}".as_bytes(),
        b"\xff\xfe",
        b"a\nb",
        b"a\\b",
        b"*",
    ];
    for name in names {
        fs::write(place.root().join(std::ffi::OsStr::from_bytes(name)), "x").expect("writes");
        assert_eq!(read(&place.plain(), name).as_deref(), Ok("x"), "{name:?}");
    }
}

#[test]
fn links_lead_everywhere_but_out() {
    let place = Place::new(&["sub/a", "deep/er/"]);
    let root = place.root();
    let link = |to: &Path, name: &str| symlink(to, root.join(name)).expect("links");
    link(Path::new("sub/a"), "good");
    link(Path::new("sub"), "folder");
    link(Path::new("../sub/a"), "deep/up");
    link(&place.outside().join("secret"), "absolute");
    link(Path::new("../outside/secret"), "relative");
    link(&place.outside(), "absolute-folder");
    link(Path::new("../outside"), "relative-folder");
    link(Path::new("../../../outside"), "deep/er/out");
    link(Path::new("relative-folder"), "twice");
    link(Path::new("loop"), "loop");
    link(Path::new("nowhere"), "dangling");
    // absolute ones lead out even if they lead back in
    link(&root.join("sub/a"), "back-in");

    let policy = place.plain();
    for name in ["good", "folder/a", "deep/up"] {
        assert_eq!(read(&policy, name).as_deref(), Ok("sub/a"), "{name}");
    }
    let escapes = [
        "absolute",
        "relative",
        "absolute-folder/secret",
        "relative-folder/secret",
        "deep/er/out/secret",
        "twice/secret",
        "back-in",
        "loop",
    ];
    for name in escapes {
        assert_eq!(read(&policy, name), Err(DeniedKind::Forbidden), "{name}");
    }
    assert_eq!(read(&policy, "dangling"), Err(DeniedKind::NotFound));
    let folding = place.policy(|options| options.ignore_case = Some(true));
    assert_eq!(read(&folding, "FOLDER/A").as_deref(), Ok("sub/a"));
    for name in [
        "RELATIVE",
        "Relative-Folder/secret",
        "TWICE/secret",
        "Twice/Secret",
    ] {
        assert!(read(&folding, name).is_err(), "{name}");
    }
}

#[test]
fn only_regular_files_are_opened_and_nothing_blocks() {
    let place = Place::new(&["folder/"]);
    let root = place.root();
    let made = Command::new("mkfifo")
        .arg(root.join("pipe"))
        .status()
        .expect("mkfifo runs");
    assert!(made.success());
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).expect("binds");
    symlink("pipe", root.join("link")).expect("links");
    let policy = place.uploading(Uploads::Overwrite);
    let (done, wait) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for name in ["folder", "pipe", "socket", "link"] {
            done.send((name, read(&policy, name))).expect("is awaited");
        }
        for name in ["folder", "pipe", "socket"] {
            done.send((
                name,
                put(&policy, &anybody(), name, "x").map(|()| String::new()),
            ))
            .expect("is awaited");
        }
    });
    for _ in 0..7 {
        let (name, result) = wait
            .recv_timeout(Duration::from_secs(60))
            .expect("does not block");
        assert_eq!(result, Err(DeniedKind::NotAFile), "{name}");
    }
}

/// Opening a pipe, even without waiting, would let whoever wants to write to it go on.
#[test]
fn a_pipe_is_not_even_opened() {
    let place = Place::new(&[]);
    let pipe = place.root().join("pipe");
    let made = Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .expect("mkfifo runs");
    assert!(made.success());
    let policy = place.plain();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| fs::OpenOptions::new().write(true).open(&pipe));
        for _ in 0..20 {
            assert_eq!(read(&policy, "pipe"), Err(DeniedKind::NotAFile));
            std::thread::sleep(Duration::from_millis(5));
        }
        let woken = writer.is_finished();
        // for reading and writing: that never waits, and lets the writer go
        let both = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(&pipe)
            .expect("opens");
        writer.join().expect("ends").expect("opens");
        drop(both);
        assert!(!woken);
    });
}

/// A file becomes a pipe between looking and opening, and the other way round.
#[cfg(target_os = "linux")]
#[test]
fn what_changes_meanwhile_neither_blocks_nor_is_read() {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    let place = Place::new(&["a"]);
    let (file, pipe) = (place.root().join("a"), place.root().join("pipe"));
    let made = Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .expect("mkfifo runs");
    assert!(made.success());
    let policy = place.plain();
    let over = Arc::new(AtomicBool::new(false));
    let (done, wait) = std::sync::mpsc::channel();
    std::thread::spawn({
        let over = over.clone();
        move || {
            for _ in 0..5_000 {
                let result = read(&policy, "a");
                if done.send(result).is_err() || over.load(Ordering::Relaxed) {
                    break;
                }
            }
        }
    });
    std::thread::spawn({
        let over = over.clone();
        move || {
            for _ in 0..100_000_000 {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                renameat_with(CWD, &file, CWD, &pipe, RenameFlags::EXCHANGE).expect("exchanges");
            }
        }
    });
    let results: Vec<_> = (0..5_000)
        .map_while(|_| wait.recv_timeout(Duration::from_secs(60)).ok())
        .collect();
    over.store(true, Ordering::Relaxed);
    assert_eq!(results.len(), 5_000, "none of them blocks");
    for result in results {
        assert!(
            matches!(result.as_deref(), Ok("a") | Err(DeniedKind::NotAFile)),
            "{result:?}"
        );
    }
}

#[test]
fn a_device_is_no_file() {
    // made only where that is permitted: the check is the same as for a pipe
    let place = Place::new(&[]);
    let path = place.root().join("null");
    let made = Command::new("mknod")
        .arg(path)
        .args(["c", "1", "3"])
        .output()
        .expect("mknod runs");
    if !made.status.success() {
        eprintln!("skipped: {}", String::from_utf8_lossy(&made.stderr));
        return;
    }
    assert_eq!(read(&place.plain(), "null"), Err(DeniedKind::NotAFile));
}

#[test]
fn hidden_names_are_not_there() {
    let place = Place::new(&[".git/config", "sub/.secret", "a..b"]);
    let policy = place.plain();
    for name in [
        ".git/config",
        "sub/.secret",
        "sub/../.git/config",
        ".nothing",
    ] {
        assert_eq!(read(&policy, name), Err(DeniedKind::NotFound), "{name}");
    }
    assert_eq!(read(&policy, "a..b").as_deref(), Ok("a..b"));
    let policy = place.policy(|options| options.hidden = Some(true));
    assert_eq!(read(&policy, ".git/config").as_deref(), Ok(".git/config"));
    assert_eq!(read(&policy, "sub/.secret").as_deref(), Ok("sub/.secret"));
}

#[test]
fn unfinished_uploads_are_never_served() {
    let place = Place::new(&[]);
    let policy = place.policy(|options| {
        options.upload = Some(Uploads::Create);
        options.hidden = Some(true);
        options.ignore_case = Some(true);
    });
    let mut upload = policy.write(&anybody(), b"a").expect("begins");
    upload.write_at(0, b"half").expect("writes");
    let [part] = &place.names()[..] else {
        panic!("one file: {:?}", place.names());
    };
    assert_eq!(read(&policy, part), Err(DeniedKind::NotFound));
    assert_eq!(
        read(&policy, part.to_uppercase()),
        Err(DeniedKind::NotFound)
    );
    assert_eq!(
        put(&policy, &anybody(), part, "x"),
        Err(DeniedKind::Forbidden)
    );
    assert_eq!(read(&policy, "a"), Err(DeniedKind::NotFound));
}

#[test]
fn what_the_process_may_not_read_is_forbidden() {
    let place = Place::new(&["a"]);
    let path = place.root().join("a");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).expect("changes the mode");
    if fs::File::open(&path).is_ok() {
        eprintln!("skipped: this process may read everything");
        return;
    }
    let denied = place
        .plain()
        .read(&anybody(), b"a")
        .expect_err("not readable");
    assert_eq!(denied.kind, DeniedKind::Forbidden);
    assert!(denied.why.contains("mode"), "{}", denied.why);
}

#[test]
fn refusals_tell_the_operator_much_and_the_peer_little() {
    let place = Place::new(&["a"]);
    symlink(place.outside(), place.root().join("out")).expect("links");
    let policy = place.plain();
    let top = place.top.path().to_str().expect("UTF-8");
    for name in [&b"out/secret"[..], b"b", b".x", b"../x", b"", b"a/b", b"/"] {
        for denied in [
            policy.read(&anybody(), name).expect_err("refused"),
            policy.write(&anybody(), name).expect_err("refused"),
        ] {
            assert!(!denied.for_peer().contains('/'), "{denied}");
            assert!(!denied.why.contains(top), "{denied}");
        }
    }
    let denied = policy
        .write(&anybody(), b"a\n")
        .expect_err("uploads are off");
    assert_eq!(denied.for_peer(), "uploads are off");
    assert_eq!(
        denied.why,
        "\"a\\n\": uploads are off: start with --upload create"
    );
}
