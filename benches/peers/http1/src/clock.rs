//! Nanoseconds for each parse, measured so that a busy machine is busy for everybody.

use crate::contestants::Contestant;
use std::time::{Duration, Instant};

/// How long one batch is about: short enough that most are not interrupted, long enough that reading
/// the clock does not count.
const BATCH: Duration = Duration::from_micros(30);

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Rounds in one pass; everybody has one batch in each.
    pub(crate) rounds: usize,
    /// Passes.
    pub(crate) passes: usize,
}

/// Nanoseconds for each parse, in each batch of one contestant: passes of rounds.
#[derive(Clone, Debug)]
pub(crate) struct Batches(Vec<Vec<f64>>);

/// Measures everybody, in the order of `contestants`. In one round each has one batch, and from round
/// to round another one begins.
pub(crate) fn measure(contestants: &mut [Contestant<'_>], effort: Effort) -> Vec<Batches> {
    let times: Vec<u32> = contestants.iter_mut().map(times_in_a_batch).collect();
    let mut all = vec![Batches(Vec::new()); contestants.len()];
    for _ in 0..effort.passes {
        for batches in &mut all {
            batches.0.push(Vec::with_capacity(effort.rounds));
        }
        for round in 0..effort.rounds {
            for turn in 0..contestants.len() {
                let who = (round + turn) % contestants.len();
                let spent = clocked(&mut contestants[who], times[who]);
                let each = spent.as_nanos() as f64 / f64::from(times[who]);
                all[who].0.last_mut().expect("a pass was begun").push(each);
            }
        }
    }
    all
}

impl Batches {
    /// The median over the passes of the median over the rounds.
    pub(crate) fn median(&self) -> f64 {
        let passes = self.0.iter().map(|rounds| quantile(rounds.clone(), 0.5));
        quantile(passes.collect(), 0.5)
    }

    /// What a tenth of the batches did not exceed: the machine when it was left alone.
    pub(crate) fn undisturbed(&self) -> f64 {
        quantile(self.0.concat(), 0.1)
    }

    /// The median of this divided by the `other` of the same round: a round in which the machine was
    /// slow was slow for both.
    pub(crate) fn relative_to(&self, other: &Self) -> f64 {
        let passes = self.0.iter().zip(&other.0).map(|(ours, theirs)| {
            let rounds = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs);
            quantile(rounds.collect(), 0.5)
        });
        quantile(passes.collect(), 0.5)
    }
}

fn clocked(contestant: &mut Contestant<'_>, times: u32) -> Duration {
    let start = Instant::now();
    (contestant.batch)(times);
    start.elapsed()
}

/// How many parses take about as long as a batch shall.
fn times_in_a_batch(contestant: &mut Contestant<'_>) -> u32 {
    let warm = 1000;
    clocked(contestant, warm);
    let best = (0..20).map(|_| clocked(contestant, warm)).min();
    let nanoseconds = best.unwrap_or(BATCH).as_nanos().max(1);
    let times = BATCH.as_nanos() * u128::from(warm) / nanoseconds;
    u32::try_from(times).unwrap_or(u32::MAX).max(1)
}

/// NaN of nothing.
fn quantile(mut values: Vec<f64>, part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len() as f64 * part) as usize;
    values.get(place).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn everybody_has_as_many_batches() {
        let calls = [Cell::new(0usize), Cell::new(0)];
        let contestant = |which: usize| {
            let calls = &calls;
            Contestant {
                name: "counting",
                batch: Box::new(move |times: u32| {
                    calls[which].set(calls[which].get() + 1);
                    std::hint::black_box((0..times).map(u64::from).fold(0, u64::wrapping_add));
                }),
            }
        };
        let effort = Effort {
            rounds: 5,
            passes: 2,
        };
        let measured = measure(&mut [contestant(0), contestant(1)], effort);
        for batches in measured {
            assert_eq!(batches.0.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5]);
        }
        // one for warmth, twenty to find the size of a batch
        assert_eq!([calls[0].get(), calls[1].get()], [31, 31]);
    }

    #[test]
    fn a_slow_round_is_slow_for_both() {
        let ours = Batches(vec![vec![10.0, 90.0, 11.0, 99.0, 99.0]]);
        let theirs = Batches(vec![vec![20.0, 180.0, 22.0, 198.0, 10.0]]);
        assert_eq!(ours.median(), 90.0);
        assert_eq!(ours.undisturbed(), 10.0);
        assert_eq!(theirs.relative_to(&ours), 2.0);
        assert!(Batches(Vec::new()).median().is_nan());
    }
}
