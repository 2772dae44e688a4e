//! The conversations of `data/transcripts.txt`, with one side or both played by our machines, however the
//! octets of the other side are cut. Each is a test of its name.

use core::fmt::Write;

use wirelore_http1::encode::{Body, FieldBlock, Request, Response};
use wirelore_http1::{
    ClientConfig, ClientConnection, Error, Input, Machine, Misuse, Next, RequestEvent,
    ResponseEvent, ServerConfig, ServerConnection, Trailers,
};

macro_rules! conversations {
    ($($name:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];

        $(
            #[test]
            fn $name() {
                play(stringify!($name));
            }
        )*
    };
}

conversations! {
    rfc9112_9_3_keep_alive
    rfc9112_9_3_2_pipelining
    rfc9112_9_3_2_no_pipelining
    rfc9110_10_1_1_continue
    rfc9110_10_1_1_a_final_status_instead
    rfc9110_10_1_1_a_body_after_the_final_status
    rfc9110_10_1_1_patience_runs_out
    rfc9110_10_1_1_a_late_continue
    rfc9110_7_8_upgrade
    rfc9110_7_8_upgrade_behind_the_body
    rfc9110_7_8_upgrade_declined
    rfc9110_7_8_a_switch_that_was_not_asked_for
    rfc9110_7_8_no_switch_without_an_offer
    rfc9110_9_3_6_connect
    rfc9110_9_3_6_connect_refused
    rfc9112_9_5_early_response
    rfc9112_9_5_abandon
    rfc9112_9_6_the_client_closes
    rfc9112_9_6_the_server_closes
    rfc9112_9_3_close_is_said_in_the_final_response
    rfc9112_9_6_half_closed
    rfc9112_9_2_unsolicited_response
    rfc9112_9_2_one_response_too_many
    rfc9110_15_5_9_request_timeout_in_the_head
    rfc9110_15_5_9_request_timeout_in_the_body
    rfc9112_9_5_an_idle_connection_ends_silently
    rfc9110_15_5_9_no_timeout_behind_a_response
    rfc9112_9_3_2_an_error_behind_a_good_request
    rfc9112_9_5_an_error_in_the_body_behind_an_early_response
    rfc9112_2_2_farewell
    rfc9110_15_6_6_farewell_to_another_version
    rfc9112_2_2_own_words
    rfc9112_6_3_farewell_to_a_smuggler
    rfc9112_6_1_both_and_then_close
    rfc9112_8_an_incomplete_response
    rfc9112_9_3_2_the_connection_ends_before_the_responses
    rfc9112_9_3_http10_keeps_alive_by_token
    rfc9112_6_1_unknown_length_to_http10
    rfc9110_9_3_2_head_has_the_fields_of_get
    rfc1945_4_1_simple_request
    rfc1945_4_1_full_request_where_simple_ones_are_allowed
    rfc9110_9_1_methods_are_case_sensitive
    rfc9110_9_3_2_no_octet_behind_the_head_of_head
    rfc9110_6_4_1_responses_without_content
    rfc9110_8_6_length_of_a_response
    rfc9112_7_1_chunks_of_a_response
    rfc9110_9_3_6_no_content_behind_connect
    rfc9110_9_3_6_connect_with_content_refused
    rfc9110_8_6_length_of_a_request
    rfc9110_9_3_8_requests_without_content
    rfc9112_3_2_targets_that_may_not_be_sent
    rfc9110_10_1_4_te_is_named_in_connection
    rfc9112_2_2_nothing_between_requests
    rfc9110_6_6_1_date
    rfc9112_9_5_a_response_that_does_not_come
    rfc9112_8_a_response_that_stops_half_way
    rfc9110_15_2_2_what_is_switched_to_is_named
    rfc9110_9_3_6_a_tunnel_by_an_empty_answer
    rfc9110_7_8_a_switch_before_the_request_is_finished
}

const TEXT: &str = include_str!("data/transcripts.txt");

