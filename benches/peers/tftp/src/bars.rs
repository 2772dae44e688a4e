//! What our server promises against its peers, and whether it keeps it.

use crate::scenarios::{Sample, Scenario, Series, median};
use crate::servers::{LIMIT, OURS};
use serde_json::{Value, json};

/// One promise and what was measured.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    name: String,
    ours: Option<f64>,
    peer: Option<f64>,
    ratio: Option<f64>,
    wanted: Wish,
    /// What is wanted so: the ratio, or ours.
    judged: Option<f64>,
    pass: bool,
    /// The peer's name, or why it cannot be judged.
    about: String,
}

/// How a figure is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wish {
    AtLeast(f64),
    AtMost(f64),
}

/// Whom we are compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Peer {
    /// Whoever is hardest to match, of those that granted the sizes that were asked for.
    Best,
    Named(&'static str),
}

/// A figure of a round.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Figure {
    Rate,
    Cpu,
}

impl Figure {
    pub(crate) fn of(self, sample: &Sample) -> f64 {
        match self {
            Self::Rate => sample.rate,
            Self::Cpu => sample.cpu,
        }
    }

    /// The middle one of our figures divided by a peer's, round by round: what slowed the machine
    /// down in a round slowed both.
    pub(crate) fn ratio(self, ours: &Series, theirs: &Series) -> Option<f64> {
        let done = ours.failure.is_none() && theirs.failure.is_none();
        let rounds = ours.samples.iter().zip(&theirs.samples);
        let ratios = rounds.map(|(ours, theirs)| self.of(ours) / self.of(theirs));
        median(ratios.collect()).filter(|ratio| done && ratio.is_finite())
    }
}

impl Bar {
    /// A promise about the ratio of a figure of ours to a peer's.
    pub(crate) fn compare(
        name: String,
        scenario: &Scenario,
        all: &[Series],
        figure: Figure,
        peer: Peer,
        wanted: Wish,
    ) -> Self {
        let named = |name| all.iter().find(move |series| series.server == name);
        let ours = named(OURS).filter(|ours| ours.granted == scenario.wanted.sizes);
        let candidates = all.iter().filter(|series| match peer {
            Peer::Named(name) => series.server == name,
            Peer::Best => series.server != OURS && series.server != LIMIT,
        });
        let hardest = candidates
            .filter(|series| series.granted == scenario.wanted.sizes)
            .filter_map(|series| Some((figure.ratio(ours?, series)?, series)))
            .min_by(|(a, _), (b, _)| match wanted {
                Wish::AtLeast(_) => a.total_cmp(b),
                Wish::AtMost(_) => b.total_cmp(a),
            });
        let ratio = hardest.map(|(ratio, _)| ratio);
        let about = match (hardest, peer) {
            (Some((_, series)), _) => format!("against {}", series.server),
            (None, _) if ours.is_none_or(|ours| ours.failure.is_some()) => {
                "ours failed or did not grant the sizes".into()
            }
            (None, Peer::Best) => "no peer to compare with".into(),
            (None, Peer::Named(peer)) => format!("no {peer} to compare with"),
        };
        Self {
            name,
            ours: ours.and_then(|ours| ours.median(|sample| figure.of(sample))),
            peer: hardest.and_then(|(_, peer)| peer.median(|sample| figure.of(sample))),
            ratio,
            wanted,
            judged: ratio,
            pass: ratio.is_some_and(|ratio| wanted.is_met_by(ratio)),
            about,
        }
    }

    /// A promise about a figure itself. `peer` is the lowest of the peers, for the record.
    pub(crate) fn absolute(
        name: String,
        ours: Result<f64, String>,
        peer: Option<f64>,
        wanted: Wish,
    ) -> Self {
        let figure = ours.as_ref().ok().copied();
        Self {
            name,
            ours: figure,
            peer,
            ratio: figure.map(|ours| ours / wanted.limit()),
            wanted,
            judged: figure,
            pass: figure.is_some_and(|ours| wanted.is_met_by(ours)),
            about: ours.err().unwrap_or_default(),
        }
    }

    /// Prints the JSON line on standard output, and a line for people on standard error. Returns
    /// whether the bar was passed.
    pub(crate) fn print(&self) -> bool {
        println!("{}", self.json());
        let verdict = if self.pass { "passed" } else { "MISSED" };
        let figure = self.judged.map_or("-".to_owned(), |n| format!("{n:.3}"));
        let line = format!("{verdict} {}: {figure}, wanted {}", self.name, self.wanted);
        eprintln!("{}", format!("{line} {}", self.about).trim_end());
        self.pass
    }

    fn json(&self) -> Value {
        let round = |n: Option<f64>| n.map(|n| (n * 1000.0).round() / 1000.0);
        json!({
            "bar": self.name,
            "ours": round(self.ours),
            "peer": round(self.peer),
            "ratio": round(self.ratio),
            "wanted": self.wanted.to_string(),
            "pass": self.pass,
        })
    }
}

impl Wish {
    fn is_met_by(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(limit) => figure >= limit,
            Self::AtMost(limit) => figure <= limit,
        }
    }

    fn limit(self) -> f64 {
        match self {
            Self::AtLeast(limit) | Self::AtMost(limit) => limit,
        }
    }
}

impl std::fmt::Display for Wish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtLeast(limit) => write!(f, ">= {limit}"),
            Self::AtMost(limit) => write!(f, "<= {limit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Sizes, Trouble, Wanted};
    use crate::scenarios::Load;

    fn series(server: &'static str, rates: &[f64]) -> Series {
        let sample = |&rate: &f64| Sample { rate, cpu: 1.0 };
        Series {
            server,
            samples: rates.iter().map(sample).collect(),
            granted: Sizes::default(),
            trouble: Trouble::default(),
            failure: None,
        }
    }

    fn bar(all: &[Series], peer: Peer) -> Bar {
        let scenario = Scenario {
            name: String::new(),
            wanted: Wanted {
                name: String::new(),
                octets: 1,
                sizes: Sizes::default(),
            },
            load: Load::Single(1),
        };
        let wanted = Wish::AtLeast(0.95);
        Bar::compare("b".into(), &scenario, all, Figure::Rate, peer, wanted)
    }

    #[test]
    fn ours_is_compared_with_the_hardest_peer_round_by_round() {
        let ours = series(OURS, &[50.0, 10.0, 100.0]);
        let slow = series("slow", &[20.0, 5.0, 50.0]);
        let fast = series("fast", &[100.0, 20.0, 200.0]);
        let limit = series(LIMIT, &[900.0, 900.0, 900.0]);
        let all = [ours, slow, fast, limit];
        let best = bar(&all, Peer::Best);
        assert_eq!(
            (best.ratio, best.peer, best.pass),
            (Some(0.5), Some(100.0), false)
        );
        let named = bar(&all, Peer::Named("slow"));
        assert_eq!((named.ratio, named.pass), (Some(2.0), true));
    }

    #[test]
    fn who_failed_or_granted_less_is_no_peer() {
        let ours = series(OURS, &[50.0]);
        let mut failed = series("failed", &[100.0]);
        failed.failure = Some("ERROR 2".into());
        let mut less = series("less", &[100.0]);
        less.granted.block = 500;
        let alone = bar(&[ours.clone(), failed, less], Peer::Best);
        assert_eq!((alone.ratio, alone.pass), (None, false));
        let lost = bar(&[ours], Peer::Named("gone"));
        assert_eq!(
            (lost.ratio, lost.pass, lost.ours),
            (None, false, Some(50.0))
        );
    }
}
