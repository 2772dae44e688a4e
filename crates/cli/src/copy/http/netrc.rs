//! `.netrc`: names and passwords for hosts.

use super::super::codes::{Code, Failure};
use super::super::place::shown;
use super::login::Login;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// The most octets of a file.
const LIMIT: u64 = 1 << 20;

/// What a file says.
#[derive(Clone, Debug, Default)]
pub(super) struct Netrc(Vec<Entry>);

#[derive(Clone, Debug)]
struct Entry {
    /// `None` is the default, for every host.
    machine: Option<String>,
    login: String,
    password: Option<String>,
}

impl Netrc {
    /// Reads the file; that of the user need not be there.
    pub(super) fn read(path: Option<&Path>) -> Result<Self, Failure> {
        let own = path.is_none();
        let Some(path) = path.map(Path::to_owned).or_else(of_the_user) else {
            return Ok(Self::default());
        };
        let mut text = String::new();
        let read = File::open(&path).and_then(|file| file.take(LIMIT).read_to_string(&mut text));
        match read {
            Ok(_) => parse(&text)
                .map_err(|why| Failure::new(Code::READING, format!("{}: {why}", shown(&path)))),
            Err(error) if own && error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Failure::of(&error, Code::READING, &shown(&path))),
        }
    }

    /// The first entry for this host, or else the default; with `name`, only one for that user.
    pub(super) fn find(&self, host: &str, name: Option<&str>) -> Option<Login> {
        let fits = |entry: &&Entry| {
            let host = match &entry.machine {
                Some(machine) => machine.eq_ignore_ascii_case(host),
                None => true,
            };
            host && name.is_none_or(|name| entry.login.is_empty() || entry.login == name)
        };
        let entry = self.0.iter().find(fits)?;
        let name = name.unwrap_or(&entry.login);
        (!name.is_empty()).then(|| Login {
            name: name.to_owned(),
            password: entry.password.clone(),
        })
    }
}

fn of_the_user() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"))?;
    Some(PathBuf::from(home).join(".netrc"))
}

fn parse(text: &str) -> Result<Netrc, String> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut words = Words { rest: text };
    while let Some(word) = words.next()? {
        let mut value = || match words.next()? {
            Some(value) => Ok::<_, String>(value),
            None => Err(format!("nothing follows {word}")),
        };
        match &*word {
            "machine" => {
                let machine = Some(value()?);
                entries.push(Entry {
                    machine,
                    login: String::new(),
                    password: None,
                });
            }
            "default" => entries.push(Entry {
                machine: None,
                login: String::new(),
                password: None,
            }),
            "macdef" => words.skip_macro(),
            "login" | "password" | "account" => {
                let value = value()?;
                let Some(entry) = entries.last_mut() else {
                    return Err(format!("{word} stands before any machine"));
                };
                match &*word {
                    "login" => entry.login = value,
                    "password" => entry.password = Some(value),
                    _ => {}
                }
            }
            // the word may be a secret
            _ => return Err("a word that is not known".into()),
        }
    }
    // a default counts only where no machine fits
    entries.sort_by_key(|entry| entry.machine.is_none());
    Ok(Netrc(entries))
}

struct Words<'t> {
    rest: &'t str,
}

impl Words<'_> {
    /// The next word. Between quotation marks blanks and line ends are a part of it, and `\\` stands
    /// before what is taken as it is. `#` begins a comment where a word could begin.
    fn next(&mut self) -> Result<Option<String>, String> {
        loop {
            self.rest = self.rest.trim_start();
            match self.rest.strip_prefix('#') {
                Some(comment) => {
                    let end = comment.find('\n').unwrap_or(comment.len());
                    self.rest = &comment[end..];
                }
                None => break,
            }
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let quoted = self.rest.strip_prefix('"');
        if let Some(rest) = quoted {
            self.rest = rest;
        }
        let mut word = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' if quoted.is_some() => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(Some(word));
                }
                c if quoted.is_none() && c.is_whitespace() => {
                    self.rest = &self.rest[at..];
                    return Ok(Some(word));
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) if quoted.is_some() => word.push('\n'),
                    Some((_, 't')) if quoted.is_some() => word.push('\t'),
                    Some((_, 'r')) if quoted.is_some() => word.push('\r'),
                    Some((_, c)) => word.push(c),
                    None => {}
                },
                c => word.push(c),
            }
        }
        self.rest = "";
        match quoted {
            Some(_) => Err("a quotation mark is missing".into()),
            None => Ok(Some(word)),
        }
    }

    /// A macro ends with an empty line.
    fn skip_macro(&mut self) {
        let end = ["\n\n", "\n\r\n"]
            .iter()
            .filter_map(|end| Some(self.rest.find(end)? + end.len()))
            .min();
        self.rest = &self.rest[end.unwrap_or(self.rest.len())..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, host: &str, name: Option<&str>) -> Option<(String, Option<String>)> {
        let login = parse(text).unwrap().find(host, name)?;
        Some((login.name, login.password))
    }

    #[test]
    fn machines_and_the_default() {
        let text = "# all of them\ndefault login anonymous password me@here\n\
                    machine a login u password p account x\n\
                    macdef init\n  machine b login evil\n\nmachine\tB\nlogin \"v w\"\n\
                    password \"a\\\"b\\\\ #c\" machine c login u2 password p2 machine c login u3 \
                    password p#3";
        let pair = |name: &str, password: &str| Some((name.to_owned(), Some(password.to_owned())));
        assert_eq!(found(text, "a", None), pair("u", "p"));
        assert_eq!(found(text, "A", None), pair("u", "p"));
        assert_eq!(found(text, "b", None), pair("v w", "a\"b\\ #c"));
        assert_eq!(found(text, "c", None), pair("u2", "p2"));
        assert_eq!(found(text, "c", Some("u3")), pair("u3", "p#3"));
        assert_eq!(found(text, "z", None), pair("anonymous", "me@here"));
        assert_eq!(found(text, "c", Some("u4")), None);
        assert_eq!(
            found("machine a password p", "a", Some("u")),
            pair("u", "p")
        );
        assert_eq!(found("machine a password p", "a", None), None);
        assert_eq!(found("", "a", None), None);
    }

    #[test]
    fn what_makes_no_sense_is_told_without_secrets() {
        for bad in [
            "machine",
            "login x",
            "machine a password \"s3cret",
            "machine a s3cret",
        ] {
            let why = parse(bad).unwrap_err();
            assert!(!why.contains("s3cret"), "{why}");
        }
    }
}
