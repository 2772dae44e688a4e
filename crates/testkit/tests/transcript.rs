//! A client and a server of a small protocol take their sides of one transcript.

use std::fmt;

use wirelore_core::{Input, Machine, Step};
use wirelore_testkit::transcript::{Delivery, Happening, Side, Transcript};

const ALL: [Delivery; 3] = [Delivery::Together, Delivery::Lines, Delivery::Octets];

const DIALOG: &str = "
    S: 220 ready
    C: HELO there
    S: 250 hello \"there\"
    C: ASK
    S: 334-think
    S: 334 about it
    C: QUIT
    S: 221 bye
    S-close
    C-close
";

/// Hands out lines and writes lines: both sides at once.
#[derive(Default)]
struct Lines {
    greeting: Option<&'static str>,
    waiting: bool,
    done: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct NotText;

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not text")
    }
}

impl std::error::Error for NotText {}

impl Lines {
    fn server() -> Self {
        Self {
            greeting: Some("220 ready"),
            ..Self::default()
        }
    }

    fn say(&mut self, line: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(line.as_bytes());
        out.extend_from_slice(b"\r\n");
        self.waiting = false;
    }
}

impl Machine for Lines {
    type Event<'i> = &'i str;
    type Error = NotText;

    fn start(&mut self, out: &mut Vec<u8>) {
        if let Some(greeting) = self.greeting {
            self.say(greeting, out);
        }
    }

    fn step<'i>(&mut self, input: Input<'i>, _: &mut Vec<u8>) -> Result<Step<&'i str>, NotText> {
        if self.done {
            return Ok(Step::done(0));
        }
        if self.waiting {
            return Ok(Step::paused());
        }
        let bytes = input.bytes();
        let Some(end) = bytes.windows(2).position(|w| w == b"\r\n") else {
            return Ok(if input.is_last() {
                Step::done(0)
            } else {
                Step::need_more(0)
            });
        };
        let line = str::from_utf8(&bytes[..end]).map_err(|_| NotText)?;
        self.waiting = line == "ASK";
        self.done = line == "QUIT";
        Ok(Step::event(end + 2, line))
    }

    fn max_unconsumed(&self) -> usize {
        1000
    }
}

fn serve(server: &mut Lines, happening: Happening<'_, &str>, out: &mut Vec<u8>) {
    match happening {
        Happening::Event("QUIT") => server.say("221 bye", out),
        Happening::Event("ASK") | Happening::Turn(_) => {}
        Happening::Event(line) => {
            let name = line.strip_prefix("HELO ").unwrap_or("nobody");
            server.say(&format!("250 hello \"{name}\""), out);
        }
        Happening::Paused => {
            server.say("334-think", out);
            server.say("334 about it", out);
        }
        Happening::Close => assert!(server.done),
    }
}

fn play_server(text: &str, delivery: Delivery) -> Result<(), String> {
    let transcript = Transcript::parse("dialog", text).unwrap();
    let result = transcript.play(Side::Server, Lines::server(), delivery, serve);
    result.map_err(|mismatch| mismatch.to_string())
}

#[test]
fn a_server_plays_its_side() {
    for delivery in ALL {
        assert_eq!(play_server(DIALOG, delivery), Ok(()));
    }
}

#[test]
fn a_client_plays_its_side() {
    for delivery in ALL {
        let mut commands = ["HELO there", "ASK", "QUIT"].into_iter();
        let mut replies = Vec::new();
        let transcript = Transcript::parse("dialog", DIALOG).unwrap();
        let result = transcript.play(
            Side::Client,
            Lines::default(),
            delivery,
            |client, happening, out| match happening {
                Happening::Event(line) => replies.push(line[..3].to_string()),
                Happening::Turn(says) => {
                    let command = commands.next().unwrap();
                    assert!(says.starts_with(command.as_bytes()));
                    client.say(command, out);
                }
                Happening::Paused => panic!("never paused"),
                Happening::Close => assert_eq!(replies.len(), 5),
            },
        );
        assert_eq!(result, Ok(()));
        assert_eq!(replies, ["220", "250", "334", "334", "221"]);
    }
}

#[test]
fn pipelined_lines_arrive_together() {
    let pipelined = "
        C: HELO a
        C: HELO b
        C: QUIT
        S: 220 ready
        S: 250 hello \"a\"
        S: 250 hello \"b\"
        S: 221 bye
    ";
    for delivery in ALL {
        assert_eq!(play_server(pipelined, delivery), Ok(()));
    }
}

#[test]
fn every_difference_is_told_by_its_line() {
    let wrong = |text: &str, words: &str| {
        for delivery in ALL {
            let mismatch = play_server(text, delivery).unwrap_err();
            assert!(mismatch.contains(words), "{mismatch}");
        }
    };
    wrong(
        "S: 220 Ready",
        r#"dialog:1: the machine should say "220 Ready\r\n", says "220 ready\r\n""#,
    );
    wrong(
        "S: 220 ready\nC: HELO a",
        r#"says "250 hello \"a\"\r\n" after the end"#,
    );
    wrong(
        "S: 220 ready\nC: HELO a\\c",
        r#"leaves "HELO a" unconsumed"#,
    );
    wrong(
        "S: 220 ready\nS: 221 bye",
        r#"dialog:2: the machine should say "221 bye\r\n", says """#,
    );
    wrong("S: 220 ready\nC: \\xff", "fails: not text");
    wrong(
        "S: 220 ready\nC: \\xff\nS: 500 what",
        r#"says ""; fails: not text"#,
    );
}

#[test]
fn a_side_may_close_after_an_error() {
    let transcript = Transcript::parse("t", "S: 220 ready\nC: \\xff\nS-close").unwrap();
    let mut closed = false;
    let result = transcript.play(
        Side::Server,
        Lines::server(),
        Delivery::Lines,
        |_, happening, _| closed |= matches!(happening, Happening::Close),
    );
    assert_eq!((result, closed), (Ok(()), true));
}
