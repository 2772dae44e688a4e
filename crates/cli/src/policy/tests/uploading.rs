//! What can be written, and what is left when it goes wrong.

use super::*;
use std::env;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Command;
use std::sync::Barrier;

#[test]
fn uploads_are_off() {
    let place = Place::new(&["a"]);
    assert_eq!(
        put(&place.plain(), &anybody(), "b", "x"),
        Err(DeniedKind::ReadOnly)
    );
    assert_eq!(place.names(), ["a"]);
}

#[test]
fn create_takes_new_names_only() {
    let place = Place::new(&["a", "sub/"]);
    let policy = place.uploading(Uploads::Create);
    assert_eq!(put(&policy, &anybody(), "a", "x"), Err(DeniedKind::Exists));
    assert_eq!(put(&policy, &anybody(), "/sub/b", "x"), Ok(()));
    assert_eq!(
        put(&policy, &anybody(), "sub/b", "y"),
        Err(DeniedKind::Exists)
    );
    assert_eq!(place.names(), ["a", "sub/b"]);
    assert_eq!(
        (place.text("a"), place.text("sub/b")),
        ("a".into(), "x".into())
    );
}

#[test]
fn overwrite_takes_both() {
    let place = Place::new(&["a"]);
    let policy = place.uploading(Uploads::Overwrite);
    assert_eq!(put(&policy, &anybody(), "a", "x"), Ok(()));
    assert_eq!(put(&policy, &anybody(), "b", ""), Ok(()));
    assert_eq!(
        (place.text("a"), place.text("b")),
        ("x".into(), String::new())
    );
    assert_eq!(place.names(), ["a", "b"]);
}

#[test]
fn folders_are_not_made() {
    let place = Place::new(&["a"]);
    let policy = place.uploading(Uploads::Overwrite);
    assert_eq!(
        put(&policy, &anybody(), "new/b", "x"),
        Err(DeniedKind::NotFound)
    );
    assert_eq!(
        put(&policy, &anybody(), "a/b", "x"),
        Err(DeniedKind::NotFound)
    );
    assert_eq!(
        put(&policy, &anybody(), "new/", "x"),
        Err(DeniedKind::NotAFile)
    );
    assert_eq!(place.names(), ["a"]);
}

#[test]
fn the_old_file_stays_until_the_new_one_is_whole() {
    let place = Place::new(&["a"]);
    let policy = place.uploading(Uploads::Overwrite);
    let mut upload = policy.write(&anybody(), b"a").expect("begins");
    assert_eq!(upload.shown(), "\"a\"");
    assert_eq!(upload.max_size(), Some(100 << 20));
    upload.write_at(0, b"new ").expect("writes");
    assert_eq!(read(&policy, "a").as_deref(), Ok("a"));
    upload.write_at(4, b"text").expect("writes");
    upload.finish().expect("finishes");
    assert_eq!(read(&policy, "a").as_deref(), Ok("new text"));
    assert!(upload.finish().is_err(), "only once");
    assert!(upload.write_at(0, b"x").is_err(), "not any more");
    drop(upload);
    assert_eq!(read(&policy, "a").as_deref(), Ok("new text"));
}

#[test]
fn dropped_it_leaves_nothing() {
    let place = Place::new(&["a"]);
    let policy = place.uploading(Uploads::Overwrite);
    for name in [
        &b"a"[..],
        b"b",
        b"\xff\xfe",
        "\u{20ac}".repeat(80).as_bytes(),
    ] {
        let mut upload = policy.write(&anybody(), name).expect("begins");
        upload.write_at(0, b"half").expect("writes");
        assert_eq!(place.names().len(), 2);
        drop(upload);
        assert_eq!(place.names(), ["a"]);
    }
    assert_eq!(place.text("a"), "a");
}

