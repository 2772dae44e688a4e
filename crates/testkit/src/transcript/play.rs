//! A machine takes one side of a transcript.

use std::fmt;

use wirelore_core::{Input, Machine, Next};

use super::{Side, Transcript, Turn};
use crate::shown::Shown;

/// What the application of the machine is called for.
#[derive(Debug)]
pub enum Happening<'t, E> {
    /// The machine says something.
    Event(E),
    /// The machine is paused. Doing nothing means that the application has nothing to do yet.
    Paused,
    /// It is our turn to say this, and the machine has not written it yet: a client gives its next
    /// command here.
    Turn(&'t [u8]),
    /// Our side closes here: the application may check that it is going to.
    Close,
}

/// How what the other side says is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// All that it says before our next turn at once: pipelined.
    Together,
    /// Line by line.
    Lines,
    /// Octet by octet.
    Octets,
}

impl Transcript {
    /// Lets `machine`, which is new, take the side `us`. `app` is its application: called for
    /// events and whenever something is up to it, it may call any method of the machine.
    ///
    /// # Errors
    /// The first difference: the machine writes something else than its side says, or more than
    /// that at the end, fails although its side does not close afterwards, or leaves octets
    /// unconsumed at the end.
    pub fn play<M: Machine>(
        &self,
        us: Side,
        machine: M,
        delivery: Delivery,
        app: impl FnMut(&mut M, Happening<'_, M::Event<'_>>, &mut Vec<u8>),
    ) -> Result<(), Mismatch> {
        let mut player = Player {
            name: &self.name,
            machine,
            app,
            inbox: Vec::new(),
            last: false,
            out: Vec::new(),
            ended: None,
        };
        player.machine.start(&mut player.out);
        player.pump();
        let mut line = 0;
        for turns in self.turns.chunk_by(|a, b| a.side == b.side) {
            if turns[0].side != us {
                player.hear(turns, delivery);
                continue;
            }
            for turn in turns {
                line = turn.line;
                player.speak(turn)?;
            }
        }
        if let Some(Ended::Failed(error)) = &player.ended {
            return Err(player.mismatch(line, error.clone()));
        }
        if !player.out.is_empty() {
            let what = format!("says {} after the end", Shown(&player.out));
            return Err(player.mismatch(line, what));
        }
        if player.ended.is_none() && !player.inbox.is_empty() {
            let what = format!("leaves {} unconsumed", Shown(&player.inbox));
            return Err(player.mismatch(line, what));
        }
        Ok(())
    }
}

struct Player<'t, M, F> {
    name: &'t str,
    machine: M,
    app: F,
    inbox: Vec<u8>,
    last: bool,
    out: Vec<u8>,
    ended: Option<Ended>,
}

#[derive(PartialEq)]
enum Ended {
    Done,
    Failed(String),
    /// Failed, and our side closed afterwards.
    Closed,
}

impl<M, F> Player<'_, M, F>
where
    M: Machine,
    F: FnMut(&mut M, Happening<'_, M::Event<'_>>, &mut Vec<u8>),
{
    fn hear(&mut self, turns: &[Turn], delivery: Delivery) {
        for turn in turns {
            match &turn.says {
                Some(says) if delivery == Delivery::Octets => {
                    for &octet in says {
                        self.inbox.push(octet);
                        self.pump();
                    }
                }
                Some(says) => self.inbox.extend_from_slice(says),
                None => self.last = true,
            }
            if delivery != Delivery::Together {
                self.pump();
            }
        }
        self.pump();
    }

    fn speak(&mut self, turn: &Turn) -> Result<(), Mismatch> {
        let Some(says) = &turn.says else {
            (self.app)(&mut self.machine, Happening::Close, &mut self.out);
            if matches!(self.ended, Some(Ended::Failed(_))) {
                self.ended = Some(Ended::Closed);
            }
            return Ok(());
        };
        if says.starts_with(&self.out) && *says != self.out {
            (self.app)(&mut self.machine, Happening::Turn(says), &mut self.out);
            self.pump();
        }
        if self.out.starts_with(says) {
            self.out.drain(..says.len());
            return Ok(());
        }
        let mut what = format!("should say {}, says {}", Shown(says), Shown(&self.out));
        if let Some(Ended::Failed(error)) = &self.ended {
            what = format!("{what}; {error}");
        }
        Err(self.mismatch(turn.line, what))
    }

    /// Steps until the machine needs more than there is.
    fn pump(&mut self) {
        let mut at = 0;
        let mut paused = false;
        // A machine that never comes to rest fails the contract suite; here it just ends.
        for _ in 0..1000 + 16 * self.inbox.len() {
            if self.ended.is_some() {
                break;
            }
            let bytes = &self.inbox[at..];
            let input = if self.last {
                Input::last(bytes)
            } else {
                Input::more(bytes)
            };
            let step = match self.machine.step(input, &mut self.out) {
                Ok(step) => step,
                Err(error) => {
                    self.ended = Some(Ended::Failed(format!("fails: {error}")));
                    break;
                }
            };
            at += step.consumed;
            match step.next {
                Next::Event(event) => {
                    (self.app)(&mut self.machine, Happening::Event(event), &mut self.out);
                }
                Next::NeedMore if step.consumed > 0 => {}
                Next::NeedMore => break,
                Next::Paused if paused => break,
                Next::Paused => {
                    (self.app)(&mut self.machine, Happening::Paused, &mut self.out);
                    paused = true;
                    continue;
                }
                Next::Done => self.ended = Some(Ended::Done),
            }
            paused = false;
        }
        self.inbox.drain(..at);
    }

    fn mismatch(&self, line: usize, what: String) -> Mismatch {
        Mismatch {
            name: self.name.into(),
            line,
            what,
        }
    }
}

/// Where a machine leaves its transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    name: String,
    line: usize,
    what: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: the machine {}", self.name, self.line, self.what)
    }
}

impl core::error::Error for Mismatch {}
