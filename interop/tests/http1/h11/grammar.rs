//! Messages made up along the grammar, now and then with a fault.

use wirelore_testkit::Rng;

use super::Case;

/// A pipeline of requests, or responses to some.
pub(crate) fn case(rng: &mut Rng, seed: u64) -> Case {
    let mut octets = Vec::new();
    let count = 1 + rng.index(4);
    let mut methods = Vec::new();
    let responses = seed % 3 == 2;
    for _ in 0..count {
        if responses {
            let method = *rng.pick(&["GET", "GET", "POST", "HEAD"]);
            response(rng, method, &mut octets);
            methods.push(method);
        } else {
            request(rng, &mut octets);
        }
    }
    while rng.chance_per_mille(250) {
        damage(rng, &mut octets);
    }
    Case { name: format!("seed {seed}"), methods, octets }
}

fn request(rng: &mut Rng, out: &mut Vec<u8>) {
    let method = *rng.pick(&["GET", "GET", "HEAD", "POST", "PUT", "OPTIONS", "PATCH", "FROB"]);
    let target = *rng.pick(&["/", "/a/b?c=d", "/%41;x=y", "http://example.com/z", "/~"]);
    let version = *rng.pick(&["1.1", "1.1", "1.1", "1.1", "1.1", "1.0"]);
    out.extend_from_slice(format!("{method} {target} HTTP/{version}\r\n").as_bytes());
    if version == "1.1" || rng.chance_per_mille(500) {
        out.extend_from_slice(
            rng.pick(&["Host: example.com\r\n", "hOST:example.com:80 \t\r\n"]).as_bytes(),
        );
    }
    rest(rng, version, true, false, out);
}

fn response(rng: &mut Rng, method: &str, out: &mut Vec<u8>) {
    if rng.chance_per_mille(100) {
        let interim = *rng.pick(&["100 Continue", "103 Early Hints", "199 "]);
        out.extend_from_slice(format!("HTTP/1.1 {interim}\r\nX-I: 1\r\n\r\n").as_bytes());
    }
    let version = *rng.pick(&["1.1", "1.1", "1.1", "1.1", "1.1", "1.0"]);
    let status =
        *rng.pick(&["200 OK", "204 No Content", "206 ", "304", "404 Not \tFound", "500 \u{e4}"]);
    let line = format!("HTTP/{version} {status}\r\n");
    out.extend(line.chars().map(|letter| letter as u8));
    let bare = method == "HEAD" || status.starts_with("204") || status.starts_with("304");
    rest(rng, version, false, bare, out);
}

/// Fields and body; `bare` when the body is only spoken of.
fn rest(rng: &mut Rng, version: &str, request: bool, bare: bool, out: &mut Vec<u8>) {
    let mut lines: Vec<Vec<u8>> = (0..rng.index(6)).map(|_| field(rng)).collect();
    let mut body = Vec::new();
    let place = rng.index(lines.len() + 1);
    match rng.below(10) {
        0..3 => {
            // without a length, the end of the stream ends a response
            if !request {
                lines.insert(place, b"Content-Length: 0".to_vec());
            }
        }
        3..6 => {
            body = octets(rng, 40);
            let len = body.len();
            let value = match rng.below(8) {
                0 => format!("00{len}"),
                1 => format!("{len}, {len}"),
                _ => len.to_string(),
            };
            lines.insert(place, format!("Content-Length: {value}").into_bytes());
            if rng.chance_per_mille(60) {
                let other = if rng.chance_per_mille(500) { len } else { len + 1 };
                lines.push(format!("content-length:{other}").into_bytes());
            }
        }
        _ if version == "1.0" && rng.chance_per_mille(800) => {}
        _ => {
            let coding = match rng.below(40) {
                0 => "gzip, chunked",
                1 => "gzip",
                2 => "CHUNKED",
                _ => "chunked",
            };
            lines.insert(place, format!("Transfer-Encoding: {coding}").into_bytes());
            if rng.chance_per_mille(30) {
                lines.push(b"Content-Length: 3".to_vec());
            }
            chunks(rng, &mut body);
        }
    }
    match rng.below(30) {
        0 => lines.push(b"Connection: close".to_vec()),
        1 => lines.push(b"Connection: x-a , Close".to_vec()),
        2 | 3 => lines.push(b"Connection: keep-alive".to_vec()),
        4 if request => lines.push(b"Expect: 100-continue".to_vec()),
        5 if request => lines.push(b"Connection: upgrade\r\nUpgrade: x/1".to_vec()),
        _ => {}
    }
    for line in lines {
        out.extend_from_slice(&line);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    if !bare {
        out.extend_from_slice(&body);
    }
}

fn field(rng: &mut Rng) -> Vec<u8> {
    let name = *rng.pick(&["X-Field", "a", "!#$%&'*+-.^_`|~09", "Accept", "TE", "Trailer", "Date"]);
    let mut line = name.as_bytes().to_vec();
    line.extend_from_slice(rng.pick(&[":", ": ", ":\t", ": \t "]).as_bytes());
    for _ in 0..rng.index(12) {
        let octet = match rng.below(12) {
            0 => b' ',
            1 => b'\t',
            2 => b',',
            3 => b'"',
            4 => 0x80 + rng.below(0x80) as u8,
            _ => 0x21 + rng.below(0x7e - 0x21 + 1) as u8,
        };
        line.push(octet);
    }
    line.extend_from_slice(rng.pick(&["", "", " ", "\t "]).as_bytes());
    line
}

fn octets(rng: &mut Rng, most: u64) -> Vec<u8> {
    let len = rng.below(most) as usize;
    rng.octets(len)
}

fn chunks(rng: &mut Rng, out: &mut Vec<u8>) {
    for _ in 0..rng.index(4) {
        let mut data = octets(rng, 40);
        data.push(b'.');
        let size = match rng.below(4) {
            0 => format!("{:X}", data.len()),
            1 => format!("{:04x}", data.len()),
            _ => format!("{:x}", data.len()),
        };
        out.extend_from_slice(size.as_bytes());
        extension(rng, out);
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&data);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(rng.pick(&["0", "0", "000"]).as_bytes());
    extension(rng, out);
    out.extend_from_slice(b"\r\n");
    if rng.chance_per_mille(300) {
        for _ in 0..1 + rng.index(2) {
            out.extend_from_slice(&field(rng));
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(b"\r\n");
}

fn extension(rng: &mut Rng, out: &mut Vec<u8>) {
    let text = match rng.below(24) {
        0 => ";a",
        1 => ";a=b;c",
        2 => ";a=\"b \\\" c\"",
        3 if rng.chance_per_mille(300) => " ;\ta = b",
        _ => "",
    };
    out.extend_from_slice(text.as_bytes());
}

/// One fault at a random place.
fn damage(rng: &mut Rng, octets: &mut Vec<u8>) {
    if octets.is_empty() {
        return;
    }
    let at = rng.index(octets.len());
    match rng.below(6) {
        0 => octets.truncate(at),
        1 => octets[at] = rng.next_u64() as u8,
        2 => octets.insert(at, *rng.pick(b" \t\r\n\0:;,0x")),
        3 => drop(octets.remove(at)),
        4 => {
            // a line end that is only half there
            let end = octets[at..].iter().position(|&octet| octet == b'\r');
            if let Some(end) = end {
                octets.remove(at + end);
            }
        }
        _ => {
            let end = octets[at..].windows(2).position(|two| two == b"\r\n");
            if let Some(end) = end {
                octets.insert(at + end + 2, b' ');
            }
        }
    }
}
