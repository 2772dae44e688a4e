//! What is copied: sizes at which blocks, windows and block numbers end, what is agreed on, text,
//! names.

use super::refused::refusals;
use crate::selftest::content::{Content, octets};
use crate::selftest::judge::{Account, Wanted};
use crate::selftest::report::Shown;
use crate::selftest::stage::Stage;
use serde_json::Value;
use std::fs;
use std::io;

/// What a copy asks for. Both sides are ours, so it gets that.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// No options at all.
    Nothing,
    /// What `wirelore copy` asks for by itself.
    Usual,
    /// `blksize` and `windowsize`.
    Blocks(u16, u16),
}

use Ask::{Blocks, Nothing, Usual};

impl Ask {
    pub(super) fn arguments(self) -> Vec<String> {
        match self {
            Nothing => vec!["--no-options".into()],
            Usual => Vec::new(),
            Blocks(blksize, windowsize) => {
                vec![
                    format!("--blksize={blksize}"),
                    format!("--windowsize={windowsize}"),
                ]
            }
        }
    }

    const fn agreed(self) -> (u16, u16) {
        match self {
            Nothing => (512, 1),
            Usual => (1428, 16),
            Blocks(blksize, windowsize) => (blksize, windowsize),
        }
    }

    fn shown(self) -> String {
        match (self, self.agreed()) {
            (Nothing, _) => "none, as in RFC 1350".into(),
            (_, (blksize, 1)) => format!("blksize {blksize}"),
            (_, (blksize, windowsize)) => format!("blksize {blksize}, windowsize {windowsize}"),
        }
    }
}

/// What is copied both ways: why, octets, what is asked for.
const COPIES: &[(&str, usize, Ask)] = &[
    ("an empty file", 0, Nothing),
    ("one octet", 1, Nothing),
    ("one short of a block", 511, Nothing),
    ("a block, so an empty one follows", 512, Nothing),
    ("one more than a block", 513, Nothing),
    ("many blocks and a rest", 200_000, Nothing),
    ("an empty file", 0, Usual),
    ("one octet", 1, Usual),
    ("a window, then an empty block", 16 * 1428, Usual),
    ("one more than a window", 16 * 1428 + 1, Usual),
    ("many windows and a rest", 200_000, Usual),
    ("the smallest blocks", 201, Blocks(8, 1)),
    (
        "blocks that fill an Ethernet frame",
        7 * 1428,
        Blocks(1428, 1),
    ),
    ("a small window", 200_000, Blocks(1428, 4)),
    ("the largest window", 200_000, Blocks(1428, 64)),
    ("large blocks", 200_000, Blocks(8192, 1)),
    ("large blocks in a window", 200_000, Blocks(8192, 16)),
    ("the largest blocks", 200_000, Blocks(65464, 1)),
];

/// 67584 blocks of 512 octets, of which there are 65536 numbers.
const WRAP: (&str, usize, Ask) = ("block numbers begin again at 0", 33 << 20, Blocks(512, 64));

/// A name that is nothing but itself, in the table and in a URL.
const NAME: &str = "Grüße an alle, 2 %.txt";

/// What the folder that takes uploads takes at most, and a file that is too large for it.
pub(super) const MAX_UPLOAD: (&str, usize) = ("--max-upload=256KiB", 300_000);

/// Who serves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// Who lets nothing be written.
    Shelf,
    /// Who takes new files.
    Drop,
    /// Who knows no options.
    Old,
    /// A port at which nobody answers.
    Nobody,
}

pub(super) struct Case {
    pub(super) group: &'static str,
    pub(super) what: &'static str,
    pub(super) at: At,
    pub(super) is_upload: bool,
    /// The name for the server, and for who is here.
    pub(super) name: String,
    pub(super) local: String,
    pub(super) arguments: Vec<String>,
    /// What is at the destination already.
    pub(super) before: Option<Vec<u8>>,
    pub(super) shown: Shown,
    pub(super) wanted: Wanted,
}

/// Writes what is served and sent, and says what is to be done with it.
pub(super) fn prepare(stage: &Stage) -> io::Result<Vec<Case>> {
    for folder in ["shelf/deep/er", "shelf/old", "box/drop", "in"] {
        fs::create_dir_all(stage.path(folder))?;
    }
    let put = |name: &str, octets: &[u8]| {
        fs::write(stage.path(name), octets)?;
        io::Result::Ok(Content::of(octets))
    };
    let sizes = COPIES
        .iter()
        .chain([&WRAP])
        .map(|&(_, size, _)| size)
        .chain([MAX_UPLOAD.1]);
    for size in sizes {
        let path = format!("shelf/{size}");
        if !stage.path(&path).exists() {
            put(&path, &octets(size))?;
        }
    }
    let content = |size: usize| Content::of(&octets(size));

    let mut cases = Vec::new();
    for &(what, size, ask) in COPIES.iter().chain([&WRAP]) {
        cases.push(copy(
            "download",
            what,
            At::Shelf,
            size.to_string(),
            content(size),
            ask,
        ));
    }
    put("shelf/old/513", &octets(513))?;
    let old = copy(
        "download",
        "a server that knows no options",
        At::Old,
        "513".into(),
        content(513),
        Nothing,
    );
    cases.push(Case {
        arguments: Vec::new(),
        ..old
    });
    for &(what, size, ask) in COPIES {
        cases.push(
            copy(
                "upload",
                what,
                At::Drop,
                size.to_string(),
                content(size),
                ask,
            )
            .upload(),
        );
    }

    let text = text();
    let on_the_wire = text.len() + text.iter().filter(|&octet| b"\r\n".contains(octet)).count();
    let sent = put("shelf/text", &text)?;
    let text =
        |what, at, ask| copy("netascii text", what, at, "text".into(), sent.clone(), ask).text();
    let mut announced = text("the same in windows, upload", At::Drop, Usual).upload();
    // what is announced is the size on the wire
    announced.wanted.options.push(("tsize", on_the_wire.into()));
    cases.extend([
        text("CR, LF, CR LF, CR NUL, download", At::Shelf, Nothing),
        text("CR, LF, CR LF, CR NUL, upload", At::Drop, Nothing).upload(),
        text("the same in windows, download", At::Shelf, Usual),
        announced,
    ]);

    let name = |what, at, name: &str, content: &Content| {
        copy("names", what, at, name.into(), content.clone(), Usual)
    };
    let content = put(&format!("shelf/{NAME}"), &octets(514))?;
    put("shelf/deep/er/514", &octets(514))?;
    cases.extend([
        name("blanks, a comma, % and UTF-8", At::Shelf, NAME, &content),
        name("the same, upload", At::Drop, NAME, &content).upload(),
        name(
            "in a folder, from the root",
            At::Shelf,
            "/deep/er/514",
            &content,
        )
        .here("514"),
        name(
            ".. inside of the folder",
            At::Shelf,
            "deep/../deep/er/514",
            &content,
        )
        .here("514"),
    ]);

    put("secret", b"nobody may read this")?;
    put("shelf/.hidden", b"nor this")?;
    #[cfg(unix)]
    std::os::unix::fs::symlink("../secret", stage.path("shelf/link"))?;
    cases.extend(refusals());
    Ok(cases)
}

