//! `wirelore decode`: what wire bytes are.

pub(crate) mod cases;
pub(crate) mod http1;
pub(crate) mod json;
mod pcap;
mod render;
mod stream;
pub(crate) mod telnet;
mod telnet_option;
pub(crate) mod tftp;

use crate::exit::{Failure, Verdict};
use json::{BadCase, Case, Config, Line, Outcome};
use render::{Annotation, DIM, LABEL};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// A protocol that can be decoded.
struct Decoder {
    name: &'static str,
    summary: &'static str,
    config: &'static [Key],
    /// Octets to events.
    decode: fn(&Case) -> Result<Outcome, BadCase>,
    /// Octets to words.
    annotate: fn(&[u8], &Config) -> Result<Annotation, BadCase>,
    /// What our own side answered, to words, if it ever answers.
    annotate_sent: Option<fn(&[u8]) -> Annotation>,
    /// Finds the protocol in a capture, if that can be done.
    follow: Option<pcap::Begin>,
}

/// A key of a decoder's configuration.
pub(crate) struct Key {
    name: &'static str,
    default: &'static str,
    meaning: &'static str,
}

/// All of them, sorted by name.
const DECODERS: &[Decoder] = &[
    Decoder {
        name: "http1-request",
        summary: "HTTP requests, one after the other (RFC 9112, 9110, 1945)",
        config: http1::REQUEST_KEYS,
        decode: http1::decode_request,
        annotate: http1::annotate_request,
        annotate_sent: None,
        follow: None,
    },
    Decoder {
        name: "http1-response",
        summary: "HTTP responses to known requests (RFC 9112, 9110, 1945)",
        config: http1::RESPONSE_KEYS,
        decode: http1::decode_response,
        annotate: http1::annotate_response,
        annotate_sent: None,
        follow: None,
    },
    Decoder {
        name: "telnet",
        summary: "a TELNET stream with its negotiation (RFC 854, 855, 1143)",
        config: telnet::KEYS,
        decode: telnet::decode,
        annotate: telnet::annotate,
        annotate_sent: Some(telnet::annotate_sent),
        follow: None,
    },
    Decoder {
        name: "telnet-option",
        summary: "what a TELNET subnegotiation says",
        config: telnet_option::KEYS,
        decode: telnet_option::decode,
        annotate: telnet_option::annotate,
        annotate_sent: None,
        follow: None,
    },
    Decoder {
        name: "tftp",
        summary: "TFTP datagrams with options (RFC 1350, 2347, 2348, 2349, 7440)",
        config: tftp::KEYS,
        decode: tftp::decode,
        annotate: |datagram, _| Ok(tftp::annotate(datagram)),
        annotate_sent: Some(tftp::annotate),
        follow: Some(tftp::follow),
    },
];

const EXAMPLES: &str = "\
Examples:
  wirelore decode tftp request.bin
  echo 0001 6d6f746400 6f6374657400 | wirelore decode tftp --hex
  echo '{\"id\":1,\"hex\":\"00040007\"}' | wirelore decode tftp --cases
  wirelore decode tftp --pcap session.pcapng
  tcpdump -i eth0 -U -w - udp | wirelore decode tftp --pcap - --port 6969 -x

Exit codes: 0 the input was decoded (with --cases: every line was answered), 1 it was not,
2 wrong use.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The decoder: --list names them all
    #[arg(required_unless_present = "list")]
    name: Option<String>,
    /// Raw octets; stdin without it
    file: Option<PathBuf>,
    /// Print the result as one line of JSON
    #[arg(long)]
    json: bool,
    /// The input is hex digits; white space between them does not count
    #[arg(long, conflicts_with = "pcap")]
    hex: bool,
    /// Answer JSON Lines on stdin, each with one line of JSON
    #[arg(long, conflicts_with_all = ["file", "hex", "pcap", "config", "annotate", "full"])]
    cases: bool,
    /// List the decoders and their configuration
    #[arg(long, exclusive = true)]
    list: bool,
    /// Find the protocol in a capture (pcapng or pcap, - is stdin), one line for each datagram
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "config"])]
    pcap: Option<PathBuf>,
    /// Where requests go to in the capture, instead of the protocol's own port (repeatable)
    #[arg(long, value_name = "N", requires = "pcap")]
    port: Vec<u16>,
    /// Annotated hex under every line of a capture
    #[arg(short = 'x', long, requires = "pcap", conflicts_with = "json")]
    annotate: bool,
    /// Show long fields as a whole
    #[arg(long, conflicts_with = "json")]
    full: bool,
    /// Configuration of the decoder: a JSON object, or KEY=VALUE (repeatable)
    #[arg(long, value_name = "CONFIG")]
    config: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Failure> {
    let mut out = anstream::AutoStream::auto(io::stdout());
    let Some(name) = &arguments.name else {
        return list(&mut out);
    };
    let Ok(index) = DECODERS.binary_search_by_key(&name.as_str(), |decoder| decoder.name) else {
        let name = name.escape_debug();
        return Err(Failure::Usage(format!(
            "no decoder \"{name}\": see wirelore decode --list"
        )));
    };
    let decoder = &DECODERS[index];
    if arguments.cases {
        return cases::answer_stdin(|line| answer(decoder, line));
    }
    if let Some(path) = &arguments.pcap {
        let Some(follow) = decoder.follow else {
            let name = decoder.name;
            return Err(Failure::Usage(format!("{name} is not found in captures")));
        };
        let options = pcap::Options {
            ports: arguments.port.clone(),
            json: arguments.json,
            annotate: arguments.annotate,
            full: arguments.full,
        };
        return pcap::run(path, decoder, follow, &options, &mut BufWriter::new(out));
    }
    let case = Case {
        config: config(&arguments.config).map_err(Failure::Usage)?,
        chunks: vec![read(arguments.file.as_deref(), arguments.hex)?],
        eof: true,
    };
    let outcome = (decoder.decode)(&case).map_err(Failure::Usage)?;
    if arguments.json {
        writeln!(out, "{}", json::answer(None::<()>, &outcome))?;
    } else {
        let mut out = BufWriter::new(out);
        let octets = &case.chunks[0];
        let annotation = (decoder.annotate)(octets, &case.config).map_err(Failure::Usage)?;
        page(&annotation, octets, arguments.full, &mut out)?;
        if let Some(annotate) = decoder.annotate_sent
            && !outcome.sent.is_empty()
        {
            write!(out, "\nanswer: ")?;
            let annotation = annotate(&outcome.sent);
            page(&annotation, &outcome.sent, arguments.full, &mut out)?;
        }
        out.flush()?;
    }
    Ok(Verdict::good(outcome.end.error().is_none()))
}

