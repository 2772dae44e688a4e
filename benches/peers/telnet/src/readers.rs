//! Our receiver and the crates, each with the same options agreed to: ECHO, SUPPRESS-GO-AHEAD,
//! TERMINAL-TYPE and NAWS on both sides.

use cpu_time::ThreadTime;
use std::hint::black_box;
use std::io::Write;
use wirelore_benches::telnet::{PIECE, receiver};
use wirelore_telnet_nvt::{Event, Input, Machine, Next};

/// Our receiver, which takes data as it comes: that is all the others do.
pub(crate) const OURS: &str = "ours";
/// Our receiver with the rule for CR NUL. It is shown, and not compared.
const OURS_TEXT: &str = "ours-text";
const LIBMUDTELNET: &str = "libmudtelnet";
const LIBTELNET_RS: &str = "libtelnet-rs";

/// Who this program can be.
pub(crate) const NAMES: [(&str, &str); 4] = [
    (OURS, "wirelore-telnet-nvt, Receiver"),
    (OURS_TEXT, "the same with the rule for CR NUL"),
    (LIBMUDTELNET, "the crate, 2.0.2"),
    (LIBTELNET_RS, "the crate, 2.0.0"),
];

/// Plays a reader, as `measure.rs` says.
pub(crate) fn run(reader: &str, stream: &str, passes: &str) -> Result<(), String> {
    let stream = std::fs::read(stream).map_err(|e| format!("{stream}: {e}"))?;
    let passes: u32 = passes.parse().map_err(|_| "not a number of passes")?;
    let mut said = Vec::new();
    if passes == 0 {
        pass(reader, &stream, |data| said.extend_from_slice(data))?;
    } else {
        let start = ThreadTime::now();
        for _ in 0..passes {
            let mut octets = 0;
            pass(reader, &stream, |data| octets += black_box(data).len())?;
            black_box(octets);
        }
        said = start.elapsed().as_nanos().to_string().into_bytes();
    }
    std::io::stdout()
        .write_all(&said)
        .map_err(|e| e.to_string())
}

fn pass(reader: &str, stream: &[u8], data: impl FnMut(&[u8])) -> Result<(), String> {
    match reader {
        OURS => ours(stream, false, data),
        OURS_TEXT => ours(stream, true, data),
        LIBMUDTELNET => libmudtelnet(stream, data),
        LIBTELNET_RS => libtelnet_rs(stream, data),
        _ => return Err(format!("no reader {reader}")),
    }
    Ok(())
}

fn ours(stream: &[u8], nvt: bool, mut data: impl FnMut(&[u8])) {
    let mut machine = receiver(nvt, 1024);
    let mut out = Vec::with_capacity(4096);
    let (mut at, mut end, mut others) = (0, 0, 0);
    while end < stream.len() {
        end = (end + PIECE).min(stream.len());
        loop {
            let Ok(step) = machine.step(Input::more(&stream[at..end]), &mut out);
            at += step.consumed;
            match step.next {
                Next::Event(Event::Data(slice)) => data(slice),
                Next::Event(_) => others += 1,
                Next::NeedMore if step.consumed == 0 => break,
                _ => {}
            }
        }
        black_box(&out);
        out.clear();
    }
    black_box(others);
}

/// The two crates have one ancestor, and the same calls.
macro_rules! parser {
    ($name:ident) => {
        fn $name(stream: &[u8], mut data: impl FnMut(&[u8])) {
            use $name::compatibility::CompatibilityTable;
            use $name::events::TelnetEvents;
            let mut table = CompatibilityTable::new();
            for option in [1, 3, 24, 31] {
                table.support(option);
            }
            let mut parser = $name::Parser::with_support(table);
            let mut others = 0;
            for piece in stream.chunks(PIECE) {
                for event in parser.receive(piece) {
                    match event {
                        TelnetEvents::DataReceive(octets) => data(&octets),
                        _ => others += 1,
                    }
                }
            }
            black_box(others);
        }
    };
}

parser!(libmudtelnet);
parser!(libtelnet_rs);
