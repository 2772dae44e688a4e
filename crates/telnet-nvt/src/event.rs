//! What a receiver reports.

use crate::{Command, Fact, OptionCode, Payload, Side};

/// What came of some octets. `D` is a slice of the input, or its owned counterpart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<D> {
    /// Data: a fragment, never empty.
    Data(D),
    /// A command of two octets, known or not.
    Command(Command),
    /// An option is now on, or off, after both ends have spoken.
    Option {
        /// Which end performs it.
        side: Side,
        /// Which option.
        option: OptionCode,
        /// Whether it is on.
        on: bool,
    },
    /// The peer refused an option that we asked for.
    Refused {
        /// Which end would perform it.
        side: Side,
        /// Which option.
        option: OptionCode,
    },
    /// The peer asked for an option and was refused, as the policy says.
    Declined {
        /// Which end would perform it.
        side: Side,
        /// Which option.
        option: OptionCode,
    },
    /// The peer asks for an option, and the policy leaves the answer to the application: say it by
    /// [`Receiver::request`](crate::Receiver::request).
    Asked {
        /// Which end would perform it.
        side: Side,
        /// Which option.
        option: OptionCode,
    },
    /// A timing mark (RFC 860). `Us`: the peer asked for one, and it was sent. `Him`: the one that we
    /// asked for is here; everything that we sent before was processed.
    TimingMark(Side),
    /// A whole subnegotiation.
    Subnegotiation {
        /// About which option.
        option: OptionCode,
        /// What it says.
        payload: Payload<D>,
    },
    /// What the subnegotiation before has taught an endpoint. A [`Receiver`](crate::Receiver) has
    /// none.
    Learned(Fact),
    /// Something that the rules do not allow. It was survived.
    Violation {
        /// Where: octets from the first one of the stream.
        offset: u64,
        /// What.
        violation: Violation<D>,
    },
}

/// What a peer did that the rules do not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation<D> {
    /// "Shall be off" was answered with "is on" (RFC 1143). The option is now as `on` says.
    AnsweredWrong {
        /// Which end performs the option.
        side: Side,
        /// Which option.
        option: OptionCode,
        /// Whether it is on.
        on: bool,
    },
    /// IAC SE outside a subnegotiation.
    StraySe,
    /// A subnegotiation without an option.
    SbEmpty,
    /// A subnegotiation that was ended by a command other than SE, which is carried out.
    SbInterrupted {
        /// About which option. None when it was interrupted before that.
        option: Option<OptionCode>,
        /// What there is of it.
        payload: Payload<D>,
    },
    /// A subnegotiation that is longer than allowed. What is left of it will be skipped.
    SbOverflow {
        /// About which option.
        option: OptionCode,
    },
    /// The peer asked for options more often than it may; what it asks for further on is ignored.
    TooManyRequests,
    /// The stream ended inside a command or a subnegotiation.
    Truncated,
}

impl<D> Violation<D> {
    /// A word for it, in kebab case.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::AnsweredWrong { .. } => "answered-wrong",
            Self::StraySe => "stray-se",
            Self::SbEmpty => "sb-empty",
            Self::SbInterrupted { .. } => "sb-interrupted",
            Self::SbOverflow { .. } => "sb-overflow",
            Self::TooManyRequests => "too-many-requests",
            Self::Truncated => "truncated",
        }
    }

    fn map<E>(self, change: impl FnOnce(D) -> E) -> Violation<E> {
        match self {
            Self::AnsweredWrong { side, option, on } => {
                Violation::AnsweredWrong { side, option, on }
            }
            Self::StraySe => Violation::StraySe,
            Self::SbEmpty => Violation::SbEmpty,
            Self::SbInterrupted { option, payload } => Violation::SbInterrupted {
                option,
                payload: payload.map(change),
            },
            Self::SbOverflow { option } => Violation::SbOverflow { option },
            Self::TooManyRequests => Violation::TooManyRequests,
            Self::Truncated => Violation::Truncated,
        }
    }
}

impl<D> Event<D> {
    /// The same event with its octets changed by `change`.
    pub fn map<E>(self, change: impl FnOnce(D) -> E) -> Event<E> {
        match self {
            Self::Data(data) => Event::Data(change(data)),
            Self::Command(command) => Event::Command(command),
            Self::Option { side, option, on } => Event::Option { side, option, on },
            Self::Refused { side, option } => Event::Refused { side, option },
            Self::Declined { side, option } => Event::Declined { side, option },
            Self::Asked { side, option } => Event::Asked { side, option },
            Self::TimingMark(side) => Event::TimingMark(side),
            Self::Subnegotiation { option, payload } => Event::Subnegotiation {
                option,
                payload: payload.map(change),
            },
            Self::Learned(fact) => Event::Learned(fact),
            Self::Violation { offset, violation } => Event::Violation {
                offset,
                violation: violation.map(change),
            },
        }
    }
}
