//! What is removed, and changes under a condition.

use super::super::{Expect, Finished, Identity};
use super::*;
use std::os::unix::fs::symlink;
use std::sync::Barrier;

fn remove(policy: &Policy, asker: &Asker, name: &str) -> Result<(), DeniedKind> {
    policy.remove(asker, name.as_bytes()).map_err(kind)
}

fn identity(policy: &Policy, name: &str) -> Option<Identity> {
    let identity = policy.identity(&anybody(), name.as_bytes());
    identity.expect("may be known")
}

/// Uploads a file as a whole.
fn put_if(policy: &Policy, name: &str, text: &str, expect: Expect) -> Finished {
    let mut upload = policy
        .write(&anybody(), name.as_bytes())
        .expect("may be written");
    upload.write_at(0, text.as_bytes()).expect("writes");
    upload.finish_if(expect).expect("finishes")
}

#[test]
fn files_are_removed_only_where_they_may_be_replaced() {
    let place = Place::new(&["a", "sub/b", "read-only", ".hidden"]);
    let root = place.root();
    symlink("a", root.join("link")).expect("links");
    symlink("../outside/secret", root.join("out")).expect("links");
    symlink("../outside", root.join("out-folder")).expect("links");
    fs::set_permissions(root.join("read-only"), fs::Permissions::from_mode(0o444)).expect("sets");
    let before = place.names();
    for (uploads, denied) in [
        (Uploads::Off, DeniedKind::ReadOnly),
        (Uploads::Create, DeniedKind::Forbidden),
    ] {
        let policy = place.uploading(uploads);
        for name in ["a", "sub/b", "nothing"] {
            assert_eq!(remove(&policy, &anybody(), name), Err(denied), "{name}");
        }
    }
    let policy = place.uploading(Uploads::Overwrite);
    for (name, denied) in [
        ("nothing", DeniedKind::NotFound),
        ("nothing/a", DeniedKind::NotFound),
        ("a/b", DeniedKind::NotFound),
        ("sub", DeniedKind::NotAFile),
        ("sub/", DeniedKind::NotAFile),
        ("a/", DeniedKind::NotAFile),
        ("/", DeniedKind::NotAFile),
        ("", DeniedKind::BadName),
        ("../a", DeniedKind::Forbidden),
        ("link", DeniedKind::Forbidden),
        ("out", DeniedKind::Forbidden),
        ("out-folder/secret", DeniedKind::Forbidden),
        ("read-only", DeniedKind::Forbidden),
        (".hidden", DeniedKind::Forbidden),
    ] {
        assert_eq!(remove(&policy, &anybody(), name), Err(denied), "{name}");
    }
    assert_eq!(place.names(), before);
    assert!(place.outside().join("secret").exists());
    assert_eq!(remove(&policy, &anybody(), "/sub/b"), Ok(()));
    assert_eq!(remove(&policy, &anybody(), "a"), Ok(()));
    assert_eq!(remove(&policy, &anybody(), "a"), Err(DeniedKind::NotFound));
    let left = before
        .iter()
        .filter(|name| !["a", "sub/b"].contains(&name.as_str()));
    assert!(place.names().iter().eq(left), "{:?}", place.names());
}

#[test]
fn removing_is_for_those_who_may_upload_there() {
    let place = Place::new(&["in/a", "in/b", "c", "secret"]);
    let policy = place.configured(
        r#"
        upload = "overwrite"
        upload-from = ["10.0.0.0/8"]
        upload-folder = "in"
        [[file]]
        path = "in/b"
        allow = ["10.0.0.2"]
        [ftp]
        upload-folder = ""
        "#,
    );
    let (one, two) = (peer("10.0.0.1"), peer("10.0.0.2"));
    for (asker, name, denied) in [
        (&anybody(), "in/a", DeniedKind::Forbidden),
        (&one, "c", DeniedKind::Forbidden),
        (&one, "in/../c", DeniedKind::Forbidden),
        (&one, "in/b", DeniedKind::Forbidden),
    ] {
        assert_eq!(remove(&policy, asker, name), Err(denied), "{name}");
    }
    assert_eq!(place.names().len(), 4);
    fs::hard_link(place.root().join("in/b"), place.root().join("in/hard")).expect("links");
    let denied = Err(DeniedKind::Forbidden);
    assert_eq!(remove(&policy, &one, "in/hard"), denied, "under every name");
    assert_eq!(remove(&policy, &one, "in/a"), Ok(()));
    assert_eq!(remove(&policy, &two, "in/b"), Ok(()));
    assert_eq!(place.names(), ["c", "in/hard", "secret"]);
}

#[test]
fn what_may_be_done_is_known_beforehand() {
    let place = Place::new(&[]);
    let may =
        |policy: &Policy, asker: &Asker| (policy.lets_upload(asker), policy.lets_remove(asker));
    assert_eq!(may(&place.plain(), &anybody()), (false, false));
    let policy = place.uploading(Uploads::Create);
    assert_eq!(may(&policy, &anybody()), (true, false));
    let policy = place.uploading(Uploads::Overwrite);
    assert_eq!(may(&policy, &anybody()), (true, true));
    let policy = place.configured(
        r#"
        upload = "overwrite"
        upload-from = ["10.0.0.0/8"]
        [http]
        upload = "create"
        deny = ["10.1.0.0/16"]
        "#,
    );
    assert_eq!(may(&policy, &peer("192.0.2.1")), (false, false));
    assert_eq!(may(&policy, &peer("10.1.0.1")), (true, true));
    assert_eq!(may(&policy, &on("http", "10.0.0.1")), (true, false));
    assert_eq!(may(&policy, &on("http", "10.1.0.1")), (false, false));
}

