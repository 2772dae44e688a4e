//! A connection, the screen, and what is said on the one for the other.

use super::console::Console;
use super::ends::{Code, Failure};
use super::log::Log;
use super::printer::Printer;
use super::talker::Talker;
use super::wire::Wire;
use std::convert::Infallible;
use std::future::{Future as _, poll_fn};
use std::io;
use std::ops::ControlFlow;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use tokio::time::timeout;
use wirelore_telnet_nvt::nvt::ReturnKey;
use wirelore_telnet_nvt::{Client, Command, Event, OptionCode, Requested, Side};
use wirelore_tokio::{Driver, DriverError, Pumped};

/// So many octets may wait for a server that does not read.
const UNSENT: usize = 64 << 10;
/// How long the last words may take.
const FAREWELL: Duration = Duration::from_secs(1);

pub(crate) struct Session {
    pub(crate) driver: Driver<Talker, Wire>,
    pub(crate) console: Rc<Console>,
    pub(crate) printer: Printer,
    pub(crate) log: Option<Log>,
    /// What was received and not given to the printer.
    screen: Vec<u8>,
    /// The server has shown that it speaks TELNET.
    speaks_telnet: bool,
    ours: Direction,
}

/// Our sending direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Open,
    /// To be closed when all is sent.
    Closing,
    Closed,
}

/// What a turn has led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Something: look again at what was negotiated.
    Progress,
    /// The peer has closed the connection, and all it said is with the printer.
    Closed,
}

impl Session {
    pub(crate) const fn new(
        driver: Driver<Talker, Wire>,
        console: Rc<Console>,
        printer: Printer,
        log: Option<Log>,
    ) -> Self {
        Self {
            driver,
            console,
            printer,
            log,
            screen: Vec::new(),
            speaks_telnet: false,
            ours: Direction::Open,
        }
    }

    /// Reads and prints, one of the two: what cannot be printed stops the server. Cancel safe.
    pub(crate) async fn turn(&mut self) -> Result<Turn, Failure> {
        if !self.screen.is_empty() {
            let Self {
                driver,
                printer,
                screen,
                ours,
                ..
            } = self;
            let printed = tokio::select! {
                printed = printer.print(screen) => printed,
                () = send_on(driver, *ours) => return Ok(Turn::Progress),
            };
            return match printed {
                Ok(()) => Ok(Turn::Progress),
                Err(error) => Err(Failure::output(&error)),
            };
        }
        let Self {
            driver,
            printer,
            log,
            screen,
            speaks_telnet,
            ours,
            ..
        } = self;
        let mut on_event = |talker: &mut Talker, event: Event<&[u8]>, _: &mut Vec<u8>| {
            *speaks_telnet |= !matches!(event, Event::Data(_));
            match event {
                Event::Data(data) => {
                    if let Some(log) = log {
                        log.write(data);
                    }
                    screen.extend_from_slice(data);
                }
                Event::Command(Command::DM) if talker.synch_is_over() => printer.discard(),
                _ => {}
            }
            ControlFlow::Break(())
        };
        // Both are cancel safe, so both can be begun anew at every poll.
        let pumped = poll_fn(|cx| {
            if *ours == Direction::Closing && pin!(driver.shutdown()).poll(cx).is_ready() {
                *ours = Direction::Closed;
                driver.machine_mut().mute();
            }
            let was_clogged = driver.unsent() >= UNSENT;
            let pumped = pin!(driver.pump(&mut on_event)).poll(cx);
            match was_clogged && driver.unsent() < UNSENT && pumped.is_pending() {
                // more can be given to the server now
                true => Poll::Ready(None),
                false => pumped.map(Some),
            }
        });
        let pumped = tokio::select! {
            pumped = pumped => match pumped {
                Some(pumped) => pumped,
                None => return Ok(Turn::Progress),
            },
            error = printer.broken() => return Err(Failure::output(&error)),
        };
        match pumped {
            Ok(Pumped::Break(())) => Ok(Turn::Progress),
            Ok(Pumped::Done | Pumped::HungUp) => Ok(Turn::Closed),
            Err(error) => Err(lost(error)),
        }
    }

    /// Sends what is to be sent, and reads as long as there is room; for times in which nothing is
    /// to be printed.
    pub(crate) async fn send_on(&mut self) -> Turn {
        send_on(&mut self.driver, self.ours).await;
        Turn::Progress
    }

    /// Our direction is closed as soon as all is sent.
    pub(crate) fn shut_down(&mut self) {
        if self.ours == Direction::Open {
            self.ours = Direction::Closing;
        }
    }

