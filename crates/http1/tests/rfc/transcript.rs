//! What a connection told and wrote, as text.

use wirelore_http1::wire::{Fields, Framing};
use wirelore_http1::{Error, Misuse, RequestEvent, ResponseEvent};

use super::notation::show;

/// Entries with `; ` between; adjacent data, and adjacent output, joined.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    entries: Vec<(&'static str, String)>,
    out: Vec<u8>,
}

impl Transcript {
    pub(super) fn say(&mut self, what: &'static str, text: impl Into<String>) {
        let text = text.into();
        match self.entries.last_mut() {
            Some((last, before)) if *last == what && matches!(what, "data" | "out") => {
                before.push_str(&text);
            }
            _ => self.entries.push((what, text)),
        }
    }

    pub(super) fn answer(&mut self, what: &'static str, yes: bool) {
        self.say(what, if yes { "yes" } else { "no" });
    }

    /// Where the machine writes; see [`flush`](Self::flush).
    pub(super) const fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// What was written comes here.
    pub(super) fn flush(&mut self) {
        if !self.out.is_empty() {
            let out = show(&core::mem::take(&mut self.out));
            self.say("out", out);
        }
    }

    /// A call of the application.
    pub(super) fn called(&mut self, result: Result<(), Misuse>) {
        match result {
            Ok(()) => self.flush(),
            Err(misuse) => {
                assert!(self.out.is_empty(), "{misuse:?} wrote something");
                self.say("misuse", name(&misuse));
            }
        }
    }

    pub(super) fn failed(&mut self, error: &Error) {
        self.flush();
        self.say(
            "error",
            format!("{} {}", error.kind.name(), error.reply_hint()),
        );
    }

    pub(super) fn request(&mut self, event: &RequestEvent<&[u8]>) {
        match event {
            RequestEvent::Request(head) => {
                let mut text = framing(head.framing());
                for (flag, set) in [
                    ("close", !head.keep_alive()),
                    ("upgrade", head.upgrade()),
                    ("expect", head.expect_continue()),
                    ("expect-other", head.expect_other()),
                ] {
                    if set {
                        text = text + " " + flag;
                    }
                }
                let (method, target) = (show(head.method()), show(head.target()));
                self.say("request", format!("{text} {method} {target}"));
            }
            RequestEvent::Data(data) => self.say("data", show(data)),
            RequestEvent::End { trailers } => self.say("end", list(trailers.fields())),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn response(&mut self, event: &ResponseEvent<&[u8]>) {
        match event {
            ResponseEvent::Informational(head) => self.say("interim", head.status().to_string()),
            ResponseEvent::Response(head) => {
                let close = if head.keep_alive() { "" } else { " close" };
                let framing = framing(head.framing());
                self.say("response", format!("{} {framing}{close}", head.status()));
            }
            ResponseEvent::Data(data) => self.say("data", show(data)),
            ResponseEvent::End { trailers } => self.say("end", list(trailers.fields())),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn text(&self) -> String {
        let entries = self.entries.iter();
        let entries = entries.map(|(what, text)| match &**text {
            "" => (*what).to_string(),
            text => format!("{what} {text}"),
        });
        entries.collect::<Vec<_>>().join("; ")
    }
}

/// `BadMethod { at: 0 }` is `bad-method`.
pub(super) fn name(misuse: &Misuse) -> String {
    let debug = format!("{misuse:?}");
    let name = debug.split(' ').next().unwrap_or_default();
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

fn framing(framing: Framing) -> String {
    match framing {
        Framing::None => "none".into(),
        Framing::Length(length) => format!("length {length}"),
        Framing::Chunked => "chunked".into(),
        Framing::UntilEof => "until-eof".into(),
        Framing::Tunnel => "tunnel".into(),
        other => format!("{other:?}"),
    }
}

fn list(fields: Fields<'_>) -> String {
    let show = |name: &[u8], value: &[u8]| format!("[{} {}]", show(name), show(value));
    fields.map(|it| show(it.name(), &it.value())).collect()
}
