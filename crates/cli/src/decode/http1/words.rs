//! Messages in words for people: every line of a head, every chunk, and what breaks a rule.

use super::super::json::{BadCase, Config, ErrorObject};
use super::super::render::{Annotation, Field, Mark, Severity, Text, count_of};
use super::super::stream::{Reader, feed};
use super::settings::Settings;
use super::{form_word, refused, response_receiver};
use std::ops::Range;
use wirelore_core::escape;
use wirelore_http1::wire::octet::{is_field, is_ows, is_tchar};
use wirelore_http1::wire::{Framing, MethodKind};
use wirelore_http1::{
    Error, ErrorKind, RequestEvent, RequestReceiver, ResponseEvent, ResponseReceiver,
};

/// What a client sent.
pub(crate) fn annotate_request(octets: &[u8], config: &Config) -> Result<Annotation, BadCase> {
    let settings = Settings::of_requests(config)?;
    let mut page = Page::new(octets, Side::Client);
    let mut receiver = RequestReceiver::new(settings.message);
    feed(&mut receiver, &mut page, &[octets.to_vec()], true);
    Ok(page.finish())
}

/// What a server sent.
pub(crate) fn annotate_response(octets: &[u8], config: &Config) -> Result<Annotation, BadCase> {
    let settings = Settings::of_responses(config)?;
    let mut page = Page::new(octets, Side::Server);
    let mut receiver = response_receiver(&settings);
    feed(&mut receiver, &mut page, &[octets.to_vec()], true);
    Ok(page.finish())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

/// Where in a message the next octet is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Head,
    /// The body, not in chunks.
    Body,
    /// Before the line of a chunk; the line end behind the data of the chunk before comes first.
    Chunk {
        after_data: bool,
    },
    Trailers,
}

struct Page<'d> {
    octets: &'d [u8],
    side: Side,
    place: Place,
    /// How much was told.
    consumed: usize,
    error: Option<Error>,
    /// What octets would be that come behind the message.
    behind: &'static str,
    messages: u64,
    data: u64,
    violations: u64,
    fields: Vec<Field>,
    marks: Vec<Mark>,
}

impl Reader<RequestReceiver> for Page<'_> {
    fn before(&mut self, _: &mut RequestReceiver, _: usize, _: &mut Vec<u8>) {}

    fn event(
        &mut self,
        _: &mut RequestReceiver,
        event: RequestEvent<&[u8]>,
        octets: Range<usize>,
        _: &mut Vec<u8>,
    ) {
        match event {
            RequestEvent::Request(head) => {
                let form = form_word(head.target_form());
                let mut meaning = format!("{form}-form");
                if let Some(authority) = head.authority().filter(|name| !name.is_empty()) {
                    meaning += &format!(", for {}", escape(authority));
                }
                let mut ending = framing_words(head.framing());
                ending += connection_words(head.keep_alive());
                if head.expect_continue() {
                    ending += "; waits for 100 (Continue)";
                }
                if head.upgrade() {
                    ending += "; offers an upgrade";
                }
                self.head(octets, &meaning, head.framing(), &ending);
                self.behind = match (head.kind(), head.keep_alive()) {
                    (MethodKind::Connect, _) => "octets for the tunnel",
                    (_, false) => "the connection ends before this: it is not read",
                    (_, true) => "",
                };
            }
            RequestEvent::Data(data) => self.data(octets, data.len()),
            RequestEvent::End { .. } => self.end(octets),
            _ => {}
        }
    }

    fn skipped(&mut self, octets: Range<usize>, _: &[u8]) {
        self.between(octets);
    }

    fn error(&mut self, error: Error) -> ErrorObject {
        self.error = Some(error);
        refused(error, None)
    }
}

