//! What is forgiven in names, over real folders.

use super::*;

#[test]
fn the_same_case_goes_first_then_capitals() {
    let place = Place::new(&["Boot", "boot", "BOOT", "Sub/File", "\u{c4}"]);
    let strict = place.plain();
    assert_eq!(read(&strict, "bOOT"), Err(DeniedKind::NotFound));
    let policy = place.policy(|options| options.ignore_case = Some(true));
    for name in ["Boot", "boot", "BOOT"] {
        assert_eq!(read(&policy, name).as_deref(), Ok(name));
    }
    assert_eq!(read(&policy, "bOOT").as_deref(), Ok("BOOT"));
    assert_eq!(read(&policy, "sUB/fILE").as_deref(), Ok("Sub/File"));
    assert_eq!(read(&policy, "\u{e4}").as_deref(), Ok("\u{c4}"));
    assert_eq!(read(&policy, "sub/other"), Err(DeniedKind::NotFound));
    assert_eq!(read(&policy, "sub"), Err(DeniedKind::NotAFile));
}

#[test]
fn folders_are_not_tried_one_after_the_other() {
    let place = Place::new(&["a/x", "A/y"]);
    let policy = place.policy(|options| options.ignore_case = Some(true));
    assert_eq!(read(&policy, "a/X").as_deref(), Ok("a/x"));
    assert_eq!(read(&policy, "a/y"), Err(DeniedKind::NotFound));
}

#[test]
fn searching_a_folder_ends() {
    let files: Vec<String> = (0..20).map(|number| format!("f{number}")).collect();
    let place = Place::new(&files.iter().map(String::as_str).collect::<Vec<_>>());
    let policy = place.configured("ignore-case = true\nmax-scan = 20\n");
    assert_eq!(read(&policy, "F7").as_deref(), Ok("f7"));
    let policy = place.configured("ignore-case = true\nmax-scan = 19\n");
    assert_eq!(read(&policy, "f7").as_deref(), Ok("f7"), "needs no search");
    let denied = policy.read(&anybody(), b"F7").expect_err("too many");
    assert_eq!(denied.kind, DeniedKind::NotFound);
    assert!(denied.why.contains("max-scan"), "{denied}");
}

#[test]
fn an_upload_takes_the_spelling_that_is_there() {
    let place = Place::new(&["Config/Router", "x"]);
    let policy = place.policy(|options| {
        options.upload = Some(Uploads::Overwrite);
        options.ignore_case = Some(true);
    });
    put(&policy, &anybody(), "CONFIG/router", "new").expect("uploads");
    put(&policy, &anybody(), "CONFIG/Switch", "s").expect("uploads");
    assert_eq!(place.names(), ["Config/Router", "Config/Switch", "x"]);
    assert_eq!(place.text("Config/Router"), "new");
    let policy = place.policy(|options| {
        options.upload = Some(Uploads::Create);
        options.ignore_case = Some(true);
    });
    assert_eq!(
        put(&policy, &anybody(), "config/ROUTER", ""),
        Err(DeniedKind::Exists)
    );
}

#[test]
fn backslashes_drives_and_prefixes() {
    let place = Place::new(&["sub/a", r"x\y"]);
    assert_eq!(read(&place.plain(), r"x\y").as_deref(), Ok(r"x\y"));
    assert_eq!(read(&place.plain(), r"sub\a"), Err(DeniedKind::NotFound));
    let policy = place.configured("backslash = true\nstrip-prefix = ['\\tftpboot\\', \"/boot/\"]");
    for name in [
        r"sub\a",
        r"C:\sub\a",
        r"\tftpboot\sub\a",
        "/tftpboot/sub/a",
        "boot/sub/a",
    ] {
        assert_eq!(read(&policy, name).as_deref(), Ok("sub/a"), "{name}");
    }
    assert_eq!(
        read(&policy, r"..\outside\secret"),
        Err(DeniedKind::Forbidden)
    );
    assert_eq!(
        read(&policy, r"\tftpboot\..\..\outside\secret"),
        Err(DeniedKind::Forbidden)
    );
}

#[test]
fn the_longest_name_is_configured() {
    let place = Place::new(&["abcd", "abcde"]);
    let policy = place.configured("max-name = 4");
    assert_eq!(read(&policy, "abcd").as_deref(), Ok("abcd"));
    assert_eq!(read(&policy, "abcde"), Err(DeniedKind::BadName));
}

#[test]
fn each_protocol_forgives_what_it_is_told_to() {
    let place = Place::new(&["a"]);
    let policy = place.configured("[tftp]\nignore-case = true\n[http]\nstrip-prefix = [\"/x/\"]");
    assert_eq!(
        content(&policy, &on("tftp", "::1"), "A").as_deref(),
        Ok("a")
    );
    assert_eq!(
        content(&policy, &on("http", "::1"), "A"),
        Err(DeniedKind::NotFound)
    );
    assert_eq!(
        content(&policy, &on("http", "::1"), "/x/a").as_deref(),
        Ok("a")
    );
    assert_eq!(
        content(&policy, &on("gopher", "::1"), "A"),
        Err(DeniedKind::NotFound)
    );
}
