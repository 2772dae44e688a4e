//! Packets in words, read and written without the crate under test.
//!
//! ```text
//! RRQ name mode option=value ...     WRQ likewise
//! DATA 3 a*512                       512 times `a`; also DATA 3 "text" with \xNN escapes
//! ACK 3
//! ERROR 5 "text"
//! OACK option=value ...
//! hex 00 04 00 00 ff                 whatever is none of these
//! ```

/// The datagram that the words describe.
pub(crate) fn packet(words: &str) -> Vec<u8> {
    let (kind, rest) = words.split_once(' ').unwrap_or((words, ""));
    let mut datagram = match kind {
        "RRQ" => vec![0, 1],
        "WRQ" => vec![0, 2],
        "DATA" => vec![0, 3],
        "ACK" => vec![0, 4],
        "ERROR" => vec![0, 5],
        "OACK" => vec![0, 6],
        "hex" => return hex(rest),
        _ => panic!("no packet: {words}"),
    };
    match kind {
        "RRQ" | "WRQ" | "OACK" => {
            for string in rest.split_whitespace().flat_map(|word| word.split('=')) {
                datagram.extend(string.as_bytes());
                datagram.push(0);
            }
        }
        _ => {
            let (number, text) = rest.split_once(' ').unwrap_or((rest, ""));
            let number: u16 = number.parse().unwrap_or_else(|_| panic!("{words}"));
            datagram.extend(number.to_be_bytes());
            datagram.extend(octets(text));
            if kind == "ERROR" {
                datagram.push(0);
            }
        }
    }
    datagram
}

/// The words for a datagram; what is not exactly one packet is shown in hex.
pub(crate) fn words(datagram: &[u8]) -> String {
    match datagram {
        [0, 1, strings @ .., 0] => format!("RRQ {}", pairs(strings, 2)),
        [0, 2, strings @ .., 0] => format!("WRQ {}", pairs(strings, 2)),
        [0, 3, high, low, payload @ ..] => {
            format!("DATA {} {}", number(*high, *low), payload_words(payload))
        }
        [0, 4, high, low] => format!("ACK {}", number(*high, *low)),
        [0, 5, high, low, text @ .., 0] if !text.contains(&0) => {
            format!("ERROR {} \"{}\"", number(*high, *low), text.escape_ascii())
        }
        [0, 6, strings @ .., 0] => format!("OACK {}", pairs(strings, 0)),
        [0, 6] => "OACK".into(),
        other => {
            let octets: Vec<String> = other.iter().map(|octet| format!("{octet:02x}")).collect();
            format!("hex {}", octets.join(" "))
        }
    }
}

/// The octets of pairs of hexadecimal digits, with or without spaces.
pub(crate) fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u32> = (digits.chars().filter(|c| !c.is_whitespace()))
        .map(|c| c.to_digit(16).unwrap_or_else(|| panic!("{c} is no digit")))
        .collect();
    assert!(digits.len().is_multiple_of(2), "half an octet");
    digits
        .chunks(2)
        .map(|pair| (pair[0] << 4 | pair[1]) as u8)
        .collect()
}

fn octets(text: &str) -> Vec<u8> {
    if let Some((letter, count)) = text.split_once('*') {
        let count = count.parse().unwrap_or_else(|_| panic!("{text}"));
        return vec![letter.as_bytes()[0]; count];
    }
    let text = text.trim_matches('"').as_bytes();
    let mut octets = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (octet, len) = match text[at..] {
            [b'\\', b'n', ..] => (b'\n', 2),
            [b'\\', b'r', ..] => (b'\r', 2),
            [b'\\', b'x', high, low, ..] => {
                let digits = [high, low];
                (hex(std::str::from_utf8(&digits).unwrap())[0], 4)
            }
            [octet, ..] => (octet, 1),
            [] => unreachable!(),
        };
        octets.push(octet);
        at += len;
    }
    octets
}

fn payload_words(payload: &[u8]) -> String {
    match payload {
        [first, rest @ ..] if rest.len() > 1 && rest.iter().all(|octet| octet == first) => {
            format!("{}*{}", first.escape_ascii(), payload.len())
        }
        _ => format!("\"{}\"", payload.escape_ascii()),
    }
}

fn pairs(strings: &[u8], plain: usize) -> String {
    let mut text = String::new();
    for (i, string) in strings.split(|&octet| octet == 0).enumerate() {
        let before = match i {
            0 => "",
            i if i > plain && (i - plain) % 2 == 1 => "=",
            _ => " ",
        };
        text += before;
        text += &string.escape_ascii().to_string();
    }
    text
}

fn number(high: u8, low: u8) -> u16 {
    u16::from_be_bytes([high, low])
}