impl Reader<ResponseReceiver> for Page<'_> {
    fn before(&mut self, _: &mut ResponseReceiver, _: usize, _: &mut Vec<u8>) {}

    fn event(
        &mut self,
        receiver: &mut ResponseReceiver,
        event: ResponseEvent<&[u8]>,
        octets: Range<usize>,
        _: &mut Vec<u8>,
    ) {
        match event {
            ResponseEvent::Informational(_) => {
                self.head(octets, "interim", Framing::None, "another response follows");
                self.place = Place::Head;
            }
            ResponseEvent::Response(head) => {
                let mut ending = framing_words(head.framing());
                if head.framing() != Framing::Tunnel {
                    ending += connection_words(head.keep_alive());
                }
                self.head(octets, "", head.framing(), &ending);
                self.behind = match (head.framing(), head.keep_alive()) {
                    (Framing::Tunnel, _) => "octets of the other protocol",
                    (_, false) => "the connection ends before this: it is not read",
                    (_, true) if receiver.outstanding() == 0 => "nobody asked for this",
                    (_, true) => "",
                };
            }
            ResponseEvent::Data(data) => self.data(octets, data.len()),
            ResponseEvent::End { .. } => self.end(octets),
            _ => {}
        }
    }

    fn skipped(&mut self, octets: Range<usize>, _: &[u8]) {
        self.between(octets);
    }

    fn error(&mut self, error: Error) -> ErrorObject {
        self.error = Some(error);
        refused(error, None)
    }
}

fn framing_words(framing: Framing) -> String {
    match framing {
        Framing::Length(length) => format!("{} of body", count_of(length, "octet")),
        Framing::Chunked => "a body in chunks".into(),
        Framing::UntilEof => "all that follows is the body".into(),
        Framing::Tunnel => "what follows is no HTTP".into(),
        _ => "no body".into(),
    }
}

const fn connection_words(keep_alive: bool) -> &'static str {
    match keep_alive {
        true => "; the connection stays",
        false => "; the connection closes",
    }
}

impl<'d> Page<'d> {
    fn new(octets: &'d [u8], side: Side) -> Self {
        Self {
            octets,
            side,
            place: Place::Head,
            consumed: 0,
            error: None,
            behind: "nobody asked for this",
            messages: 0,
            data: 0,
            violations: 0,
            fields: Vec::new(),
            marks: Vec::new(),
        }
    }

    /// The lines of a head that was accepted.
    fn head(&mut self, octets: Range<usize>, meaning: &str, framing: Framing, ending: &str) {
        self.messages += 1;
        self.consumed = octets.end;
        self.place = match framing {
            Framing::Chunked => Place::Chunk { after_data: false },
            _ => Place::Body,
        };
        let mut lines = self.lines(octets).into_iter();
        if let Some(line) = lines.next() {
            self.line(line.clone(), self.start_label(), meaning);
            self.check_start_line(&line);
        }
        let (mut length, mut coding) = (false, false);
        for line in lines {
            let content = self.content(&line);
            if content.is_empty() {
                self.check_line_end(&line);
                self.field(line, "end", "of the head", ending);
                break;
            }
            self.line(line.clone(), field_label(content, "field"), "");
            self.check_field(&line);
            let name = content.split(|&octet| octet == b':').next();
            let name = name.unwrap_or_default().trim_ascii_end();
            let is_length = name.eq_ignore_ascii_case(b"content-length");
            let is_coding = name.eq_ignore_ascii_case(b"transfer-encoding");
            if is_length && length {
                self.violated(line.start, &ErrorKind::ContentLengthRepeated);
            }
            if is_length && coding || is_coding && length {
                self.violated(line.start, &ErrorKind::TransferEncodingAndContentLength);
            }
            (length, coding) = (length || is_length, coding || is_coding);
        }
    }

    /// A piece of a body, maybe with the line of its chunk before it.
    fn data(&mut self, octets: Range<usize>, len: usize) {
        let start = octets.end - len;
        self.chunk_line(octets.start..start);
        self.consumed = octets.end;
        self.data += len as u64;
        self.dump(start..octets.end, "data");
    }

    fn end(&mut self, octets: Range<usize>) {
        let start = self.chunk_line(octets.clone());
        for line in self.lines(start..octets.end) {
            let content = self.content(&line);
            if content.is_empty() {
                self.check_line_end(&line);
                self.field(line, "end", "of the message", "");
            } else {
                self.line(line.clone(), field_label(content, "trailer"), "");
                self.check_field(&line);
            }
        }
        self.consumed = octets.end;
        self.place = Place::Head;
    }

