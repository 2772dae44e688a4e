//! Whether a copy came to what it should.

use super::content::Content;
use super::stage::{Copied, Ended};
use serde_json::Value;

/// What a copy must come to.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// That of `wirelore copy`.
    pub(super) exit_code: i32,
    /// What is at the destination afterwards, and nothing else there.
    pub(super) there: Option<Content>,
    /// What the client says that was agreed on, among other things.
    pub(super) options: Vec<(&'static str, Value)>,
    pub(super) server: Account,
}

/// What the server must have to say.
#[derive(Clone, Debug)]
pub(super) enum Account {
    /// Nobody asks it.
    Any,
    /// A whole transfer, in this direction ("read", "write"), with these options among others.
    Done(&'static str, Vec<(&'static str, Value)>),
    /// Refused, with this code of the protocol; or nothing is known of the code, because the server
    /// found out in the middle.
    Refused(Option<u16>),
}

/// What it came to.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) client: Copied,
    /// What the server reported.
    pub(super) server: Option<Value>,
    pub(super) there: Option<Content>,
    /// Other files at the destination: nothing is to be left behind.
    pub(super) strays: Vec<String>,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) expected: String,
    pub(super) came: String,
    /// What to do.
    pub(super) advice: &'static str,
}

const REPORT: &str =
    "this is a fault in wirelore: please report it, with what wirelore selftest -v prints";
const FIREWALL: &str =
    "nothing gets through: is the loopback interface up, and does no firewall hold it back?";
const ROOM: &str =
    "is there room for temporary files, and may they be written? TMPDIR=DIR chooses another folder";

impl Fault {
    pub(super) fn new(expected: impl Into<String>, came: impl Into<String>) -> Self {
        Self {
            expected: expected.into(),
            came: came.into(),
            advice: REPORT,
        }
    }

    /// Not a word came where one had to come.
    pub(super) fn silence(expected: impl Into<String>) -> Self {
        Self {
            advice: FIREWALL,
            ..Self::new(expected, "nothing")
        }
    }

    /// What the cases need could not be had from the system, or no server started.
    pub(super) fn unready(why: &std::io::Error) -> Self {
        let advice = if why.raw_os_error().is_some() {
            ROOM
        } else {
            REPORT
        };
        Self {
            advice,
            ..Self::new("everything that the cases need", why.to_string())
        }
    }

    /// What is wrong is not in the case, but in the way: further cases would only wait for it too.
    pub(super) fn is_silence(&self) -> bool {
        self.advice == FIREWALL
    }
}

/// The first thing that is wrong, beginning with what the others follow from.
pub(super) fn judge(wanted: &Wanted, seen: &Seen) -> Result<(), Fault> {
    let checks = [exit_code, report, arrived, options, account, strays];
    checks.iter().try_for_each(|check| check(wanted, seen))
}

/// A server that was told to stop.
pub(super) fn judge_end(ended: &Ended) -> Result<(), Fault> {
    match (ended.exit_code, ended.cut) {
        (Some(0), Some(0)) => Ok(()),
        (code, cut) => {
            let cut = cut.map_or("not a word about transfers".into(), |cut| {
                format!("{cut} transfers cut")
            });
            Err(Fault::new(
                "exit code 0, no transfer cut",
                format!("{}, {cut}", code_shown(code)),
            ))
        }
    }
}

fn exit_code(wanted: &Wanted, seen: &Seen) -> Result<(), Fault> {
    let code = seen.client.exit_code;
    if code == Some(wanted.exit_code) {
        return Ok(());
    }
    let came = format!("{}: {}", code_shown(code), seen.client.said);
    let advice = match code {
        _ if seen.client.is_silence() => FIREWALL,
        Some(23 | 26) => ROOM,
        _ => REPORT,
    };
    Err(Fault {
        advice,
        ..Fault::new(code_shown(Some(wanted.exit_code)), came)
    })
}

fn code_shown(code: Option<i32>) -> String {
    code.map_or("no exit code".to_owned(), |code| {
        format!("exit code {code}")
    })
}

