//! Many runs of one test, each decided by its seed, with a report that can be replayed.
//!
//! | variable | meaning |
//! |---|---|
//! | `WIRELORE_SEED=n` | only the seed `n`, with its notes printed as they are made |
//! | `WIRELORE_SEEDS=n` | the seeds 0 to n - 1 instead of as many as the test says |

use std::any::Any;
use std::env;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::Rng;

/// One run: its seed, its generator, and what it notes for the report.
#[derive(Debug)]
pub struct Case {
    seed: u64,
    /// The generator of the seed.
    pub rng: Rng,
    notes: Vec<String>,
    verbose: bool,
}

impl Case {
    /// The case of `seed`, outside [`run`].
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            rng: Rng::new(seed),
            notes: Vec::new(),
            verbose: false,
        }
    }

    /// The seed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Whether this seed is being replayed: time for details.
    #[must_use]
    pub const fn is_replay(&self) -> bool {
        self.verbose
    }

    /// Remembers a line for the report of a failure (the parameters, typically); in a replay it
    /// is also printed at once.
    pub fn note(&mut self, line: impl fmt::Display) {
        let line = line.to_string();
        if self.verbose {
            eprintln!("{line}");
        }
        self.notes.push(line);
    }
}

/// Runs `test` for the seeds 0 to `count - 1`.
///
/// `name` is the name of the test function, which the replay command needs. Large counts use two
/// threads. Seeds are handed out in ascending order and every seed before a failing one is
/// finished, so the failure reported is that of the lowest failing seed, with any number of threads.
///
/// # Panics
/// When `test` returns an error or panics, with the name, the seed, its notes and the command that
/// runs this seed alone; and when one of the environment variables is not a number.
pub fn run(name: &str, count: u64, test: impl Fn(&mut Case) -> Result<(), String> + Sync) {
    if let Some(seed) = number("WIRELORE_SEED") {
        eprintln!("{name}: replaying seed {seed}");
        if let Some(failure) = attempt(seed, true, &test) {
            panic!("{}", failure.report(name));
        }
        return;
    }
    let count = number("WIRELORE_SEEDS").unwrap_or(count);
    let threads = if count < 64 {
        1
    } else {
        thread::available_parallelism().map_or(1, |n| n.get().min(2))
    };
    if let Some(failure) = lowest_failure(count, threads, &test) {
        panic!("{}", failure.report(name));
    }
}

/// The failure of the lowest failing seed below `count`.
fn lowest_failure(
    count: u64,
    threads: usize,
    test: &(impl Fn(&mut Case) -> Result<(), String> + Sync),
) -> Option<Failure> {
    let next = AtomicU64::new(0);
    let lowest: Mutex<Option<Failure>> = Mutex::new(None);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= count {
                return;
            }
            if let Some(failure) = attempt(seed, false, test) {
                next.store(count, Ordering::Relaxed);
                let mut lowest = lowest.lock().unwrap_or_else(|e| e.into_inner());
                if lowest.as_ref().is_none_or(|old| failure.seed < old.seed) {
                    *lowest = Some(failure);
                }
                return;
            }
        }
    };
    if threads < 2 {
        work();
    } else {
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(work);
            }
        });
    }
    lowest.into_inner().unwrap_or_else(|e| e.into_inner())
}

fn attempt(
    seed: u64,
    verbose: bool,
    test: &impl Fn(&mut Case) -> Result<(), String>,
) -> Option<Failure> {
    let mut case = Case {
        verbose,
        ..Case::new(seed)
    };
    let error = match catch_unwind(AssertUnwindSafe(|| test(&mut case))) {
        Ok(Ok(())) => return None,
        Ok(Err(error)) => error,
        Err(payload) => format!("panicked: {}", panic_text(&*payload)),
    };
    Some(Failure {
        seed,
        notes: case.notes,
        error,
    })
}

/// What a panic said.
pub(crate) fn panic_text(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("(no text)")
}

#[derive(Debug)]
struct Failure {
    seed: u64,
    notes: Vec<String>,
    error: String,
}

impl Failure {
    fn report(&self, name: &str) -> String {
        let Self { seed, notes, error } = self;
        let package =
            env::var("CARGO_PKG_NAME").map_or_else(|_| String::new(), |p| format!(" -p {p}"));
        let notes: String = notes.iter().map(|note| format!("  {note}\n")).collect();
        format!(
            "{name}: seed {seed} failed: {error}\n{notes}replay: WIRELORE_SEED={seed} cargo test{package} {name} -- --nocapture"
        )
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    match text.parse() {
        Ok(number) => Some(number),
        Err(_) => panic!("{variable}={text} is not a number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails_from_40(case: &mut Case) -> Result<(), String> {
        let limit = case.rng.between(40, 40);
        case.note(format_args!("limit {limit}"));
        if case.seed() == 43 {
            panic!("boom");
        }
        if case.seed() >= limit {
            return Err(format!("{} is too much", case.seed()));
        }
        Ok(())
    }

    #[test]
    fn the_lowest_failing_seed_is_reported_with_any_number_of_threads() {
        for threads in [1, 2, 5] {
            let failure = lowest_failure(200, threads, &fails_from_40).unwrap();
            assert_eq!(failure.seed, 40);
            assert_eq!(failure.notes, ["limit 40"]);
            assert_eq!(failure.error, "40 is too much");
        }
        assert!(lowest_failure(40, 2, &fails_from_40).is_none());
    }

    #[test]
    fn a_panic_is_a_failure_with_notes_and_replay_command() {
        let report = attempt(43, false, &fails_from_40).unwrap().report("here");
        assert!(
            report.contains("here: seed 43 failed: panicked: boom"),
            "{report}"
        );
        assert!(report.contains("\n  limit 40\n"), "{report}");
        assert!(report.contains("WIRELORE_SEED=43 cargo test"), "{report}");
    }
}