    /// Octets without an event: empty lines between messages, or the line of a chunk.
    fn between(&mut self, octets: Range<usize>) {
        self.consumed = octets.end;
        if self.place != Place::Head {
            self.chunk_line(octets);
            return;
        }
        for line in self.lines(octets) {
            self.check_line_end(&line);
            self.field(line, "empty", "line", "ignored");
        }
    }

    /// What stands before the data of a chunk, or before the trailers. Returns where it ends.
    fn chunk_line(&mut self, octets: Range<usize>) -> usize {
        let Place::Chunk { after_data } = self.place else {
            return octets.start;
        };
        let mut lines = self.lines(octets.clone()).into_iter();
        let mut next = lines.next();
        if after_data && let Some(line) = next.take() {
            self.field(line, "line end", "of the chunk", "");
            next = lines.next();
        }
        let Some(line) = next else {
            // a further piece of the data
            return octets.start;
        };
        let content = self.content(&line);
        let digits = content.iter().take_while(|octet| octet.is_ascii_hexdigit());
        let digits = String::from_utf8_lossy(&content[..digits.count()]);
        let size = u64::from_str_radix(&digits, 16).unwrap_or_default();
        let meaning = match size {
            0 => "the last one".into(),
            _ => count_of(size, "octet"),
        };
        self.line(line.clone(), "chunk", &meaning);
        if content.last().copied().is_some_and(is_ows) {
            let at = line.start + content.len() - 1;
            self.violated(at, &ErrorKind::BadChunkExtension);
        }
        self.place = match size {
            0 => Place::Trailers,
            _ => Place::Chunk { after_data: true },
        };
        line.end
    }

    /// What was not read, and why.
    fn finish(mut self) -> Annotation {
        let rest = self.consumed..self.octets.len();
        match self.error {
            Some(error) => self.refuse(rest, &error),
            None if !rest.is_empty() => {
                let (at, text) = (rest.start, self.behind.to_owned());
                self.dump(rest, "rest");
                self.mark(at, Severity::Note, text);
            }
            None => {}
        }
        let what = match self.side {
            Side::Client => "request",
            Side::Server => "response",
        };
        let mut words = count_of(self.messages, what);
        for (count, what) in [(self.data, "data octet"), (self.violations, "violation")] {
            if count > 0 {
                words += &format!(", {}", count_of(count, what));
            }
        }
        Annotation {
            head: "HTTP",
            words,
            fields: self.fields,
            marks: self.marks,
        }
    }

    fn refuse(&mut self, rest: Range<usize>, error: &Error) {
        let at = usize::try_from(error.offset).unwrap_or(usize::MAX);
        let in_lines = match self.place {
            Place::Body => false,
            Place::Head | Place::Trailers => true,
            Place::Chunk { .. } => error.kind != ErrorKind::ChunkNotTerminated,
        };
        let mut end = rest.start;
        if in_lines {
            for line in self.lines(rest.clone()) {
                let content = self.content(&line);
                if line.start > at {
                    break;
                }
                end = line.end;
                let label = match self.place {
                    Place::Head if line.start == rest.start => self.start_label(),
                    Place::Chunk { .. } => "chunk",
                    Place::Trailers => field_label(content, "trailer"),
                    _ => field_label(content, "field"),
                };
                match (content, self.place) {
                    ([], Place::Chunk { .. }) => self.field(line, "line end", "of the chunk", ""),
                    ([], _) => {
                        self.field(line, "end", "of the head", "");
                        break;
                    }
                    _ => self.line(line, label, ""),
                }
            }
        }
        self.dump(end..rest.end, "not read");
        let (text, kind) = (error.kind, error.kind.name());
        self.mark(at, Severity::Error, format!("{text} [{kind}]"));
    }

    fn check_start_line(&mut self, line: &Range<usize>) {
        let content = self.content(line);
        let spaced = match self.side {
            Side::Client => content.len(),
            // behind the status code there may be any
            Side::Server => two_words(content),
        };
        let gaps = content[..spaced].windows(2);
        let run = gaps
            .clone()
            .position(|two| is_ows(two[0]) && is_ows(two[1]));
        let tab = content[..spaced].iter().position(|&octet| octet == b'\t');
        let last = content.last().copied().is_some_and(is_ows) && self.side == Side::Client;
        let last = last.then(|| content.len() - 1);
        if let Some(place) = [run, tab, last].into_iter().flatten().min() {
            self.violated(line.start + place, &ErrorKind::BadRequestLine);
        }
        if self.side == Side::Server {
            self.check_text(line.start, content);
        } else if let Some(place) = content.iter().position(|&octet| octet >= 0x80) {
            let octet = content[place];
            self.violated(line.start + place, &ErrorKind::BadTarget { octet });
        }
        self.check_line_end(line);
    }

