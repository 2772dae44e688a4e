//! What is seen of folders.

use super::super::look::{Entries, EntryKind, Folder, Looked};
use super::*;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::Command;

fn look(policy: &Policy, asker: &Asker, name: &str) -> Result<Looked, DeniedKind> {
    policy.look(asker, name.as_bytes()).map_err(kind)
}

fn folder(policy: &Policy, asker: &Asker, name: &str) -> Folder {
    match look(policy, asker, name) {
        Ok(Looked::Folder(folder)) => folder,
        other => panic!("{name}: {other:?}"),
    }
}

fn entries(policy: &Policy, asker: &Asker, name: &str, limit: usize) -> Entries {
    let folder = folder(policy, asker, name);
    policy.entries(asker, &folder, limit).expect("may be shown")
}

/// The names, those of folders with a slash.
fn names_for(policy: &Policy, asker: &Asker, name: &str) -> Vec<String> {
    let shown = entries(policy, asker, name, 1000);
    assert!(!shown.cut);
    named(&shown)
}

fn named(shown: &Entries) -> Vec<String> {
    let name = |entry: &super::super::Entry| {
        let slash = if entry.kind == EntryKind::Folder {
            "/"
        } else {
            ""
        };
        format!("{}{slash}", entry.name.escape_ascii())
    };
    shown.entries.iter().map(name).collect()
}

fn names(policy: &Policy, name: &str) -> Vec<String> {
    names_for(policy, &anybody(), name)
}

#[test]
fn a_name_leads_to_a_file_or_a_folder() {
    let place = Place::new(&["a", "sub/deep/b"]);
    let policy = place.plain();
    for (name, path) in [
        ("", ""),
        ("/", ""),
        ("sub/..", ""),
        ("sub", "sub"),
        ("/sub/", "sub"),
        ("sub//deep/.", "sub/deep"),
    ] {
        let folder = folder(&policy, &anybody(), name);
        assert_eq!(folder.path(), path.as_bytes(), "{name}");
        assert!(!folder.takes_uploads());
    }
    for (name, text) in [("a", "a"), ("/sub/deep/b", "sub/deep/b")] {
        let Ok(Looked::File(readable)) = look(&policy, &anybody(), name) else {
            panic!("{name} is a file");
        };
        let mut file = readable.file;
        let mut content = String::new();
        file.read_to_string(&mut content).expect("reads");
        assert_eq!(
            (content.as_str(), &readable.path[..]),
            (text, text.as_bytes())
        );
    }
    for (name, denied) in [
        ("b", DeniedKind::NotFound),
        ("b/", DeniedKind::NotFound),
        ("a/", DeniedKind::NotFound),
        ("a/b", DeniedKind::NotFound),
        ("..", DeniedKind::Forbidden),
        ("sub/../../", DeniedKind::Forbidden),
    ] {
        let error = look(&policy, &anybody(), name).map(drop);
        assert_eq!(error, Err(denied), "{name}");
    }
    let policy = place.policy(|options| options.deny = vec!["192.0.2.1".into()]);
    for name in ["", "sub/", "a", "nothing/"] {
        let error = look(&policy, &anybody(), name).map(drop);
        assert_eq!(error, Err(DeniedKind::Forbidden), "{name}");
    }
}

#[test]
fn entries_are_sorted_with_length_and_time() {
    let place = Place::new(&["b", "a/", "Z", "c/x", "long", ".hidden", ".folder/x"]);
    fs::write(place.root().join("long"), [0; 1234]).expect("writes");
    let policy = place.plain();
    let shown = entries(&policy, &anybody(), "/", 1000);
    assert_eq!(named(&shown), ["a/", "c/", "Z", "b", "long"]);
    for entry in &shown.entries {
        let path = place.root().join(std::ffi::OsStr::from_bytes(&entry.name));
        let there = fs::metadata(path).expect("is there");
        assert_eq!(entry.modified, there.modified().ok());
        let len = if there.is_dir() { 0 } else { there.len() };
        assert_eq!(entry.len, len);
    }
    assert_eq!(names(&policy, "c"), ["x"]);
    assert_eq!(names(&policy, "a/"), [] as [&str; 0]);
    let policy = place.policy(|options| options.hidden = Some(true));
    let all = [".folder/", "a/", "c/", ".hidden", "Z", "b", "long"];
    assert_eq!(names(&policy, ""), all);
    assert_eq!(names(&policy, ".folder"), ["x"]);
}

#[test]
fn names_are_octets_in_folders_too() {
    let place = Place::new(&[]);
    let all: [&[u8]; 5] = [b" ", b"\n", b"<a>&\"", b"\xff\xfe", "\u{fc}".as_bytes()];
    for name in all {
        fs::write(place.root().join(std::ffi::OsStr::from_bytes(name)), "x").expect("writes");
    }
    let policy = place.plain();
    let shown = entries(&policy, &anybody(), "", 1000);
    let mut sorted = all;
    sorted.sort();
    assert!(shown.entries.iter().map(|entry| &entry.name[..]).eq(sorted));
    for entry in shown.entries {
        assert_eq!(read(&policy, entry.name).as_deref(), Ok("x"));
    }
}

