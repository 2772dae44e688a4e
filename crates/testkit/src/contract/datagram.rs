//! The suite for datagram machines.

use wirelore_core::{DatagramMachine, Duration, Instant};

use super::Log;
use super::arbitrary::Breeder;
use crate::Rng;
use crate::net::Address;
use crate::shown::Shown;

/// A datagram machine with an application around it, as the suite needs them.
///
/// Every run starts with a clone, so the application may keep state in `self`. A run is two hundred
/// datagrams and timeouts, drawn by seed; after each of them the polls are drained.
///
/// | test | what fails |
/// |---|---|
/// | `arbitrary_datagrams` | a panic, on random and on mutated datagrams from anybody at any time |
/// | `rule_8_equal_runs` | two runs that differ |
/// | `rule_9_timeouts_advance` | `poll_timeout` not later than `now` after `handle_timeout(now)` |
/// | `early_timeouts_have_no_effect` | an event, a datagram or another timeout from `handle_timeout` before its time, or when repeated |
/// | `datagrams_fit` | a datagram or segment longer than `max_datagram`, or more than the buffer holds |
/// | `polls_come_to_an_end` | `poll_event` and `poll_transmit` that never both return `None` |
/// | `heap_is_bounded` | more heap than [`heap_limit`](Self::heap_limit) |
pub trait DatagramSubject: Clone {
    /// What the machine routes by.
    type Address: Address;
    /// The machine.
    type Machine: DatagramMachine<Self::Address>;

    /// A new machine at work: a client has made its request.
    fn machine(&mut self, now: Instant) -> Self::Machine;

    /// Who sends datagrams: peers that the machine knows, and strangers. At least one.
    fn peers(&self) -> Vec<Self::Address>;

    /// Datagrams as peers send them: every kind, ordinary, rare and malformed. They come in random
    /// order, as they are and mutated.
    fn datagrams(&self) -> Vec<Vec<u8>>;

    /// The application: notes in `log` what `event` says, and does what an application would do.
    fn event(
        &mut self,
        machine: &mut Self::Machine,
        now: Instant,
        event: <Self::Machine as DatagramMachine<Self::Address>>::Event<'_>,
        log: &mut Log,
    );

    /// How many octets of heap the machine and this application may hold at a time.
    fn heap_limit(&self) -> usize {
        0
    }
}

/// The tests, called by `datagram_suite!`.
#[doc(hidden)]
pub mod rules {
    use super::{DatagramSubject, Fault, scenario};
    use crate::contract::Log;
    use crate::seeds;

    const SEEDS: u64 = 300;

    pub fn arbitrary_datagrams<S: DatagramSubject>(name: &str, make: &(dyn Fn() -> S + Sync)) {
        // The other faults have their own tests; a panic is reported by `seeds`.
        seeds::run(name, SEEDS, |case| {
            let _ = scenario(make(), &mut case.rng, &mut Log::off());
            Ok(())
        });
    }

    pub fn rule_8_equal_runs<S: DatagramSubject>(name: &str, make: &(dyn Fn() -> S + Sync)) {
        seeds::run(name, SEEDS, |case| {
            let (mut first, mut second) = (Log::default(), Log::default());
            let mut rng = case.rng.clone();
            let _ = scenario(make(), &mut case.rng, &mut first);
            let _ = scenario(make(), &mut rng, &mut second);
            let (first, second) = (first.pieces(), second.pieces());
            match first.iter().zip(second).find(|(a, b)| a != b) {
                Some((a, b)) => Err(format!("two runs differ: {a:?}, {b:?}")),
                None if first.len() != second.len() => Err("two runs differ in length".into()),
                None => Ok(()),
            }
        });
    }

    pub fn rule_9_timeouts_advance<S: DatagramSubject>(name: &str, make: &(dyn Fn() -> S + Sync)) {
        keeps(Fault::Stuck, name, make);
    }

    pub fn early_timeouts_have_no_effect<S: DatagramSubject>(
        name: &str,
        make: &(dyn Fn() -> S + Sync),
    ) {
        keeps(Fault::Early, name, make);
    }

