//! Users: who has a name and the password for it gets in, by Digest or by Basic, and nobody else.

use super::super::content::{Content, octets};
use super::super::judge::Account;
use super::super::report::Shown;
use super::super::stage::Stage;
use super::super::{Tell, Trouble};
use super::copies::FILE;
use super::play::{self, Copy, Way};
use super::{At, Scene};
use std::fs;
use std::io::{self, Write};

/// Given to the server.
pub(super) const USERS: &str = "--http-users=users";

const NAME: &str = "ann";
const RIGHT: &str = "--user=ann:correct horse";
const WRONG: &str = "--user=ann:battery staple";
const NOBODY: &str = "--user=bob:correct horse";
/// What the client trusts.
const TRUST: &str = "--cacert=other/https-certificate.pem";

/// Writes the file with the users, readable for its owner only.
pub(super) fn write_users(stage: &Stage) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(stage.path("users"))?;
    file.write_all(b"ann:correct horse\n")
}

pub(super) async fn run(scene: &mut Scene<'_>, tell: Tell<'_>) -> Result<(), Trouble> {
    let cases = logins();
    play::all(scene, &mut cases.into_iter(), tell).await?;
    Ok(())
}

fn logins() -> Vec<Copy> {
    let content = || Content::of(&octets(FILE.1));
    let put = |what| Copy {
        at: At::Guarded,
        ..Copy::get("login", what, FILE.0, content(), "").put(Way::Put)
    };
    let secure = |mut copy: Copy| {
        copy.secure = true;
        copy.with(&[TRUST])
    };
    let let_in = |mut copy: Copy, words: &str| {
        copy.shown = Shown::Answer(words.into());
        copy.wanted.server = Account::Done("write", vec![("user", NAME.into())]);
        copy.with(&[RIGHT])
    };
    let kept_out = |copy: Copy, user| copy.with(&[user]).refused(401, 67, "Unauthorized");
    let mut nobody = put("no name at all").refused(401, 67, "Unauthorized");
    // a login that is asked for is no failure
    nobody.wanted.server = Account::Any;
    vec![
        nobody,
        let_in(put("Digest, the right password"), "asked for, and let in"),
        kept_out(put("Digest, a wrong one"), WRONG),
        kept_out(put("Digest, a wrong name"), NOBODY),
        let_in(
            secure(put("Basic by https, the right password").with(&["--basic"])),
            "let in at once",
        ),
        kept_out(
            secure(put("Basic by https, a wrong one").with(&["--basic"])),
            WRONG,
        ),
    ]
}
