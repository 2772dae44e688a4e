//! The stream suite: good machines pass, and every kind of broken machine fails its own test.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wirelore_core::{Input, Machine, Step};
use wirelore_testkit::contract::{Log, Subject, refuses_line_breaks, rules};

/// Lines that end with CR LF and are answered with their length; `quit` ends the stream, a NUL is
/// an error, `ask` waits for the application.
#[derive(Clone, Debug)]
struct Lines {
    defect: Defect,
    max_line: usize,
    scanned: usize,
    skipping: bool,
    asked: bool,
    idle_events: usize,
    done: bool,
    failed: Option<Failure>,
    held: Vec<u8>,
    calls: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Defect {
    None,
    Rescans,
    RescansFast,
    LosesAnOctetAtASplit,
    ForgetsItsError,
    NeedsMoreAtTheEnd,
    NeedsMoreWhenFull,
    ConsumesMoreThanGiven,
    NeverProgresses,
    AwakesFromDone,
    PausedConsumes,
    PausedForgets,
    ClearsOut,
    Panics,
    Counts,
    Allocates,
    Hoards,
    MovesItsLimit,
    ChangesItsMind,
    WritesAfterTheError,
}

#[derive(Clone, Debug, PartialEq)]
enum Failure {
    Nul,
    Truncated,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no line")
    }
}

impl std::error::Error for Failure {}

enum Event<'i> {
    Line(&'i [u8]),
    TooLong,
    Asked,
    Nothing,
}

impl Lines {
    fn new(defect: Defect, max_line: usize) -> Self {
        Self {
            defect,
            max_line,
            scanned: 0,
            skipping: false,
            asked: false,
            idle_events: 0,
            done: false,
            failed: None,
            held: Vec::new(),
            calls: 0,
        }
    }

    fn has(&self, defect: Defect) -> bool {
        self.defect == defect
    }

    fn fail<T>(&mut self, failure: Failure) -> Result<T, Failure> {
        if self.has(Defect::ForgetsItsError) {
            self.done = true;
        } else {
            self.failed = Some(failure.clone());
        }
        Err(failure)
    }
}

impl Machine for Lines {
    type Event<'i> = Event<'i>;
    type Error = Failure;

