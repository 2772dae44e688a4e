//! The stream below a session: counts its octets and tells of them.

use super::console::Console;
use super::words::Words;
use std::fmt::Write as _;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wirelore_tokio::{TapStream, UrgentStream};

/// The connection, with or without a capture.
pub(crate) enum Line {
    Plain(UrgentStream),
    Tapped(TapStream<UrgentStream>),
}

pub(crate) struct Wire {
    line: Line,
    console: Rc<Console>,
    /// There are commands among the octets.
    telnet: bool,
    heard: Words,
    said: Words,
    pub(crate) received: u64,
    pub(crate) sent: u64,
}

impl Wire {
    pub(crate) fn new(line: Line, telnet: bool, console: Rc<Console>) -> Self {
        Self {
            line,
            console,
            telnet,
            heard: Words::default(),
            said: Words::default(),
            received: 0,
            sent: 0,
        }
    }

    /// They are read even while nobody wants to know, lest the first line be about half a command.
    fn tell(&mut self, received: bool, octets: &[u8]) {
        let console = &self.console;
        if console.netdata.get() {
            console.write(&dump(if received { '<' } else { '>' }, octets));
        }
        if !self.telnet {
            return;
        }
        let (words, who) = match received {
            true => (&mut self.heard, "RCVD"),
            false => (&mut self.said, "SENT"),
        };
        let tell = console.options.get();
        words.read(octets, |line| {
            if tell {
                console.say(&format!("{who} {line}"));
            }
        });
    }
}

/// Octets in hex and text.
fn dump(mark: char, octets: &[u8]) -> String {
    let mut text = String::new();
    for row in octets.chunks(16) {
        let _ = write!(text, "{mark}");
        for index in 0..16 {
            let _ = match row.get(index) {
                Some(octet) => write!(text, " {octet:02x}"),
                None => write!(text, "   "),
            };
        }
        let plain = |&octet: &u8| match octet {
            b' '..=b'~' => char::from(octet),
            _ => '.',
        };
        text.push_str("  ");
        text.extend(row.iter().map(plain));
        text.push('\n');
    }
    text
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let before = buf.filled().len();
        ready!(match &mut wire.line {
            Line::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Line::Tapped(stream) => Pin::new(stream).poll_read(cx, buf),
        })?;
        let octets = &buf.filled()[before..];
        wire.received += octets.len() as u64;
        wire.tell(true, octets);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let count = ready!(match &mut wire.line {
            Line::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Line::Tapped(stream) => Pin::new(stream).poll_write(cx, buf),
        })?;
        wire.sent += count as u64;
        wire.tell(false, &buf[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().line {
            Line::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Line::Tapped(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().line {
            Line::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Line::Tapped(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

impl AsMut<UrgentStream> for Wire {
    fn as_mut(&mut self) -> &mut UrgentStream {
        match &mut self.line {
            Line::Plain(stream) => stream,
            Line::Tapped(stream) => stream.as_mut(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_shown_in_hex_and_text() {
        let wanted = "\
< ff fb 01 61 62 63 64 65 66 67 68 69 6a 6b 6c 6d  ...abcdefghijklm
< 6e 0d 0a                                         n..
";
        assert_eq!(dump('<', b"\xff\xfb\x01abcdefghijklmn\r\n"), wanted);
        assert_eq!(dump('>', b""), "");
    }
}
