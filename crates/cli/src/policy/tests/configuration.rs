//! The configuration file: what wins, what is wrong and where, and the documentation's example.

use super::*;

fn wrong(toml: &str) -> String {
    let place = Place::new(&["a"]);
    match place.configure(toml, |_| {}) {
        Ok(_) => panic!("loads: {toml}"),
        Err(LoadError::Config { line, text, .. }) => {
            assert!(!text.contains('\n'), "{text}");
            format!("{line}: {text}")
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn errors_name_the_line_and_the_key() {
    let cases = [
        ("\n\nuplaod = \"create\"", "3: ", "uplaod"),
        ("allow = [\"any\"]\n[gopher]\n", "2: ", "gopher"),
        (
            "[tftp]\nallow = [\"any\"]\nignorecase = true",
            "3: ",
            "ignorecase",
        ),
        ("[tftp]\n[[tftp.file]]\npath = \"a\"", "2: ", "file"),
        ("[[file]]\npath = \"a\"\nalais = []", "3: ", "alais"),
        ("[[file]]\nalias = []", "1: ", "path"),
        ("\nupload = \"yes\"", "2: ", "yes"),
        ("\nmax-upload = \"much\"", "2: ", "much"),
        ("\nmax-upload = -1", "2: ", "-1"),
        ("\nkeep-free = \"unlimited\"", "2: ", "unlimited"),
        ("\nhidden = 1", "2: ", "boolean"),
        ("\nmax-name = 0", "2: ", "from 1"),
        ("\nmax-scan = 0", "2: ", "from 1"),
        ("allow = [\n\"any\",\n\"nobody\"]", "3: ", "nobody"),
        ("\ndeny = [\"10.0.0.0/33\"]", "2: ", "10.0.0.0/33"),
        ("\n\nallow = []", "3: ", "empty"),
        ("[tftp]\n\nallow = [\"nobody\"]", "3: ", "nobody"),
        ("\nupload-from = [\"nobody\"]", "2: ", "nobody"),
        (
            "[[file]]\npath = \"a\"\nallow = [\"nobody\"]",
            "3: ",
            "nobody",
        ),
        (
            "[access-list]\n1 = [\"any\"]\n2 = [\"permit 1\"]",
            "3: ",
            "\"1\"",
        ),
        ("[access-list]\n1 = [\"any\"]\n\"any\" = []", "3: ", "any"),
        (
            "[access-list]\n1 = [\"permit 10.0.0.0 255.0.0.0\"]",
            "2: ",
            "wildcard",
        ),
        ("\nupload-folder = \"../a\"", "2: ", "upload-folder"),
        ("[[file]]\npath = \"../a\"", "2: ", "path"),
        ("[[file]]\npath = \"/\"", "2: ", "path"),
        (
            "[[file]]\npath = \"a\"\nalias = [\"b\", \"\"]",
            "3: ",
            "alias",
        ),
        ("[[file]]\npath = \"a\\u0000\"", "2: ", "NUL"),
        ("a = [\n", "1: ", ""),
        ("\nhidden = true\nhidden = true", "3: ", "hidden"),
    ];
    for (toml, line, word) in cases {
        let error = wrong(toml);
        assert!(error.starts_with(line), "{toml}\n{error}");
        let hit = error.contains(word) || toml.contains(word) && error.contains("duplicate");
        assert!(hit, "{toml}\n{error}");
    }
}

#[test]
fn the_error_is_one_line_with_the_path() {
    let place = Place::new(&[]);
    let error = place
        .configure("a = 1", |_| {})
        .expect_err("wrong")
        .to_string();
    assert!(error.contains("serve.toml:1: unknown field `a`"), "{error}");
}

#[test]
fn what_cannot_be_opened_is_named() {
    let place = Place::new(&["file"]);
    let options = Options::default();
    let error = Policy::load(&place.root().join("nothing"), &options).expect_err("not there");
    assert!(error.to_string().contains("nothing"), "{error}");
    let error = Policy::load(&place.root().join("file"), &options).expect_err("no folder");
    assert!(error.to_string().contains("file"), "{error}");
    let options = Options {
        config: Some(place.root().join("missing.toml")),
        ..options
    };
    let error = Policy::load(&place.root(), &options).expect_err("no configuration");
    assert!(error.to_string().contains("missing.toml"), "{error}");
}

#[test]
fn wrong_options_are_named() {
    let place = Place::new(&["file"]);
    let error =
        |change: fn(&mut Options)| place.configure("", change).expect_err("wrong").to_string();
    let text = error(|options| options.allow = vec!["22".into()]);
    assert!(text.starts_with("--allow: \"22\""), "{text}");
    let text = error(|options| options.deny = vec!["x\ny".into()]);
    assert!(text.starts_with("--deny: \"x\\ny\""), "{text}");
    let text = error(|options| options.upload_from = vec!["x".into()]);
    assert!(text.starts_with("--upload-from: "), "{text}");
    let text = error(|options| options.upload_folder = Some("..".into()));
    assert!(text.starts_with("--upload-folder: "), "{text}");
    for folder in ["missing", "file"] {
        let error = place
            .configure("upload = \"create\"", |options| {
                options.upload_folder = Some(folder.into());
            })
            .expect_err("no such folder");
        assert!(error.to_string().contains(folder), "{error}");
    }
}

#[test]
fn the_command_line_wins() {
    let place = Place::new(&["a", ".b", "in/"]);
    let toml = r#"
        allow = ["10.0.0.0/8"]
        deny = ["10.1.0.0/16"]
        upload = "off"
        max-upload = 1
        hidden = true
        ignore-case = true
        strip-prefix = ["x/"]
        [access-list]
        lab = ["192.0.2.0/24", "10.1.0.0/16"]
        [tftp]
        upload = "overwrite"
        max-upload = 2
        hidden = true
    "#;
    let policy = place.configured(toml);
    assert_eq!(
        content(&policy, &peer("10.0.0.1"), "x/.B").as_deref(),
        Ok(".b")
    );
    assert_eq!(put(&policy, &on("tftp", "10.0.0.1"), "a", "aa"), Ok(()));
    assert_eq!(
        put(&policy, &on("tftp", "10.0.0.1"), "a", "aaa"),
        Err(DeniedKind::TooLarge)
    );
    assert_eq!(
        put(&policy, &on("http", "10.0.0.1"), "a", "a"),
        Err(DeniedKind::ReadOnly)
    );

    let change = |options: &mut Options| {
        options.allow = vec!["lab".into()];
        options.deny = vec!["192.0.2.99".into()];
        options.upload = Some(Uploads::Create);
        options.max_upload = Some("3".parse().expect("a size"));
        options.hidden = Some(false);
        options.ignore_case = Some(false);
        options.strip_prefix = vec!["y/".into()];
        options.upload_folder = Some("/in/".into());
    };
    let policy = place.configure(toml, change).expect("loads");
    assert_eq!(
        content(&policy, &peer("192.0.2.1"), "y/a").as_deref(),
        Ok("aa")
    );
    let denied = Err(DeniedKind::Forbidden);
    assert_eq!(
        content(&policy, &peer("10.0.0.1"), "a"),
        denied,
        "allow: instead"
    );
    assert_eq!(
        content(&policy, &peer("192.0.2.99"), "a"),
        denied,
        "deny: as well"
    );
    assert_eq!(
        content(&policy, &peer("10.1.0.1"), "a"),
        denied,
        "deny: as well"
    );
    for protocol in ["tftp", "http"] {
        let asker = on(protocol, "192.0.2.1");
        assert_eq!(content(&policy, &asker, ".b"), Err(DeniedKind::NotFound));
        assert_eq!(content(&policy, &asker, "A"), Err(DeniedKind::NotFound));
        assert_eq!(
            put(&policy, &asker, "a", "a"),
            Err(DeniedKind::Forbidden),
            "not in the folder"
        );
        assert_eq!(
            put(&policy, &asker, format!("in/{protocol}"), "aaa"),
            Ok(())
        );
        let denied = put(&policy, &asker, format!("in/{protocol}2"), "aaaa");
        assert_eq!(denied, Err(DeniedKind::TooLarge));
    }
}

#[test]
fn reloading_sees_what_changed_and_keeps_the_old_on_errors() {
    let place = Place::new(&["a"]);
    let old = place.configured("");
    let file = place.top.path().join("serve.toml");
    assert_eq!(read(&old, "a").as_deref(), Ok("a"));
    fs::write(&file, "deny = [\"any\"]").expect("writes");
    let new = old.reload().expect("loads");
    assert_eq!(
        read(&old, "a").as_deref(),
        Ok("a"),
        "a policy never changes"
    );
    assert_eq!(read(&new, "a"), Err(DeniedKind::Forbidden));
    fs::write(&file, "deny = any").expect("writes");
    assert!(new.reload().is_err());
    assert_eq!(read(&new, "a"), Err(DeniedKind::Forbidden));
}

/// The blocks of the reference that are configurations.
fn documented() -> Vec<String> {
    let text = include_str!("../../../../../docs/serve-configuration.md");
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while lines.by_ref().any(|line| line == "```toml") {
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push(block.join("\n"));
    }
    blocks
}

#[test]
fn the_documented_example_does_what_it_says() {
    let place = Place::new(&[
        "images/c2500-i-l.bin",
        "images/c2600-lab.bin",
        "motd",
        "incoming/",
        ".hidden",
    ]);
    let [example, ..] = &documented()[..] else {
        panic!("there is an example");
    };
    let policy = place.configured(example);
    assert_eq!(policy.notes(), [] as [&str; 0]);
    let tftp = |address, name: &str| content(&policy, &on("tftp", address), name);
    assert_eq!(
        tftp("172.30.1.1", "boot").as_deref(),
        Ok("images/c2500-i-l.bin")
    );
    assert_eq!(
        tftp("192.168.7.7", "boot").as_deref(),
        Ok("images/c2600-lab.bin")
    );
    assert_eq!(tftp("172.30.9.1", "boot"), Err(DeniedKind::Forbidden));
    assert_eq!(
        tftp("172.30.1.1", r"C:\TFTPBOOT\Motd").as_deref(),
        Ok("motd")
    );
    assert_eq!(tftp("8.8.8.8", "motd"), Err(DeniedKind::Forbidden));
    assert_eq!(tftp("172.30.1.1", ".hidden"), Err(DeniedKind::NotFound));
    let put = |protocol, address, name| put(&policy, &on(protocol, address), name, "x");
    assert_eq!(put("tftp", "172.30.1.1", "incoming/r1-confg"), Ok(()));
    assert_eq!(
        put("tftp", "172.30.1.1", "incoming/r1-confg"),
        Ok(()),
        "overwrites"
    );
    assert_eq!(
        put("tftp", "172.30.1.1", "motd"),
        Err(DeniedKind::Forbidden)
    );
    assert_eq!(
        put("tftp", "192.168.7.7", "incoming/x"),
        Err(DeniedKind::Forbidden)
    );
    assert_eq!(
        put("http", "172.30.1.1", "incoming/x"),
        Err(DeniedKind::ReadOnly)
    );
    let http = |name| content(&policy, &on("http", "172.30.1.1"), name);
    assert_eq!(
        http("motd"),
        Err(DeniedKind::NotFound),
        "only what is listed"
    );
    assert_eq!(http("boot").as_deref(), Ok("images/c2500-i-l.bin"));
}

#[test]
fn every_documented_block_loads() {
    let place = Place::new(&["incoming/", "images/"]);
    let blocks = documented();
    assert!(blocks.len() >= 4, "{}", blocks.len());
    for block in blocks {
        place.configured(&block);
    }
}

#[test]
fn every_key_is_documented() {
    let text = include_str!("../../../../../docs/serve-configuration.md");
    let error = wrong("x = 1");
    let keys: Vec<&str> = error.split('`').skip(3).step_by(2).collect();
    assert!(keys.len() > 15, "{error}");
    for key in keys {
        let documented = text.contains(&format!("`{key}`")) || text.contains(&format!("[{key}]"));
        assert!(documented, "{key}");
    }
}