/// What the client says for programs.
fn report(wanted: &Wanted, seen: &Seen) -> Result<(), Fault> {
    let Some(report) = &seen.client.report else {
        return Err(Fault::new("one JSON object from the client", "none"));
    };
    same("exit_code", &wanted.exit_code.into(), report, "the client")?;
    match &wanted.there {
        Some(content) if wanted.exit_code == 0 => {
            same("bytes", &content.octets.into(), report, "the client")?;
            let digest = format!("sha256:{}", content.sha256);
            same("digest", &digest.into(), report, "the client")
        }
        _ => Ok(()),
    }
}

fn arrived(wanted: &Wanted, seen: &Seen) -> Result<(), Fault> {
    if wanted.there == seen.there {
        return Ok(());
    }
    let shown = |content: &Option<Content>| match content {
        None => "no file at the destination".to_owned(),
        Some(Content { octets, sha256 }) => format!("{octets} octets, SHA-256 {sha256}"),
    };
    Err(Fault::new(shown(&wanted.there), shown(&seen.there)))
}

fn options(wanted: &Wanted, seen: &Seen) -> Result<(), Fault> {
    let agreed = seen
        .client
        .report
        .as_ref()
        .map_or(&Value::Null, |report| &report["options"]);
    let mut options = wanted.options.iter();
    options.try_for_each(|(name, value)| same(name, value, agreed, "the client"))
}

fn account(wanted: &Wanted, seen: &Seen) -> Result<(), Fault> {
    let no_word = || Fault::new("a transfer in the log of the server", "not a word");
    let said = seen.server.as_ref().ok_or_else(no_word);
    let same = |name: &str, value: Value, said| same(name, &value, said, "the server");
    match &wanted.server {
        Account::Any => Ok(()),
        Account::Done(direction, options) => {
            let said = said?;
            same("ok", true.into(), said)?;
            same("direction", (*direction).into(), said)?;
            let mut options = options.iter();
            options.try_for_each(|(name, value)| same(name, value.clone(), &said["options"]))
        }
        Account::Refused(code) => {
            let said = said?;
            same("ok", false.into(), said)?;
            code.map_or(Ok(()), |code| same("error_code", code.into(), said))
        }
    }
}

fn strays(_: &Wanted, seen: &Seen) -> Result<(), Fault> {
    match &*seen.strays {
        [] => Ok(()),
        strays => Err(Fault::new("no other files", strays.join(", "))),
    }
}

