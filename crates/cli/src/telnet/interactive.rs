//! A session at a terminal: keys go to the server, to the prompt, or become commands.

use super::ends::{Code, Failure};
use super::input::Input;
use super::manner::Manner;
use super::prompt::{Facts, PROMPT, Scene, Then, obey};
use super::session::{Session, Turn};
use super::settings::Settings;
use super::signals::{Signal, Signals};
use super::terminal::Terminal;
use rustix::process::{Signal as Sent, getpgrp, getsid, kill_current_process_group};
use wirelore_telnet_nvt::wire::option::SlcFunction;
use wirelore_telnet_nvt::{Command, OptionCode, Side};

/// The one who sits at the terminal, and what is there.
pub(crate) struct Desk {
    pub(crate) terminal: Terminal,
    pub(crate) input: Input,
    pub(crate) signals: Signals,
    pub(crate) settings: Settings,
    pub(crate) facts: Facts,
    /// What was typed and is not worked off.
    pub(crate) typed: Vec<u8>,
    /// The prompt is open, and so much of a line was typed there.
    pub(crate) prompt: Option<Vec<u8>>,
}

/// How a session ends well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The peer closed it.
    There,
    /// We did.
    Here,
}

impl Desk {
    /// Until one of the two ends it. The terminal is left as it was before.
    pub(crate) async fn run(&mut self, session: &mut Session) -> Result<End, Failure> {
        let ended = self.converse(session).await;
        self.terminal.restore();
        session.console.raw.set(false);
        ended
    }

    async fn converse(&mut self, session: &mut Session) -> Result<End, Failure> {
        loop {
            let manner = Manner::of(session.driver.machine(), &self.settings);
            let at_prompt = self.prompt.is_some();
            if !at_prompt {
                self.work_like(&manner, session)?;
            }
            tokio::select! {
                turn = turn(session, at_prompt) => if turn? == Turn::Closed {
                    return Ok(End::There);
                },
                read = self.input.read(&mut self.typed) => {
                    let read = read.map_err(|e| Failure::of(&e, Code::READING, "the terminal"))?;
                    if read == 0 {
                        self.end_of_input(&manner, session)?;
                    }
                }
                signal = self.signals.next() => self.signal(signal, &manner, session)?,
            }
            if let Some(end) = self.work_off(&manner, session).await {
                return Ok(end);
            }
        }
    }

    fn work_like(&mut self, manner: &Manner, session: &Session) -> Result<(), Failure> {
        let applied = self.terminal.apply(manner);
        applied.map_err(|error| Failure::of(&error, Code::READING, "the terminal"))?;
        session.console.raw.set(manner.is_raw());
        Ok(())
    }

    /// Sends what was typed, or does what it says.
    async fn work_off(&mut self, manner: &Manner, session: &mut Session) -> Option<End> {
        while !self.typed.is_empty() {
            if let Some(line) = &mut self.prompt {
                let end = self.typed.iter().position(|octet| b"\r\n".contains(octet));
                let Some(end) = end else {
                    line.append(&mut self.typed);
                    break;
                };
                line.extend(self.typed.drain(..=end));
                let line = std::mem::take(line);
                let ended = self.obey(&String::from_utf8_lossy(&line), session).await;
                if ended.is_some() {
                    return ended;
                }
                continue;
            }
            let escape = self.settings.escape;
            let found = escape.and_then(|escape| self.typed.iter().position(|o| *o == escape));
            let keys: Vec<u8> = self
                .typed
                .drain(..found.unwrap_or(self.typed.len()))
                .collect();
            if !keys.is_empty() {
                self.keys(&keys, manner, session);
            }
            if found.is_some() {
                self.typed.remove(0);
                self.open_prompt(session);
            }
        }
        None
    }

    fn keys(&self, keys: &[u8], manner: &Manner, session: &mut Session) {
        if session.is_clogged() {
            // nobody reads it; the escape character is still heard
            session.console.write("\x07");
            return;
        }
        session.typed(keys, manner.return_code(), self.settings.return_key);
    }

