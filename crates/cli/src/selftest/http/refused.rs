//! What must not be done, and how it is refused.

use super::super::content::Content;
use super::super::judge::Account;
use super::super::report::Shown;
use super::copies::FILE;
use super::play::{Copy, Way};
use super::{At, MAX_UPLOAD};

/// Every failure of a server that has no better one.
const REFUSED: i32 = 22;

pub(super) fn refusals() -> Vec<Copy> {
    let content = || Content::of(b"");
    let get = |what, name: &str| Copy::get("refused", what, name, content(), "").here("refused");
    let put = |what, at, name: &str| Copy {
        at,
        ..get(what, name).put(Way::Put).here(FILE.0)
    };
    let large = |what, way| {
        let put = put(what, At::Narrow, "inbox/large").here(&MAX_UPLOAD.1.to_string());
        Copy { way, ..put }.refused(413, REFUSED, "Content Too Large")
    };
    let over = |what, at, name: &str, place: &str| {
        let mut put = put(what, at, name);
        put.before = vec![(place.into(), b"first come".to_vec())];
        put
    };
    let unharmed = |mut copy: Copy| {
        copy.wanted.there = Some(Content::of(b"first come"));
        copy
    };
    // before anything was asked
    let stopped = |mut copy: Copy, exit_code, words: &str| {
        copy = copy.refused(0, exit_code, "");
        copy.shown = Shown::Answer(format!("{words}; exit code {exit_code}"));
        copy.wanted.options.clear();
        copy.wanted.server = Account::Any;
        copy
    };
    let other = format!("--checksum=sha256:{}", Content::of(b"other").sha256);
    let mut untrusted = get("a certificate of somebody else", FILE.0);
    untrusted.secure = true;
    let untrusted = untrusted.with(&["--cacert=other/https-certificate.pem"]);
    vec![
        get("a file that is not there", "missing").refused(404, REFUSED, "Not Found"),
        get("a file whose name begins with a dot", ".hidden").refused(404, REFUSED, "Not Found"),
        #[cfg(unix)]
        get("a symbolic link out of the folder", "link").refused(403, REFUSED, "Forbidden"),
        put("an upload where none is allowed", At::Shelf, "new").refused(
            405,
            REFUSED,
            "Method Not Allowed",
        ),
        put("an upload into another folder", At::Narrow, "new").refused(403, REFUSED, "Forbidden"),
        put("an upload into no folder", At::Drop, "missing/new").refused(409, REFUSED, "Conflict"),
        unharmed(
            over(
                "an upload over a file that exists",
                At::Narrow,
                "inbox/there",
                "narrow/inbox/there",
            )
            .refused(409, REFUSED, "Conflict"),
        ),
        unharmed(
            over(
                "the same with --no-clobber",
                At::Drop,
                "there",
                "drop/there",
            )
            .with(&["--no-clobber"])
            .refused(412, 91, "Precondition Failed"),
        ),
        large("an upload that says it is too large", Way::Put),
        large("an upload that turns out too large", Way::PutStdin),
        stopped(
            get("a file with another digest", FILE.0).with(&[&other]),
            90,
            "nothing is kept",
        ),
        stopped(untrusted, 60, "no request is sent"),
    ]
}