#[test]
fn no_more_than_the_limit_is_shown() {
    let place = Place::new(&["d", "c", "b", "a", ".x", "z/"]);
    let policy = place.plain();
    for (limit, shown, cut) in [
        (0, &[][..], true),
        (3, &["a", "b", "c"][..], true),
        (4, &["a", "b", "c", "d"][..], true),
        (5, &["z/", "a", "b", "c", "d"][..], false),
    ] {
        let found = entries(&policy, &anybody(), "", limit);
        assert_eq!(
            (named(&found), found.cut),
            (shown.iter().map(|&it| it.into()).collect(), cut)
        );
    }
    assert_eq!(policy.max_list(), 10_000);
    let policy = place.configured("max-list = 7\nmax-scan = 5");
    assert_eq!(policy.max_list(), 7);
    let found = entries(&policy, &anybody(), "", 7);
    assert!(found.cut, "there are six, one of them hidden");
    assert!(found.entries.len() >= 4);
    let error = place
        .configure("max-list = 0", |_| {})
        .expect_err("nothing");
    assert!(error.to_string().contains("must be from 1 to"), "{error}");
}

#[test]
fn only_what_can_be_read_is_shown() {
    let place = Place::new(&["sub/a", "file"]);
    let root = place.root();
    let link = |to: &str, name: &str| symlink(to, root.join(name)).expect("links");
    link("sub", "to-folder");
    link("../file", "sub/to-file");
    link("../outside", "out-folder");
    link("../outside/secret", "out");
    link("nowhere", "dangling");
    link("loop", "loop");
    symlink(root.join("file"), root.join("absolute")).expect("links");
    let made = Command::new("mkfifo").arg(root.join("pipe")).status();
    assert!(made.expect("mkfifo runs").success());
    link("pipe", "to-pipe");
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).expect("binds");
    let policy = place.plain();
    assert_eq!(names(&policy, "/"), ["sub/", "to-folder/", "file"]);
    assert_eq!(names(&policy, "sub"), ["a", "to-file"]);
    assert_eq!(names(&policy, "to-folder/"), ["a", "to-file"]);
    let shown = entries(&policy, &anybody(), "sub", 9);
    assert_eq!(shown.entries[1].len, 4, "that of what the link leads to");
    for name in ["out-folder", "out-folder/", "out", "absolute", "loop/"] {
        let denied = look(&policy, &anybody(), name).map(drop);
        assert_eq!(denied, Err(DeniedKind::Forbidden), "{name}");
    }
    for name in ["pipe", "socket", "to-pipe"] {
        let denied = look(&policy, &anybody(), name).map(drop);
        assert_eq!(denied, Err(DeniedKind::NotAFile), "{name}");
    }
}

#[test]
fn unfinished_uploads_are_never_shown() {
    let place = Place::new(&["done"]);
    let policy = place.policy(|options| {
        options.upload = Some(Uploads::Create);
        options.hidden = Some(true);
    });
    let mut upload = policy.write(&anybody(), b"a").expect("begins");
    upload.write_at(0, b"half").expect("writes");
    assert_eq!(place.names().len(), 2);
    assert_eq!(names(&policy, ""), ["done"]);
    fs::create_dir(place.root().join(".d.1-1.wirelore-part")).expect("makes a folder");
    assert_eq!(names(&policy, ""), ["done"]);
    let denied = look(&policy, &anybody(), ".d.1-1.wirelore-part/").map(drop);
    assert_eq!(denied, Err(DeniedKind::NotFound));
}

#[test]
fn hidden_folders_are_not_there() {
    let place = Place::new(&[".git/config", "sub/.x/a"]);
    for name in [".git", ".git/", "sub/.x/", "sub/.x/a", ".nothing/"] {
        let denied = look(&place.plain(), &anybody(), name).map(drop);
        assert_eq!(denied, Err(DeniedKind::NotFound), "{name}");
    }
}

#[test]
fn files_for_others_are_not_shown() {
    let place = Place::new(&["a", "folder/secret", "folder/free", "other"]);
    let root = place.root();
    symlink("folder/secret", root.join("link")).expect("links");
    fs::hard_link(root.join("folder/secret"), root.join("hard")).expect("links");
    let policy = place.configured(
        r#"
        [[file]]
        path = "folder/secret"
        alias = ["boot", "other"]
        allow = ["10.0.0.1"]
        "#,
    );
    let (one, two) = (peer("10.0.0.1"), peer("10.0.0.2"));
    let seen = ["folder/", "a", "hard", "link", "other"];
    assert_eq!(names_for(&policy, &one, ""), seen);
    assert_eq!(names_for(&policy, &one, "folder"), ["free", "secret"]);
    assert_eq!(names_for(&policy, &two, ""), ["folder/", "a"]);
    assert_eq!(names_for(&policy, &two, "folder"), ["free"]);
    let shown = entries(&policy, &one, "", 9);
    assert_eq!(shown.entries[4].len, 13, "an alias goes before the disk");
    // who sees it can have it, who does not cannot
    for (asker, may) in [(&one, true), (&two, false)] {
        for name in ["folder/secret", "link", "hard", "other"] {
            assert_eq!(look(&policy, asker, name).is_ok(), may, "{name}");
        }
    }
    let denied = look(&policy, &two, "boot").map(drop);
    assert_eq!(denied, Err(DeniedKind::Forbidden));
}

