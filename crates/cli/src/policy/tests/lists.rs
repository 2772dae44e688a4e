//! Who is let in: access lists, listed files, protocols.

use super::*;
use std::os::unix::fs::symlink;

#[test]
fn everybody_may_ask_unless_told_otherwise() {
    let place = Place::new(&["a"]);
    let policy = place.plain();
    for address in ["192.0.2.1", "::1", "::ffff:10.0.0.1"] {
        assert_eq!(
            content(&policy, &peer(address), "a").as_deref(),
            Ok("a"),
            "{address}"
        );
    }
    let policy = place.policy(|options| {
        options.allow = vec!["10.0.0.0/8".into(), "2001:db8::/32".into()];
        options.deny = vec!["10.9.0.0/16".into()];
    });
    for address in ["10.1.0.1", "::ffff:10.1.0.1", "2001:db8::1"] {
        assert_eq!(
            content(&policy, &peer(address), "a").as_deref(),
            Ok("a"),
            "{address}"
        );
    }
    for address in ["10.9.0.1", "::ffff:10.9.0.1", "192.0.2.1", "::1"] {
        let denied = content(&policy, &peer(address), "a");
        assert_eq!(denied, Err(DeniedKind::Forbidden), "{address}");
        let denied = content(&policy, &peer(address), "nothing");
        assert_eq!(
            denied,
            Err(DeniedKind::Forbidden),
            "{address} must not learn what is there"
        );
    }
}

#[test]
fn a_file_has_names_and_peers() {
    let place = Place::new(&["images/c2500.bin", "other"]);
    let policy = place.configured(
        r#"
        [access-list]
        22 = ["deny 172.30.9.0/24", "permit 172.30.0.0 0.0.255.255"]

        [[file]]
        path = "/images/c2500.bin"
        alias = ["boot", "flash:c2500"]
        allow = ["22"]
        "#,
    );
    let image = Ok("images/c2500.bin");
    for name in ["boot", "/boot", "flash:c2500", "images/c2500.bin"] {
        assert_eq!(
            content(&policy, &peer("172.30.1.1"), name).as_deref(),
            image,
            "{name}"
        );
        for address in ["172.30.9.1", "10.0.0.1", "::1"] {
            let denied = content(&policy, &peer(address), name);
            assert_eq!(denied, Err(DeniedKind::Forbidden), "{name} {address}");
        }
    }
    assert_eq!(
        content(&policy, &peer("10.0.0.1"), "other").as_deref(),
        Ok("other")
    );
    assert_eq!(
        content(&policy, &peer("172.30.1.1"), "BOOT"),
        Err(DeniedKind::NotFound)
    );
}

#[test]
fn one_name_can_be_another_file_for_another_peer() {
    let place = Place::new(&["one", "two", "rest"]);
    let policy = place.configured(
        r#"
        [[file]]
        path = "one"
        alias = ["boot"]
        allow = ["10.1.0.0/16"]
        [[file]]
        path = "two"
        alias = ["boot"]
        allow = ["10.0.0.0/8"]
        deny = ["10.3.0.0/16"]
        "#,
    );
    let boot = |address| content(&policy, &peer(address), "boot");
    assert_eq!(boot("10.1.0.1").as_deref(), Ok("one"));
    assert_eq!(boot("10.2.0.1").as_deref(), Ok("two"));
    assert_eq!(boot("10.3.0.1"), Err(DeniedKind::Forbidden));
    assert_eq!(boot("192.0.2.1"), Err(DeniedKind::Forbidden));
}

