//! How the terminal is to work, as it follows from what was negotiated.

use super::settings::Settings;
use super::talker::Talker;
use wirelore_telnet_nvt::wire::option::{Mode, SlcFunction, SlcLevel};
use wirelore_telnet_nvt::{Client, OptionCode, Side};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    /// Lines are edited here and sent whole.
    pub(crate) edit: bool,
    /// What is typed is shown here.
    pub(crate) echo: bool,
    /// Characters that interrupt become commands.
    pub(crate) trap: bool,
    pub(crate) flow: Flow,
    /// Characters that the server has changed; 0: none has the function.
    pub(crate) characters: Vec<(SlcFunction, u8)>,
    /// It ends a line that is being edited.
    pub(crate) escape: Option<u8>,
}

/// Whether XOFF stops output (RFC 1372).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    AsItWas,
    Off,
    On { restart_any: bool },
}

impl Manner {
    pub(crate) fn of(talker: &Talker, settings: &Settings) -> Self {
        let escape = settings.escape;
        let Some(client) = talker.client() else {
            return Self {
                edit: true,
                echo: settings.local_echo.unwrap_or(true),
                trap: true,
                flow: Flow::AsItWas,
                characters: Vec::new(),
                escape,
            };
        };
        let is_on = |side, option| client.receiver().is_on(side, option);
        let linemode = is_on(Side::Us, OptionCode::LINEMODE);
        let (edit, trap) = if linemode {
            let mask = Mode(client.linemode());
            (mask.has(Mode::EDIT), mask.has(Mode::TRAPSIG))
        } else {
            let lines = client.mode().sends_lines();
            (lines, lines)
        };
        let flow = match client.flow_control() {
            _ if !is_on(Side::Us, OptionCode::LFLOW) && edit => Flow::AsItWas,
            (on, restart_any) if is_on(Side::Us, OptionCode::LFLOW) && on => {
                Flow::On { restart_any }
            }
            _ => Flow::Off,
        };
        let echo = !is_on(Side::Him, OptionCode::ECHO);
        Self {
            edit,
            echo: settings.local_echo.unwrap_or(echo),
            trap,
            flow,
            characters: if linemode {
                characters(client)
            } else {
                Vec::new()
            },
            escape,
        }
    }

    /// Nothing is changed on the way to the screen, and Return is CR.
    pub(crate) const fn is_raw(&self) -> bool {
        !self.edit && !self.echo
    }

    /// What the Return key gives.
    pub(crate) const fn return_code(&self) -> u8 {
        if self.is_raw() { b'\r' } else { b'\n' }
    }

    /// In words, for people.
    pub(crate) fn words(&self) -> String {
        let sent = match (self.edit, self.trap) {
            (true, true) => "line by line, edited here; signals are sent as commands",
            (true, false) => "line by line, edited here",
            (false, true) => "character by character; signals are sent as commands",
            (false, false) => "character by character",
        };
        let echo = if self.echo {
            "echoed here"
        } else {
            "not echoed here"
        };
        format!("{sent}, {echo}")
    }
}

/// What the server's and our wishes have come to.
fn characters(client: &Client) -> Vec<(SlcFunction, u8)> {
    let table = client.special_characters();
    let ours = SlcFunction::every().filter(|function| {
        let default = table.default_of(*function);
        default.is_some_and(|setting| setting.level != SlcLevel::NoSupport)
    });
    ours.filter_map(|function| {
        let setting = table.current(function)?;
        match setting.level {
            SlcLevel::NoSupport => Some((function, 0)),
            SlcLevel::Value | SlcLevel::CantChange => Some((function, setting.value)),
            SlcLevel::Default => None,
        }
    })
    .collect()
}