    fn step<'i>(
        &mut self,
        input: Input<'i>,
        out: &mut Vec<u8>,
    ) -> Result<Step<Event<'i>>, Failure> {
        self.calls += 1;
        if let Some(failed) = &self.failed {
            if self.has(Defect::WritesAfterTheError) {
                out.extend_from_slice(b"500\r\n");
            }
            return Err(failed.clone());
        }
        if self.done && !self.has(Defect::AwakesFromDone) {
            return Ok(Step::done(0));
        }
        if self.asked {
            self.asked = !self.has(Defect::PausedForgets);
            let mut step = Step::paused();
            if self.has(Defect::PausedConsumes) {
                step.consumed = input.bytes().len().min(1);
            }
            return Ok(step);
        }
        if self.idle_events > 0 {
            if !self.has(Defect::NeverProgresses) {
                self.idle_events -= 1;
            }
            return Ok(Step::event(0, Event::Nothing));
        }
        let bytes = input.bytes();
        let from = if self.has(Defect::Rescans) {
            0
        } else {
            self.scanned
        };
        if self.has(Defect::RescansFast) && memchr::memchr(b'\n', bytes).is_none() {
            return Ok(if bytes.is_empty() && input.is_last() {
                Step::done(0)
            } else {
                Step::need_more(0)
            });
        }
        let end =
            (from..bytes.len().saturating_sub(1)).find(|&at| bytes[at..].starts_with(b"\r\n"));
        let Some(end) = end else {
            if self.has(Defect::LosesAnOctetAtASplit) && bytes.len() == 3 && !input.is_last() {
                return Ok(Step::need_more(1));
            }
            if self.has(Defect::ChangesItsMind) && self.calls.is_multiple_of(5) {
                return Ok(Step::event(0, Event::Nothing));
            }
            if self.has(Defect::Hoards) {
                self.held.extend_from_slice(bytes);
            }
            if bytes.len() >= self.max_line + 2 || self.skipping && !bytes.is_empty() {
                let first = !self.skipping;
                self.skipping = true;
                if self.has(Defect::NeedsMoreWhenFull) {
                    self.skipping = false;
                    return Ok(Step::need_more(0));
                }
                self.scanned = 0;
                let ends_in_cr = bytes.ends_with(b"\r") && !input.is_last();
                let consumed = bytes.len() - usize::from(ends_in_cr);
                if first {
                    return Ok(Step::event(consumed, Event::TooLong));
                }
                return Ok(Step::need_more(consumed));
            }
            if input.is_last() {
                if self.has(Defect::NeedsMoreAtTheEnd) {
                    return Ok(Step::need_more(0));
                }
                if bytes.is_empty() {
                    self.done = true;
                    return Ok(Step::done(0));
                }
                return self.fail(Failure::Truncated);
            }
            self.scanned = bytes.len().saturating_sub(1);
            return Ok(Step::need_more(0));
        };
        let line = &bytes[..end];
        let mut consumed = end + 2;
        self.scanned = 0;
        if std::mem::take(&mut self.skipping) {
            return Ok(Step::need_more(consumed));
        }
        if end > self.max_line {
            return Ok(Step::event(consumed, Event::TooLong));
        }
        match line {
            _ if line.contains(&0) => return self.fail(Failure::Nul),
            b"quit" => {
                self.done = true;
                return Ok(Step::done(consumed));
            }
            b"ask" => {
                self.asked = true;
                return Ok(Step::event(consumed, Event::Asked));
            }
            b"twice" => self.idle_events = 2,
            _ if self.has(Defect::Panics) => assert!(!line.contains(&b'\xff')),
            _ => {}
        }
        if self.has(Defect::ClearsOut) {
            out.clear();
        }
        if self.has(Defect::ConsumesMoreThanGiven) && consumed == bytes.len() {
            consumed += 1;
        }
        if self.has(Defect::Allocates) {
            out.extend_from_slice(line.len().to_string().as_bytes());
        } else {
            out.push(b'0' + (line.len() % 10) as u8);
        }
        if self.has(Defect::Counts) {
            out.push(self.calls as u8);
        }
        Ok(Step::event(consumed, Event::Line(line)))
    }

    fn max_unconsumed(&self) -> usize {
        self.max_line + 2 + usize::from(self.has(Defect::MovesItsLimit) && self.calls > 3)
    }
}

#[derive(Clone)]
struct LineSubject(Defect);

impl Subject for LineSubject {
    type Machine = Lines;

    fn machine(&self) -> Lines {
        Lines::new(self.0, 20)
    }

    fn inputs(&self) -> Vec<Vec<u8>> {
        vec![
            b"hello\r\n\r\ntwice\r\nask\r\nworld\r\nquit\r\nrest".to_vec(),
            b"a line that is much too long for it\r\nshort\r\n".to_vec(),
            b"a\rb\nc\r\r\nno end".to_vec(),
            b"a\r\nnul \0\r\nmore\r\n".to_vec(),
            b"more is too long without any end".to_vec(),
            b"".to_vec(),
        ]
    }

    fn event(&mut self, _: &mut Lines, event: Event<'_>, out: &mut Vec<u8>, log: &mut Log) {
        match event {
            Event::Line(line) => log.fact(format_args!("line {}", line.escape_ascii())),
            Event::TooLong => log.fact(format_args!("too long")),
            Event::Asked => out.extend_from_slice(b"asked"),
            Event::Nothing => log.fact(format_args!("nothing")),
        }
    }

    fn paused(&mut self, machine: &mut Lines, out: &mut Vec<u8>) -> bool {
        if machine.has(Defect::PausedForgets) {
            return false;
        }
        out.extend_from_slice(b"answer");
        std::mem::take(&mut machine.asked)
    }

    fn unit(&self) -> Vec<u8> {
        b"noop\r\nask\r\n".to_vec()
    }

