//! What a configuration says of the console.

use super::{configuration, refused};

/// What a server with this configuration complains about.
fn complaint(text: &str, mode: u32) -> String {
    let folder = tempfile::tempdir().expect("a place");
    let config = configuration(folder.path(), text, mode);
    // should it be accepted nevertheless, there is nothing to serve at that address
    let arguments = [
        "--config",
        &config,
        "--only",
        "tftp",
        "--listen",
        "tftp=192.0.2.1:1",
    ];
    let (code, stderr) = refused(&arguments);
    let fine = stderr.contains("192.0.2.1");
    assert_eq!(code, Some(if fine { 1 } else { 2 }), "{stderr}");
    if fine { String::new() } else { stderr }
}

const USER: &str = "[[telnet.user]]\nname = \"ann\"\npassword = \"secret\"\n";

#[test]
fn passwords_must_not_be_readable_for_everybody() {
    for mode in [0o600, 0o400, 0o640] {
        assert_eq!(complaint(USER, mode), "", "{mode:o}");
    }
    for mode in [0o644, 0o604, 0o666, 0o602] {
        let said = complaint(USER, mode);
        assert!(said.contains(":2: others can read the passwords"), "{said}");
        assert!(!said.contains("secret"), "{said}");
    }
    // without passwords it does not matter
    assert_eq!(
        complaint("[telnet]\nlog-options = true\nallow = [\"any\"]\n", 0o644),
        ""
    );
}

#[test]
fn users_have_a_name_and_a_password() {
    for (text, wrong) in [
        ("[[telnet.user]]\nname = \"a\"\n", "password"),
        ("[[telnet.user]]\npassword = \"a\"\n", "name"),
        ("[[telnet.user]]\nname = \"\"\npassword = \"a\"\n", "name"),
        ("[[telnet.user]]\nname = \" a\"\npassword = \"a\"\n", "name"),
        (
            "[[telnet.user]]\nname = \"a\\nb\"\npassword = \"a\"\n",
            "name",
        ),
        (
            "[[telnet.user]]\nname = \"a\"\npassword = \"\"\n",
            "password",
        ),
        ("[[telnet.user]]\nname = \"a\"\npassword = 7\n", "string"),
        (
            "[[telnet.user]]\nname = \"a\"\npassword = \"b\"\nshell = \"sh\"\n",
            "shell",
        ),
        ("[telnet]\nlog-options = 1\n", "bool"),
        ("[telnet]\nupload = \"create\"\n", "upload"),
    ] {
        let said = complaint(text, 0o600);
        assert!(said.contains(wrong), "{text}: {said}");
    }
    let twice = complaint(&USER.repeat(2), 0o600);
    assert!(
        twice.contains(":5: name: two users have the same"),
        "{twice}"
    );
}