#[test]
fn every_conversation_of_the_file_is_a_test() {
    for line in TEXT.lines() {
        if let Some(head) = line.strip_prefix("== ") {
            let name = head.split(' ').next().unwrap();
            assert!(NAMES.contains(&name), "{name}");
        }
    }
}

/// The lines of a conversation, with their numbers, and its options.
fn conversation(name: &str) -> (Vec<(usize, &'static str)>, Vec<&'static str>) {
    let mut lines = Vec::new();
    let mut options = None;
    for (number, line) in TEXT.lines().enumerate() {
        if let Some(head) = line.strip_prefix("== ") {
            let mut words = head.split(' ');
            if options.is_some() {
                break;
            }
            if words.next() == Some(name) {
                options = Some(words.collect());
            }
        } else if options.is_some() && !line.is_empty() && !line.starts_with('#') {
            lines.push((number + 1, line));
        }
    }
    (lines, options.expect("the conversation is in the file"))
}

fn play(name: &str) {
    let (lines, options) = conversation(name);
    let has = |side: &str| {
        let marks = [format!("{side}>"), format!("{side}=")];
        lines
            .iter()
            .any(|(_, line)| marks.iter().any(|mark| line.starts_with(mark)))
    };
    assert!(has("C") || has("S"), "nobody plays {name}");
    for cut in [usize::MAX, 1, 7] {
        if has("S") {
            let mut config = ServerConfig::default();
            for option in &options {
                match *option {
                    "own-words" => config.farewell = false,
                    "http09" => config.message.http09 = true,
                    "te-wins" => config.message.lenient.te_and_cl_te_wins = true,
                    _ => {}
                }
            }
            take_side("S", ServerConnection::new(config), &lines, cut);
        }
        if has("C") {
            let mut config = ClientConfig::default();
            if options.contains(&"one-by-one") {
                config.max_pipelined = 0;
            }
            take_side("C", ClientConnection::new(config), &lines, cut);
        }
    }
}

/// A machine and what its application may call.
trait Player: Machine<Error = Error> {
    fn tell(event: Self::Event<'_>, told: &mut Told);
    fn call(&mut self, verb: &str, rest: &str, out: &mut Vec<u8>) -> Result<(), Misuse>;
}

/// What was told, with adjacent data joined.
#[derive(Default)]
struct Told {
    parts: Vec<String>,
    data: bool,
}

impl Told {
    fn part(&mut self, part: String) {
        self.parts.push(part);
        self.data = false;
    }

    fn data(&mut self, octets: &[u8]) {
        if !self.data {
            self.part("data ".into());
        }
        self.data = true;
        let last = self.parts.last_mut().unwrap();
        last.push_str(&escaped(octets));
    }

    fn end(&mut self, trailers: &Trailers<&[u8]>) {
        let mut part = "end".to_string();
        for field in trailers.fields() {
            let _ = write!(
                part,
                " [{}: {}]",
                escaped(field.name()),
                escaped(&field.value())
            );
        }
        self.part(part);
    }
}

impl Player for ServerConnection {
    fn tell(event: RequestEvent<&[u8]>, told: &mut Told) {
        match event {
            RequestEvent::Request(head) => {
                let (method, target) = (escaped(head.method()), escaped(head.target()));
                told.part(format!("request {method} {target}"));
            }
            RequestEvent::Data(data) => told.data(data),
            RequestEvent::End { trailers } => told.end(&trailers),
            other => panic!("{other:?}"),
        }
    }

    fn call(&mut self, verb: &str, rest: &str, out: &mut Vec<u8>) -> Result<(), Misuse> {
        let (words, text) = arguments(rest);
        let status = || words[0].parse().expect("a status");
        match verb {
            "answer" => {
                let fields = fields(&words[1..]);
                self.respond_with(&Response::new(status(), &fields), &text, out)
            }
            "respond" => {
                let fields = fields(&words[2..]);
                self.respond(&Response::new(status(), &fields), body(words[1]), out)
            }
            "inform" => self.inform(&Response::new(status(), &fields(&words[1..])), out),
            "proceed" => {
                self.proceed(out);
                Ok(())
            }
            "close-after" => {
                self.close_after();
                Ok(())
            }
            "data" => self.data(&octets(rest), out),
            "finish" => self.finish(Some(&fields(&words)), out),
            "next" => self.next_cycle(),
            "expired" => {
                self.expired(out);
                Ok(())
            }
            _ => panic!("{verb}"),
        }
    }
}

impl Player for ClientConnection {
    fn tell(event: ResponseEvent<&[u8]>, told: &mut Told) {
        match event {
            ResponseEvent::Informational(head) => told.part(format!("interim {}", head.status())),
            ResponseEvent::Response(head) => told.part(format!("response {}", head.status())),
            ResponseEvent::Data(data) => told.data(data),
            ResponseEvent::End { trailers } => told.end(&trailers),
            other => panic!("{other:?}"),
        }
    }

    fn call(&mut self, verb: &str, rest: &str, out: &mut Vec<u8>) -> Result<(), Misuse> {
        let (words, text) = arguments(rest);
        let with_host = |words: &[&str]| {
            let host = match rest.strip_prefix("CONNECT ") {
                Some(target) if target.contains("]:") || target.starts_with("h:") => target,
                _ => "h",
            };
            let mut block = FieldBlock::new().with("Host", host).unwrap();
            block.append(&fields(words));
            block
        };
        match verb {
            "send" => {
                let block = with_host(&words[2..]);
                let (method, target) = (octets(words[0]), octets(words[1]));
                self.request_with(&Request::new(&method, &target, &block), &text, out)
            }
            "request" => {
                let block = with_host(&words[3..]);
                let request = Request::new(words[0], words[1], &block);
                self.request(&request, body(words[2]), out)
            }
            "abandon" => {
                self.abandon();
                Ok(())
            }
            "data" => self.data(&octets(rest), out),
            "finish" => self.finish(Some(&fields(&words)), out),
            "next" => self.next_cycle(),
            "expired" => {
                self.expired(out);
                Ok(())
            }
            _ => panic!("{verb}"),
        }
    }
}

/// The words before ` . `, and the octets behind it.
fn arguments(rest: &str) -> (Vec<&str>, Vec<u8>) {
    let (words, text) = rest.split_once(" . ").unwrap_or((rest, ""));
    (words.split_whitespace().collect(), octets(text))
}

fn fields(words: &[&str]) -> FieldBlock {
    let list = words
        .iter()
        .map(|word| word.split_once('=').expect("name=value"));
    FieldBlock::of(list).expect("good fields")
}

fn body(word: &str) -> Body {
    match word {
        "empty" => Body::Empty,
        "chunked" => Body::Unknown,
        length => Body::Length(length.parse().expect("a length")),
    }
}

/// Takes the part of `side`: what the other side says is input, what ours says must be written.
fn take_side<P: Player>(side: &str, machine: P, lines: &[(usize, &str)], cut: usize) {
    let mut table = Table {
        machine,
        input: Vec::new(),
        at: 0,
        shown: 0,
        eof: false,
        out: Vec::new(),
        told: Told::default(),
        state: String::new(),
    };
    for (number, line) in lines {
        let (who, rest) = line.split_at(1);
        let ours = who == side;
        let place = format!("line {number}, cut {cut}");
        match (ours, rest.split_at(1)) {
            (_, ("-", "close")) => table.eof |= !ours,
            (false, (":" | "~", text)) => table.input.extend(said(text)),
            (false, _) | (true, ("~", _)) => {}
            (true, (":", text)) => {
                table.pump(cut);
                let said = said(text);
                let written = table.out.get(..said.len());
                let shown = escaped(&table.out);
                assert_eq!(written, Some(&said[..]), "{place}: says {shown}");
                table.out.drain(..said.len());
            }
            (true, (">", call)) => {
                table.pump(cut);
                let call = call.trim_start();
                let (refused, call) = match call.strip_prefix('!') {
                    Some(call) => match call.strip_prefix('(').and_then(|c| c.split_once(") ")) {
                        Some((misuse, call)) => (Some(misuse), call),
                        None => (Some("NotNow"), call),
                    },
                    None => (None, call),
                };
                let (verb, rest) = call.split_once(' ').unwrap_or((call, ""));
                let len = table.out.len();
                let result = table.machine.call(verb, rest, &mut table.out);
                if let Some(misuse) = refused {
                    let shown = result.map_err(|misuse| format!("{misuse:?}"));
                    let same = shown
                        .as_ref()
                        .is_err_and(|it| it.split(' ').next() == Some(misuse));
                    assert!(same, "{place}: {call}: {shown:?}");
                    assert_eq!(table.out.len(), len, "{place}: {call}");
                } else {
                    assert_eq!(result, Ok(()), "{place}: {call}");
                }
            }
            (true, ("=", wanted)) => {
                table.pump(cut);
                assert_eq!(table.all_told(), wanted.trim(), "{place}");
            }
            other => panic!("{place}: {other:?}"),
        }
    }
    table.pump(cut);
    let last = lines.last().unwrap().0;
    assert!(
        table.out.is_empty(),
        "line {last}: also says {}",
        escaped(&table.out)
    );
    assert!(
        table.told.parts.is_empty(),
        "line {last}: also tells {:?}",
        table.told.parts
    );
}

struct Table<P> {
    machine: P,
    input: Vec<u8>,
    at: usize,
    shown: usize,
    eof: bool,
    out: Vec<u8>,
    told: Told,
    state: String,
}

impl<P: Player> Table<P> {
    /// Shows what has arrived, in pieces of `cut` octets, until the machine waits.
    fn pump(&mut self, cut: usize) {
        for _ in 0..100_000 {
            let bytes = &self.input[self.at..self.shown];
            let all = self.shown == self.input.len();
            let input = if self.eof && all {
                Input::last(bytes)
            } else {
                Input::more(bytes)
            };
            let step = match self.machine.step(input, &mut self.out) {
                Ok(step) => step,
                Err(error) => {
                    self.shown = self.input.len();
                    let (name, reply) = (error.kind.name(), error.reply_hint());
                    self.state = format!("error {name} {reply}");
                    return;
                }
            };
            self.at += step.consumed;
            self.state = match step.next {
                Next::Event(event) => {
                    P::tell(event, &mut self.told);
                    continue;
                }
                Next::NeedMore if step.consumed > 0 => continue,
                Next::NeedMore => "more",
                Next::Paused => "paused",
                Next::Done => "done",
            }
            .into();
            if all {
                return;
            }
            self.shown += cut.min(self.input.len() - self.shown);
        }
        panic!("no end");
    }

    fn all_told(&mut self) -> String {
        let mut parts = core::mem::take(&mut self.told).parts;
        parts.push(self.state.clone());
        if self.at < self.input.len() {
            parts.push(format!("rest {}", escaped(&self.input[self.at..])));
        }
        parts.join("; ")
    }
}

/// A line, with its line end if it has one.
fn said(text: &str) -> Vec<u8> {
    let text = text.strip_prefix(' ').unwrap_or(text);
    match text.strip_suffix("\\c") {
        Some(text) => octets(text),
        None => [octets(text), b"\r\n".to_vec()].concat(),
    }
}

fn octets(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        octets.extend_from_slice(before.as_bytes());
        let (octet, len) = match after.as_bytes()[0] {
            b'r' => (b'\r', 1),
            b'n' => (b'\n', 1),
            b'x' => (u8::from_str_radix(&after[1..3], 16).expect("an octet"), 3),
            other => panic!("\\{}", char::from(other)),
        };
        octets.push(octet);
        rest = &after[len..];
    }
    octets.extend_from_slice(rest.as_bytes());
    octets
}

fn escaped(octets: &[u8]) -> String {
    let mut text = String::new();
    for &octet in octets {
        if (octet == b' ' || octet.is_ascii_graphic()) && octet != b'\\' {
            text.push(char::from(octet));
        } else {
            let _ = write!(text, "\\x{octet:02x}");
        }
    }
    text
}
