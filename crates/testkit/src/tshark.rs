//! Wireshark's dissectors as a judge of captures.

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{fs, thread};

use serde_json::Value;

use crate::skip;

/// What `tshark` makes of a capture (pcap or pcapng, as octets): one JSON value for each packet,
/// in which a field that occurs several times is an array. `decode_as` are rules such as
/// `udp.port==6969,tftp`. `None`, with a line on stderr for the test `name`, when tshark is not
/// installed.
///
/// The user's own Wireshark configuration is not read.
///
/// # Panics
/// When tshark fails, and when it is missing although the environment variable `WIRELORE_INTEROP`
/// is `require`.
#[must_use]
pub fn dissect(name: &str, capture: &[u8], decode_as: &[&str]) -> Option<Vec<Value>> {
    let mut command = Command::new("tshark");
    command
        .args(["-n", "-r", "-", "-T", "json", "--no-duplicate-keys"])
        .args(decode_as.iter().flat_map(|rule| ["-d", rule]))
        .env("WIRESHARK_CONFIG_DIR", "/nonexistent")
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            skip(name, "tshark is not installed");
            return None;
        }
        Err(error) => panic!("{name}: tshark: {error}"),
    };
    let stdin = child.stdin.take();
    let output = thread::scope(|scope| {
        scope.spawn(|| {
            // When tshark closes its input early, its exit status says why.
            let _ = stdin.map(|mut stdin| stdin.write_all(capture));
        });
        child.wait_with_output()
    });
    let output = output.unwrap_or_else(|error| panic!("{name}: tshark: {error}"));
    assert!(
        output.status.success(),
        "{name}: tshark: {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    match serde_json::from_slice(&output.stdout) {
        Ok(packets) => Some(packets),
        Err(error) => panic!("{name}: tshark wrote no JSON: {error}"),
    }
}

/// [`dissect`] for a file.
///
/// # Panics
/// Also when the file cannot be read.
#[must_use]
pub fn dissect_file(name: &str, path: &Path, decode_as: &[&str]) -> Option<Vec<Value>> {
    match fs::read(path) {
        Ok(capture) => dissect(name, &capture, decode_as),
        Err(error) => panic!("{name}: {}: {error}", path.display()),
    }
}

/// Every value that the field `name` ("tftp.opcode") has anywhere in `packet`, in order.
#[must_use]
pub fn field<'p>(packet: &'p Value, name: &str) -> Vec<&'p str> {
    let mut values = Vec::new();
    let mut waiting = vec![(packet, false)];
    while let Some((value, wanted)) = waiting.pop() {
        match value {
            Value::Object(map) => {
                // Reversed, because the last one in is the first one out.
                waiting.extend(map.iter().rev().map(|(key, value)| (value, key == name)));
            }
            Value::Array(array) => waiting.extend(array.iter().rev().map(|value| (value, wanted))),
            Value::String(text) if wanted => values.push(text.as_str()),
            _ => {}
        }
    }
    values
}

/// The names of the protocols in `packet`, from the outermost: `eth:ethertype:ip:udp:tftp`.
#[must_use]
pub fn protocols(packet: &Value) -> &str {
    field(packet, "frame.protocols")
        .first()
        .copied()
        .unwrap_or_default()
}
