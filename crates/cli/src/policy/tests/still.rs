//! Whether a file is still the one that was opened.

use super::super::{Identity, Readable};
use super::*;
use std::os::unix::fs::{MetadataExt, symlink};
use std::process::Command;
use std::time::{Duration, SystemTime};

fn open(policy: &Policy, name: &str) -> Readable {
    policy.read(&anybody(), name.as_bytes()).expect("reads")
}

#[test]
fn a_file_has_an_identity() {
    let place = Place::new(&["sub/a"]);
    let readable = open(&place.plain(), "/sub/a");
    let there = fs::metadata(place.root().join("sub/a")).expect("is there");
    let nanoseconds = |number| u32::try_from(number).expect("below a thousand million");
    assert_eq!(
        readable.identity,
        Identity {
            device: there.dev(),
            inode: there.ino(),
            len: 5,
            modified: (there.mtime(), nanoseconds(there.mtime_nsec())),
            changed: (there.ctime(), nanoseconds(there.ctime_nsec())),
        }
    );
    assert_eq!(readable.path, b"sub/a");
}

#[test]
fn what_is_left_alone_is_still_the_same() {
    let place = Place::new(&["a", "sub/b", "sub/c"]);
    symlink("sub/b", place.root().join("link")).expect("links");
    let policy = place.plain();
    for name in ["a", "sub/b", "link"] {
        let readable = open(&policy, name);
        assert!(
            policy.is_still(&readable.path, &readable.identity),
            "{name}"
        );
        assert!(!policy.is_still(b"sub/c", &readable.identity), "{name}");
        assert!(!policy.is_still(b"", &readable.identity));
        assert!(!policy.is_still(b"nothing\0", &readable.identity));
    }
}

#[test]
fn every_change_shows() {
    let place = Place::new(&["a"]);
    let path = place.root().join("a");
    let policy = place.plain();
    type Change<'c> = (&'static str, Box<dyn Fn() + 'c>);
    let time = |to| {
        let file = fs::File::options().write(true).open(&path).expect("opens");
        file.set_modified(to).expect("sets");
    };
    let changes: [Change<'_>; 6] = [
        (
            "length",
            Box::new(|| fs::write(&path, "longer").expect("writes")),
        ),
        (
            "time",
            Box::new(|| time(SystemTime::UNIX_EPOCH + Duration::new(86_400, 1))),
        ),
        (
            "nanosecond",
            Box::new(|| time(SystemTime::UNIX_EPOCH + Duration::new(86_400, 2))),
        ),
        (
            "mode",
            Box::new(|| {
                // a while later than the change before, by whatever clock the file system has
                std::thread::sleep(Duration::from_millis(50));
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("sets");
            }),
        ),
        (
            "another file with the same content and time",
            Box::new(|| {
                let other = place.root().join("other");
                let done = Command::new("cp").arg("-p").args([&path, &other]).status();
                assert!(done.expect("cp runs").success());
                fs::rename(&other, &path).expect("renames");
            }),
        ),
        (
            "removed",
            Box::new(|| fs::remove_file(&path).expect("removes")),
        ),
    ];
    for (what, change) in changes {
        let readable = open(&policy, "a");
        assert!(policy.is_still(b"a", &readable.identity), "{what}: before");
        change();
        assert!(!policy.is_still(b"a", &readable.identity), "{what}");
    }
}

/// It looks beyond the root, but says nothing of it.
#[test]
fn a_link_out_of_the_root_is_another_file() {
    let place = Place::new(&["sub/secret"]);
    let policy = place.plain();
    let readable = open(&policy, "sub/secret");
    let (sub, away) = (place.root().join("sub"), place.root().join("away"));
    fs::rename(&sub, &away).expect("renames");
    symlink(place.outside(), &sub).expect("links");
    assert_eq!(read(&policy, "sub/secret"), Err(DeniedKind::Forbidden));
    assert!(!policy.is_still(&readable.path, &readable.identity));
    fs::remove_file(&sub).expect("removes");
    fs::rename(&away, &sub).expect("renames");
    assert!(policy.is_still(&readable.path, &readable.identity));
}

#[test]
fn for_all_is_what_nothing_but_the_file_decides() {
    let place = Place::new(&["a", "B", "listed", "closed"]);
    let for_all = |policy: &Policy, name: &str| {
        let readable = policy.read(&peer("10.0.0.1"), name.as_bytes());
        readable.expect("reads").for_all
    };
    let policy = place.plain();
    assert!(for_all(&policy, "a"));
    assert!(for_all(&policy, "/./a"));
    let policy = place.policy(|options| options.ignore_case = Some(true));
    assert!(for_all(&policy, "a") && for_all(&policy, "B"));
    assert!(!for_all(&policy, "b"), "a file `b` may come");
    let open = "[[file]]\npath = \"listed\"\nalias = [\"alias\"]\n";
    let policy = place.configured(open);
    for name in ["a", "listed", "alias"] {
        assert!(for_all(&policy, name), "{name}");
    }
    let closed =
        "[[file]]\npath = \"closed\"\nalias = [\"alias\", \"twice\"]\nallow = [\"10.0.0.1\"]\n";
    let other = "[[file]]\npath = \"B\"\nalias = [\"twice\"]\n";
    let policy = place.configured(&[open, closed, other].concat());
    for (name, all) in [
        ("listed", true),
        ("alias", true),
        ("B", true),
        ("closed", false),
        ("twice", false),
        ("a", false),
    ] {
        assert_eq!(for_all(&policy, name), all, "{name}");
    }
}
