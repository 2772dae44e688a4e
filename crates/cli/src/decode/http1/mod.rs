//! HTTP/1: the chunks are what a client, or a server, sends.

mod settings;
mod words;

pub(crate) use settings::{REQUEST_KEYS, RESPONSE_KEYS, Settings};
pub(crate) use words::{annotate_request, annotate_response};

use super::json::{BadCase, Case, ErrorObject, Outcome, text_of_octets};
use super::stream::{Events, Reader, feed};
use serde_json::{Value, json};
use std::ops::Range;
use wirelore_http1::wire::{Fields, Framing, RequestHead, ResponseHead, TargetForm};
use wirelore_http1::{
    Error, RequestEvent, RequestReceiver, ResponseEvent, ResponseReceiver, Trailers,
};

/// Decodes one request after the other, as a server that answers at once.
pub(crate) fn decode_request(case: &Case) -> Result<Outcome, BadCase> {
    let settings = Settings::of_requests(&case.config)?;
    let mut receiver = RequestReceiver::new(settings.message);
    let mut printed = Printed::default();
    let fed = feed(&mut receiver, &mut printed, &case.chunks, case.eof);
    Ok(fed.with(printed.events))
}

/// Decodes the responses to the requests of the configuration.
pub(crate) fn decode_response(case: &Case) -> Result<Outcome, BadCase> {
    let settings = Settings::of_responses(&case.config)?;
    let mut receiver = response_receiver(&settings);
    let mut printed = Printed::default();
    let fed = feed(&mut receiver, &mut printed, &case.chunks, case.eof);
    Ok(fed.with(printed.events))
}

/// A receiver that expects what the configuration says.
fn response_receiver(settings: &Settings) -> ResponseReceiver {
    let mut receiver = ResponseReceiver::new(settings.message);
    for method in &settings.requests {
        receiver.expect(*method);
    }
    receiver
}

#[derive(Default)]
struct Printed {
    events: Events,
}

impl Reader<RequestReceiver> for Printed {
    fn before(&mut self, _: &mut RequestReceiver, _: usize, _: &mut Vec<u8>) {}

    fn event(
        &mut self,
        _: &mut RequestReceiver,
        event: RequestEvent<&[u8]>,
        _: Range<usize>,
        _: &mut Vec<u8>,
    ) {
        match event {
            RequestEvent::Request(head) => self.events.push(request(&head)),
            RequestEvent::Data(data) => self.events.piece("data", "data", data),
            RequestEvent::End { trailers } => self.events.push(end(&trailers)),
            _ => {}
        }
    }

    fn error(&mut self, error: Error) -> ErrorObject {
        refused(error, Some(error.reply_hint()))
    }
}

impl Reader<ResponseReceiver> for Printed {
    fn before(&mut self, _: &mut ResponseReceiver, _: usize, _: &mut Vec<u8>) {}

    fn event(
        &mut self,
        _: &mut ResponseReceiver,
        event: ResponseEvent<&[u8]>,
        _: Range<usize>,
        _: &mut Vec<u8>,
    ) {
        match event {
            ResponseEvent::Informational(head) => {
                self.events.push(response(&head));
                // every message has an end here
                self.events.push(json!({ "event": "end", "trailers": [] }));
            }
            ResponseEvent::Response(head) => self.events.push(response(&head)),
            ResponseEvent::Data(data) => self.events.piece("data", "data", data),
            ResponseEvent::End { trailers } => self.events.push(end(&trailers)),
            _ => {}
        }
    }

    fn error(&mut self, error: Error) -> ErrorObject {
        refused(error, None)
    }
}

fn refused(error: Error, reply: Option<u16>) -> ErrorObject {
    ErrorObject {
        kind: error.kind.name(),
        offset: usize::try_from(error.offset).ok(),
        message: error.kind.to_string(),
        reply,
    }
}

fn request(head: &RequestHead<&[u8]>) -> Value {
    let (framing, length) = framing_words(head.framing());
    json!({
        "event": "request",
        "method": text_of_octets(head.method()),
        "target": text_of_octets(head.target()),
        "target_form": form_word(head.target_form()),
        "version": head.version().as_str(),
        "headers": pairs(head.fields()),
        "framing": framing,
        "length": length,
        "keep_alive": head.keep_alive(),
        "upgrade": head.upgrade(),
        "expect_continue": head.expect_continue(),
        "authority": head.authority().map(text_of_octets),
    })
}

fn response(head: &ResponseHead<&[u8]>) -> Value {
    let (framing, length) = framing_words(head.framing());
    json!({
        "event": "response",
        "status": head.status(),
        // a CR that was let pass counts as SP
        "reason": text_of_octets(head.reason()).replace('\r', " "),
        "version": head.version().as_str(),
        "headers": pairs(head.fields()),
        "framing": framing,
        "length": length,
        "keep_alive": head.keep_alive(),
    })
}

fn end(trailers: &Trailers<&[u8]>) -> Value {
    json!({ "event": "end", "trailers": pairs(trailers.fields()) })
}

fn pairs(fields: Fields<'_>) -> Value {
    fields
        .map(|field| json!([text_of_octets(field.name()), text_of_octets(&field.value())]))
        .collect()
}

const fn form_word(form: TargetForm) -> &'static str {
    match form {
        TargetForm::Origin => "origin",
        TargetForm::Absolute => "absolute",
        TargetForm::Authority => "authority",
        TargetForm::Asterisk => "asterisk",
    }
}

const fn framing_words(framing: Framing) -> (&'static str, Option<u64>) {
    match framing {
        Framing::Length(length) => ("length", Some(length)),
        Framing::Chunked => ("chunked", None),
        Framing::UntilEof => ("eof", None),
        Framing::Tunnel => ("tunnel", None),
        _ => ("none", None),
    }
}
