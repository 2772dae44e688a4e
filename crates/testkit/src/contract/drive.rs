//! One run of a machine over one input, with every step checked.

use std::fmt;

use wirelore_core::{Input, Machine, Next, Step};

use super::Subject;
use crate::Cutting;
use crate::shown::Shown;

/// What the application was told. Data that follows data of the same kind is one piece.
#[derive(Debug, Default)]
pub struct Log {
    pieces: Vec<Piece>,
    off: bool,
}

/// An element of a [`Log`].
#[derive(Clone, PartialEq, Eq)]
pub enum Piece {
    /// Octets of a kind ("body", "line"), however many events brought them.
    Data(&'static str, Vec<u8>),
    /// Anything that is not a fragment.
    Fact(String),
}

impl Log {
    /// A log that forgets everything, without allocating.
    #[must_use]
    pub const fn off() -> Self {
        Self {
            pieces: Vec::new(),
            off: true,
        }
    }

    /// Notes a fragment. An empty one says nothing.
    pub fn data(&mut self, kind: &'static str, octets: &[u8]) {
        if self.off || octets.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some(Piece::Data(last, data)) if *last == kind => data.extend_from_slice(octets),
            _ => self.pieces.push(Piece::Data(kind, octets.to_vec())),
        }
    }

    /// Notes what is not a fragment: `log.fact(format_args!("{event:?}"))`.
    pub fn fact(&mut self, fact: fmt::Arguments<'_>) {
        if !self.off {
            self.pieces.push(Piece::Fact(fact.to_string()));
        }
    }

    /// What was noted so far.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(kind, data) => write!(f, "{kind} {}", Shown(data)),
            Self::Fact(fact) => f.write_str(fact),
        }
    }
}

/// A broken rule.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Violation {
    pub(super) rule: u8,
    pub(super) text: String,
}

fn broken<T>(rule: u8, text: impl Into<String>) -> Result<T, Violation> {
    Err(Violation {
        rule,
        text: text.into(),
    })
}

/// How the input is shown.
#[derive(Clone, Debug)]
pub(super) enum Feed {
    /// In these pieces; the end is announced with the last one or, when `end_apart`, after it.
    Cut { cutting: Cutting, end_apart: bool },
    /// As much as fits into a buffer of exactly `max_unconsumed` octets.
    Window,
}

/// What came of a run.
#[derive(PartialEq)]
pub(super) struct Run<E> {
    pub(super) pieces: Vec<Piece>,
    pub(super) out: Vec<u8>,
    pub(super) consumed: usize,
    pub(super) end: End<E>,
}

#[derive(Debug, PartialEq)]
pub(super) enum End<E> {
    Done,
    /// Paused with the whole input shown, and the application has nothing to do.
    Paused,
    Error(E),
}

impl<E: fmt::Debug> fmt::Debug for Run<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} after {} octets, events {:?}, out {}",
            self.end,
            self.consumed,
            self.pieces,
            Shown(&self.out)
        )
    }
}

type ErrorOf<S> = <<S as Subject>::Machine as Machine>::Error;
type StepOf<'i, S> = Step<<<S as Subject>::Machine as Machine>::Event<'i>>;

/// Runs the machine of `subject` over `input`.
pub(super) fn drive<S: Subject>(
    subject: &S,
    input: &[u8],
    feed: &Feed,
) -> Result<Run<ErrorOf<S>>, Violation> {
    let mut driver = Driver::new(subject)?;
    let mut view = View::new(input, feed, driver.max_unconsumed);
    let mut nothing_consumed = 0;
    let mut steps_left = 1000 + 16 * input.len();
    let end = loop {
        if steps_left == 0 {
            return broken(3, "the run does not come to an end");
        }
        steps_left -= 1;
        let shown = view.shown();
        let step = match driver.step(shown)? {
            Ok(step) => step,
            Err(error) => {
                driver.stays_failed(&view, &error)?;
                break End::Error(error);
            }
        };
        view.at += step.consumed;
        match step.next {
            Next::Event(event) => {
                nothing_consumed = if step.consumed == 0 {
                    nothing_consumed + 1
                } else {
                    0
                };
                if nothing_consumed > 4 {
                    return broken(3, "more than four events in a row consumed nothing");
                }
                driver.event(event)?;
                continue;
            }
            Next::NeedMore if step.consumed > 0 => {
                if view.at == view.end {
                    view.more();
                }
            }
            Next::NeedMore => {
                if shown.is_last() {
                    return broken(2, "NeedMore at the end of the stream");
                }
                if shown.bytes().len() >= driver.max_unconsumed {
                    return broken(
                        2,
                        format!(
                            "NeedMore with {} octets given and max_unconsumed {}",
                            shown.bytes().len(),
                            driver.max_unconsumed
                        ),
                    );
                }
                if !matches!(driver.again(shown)?, Some(("NeedMore", 0))) {
                    return broken(2, "NeedMore, but another answer to the same octets");
                }
                view.more();
            }
            Next::Paused => {
                if step.consumed > 0 {
                    return broken(5, format!("Paused consumed {} octets", step.consumed));
                }
                if !driver.paused()? {
                    if !matches!(driver.again(shown)?, Some(("Paused", 0))) {
                        return broken(5, "Paused, but another answer without an act");
                    }
                    if !view.more() {
                        break End::Paused;
                    }
                }
            }
            Next::Done => {
                driver.stays_done(&view)?;
                break End::Done;
            }
        }
        nothing_consumed = 0;
    };
    Ok(Run {
        pieces: driver.log.pieces,
        out: driver.sent,
        consumed: view.at,
        end,
    })
}