#[test]
fn a_mode_is_kept_and_a_new_one_is_usual() {
    let place = Place::new(&["a", "usual"]);
    let policy = place.uploading(Uploads::Overwrite);
    let mode = |name: &str| {
        fs::metadata(place.root().join(name))
            .expect("is there")
            .mode()
            & 0o7777
    };
    let set = |name: &str, mode| {
        fs::set_permissions(place.root().join(name), fs::Permissions::from_mode(mode))
            .expect("sets");
    };
    for (old, new) in [(0o600, 0o600), (0o666, 0o666), (0o4755, 0o755)] {
        set("a", old);
        put(&policy, &anybody(), "a", "x").expect("uploads");
        assert_eq!(mode("a"), new, "{old:o}");
    }
    put(&policy, &anybody(), "b", "x").expect("uploads");
    // 0o666 less what the umask takes
    assert_eq!(mode("b"), mode("usual") & 0o644);
    set("a", 0o444);
    assert_eq!(
        put(&policy, &anybody(), "a", "y"),
        Err(DeniedKind::Forbidden),
        "read-only"
    );
    assert_eq!(place.text("a"), "x");
}

#[test]
fn links_are_neither_replaced_nor_followed() {
    let place = Place::new(&["a", "sub/", "in/"]);
    let root = place.root();
    symlink("a", root.join("link")).expect("links");
    symlink("nothing", root.join("dangling")).expect("links");
    symlink("../outside/secret", root.join("out")).expect("links");
    symlink("../outside", root.join("out-folder")).expect("links");
    symlink("sub", root.join("sub-link")).expect("links");
    symlink("../sub", root.join("in/up")).expect("links");
    for (uploads, kind) in [
        (Uploads::Create, DeniedKind::Exists),
        (Uploads::Overwrite, DeniedKind::Forbidden),
    ] {
        let policy = place.uploading(uploads);
        for name in ["link", "dangling", "out"] {
            assert_eq!(put(&policy, &anybody(), name, "x"), Err(kind), "{name}");
        }
        let denied = put(&policy, &anybody(), "out-folder/new", "x");
        assert_eq!(denied, Err(DeniedKind::Forbidden));
        let denied = put(&policy, &anybody(), "out-folder/secret", "x");
        assert_eq!(denied, Err(DeniedKind::Forbidden));
    }
    let policy = place.uploading(Uploads::Create);
    assert_eq!(
        put(&policy, &anybody(), "sub-link/b", "x"),
        Ok(()),
        "stays beneath the root"
    );
    let policy = place.policy(|options| {
        options.upload = Some(Uploads::Create);
        options.upload_folder = Some("in".into());
    });
    assert_eq!(put(&policy, &anybody(), "in/b", "x"), Ok(()));
    let denied = put(&policy, &anybody(), "in/up/c", "x");
    assert_eq!(
        denied,
        Err(DeniedKind::Forbidden),
        "leads out of the upload folder"
    );
    assert_eq!(
        fs::read_to_string(place.outside().join("secret")).expect("reads"),
        "secret"
    );
    assert_eq!(fs::read_dir(place.outside()).expect("a folder").count(), 1);
}

#[test]
fn uploads_stay_in_their_folder() {
    let place = Place::new(&["in/deep/", "inner/", "other/"]);
    let policy = place.configured("upload = \"create\"\nupload-folder = \"/in/\"");
    for name in ["in/a", "/in/deep/b", "other/../in/c"] {
        assert_eq!(put(&policy, &anybody(), name, "x"), Ok(()), "{name}");
    }
    for name in ["a", "inner/a", "other/a", "in/../a", "in"] {
        assert_eq!(
            put(&policy, &anybody(), name, "x"),
            Err(DeniedKind::Forbidden),
            "{name}"
        );
    }
}

#[test]
fn hidden_names_are_not_taken() {
    let place = Place::new(&["sub/"]);
    let policy = place.uploading(Uploads::Create);
    for name in [".a", "sub/.a", ".a/b"] {
        assert_eq!(
            put(&policy, &anybody(), name, "x"),
            Err(DeniedKind::Forbidden),
            "{name}"
        );
    }
    let policy = place.configured("upload = \"create\"\nhidden = true");
    assert_eq!(put(&policy, &anybody(), ".a", "x"), Ok(()));
}

