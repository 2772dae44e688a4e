//! The datagram suite: a good machine passes, and every kind of broken machine fails its own test.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};

use wirelore_core::{DatagramMachine, Duration, Instant, Transmit};
use wirelore_testkit::contract::{DatagramSubject, Log, datagram_rules as rules};

/// Asks peer 1, again after one, two, four and eight seconds; answers strangers with an error.
#[derive(Clone)]
struct Asker {
    defect: Defect,
    due: Option<Instant>,
    tries: u32,
    ask: bool,
    complain_to: Option<u8>,
    gave_up: bool,
    memory: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq)]
enum Defect {
    None,
    Stuck,
    Early,
    TooLong,
    NoSegment,
    EndlessEvents,
    EndlessDatagrams,
    Panics,
    Hoards,
    Random,
}

#[derive(Debug)]
enum Event<'d> {
    Answer(&'d [u8]),
    GaveUp,
}

impl Asker {
    fn has(&self, defect: Defect) -> bool {
        self.defect == defect
    }
}

impl DatagramMachine<u8> for Asker {
    type Event<'d> = Event<'d>;

    fn handle_datagram<'d>(
        &mut self,
        _: Instant,
        from: u8,
        datagram: &'d [u8],
    ) -> Option<Event<'d>> {
        if self.has(Defect::Panics) {
            let _ = datagram[3];
        }
        if self.has(Defect::Hoards) {
            self.memory.extend_from_slice(datagram);
        }
        if from != 1 {
            self.complain_to = Some(from);
            return None;
        }
        let answer = datagram.strip_prefix(b"answer ")?;
        self.due = None;
        Some(Event::Answer(answer))
    }

    fn handle_timeout(&mut self, now: Instant) {
        let Some(due) = self.due else { return };
        if now < due {
            self.ask |= self.has(Defect::Early);
            return;
        }
        if self.tries == 4 {
            self.due = None;
            self.gave_up = true;
            return;
        }
        self.tries += 1;
        self.ask = true;
        self.due = Some(match self.defect {
            Defect::Stuck => due,
            _ => now + Duration::from_secs(1 << self.tries),
        });
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    fn poll_transmit(&mut self, _: Instant, buf: &mut [u8]) -> Option<Transmit<u8>> {
        static CALLS: AtomicU32 = AtomicU32::new(0);
        if self.has(Defect::EndlessDatagrams) || std::mem::take(&mut self.ask) {
            buf[..5].copy_from_slice(b"ask 1");
            let mut transmit = Transmit::one(1, 5);
            match self.defect {
                Defect::Random => buf[4] = CALLS.fetch_add(1, Ordering::Relaxed) as u8,
                Defect::TooLong => transmit.len = 11,
                Defect::NoSegment => transmit.segment = Some(0),
                _ => {}
            }
            return Some(transmit);
        }
        let stranger = self.complain_to.take()?;
        buf[..5].copy_from_slice(b"error");
        Some(Transmit::one(stranger, 5))
    }

    fn poll_event(&mut self) -> Option<Event<'static>> {
        let gave_up = self.has(Defect::EndlessEvents) || std::mem::take(&mut self.gave_up);
        gave_up.then_some(Event::GaveUp)
    }

    fn max_datagram(&self) -> usize {
        10
    }
}

#[derive(Clone)]
struct AskerSubject(Defect);

impl DatagramSubject for AskerSubject {
    type Address = u8;
    type Machine = Asker;

    fn machine(&mut self, now: Instant) -> Asker {
        Asker {
            defect: self.0,
            due: Some(now + Duration::from_secs(1)),
            tries: 0,
            ask: true,
            complain_to: None,
            gave_up: false,
            memory: Vec::new(),
        }
    }

    fn peers(&self) -> Vec<u8> {
        vec![1, 2]
    }

    fn datagrams(&self) -> Vec<Vec<u8>> {
        vec![b"answer yes".to_vec(), b"what?".to_vec()]
    }

    fn event(&mut self, _: &mut Asker, _: Instant, event: Event<'_>, log: &mut Log) {
        match event {
            Event::Answer(answer) => log.data("answer", answer),
            Event::GaveUp => log.fact(format_args!("gave up")),
        }
    }
}

wirelore_testkit::datagram_suite!(good_asker, AskerSubject(Defect::None));

type Test = fn(&str, &(dyn Fn() -> AskerSubject + Sync));

const TESTS: [Test; 7] = [
    rules::arbitrary_datagrams,
    rules::rule_8_equal_runs,
    rules::rule_9_timeouts_advance,
    rules::early_timeouts_have_no_effect,
    rules::datagrams_fit,
    rules::polls_come_to_an_end,
    rules::heap_is_bounded,
];

/// The tests that fail, by their place in [`TESTS`], and what the first of them says.
fn failing(defect: Defect) -> (Vec<usize>, String) {
    let mut failing = Vec::new();
    let mut words = String::new();
    for (n, test) in TESTS.iter().enumerate() {
        let run = AssertUnwindSafe(|| test("here", &|| AskerSubject(defect)));
        if let Err(payload) = catch_unwind(run) {
            if failing.is_empty() {
                words = *payload.downcast::<String>().unwrap();
            }
            failing.push(n);
        }
    }
    (failing, words)
}

#[track_caller]
fn caught(defect: Defect, by: &[usize], words: &str) {
    let (failing, text) = failing(defect);
    assert_eq!(failing, by, "{text}");
    assert!(text.contains(words), "{text}");
}

#[test]
fn a_panic_is_caught_by_every_test_that_runs() {
    let words = "panicked: index out of bounds";
    let tests = TESTS.len() - usize::from(cfg!(not(feature = "allocations")));
    caught(Defect::Panics, &Vec::from_iter(0..tests), words);
}

#[test]
fn every_other_defect_is_caught_by_its_own_test() {
    caught(Defect::Random, &[1], "two runs differ");
    caught(Defect::Stuck, &[2], "after handle_timeout(");
    caught(Defect::Early, &[3], "causes a datagram");
    caught(Defect::TooLong, &[4], "with max_datagram 10");
    caught(Defect::NoSegment, &[4], "segment: Some(0)");
    #[cfg(feature = "allocations")]
    caught(Defect::Hoards, &[6], "octets of heap in use, more than 0");
    caught(Defect::None, &[], "");
}

#[test]
fn polling_without_end_is_caught() {
    for defect in [Defect::EndlessEvents, Defect::EndlessDatagrams] {
        let run = || rules::polls_come_to_an_end("here", &|| AskerSubject(defect));
        let payload = catch_unwind(run).unwrap_err();
        let text = payload.downcast::<String>().unwrap();
        assert!(text.contains("always something to poll"));
    }
}