fn answer(decoder: &Decoder, line: &[u8]) -> String {
    let line = match Line::parse(line) {
        Ok(line) => line,
        Err(why) => return json::refusal(None, why),
    };
    match Case::from_line(&line).and_then(|case| (decoder.decode)(&case)) {
        Ok(outcome) => json::answer(line.id(), &outcome),
        Err(why) => json::refusal(line.id(), why),
    }
}

fn page(
    annotation: &Annotation,
    octets: &[u8],
    full: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let s = if octets.len() == 1 { "" } else { "s" };
    writeln!(
        out,
        "{}  {DIM}({} octet{s} in all){DIM:#}\n",
        annotation.title(),
        octets.len()
    )?;
    annotation.write(octets, full, out)
}

fn list(out: &mut impl Write) -> Result<Verdict, Failure> {
    for decoder in DECODERS {
        writeln!(
            out,
            "{LABEL}{:<18}{LABEL:#} {}",
            decoder.name, decoder.summary
        )?;
        let setting = |key: &Key| format!("{} = {}", key.name, key.default);
        let longest = decoder.config.iter().map(|key| setting(key).len()).max();
        let width = longest.unwrap_or_default().max(32);
        for key in decoder.config {
            let setting = setting(key);
            writeln!(out, "    {setting:<width$} {DIM}{}{DIM:#}", key.meaning)?;
        }
    }
    Ok(Verdict::Good)
}

/// The configuration out of the command line: later settings replace earlier ones.
fn config(settings: &[String]) -> Result<Config, String> {
    let mut config = Config::new();
    for setting in settings {
        if setting.trim_start().starts_with('{') {
            let object: Config =
                serde_json::from_str(setting).map_err(|error| format!("--config: {error}"))?;
            config.extend(object);
        } else if let Some((key, value)) = setting.split_once('=') {
            let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            config.insert(key.into(), value);
        } else {
            return Err(format!(
                "--config: {setting:?} is no JSON object and no KEY=VALUE"
            ));
        }
    }
    Ok(config)
}

/// The most octets that are read at once.
const MAX_INPUT: u64 = 256 << 20;

/// Everything in the file, or on stdin.
pub(crate) fn read(file: Option<&Path>, hex: bool) -> Result<Vec<u8>, Failure> {
    let name = file.unwrap_or(Path::new("stdin"));
    let mut octets = Vec::new();
    let mut input = open(file)?.take(MAX_INPUT + 1);
    let read = input.read_to_end(&mut octets);
    read.map_err(|error| Failure::unreadable(name, &error))?;
    let refused = |why| Failure::Input(format!("{}: {why}", name.display()));
    if octets.len() as u64 > MAX_INPUT {
        return Err(refused(format!("longer than {MAX_INPUT} octets")));
    }
    if hex {
        octets.retain(|octet| !octet.is_ascii_whitespace());
        octets = json::unhex(&octets).map_err(refused)?;
    }
    Ok(octets)
}

/// The file, or stdin when there is none or it is called `-`.
fn open(file: Option<&Path>) -> Result<Box<dyn Read>, Failure> {
    match file.filter(|path| path.as_os_str() != "-") {
        None => Ok(Box::new(io::stdin())),
        Some(path) => match File::open(path) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) => Err(Failure::unreadable(path, &error)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(DECODERS.is_sorted_by_key(|decoder| decoder.name));
    }

    #[test]
    fn settings_are_json_or_pairs_and_later_ones_count() {
        let all = |settings: &[&str]| {
            config(&settings.iter().map(|&s| s.to_owned()).collect::<Vec<_>>())
                .map(serde_json::Value::from)
        };
        let found = all(&[r#" {"a":[1],"b":2}"#, "b=true", "c=x=y", r#"d={"e":1}"#]);
        let wanted = serde_json::json!({"a": [1], "b": true, "c": "x=y", "d": {"e": 1}});
        assert_eq!(found, Ok(wanted));
        assert!(all(&["a"]).is_err() && all(&["{a}"]).is_err());
    }
}
