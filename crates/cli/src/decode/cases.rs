//! JSON Lines in, JSON Lines out: one answer for each line, whatever is in it.

use super::json::{self, BadCase};
use crate::exit::{Failure, Verdict};
use std::io::{self, BufRead, Read, Write};

/// The longest line that is read, in octets; a longer one is skipped and is a bad case.
const MAX_LINE: usize = 256 << 20;

/// Answers every line of stdin with the line that `answer` makes of it, each flushed at once.
pub(crate) fn answer_stdin(answer: impl Fn(&[u8]) -> String) -> Result<Verdict, Failure> {
    answer_lines(io::stdin().lock(), io::stdout().lock(), MAX_LINE, answer)
}

fn answer_lines(
    mut input: impl BufRead,
    mut output: impl Write,
    max_line: usize,
    answer: impl Fn(&[u8]) -> String,
) -> Result<Verdict, Failure> {
    let unreadable = |error| Failure::Usage(format!("stdin: {error}"));
    let mut line = Vec::new();
    loop {
        line.clear();
        let room = max_line as u64 + 1;
        let read = input.by_ref().take(room).read_until(b'\n', &mut line);
        if read.map_err(unreadable)? == 0 {
            return Ok(Verdict::Good);
        }
        let too_long = line.pop_if(|octet| *octet == b'\n').is_none() && line.len() > max_line;
        let mut reply = if too_long {
            input.skip_until(b'\n').map_err(unreadable)?;
            let why: BadCase = format!("the line is longer than {max_line} octets");
            json::refusal(None, why)
        } else {
            answer(&line)
        };
        reply.push('\n');
        output.write_all(reply.as_bytes())?;
        output.flush()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(input: &[u8]) -> Vec<String> {
        let mut output = Vec::new();
        let echo = |line: &[u8]| format!("<{}>", line.escape_ascii());
        answer_lines(input, &mut output, 8, echo).expect("memory neither reads nor writes badly");
        let output = String::from_utf8(output).expect("answers are text");
        output.lines().map(str::to_owned).collect()
    }

    #[test]
    fn every_line_is_answered_the_last_one_without_its_end_too() {
        assert_eq!(answers(b""), [""; 0]);
        assert_eq!(answers(b"a\n\nb"), ["<a>", "<>", "<b>"]);
        assert_eq!(answers(b"a\r\n\xff\n"), [r"<a\r>", r"<\xff>"]);
    }

    #[test]
    fn a_line_beyond_the_limit_is_refused_and_the_next_one_is_not() {
        let found = answers(b"12345678\n123456789\n1234567890123456789\nx\n123456789");
        assert_eq!((&*found[0], &*found[3]), ("<12345678>", "<x>"));
        for long in [&found[1], &found[2], &found[4]] {
            assert!(long.contains("\"bad-case\"") && long.contains("longer than 8 octets"));
        }
        assert_eq!(found.len(), 5);
    }
}
