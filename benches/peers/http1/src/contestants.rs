//! Who parses, each as a batch of parses of one head.
//!
//! Everybody writes into a table of [`SLOTS`] fields that is made once and used again. Input and result
//! go through `black_box` in every parse, so nothing can be left out or be done once for all.

use crate::framing;
use crate::heads::{Head, RESPONSE_LENGTH};
use httparse::{EMPTY_HEADER, Request, Response, Status};
use std::hint::black_box;
use wirelore_http1::wire::{Field, Framing, MethodKind, parse_request, parse_response};
use wirelore_http1::{Config, Input, Machine, Next, RequestEvent, RequestReceiver};
use wirelore_http1::{ResponseEvent, ResponseReceiver};

/// How many fields a table holds.
const SLOTS: usize = 64;

/// One parser on one head.
pub(crate) struct Contestant<'h> {
    /// What the table and the bars call it.
    pub(crate) name: &'static str,
    /// Parses the head so many times.
    pub(crate) batch: Box<dyn FnMut(u32) + 'h>,
}

/// Ours: parsing, all checks, and what follows the head.
pub(crate) const VALUE: &str = "value";
/// Ours as a machine: the step that reports the head.
pub(crate) const MACHINE: &str = "machine";
/// httparse, which only parses.
pub(crate) const HTTPARSE: &str = "httparse";
/// httparse and [`framing`].
pub(crate) const HTTPARSE_FRAMING: &str = "httparse-framing";

/// All that can parse `head`, after each has parsed it once and found what is in it.
pub(crate) fn all(head: &Head) -> Result<Vec<Contestant<'_>>, String> {
    check_httparse(head)?;
    check_value(head)?;
    check_machine(head)?;
    let mut all = if head.response {
        httparse_response(&head.octets)
    } else {
        httparse_request(&head.octets)
    };
    all.push(value(head));
    all.push(machine(head));
    Ok(all)
}

fn httparse_request(octets: &[u8]) -> Vec<Contestant<'_>> {
    let mut table = [EMPTY_HEADER; SLOTS];
    let alone = contestant(HTTPARSE, move || {
        let mut request = Request::new(&mut table);
        let parsed = request.parse(black_box(octets));
        black_box((&parsed, &request));
    });
    let mut table = [EMPTY_HEADER; SLOTS];
    let framing = contestant(HTTPARSE_FRAMING, move || {
        let mut request = Request::new(&mut table);
        let parsed = request.parse(black_box(octets));
        let framing = framing_of_request(&request);
        black_box((&parsed, &framing, &request));
    });
    vec![alone, framing]
}

fn httparse_response(octets: &[u8]) -> Vec<Contestant<'_>> {
    let mut table = [EMPTY_HEADER; SLOTS];
    let alone = contestant(HTTPARSE, move || {
        let mut response = Response::new(&mut table);
        let parsed = response.parse(black_box(octets));
        black_box((&parsed, &response));
    });
    let mut table = [EMPTY_HEADER; SLOTS];
    let framing = contestant(HTTPARSE_FRAMING, move || {
        let mut response = Response::new(&mut table);
        let parsed = response.parse(black_box(octets));
        let framing = framing_of_response(&response);
        black_box((&parsed, &framing, &response));
    });
    vec![alone, framing]
}

fn value(head: &Head) -> Contestant<'_> {
    let octets = head.octets.as_slice();
    let config = Config::default();
    let mut table = [Field::default(); SLOTS];
    if head.response {
        contestant(VALUE, move || {
            let octets = black_box(octets);
            let parsed = parse_response(octets, &mut table, MethodKind::Get, &config);
            black_box((&parsed, &table));
        })
    } else {
        contestant(VALUE, move || {
            let parsed = parse_request(black_box(octets), &mut table, &config);
            black_box((&parsed, &table));
        })
    }
}

/// A receiver that waits for a head, and its step. For requests it is a new one each time. One for
/// responses allocates when it is told of the request, so it takes the head again and again, as one
/// to HEAD, and the step that reports the end of the message is in the time as well.
fn machine(head: &Head) -> Contestant<'_> {
    let octets = head.octets.as_slice();
    let mut out = Vec::new();
    if head.response {
        let mut receiver = ResponseReceiver::new(Config::default());
        contestant(MACHINE, move || {
            receiver.expect(MethodKind::Head);
            black_box(&receiver.step(Input::more(black_box(octets)), &mut out));
            black_box(&receiver.step(Input::more(&[]), &mut out));
        })
    } else {
        let config = Config::default();
        contestant(MACHINE, move || {
            let mut receiver = RequestReceiver::new(config);
            black_box(&receiver.step(Input::more(black_box(octets)), &mut out));
            black_box(&receiver);
        })
    }
}

/// The loop is inside of what is called through a pointer.
fn contestant<'h>(name: &'static str, mut parse: impl FnMut() + 'h) -> Contestant<'h> {
    Contestant {
        name,
        batch: Box::new(move |times| {
            for _ in 0..times {
                parse();
            }
        }),
    }
}

