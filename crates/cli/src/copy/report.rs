//! What is said about a copy that is over.

use super::audit::Checksum;
use super::progress::{rate, seconds};
use super::remote::{Facts, Outcome};
use serde::Serialize;
use serde_json::{Map, Value};

/// A copy that is over, as programs read it.
#[derive(Serialize)]
pub(crate) struct Report {
    source: String,
    destination: String,
    bytes: u64,
    seconds: f64,
    retransmits: Option<u64>,
    options: Option<Map<String, Value>>,
    /// The options of the second transfer, where there were two.
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_options: Option<Map<String, Value>>,
    digest: Option<String>,
    exit_code: u8,
    error: Option<String>,
}

impl Report {
    pub(crate) fn new(
        (source, destination): (String, String),
        outcome: &Outcome,
        second: Option<&Facts>,
        digest: Option<&Checksum>,
    ) -> Self {
        let failure = outcome.result.as_ref().err();
        Self {
            source,
            destination,
            bytes: outcome.octets,
            seconds: (outcome.elapsed.as_secs_f64() * 1e6).round() / 1e6,
            retransmits: outcome.retransmissions,
            options: map(&outcome.options),
            destination_options: second.and_then(map),
            digest: digest.map(ToString::to_string),
            exit_code: failure.map_or(0, |failure| failure.code.0),
            error: failure.map(|failure| failure.text.clone()),
        }
    }

    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn map(options: &Facts) -> Option<Map<String, Value>> {
    let pair = |(name, value): &(&str, Value)| ((*name).to_owned(), value.clone());
    (!options.is_empty()).then(|| options.iter().map(pair).collect())
}

/// The last line for people, if all went well.
pub(crate) fn line(outcome: &Outcome) -> String {
    let Outcome {
        octets,
        elapsed,
        retransmissions,
        options,
        ..
    } = outcome;
    let bytes = if *octets == 1 { "byte" } else { "bytes" };
    let (time, rate) = (seconds(*elapsed), rate(*octets, *elapsed));
    let mut line = format!("{octets} {bytes} copied in {time} ({rate})");
    match retransmissions {
        None => {}
        Some(1) => line += ", 1 retransmission",
        Some(count) => line += &format!(", {count} retransmissions"),
    }
    for (name, value) in options {
        match value.as_u64() {
            // what is only for programs
            None => {}
            Some(_) if ["tsize", "status"].contains(name) => {}
            Some(0) if ["redirects", "retries"].contains(name) => {}
            Some(value) => line += &format!(", {name} {value}"),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_last_line_has_everything_on_it() {
        let mut outcome = Outcome {
            octets: 12345,
            elapsed: Duration::from_millis(3100),
            retransmissions: Some(2),
            options: vec![
                ("blksize", 1428.into()),
                ("windowsize", 8.into()),
                ("tsize", 12345.into()),
                ("etag", "x".into()),
            ],
            result: Ok(()),
            name: None,
        };
        let wanted = "12345 bytes copied in 3.1 s (3.9 KiB/s), 2 retransmissions, blksize 1428, \
                      windowsize 8";
        assert_eq!(line(&outcome), wanted);
        (outcome.octets, outcome.retransmissions) = (1, None);
        outcome.options.clear();
        assert_eq!(line(&outcome), "1 byte copied in 3.1 s (0 B/s)");
    }
}