    pub fn datagrams_fit<S: DatagramSubject>(name: &str, make: &(dyn Fn() -> S + Sync)) {
        keeps(Fault::TooLong, name, make);
    }

    pub fn polls_come_to_an_end<S: DatagramSubject>(name: &str, make: &(dyn Fn() -> S + Sync)) {
        keeps(Fault::Endless, name, make);
    }

    fn keeps<S: DatagramSubject>(fault: Fault, name: &str, make: &(dyn Fn() -> S + Sync)) {
        seeds::run(name, SEEDS, |case| {
            let mut rng = case.rng.clone();
            match scenario(make(), &mut rng, &mut Log::off()) {
                Err((found, text)) if found == fault => {
                    // Once more, to tell what happened.
                    let mut log = Log::default();
                    let _ = scenario(make(), &mut case.rng, &mut log);
                    for piece in log.pieces() {
                        case.note(format_args!("{piece:?}"));
                    }
                    Err(text)
                }
                _ => Ok(()),
            }
        });
    }

    #[cfg(not(feature = "allocations"))]
    pub fn heap_is_bounded<S: DatagramSubject>(name: &str, _: &(dyn Fn() -> S + Sync)) {
        crate::skip(name, "built without the feature `allocations`");
    }

    #[cfg(feature = "allocations")]
    pub fn heap_is_bounded<S: DatagramSubject>(name: &str, make: &(dyn Fn() -> S + Sync)) {
        use super::Scenario;
        use allocation_counter::measure;

        seeds::run(name, SEEDS, |case| {
            let limit = make().heap_limit() as u64;
            // What the suite itself needs is allocated before.
            let mut scenario = Scenario::new(make(), &mut case.rng);
            let mut verdict = Ok(());
            let used = measure(|| {
                scenario.start();
                verdict = scenario.run(&mut Log::off());
            });
            let used = used.bytes_max;
            // A fault has its own test, and telling it allocates.
            if verdict.is_ok() && used > limit {
                return Err(format!("{used} octets of heap in use, more than {limit}"));
            }
            Ok(())
        });
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Stuck,
    Early,
    TooLong,
    Endless,
}

/// What is broken, and how.
type Verdict = Result<(), (Fault, String)>;

fn scenario<S: DatagramSubject>(subject: S, rng: &mut Rng, log: &mut Log) -> Verdict {
    let mut scenario = Scenario::new(subject, rng);
    scenario.start();
    scenario.run(log)
}

/// Two hundred random things that may happen to a machine. Everything random is drawn, and
/// everything that the suite needs is allocated, before the machine exists.
struct Scenario<S: DatagramSubject> {
    subject: S,
    machine: Option<S::Machine>,
    now: Instant,
    happenings: Vec<Happening<S::Address>>,
    buf: Vec<u8>,
}

enum Happening<A> {
    /// After this time.
    Datagram(Duration, A, Vec<u8>),
    /// At its time, or this much later.
    Timeout(Duration),
    /// A thousandth part of the way there for each unit.
    EarlyTimeout(u32),
}

impl<S: DatagramSubject> Scenario<S> {
    fn new(subject: S, rng: &mut Rng) -> Self {
        let peers = subject.peers();
        let samples = subject.datagrams();
        let breeder = Breeder::new(samples.clone(), Vec::new());
        let happenings = (0..200)
            .map(|_| match rng.below(8) {
                0 => Happening::Timeout(Duration::ZERO),
                1 => Happening::Timeout(rng.up_to(Duration::from_secs(3))),
                2 => Happening::EarlyTimeout(rng.below(1000) as u32),
                kind => {
                    let datagram = if kind < 6 && !samples.is_empty() {
                        rng.pick(&samples).clone()
                    } else {
                        breeder.breed(rng)
                    };
                    let longest = *rng.pick(&[0, 1000, 100_000, 3_000_000]);
                    let after = rng.up_to(Duration::from_micros(longest));
                    Happening::Datagram(after, *rng.pick(&peers), datagram)
                }
            })
            .collect();
        Self {
            subject,
            machine: None,
            now: Instant::from_micros(1_000_000),
            happenings,
            // The longest that UDP can carry, twice: machines say only later what they need.
            buf: vec![0; 131_072],
        }
    }