    fn long(&self, len: usize) -> (Lines, Vec<u8>) {
        (Lines::new(self.0, len), vec![b'a'; len])
    }
}

wirelore_testkit::contract_suite!(good_lines, LineSubject(Defect::None));

/// Upper case, as it comes: nothing is ever held back.
#[derive(Clone, Debug)]
struct Stream;

impl Machine for Stream {
    type Event<'i> = &'i [u8];
    type Error = fmt::Error;

    fn start(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"ready\r\n");
    }

    fn step<'i>(
        &mut self,
        input: Input<'i>,
        out: &mut Vec<u8>,
    ) -> Result<Step<&'i [u8]>, fmt::Error> {
        let bytes = input.bytes();
        out.extend(bytes.iter().map(u8::to_ascii_uppercase));
        Ok(match bytes {
            [] if input.is_last() => Step::done(0),
            [] => Step::need_more(0),
            _ => Step::event(bytes.len(), bytes),
        })
    }

    fn max_unconsumed(&self) -> usize {
        1
    }
}

impl Subject for Stream {
    type Machine = Self;

    fn machine(&self) -> Self {
        Self
    }

    fn inputs(&self) -> Vec<Vec<u8>> {
        vec![b"any text".to_vec()]
    }

    fn event(&mut self, _: &mut Self, event: &[u8], _: &mut Vec<u8>, log: &mut Log) {
        log.data("text", event);
    }

    fn unit(&self) -> Vec<u8> {
        b"text".to_vec()
    }

    fn long(&self, len: usize) -> (Self, Vec<u8>) {
        (Self, vec![b'x'; len])
    }
}

wirelore_testkit::contract_suite!(good_stream, Stream);

type Test = fn(&str, &dyn Fn() -> LineSubject);

/// The tests of the suite that are about one rule.
const TESTS: [(&str, Test); 11] = [
    ("rule_1_work_is_linear", rules::rule_1_work_is_linear),
    ("rule_2_need_more", rules::rule_2_need_more),
    ("rule_3_progress", rules::rule_3_progress),
    ("rule_4_done", rules::rule_4_done),
    ("rule_5_paused", rules::rule_5_paused),
    ("rule_6_out", rules::rule_6_out),
    ("rule_7_sticky", rules::rule_7_sticky),
    ("rule_7_any_cutting", rules::rule_7_any_cutting),
    ("rule_8_equal_runs", rules::rule_8_equal_runs),
    (
        "steady_state_allocates_nothing",
        rules::steady_state_allocates_nothing,
    ),
    ("heap_is_bounded", rules::heap_is_bounded),
];

/// What a failing test says; `None` when it passes.
fn complaint(test: impl FnOnce()) -> Option<String> {
    let payload = catch_unwind(AssertUnwindSafe(test)).err()?;
    Some(match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast_ref::<&str>().unwrap().to_string(),
    })
}

#[track_caller]
fn caught(defect: Defect, test: &str, words: &str) {
    let (_, run) = TESTS.iter().find(|(name, _)| *name == test).unwrap();
    let text = complaint(|| run(test, &|| LineSubject(defect))).expect("the defect is not caught");
    assert!(text.contains(words), "{text}");
}

#[test]
fn rescanning_is_caught() {
    for defect in [Defect::Rescans, Defect::RescansFast] {
        caught(defect, "rule_1_work_is_linear", "an octet costs at least");
    }
}

#[test]
fn losing_an_octet_at_a_split_is_caught() {
    let test = "rule_7_any_cutting";
    caught(Defect::LosesAnOctetAtASplit, test, "the cutting shows");
}

#[test]
fn an_error_that_is_not_sticky_is_caught() {
    caught(
        Defect::ForgetsItsError,
        "rule_7_sticky",
        "afterwards no error",
    );
    caught(
        Defect::WritesAfterTheError,
        "rule_7_sticky",
        "more is written",
    );
}

