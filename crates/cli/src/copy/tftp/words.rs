//! Datagrams in words, and what is out of the ordinary about them.

use super::super::lookout::{Interpreter, Sight};
use std::fmt::Write;
use wirelore_core::escape;
use wirelore_tftp::wire::{Mode, Options, Packet};
use wirelore_tftp::{Direction, ErrorCode};

/// What was seen of one transfer.
#[derive(Default)]
pub(super) struct Words {
    sent: Side,
    received: Side,
    request: Vec<u8>,
}

/// The numbers that one side sends.
#[derive(Default)]
struct Side {
    /// The last block that was a new one.
    newest: u16,
    /// The block before this one.
    previous: u16,
    acked: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Next,
    Again,
    Skipped,
}

impl Side {
    /// Where a block stands, and whether that is worth telling: one of a row is.
    fn block(&mut self, number: u16) -> (Order, bool) {
        let follows = number == self.previous.wrapping_add(1);
        self.previous = number;
        // some roll over to 1
        let rolls = self.newest == u16::MAX && number == 1;
        let order = match number.wrapping_sub(self.newest) {
            1 => Order::Next,
            2 if rolls => Order::Next,
            0 | 0x8000.. => Order::Again,
            _ => Order::Skipped,
        };
        if order == Order::Next {
            self.newest = number;
        }
        (order, order != Order::Next && !follows)
    }
}

impl Interpreter for Words {
    fn interpret(&mut self, sent: bool, datagram: &[u8]) -> Sight {
        let side = if sent {
            &mut self.sent
        } else {
            &mut self.received
        };
        let (mut notable, mut out_of_order) = (true, false);
        let words = match Packet::parse(datagram) {
            Err(error) => format!("not TFTP: {error}"),
            Ok(Packet::Request(request)) => {
                let verb = match request.direction {
                    Direction::Read => "RRQ",
                    Direction::Write => "WRQ",
                };
                let name = escape(request.filename);
                let mode = match request.mode() {
                    Mode::Octet => "octet",
                    Mode::Netascii => "netascii",
                    _ => "in another mode",
                };
                let again = if self.request == datagram {
                    ", again"
                } else {
                    ""
                };
                self.request = datagram.to_vec();
                format!("{verb} \"{name}\" {mode}{}{again}", list(&request.options))
            }
            Ok(Packet::Oack(oack)) => format!("OACK{}", list(&oack.options)),
            Ok(Packet::Error(error)) => {
                let ErrorCode(code) = error.code;
                format!("ERROR {code} \"{}\"", escape(error.message))
            }
            Ok(Packet::Data(data)) => {
                let newest = side.newest;
                let (order, tell) = side.block(data.block);
                (notable, out_of_order) = (tell, tell && !sent);
                let (block, len) = (data.block, data.payload.len());
                let note = match order {
                    Order::Next => String::new(),
                    Order::Again => ", again".into(),
                    Order::Skipped => format!(", but {} is missing", newest.wrapping_add(1)),
                };
                format!("DATA {block}, {len} octets{note}")
            }
            Ok(Packet::Ack(ack)) => {
                notable = side.acked == Some(ack.block);
                side.acked = Some(ack.block);
                let again = if notable { ", again" } else { "" };
                format!("ACK {}{again}", ack.block)
            }
        };
        Sight {
            words,
            notable,
            out_of_order,
        }
    }
}

fn list(options: &Options<'_>) -> String {
    let mut text = String::new();
    for (name, value) in options.iter() {
        let _ = write!(text, " {} {}", escape(name), escape(value));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(sent: bool, words: &mut Words, datagram: &[u8]) -> (String, bool, bool) {
        let sight = words.interpret(sent, datagram);
        (sight.words, sight.notable, sight.out_of_order)
    }

    #[test]
    fn requests_and_answers_are_told() {
        let mut words = Words::default();
        let request = b"\0\x01a\x1b\0octet\0blksize\x001428\0tsize\x000\0";
        for (sent, datagram, wanted) in [
            (
                true,
                &request[..],
                r#"RRQ "a\x1b" octet blksize 1428 tsize 0"#,
            ),
            (
                true,
                request,
                r#"RRQ "a\x1b" octet blksize 1428 tsize 0, again"#,
            ),
            (true, b"\0\x02b\0netASCII\0", r#"WRQ "b" netascii"#),
            (false, b"\0\x06blksize\x00512\0", "OACK blksize 512"),
            (false, b"\0\x05\0\x01no\nfile\0", r#"ERROR 1 "no\nfile""#),
            (false, b"\0\x09", "not TFTP: unknown opcode 9"),
        ] {
            assert_eq!(
                told(sent, &mut words, datagram),
                (wanted.into(), true, false)
            );
        }
    }

    #[test]
    fn of_blocks_only_what_is_out_of_the_ordinary_is_told() {
        let mut words = Words::default();
        for (block, wanted, notable) in [
            (1, "DATA 1, 2 octets", false),
            (2, "DATA 2, 2 octets", false),
            (4, "DATA 4, 2 octets, but 3 is missing", true),
            (5, "DATA 5, 2 octets, but 3 is missing", false),
            (3, "DATA 3, 2 octets", false),
            (2, "DATA 2, 2 octets, again", true),
            (3, "DATA 3, 2 octets, again", false),
            (4, "DATA 4, 2 octets", false),
            (4, "DATA 4, 2 octets, again", true),
        ] {
            let datagram = [0, 3, 0, block, 7, 7];
            for sent in [false, true] {
                let out_of_order = notable && !sent;
                let found = told(sent, &mut words, &datagram);
                assert_eq!(found, (wanted.into(), notable, out_of_order));
            }
        }
        let ack = [0, 4, 0, 9];
        assert_eq!(told(true, &mut words, &ack), ("ACK 9".into(), false, false));
        assert_eq!(
            told(true, &mut words, &ack),
            ("ACK 9, again".into(), true, false)
        );
    }

    #[test]
    fn numbers_roll_over_either_way() {
        for after in [0, 1] {
            let mut side = Side {
                newest: 65534,
                previous: 65534,
                acked: None,
            };
            assert_eq!(side.block(65535), (Order::Next, false));
            assert_eq!(side.block(after), (Order::Next, false));
        }
    }
}
