//! Plays what happens to a connection.

use wirelore_http1::encode::Body;
use wirelore_http1::{Error, Input, Machine, Next};

use super::notation::{self, show};
use super::transcript::Transcript;

/// One side of a connection.
pub(super) trait Side: Machine<Error = Error> {
    /// Says what happened.
    fn tell(event: &Self::Event<'_>, told: &mut Transcript);

    /// A call of the application.
    fn call(&mut self, word: &str, rest: &str, told: &mut Transcript);
}

/// Plays a script with the input whole and octet by octet: both have to tell the same.
pub(super) fn play<S: Side>(script: &str, new: impl Fn() -> S) -> String {
    let whole = once(script, new(), usize::MAX);
    let octets = once(script, new(), 1);
    assert_eq!(whole, octets, "{script}");
    whole
}

pub(super) fn body(word: &str) -> Body {
    match word {
        "empty" => Body::Empty,
        "unknown" => Body::Unknown,
        length => Body::Length(length.parse().expect("a length")),
    }
}

struct Play<S> {
    side: S,
    buffer: Vec<u8>,
    last: bool,
    /// What the machine waits for.
    state: &'static str,
    told: Transcript,
}

fn once<S: Side>(script: &str, side: S, piece: usize) -> String {
    let mut play = Play {
        side,
        buffer: Vec::new(),
        last: false,
        state: "more",
        told: Transcript::default(),
    };
    for command in script.split(" > ") {
        let (word, rest) = command.split_once(' ').unwrap_or((command, ""));
        match word {
            "in" => {
                let (octets, marks) = notation::octets(rest);
                for piece in octets.chunks(piece) {
                    play.buffer.extend_from_slice(piece);
                    play.pump();
                }
                play.last |= marks.eof;
            }
            "eof" => play.last = true,
            _ => play.side.call(word, rest, &mut play.told),
        }
        play.pump();
    }
    play.told.say(play.state, "");
    if !play.buffer.is_empty() {
        play.told.say("rest", show(&play.buffer));
    }
    play.told.text()
}

impl<S: Side> Play<S> {
    /// Steps until the machine waits.
    fn pump(&mut self) {
        for _ in 0..10_000 {
            if self.state == "failed" {
                return;
            }
            let bytes = core::mem::take(&mut self.buffer);
            let input = match self.last {
                true => Input::last(&bytes),
                false => Input::more(&bytes),
            };
            let consumed = match self.side.step(input, self.told.out()) {
                Err(error) => {
                    self.told.failed(&error);
                    self.state = "failed";
                    0
                }
                Ok(step) => {
                    self.told.flush();
                    self.state = match &step.next {
                        Next::Event(event) => {
                            S::tell(event, &mut self.told);
                            ""
                        }
                        Next::NeedMore if step.consumed > 0 => "",
                        Next::NeedMore => "more",
                        Next::Paused => "paused",
                        Next::Done => "done",
                    };
                    step.consumed
                }
            };
            self.buffer = bytes[consumed..].to_vec();
            if !self.state.is_empty() {
                return;
            }
        }
        panic!("it does not end");
    }
}