#[test]
fn an_identity_is_that_of_reading() {
    let place = Place::new(&["a", "sub/"]);
    symlink("a", place.root().join("link")).expect("links");
    for uploads in [Uploads::Create, Uploads::Overwrite] {
        let policy = place.uploading(uploads);
        let readable = policy.read(&anybody(), b"a").expect("reads");
        assert_eq!(identity(&policy, "a"), Some(readable.identity));
        assert_eq!(identity(&policy, "sub/b"), None);
        let link = identity(&policy, "link").expect("something is there");
        assert_ne!(link, readable.identity, "a link is not what it leads to");
        for (name, denied) in [
            ("sub", DeniedKind::NotAFile),
            ("none/b", DeniedKind::NotFound),
            (".a", DeniedKind::Forbidden),
        ] {
            let result = policy.identity(&anybody(), name.as_bytes()).map_err(kind);
            assert_eq!(result, Err(denied), "{name}");
        }
    }
    let off = place.plain().identity(&anybody(), b"a").map_err(kind);
    assert_eq!(off, Err(DeniedKind::ReadOnly));
}

#[test]
fn it_is_said_whether_a_file_was_replaced() {
    let place = Place::new(&[]);
    let policy = place.uploading(Uploads::Overwrite);
    let mut upload = policy.write(&anybody(), b"a").expect("begins");
    assert!(!upload.replaces());
    fs::write(place.root().join("a"), "meanwhile").expect("writes");
    assert!(upload.replaces());
    let finished = upload.finish_if(Expect::Anything).expect("finishes");
    assert_eq!(finished, Finished::Replaced);
    assert_eq!(
        put_if(&policy, "b", "1", Expect::Anything),
        Finished::Created
    );
    assert_eq!(
        put_if(&policy, "b", "2", Expect::Anything),
        Finished::Replaced
    );
    let policy = place.uploading(Uploads::Create);
    assert_eq!(
        put_if(&policy, "c", "1", Expect::Anything),
        Finished::Created
    );
    assert_eq!(place.names(), ["a", "b", "c"]);
}

#[test]
fn conditions_hold_when_it_is_finished() {
    let place = Place::new(&["a"]);
    let policy = place.uploading(Uploads::Overwrite);
    let old = identity(&policy, "a").expect("is there");
    assert_eq!(
        put_if(&policy, "a", "x", Expect::Nothing),
        Finished::Unexpected
    );
    assert_eq!(
        put_if(&policy, "b", "x", Expect::Something),
        Finished::Unexpected
    );
    assert_eq!(
        put_if(&policy, "b", "x", Expect::This(old)),
        Finished::Unexpected
    );
    assert_eq!(place.names(), ["a"], "nothing is left of them");
    assert_eq!(place.text("a"), "a");

    assert_eq!(
        put_if(&policy, "a", "xy", Expect::This(old)),
        Finished::Replaced
    );
    assert_eq!(
        put_if(&policy, "a", "z", Expect::This(old)),
        Finished::Unexpected
    );
    assert_eq!(place.text("a"), "xy");
    assert_eq!(
        put_if(&policy, "a", "z", Expect::Something),
        Finished::Replaced
    );
    assert_eq!(
        put_if(&policy, "b", "new", Expect::Nothing),
        Finished::Created
    );

    let now = identity(&policy, "a").expect("is there");
    assert!(
        !policy
            .remove_if(&anybody(), b"a", Expect::This(old))
            .expect("is there")
    );
    assert!(
        !policy
            .remove_if(&anybody(), b"a", Expect::Nothing)
            .expect("is there")
    );
    assert_eq!(place.names(), ["a", "b"]);
    assert!(
        policy
            .remove_if(&anybody(), b"a", Expect::This(now))
            .expect("is there")
    );
    assert_eq!(place.names(), ["b"]);
}

#[test]
fn a_failed_condition_ends_the_upload() {
    let place = Place::new(&["a"]);
    let policy = place.uploading(Uploads::Overwrite);
    let mut upload = policy.write(&anybody(), b"a").expect("begins");
    let finished = upload.finish_if(Expect::Nothing).expect("is no error");
    assert_eq!(finished, Finished::Unexpected);
    assert_eq!(place.names(), ["a"]);
    assert!(upload.finish().is_err() && upload.write_at(0, b"x").is_err());
    assert_eq!(place.text("a"), "a");
}

#[test]
fn nothing_is_expected_until_the_end() {
    for round in 0..50 {
        let place = Place::new(&[]);
        let policy = place.uploading(Uploads::Overwrite);
        let barrier = Barrier::new(2);
        let finish = |text: &'static str| {
            let mut upload = policy.write(&anybody(), b"a").expect("begins");
            upload.write_at(0, text.as_bytes()).expect("writes");
            barrier.wait();
            (text, upload.finish_if(Expect::Nothing).expect("finishes"))
        };
        let (one, two) = std::thread::scope(|scope| {
            let one = scope.spawn(|| finish("one"));
            let two = scope.spawn(|| finish("two"));
            (one.join().expect("ends"), two.join().expect("ends"))
        });
        let winner = match (one, two) {
            ((text, Finished::Created), (_, Finished::Unexpected)) => text,
            ((_, Finished::Unexpected), (text, Finished::Created)) => text,
            other => panic!("round {round}: {other:?}"),
        };
        assert_eq!(place.text("a"), winner);
        assert_eq!(place.names(), ["a"], "nothing else is left");
    }
}