#[inline]
fn framing_of_request(
    request: &Request<'_, '_>,
) -> Option<Result<framing::Framing, framing::Refused>> {
    Some(framing::of_request(request.version?, request.headers))
}

#[inline]
fn framing_of_response(
    response: &Response<'_, '_>,
) -> Option<Result<framing::Framing, framing::Refused>> {
    let (minor, status) = (response.version?, response.code?);
    Some(framing::of_response(minor, status, response.headers))
}

fn check_httparse(head: &Head) -> Result<(), String> {
    let mut table = [EMPTY_HEADER; SLOTS];
    let (parsed, fields, framing) = if head.response {
        let mut response = Response::new(&mut table);
        let parsed = response.parse(&head.octets);
        (
            parsed,
            response.headers.len(),
            framing_of_response(&response),
        )
    } else {
        let mut request = Request::new(&mut table);
        let parsed = request.parse(&head.octets);
        (parsed, request.headers.len(), framing_of_request(&request))
    };
    let wanted = if head.response {
        framing::Body::Length(RESPONSE_LENGTH)
    } else {
        framing::Body::Empty
    };
    let framed = matches!(framing, Some(Ok(framing)) if framing.body == wanted);
    if parsed == Ok(Status::Complete(head.octets.len())) && fields == head.fields && framed {
        return Ok(());
    }
    let name = head.name;
    Err(format!(
        "httparse on {name}: {parsed:?} with {fields} fields, {framing:?}"
    ))
}

fn check_value(head: &Head) -> Result<(), String> {
    let config = Config::default();
    let mut table = [Field::default(); SLOTS];
    let found = if head.response {
        let parsed = parse_response(&head.octets, &mut table, MethodKind::Get, &config);
        parsed.map(|head| head.map(|head| (head.raw().len(), head.field_count(), head.framing())))
    } else {
        let parsed = parse_request(&head.octets, &mut table, &config);
        parsed.map(|head| head.map(|head| (head.raw().len(), head.field_count(), head.framing())))
    };
    let wanted = if head.response {
        Framing::Length(RESPONSE_LENGTH)
    } else {
        Framing::None
    };
    if found == Ok(Some((head.octets.len(), head.fields, wanted))) {
        return Ok(());
    }
    Err(format!("parsing {}: {found:?}", head.name))
}

/// Twice, as the second message must be read as the first was.
fn check_machine(head: &Head) -> Result<(), String> {
    let mut requests = RequestReceiver::new(Config::default());
    let mut responses = ResponseReceiver::new(Config::default());
    for _ in 0..2 {
        let steps = if head.response {
            responses.expect(MethodKind::Head);
            [head.octets.as_slice(), &[]].map(|bytes| response_step(&mut responses, bytes))
        } else {
            [head.octets.as_slice(), &[]].map(|bytes| request_step(&mut requests, bytes))
        };
        if steps != [(head.octets.len(), Some(head.fields)), (0, None)] {
            return Err(format!("the machine on {}: {steps:?}", head.name));
        }
    }
    Ok(())
}

/// What one step consumed, and how many fields the head has that it reports; `None` for the end of the
/// message.
type Stepped = (usize, Option<usize>);

fn request_step(receiver: &mut RequestReceiver, bytes: &[u8]) -> Stepped {
    match receiver.step(Input::more(bytes), &mut Vec::new()) {
        Ok(step) => match step.next {
            Next::Event(RequestEvent::Request(head)) => (step.consumed, Some(head.field_count())),
            Next::Event(RequestEvent::End { .. }) => (step.consumed, None),
            _ => (step.consumed, Some(usize::MAX)),
        },
        Err(_) => (0, Some(usize::MAX)),
    }
}

fn response_step(receiver: &mut ResponseReceiver, bytes: &[u8]) -> Stepped {
    match receiver.step(Input::more(bytes), &mut Vec::new()) {
        Ok(step) => match step.next {
            Next::Event(ResponseEvent::Response(head)) => (step.consumed, Some(head.field_count())),
            Next::Event(ResponseEvent::End { .. }) => (step.consumed, None),
            _ => (step.consumed, Some(usize::MAX)),
        },
        Err(_) => (0, Some(usize::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heads;

    #[test]
    fn everybody_reads_every_head() {
        for head in heads::all().unwrap() {
            let names: Vec<_> = all(&head).unwrap().iter().map(|who| who.name).collect();
            assert_eq!(names, [HTTPARSE, HTTPARSE_FRAMING, VALUE, MACHINE]);
        }
    }

    #[test]
    fn a_head_with_another_field_is_noticed() {
        for mut head in heads::all().unwrap() {
            head.fields += 1;
            assert!(check_httparse(&head).is_err(), "{}", head.name);
            assert!(check_value(&head).is_err(), "{}", head.name);
            assert!(check_machine(&head).is_err(), "{}", head.name);
        }
    }
}
