//! How a message is framed: as its event says, or else its fields, or else its data.

use super::event::{Event, FramingWord, Message, Pairs};
use super::{misuse, refused};
use crate::decode::json::ErrorObject;
use wirelore_http1::Misuse;
use wirelore_http1::encode::{Body, OutFraming, request_framing, response_framing};
use wirelore_http1::wire::MethodKind;
use wirelore_http1::wire::octet::trim;

/// What the head says of the body, and what follows.
pub(super) struct Framed {
    pub(super) head: OutFraming,
    pub(super) body: OutFraming,
}

impl Framed {
    const fn both(framing: OutFraming) -> Self {
        Self {
            head: framing,
            body: framing,
        }
    }

    const fn bodiless(head: OutFraming) -> Self {
        Self {
            head,
            body: OutFraming::None,
        }
    }
}

pub(super) fn of_request(
    message: &Message,
    method: &[u8],
    later: &[Event],
) -> Result<Framed, ErrorObject> {
    let said = said(&message.headers)?;
    let framing = match message.framing {
        Some(FramingWord::None) => match said {
            None => OutFraming::None,
            // the decoder sees no body of a CONNECT, and there must not be one
            Some(_) if MethodKind::of(method) == MethodKind::Connect => {
                return Err(misuse(Misuse::BodyNotAllowed));
            }
            Some(_) => return Err(misuse(Misuse::FramingField)),
        },
        Some(word) => match explicit(word, message, later) {
            Some(framing) => agreed(framing, said)?,
            None => return Err(impossible()),
        },
        None => match said {
            Some(framing) => framing,
            None => request_framing(method, message.version, body(later)).map_err(misuse)?,
        },
    };
    Ok(Framed::both(framing))
}

pub(super) fn of_response(
    message: &Message,
    status: u16,
    method: MethodKind,
    later: &[Event],
) -> Result<Framed, ErrorObject> {
    let said = said(&message.headers)?;
    let bodiless = matches!(status, 100..=199 | 204 | 304);
    let Some(word) = message.framing else {
        let framing = match said {
            Some(head) if bodiless || method == MethodKind::Head => {
                return Ok(Framed::bodiless(head));
            }
            Some(head) => return Ok(Framed::both(head)),
            None => response_framing(status, method, message.version, body(later)),
        };
        let framing = framing.map_err(misuse)?;
        return Ok(Framed {
            head: framing.head,
            body: framing.body,
        });
    };
    match word {
        FramingWord::None => Ok(Framed::bodiless(said.unwrap_or(OutFraming::None))),
        FramingWord::Tunnel if !matches!(status, 101 | 200..=299) => Err(impossible()),
        FramingWord::Tunnel if said.is_some() => Err(misuse(Misuse::BodyNotAllowed)),
        FramingWord::Tunnel => Ok(Framed::bodiless(OutFraming::None)),
        _ if bodiless => Err(misuse(Misuse::BodyNotAllowed)),
        FramingWord::Eof if said.is_some() => Err(misuse(Misuse::FramingField)),
        // the head as it was, whatever it says about the connection
        FramingWord::Eof => Ok(Framed {
            head: OutFraming::None,
            body: OutFraming::UntilClose,
        }),
        FramingWord::Length | FramingWord::Chunked => {
            let framing = explicit(word, message, later).ok_or_else(impossible)?;
            Ok(Framed::both(agreed(framing, said)?))
        }
    }
}

/// Whether the field called `name` says where the message ends.
pub(super) fn is_framing(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"transfer-encoding")
}

fn explicit(word: FramingWord, message: &Message, later: &[Event]) -> Option<OutFraming> {
    match word {
        FramingWord::Length => Some(OutFraming::Length(
            message.length.unwrap_or_else(|| octets(later)),
        )),
        FramingWord::Chunked => Some(OutFraming::Chunked),
        FramingWord::None | FramingWord::Eof | FramingWord::Tunnel => None,
    }
}

/// The fields say nothing, or the same.
fn agreed(framing: OutFraming, said: Option<OutFraming>) -> Result<OutFraming, ErrorObject> {
    match said {
        Some(said) if said != framing => Err(misuse(Misuse::FramingField)),
        _ => Ok(framing),
    }
}

/// What Content-Length and Transfer-Encoding say, if they say one thing that the encoder can say.
fn said(headers: &Pairs) -> Result<Option<OutFraming>, ErrorObject> {
    let mut found = None;
    for (name, value) in headers.iter().filter(|(name, _)| is_framing(name)) {
        let is_length = name.eq_ignore_ascii_case(b"content-length");
        let members = value.split(|&octet| octet == b',').map(trim);
        let mut members = members.filter(|member| !member.is_empty()).peekable();
        if members.peek().is_none() {
            return Err(misuse(Misuse::FramingField));
        }
        for member in members {
            let framing = match is_length {
                true => length(member).map(OutFraming::Length),
                false => member
                    .eq_ignore_ascii_case(b"chunked")
                    .then_some(OutFraming::Chunked),
            };
            let again = found.is_some() && (found != framing || !is_length);
            if framing.is_none() || again {
                return Err(misuse(Misuse::FramingField));
            }
            found = framing;
        }
    }
    Ok(found)
}

fn length(digits: &[u8]) -> Option<u64> {
    let digits = digits.iter().all(u8::is_ascii_digit).then_some(digits)?;
    str::from_utf8(digits).ok()?.parse().ok()
}

/// What the events of the message say about its body.
fn body(later: &[Event]) -> Body {
    let end = later.iter().find(|event| !matches!(event, Event::Data(_)));
    match (end, octets(later)) {
        // only chunks can be followed by fields
        (Some(Event::End(trailers)), _) if !trailers.is_empty() => Body::Unknown,
        (_, 0) => Body::Empty,
        (_, octets) => Body::Length(octets),
    }
}

/// How many octets of data follow.
fn octets(later: &[Event]) -> u64 {
    later
        .iter()
        .map_while(|event| match event {
            Event::Data(data) => Some(data.len() as u64),
            _ => None,
        })
        .sum()
}

fn impossible() -> ErrorObject {
    let message = "this message cannot be framed like that".to_owned();
    refused("illegal-combination", message)
}
