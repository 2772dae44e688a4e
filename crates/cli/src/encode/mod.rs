//! `wirelore encode`: the events that `decode` prints, back to wire bytes.

mod http1;
mod telnet;
mod tftp;

use crate::decode::cases;
use crate::decode::json::{self, BadCase, Config, ErrorObject, Line};
use crate::decode::read;
use crate::exit::{Failure, Verdict};
use serde::Serialize;
use serde_json::Value;
use std::io::{self, Write};
use std::path::PathBuf;

/// A protocol that can be encoded.
struct Encoder {
    name: &'static str,
    /// Events and configuration to octets.
    encode: fn(&[Value], &Config) -> Result<Vec<u8>, ErrorObject>,
}

/// All of them, sorted by name.
const ENCODERS: &[Encoder] = &[
    Encoder {
        name: "http1-request",
        encode: http1::encode_request,
    },
    Encoder {
        name: "http1-response",
        encode: http1::encode_response,
    },
    Encoder {
        name: "telnet",
        encode: telnet::encode,
    },
    Encoder {
        name: "tftp",
        encode: tftp::encode,
    },
];

const EXAMPLES: &str = "\
Examples:
  echo '{\"event\":\"ack\",\"block\":7}' | wirelore encode tftp --hex
  wirelore decode tftp --json request.bin | wirelore encode tftp > same.bin
  wirelore decode tftp --cases < cases.jsonl | wirelore encode tftp --cases

Encoders: http1-request, http1-response, telnet, tftp.
Exit codes: 0 the events were encoded (with --cases: every line was answered), 1 they were not,
2 wrong use.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The encoder
    name: String,
    /// JSON: one event, an array of events or an object that `decode --json` printed; stdin
    /// without it
    file: Option<PathBuf>,
    /// Print hex digits instead of raw octets
    #[arg(long)]
    hex: bool,
    /// Answer JSON Lines on stdin, each with one line of JSON
    #[arg(long, conflicts_with_all = ["file", "hex"])]
    cases: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Failure> {
    let name = arguments.name.as_str();
    let Ok(index) = ENCODERS.binary_search_by_key(&name, |encoder| encoder.name) else {
        let name = name.escape_debug();
        return Err(Failure::Usage(format!(
            "no encoder \"{name}\": see wirelore encode --help"
        )));
    };
    let encoder = &ENCODERS[index];
    if arguments.cases {
        return cases::answer_stdin(|line| answer(encoder, line));
    }
    let input = read(arguments.file.as_deref(), false)?;
    let refused = |why| Failure::Input(format!("not events in JSON: {why}"));
    let (events, config) = events(&input).map_err(refused)?;
    let octets = (encoder.encode)(&events, &config)
        .map_err(|error| Failure::Input(format!("{} [{}]", error.message, error.kind)))?;
    let mut out = io::stdout();
    if arguments.hex {
        writeln!(out, "{}", hex::encode(&octets))?;
    } else {
        out.write_all(&octets)?;
    }
    out.flush()?;
    Ok(Verdict::Good)
}

fn events(input: &[u8]) -> Result<(Vec<Value>, Config), BadCase> {
    match serde_json::from_slice(input).map_err(|error| error.to_string())? {
        Value::Array(events) => Ok((events, Config::new())),
        Value::Object(event) if event.contains_key("event") => {
            Ok((vec![event.into()], Config::new()))
        }
        Value::Object(_) => {
            let line = Line::parse(input)?;
            Ok((events_of(&line)?, line.config()?))
        }
        _ => Err("neither an array nor an object".into()),
    }
}

fn events_of(line: &Line<'_>) -> Result<Vec<Value>, BadCase> {
    match line.value("events")? {
        Some(Value::Array(events)) => Ok(events),
        Some(_) => Err("events: not an array".into()),
        None => Err("events: missing".into()),
    }
}

fn answer(encoder: &Encoder, line: &[u8]) -> String {
    #[derive(Serialize)]
    struct Answer<I> {
        id: I,
        hex: Option<String>,
        error: Option<ErrorObject>,
    }
    let (id, result) = match Line::parse(line) {
        Err(why) => (None, Err(ErrorObject::bad_case(why))),
        Ok(line) => {
            let input = events_of(&line).and_then(|events| Ok((events, line.config()?)));
            let result = input
                .map_err(ErrorObject::bad_case)
                .and_then(|(events, config)| (encoder.encode)(&events, &config));
            (line.id(), result)
        }
    };
    let (octets, error) = result.map_or_else(|e| (None, Some(e)), |octets| (Some(octets), None));
    json::line(&Answer {
        id,
        hex: octets.map(hex::encode),
        error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(ENCODERS.is_sorted_by_key(|encoder| encoder.name));
    }
}