    fn check_field(&mut self, line: &Range<usize>) {
        let content = self.content(line);
        if content.first().copied().is_some_and(is_ows) {
            self.violated(line.start, &ErrorKind::ObsFold);
        } else {
            let name = content.iter().take_while(|&&octet| is_tchar(octet)).count();
            if content.get(name).copied().is_some_and(is_ows) {
                self.violated(line.start + name, &ErrorKind::SpaceBeforeColon);
            }
        }
        self.check_text(line.start, content);
        self.check_line_end(line);
    }

    fn check_text(&mut self, start: usize, content: &[u8]) {
        for (place, &octet) in content.iter().enumerate() {
            match octet {
                b'\r' => self.violated(start + place, &ErrorKind::BareCr),
                _ if is_field(octet) => {}
                _ => self.violated(start + place, &ErrorKind::ControlCharacter { octet }),
            }
        }
    }

    fn check_line_end(&mut self, line: &Range<usize>) {
        if !self.octets[line.clone()].ends_with(b"\r\n") {
            self.violated(line.end - 1, &ErrorKind::BareLf);
        }
    }

    fn violated(&mut self, at: usize, kind: &ErrorKind) {
        self.violations += 1;
        let text = format!("{kind} [{}]", kind.name());
        self.mark(at, Severity::Violation, text);
    }

    const fn start_label(&self) -> &'static str {
        match self.side {
            Side::Client => "request",
            Side::Server => "status",
        }
    }

    /// The places of the lines in `octets`, with their ends; the last one may have none.
    fn lines(&self, octets: Range<usize>) -> Vec<Range<usize>> {
        let mut at = octets.start;
        self.octets[octets]
            .split_inclusive(|&octet| octet == b'\n')
            .map(|line| {
                at += line.len();
                at - line.len()..at
            })
            .collect()
    }

    /// A line without its end.
    fn content(&self, line: &Range<usize>) -> &'d [u8] {
        match &self.octets[line.clone()] {
            [content @ .., b'\r', b'\n'] | [content @ .., b'\n'] => content,
            content => content,
        }
    }

    fn line(&mut self, line: Range<usize>, label: &'static str, meaning: &str) {
        let value = escape(self.content(&line)).limit(usize::MAX).to_string();
        self.fields.push(Field {
            octets: line,
            label,
            text: Text::Line(value, meaning.into()),
        });
    }

    fn field(&mut self, octets: Range<usize>, label: &'static str, value: &str, meaning: &str) {
        self.fields.push(Field {
            octets,
            label,
            text: Text::Words(value.into(), meaning.into()),
        });
    }

    /// Octets without a structure; those that follow others of the same kind are one field.
    fn dump(&mut self, octets: Range<usize>, label: &'static str) {
        if octets.is_empty() {
            return;
        }
        if let Some(Field {
            octets: before,
            label: same,
            text: Text::Dump,
        }) = self.fields.last_mut()
            && *same == label
        {
            before.end = octets.end;
            return;
        }
        self.fields.push(Field {
            octets,
            label,
            text: Text::Dump,
        });
    }

    fn mark(&mut self, at: usize, severity: Severity, text: String) {
        self.marks.push(Mark { at, severity, text });
    }
}

/// Where the second word of a line ends.
fn two_words(content: &[u8]) -> usize {
    let word = |at: usize| {
        let rest = &content[at..];
        let gap = rest.iter().take_while(|&&octet| is_ows(octet)).count();
        let len = rest[gap..]
            .iter()
            .take_while(|&&octet| !is_ows(octet))
            .count();
        at + gap + len
    };
    word(word(0))
}

/// A line that begins with whitespace goes on with the one before it.
fn field_label(content: &[u8], label: &'static str) -> &'static str {
    match content.first() {
        Some(&octet) if is_ows(octet) => "folded",
        _ => label,
    }
}
