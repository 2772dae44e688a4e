//! Rounds in which ours and the peer take turns.

use crate::servers::{Contestant, Server};
use std::time::Duration;

/// What a server is put through.
pub(crate) trait Trial {
    /// What is counted.
    const UNIT: Unit;

    /// What a server shows once, unmeasured, before the rounds.
    fn verify(&self, server: &Server) -> Result<(), String>;

    /// One turn, measured.
    fn turn(&self, server: &Server) -> Result<Spent, String>;

    /// What is looked at after the rounds.
    fn conclude(&self, _: &Server) -> Result<(), String> {
        Ok(())
    }
}

/// In what costs and rates are told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    pub(crate) cost: &'static str,
    pub(crate) rate: &'static str,
    /// How many of the units of a cost a second has.
    pub(crate) costs: f64,
    /// How many of the units of a rate one of what is counted has.
    pub(crate) rates: f64,
}

/// What a server has done in a turn, or in several.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    pub(crate) cpu: Duration,
    pub(crate) took: Duration,
    /// Requests or GiB.
    pub(crate) count: f64,
    /// Octets that came, heads and bodies.
    pub(crate) octets: u64,
    /// One request in a hundred took longer than this, in the worst of the turns.
    pub(crate) late: Duration,
}

/// One round of one server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// CPU time of the server.
    pub(crate) cost: f64,
    pub(crate) rate: f64,
    /// How much of the time the server was on a CPU.
    pub(crate) busy: f64,
    /// Milliseconds.
    pub(crate) late: f64,
    /// Octets of an answer.
    pub(crate) answer: f64,
}

/// All rounds of one server.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) name: &'static str,
    pub(crate) samples: Vec<Sample>,
    pub(crate) failure: Option<String>,
}

/// Puts every server through it for `rounds` rounds of `turns` turns each. They take turns, and who
/// begins changes from turn to turn: then what the machine does in a round happens to both. One that has
/// failed takes no more part.
pub(crate) fn run<T: Trial>(
    trial: &T,
    contestants: &[Contestant],
    rounds: usize,
    turns: usize,
) -> Vec<Series> {
    let begin = |contestant: &Contestant| Series {
        name: contestant.name,
        samples: Vec::new(),
        failure: contestant.on_server(|server| trial.verify(server)).err(),
    };
    let mut all: Vec<_> = contestants.iter().map(begin).collect();
    for round in 0..rounds {
        let mut spent = vec![Spent::default(); contestants.len()];
        for turn in 0..turns {
            for next in 0..contestants.len() {
                let at = (round + turn + next) % contestants.len();
                if all[at].failure.is_none() {
                    match contestants[at].on_server(|server| trial.turn(server)) {
                        Ok(more) => spent[at].add(more),
                        Err(why) => all[at].failure = Some(format!("round {}: {why}", round + 1)),
                    }
                }
            }
        }
        for (series, spent) in all.iter_mut().zip(spent) {
            if series.failure.is_none() {
                series.samples.push(spent.sample(T::UNIT));
            }
        }
    }
    for (series, contestant) in all.iter_mut().zip(contestants) {
        if series.failure.is_none() {
            series.failure = contestant.on_server(|server| trial.conclude(server)).err();
        }
    }
    all
}

impl Spent {
    fn add(&mut self, more: Self) {
        self.cpu += more.cpu;
        self.took += more.took;
        self.count += more.count;
        self.octets += more.octets;
        self.late = self.late.max(more.late);
    }

    fn sample(&self, unit: Unit) -> Sample {
        let (cpu, took) = (self.cpu.as_secs_f64(), self.took.as_secs_f64());
        Sample {
            cost: cpu * unit.costs / self.count,
            rate: self.count * unit.rates / took,
            busy: cpu / took,
            late: self.late.as_secs_f64() * 1000.0,
            answer: self.octets as f64 / self.count,
        }
    }
}

impl Series {
    pub(crate) fn figures(&self, of: impl Fn(&Sample) -> f64) -> Vec<f64> {
        self.samples.iter().map(of).collect()
    }

    /// The middle one of the costs, if no round failed.
    pub(crate) fn cost(&self) -> Option<f64> {
        let cost = median(self.figures(|sample| sample.cost));
        cost.filter(|_| self.failure.is_none())
    }

    /// Our costs divided by the peer's, round by round: what slowed the machine down in a round slowed
    /// both.
    pub(crate) fn ratios(&self, peer: &Self) -> Vec<f64> {
        let rounds = self.samples.iter().zip(&peer.samples);
        rounds
            .map(|(ours, theirs)| ours.cost / theirs.cost)
            .collect()
    }

    /// The middle one of the ratios, if no round failed.
    pub(crate) fn ratio(&self, peer: &Self) -> Option<f64> {
        let done = self.failure.is_none() && peer.failure.is_none();
        median(self.ratios(peer)).filter(|ratio| done && ratio.is_finite())
    }
}

/// The middle one, or the mean of the two in the middle.
pub(crate) fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    let upper = *figures.get(middle)?;
    match figures.len() % 2 {
        0 => Some((figures[middle - 1] + upper) / 2.0),
        _ => Some(upper),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(costs: &[f64]) -> Series {
        let sample = |&cost: &f64| Sample {
            cost,
            rate: 1.0,
            busy: 1.0,
            late: 0.0,
            answer: 0.0,
        };
        Series {
            name: "s",
            samples: costs.iter().map(sample).collect(),
            failure: None,
        }
    }

    #[test]
    fn costs_are_compared_round_by_round() {
        let ours = series(&[3.0, 40.0, 5.0]);
        let mut peer = series(&[6.0, 20.0, 10.0]);
        assert_eq!(ours.ratio(&peer), Some(0.5));
        assert_eq!((ours.cost(), peer.cost()), (Some(5.0), Some(10.0)));
        peer.failure = Some("round 3: gone".into());
        assert_eq!((ours.ratio(&peer), peer.cost()), (None, None));
    }

    #[test]
    fn a_round_is_the_sum_of_its_turns() {
        let unit = Unit {
            cost: "us/request",
            rate: "requests/s",
            costs: 1e6,
            rates: 1.0,
        };
        let turn = |cpu, late| Spent {
            cpu: Duration::from_millis(cpu),
            took: Duration::from_secs(1),
            count: 1000.0,
            octets: 1_100_000,
            late: Duration::from_millis(late),
        };
        let mut spent = Spent::default();
        spent.add(turn(10, 3));
        spent.add(turn(30, 2));
        let sample = spent.sample(unit);
        assert_eq!((sample.cost, sample.rate), (20.0, 1000.0));
        assert_eq!(
            (sample.busy, sample.late, sample.answer),
            (0.02, 3.0, 1100.0)
        );
    }

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![4.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }
}