#[test]
fn a_list_holds_under_every_name_of_a_file() {
    let place = Place::new(&["folder/secret", "Free"]);
    let root = place.root();
    symlink("folder/secret", root.join("link")).expect("links");
    symlink("folder", root.join("other")).expect("links");
    fs::hard_link(root.join("folder/secret"), root.join("hard")).expect("links");
    let policy = place.configured(
        r#"
        ignore-case = true
        upload = "overwrite"
        [[file]]
        path = "folder/secret"
        allow = ["10.0.0.1"]
        [[file]]
        path = "folder/new"
        allow = ["10.0.0.1"]
        "#,
    );
    let names = [
        "folder/secret",
        "FOLDER/secret",
        "link",
        "other/secret",
        "hard",
        "Hard",
    ];
    for name in names {
        let text = content(&policy, &peer("10.0.0.1"), name);
        assert_eq!(text.as_deref(), Ok("folder/secret"), "{name}");
        let denied = content(&policy, &peer("10.0.0.2"), name);
        assert_eq!(denied, Err(DeniedKind::Forbidden), "{name}");
    }
    assert_eq!(
        content(&policy, &peer("10.0.0.2"), "free").as_deref(),
        Ok("Free")
    );
    for name in [
        "folder/secret",
        "other/secret",
        "folder/new",
        "other/new",
        "Other/new",
    ] {
        let denied = put(&policy, &peer("10.0.0.2"), name, "bad");
        assert_eq!(denied, Err(DeniedKind::Forbidden), "{name}");
    }
    put(&policy, &peer("10.0.0.1"), "folder/new", "good").expect("uploads");
    put(&policy, &peer("10.0.0.2"), "other/third", "good").expect("uploads");
    assert_eq!(place.text("folder/new"), "good");
}

#[test]
fn only_what_is_listed() {
    let place = Place::new(&["a", "b", ".hidden"]);
    let policy = place.configured(
        r#"
        only-listed = true
        upload = "overwrite"
        [[file]]
        path = "a"
        [[file]]
        path = ".hidden"
        alias = ["seen"]
        [[file]]
        path = "new"
        "#,
    );
    assert_eq!(read(&policy, "a").as_deref(), Ok("a"));
    assert_eq!(read(&policy, "b"), Err(DeniedKind::NotFound));
    assert_eq!(
        read(&policy, "seen").as_deref(),
        Ok(".hidden"),
        "listed on purpose"
    );
    assert_eq!(read(&policy, "new"), Err(DeniedKind::NotFound));
    assert_eq!(
        put(&policy, &anybody(), "b", ""),
        Err(DeniedKind::Forbidden)
    );
    put(&policy, &anybody(), "new", "n").expect("uploads");
    assert_eq!(read(&policy, "new").as_deref(), Ok("n"));
    assert_eq!(
        policy.notes(),
        ["\"new\": listed, but there is no such file"]
    );
}

#[test]
fn aliases_in_other_letters() {
    let place = Place::new(&["File"]);
    let toml = "ignore-case = true\n[[file]]\npath = \"File\"\nalias = [\"Boot\"]\n";
    let policy = place.configured(toml);
    for name in ["Boot", "boot", "BOOT", "file"] {
        assert_eq!(read(&policy, name).as_deref(), Ok("File"), "{name}");
    }
}

#[test]
fn protocols_are_narrower_than_everybody() {
    let place = Place::new(&["a"]);
    let policy = place.configured(
        r#"
        allow = ["10.0.0.0/8"]
        [http]
        deny = ["10.1.0.0/16"]
        [ftp]
        allow = ["any"]
        "#,
    );
    let ask = |protocol, address| content(&policy, &on(protocol, address), "a").is_ok();
    assert!(ask("tftp", "10.1.0.1"));
    assert!(!ask("http", "10.1.0.1"));
    assert!(ask("http", "10.2.0.1"));
    assert!(!ask("ftp", "192.0.2.1"), "everybody's list holds too");
}

#[test]
fn some_may_only_read() {
    let place = Place::new(&["a"]);
    let policy = place.configured(
        "upload = \"overwrite\"\nupload-from = [\"10.0.0.1\"]\n[rcp]\nupload-from = [\"10.0.0.2\"]",
    );
    let ask = |protocol, address| put(&policy, &on(protocol, address), "a", "b");
    assert_eq!(content(&policy, &peer("10.0.0.2"), "a").as_deref(), Ok("a"));
    assert_eq!(ask("tftp", "10.0.0.1"), Ok(()));
    assert_eq!(ask("tftp", "10.0.0.2"), Err(DeniedKind::Forbidden));
    assert_eq!(ask("rcp", "10.0.0.2"), Ok(()));
    assert_eq!(ask("rcp", "10.0.0.1"), Err(DeniedKind::Forbidden));
}