    /// The key for the end of input, on an empty line; or the terminal is gone.
    fn end_of_input(&mut self, manner: &Manner, session: &mut Session) -> Result<(), Failure> {
        if self.input.is_gone() || (self.prompt.is_none() && !manner.edit) {
            return Err(Failure::new(Code::HANGUP, "the terminal is gone"));
        }
        if self.prompt.take().is_some() {
            session.console.say("");
        } else if session.is_on(Side::Us, OptionCode::LINEMODE) {
            let _ = session.command(Command::EOF);
        } else if let Some(octet) = self.terminal.eof_character() {
            session.typed(&[octet], manner.return_code(), self.settings.return_key);
        }
        Ok(())
    }

    fn open_prompt(&mut self, session: &Session) {
        self.terminal.restore();
        session.console.raw.set(false);
        self.prompt = Some(Vec::new());
        session.console.write(&format!("\n{PROMPT}"));
    }

    async fn obey(&mut self, line: &str, session: &mut Session) -> Option<End> {
        self.facts.window = self.terminal.window();
        let mut scene = Scene {
            session: &mut *session,
            settings: &mut self.settings,
            facts: &self.facts,
        };
        match obey(line, &mut scene) {
            Then::Session => self.prompt = None,
            Then::Prompt => session.console.write(PROMPT),
            Then::Suspend => {
                self.prompt = None;
                self.suspend(session);
            }
            Then::Quit => {
                session.drop_output();
                session.hang_up().await;
                return Some(End::Here);
            }
        }
        None
    }

    fn signal(
        &mut self,
        signal: Signal,
        manner: &Manner,
        session: &mut Session,
    ) -> Result<(), Failure> {
        let traps = manner.trap && session.client().is_some();
        match signal {
            Signal::Window => {
                if let Some(size) = self.terminal.window() {
                    session.resize(size);
                }
            }
            Signal::Resume => {
                self.terminal.forget();
                if let Some(size) = self.terminal.window() {
                    session.resize(size);
                }
                if self.prompt.is_some() {
                    session.console.write(PROMPT);
                }
            }
            Signal::Interrupt | Signal::Quit if self.prompt.is_some() => {
                self.prompt = Some(Vec::new());
                session.console.write(&format!("\n{PROMPT}"));
            }
            Signal::Interrupt if traps => self.trapped(SlcFunction::IP, Command::IP, session),
            Signal::Quit if traps && session.is_on(Side::Us, OptionCode::LINEMODE) => {
                self.trapped(SlcFunction::ABORT, Command::ABORT, session);
            }
            Signal::Quit if traps => self.trapped(SlcFunction::BRK, Command::BRK, session),
            Signal::Suspend
                if traps
                    && self.prompt.is_none()
                    && session.is_on(Side::Us, OptionCode::LINEMODE) =>
            {
                self.trapped(SlcFunction::SUSP, Command::SUSP, session);
            }
            Signal::Suspend => self.suspend(session),
            other => other.ends().map_or(Ok(()), Err)?,
        }
        Ok(())
    }

    /// A key that interrupts becomes a command. LINEMODE says what goes with it; without it the
    /// settings do.
    fn trapped(&self, function: SlcFunction, command: Command, session: &mut Session) {
        let said = session.client().and_then(|client| {
            let linemode = client.receiver().is_on(Side::Us, OptionCode::LINEMODE);
            linemode.then(|| client.special_characters().current(function))
        });
        let (synch, flush) = match said.flatten() {
            Some(setting) => (setting.flush_in, setting.flush_out),
            None => (self.settings.autosynch, self.settings.autoflush),
        };
        session.interrupt(command, synch, flush);
        if flush {
            self.terminal.drop_output();
        }
    }

    /// Stops all of the job until somebody wakes it.
    fn suspend(&mut self, session: &Session) {
        let leads = getsid(None).is_ok_and(|session| session == getpgrp());
        if leads {
            // The group of a session's leader has nobody who would wake it.
            session.console.say("no job control here");
            return;
        }
        self.terminal.restore();
        session.console.raw.set(false);
        let _ = kill_current_process_group(Sent::STOP);
    }
}

/// Behind the prompt, the server can print nothing.
async fn turn(session: &mut Session, at_prompt: bool) -> Result<Turn, Failure> {
    match at_prompt {
        true => Ok(session.send_on().await),
        false => session.turn().await,
    }
}
