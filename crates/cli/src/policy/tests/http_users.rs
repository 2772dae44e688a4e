//! `[http]`: who may come in.

use super::super::{DigestAlgorithm, Protect, Scheme};
use super::*;

/// The error in a configuration.
fn wrong(toml: &str) -> String {
    let place = Place::new(&[]);
    let error = place.configure(toml, |_| {}).expect_err(toml);
    match error {
        LoadError::Config { line, text, .. } => format!("{line}: {text}"),
        other => panic!("{other}"),
    }
}

#[test]
fn without_a_word_nobody_has_to_log_in() {
    let place = Place::new(&[]);
    let policy = place.plain();
    let users = policy.http_users();
    assert!(users.users.is_empty() && !users.userhash);
    assert_eq!(users.realm, "wirelore");
    assert_eq!((&users.auth, users.protect), (&None, None));
    let algorithms = [DigestAlgorithm::Sha256, DigestAlgorithm::Md5];
    assert_eq!(users.algorithms, algorithms);
}

#[test]
fn everything_can_be_said_beside_what_other_sections_have() {
    let place = Place::new(&["a"]);
    let policy = place.configured(
        "[http]\nupload = \"create\"\ndeny = [\"10.0.0.0/8\"]\nrealm = \"r \\\"x\\\"\"\n\
         auth = [\"basic\", \"digest\"]\nprotect = \"uploads\"\ndigest-userhash = true\n\
         digest-algorithms = [\"md5\", \"sha-512-256\", \"sha-256\"]\n\
         [[http.user]]\nname = \"ann b\"\npassword = \" one:\"\n\
         [[http.user]]\nname = \"j\u{fc}rg\"\npassword = \"\u{e9}\"\n",
    );
    let users = policy.http_users();
    assert_eq!(users.realm, "r \"x\"");
    let schemes = [Scheme::Basic, Scheme::Digest];
    assert_eq!(users.auth.as_deref(), Some(&schemes[..]));
    assert_eq!(users.protect, Some(Protect::Uploads));
    assert!(users.userhash);
    let algorithms = [
        DigestAlgorithm::Md5,
        DigestAlgorithm::Sha512_256,
        DigestAlgorithm::Sha256,
    ];
    assert_eq!(users.algorithms, algorithms);
    let known = users.users.iter();
    let known: Vec<_> = known.map(|user| (&*user.name, &*user.password.0)).collect();
    assert_eq!(known, [("ann b", " one:"), ("j\u{fc}rg", "\u{e9}")]);
    assert!(!format!("{users:?}").contains("one:"));
    // and the policy is that of the section
    let asker = |peer: [u8; 4]| Asker {
        protocol: "http",
        peer: peer.into(),
    };
    assert!(policy.lets_in(&asker([10, 0, 0, 1])).is_err());
    assert!(policy.lets_in(&asker([192, 0, 2, 1])).is_ok());
}

#[test]
fn faults_are_named_with_their_line() {
    let user = |name: &str, password: &str| {
        format!("[[http.user]]\nname = {name:?}\npassword = {password:?}\n")
    };
    let cases = [
        ("[http]\nrealm = \"a\\nb\"".to_owned(), "2: ", "realm"),
        ("[http]\n\nauth = []".to_owned(), "3: ", "auth"),
        (
            "[http]\nauth = [\"digest\", \"digest\"]".to_owned(),
            "2: ",
            "twice",
        ),
        ("[http]\nauth = [\"ntlm\"]".to_owned(), "2: ", "ntlm"),
        ("[http]\nprotect = \"some\"".to_owned(), "2: ", "some"),
        (
            "[http]\ndigest-algorithms = []".to_owned(),
            "2: ",
            "digest-algorithms",
        ),
        (
            "[http]\ndigest-algorithms = [\"sha-1\"]".to_owned(),
            "2: ",
            "sha-1",
        ),
        ("[http]\nusers = []".to_owned(), "2: ", "users"),
        ("[tftp]\nrealm = \"a\"".to_owned(), "2: ", "realm"),
        (user("", "x"), "2: ", "typed"),
        (user(" a", "x"), "2: ", "typed"),
        (user("a\tb", "x"), "2: ", "typed"),
        (user("a:b", "x"), "2: ", "colon"),
        (user("a", ""), "2: ", "empty"),
        (user("a", "x\ty"), "2: ", "control"),
        (user("a", "x") + &user("a", "y"), "5: ", "two"),
    ];
    for (toml, line, word) in &cases {
        let error = wrong(toml);
        assert!(error.starts_with(line), "{toml}: {error}");
        assert!(error.contains(word), "{toml}: {error}");
        assert!(!error.contains("x\ty"), "{error}");
    }
}

#[test]
fn a_file_with_users_is_not_for_others_to_read() {
    let place = Place::new(&[]);
    let toml = "[[http.user]]\nname = \"ann\"\npassword = \"one\"\n";
    place.configured(toml);
    let file = place.top.path().join("serve.toml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("is ours");
    let options = Options {
        config: Some(file),
        ..Options::default()
    };
    let error = Policy::load(&place.root(), &options).expect_err("is open");
    assert!(error.to_string().contains("chmod"), "{error}");
}
