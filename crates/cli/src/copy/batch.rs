//! Many copies in one run: a line each.

use super::codes::{Code, Failure};
use super::place::{os_string, shown};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// What is to be copied, and where to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) source: OsString,
    pub(crate) destination: OsString,
}

/// The most octets of a list.
const LIMIT: u64 = 16 << 20;

/// Reads the list in a file, or on stdin when it is called `-`.
pub(crate) fn read(path: &Path) -> Result<Vec<Pair>, Failure> {
    let place = if path == Path::new("-") {
        "stdin".to_owned()
    } else {
        shown(path)
    };
    let mut text = Vec::new();
    let read = match path == Path::new("-") {
        true => io::stdin().lock().take(LIMIT + 1).read_to_end(&mut text),
        false => File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut text)),
    };
    read.map_err(|error| Failure::of(&error, Code::READING, &place))?;
    if text.len() as u64 > LIMIT {
        let text = format!("{place}: a list has {LIMIT} bytes at most");
        return Err(Failure::new(Code::USAGE, text));
    }
    pairs(&text)
        .map_err(|(line, why)| Failure::new(Code::USAGE, format!("{place}, line {line}: {why}")))
}

/// The pairs, or the number of the line that is none, and why.
fn pairs(text: &[u8]) -> Result<Vec<Pair>, (usize, &'static str)> {
    let mut pairs = Vec::new();
    for (index, line) in text.split(|&octet| octet == b'\n').enumerate() {
        let words = words(line).map_err(|why| (index + 1, why))?;
        match <[_; 2]>::try_from(words) {
            Ok([source, destination]) => pairs.push(Pair {
                source: os_string(source),
                destination: os_string(destination),
            }),
            Err(words) if words.is_empty() => {}
            Err(_) => return Err((index + 1, "a line is SRC and DST")),
        }
    }
    Ok(pairs)
}

/// Words are separated by blanks. Between quotation marks blanks are a part of a word, and after a
/// backslash a quotation mark and a backslash are. `#` in front of a word begins a comment.
fn words(line: &[u8]) -> Result<Vec<Vec<u8>>, &'static str> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None::<Vec<u8>>, false);
    let mut octets = line.iter().copied().peekable();
    while let Some(octet) = octets.next() {
        match octet {
            b' ' | b'\t' | b'\r' if !quoted => words.extend(word.take()),
            b'#' if !quoted && word.is_none() => break,
            b'"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            b'\\' => {
                let next = octets.next_if(|next| b"\\\"".contains(next));
                word.get_or_insert_default().push(next.unwrap_or(b'\\'));
            }
            octet => word.get_or_insert_default().push(octet),
        }
    }
    if quoted {
        return Err("a quotation mark is missing");
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_two_words() {
        let text = b"# all\n\n a b # no\r\n\"c d\" \"\"\n\\\"e f\\g#h\n\"\\\\\" i";
        let found = pairs(text).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|pair| {
                (
                    pair.source.to_str().unwrap(),
                    pair.destination.to_str().unwrap(),
                )
            })
            .collect();
        let wanted = [("a", "b"), ("c d", ""), ("\"e", "f\\g#h"), ("\\", "i")];
        assert_eq!(found, wanted);
        assert_eq!(pairs(b"a b\nc").unwrap_err().0, 2);
        assert_eq!(pairs(b"a b c").unwrap_err().0, 1);
        assert_eq!(pairs(b"a \"b").unwrap_err().0, 1);
    }
}
