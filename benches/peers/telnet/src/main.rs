//! Our TELNET receiver and other people's, measured side by side.
//!
//! `cargo run --release --bin telnet-peers` in this folder takes a minute or two. A table for people goes
//! to standard error, a JSON line for each bar to standard output; the exit status is 1 when a bar is
//! missed, 2 when nothing could be measured. `docs/benchmarks.md` says how to read it.
//!
//! - `readers.rs`: our receiver and the crates, behind one function each
//! - `libtelnet.rs`, `libtelnet.c`: the library in C, in a program that is compiled here
//! - `plain.rs`: the stream read in the plainest way, which says what the data is
//! - `measure.rs`: instructions and CPU time of a program that reads a stream

mod libtelnet;
mod measure;
mod plain;
mod readers;

use measure::Reader;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use wirelore_benches::telnet::{CLEAN, DOUBLED, OPTIONS};

/// The streams, and how much of a peer's instructions we want to need at most.
const STREAMS: [(&str, f64); 3] = [("clean", 0.2), ("doubled", 0.2), ("options", 0.667)];

/// Rounds of CPU time. It is shown; the bars are about instructions.
const ROUNDS: usize = 5;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["read", reader, stream, passes] => readers::run(reader, stream, passes).map(|()| true),
        [] => compare(),
        _ => Err("no arguments are known".to_owned()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            eprintln!("telnet-peers: {why}");
            ExitCode::from(2)
        }
    }
}

/// Measures everything; whether all bars were passed.
fn compare() -> Result<bool, String> {
    let scratch = tempfile::tempdir().map_err(|e| e.to_string())?;
    let all = readers(scratch.path())?;
    for (name, reader) in &all {
        match reader {
            Ok(reader) => eprintln!("{name:<13} {}", reader.version),
            Err(why) => eprintln!("{name:<13} MISSING: {why}"),
        }
    }
    let mut passed = Vec::new();
    for (stream, wanted) in STREAMS {
        let path = write(scratch.path(), stream)?;
        let measured = Measured::all(&all, &path)?;
        measured.show(stream);
        passed.extend(measured.bars(stream, wanted));
    }
    Ok(!passed.contains(&false))
}

/// A name, and the program or why there is none.
type Named = (&'static str, Result<Reader, String>);

fn readers(scratch: &Path) -> Result<Vec<Named>, String> {
    let mut all: Vec<Named> = Vec::new();
    for (name, version) in readers::NAMES {
        all.push((name, Ok(Reader::own(name, version)?)));
    }
    all.push((libtelnet::NAME, libtelnet::build(scratch)));
    Ok(all)
}

fn octets(stream: &str) -> &'static [u8] {
    match stream {
        "clean" => &CLEAN,
        "doubled" => &DOUBLED,
        _ => &OPTIONS,
    }
}

fn write(folder: &Path, stream: &str) -> Result<PathBuf, String> {
    let path = folder.join(stream);
    fs::write(&path, octets(stream)).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(path)
}

/// One stream, read by everybody.
struct Measured(Vec<(&'static str, Result<Figures, String>)>);

/// Of one reader.
struct Figures {
    /// For each octet of the stream.
    instructions: f64,
    /// CPU time for each octet, the median of the rounds.
    nanoseconds: f64,
    /// How the data that was delivered compares with what is meant.
    data: String,
}

impl Measured {
    fn all(all: &[Named], path: &Path) -> Result<Self, String> {
        let stream = fs::read(path).map_err(|e| e.to_string())?;
        let meant = plain::data(&stream);
        let per_octet = |total: f64| total / stream.len() as f64;
        // everybody has a turn in every round
        let mut times = vec![Vec::new(); all.len()];
        for _ in 0..ROUNDS {
            for ((_, reader), times) in all.iter().zip(&mut times) {
                times.push(reader.as_ref().map(|r| r.nanoseconds(path)));
            }
        }
        let figures = |reader: &Reader, times: Vec<_>| {
            let mut times = times.into_iter().collect::<Result<Vec<f64>, String>>()?;
            times.sort_by(f64::total_cmp);
            Ok(Figures {
                instructions: per_octet(reader.instructions(path)?),
                nanoseconds: per_octet(times[times.len() / 2]),
                data: plain::difference(&meant, &reader.data(path)?),
            })
        };
        let measured = all.iter().zip(times).map(|((name, reader), times)| {
            let measured = reader.as_ref().map_err(Clone::clone);
            let measured =
                measured.and_then(|reader| figures(reader, times.into_iter().flatten().collect()));
            (*name, measured)
        });
        Ok(Self(measured.collect()))
    }

    fn show(&self, stream: &str) {
        eprintln!("\n{stream}: {} octets", octets(stream).len());
        eprintln!(
            "{:<13} {:>18} {:>10}  data",
            "reader", "instructions/octet", "ns/octet"
        );
        for (name, figures) in &self.0 {
            match figures {
                Ok(Figures {
                    instructions,
                    nanoseconds,
                    data,
                }) => {
                    eprintln!("{name:<13} {instructions:>18.3} {nanoseconds:>10.3}  {data}");
                }
                Err(why) => eprintln!("{name:<13} {why}"),
            }
        }
    }

    /// One line for each peer; which of them passed.
    fn bars(&self, stream: &str, wanted: f64) -> Vec<bool> {
        let ours = self.instructions(readers::OURS);
        let is_peer = |name: &&'static str| !name.starts_with(readers::OURS);
        let peers = self.0.iter().map(|(name, _)| *name).filter(is_peer);
        let bar = |name: &str| {
            let peer = self.instructions(name);
            let ratio = ours.zip(peer).map(|(ours, peer)| ours / peer);
            let pass = ratio.is_some_and(|ratio| ratio <= wanted);
            let line = json!({
                "bar": format!("telnet-peers-{stream}-{name}-instructions-per-octet"),
                "ours": rounded(ours),
                "peer": rounded(peer),
                "ratio": rounded(ratio),
                "wanted": format!("<= {wanted}"),
                "pass": pass,
            });
            println!("{line}");
            pass
        };
        peers.map(bar).collect()
    }

    fn instructions(&self, name: &str) -> Option<f64> {
        let (_, figures) = self.0.iter().find(|(reader, _)| *reader == name)?;
        figures.as_ref().ok().map(|figures| figures.instructions)
    }
}

fn rounded(figure: Option<f64>) -> Value {
    figure.map_or(Value::Null, |figure| {
        json!((figure * 1000.0).round() / 1000.0)
    })
}
