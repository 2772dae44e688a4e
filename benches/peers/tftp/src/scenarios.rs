//! What is measured: the same load on every server, in rounds.

use crate::client::{self, Report, Sizes, Trouble, Wanted};
use crate::crowd;
use crate::pingpong;
use crate::servers::{LIMIT, Server};
use std::time::Duration;

const MIB: f64 = 1024.0 * 1024.0;

/// A load.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) wanted: Wanted,
    pub(crate) load: Load,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Load {
    /// One client, which fetches the file so many times in a round: from each server once, then
    /// from each server again.
    Single(usize),
    /// So many clients at once, each of which fetches the file.
    Crowd(usize),
}

/// One round of one server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// MiB for each second on the wall.
    pub(crate) rate: f64,
    /// Seconds of the server's CPU time for each GiB.
    pub(crate) cpu: f64,
}

/// What one server has done so far in a round.
#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    octets: u64,
    took: Duration,
    cpu: Duration,
}

/// All rounds of one server.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) server: &'static str,
    pub(crate) samples: Vec<Sample>,
    pub(crate) granted: Sizes,
    pub(crate) trouble: Trouble,
    pub(crate) failure: Option<String>,
}

impl Scenario {
    /// Whether two bare sockets can do it, too.
    pub(crate) fn is_lockstep(&self) -> bool {
        matches!(self.load, Load::Single(_)) && self.wanted.sizes.window == 1
    }

    /// Lets every server do it `rounds` times. First each shows, unmeasured, that `content` is what
    /// it sends. Then they take turns; who begins changes from round to round.
    pub(crate) fn run(&self, servers: &[Server], rounds: usize, content: &[u8]) -> Vec<Series> {
        let able = |server: &&Server| server.name != LIMIT || self.is_lockstep();
        let servers: Vec<_> = servers.iter().filter(able).collect();
        let begin = |server: &&Server| {
            let mut series = Series {
                server: server.name,
                samples: Vec::new(),
                granted: Sizes::default(),
                trouble: Trouble::default(),
                failure: None,
            };
            match self.verify(server, content) {
                Ok(report) => series.granted = report.granted,
                Err(why) => series.failure = Some(why),
            }
            series
        };
        let mut all: Vec<_> = servers.iter().map(begin).collect();
        for round in 0..rounds {
            let mut spent = vec![Spent::default(); servers.len()];
            for turn in 0..self.passes() * servers.len() {
                let (pass, at) = (turn / servers.len(), (round + turn) % servers.len());
                let (series, spent) = (&mut all[at], &mut spent[at]);
                // who granted less is not compared, and would only take long
                let less = series.granted != self.wanted.sizes && pass > 0;
                if less || series.failure.is_some() {
                    continue;
                }
                match self.measure(servers[at], spent) {
                    Ok(trouble) => series.trouble += trouble,
                    Err(why) => series.failure = Some(why),
                }
            }
            for (series, spent) in all.iter_mut().zip(&spent) {
                series.samples.extend(spent.sample());
            }
        }
        all
    }

    /// How often a round fetches the file from each server, in turn.
    fn passes(&self) -> usize {
        match self.load {
            Load::Single(passes) => passes,
            Load::Crowd(_) => 1,
        }
    }

    fn verify(&self, server: &Server, content: &[u8]) -> Result<Report, String> {
        let clients = match self.load {
            Load::Single(_) => 1,
            Load::Crowd(clients) => clients,
        };
        let mut seen = vec![0; clients];
        let mut same = true;
        let mut check = |client: usize, piece: &[u8]| {
            let at: usize = seen[client];
            seen[client] += piece.len();
            same &= content.get(at..seen[client]) == Some(piece);
        };
        let report = match self.load {
            _ if server.name == LIMIT => return self.fetch(server),
            Load::Single(_) => {
                client::download(server.address, &self.wanted, |piece| check(0, piece))
            }
            Load::Crowd(clients) => crowd::download(server.address, &self.wanted, clients, check),
        }?;
        let whole = seen.iter().all(|&seen| seen == content.len());
        match same && whole {
            true => Ok(report),
            false => Err("sent something else than the file".into()),
        }
    }

    /// Adds one pass to what a server has spent in this round.
    fn measure(&self, server: &Server, spent: &mut Spent) -> Result<Trouble, String> {
        let cpu = || server.process.cpu().map_err(|e| e.to_string());
        let files = match self.load {
            Load::Single(_) => 1,
            Load::Crowd(clients) => clients as u64,
        };
        let before = cpu()?;
        let report = self.fetch(server)?;
        spent.cpu += cpu()?.saturating_sub(before);
        spent.took += report.took;
        spent.octets += files * self.wanted.octets;
        Ok(report.trouble)
    }

    fn fetch(&self, server: &Server) -> Result<Report, String> {
        let (address, wanted) = (server.address, &self.wanted);
        match self.load {
            _ if server.name == LIMIT => {
                let report = pingpong::play(address, wanted.octets, wanted.sizes.block);
                report.map_err(|e| e.to_string())
            }
            Load::Single(_) => client::download(address, wanted, |_| ()),
            Load::Crowd(clients) => crowd::download(address, wanted, clients, |_, _| ()),
        }
    }
}

impl Spent {
    fn sample(&self) -> Option<Sample> {
        let mib = self.octets as f64 / MIB;
        (self.octets > 0).then(|| Sample {
            rate: mib / self.took.as_secs_f64(),
            cpu: self.cpu.as_secs_f64() / (mib / 1024.0),
        })
    }
}

impl Series {
    /// The middle one of some figure, if every round was done.
    pub(crate) fn median(&self, of: impl Fn(&Sample) -> f64) -> Option<f64> {
        let figures = self.samples.iter().map(of).collect();
        self.failure.is_none().then(|| median(figures))?
    }
}

/// The middle one.
pub(crate) fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let half = figures.len() / 2;
    match figures.len() % 2 {
        _ if figures.is_empty() => None,
        0 => Some((figures[half - 1] + figures[half]) / 2.0),
        _ => Some(figures[half]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 9.0]), Some(3.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }
}