#[test]
fn the_largest_size_is_exact() {
    let place = Place::new(&[]);
    let policy = place.configured("upload = \"create\"\nmax-upload = \"4B\"");
    let mut upload = policy.write(&anybody(), b"a").expect("begins");
    assert_eq!(upload.max_size(), Some(4));
    assert_eq!(upload.announced(4), Ok(()));
    assert_eq!(upload.announced(5).map_err(kind), Err(DeniedKind::TooLarge));
    upload.write_at(0, b"1234").expect("fits");
    upload.write_at(4, b"").expect("is nothing");
    for (offset, octets) in [
        (4, &b"5"[..]),
        (3, b"45"),
        (u64::MAX, b"1"),
        (u64::MAX - 1, b"123"),
    ] {
        let error = upload.write_at(offset, octets).expect_err("too much");
        assert_eq!(error.kind(), ErrorKind::FileTooLarge, "{offset}");
    }
    upload.finish().expect("finishes");
    assert_eq!(place.text("a"), "1234");
    let policy = place.configured("upload = \"create\"\nmax-upload = \"unlimited\"");
    let upload = policy.write(&anybody(), b"b").expect("begins");
    assert_eq!(upload.max_size(), None);
}

#[test]
fn some_of_the_disk_stays_free() {
    let place = Place::new(&[]);
    let policy = place.configured("upload = \"create\"\nkeep-free = \"1000PiB\"");
    let denied = policy
        .write(&anybody(), b"a")
        .expect_err("not so much is free");
    assert_eq!(denied.kind, DeniedKind::NoSpace);
    assert!(denied.why.contains("keep-free"), "{denied}");
    assert_eq!(place.names(), [] as [&str; 0]);
    let policy = place.configured("upload = \"create\"\nmax-upload = \"unlimited\"");
    let upload = policy.write(&anybody(), b"a").expect("begins");
    assert_eq!(
        upload.announced(1 << 60).map_err(kind),
        Err(DeniedKind::NoSpace)
    );
}

#[test]
fn of_two_that_create_one_wins() {
    for round in 0..50 {
        let place = Place::new(&[]);
        let policy = place.uploading(Uploads::Create);
        let barrier = Barrier::new(2);
        let finish = |text: &'static str| {
            let mut upload = policy
                .write(&anybody(), b"a")
                .expect("begins: it is not there yet");
            upload.write_at(0, text.as_bytes()).expect("writes");
            barrier.wait();
            upload.finish().map_err(|error| error.kind()).map(|()| text)
        };
        let (one, two) = std::thread::scope(|scope| {
            let one = scope.spawn(|| finish("one"));
            let two = scope.spawn(|| finish("two"));
            (one.join().expect("ends"), two.join().expect("ends"))
        });
        let winner = match (one, two) {
            (Ok(text), Err(ErrorKind::AlreadyExists)) => text,
            (Err(ErrorKind::AlreadyExists), Ok(text)) => text,
            other => panic!("round {round}: {other:?}"),
        };
        assert_eq!(place.text("a"), winner);
        assert_eq!(place.names(), ["a"], "nothing else is left");
    }
}

#[test]
fn of_two_that_overwrite_the_last_wins_as_a_whole() {
    let place = Place::new(&["a"]);
    let policy = place.uploading(Uploads::Overwrite);
    let mut one = policy.write(&anybody(), b"a").expect("begins");
    let mut two = policy.write(&anybody(), b"a").expect("begins");
    one.write_at(0, b"first").expect("writes");
    two.write_at(0, b"2nd").expect("writes");
    one.finish().expect("finishes");
    two.finish().expect("finishes");
    assert_eq!(place.text("a"), "2nd");
    assert_eq!(place.names(), ["a"]);
}

#[test]
fn what_comes_in_between_is_not_replaced() {
    let place = Place::new(&[]);
    let policy = place.uploading(Uploads::Overwrite);
    let begin = || policy.write(&anybody(), b"a").expect("begins");
    let mut upload = begin();
    symlink("../outside/secret", place.root().join("a")).expect("links");
    assert!(upload.finish().is_err(), "a link");
    fs::remove_file(place.root().join("a")).expect("removes");
    let mut upload = begin();
    fs::create_dir(place.root().join("a")).expect("makes a folder");
    assert!(upload.finish().is_err(), "a folder");
    assert_eq!(place.names(), [] as [&str; 0]);
}