    fn start(&mut self) {
        self.machine = Some(self.subject.machine(self.now));
    }

    fn run(&mut self, log: &mut Log) -> Verdict {
        let Some(mut machine) = self.machine.take() else {
            return Ok(());
        };
        let machine = &mut machine;
        self.drain(machine, log)?;
        for happening in std::mem::take(&mut self.happenings) {
            match happening {
                Happening::Datagram(after, from, datagram) => {
                    self.now = self.now + after;
                    if let Some(event) = machine.handle_datagram(self.now, from, &datagram) {
                        self.subject.event(machine, self.now, event, log);
                    }
                }
                Happening::Timeout(late) => {
                    let Some(due) = machine.poll_timeout() else {
                        continue;
                    };
                    self.now = self.now.max(due) + late;
                    machine.handle_timeout(self.now);
                    let next = machine.poll_timeout();
                    if next.is_some_and(|next| next <= self.now) {
                        let now = self.now;
                        let text = format!("after handle_timeout({now:?}), poll_timeout {next:?}");
                        return Err((Fault::Stuck, text));
                    }
                    self.drain(machine, log)?;
                    if machine.poll_timeout().is_none_or(|next| next > self.now) {
                        self.has_no_effect(machine, "repeated", log)?;
                    }
                }
                Happening::EarlyTimeout(part) => {
                    if let Some(due) = machine.poll_timeout().filter(|&due| due > self.now) {
                        let way = due.since(self.now).as_micros() as u64;
                        let early = Duration::from_micros(way / 1000 * u64::from(part));
                        self.now = self.now + early;
                        self.has_no_effect(machine, "early", log)?;
                    }
                }
            }
            self.drain(machine, log)?;
            log.fact(format_args!("timeout {:?}", machine.poll_timeout()));
        }
        Ok(())
    }

    fn has_no_effect(&mut self, machine: &mut S::Machine, how: &str, log: &mut Log) -> Verdict {
        let before = machine.poll_timeout();
        machine.handle_timeout(self.now);
        let after = machine.poll_timeout();
        let what = if after != before {
            format!("changes poll_timeout from {before:?} to {after:?}")
        } else if let Some(event) = machine.poll_event() {
            self.subject.event(machine, self.now, event, log);
            "causes an event".into()
        } else if machine.poll_transmit(self.now, &mut self.buf).is_some() {
            "causes a datagram".into()
        } else {
            return Ok(());
        };
        Err((Fault::Early, format!("handle_timeout, {how}, {what}")))
    }

    fn drain(&mut self, machine: &mut S::Machine, log: &mut Log) -> Verdict {
        for _ in 0..100_000 {
            let mut idle = true;
            if let Some(event) = machine.poll_event() {
                self.subject.event(machine, self.now, event, log);
                idle = false;
            }
            let longest = machine.max_datagram();
            if self.buf.len() < longest {
                self.buf.resize(longest, 0);
            }
            // Room for exactly one, or for many.
            let room = if self.now.as_micros().is_multiple_of(2) {
                longest
            } else {
                self.buf.len()
            };
            if let Some(transmit) = machine.poll_transmit(self.now, &mut self.buf[..room]) {
                idle = false;
                let segment = transmit.segment.unwrap_or(transmit.len);
                if transmit.len > room || segment > longest || transmit.segment == Some(0) {
                    let text = format!("{transmit:?} with max_datagram {longest}, buffer {room}");
                    return Err((Fault::TooLong, text));
                }
                let datagram = Shown(&self.buf[..transmit.len]);
                log.fact(format_args!("{transmit:?} {datagram}"));
            }
            if idle {
                return Ok(());
            }
        }
        Err((Fault::Endless, "there is always something to poll".into()))
    }
}
