//! What is copied: sizes at which buffers and ways of sending end, over both schemes, and names.

use super::super::content::{Content, octets};
use super::super::stage::Stage;
use super::play::{Copy, Way};
use super::{MANY, MAX_UPLOAD, make_folders};
use std::fs;
use std::io;

/// What is copied by each way: why, octets.
const SIZES: &[(&str, usize)] = &[
    ("an empty file", 0),
    ("one octet", 1),
    ("one short of 64 KiB", 65_535),
    ("the largest that is kept in memory", 65_536),
    ("one more than that", 65_537),
    ("an octet more than a MiB", (1 << 20) + 1),
    ("many MiB", 32 << 20),
];

/// Each way: group, how, which way, whether by https.
const WAYS: &[(&str, &str, Way, bool)] = &[
    ("download", "with its length", Way::Get, false),
    ("download by https", "verified", Way::Get, true),
    ("upload", "with its length", Way::Put, false),
    ("upload from a pipe", "in chunks", Way::PutStdin, false),
    ("upload by https", "verified", Way::Put, true),
];

/// The large one.
#[cfg(unix)]
pub(super) const LARGE: usize = SIZES[SIZES.len() - 1].1;
/// One for everything else, and its name.
pub(super) const FILE: (&str, usize) = ("513", 513);
/// One with halves.
pub(super) const HALVES: (&str, usize) = ("halves", 200_001);

/// A name that is nothing but itself, in the table and in a URL.
const NAME: &str = "Grüße an alle, 2 % #1; &c.txt";

/// Writes what is served and sent, and says what is to be done with it.
pub(super) fn prepare(stage: &Stage) -> io::Result<Vec<Copy>> {
    make_folders(stage)?;
    let put = |name: &str, octets: &[u8]| fs::write(stage.path("shelf").join(name), octets);
    for &(_, size) in SIZES.iter().chain([&FILE]) {
        put(&size.to_string(), &octets(size))?;
    }
    put(&MAX_UPLOAD.1.to_string(), &octets(MAX_UPLOAD.1))?;
    put(HALVES.0, &octets(HALVES.1))?;
    put(NAME, &octets(514))?;
    put(".hidden", b"nobody may read this")?;
    fs::write(stage.path("secret"), b"nor this")?;
    #[cfg(unix)]
    std::os::unix::fs::symlink("../secret", stage.path("shelf/link"))?;
    for number in 0..MANY {
        put(&format!("many/{}", one_of_many(number)), &many(number))?;
    }
    let mut copies = Vec::new();
    for &(group, how, way, secure) in WAYS {
        for &(what, size) in SIZES {
            let content = Content::of(&octets(size));
            let mut copy = Copy::get(group, what, size.to_string(), content, how);
            if way != Way::Get {
                copy = copy.put(way);
            }
            copies.push(if secure { copy.secure() } else { copy });
        }
    }
    let group = "names and old files";
    let name = |what| Copy::get(group, what, NAME, Content::of(&octets(514)), "one segment");
    let mut replaced = name("over a file that exists").put(Way::Put);
    replaced.before = vec![(format!("drop/{NAME}"), b"old".to_vec())];
    replaced.wanted.options = vec![("status", 204.into())];
    copies.extend([
        name("blanks, %, #, ; and UTF-8"),
        name("the same, upload").put(Way::Put),
        replaced,
    ]);
    Ok(copies)
}

/// What one of many files is called: some of the names have to be encoded.
pub(super) fn one_of_many(number: usize) -> String {
    match number % 3 {
        0 => format!("{number}.txt"),
        1 if cfg!(unix) => format!("a:{number}<b>\"?\""),
        _ => format!("{number} %41&'ü'+#;=@"),
    }
}

/// What is in it.
pub(super) fn many(number: usize) -> Vec<u8> {
    octets(number * 17)
}

#[cfg(test)]
mod tests {
    use super::super::super::report::{LONGEST_ANSWER, LONGEST_WHAT, Shown};
    use super::super::refused::refusals;
    use super::*;
    use std::collections::HashSet;

    fn copies() -> Vec<Copy> {
        let folder = tempfile::tempdir().unwrap();
        let copies = prepare(&Stage::new(folder.path().join("http")).unwrap()).unwrap();
        copies.into_iter().chain(refusals()).collect()
    }

    #[test]
    fn every_copy_fits_the_table_and_is_one_of_a_kind() {
        let copies = copies();
        let mut seen = HashSet::new();
        for copy in &copies {
            let what = copy.what;
            assert!(what.chars().count() <= LONGEST_WHAT, "{what}");
            assert!(seen.insert((copy.group, what)), "{what}");
            match &copy.shown {
                Shown::Copy { options, .. } => assert!(options.len() <= 27, "{options}"),
                Shown::Answer(answer) => assert!(answer.len() <= LONGEST_ANSWER, "{answer}"),
            }
        }
        let refused = copies.iter().filter(|copy| copy.wanted.exit_code != 0);
        let refused = refused.count();
        assert!(refused >= 10 && copies.len() - refused >= 38);
    }

    #[test]
    fn many_files_differ_in_names_and_content() {
        let names: HashSet<_> = (0..MANY).map(one_of_many).collect();
        let contents: HashSet<_> = (0..MANY).map(many).collect();
        assert_eq!((names.len(), contents.len()), (MANY, MANY));
    }
}
