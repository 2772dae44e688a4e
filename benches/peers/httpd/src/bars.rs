//! What our servers promise against their peers, and whether they keep it.

use crate::rounds::{Series, median};
use serde_json::{Value, json};

/// One promise, which is always that something is at most so much, and what was measured.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    name: String,
    ours: Option<f64>,
    peer: Option<f64>,
    ratio: Option<f64>,
    wanted: f64,
    /// What is wanted so: the ratio, or ours.
    judged: Option<f64>,
    /// Why it cannot be judged.
    about: String,
}

impl Bar {
    /// A promise about the ratio of our cost to the peer's.
    pub(crate) fn compare(name: &str, ours: &Series, peer: &Series, wanted: f64) -> Self {
        let ratio = ours.ratio(peer);
        let fault = |of: &Series| Some(format!("{}: {}", of.name, of.failure.as_ref()?));
        let faults: Vec<_> = [ours, peer].into_iter().filter_map(fault).collect();
        Self {
            name: format!("httpd-{name}"),
            ours: ours.cost(),
            peer: peer.cost(),
            ratio,
            wanted,
            judged: ratio,
            about: faults.join("; "),
        }
    }

    /// A promise about a figure itself. The peer's is for the record.
    pub(crate) fn absolute(
        name: &str,
        ours: Result<f64, String>,
        peer: Option<f64>,
        wanted: f64,
    ) -> Self {
        let figure = ours.as_ref().ok().copied();
        Self {
            name: format!("httpd-{name}"),
            ours: figure,
            peer,
            ratio: figure.map(|ours| ours / wanted),
            wanted,
            judged: figure,
            about: ours.err().unwrap_or_default(),
        }
    }

    fn passes(&self) -> bool {
        self.judged.is_some_and(|figure| figure <= self.wanted)
    }

    /// Prints the JSON line on standard output, and a line for people on standard error. Returns
    /// whether the bar was passed.
    pub(crate) fn print(&self) -> bool {
        println!("{}", self.json());
        let verdict = if self.passes() { "passed" } else { "MISSED" };
        let figure = self.judged.map_or("-".to_owned(), |n| format!("{n:.3}"));
        let line = format!(
            "{verdict} {}: {figure}, wanted <= {}",
            self.name, self.wanted
        );
        eprintln!("{}", format!("{line} {}", self.about).trim_end());
        self.passes()
    }

    fn json(&self) -> Value {
        json!({
            "bar": self.name,
            "ours": rounded(self.ours),
            "peer": rounded(self.peer),
            "ratio": rounded(self.ratio),
            "wanted": format!("<= {}", self.wanted),
            "pass": self.passes(),
        })
    }
}

/// The line for a peer that runs alone.
pub(crate) fn baseline(name: &str, peer: &str, unit: &str, figures: &[f64]) {
    let least = figures.iter().copied().reduce(f64::min);
    let greatest = figures.iter().copied().reduce(f64::max);
    let line = json!({
        "baseline": format!("httpd-{name}"),
        "peer": peer,
        "figure": rounded(median(figures.to_vec())),
        "least": rounded(least),
        "greatest": rounded(greatest),
        "unit": unit,
    });
    println!("{line}");
}

fn rounded(figure: Option<f64>) -> Option<f64> {
    figure.map(|figure| (figure * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_passed_by_at_most_what_is_wanted() {
        let bar = |figure| Bar::absolute("calls", Ok(figure), Some(3.0), 2.0);
        assert!(bar(2.0).passes());
        assert!(!bar(2.001).passes());
        assert_eq!(bar(1.0).ratio, Some(0.5));
    }

    #[test]
    fn who_is_missing_passes_nothing_and_is_named() {
        let missing = |name, why: &str| Series {
            name,
            samples: Vec::new(),
            failure: Some(why.into()),
        };
        let (ours, peer) = (missing("ours", "no such example"), missing("hyper", "gone"));
        let bar = Bar::compare("hello", &ours, &peer, 1.0);
        assert!(!bar.passes());
        assert_eq!(bar.about, "ours: no such example; hyper: gone");
        assert_eq!(bar.json()["ratio"], Value::Null);
    }
}