#[test]
fn what_a_dead_server_left_is_removed_when_uploads_are_on() {
    let place = Place::new(&["in/", "a"]);
    let left = [".a.999999999-1.wirelore-part", "in/.b.1-2.wirelore-part"];
    for name in left {
        fs::write(place.root().join(name), "half").expect("writes");
    }
    place.plain();
    assert_eq!(
        place.names().len(),
        3,
        "not ours to touch while uploads are off"
    );
    let policy = place.configured("upload = \"create\"\nupload-folder = \"in\"");
    assert_eq!(place.names(), [left[0], "a"], "only where uploads go");
    assert_eq!(policy.notes().len(), 1);
    let live = place.uploading(Uploads::Create);
    assert_eq!(place.names(), ["a"]);
    let mut upload = live.write(&anybody(), b"new").expect("begins");
    assert_eq!(live.reload().expect("loads").notes(), [] as [&str; 0]);
    upload
        .finish()
        .expect("a reload, or another server, does not disturb it");
    assert_eq!(place.names(), ["a", "new"]);
}

/// Fills a file system of one megabyte. It is mounted in a namespace by a process of its own, which
/// runs the next test.
#[test]
fn a_full_disk_is_said_to_be_full() {
    let folder = tempfile::tempdir().expect("a folder");
    let test = module_path!().split_once("::").expect("in a crate").1;
    let script = r#"mount -t tmpfs -o size=1m none "$WIRELORE_SMALL_DISK" || exit 77
        exec "$0" --exact "$1" --ignored --nocapture"#;
    let run = Command::new("unshare")
        .args(["-U", "-r", "-m", "sh", "-c", script])
        .arg(env::current_exe().expect("this program"))
        .arg(format!("{test}::on_the_small_disk"))
        .env("WIRELORE_SMALL_DISK", folder.path())
        .output();
    let output = match run {
        Ok(output) => output,
        Err(error) => return eprintln!("skipped: unshare: {error}"),
    };
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(77) || said.contains("unshare failed") {
        return eprintln!("skipped: {said}");
    }
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "run by a_full_disk_is_said_to_be_full"]
fn on_the_small_disk() {
    let Some(root) = env::var_os("WIRELORE_SMALL_DISK") else {
        return;
    };
    let root = Path::new(&root);
    let options = Options {
        upload: Some(Uploads::Create),
        ..Options::default()
    };
    let policy = Policy::load(root, &options).expect("loads");
    let mut upload = policy.write(&anybody(), b"a").expect("begins");
    let block = vec![b'x'; 64 << 10];
    let mut full = None;
    for number in 0..64 {
        if let Err(error) = upload.write_at(number * block.len() as u64, &block) {
            full = Some(error);
            break;
        }
    }
    let error = full.expect("four megabytes do not fit");
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    let denied = Denied::from_io(&error, upload.shown());
    assert_eq!(
        (denied.kind, denied.for_peer()),
        (DeniedKind::NoSpace, "disk full")
    );
    assert_eq!(
        upload.announced(2 << 20).map_err(kind),
        Err(DeniedKind::NoSpace)
    );
    drop(upload);
    assert_eq!(
        fs::read_dir(root).expect("a folder").count(),
        0,
        "nothing is left"
    );
    assert_eq!(put(&policy, &anybody(), "b", "fits"), Ok(()));

    let keep_free = Options {
        keep_free: Some("512KiB".parse().expect("a size")),
        ..options
    };
    let policy = Policy::load(root, &keep_free).expect("loads");
    let mut upload = policy.write(&anybody(), b"c").expect("begins");
    assert_eq!(
        upload.announced(600 << 10).map_err(kind),
        Err(DeniedKind::NoSpace)
    );
    let error = upload
        .write_at(0, &vec![b'x'; 600 << 10])
        .expect_err("would leave too little");
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    upload.write_at(0, &block).expect("fits");
}
