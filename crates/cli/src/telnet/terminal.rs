//! The local terminal: how it works now, and as it was before.

use super::manner::{Flow, Manner};
use rustix::process::getpgrp;
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, OutputModes, QueueSelector, SpecialCodeIndex, Termios,
    isatty, tcflush, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr,
};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, Once, PoisonError};
use wirelore_telnet_nvt::wire::option::{SlcFunction, SlcSetting};

/// What to restore, wherever the program ends.
static SAVED: Mutex<Option<Saved>> = Mutex::new(None);

struct Saved {
    fd: OwnedFd,
    termios: Termios,
}

/// The terminal on stdin. It is as it was before when this is dropped, and after a panic.
pub(crate) struct Terminal {
    fd: OwnedFd,
    original: Termios,
    current: Option<Manner>,
}

/// The characters that have a function both in LINEMODE and at a terminal, and what is dropped with
/// them: input, output.
const CHARACTERS: &[(SlcFunction, SpecialCodeIndex, (bool, bool))] = &[
    (SlcFunction::IP, SpecialCodeIndex::VINTR, (true, true)),
    (SlcFunction::ABORT, SpecialCodeIndex::VQUIT, (true, true)),
    (SlcFunction::EOF, SpecialCodeIndex::VEOF, (false, false)),
    (SlcFunction::SUSP, SpecialCodeIndex::VSUSP, (true, false)),
    (SlcFunction::EC, SpecialCodeIndex::VERASE, (false, false)),
    (SlcFunction::EL, SpecialCodeIndex::VKILL, (false, false)),
    (SlcFunction::EW, SpecialCodeIndex::VWERASE, (false, false)),
    (SlcFunction::RP, SpecialCodeIndex::VREPRINT, (false, false)),
    (SlcFunction::LNEXT, SpecialCodeIndex::VLNEXT, (false, false)),
    (SlcFunction::XON, SpecialCodeIndex::VSTART, (false, false)),
    (SlcFunction::XOFF, SpecialCodeIndex::VSTOP, (false, false)),
];

impl Terminal {
    /// The terminal on stdin, if it is one.
    pub(crate) fn stdin() -> io::Result<Option<Self>> {
        static HOOK: Once = Once::new();
        let fd = io::stdin().as_fd().try_clone_to_owned()?;
        if !isatty(&fd) {
            return Ok(None);
        }
        let original = tcgetattr(&fd)?;
        let saved = Saved {
            fd: fd.try_clone()?,
            termios: original.clone(),
        };
        *SAVED.lock().unwrap_or_else(PoisonError::into_inner) = Some(saved);
        HOOK.call_once(|| {
            let next = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                restore();
                next(panic);
            }));
        });
        Ok(Some(Self {
            fd,
            original,
            current: None,
        }))
    }

    /// Works like this from now on. In the background nothing is changed: the terminal is another's.
    pub(crate) fn apply(&mut self, manner: &Manner) -> io::Result<()> {
        if self.current.as_ref() == Some(manner) || !is_foreground(&self.fd) {
            return Ok(());
        }
        tcsetattr(&self.fd, OptionalActions::Now, &self.modes(manner))?;
        self.current = Some(manner.clone());
        Ok(())
    }

    /// As it was before.
    pub(crate) fn restore(&mut self) {
        self.current = None;
        restore();
    }

    /// Somebody else may have changed it.
    pub(crate) fn forget(&mut self) {
        self.current = None;
    }

    /// Drops what waits to be shown.
    pub(crate) fn drop_output(&self) {
        if is_foreground(&self.fd) {
            let _ = tcflush(&self.fd, QueueSelector::OFlush);
        }
    }

    /// Columns and rows.
    pub(crate) fn window(&self) -> Option<(u16, u16)> {
        let size = tcgetwinsize(&self.fd).ok()?;
        Some((size.ws_col, size.ws_row))
    }

    /// Transmitting and receiving, in bits per second.
    pub(crate) fn speed(&self) -> (u32, u32) {
        (self.original.output_speed(), self.original.input_speed())
    }

    /// The octet for the end of input, if there is one.
    pub(crate) fn eof_character(&self) -> Option<u8> {
        match self.original.special_codes[SpecialCodeIndex::VEOF] {
            0 => None,
            octet => Some(octet),
        }
    }

    /// The characters that have functions here.
    pub(crate) fn characters(&self) -> Vec<(SlcFunction, SlcSetting)> {
        let code = |index: SpecialCodeIndex| self.original.special_codes[index];
        let set = CHARACTERS.iter().filter(|(_, index, _)| code(*index) != 0);
        set.map(|&(function, index, (input, output))| {
            let setting = SlcSetting::value(code(index)).flushing(input, output);
            (function, setting)
        })
        .collect()
    }

    fn modes(&self, manner: &Manner) -> Termios {
        let mut termios = self.original.clone();
        let local = &mut termios.local_modes;
        local.set(LocalModes::ICANON, manner.edit);
        local.set(LocalModes::ECHO, manner.echo);
        local.set(LocalModes::ISIG, manner.trap);
        local.set(LocalModes::IEXTEN, manner.edit);
        if !manner.edit {
            termios.special_codes[SpecialCodeIndex::VMIN] = 1;
            termios.special_codes[SpecialCodeIndex::VTIME] = 0;
            termios
                .input_modes
                .remove(InputModes::ISTRIP | InputModes::PARMRK);
        }
        if manner.is_raw() {
            let changing = InputModes::ICRNL | InputModes::INLCR | InputModes::IGNCR;
            termios.input_modes.remove(changing);
            termios.output_modes.remove(OutputModes::OPOST);
        } else {
            // Return is LF, and shown as a new line
            termios.input_modes.insert(InputModes::ICRNL);
            termios.input_modes.remove(InputModes::IGNCR);
            termios
                .output_modes
                .insert(OutputModes::OPOST | OutputModes::ONLCR);
        }
        match manner.flow {
            Flow::AsItWas => {}
            Flow::Off => termios.input_modes.remove(InputModes::IXON),
            Flow::On { restart_any } => {
                termios.input_modes.insert(InputModes::IXON);
                termios.input_modes.set(InputModes::IXANY, restart_any);
            }
        }
        for &(function, octet) in &manner.characters {
            let known = CHARACTERS.iter().find(|(known, ..)| *known == function);
            if let Some(&(_, index, _)) = known {
                termios.special_codes[index] = octet;
            }
        }
        if let (true, Some(escape)) = (manner.edit, manner.escape) {
            termios.special_codes[SpecialCodeIndex::VEOL] = escape;
        }
        termios
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

fn restore() {
    let Ok(saved) = SAVED.try_lock() else {
        return;
    };
    if let Some(Saved { fd, termios }) = &*saved
        && is_foreground(fd)
    {
        let _ = tcsetattr(fd, OptionalActions::Now, termios);
    }
}

/// Whether the terminal is ours to change: a change from the background would stop the process.
/// One that controls no processes is everybody's.
fn is_foreground(fd: &OwnedFd) -> bool {
    tcgetpgrp(fd).map_or(true, |group| group == getpgrp())
}
