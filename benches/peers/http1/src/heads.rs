//! The four heads that are parsed.

/// A head, and what every parser must find in it.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// What the tables and bars call it.
    pub(crate) name: &'static str,
    /// Whether it is a response's.
    pub(crate) response: bool,
    /// From the first octet of the start line to the empty line.
    pub(crate) octets: Vec<u8>,
    /// How many field lines there are.
    pub(crate) fields: usize,
}

/// How long the body is that the response announces.
pub(crate) const RESPONSE_LENGTH: u64 = 14_302;

/// Name, octets and fields of each head.
const SIZES: [(&str, usize, usize); 4] = [
    ("small", 37, 1),
    ("browser", 685, 13),
    ("response", 349, 11),
    ("big", 4095, 6),
];

/// The heads; an error when one has not the octets and fields it is known by.
pub(crate) fn all() -> Result<Vec<Head>, String> {
    let heads = vec![small(), browser(), response(), big()];
    for (head, (name, octets, fields)) in heads.iter().zip(SIZES) {
        let lines = head.octets.windows(2).filter(|two| two == b"\r\n").count();
        // the start line and the empty line have one each
        if (head.name, head.octets.len(), head.fields, lines) != (name, octets, fields, fields + 2)
        {
            return Err(format!(
                "the head {name} has {} octets and {} lines, not {octets} and {}",
                head.octets.len(),
                lines,
                fields + 2
            ));
        }
    }
    Ok(heads)
}

/// The shortest request that is one.
fn small() -> Head {
    let mut text = Text::new("GET / HTTP/1.1");
    text.field("Host", "example.com");
    text.head("small", false)
}

/// What a browser sends for a page on a site that knows it already.
fn browser() -> Head {
    let mut text = Text::new("GET /gazette/1994/08/dispatches-from-the-wire?ref=front HTTP/1.1");
    text.field("Host", "gazette.example.org");
    text.field("Connection", "keep-alive");
    text.field("Upgrade-Insecure-Requests", "1");
    text.field(
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    );
    text.field(
        "Accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    );
    text.field("Accept-Language", "en-GB,en;q=0.7,is;q=0.3");
    text.field("Accept-Encoding", "gzip, deflate, br, zstd");
    text.field("Referer", "http://gazette.example.org/");
    text.field("Sec-Fetch-Dest", "document");
    text.field("Sec-Fetch-Mode", "navigate");
    text.field("Sec-Fetch-Site", "same-origin");
    text.field("Priority", "u=0, i");
    text.cookies_up_to(685);
    text.head("browser", false)
}

/// A server's answer with short fields, as most of them are.
fn response() -> Head {
    let mut text = Text::new("HTTP/1.1 200 OK");
    text.field("Date", "Wed, 17 Aug 1994 09:30:00 GMT");
    text.field("Server", "gazette/2.1 (Debian)");
    text.field("Content-Type", "text/html; charset=utf-8");
    text.field("Content-Length", &RESPONSE_LENGTH.to_string());
    text.field("Connection", "keep-alive");
    text.field("Last-Modified", "Tue, 16 Aug 1994 22:05:41 GMT");
    text.field("ETag", "\"37de-6a1f09c2\"");
    text.field("Cache-Control", "max-age=600");
    text.field("Vary", "Accept-Encoding");
    text.field("Accept-Ranges", "bytes");
    text.field("X-Request-Id", "b81c44f0a97e4d36a2");
    text.head("response", true)
}

/// A request that carries 3.9 KB of cookies.
fn big() -> Head {
    let mut text = Text::new("GET /account/orders HTTP/1.1");
    text.field("Host", "shop.example.net");
    text.field("Connection", "keep-alive");
    text.field("User-Agent", "Mozilla/5.0 (compatible)");
    text.field("Accept", "text/html,*/*;q=0.8");
    text.field("Accept-Encoding", "gzip");
    text.cookies_up_to(4095);
    text.head("big", false)
}

/// A head in the making.
struct Text {
    octets: Vec<u8>,
    fields: usize,
}

impl Text {
    fn new(start_line: &str) -> Self {
        Self {
            octets: format!("{start_line}\r\n").into_bytes(),
            fields: 0,
        }
    }

    fn field(&mut self, name: &str, value: &str) {
        self.octets
            .extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        self.fields += 1;
    }

    /// A cookie field of such a length that the head ends after `total` octets.
    fn cookies_up_to(&mut self, total: usize) {
        let around = b"Cookie: \r\n\r\n".len();
        let room = total.saturating_sub(self.octets.len() + around);
        let pairs =
            (1..).map(|n: usize| format!("c{n}=v{:08x}; ", n.wrapping_mul(0x9E37_79B1) as u32));
        let mut value = String::new();
        for pair in pairs.take_while(|_| room > 0) {
            value.push_str(&pair);
            if value.len() >= room {
                break;
            }
        }
        value.truncate(room);
        // neither a blank nor a semicolon at the end
        let value = value.trim_end_matches([' ', ';', '=']);
        self.field("Cookie", &format!("{value:x<room$}"));
    }

    fn head(mut self, name: &'static str, response: bool) -> Head {
        self.octets.extend_from_slice(b"\r\n");
        Head {
            name,
            response,
            octets: self.octets,
            fields: self.fields,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_exact() {
        let heads = all().unwrap();
        let sizes: Vec<_> = heads
            .iter()
            .map(|head| (head.name, head.octets.len(), head.fields))
            .collect();
        assert_eq!(sizes, SIZES);
        assert!(heads.iter().all(|head| head.octets.ends_with(b"\r\n\r\n")));
    }
}
