//! The file with users: lines `NAME:PASSWORD`.

use crate::policy::{Secret, User, fault};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// No file of this kind is longer.
const MAX_LEN: u64 = 1 << 20;

/// Who is in it. A line that begins with `#` means nothing, nor does an empty one. The first colon
/// ends the name; all that is behind it is the password, blanks too.
///
/// # Errors
/// Where something is wrong, and what.
pub(super) fn read(path: &Path) -> Result<Vec<User>, String> {
    let error = |text: &dyn std::fmt::Display| format!("{}: {text}", path.display());
    let file = File::open(path).map_err(|it| error(&it))?;
    if is_open_to_others(&file) {
        return Err(error(&"others can read the passwords in it: chmod o= FILE"));
    }
    let mut text = String::new();
    file.take(MAX_LEN + 1)
        .read_to_string(&mut text)
        .map_err(|it| error(&it))?;
    if text.len() as u64 > MAX_LEN {
        return Err(error(&"it is longer than 1 MiB"));
    }
    parse(&text)
        .map_err(|(line, text)| format!("{}:{line}: {text}", path.display()))
        .and_then(|users| match users[..] {
            [] => Err(error(&"there are no users in it")),
            _ => Ok(users),
        })
}

fn parse(text: &str) -> Result<Vec<User>, (usize, &'static str)> {
    let mut users: Vec<User> = Vec::new();
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let error = |text| Err((at + 1, text));
        let Some((name, password)) = line.split_once(':') else {
            return error("there is no colon between a name and a password");
        };
        let password = Secret(password.to_owned());
        if let Some(text) = fault(name, &password) {
            return error(text);
        }
        if is_hash(&password.0) {
            return error("this is the hash of a password: Digest needs the password itself");
        }
        if users.iter().any(|known| known.name == name) {
            return error("name: two users have the same");
        }
        users.push(User {
            name: name.to_owned(),
            password,
        });
    }
    Ok(users)
}

/// Whether it looks like what `htpasswd` writes.
fn is_hash(password: &str) -> bool {
    ["$apr1$", "$2y$", "$5$", "$6$", "{SHA}"]
        .iter()
        .any(|begin| password.starts_with(begin))
}

#[cfg(unix)]
fn is_open_to_others(file: &File) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .map_or(true, |file| file.permissions().mode() & 0o006 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &File) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names(text: &str) -> Result<Vec<(String, String)>, (usize, &'static str)> {
        let users = parse(text)?;
        let pair = |user: User| (user.name, user.password.0);
        Ok(users.into_iter().map(pair).collect())
    }

    #[test]
    fn lines_are_names_and_passwords() {
        let text = "\u{feff}# people\r\nann:one\r\n\n  \nbob b: two:2 #x\nj\u{fc}rg:\u{e9}\n";
        let pair = |name: &str, password: &str| (name.to_owned(), password.to_owned());
        assert_eq!(
            names(text),
            Ok(vec![
                pair("ann", "one"),
                pair("bob b", " two:2 #x"),
                pair("j\u{fc}rg", "\u{e9}")
            ])
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, line, word) in [
            ("ann", 1, "colon"),
            ("\nann:", 2, "empty"),
            (":x", 1, "empty"),
            (" ann:x", 1, "blanks"),
            ("ann:x\nann:y", 2, "two"),
            ("a\tb:x", 1, "typed"),
            ("ann:a\tb", 1, "control"),
            ("ann:$apr1$abc$def", 1, "hash"),
        ] {
            let (at, error) = names(text).expect_err(text);
            assert!(at == line && error.contains(word), "{text:?}: {at} {error}");
        }
    }

    /// RFC 7617 §4.
    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("users");
        let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode));
        fs::write(&path, "ann:one\n").expect("writes");
        for bad in [0o604, 0o602] {
            mode(bad).expect("is ours");
            assert!(read(&path).expect_err("is open").contains("chmod"));
        }
        mode(0o640).expect("is ours");
        assert_eq!(read(&path).expect("reads").len(), 1);
        fs::write(&path, "# nobody\n").expect("writes");
        assert!(read(&path).expect_err("is empty").contains("no users"));
        fs::write(&path, [0xff]).expect("writes");
        assert!(read(&path).is_err());
        fs::write(&path, vec![b'#'; 2 << 20]).expect("writes");
        assert!(read(&path).expect_err("is long").contains("1 MiB"));
        let missing = read(&folder.path().join("missing")).expect_err("is not there");
        assert!(missing.contains("missing: No such file"), "{missing}");
    }
}