/// A copy under the same name there and here, at first a download.
fn copy(
    group: &'static str,
    what: &'static str,
    at: At,
    name: String,
    content: Content,
    ask: Ask,
) -> Case {
    let (blksize, windowsize) = ask.agreed();
    let agreed = |server: bool| {
        let mut options = vec![("blksize", Value::from(blksize))];
        // the server does not mention windows of one block
        if !server || windowsize > 1 {
            options.push(("windowsize", windowsize.into()));
        }
        options
    };
    Case {
        group,
        what,
        at,
        is_upload: false,
        local: name.clone(),
        name,
        arguments: ask.arguments(),
        before: None,
        shown: Shown::Copy {
            octets: content.octets,
            options: ask.shown(),
        },
        wanted: Wanted {
            exit_code: 0,
            there: Some(content),
            options: agreed(false),
            server: Account::Done("read", agreed(true)),
        },
    }
}

impl Case {
    pub(super) fn upload(mut self) -> Self {
        self.is_upload = true;
        if let Account::Done(direction, _) = &mut self.wanted.server {
            *direction = "write";
        }
        self
    }

    /// Under another name here.
    pub(super) fn here(self, name: &str) -> Self {
        Self {
            local: name.into(),
            ..self
        }
    }

    fn text(mut self) -> Self {
        self.arguments.push("--mode=netascii".into());
        if let Account::Done(_, options) = &mut self.wanted.server {
            options.push(("mode", "netascii".into()));
        }
        self
    }
}

/// Text in which everything that netascii changes meets everything else, at every place of a block.
fn text() -> Vec<u8> {
    const ODD: &[u8; 5] = b"a\r\n\0\xff";
    let mut text = b"bare CR\rbare LF\nCR LF\r\nCR NUL\r\0\r\r\n\n\r".to_vec();
    text.extend(
        octets(60_000)
            .iter()
            .map(|&octet| ODD[usize::from(octet) % ODD.len()]),
    );
    text
}

/// A name without `..` and empty parts.
pub(super) fn normal(name: &str) -> String {
    let mut parts = Vec::new();
    for part in name.split('/') {
        match part {
            "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selftest::report::LONGEST_ANSWER;

    fn cases() -> Vec<Case> {
        let folder = tempfile::tempdir().unwrap();
        prepare(&Stage::new(folder.path().join("tftp")).unwrap()).unwrap()
    }

    #[test]
    fn every_case_fits_the_table() {
        for Case { what, shown, .. } in cases() {
            assert!(what.chars().count() <= 36, "{what}");
            match shown {
                Shown::Copy { octets, options } => {
                    assert!(
                        options.len() <= 27 && octets < 100_000_000,
                        "{what}: {options}"
                    );
                }
                Shown::Answer(answer) => {
                    assert!(answer.len() <= LONGEST_ANSWER, "{what}: {answer}");
                }
            }
        }
    }

    #[test]
    fn every_case_is_one_of_a_kind() {
        let cases = cases();
        let mut seen = std::collections::HashSet::new();
        for Case {
            group,
            what,
            is_upload,
            arguments,
            ..
        } in &cases
        {
            assert!(
                seen.insert((group, what, is_upload, arguments)),
                "{group}, {what}"
            );
        }
        let refused = cases
            .iter()
            .filter(|case| case.wanted.exit_code != 0)
            .count();
        assert!(refused >= 10 && cases.len() - refused >= 40);
    }

    #[test]
    fn block_numbers_do_begin_again() {
        let (_, size, ask) = WRAP;
        assert!(size / usize::from(ask.agreed().0) > usize::from(u16::MAX));
    }

    #[test]
    fn the_text_has_what_netascii_changes() {
        let text = text();
        for pair in [b"\r\n", b"\r\0", b"\r\r", b"\n\n", b"\n\r", b"\0\n", b"\ra"] {
            assert!(text.windows(2).any(|two| two == pair), "{pair:?}");
        }
        assert!(text.len() > 16 * 1428);
    }

    #[test]
    fn names_are_made_plain() {
        for (name, wanted) in [
            ("/a//b", "a/b"),
            ("a/../b", "b"),
            ("drop/../new", "new"),
            ("../a", "a"),
        ] {
            assert_eq!(normal(name), wanted);
        }
    }
}