fn same(name: &str, wanted: &Value, object: &Value, who: &str) -> Result<(), Fault> {
    let came = &object[name];
    if came == wanted {
        return Ok(());
    }
    let came = if came.is_null() {
        "nothing of that".to_owned()
    } else {
        came.to_string()
    };
    Err(Fault::new(format!("{name} {wanted} from {who}"), came))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn copied() -> (Wanted, Seen) {
        let content = Content::of(b"abc");
        let options = vec![("blksize", json!(512))];
        let wanted = Wanted {
            exit_code: 0,
            there: Some(content.clone()),
            options: options.clone(),
            server: Account::Done("read", options),
        };
        let report = json!({
            "exit_code": 0, "bytes": 3, "digest": format!("sha256:{}", content.sha256),
            "options": {"blksize": 512, "windowsize": 1},
        });
        let client = Copied {
            exit_code: Some(0),
            report: Some(report),
            said: "nothing".into(),
        };
        let server = json!({"ok": true, "direction": "read", "options": {"blksize": 512}});
        (
            wanted,
            Seen {
                client,
                server: Some(server),
                there: Some(content),
                strays: Vec::new(),
            },
        )
    }

    fn refused() -> (Wanted, Seen) {
        let server = Account::Refused(Some(1));
        let wanted = Wanted {
            exit_code: 68,
            there: None,
            options: Vec::new(),
            server,
        };
        let report = json!({"exit_code": 68, "bytes": 0, "digest": null, "options": null});
        let client = Copied {
            exit_code: Some(68),
            report: Some(report),
            said: "no".into(),
        };
        let server = json!({"ok": false, "direction": "read", "error_code": 1});
        (
            wanted,
            Seen {
                client,
                server: Some(server),
                there: None,
                strays: Vec::new(),
            },
        )
    }

    #[test]
    fn what_is_right_is_right() {
        for (wanted, mut seen) in [copied(), refused()] {
            assert_eq!(judge(&wanted, &seen), Ok(()));
            seen.server = None;
            assert!(judge(&wanted, &seen).is_err());
            assert_eq!(
                judge(
                    &Wanted {
                        server: Account::Any,
                        ..wanted
                    },
                    &seen
                ),
                Ok(())
            );
        }
    }

    /// Spoils `seen` in one way, and expects to be told of it.
    fn fault(right: fn() -> (Wanted, Seen), spoil: impl FnOnce(&mut Seen)) -> Fault {
        let (wanted, mut seen) = right();
        spoil(&mut seen);
        judge(&wanted, &seen).expect_err("something is wrong")
    }

    #[test]
    fn a_wrong_octet_is_found() {
        let wrong = fault(copied, |seen| seen.there = Some(Content::of(b"abd")));
        assert!(
            wrong.expected.contains("ba7816bf") && wrong.came.contains("a52d159f"),
            "{wrong:?}"
        );
        let cut = fault(copied, |seen| seen.there = Some(Content::of(b"ab")));
        assert!(
            cut.expected.starts_with("3 octets") && cut.came.starts_with("2 octets"),
            "{cut:?}"
        );
        let missing = fault(copied, |seen| seen.there = None);
        assert_eq!(missing.came, "no file at the destination");
        // what was refused must not arrive, not even in part
        let part = fault(refused, |seen| seen.there = Some(Content::of(b"")));
        assert!(part.came.starts_with("0 octets"), "{part:?}");
        let stray = fault(copied, |seen| seen.strays.push(".a.part".into()));
        assert_eq!(
            (&*stray.expected, &*stray.came),
            ("no other files", ".a.part")
        );
    }

    #[test]
    fn the_wrong_error_is_not_taken_for_the_right_one() {
        for code in [Some(0), Some(69), Some(1), None] {
            let wrong = fault(refused, |seen| seen.client.exit_code = code);
            assert_eq!(wrong.expected, "exit code 68");
        }
        let failed = fault(copied, |seen| seen.client.exit_code = Some(71));
        assert_eq!((&*failed.expected, failed.advice), ("exit code 0", REPORT));
        assert_eq!(failed.came, "exit code 71: nothing");
        for (key, value) in [
            ("error_code", json!(2)),
            ("error_code", json!(null)),
            ("ok", json!(true)),
        ] {
            let set = |seen: &mut Seen| seen.server.as_mut().unwrap()[key] = value;
            assert!(fault(refused, set).expected.starts_with(key));
        }
    }

    #[test]
    fn both_sides_must_tell_the_truth() {
        for (key, value) in [
            ("exit_code", json!(1)),
            ("bytes", json!(4)),
            ("bytes", json!(null)),
            ("digest", json!("sha256:00")),
            ("digest", json!(null)),
        ] {
            let set = |seen: &mut Seen| seen.client.report.as_mut().unwrap()[key] = value;
            let wrong = fault(copied, set);
            assert!(
                wrong.expected.starts_with(key) && wrong.expected.ends_with("the client"),
                "{wrong:?}"
            );
        }
        fault(copied, |seen| seen.client.report = None);
        let set = |seen: &mut Seen| {
            seen.client.report.as_mut().unwrap()["options"] = json!({"blksize": 8});
        };
        assert_eq!(fault(copied, set).expected, "blksize 512 from the client");
        for (key, value) in [
            ("ok", json!(false)),
            ("direction", json!("write")),
            ("options", json!({"blksize": 1024})),
            ("options", json!({})),
        ] {
            let set = |seen: &mut Seen| seen.server.as_mut().unwrap()[key] = value;
            assert!(fault(copied, set).expected.ends_with("from the server"));
        }
    }

    #[test]
    fn one_is_told_what_to_do() {
        let silent = fault(copied, |seen| seen.client.exit_code = Some(28));
        assert!(silent.is_silence() && silent.advice.contains("firewall"));
        assert!(fault(copied, |seen| seen.client.exit_code = None).is_silence());
        let full = fault(copied, |seen| seen.client.exit_code = Some(23));
        assert!(!full.is_silence() && full.advice.contains("TMPDIR"));
    }

    #[test]
    fn a_server_must_end_well() {
        let ended = |exit_code, cut| judge_end(&Ended { exit_code, cut });
        assert_eq!(ended(Some(0), Some(0)), Ok(()));
        for (code, cut) in [
            (Some(1), Some(0)),
            (None, Some(0)),
            (Some(0), None),
            (Some(0), Some(1)),
        ] {
            assert!(ended(code, cut).is_err(), "{code:?} {cut:?}");
        }
    }
}
