//! The rules that every machine keeps, as tests.
//!
//! Implement [`Subject`] for a stream machine, or [`DatagramSubject`] for a datagram machine, and
//! let [`contract_suite!`](crate::contract_suite) or [`datagram_suite!`](crate::datagram_suite)
//! make the tests.
//!
//! | test | rule | what fails |
//! |---|---|---|
//! | `rule_1_work_is_linear` | 1 | a scan that starts over with every octet |
//! | `rule_2_need_more` | 2 | `NeedMore` that consumes nothing at the end of the stream, with a full buffer, or where the same octets later give another answer; a `max_unconsumed` that changes |
//! | `rule_3_progress` | 3 | more consumed than given; more than four events in a row that consume nothing; a run without end |
//! | `rule_4_done` | 4 | `Done` followed by anything but `Done` with nothing consumed and nothing written |
//! | `rule_5_paused` | 5 | `Paused` that consumes, or changes although the application did nothing |
//! | `rule_6_out` | 6 | changing what was in `out` before |
//! | `rule_7_sticky` | 7 | an error followed by anything but the same error, with nothing written |
//! | `rule_7_any_cutting` | 7 | events, `out`, octets consumed or error that depend on how the input was cut |
//! | `rule_8_equal_runs` | 8 | two runs that differ |
//! | `arbitrary_octets` | all | a panic, or any of the above, on random and on mutated input |
//! | `steady_state_allocates_nothing` | | an allocation while the same unit comes again and again |
//! | `heap_is_bounded` | | more heap than [`Subject::heap_limit`], whatever the peer sends |
//!
//! Rule 9 is in the datagram suite. Rule 10 concerns the encoders, which are the machine's own
//! methods: [`refuses_line_breaks`] checks one of them. The suite plays the driver that the rules
//! assume: after `NeedMore` that consumed something it steps again, at the end of the stream too.

mod arbitrary;
mod datagram;
mod drive;
mod memory;
#[doc(hidden)]
pub mod rules;
mod work;

pub use datagram::DatagramSubject;
#[doc(hidden)]
pub use datagram::rules as datagram_rules;
pub use drive::{Log, Piece};

use wirelore_core::Machine;

/// A stream machine with an application around it, as the suite needs them.
///
/// Every run starts with a clone, so the application may keep state in `self`.
pub trait Subject: Clone {
    /// The machine.
    type Machine: Machine;

    /// A new machine with its ordinary limits.
    fn machine(&self) -> Self::Machine;

    /// Whole streams as a peer sends them: ordinary, rare, malformed and truncated ones. Each goes
    /// through every cutting, and the arbitrary input is bred from them. Together they should reach
    /// every event and every error.
    fn inputs(&self) -> Vec<Vec<u8>>;

    /// The application: notes in `log` what `event` says, and does what an application would do,
    /// without regard to the boundaries of data.
    fn event(
        &mut self,
        machine: &mut Self::Machine,
        event: <Self::Machine as Machine>::Event<'_>,
        out: &mut Vec<u8>,
        log: &mut Log,
    );

    /// The machine is paused: does what it waits for and returns true, or returns false when
    /// there is nothing to do.
    fn paused(&mut self, machine: &mut Self::Machine, out: &mut Vec<u8>) -> bool {
        let _ = (machine, out);
        false
    }

    /// What a new machine must be given before the first [`unit`](Self::unit).
    fn prelude(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Octets that may come again and again, are consumed to the last one and leave the machine
    /// where it was: a request and its body, a command line.
    fn unit(&self) -> Vec<u8>;

    /// A machine whose limits admit it, and about `len` octets of one unfinished unit for it: a
    /// line without its end, a body, whatever is held back or scanned longest. Where a unit cannot
    /// be that long under any configuration, the longest one.
    fn long(&self, len: usize) -> (Self::Machine, Vec<u8>);

    /// How many octets of heap one machine may hold at a time, with what one step writes to `out`.
    fn heap_limit(&self) -> usize {
        2 * self.machine().max_unconsumed() + 8192
    }

    /// Words of the protocol that arbitrary input is made of, besides parts of the
    /// [`inputs`](Self::inputs).
    fn words(&self) -> Vec<&'static [u8]> {
        vec![
            b"\r\n",
            b"\r",
            b"\n",
            b"\0",
            b"\xff",
            b"\xff\xff",
            b" ",
            b".",
            b"-",
            b":",
            b"0",
            b"4294967296",
            b"\r\n.\r\n",
            b"\r\n\r\n",
            b"\t",
            b"\x80",
        ]
    }
}

