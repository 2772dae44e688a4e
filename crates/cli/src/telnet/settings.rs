//! What `set`, `toggle` and `display` know.

use super::console::Console;
use super::session::Session;
use wirelore_telnet_nvt::nvt::ReturnKey;
use wirelore_telnet_nvt::{OptionCode, Side};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The character that opens the prompt.
    pub(crate) escape: Option<u8>,
    /// What Return sends.
    pub(crate) return_key: ReturnKey,
    /// Whether what is typed is shown here; none: as it was negotiated.
    pub(crate) local_echo: Option<bool>,
    /// A Synch is sent with an interrupt.
    pub(crate) autosynch: bool,
    /// Output is dropped until an interrupt has had its effect.
    pub(crate) autoflush: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            escape: Some(0x1d),
            return_key: ReturnKey::CrLf,
            local_echo: None,
            autosynch: true,
            autoflush: true,
        }
    }
}

/// The names, and what they mean.
pub(crate) const NAMES: &[(&str, &str)] = &[
    (
        "autoflush",
        "drop output until an interrupt has had its effect",
    ),
    ("autosynch", "send a Synch with an interrupt"),
    ("binary", "eight bits, no line ends, both ways"),
    ("crlf", "Return sends CR LF, and not CR NUL"),
    (
        "escape",
        "the character that opens this prompt: ^X, X, or off",
    ),
    ("inbinary", "the same for what is received"),
    ("local-echo", "show what is typed: on, off, or auto"),
    ("netdata", "show every octet on the network in hex"),
    ("options", "tell of the negotiation"),
    ("outbinary", "the same for what is sent"),
];

/// The only one of `names` that begins with `word`, or is it.
pub(crate) fn pick<'n>(
    word: &str,
    names: impl Iterator<Item = &'n str> + Clone,
) -> Result<&'n str, String> {
    let mut all = names.clone();
    let fits = names.filter(|name| {
        let head = name.get(..word.len());
        !word.is_empty() && head.is_some_and(|head| head.eq_ignore_ascii_case(word))
    });
    let exact = all.find(|name| name.eq_ignore_ascii_case(word));
    let found: Vec<&str> = exact.map_or_else(|| fits.collect(), |name| vec![name]);
    match found[..] {
        [name] => Ok(name),
        [] => Err(format!("not known: {}", wirelore_core::escape(word))),
        _ => Err(format!("{word} may be {}", found.join(", "))),
    }
}

/// `^]`, `^?`, a single character, or `off` and `none`.
pub(crate) fn character(text: &str) -> Result<Option<u8>, String> {
    match *text.as_bytes() {
        _ if ["off", "none"].contains(&text) => Ok(None),
        [b'^', b'?'] => Ok(Some(127)),
        [b'^', letter @ b'@'..=b'_'] | [b'^', letter @ b'a'..=b'z'] => Ok(Some(letter & 31)),
        [octet] => Ok(Some(octet)),
        _ => Err("a character, or ^ and a letter, or none".into()),
    }
}

/// How a character is written.
pub(crate) fn shown(octet: u8) -> String {
    match octet {
        127 => "^?".into(),
        0..=31 => format!("^{}", char::from(octet | 64)),
        b' '..=b'~' => char::from(octet).into(),
        _ => format!("\\x{octet:02x}"),
    }
}

impl Settings {
    /// Sets `name`. Without a value it is on.
    pub(crate) fn set(
        &mut self,
        name: &str,
        value: Option<&str>,
        session: &mut Session,
    ) -> Result<(), String> {
        if name == "escape" {
            let value = value.ok_or("which character?")?;
            self.escape = character(value)?;
            return Ok(());
        }
        if (name, value) == ("local-echo", Some("auto")) {
            self.local_echo = None;
            return Ok(());
        }
        let on = match value {
            None | Some("on") => true,
            Some("off") => false,
            Some(_) => return Err("on or off".into()),
        };
        self.switch(name, on, session)
    }

    /// Sets what is on to off, and back.
    pub(crate) fn toggle(&mut self, name: &str, session: &mut Session) -> Result<(), String> {
        let on = self.is_on(name, session).ok_or("it is not on or off")?;
        self.switch(name, !on, session)
    }

    fn switch(&mut self, name: &str, on: bool, session: &mut Session) -> Result<(), String> {
        let console = session.console.clone();
        match name {
            "autoflush" => self.autoflush = on,
            "autosynch" => self.autosynch = on,
            "crlf" => {
                self.return_key = if on {
                    ReturnKey::CrLf
                } else {
                    ReturnKey::CrNul
                }
            }
            "local-echo" => self.local_echo = Some(on),
            "netdata" => console.netdata.set(on),
            "options" => console.options.set(on),
            _ => {
                for side in binary_sides(name) {
                    session.request(*side, OptionCode::BINARY, on)?;
                }
            }
        }
        Ok(())
    }

    fn is_on(&self, name: &str, session: &Session) -> Option<bool> {
        let Console {
            options, netdata, ..
        } = &*session.console;
        Some(match name {
            "escape" => return None,
            "autoflush" => self.autoflush,
            "autosynch" => self.autosynch,
            "crlf" => self.return_key == ReturnKey::CrLf,
            "local-echo" => self.local_echo.unwrap_or(false),
            "netdata" => netdata.get(),
            "options" => options.get(),
            _ => {
                let is_on = |side: &Side| session.is_on(*side, OptionCode::BINARY);
                binary_sides(name).iter().all(is_on)
            }
        })
    }

    /// A line about `name`.
    pub(crate) fn line(&self, name: &str, session: &Session) -> String {
        let value = match (name, self.is_on(name, session)) {
            ("local-echo", _) if self.local_echo.is_none() => "auto".into(),
            (_, Some(on)) => String::from(if on { "on" } else { "off" }),
            (_, None) => self.escape.map_or("off".into(), shown),
        };
        let meaning = NAMES.iter().find(|(known, _)| *known == name);
        format!(
            "{name:<12}{value:<6}{}",
            meaning.map_or("", |(_, meaning)| meaning)
        )
    }
}

/// Where BINARY is meant by a name.
fn binary_sides(name: &str) -> &'static [Side] {
    match name {
        "inbinary" => &[Side::Him],
        "outbinary" => &[Side::Us],
        _ => &[Side::Us, Side::Him],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_may_be_shortened_as_long_as_it_is_clear() {
        let names = || ["send", "set", "status", "s"].into_iter();
        assert_eq!(pick("sen", names()), Ok("send"));
        assert_eq!(pick("ST", names()), Ok("status"));
        assert_eq!(pick("s", names()), Ok("s"));
        assert!(pick("se", names()).is_err_and(|text| text == "se may be send, set"));
        for unknown in ["", "sends", "x", "\u{e9}"] {
            assert!(pick(unknown, names()).is_err(), "{unknown}");
        }
    }

    #[test]
    fn characters_are_written_as_they_are_read() {
        for (text, octet) in [
            ("^]", 29),
            ("^a", 1),
            ("^@", 0),
            ("^?", 127),
            ("~", b'~'),
            ("^", b'^'),
        ] {
            assert_eq!(character(text), Ok(Some(octet)), "{text}");
            assert_eq!(character(&shown(octet)), Ok(Some(octet)));
        }
        assert_eq!(character("none"), Ok(None));
        for bad in ["", "^", "ab", "^1", "é"]
            .into_iter()
            .filter(|bad| *bad != "^")
        {
            assert!(character(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_are_in_order() {
        assert!(NAMES.is_sorted());
    }
}
