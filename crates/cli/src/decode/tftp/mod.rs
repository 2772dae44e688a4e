//! TFTP: each chunk is one datagram.

mod follow;
mod server;
mod words;

pub(crate) use follow::follow;
pub(crate) use server::KEYS;
pub(crate) use words::annotate;

use super::json::{BadCase, Case, End, ErrorObject, Outcome, text_of_octets};
use serde_json::{Value, json};
use server::Server;
use wirelore_tftp::wire::{Direction, Field, Mode, Options, Packet, ParseError};

/// Decodes the datagrams one after the other up to the first that is refused.
pub(crate) fn decode(case: &Case) -> Result<Outcome, BadCase> {
    let mut server = Server::from_config(&case.config)?;
    let mut outcome = Outcome {
        events: Vec::new(),
        sent: Vec::new(),
        consumed: 0,
        rest: Vec::new(),
        end: if case.eof { End::Done } else { End::NeedMore },
    };
    for datagram in &case.chunks {
        let start = outcome.consumed;
        outcome.consumed += datagram.len();
        if let Some(server) = &mut server {
            server.answer(datagram, &mut outcome.sent);
        }
        match Packet::parse(datagram) {
            Ok(packet) => outcome.events.push(event(&packet)),
            Err(error) => {
                outcome.end = End::Error(ErrorObject {
                    kind: kind(&error),
                    offset: Some(start + error.offset()),
                    message: error.to_string(),
                    reply: error.reply_hint().map(|code| code.0),
                });
                break;
            }
        }
    }
    Ok(outcome)
}

fn event(packet: &Packet<'_>) -> Value {
    match packet {
        Packet::Request(request) => json!({
            "event": match request.direction {
                Direction::Read => "rrq",
                Direction::Write => "wrq",
            },
            "filename_hex": hex::encode(request.filename),
            "mode": mode_word(request.mode()),
            "mode_raw": text_of_octets(request.mode_name),
            "options": pairs(&request.options),
        }),
        Packet::Data(data) => json!({
            "event": "data",
            "block": data.block,
            "data": hex::encode(data.payload),
        }),
        Packet::Ack(ack) => json!({ "event": "ack", "block": ack.block }),
        Packet::Error(error) => json!({
            "event": "error",
            "code": error.code.0,
            "message_hex": hex::encode(error.message),
        }),
        Packet::Oack(oack) => json!({ "event": "oack", "options": pairs(&oack.options) }),
    }
}

fn pairs(options: &Options<'_>) -> Value {
    options
        .iter()
        .map(|(name, value)| json!([text_of_octets(name), text_of_octets(value)]))
        .collect()
}

/// The word for a mode, in both directions.
pub(crate) const fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Octet => "octet",
        Mode::Netascii => "netascii",
        Mode::Mail => "mail",
        Mode::Other => "other",
    }
}

/// The word for an error, documented in `docs/decode.md`.
fn kind(error: &ParseError) -> &'static str {
    match error {
        ParseError::Truncated { .. } | ParseError::TruncatedError { .. } => "truncated",
        ParseError::UnknownOpcode { .. } => "unknown-opcode",
        ParseError::Unterminated { field, .. } => match field {
            Field::Filename => "unterminated-filename",
            Field::Mode => "unterminated-mode",
            Field::OptionName => "unterminated-option-name",
            Field::OptionValue => "unterminated-option-value",
            _ => "malformed",
        },
        ParseError::OptionWithoutValue { .. } => "option-without-value",
        ParseError::RequestTooLong { .. } => "request-too-long",
        _ => "malformed",
    }
}