#[test]
fn need_more_where_it_cannot_help_is_caught() {
    let test = "rule_2_need_more";
    caught(Defect::NeedsMoreAtTheEnd, test, "at the end of the stream");
    caught(
        Defect::NeedsMoreWhenFull,
        test,
        "22 octets given and max_unconsumed 22",
    );
    caught(Defect::MovesItsLimit, test, "max_unconsumed changed");
    caught(
        Defect::ChangesItsMind,
        test,
        "another answer to the same octets",
    );
}

#[test]
fn wrong_consumption_is_caught() {
    caught(
        Defect::ConsumesMoreThanGiven,
        "rule_3_progress",
        "octets consumed",
    );
    caught(
        Defect::NeverProgresses,
        "rule_3_progress",
        "more than four events",
    );
}

#[test]
fn done_that_ends_is_caught() {
    caught(
        Defect::AwakesFromDone,
        "rule_4_done",
        "Done, but afterwards",
    );
}

#[test]
fn paused_that_goes_on_is_caught() {
    caught(
        Defect::PausedConsumes,
        "rule_5_paused",
        "Paused consumed 1 octets",
    );
    caught(
        Defect::PausedForgets,
        "rule_5_paused",
        "another answer without an act",
    );
}

#[test]
fn clearing_out_is_caught() {
    caught(
        Defect::ClearsOut,
        "rule_6_out",
        "step changed what was in out before",
    );
}

#[test]
fn counting_calls_is_caught() {
    caught(Defect::Counts, "rule_7_any_cutting", "the cutting shows");
}

#[cfg(feature = "allocations")]
#[test]
fn allocating_and_hoarding_are_caught() {
    caught(
        Defect::Allocates,
        "steady_state_allocates_nothing",
        "allocations in 64 units",
    );
    caught(Defect::Hoards, "heap_is_bounded", "octets of heap in use");
}

#[test]
fn a_panic_on_arbitrary_octets_is_caught() {
    let text = complaint(|| rules::arbitrary_octets("here", &|| LineSubject(Defect::Panics)));
    let text = text.expect("the defect is not caught");
    assert!(text.contains("panicked: ") && text.contains("replay: WIRELORE_SEED="));
}

#[test]
fn a_subject_without_events_is_refused() {
    #[derive(Clone)]
    struct Silent;
    impl Subject for Silent {
        type Machine = Stream;
        fn machine(&self) -> Stream {
            Stream
        }
        fn inputs(&self) -> Vec<Vec<u8>> {
            vec![b"".to_vec()]
        }
        fn event(&mut self, _: &mut Stream, _: &[u8], _: &mut Vec<u8>, _: &mut Log) {}
        fn unit(&self) -> Vec<u8> {
            b"x".to_vec()
        }
        fn long(&self, len: usize) -> (Stream, Vec<u8>) {
            (Stream, vec![b'x'; len])
        }
    }
    let text = complaint(|| rules::rule_7_any_cutting("here", &|| Silent));
    assert!(text.unwrap().contains("no event at all"));
}

/// The good machine passes every test under a different name too, one after the other.
#[test]
fn the_good_machine_passes_alone() {
    for (name, test) in TESTS {
        assert_eq!(
            complaint(|| test(name, &|| LineSubject(Defect::None))),
            None
        );
    }
}

#[test]
fn encoders_that_allow_injection_are_caught() {
    fn write(text: &[u8], out: &mut Vec<u8>, forbidden: &[u8]) -> Result<(), ()> {
        if text.iter().any(|octet| forbidden.contains(octet)) {
            return Err(());
        }
        out.extend_from_slice(text);
        Ok(())
    }
    refuses_line_breaks(b"good", |text, out| write(text, out, b"\r\n\0"));
    let no_nul = complaint(|| refuses_line_breaks(b"good", |text, out| write(text, out, b"\r\n")));
    assert!(no_nul.unwrap().contains("is accepted"));
    let early = complaint(|| {
        refuses_line_breaks(b"good", |text, out| {
            out.push(b' ');
            write(text, out, b"\r\n\0")
        });
    });
    assert!(early.unwrap().contains("refused text was written"));
}
