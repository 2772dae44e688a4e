//! What must not be done, and how it is refused.

use super::cases::{Ask, At, Case, MAX_UPLOAD};
use crate::selftest::content::Content;
use crate::selftest::judge::{Account, Wanted};
use crate::selftest::report::Shown;

/// A code of TFTP, what it means, and the exit code that it becomes.
type Error = (u16, &'static str, i32);

const MISSING: Error = (1, "file not found", 68);
const NO_ACCESS: Error = (2, "access violation", 69);
const FULL: Error = (3, "disk full", 70);
const EXISTS: Error = (6, "file exists", 73);

/// What must not be done.
pub(super) fn refusals() -> Vec<Case> {
    let failed = |what, at, name: &str, answer: &str, exit_code, server| Case {
        group: "refused",
        what,
        at,
        is_upload: false,
        name: name.into(),
        local: "refused".into(),
        arguments: Vec::new(),
        before: None,
        shown: Shown::Answer(format!("{answer}; exit code {exit_code}")),
        wanted: Wanted {
            exit_code,
            there: None,
            options: Vec::new(),
            server,
        },
    };
    let download = |what, at, name, (code, words, exit_code): Error| {
        let answer = format!("ERROR {code}, {words}");
        failed(
            what,
            at,
            name,
            &answer,
            exit_code,
            Account::Refused(Some(code)),
        )
    };
    let upload = |what, at, name, error| download(what, at, name, error).upload().here("513");
    let local = |what, at, name, answer, exit_code, arguments: &[&str]| Case {
        arguments: arguments
            .iter()
            .map(|&argument| argument.to_owned())
            .collect(),
        ..failed(what, at, name, answer, exit_code, Account::Any)
    };

    let mut there = upload(
        "an upload over a file that exists",
        At::Drop,
        "there",
        EXISTS,
    );
    there.before = Some(b"first come".to_vec());
    there.wanted.there = Some(Content::of(b"first come"));
    let large = |what| upload(what, At::Drop, "large", FULL).here(&MAX_UPLOAD.1.to_string());
    let mut unannounced = large("an upload that turns out too large");
    unannounced.arguments = Ask::Nothing.arguments();
    unannounced.wanted.server = Account::Refused(None);
    let other = format!("--checksum=sha256:{}", Content::of(b"other").sha256);
    vec![
        download("a file that is not there", At::Shelf, "missing", MISSING),
        download(
            "a file whose name begins with a dot",
            At::Shelf,
            ".hidden",
            MISSING,
        ),
        download("a folder", At::Shelf, "deep", NO_ACCESS),
        download(".. out of the folder", At::Shelf, "../secret", NO_ACCESS),
        #[cfg(unix)]
        download(
            "a symbolic link out of the folder",
            At::Shelf,
            "link",
            NO_ACCESS,
        ),
        upload(
            "an upload where none is allowed",
            At::Shelf,
            "new",
            NO_ACCESS,
        ),
        upload(
            "an upload to .. out of the folder",
            At::Drop,
            "../new",
            NO_ACCESS,
        ),
        there,
        large("an upload that says it is too large"),
        unannounced,
        local(
            "a file with another digest",
            At::Shelf,
            "513",
            "nothing is kept",
            90,
            &[&other],
        ),
        local(
            "a server that does not answer",
            At::Nobody,
            "any",
            "given up after two requests",
            28,
            &["--timeout=50ms", "--retries=1"],
        ),
    ]
}