    /// Whether the server reads too slowly to be given more.
    pub(crate) const fn is_clogged(&self) -> bool {
        self.driver.unsent() >= UNSENT
    }

    pub(crate) fn client(&self) -> Option<&Client> {
        self.driver.machine().client()
    }

    pub(crate) fn is_on(&self, side: Side, option: OptionCode) -> bool {
        self.client()
            .is_some_and(|client| client.receiver().is_on(side, option))
    }

    /// Sends what was typed.
    pub(crate) fn typed(&mut self, octets: &[u8], return_code: u8, return_key: ReturnKey) {
        self.call(|talker, out| talker.typed(octets, return_code, return_key, out));
    }

    /// Sends a command of two octets.
    pub(crate) fn command(&mut self, command: Command) -> Result<(), String> {
        let sent = self.talk(|client, out| client.command(command, out))?;
        sent.map_err(|misuse| misuse.to_string())
    }

    /// Sends a Synch, with its urgent mark.
    pub(crate) fn synch(&mut self) -> Result<(), String> {
        let mut synch = Vec::new();
        let dm = self.talk(|client, _| client.synch(&mut synch))?;
        // What the system takes for urgent is the octet before the one that the pointer is at.
        let (marked, rest) = synch.split_at(dm);
        self.call(|_, out| out.extend_from_slice(marked));
        self.driver.mark_urgent();
        self.call(|_, out| out.extend_from_slice(rest));
        Ok(())
    }

    /// Asks for an option to be on or off.
    pub(crate) fn request(
        &mut self,
        side: Side,
        option: OptionCode,
        on: bool,
    ) -> Result<Requested, String> {
        Ok(self.talk(|client, out| client.request(side, option, on, out))?)
    }

    /// A command that interrupts what the server does: with a Synch, and with output dropped until
    /// it has had its effect. Nothing is dropped for a server that speaks no TELNET: the sign that
    /// ends it would not come.
    pub(crate) fn interrupt(&mut self, command: Command, synch: bool, flush: bool) {
        // Without a protocol there is nothing to send.
        let _ = self.command(command);
        if synch {
            let _ = self.synch();
        }
        if flush && self.speaks_telnet {
            self.drop_output();
            let _ = self.talk(|client, out| client.flush_until_mark(out));
        }
    }

    /// The window has another size.
    pub(crate) fn resize(&mut self, (columns, rows): (u16, u16)) {
        let _ = self.talk(|client, out| client.resize(columns, rows, out));
    }

    /// Drops what was not printed yet.
    pub(crate) fn drop_output(&mut self) {
        self.screen.clear();
        self.printer.discard();
    }

    /// Closes our end, without waiting long.
    pub(crate) async fn hang_up(&mut self) {
        let _ = timeout(FAREWELL, self.driver.shutdown()).await;
    }

    /// Waits until everything is printed and written.
    pub(crate) async fn finish(mut self) -> Result<(), Failure> {
        if !self.screen.is_empty() {
            let printed = self.printer.print(&mut self.screen).await;
            printed.map_err(|error| Failure::output(&error))?;
        }
        let printed = self.printer.finish().await;
        printed.map_err(|error| Failure::output(&error))?;
        self.log.map_or(Ok(()), Log::finish)
    }

    /// A call on the machine that sends something.
    pub(crate) fn call<R>(&mut self, call: impl FnOnce(&mut Talker, &mut Vec<u8>) -> R) -> R {
        let called = self
            .driver
            .apply(|talker, out| Ok::<R, Infallible>(call(talker, out)));
        match called {
            Ok(value) => value,
        }
    }

    /// The same on the client, if there is one.
    fn talk<R>(
        &mut self,
        call: impl FnOnce(&mut Client, &mut Vec<u8>) -> R,
    ) -> Result<R, &'static str> {
        self.call(|talker, out| {
            let client = talker.client_mut().ok_or("not with --raw")?;
            Ok(call(client, out))
        })
    }
}

/// Sends. Ends when the server can be given more, which it could not before; or never: who reads will
/// learn that the connection broke.
async fn send_on(driver: &mut Driver<Talker, Wire>, ours: Direction) {
    let was_clogged = driver.unsent() >= UNSENT;
    let sent = match ours {
        Direction::Open => driver.flush().await,
        Direction::Closing | Direction::Closed => driver.shutdown().await,
    };
    if !was_clogged || sent.is_err() {
        std::future::pending::<()>().await;
    }
}

/// The connection broke.
fn lost(error: DriverError<Infallible>) -> Failure {
    let error = match error {
        DriverError::Io(error) => error,
        other => io::Error::other(other),
    };
    Failure::of(&error, Code::NETWORK, "the connection is lost")
}