/// Makes a module `$name` of tests that check the machine of `$subject` (an expression for a
/// [`Subject`](crate::contract::Subject), evaluated anew for each test) against the contract.
///
/// ```
/// # use wirelore_core::{Input, Machine, Step};
/// # use wirelore_testkit::contract::{Log, Subject};
/// # #[derive(Clone)] struct Chargen;
/// # struct Counter;
/// # impl Machine for Counter {
/// #     type Event<'i> = &'i [u8];
/// #     type Error = core::fmt::Error;
/// #     fn step<'i>(&mut self, input: Input<'i>, _: &mut Vec<u8>) -> Result<Step<&'i [u8]>, Self::Error> {
/// #         Ok(match input.bytes() {
/// #             [] if input.is_last() => Step::done(0),
/// #             [] => Step::need_more(0),
/// #             all => Step::event(all.len(), all),
/// #         })
/// #     }
/// #     fn max_unconsumed(&self) -> usize { 1 }
/// # }
/// # impl Subject for Chargen {
/// #     type Machine = Counter;
/// #     fn machine(&self) -> Counter { Counter }
/// #     fn inputs(&self) -> Vec<Vec<u8>> { vec![b"abc".to_vec()] }
/// #     fn event(&mut self, _: &mut Counter, event: &[u8], _: &mut Vec<u8>, log: &mut Log) { log.data("data", event) }
/// #     fn unit(&self) -> Vec<u8> { b"abc".to_vec() }
/// #     fn long(&self, len: usize) -> (Counter, Vec<u8>) { (Counter, vec![b'a'; len]) }
/// # }
/// wirelore_testkit::contract_suite!(chargen, Chargen);
/// ```
#[macro_export]
macro_rules! contract_suite {
    ($name:ident, $subject:expr) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            $crate::contract_suite! { @tests $name, $subject,
                rule_1_work_is_linear rule_2_need_more rule_3_progress rule_4_done rule_5_paused
                rule_6_out rule_7_sticky rule_7_any_cutting rule_8_equal_runs arbitrary_octets
                steady_state_allocates_nothing heap_is_bounded
            }
        }
    };
    (@tests $name:ident, $subject:expr, $($test:ident)*) => {
        $(
            #[test]
            fn $test() {
                $crate::contract::rules::$test(
                    concat!(stringify!($name), "::", stringify!($test)),
                    &|| $subject,
                );
            }
        )*
    };
}

/// Makes a module `$name` of tests that check the machine of `$subject` (an expression for a
/// [`DatagramSubject`](crate::contract::DatagramSubject), evaluated anew for each test) against the
/// contract of datagram machines.
#[macro_export]
macro_rules! datagram_suite {
    ($name:ident, $subject:expr) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            $crate::datagram_suite! { @tests $name, $subject,
                arbitrary_datagrams rule_8_equal_runs rule_9_timeouts_advance
                early_timeouts_have_no_effect datagrams_fit polls_come_to_an_end heap_is_bounded
            }
        }
    };
    (@tests $name:ident, $subject:expr, $($test:ident)*) => {
        $(
            #[test]
            fn $test() {
                $crate::contract::datagram_rules::$test(
                    concat!(stringify!($name), "::", stringify!($test)),
                    &|| $subject,
                );
            }
        )*
    };
}

/// Rule 10 for one encoder: `encode` must refuse CR, LF and NUL at the start, in the middle and at
/// the end of an otherwise good `text`, and write nothing then.
///
/// # Panics
/// When it refuses `text` itself, accepts a forbidden octet, or writes although it refuses.
pub fn refuses_line_breaks<E>(
    text: &[u8],
    mut encode: impl FnMut(&[u8], &mut Vec<u8>) -> Result<(), E>,
) {
    let mut out = b"before".to_vec();
    assert!(
        encode(text, &mut out).is_ok(),
        "rule 10: {} is refused",
        text.escape_ascii()
    );
    for octet in [b'\r', b'\n', 0] {
        for at in [0, text.len() / 2, text.len()] {
            let mut bad = text.to_vec();
            bad.insert(at, octet);
            let mut out = b"before".to_vec();
            let refused = encode(&bad, &mut out).is_err();
            assert!(refused, "rule 10: {} is accepted", bad.escape_ascii());
            assert_eq!(out, b"before", "rule 10: a refused text was written");
        }
    }
}