#[test]
fn only_listed_files_and_the_way_to_them() {
    let place = Place::new(&[
        "a",
        "sub/listed",
        "sub/other",
        "sub/deep/listed",
        "closed/listed",
        "none/x",
        ".dots/listed",
    ]);
    symlink("sub", place.root().join("link")).expect("links");
    symlink("../outside", place.root().join("out")).expect("links");
    let policy = place.configured(
        r#"
        only-listed = true
        upload = "create"
        [[file]]
        path = "sub/listed"
        alias = ["boot"]
        [[file]]
        path = "sub/deep/listed"
        [[file]]
        path = "closed/listed"
        allow = ["10.0.0.1"]
        [[file]]
        path = ".dots/listed"
        "#,
    );
    assert_eq!(names(&policy, ""), ["sub/"]);
    assert_eq!(names(&policy, "sub/"), ["deep/", "listed"]);
    assert_eq!(names(&policy, "sub/deep"), ["listed"]);
    assert!(!folder(&policy, &anybody(), "sub").takes_uploads());
    let one = peer("10.0.0.1");
    assert_eq!(names_for(&policy, &one, ""), ["closed/", "sub/"]);
    assert_eq!(names_for(&policy, &one, "closed"), ["listed"]);
    for name in [
        "a",
        "a/",
        "none",
        "none/",
        "closed/",
        "link/",
        "out/",
        "out",
        "sub/other",
        "su/",
        ".dots/",
        "nothing/",
        "sub/listed/",
    ] {
        let denied = look(&policy, &anybody(), name).map(drop);
        assert_eq!(denied, Err(DeniedKind::NotFound), "{name}");
    }
    for name in ["boot", "sub/listed", ".dots/listed"] {
        let found = look(&policy, &anybody(), name);
        assert!(matches!(found, Ok(Looked::File(_))), "{name}: {found:?}");
    }
}

#[test]
fn folders_in_other_letters() {
    let place = Place::new(&["Sub/Deep/File", "Sub/other"]);
    symlink("../outside", place.root().join("Out")).expect("links");
    let policy = place.policy(|options| options.ignore_case = Some(true));
    for (name, path) in [("sub", "Sub"), ("SUB/deep/", "Sub/Deep")] {
        assert_eq!(folder(&policy, &anybody(), name).path(), path.as_bytes());
    }
    assert_eq!(names(&policy, "sUB/"), ["Deep/", "other"]);
    let found = look(&policy, &anybody(), "sub/DEEP/file");
    assert!(matches!(found, Ok(Looked::File(_))), "{found:?}");
    let denied = look(&policy, &anybody(), "out/").map(drop);
    assert_eq!(denied, Err(DeniedKind::Forbidden));
    let denied = look(&place.plain(), &anybody(), "sub").map(drop);
    assert_eq!(denied, Err(DeniedKind::NotFound));
}

#[test]
fn a_folder_says_whether_it_takes_uploads() {
    let place = Place::new(&["in/deep/", "inner/"]);
    let policy = place
        .configured("upload = \"create\"\nupload-folder = \"in\"\nupload-from = [\"10.0.0.0/8\"]");
    let takes = |address, name| folder(&policy, &peer(address), name).takes_uploads();
    for (name, may) in [
        ("in", true),
        ("in/deep/", true),
        ("", false),
        ("inner", false),
    ] {
        assert_eq!(takes("10.0.0.1", name), may, "{name}");
        assert!(!takes("192.0.2.1", name), "{name}");
    }
}

/// Files and folders that are open beneath `root`; other tests have theirs.
#[cfg(target_os = "linux")]
fn open_beneath(root: &Path) -> usize {
    let open = fs::read_dir("/proc/self/fd").expect("is there");
    open.filter_map(|fd| fs::read_link(fd.ok()?.path()).ok())
        .filter(|path| path.starts_with(root))
        .count()
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_stays_open() {
    let place = Place::new(&["a", "b", "sub/c", "sub/d/"]);
    symlink("sub", place.root().join("link")).expect("links");
    let root = place.root().canonicalize().expect("is there");
    let policy = place.uploading(Uploads::Overwrite);
    let before = open_beneath(&root);
    for _ in 0..20 {
        for name in ["", "sub", "link/"] {
            let folder = folder(&policy, &anybody(), name);
            assert_eq!(open_beneath(&root), before + 1, "the folder itself");
            let shown = policy
                .entries(&anybody(), &folder, 2)
                .expect("may be shown");
            assert_eq!(shown.entries.len(), 2);
            assert_eq!(open_beneath(&root), before + 1);
        }
        policy.identity(&anybody(), b"sub/c").expect("may be known");
        let _ = look(&policy, &anybody(), "sub/c/x");
        let _ = policy.remove(&anybody(), b"nothing");
    }
    assert_eq!(open_beneath(&root), before);
}