/// The part of the input that the machine sees.
struct View<'i, 'f> {
    input: &'i [u8],
    /// What was consumed.
    at: usize,
    /// What has arrived.
    end: usize,
    last: bool,
    feed: &'f Feed,
    piece: usize,
    window: usize,
}

impl<'i, 'f> View<'i, 'f> {
    fn new(input: &'i [u8], feed: &'f Feed, max_unconsumed: usize) -> Self {
        let mut view = View {
            input,
            at: 0,
            end: 0,
            last: false,
            feed,
            piece: 0,
            window: max_unconsumed.max(1),
        };
        view.more();
        view
    }

    fn shown(&self) -> Input<'i> {
        let bytes = &self.input[self.at..self.end];
        if self.last {
            Input::last(bytes)
        } else {
            Input::more(bytes)
        }
    }

    /// Shows more, if only the end. False when nothing more can come.
    fn more(&mut self) -> bool {
        let before = (self.end, self.last);
        match self.feed {
            Feed::Window => {
                self.end = self.input.len().min(self.at + self.window);
                self.last = self.end == self.input.len();
                (self.end, self.last) != before
            }
            Feed::Cut { cutting, end_apart } => {
                let lengths = cutting.lengths();
                match lengths.get(self.piece) {
                    Some(len) => self.end += len,
                    None => self.last = true,
                }
                self.piece += 1;
                self.last |= self.piece == lengths.len() && !end_apart;
                !before.1
            }
        }
    }

    /// What may be given after a run ended: the same again, then all there is.
    fn afterwards(&self) -> [Input<'i>; 2] {
        [self.shown(), Input::last(&self.input[self.at..])]
    }
}

/// Stands in `out` before each call, to be found there afterwards.
const SENTINEL: &[u8] = b"\xfe<before>";

struct Driver<S: Subject> {
    subject: S,
    machine: S::Machine,
    max_unconsumed: usize,
    out: Vec<u8>,
    sent: Vec<u8>,
    log: Log,
}

impl<S: Subject> Driver<S> {
    fn new(subject: &S) -> Result<Self, Violation> {
        let subject = subject.clone();
        let machine = subject.machine();
        let mut driver = Self {
            max_unconsumed: machine.max_unconsumed(),
            subject,
            machine,
            out: SENTINEL.to_vec(),
            sent: Vec::new(),
            log: Log::default(),
        };
        driver.machine.start(&mut driver.out);
        driver.collect("start")?;
        Ok(driver)
    }

    fn step<'i>(
        &mut self,
        input: Input<'i>,
    ) -> Result<Result<StepOf<'i, S>, ErrorOf<S>>, Violation> {
        let result = self.machine.step(input, &mut self.out);
        self.collect("step")?;
        let len = input.bytes().len();
        if let Ok(step) = &result
            && step.consumed > len
        {
            return broken(3, format!("{} of {len} octets consumed", step.consumed));
        }
        if self.machine.max_unconsumed() != self.max_unconsumed {
            return broken(2, "max_unconsumed changed");
        }
        Ok(result)
    }

    fn event(&mut self, event: <S::Machine as Machine>::Event<'_>) -> Result<(), Violation> {
        self.subject
            .event(&mut self.machine, event, &mut self.out, &mut self.log);
        self.collect("the application's call")
    }

    fn paused(&mut self) -> Result<bool, Violation> {
        let acted = self.subject.paused(&mut self.machine, &mut self.out);
        self.collect("the application's call")?;
        Ok(acted)
    }

    /// Moves what was written from `out` to `sent`.
    fn collect(&mut self, who: &str) -> Result<(), Violation> {
        let Some(new) = self.out.strip_prefix(SENTINEL) else {
            return broken(6, format!("{who} changed what was in out before"));
        };
        self.sent.extend_from_slice(new);
        self.out.truncate(SENTINEL.len());
        Ok(())
    }

    /// The name of the answer to another call and what it consumed, `None` when it is an error or
    /// something was written.
    fn again(&mut self, input: Input<'_>) -> Result<Option<(&'static str, usize)>, Violation> {
        let sent = self.sent.len();
        let Ok(step) = self.step(input)? else {
            return Ok(None);
        };
        let name = match step.next {
            Next::Event(_) => "Event",
            Next::NeedMore => "NeedMore",
            Next::Paused => "Paused",
            Next::Done => "Done",
        };
        Ok((self.sent.len() == sent).then_some((name, step.consumed)))
    }

    fn stays_done(&mut self, view: &View<'_, '_>) -> Result<(), Violation> {
        for input in view.afterwards() {
            let answer = self.again(input)?;
            if answer != Some(("Done", 0)) {
                return broken(4, format!("Done, but afterwards {answer:?}"));
            }
        }
        Ok(())
    }

    fn stays_failed(&mut self, view: &View<'_, '_>, error: &ErrorOf<S>) -> Result<(), Violation> {
        for input in view.afterwards() {
            let sent = self.sent.len();
            match self.step(input)? {
                Err(same) if same == *error => {}
                Err(other) => return broken(7, format!("{error:?}, but afterwards {other:?}")),
                Ok(_) => return broken(7, format!("{error:?}, but afterwards no error")),
            }
            if self.sent.len() > sent {
                return broken(7, format!("{error:?}, but afterwards more is written"));
            }
        }
        Ok(())
    }
}
