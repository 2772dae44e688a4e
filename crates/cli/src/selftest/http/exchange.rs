//! Requests and answers over a connection of this process.

use super::super::judge::Fault;
use super::super::wire::{Wire, shown};
use wirelore_http1::Config;
use wirelore_http1::wire::{Field, Framing, MethodKind, ResponseHead, parse_response};

/// More fields than any answer has.
const FIELDS: usize = 64;

/// An answer with all its body.
pub(super) struct Answer {
    pub(super) head: ResponseHead<Vec<u8>>,
    pub(super) body: Vec<u8>,
}

/// A request without a body, as octets.
pub(super) fn request(method: &str, target: &str, fields: &[&str]) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n");
    for field in fields {
        text += &format!("{field}\r\n");
    }
    (text + "\r\n").into_bytes()
}

/// Sends one, and reads the answer.
pub(super) async fn ask(
    wire: &mut Wire,
    method: &str,
    target: &str,
    fields: &[&str],
) -> Result<Answer, Fault> {
    wire.sends(&request(method, target, fields)).await?;
    answer(wire, method).await
}

/// Reads the answer to a request with this method.
pub(super) async fn answer(wire: &mut Wire, method: &str) -> Result<Answer, Fault> {
    let octets = wire.up_to(b"\r\n\r\n").await?;
    let method = MethodKind::of(method.as_bytes());
    let mut table = [Field::default(); FIELDS];
    let head = match parse_response(&octets, &mut table, method, &Config::default()) {
        Ok(Some(head)) => head.map(<[u8]>::to_vec),
        Ok(None) => return Err(Fault::new("the head of an answer", shown(&octets))),
        Err(error) => {
            let came = format!("{error}: {}", shown(&octets));
            return Err(Fault::new("the head of an answer", came));
        }
    };
    let body = match head.framing() {
        Framing::None => Vec::new(),
        Framing::Length(len) => {
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            wire.take(len).await?
        }
        Framing::UntilEof => wire.rest().await?,
        other => {
            let came = format!("{other:?}");
            return Err(Fault::new("a body with its length", came));
        }
    };
    Ok(Answer { head, body })
}

impl Answer {
    pub(super) fn has_status(&self, status: u16) -> Result<(), Fault> {
        match self.head.status() == status {
            true => Ok(()),
            false => {
                let came = format!("{}: {}", self.head.status(), shown(&self.body));
                Err(Fault::new(format!("status {status}"), came))
            }
        }
    }

    /// It has this status and this body, to the last octet.
    pub(super) fn is(&self, status: u16, body: &[u8]) -> Result<(), Fault> {
        self.has_status(status)?;
        same(body, &self.body)
    }

    /// Whether the connection goes on.
    pub(super) fn goes_on(&self, wanted: bool) -> Result<(), Fault> {
        match self.head.keep_alive() == wanted {
            true => Ok(()),
            false => {
                let words = |on| if on { "goes on" } else { "ends" };
                Err(Fault::new(
                    format!("a head that says the connection {}", words(wanted)),
                    shown(self.head.raw()),
                ))
            }
        }
    }

    /// The value of a field that must be there.
    pub(super) fn field(&self, name: &str) -> Result<String, Fault> {
        match self.head.fields().value(name) {
            Some(value) => Ok(String::from_utf8_lossy(&value).into_owned()),
            None => Err(Fault::new(
                format!("a field {name}"),
                shown(self.head.raw()),
            )),
        }
    }

    /// A field has this value.
    pub(super) fn says(&self, name: &str, wanted: &str) -> Result<(), Fault> {
        match self.field(name)? {
            came if came == wanted => Ok(()),
            came => Err(Fault::new(
                format!("{name}: {wanted}"),
                shown(came.as_bytes()),
            )),
        }
    }
}

pub(super) fn same(wanted: &[u8], came: &[u8]) -> Result<(), Fault> {
    if wanted == came {
        return Ok(());
    }
    let at = wanted.iter().zip(came).take_while(|(a, b)| a == b).count();
    let rest = |octets: &[u8]| {
        let some = &octets[at..octets.len().min(at + 16)];
        format!("{} octets, at {at} \"{}\"", octets.len(), shown(some))
    };
    Err(Fault::new(rest(wanted), rest(came)))
}

/// Nothing more comes, but the end.
pub(super) async fn ends(wire: &mut Wire) -> Result<(), Fault> {
    match &*wire.rest().await? {
        [] => Ok(()),
        more => Err(Fault::new("the end of the connection", shown(more))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    /// What comes of such octets, and then the end.
    async fn read(octets: &[u8], method: &str) -> Result<Answer, Fault> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (wire, peer) = tokio::join!(Wire::open(address), listener.accept());
        let (mut peer, _) = peer.expect("a peer");
        peer.write_all(octets).await.expect("it is sent");
        drop(peer);
        answer(&mut wire.expect("a connection"), method).await
    }

    #[tokio::test]
    async fn an_answer_is_all_there_or_wrong() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nETag: \"1\"\r\n\r\nabc";
        let came = read(whole, "GET").await.expect("it is whole");
        assert_eq!(came.is(200, b"abc"), Ok(()));
        assert_eq!(came.says("etag", "\"1\""), Ok(()));
        assert_eq!(came.goes_on(true), Ok(()));
        for wrong in [
            came.is(201, b"abc"),
            came.is(200, b"abd"),
            came.is(200, b"ab"),
            came.says("ETag", "\"2\""),
            came.says("Date", ""),
            came.goes_on(false),
        ] {
            assert!(wrong.is_err());
        }
        let head = read(whole, "HEAD").await.expect("it is a head");
        assert_eq!(head.body, b"");
        for cut in [0, 10, whole.len() - 1] {
            assert!(read(&whole[..cut], "GET").await.is_err(), "{cut}");
        }
        assert!(read(b"220 ready\r\n\r\n", "GET").await.is_err());
    }

    #[test]
    fn the_first_octet_that_differs_is_shown() {
        let fault = same(b"abc", b"abd").expect_err("they differ");
        assert_eq!(fault.expected, "3 octets, at 2 \"c\"");
        assert_eq!(fault.came, "3 octets, at 2 \"d\"");
        assert!(same(b"ab", b"a").is_err() && same(b"", b"a").is_err());
    }
}
