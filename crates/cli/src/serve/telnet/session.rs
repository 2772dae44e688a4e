//! One connection to the console: the driver, the clock, and when what is said.

use super::super::guests::{Guest, Visit};
use super::House;
use super::console::{self, Answer, Context};
use super::conversation::{Conversation, Wish};
use super::ear::{Ear, Stroke};
use super::pager::Window;
use super::users;
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, sleep_until};
use wirelore_core::escape;
use wirelore_telnet_nvt::{EnvironmentPolicy, Event, Fact, OptionCode, Server, ServerConfig, Side};
use wirelore_tokio::{Driver, DriverConfig, DriverError, Pumped, UrgentStream};

/// So many octets are received at once, and looked at before there are more.
const RECEIVE: usize = 4096;
/// From so many unsent octets on, nothing more is done for a peer.
const UNSENT: usize = 32_768;
/// After so many events, others have their turn.
const EVENTS: u32 = 256;
/// So many lines are dealt with at once, and then one each `LINE`.
const BURST: u32 = 20;
const LINE: Duration = Duration::from_millis(100);
/// The pause after a wrong password. Each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(500);
/// How long the last words may take.
const FAREWELL: Duration = Duration::from_secs(2);
/// Variables that are asked for where everything is logged.
const VARIABLES: &[&str] = &[
    "TERM",
    "DISPLAY",
    "LANG",
    "COLORTERM",
    "ACCT",
    "JOB",
    "PRINTER",
];

/// Talks to a peer until one of both leaves.
pub(super) async fn run(house: &House, guest: Guest) {
    let Guest {
        stream,
        mut drain,
        mut visit,
    } = guest;
    let logs = house.logs_options();
    let stream = match UrgentStream::new(stream) {
        Ok(stream) => stream,
        Err(error) => return visit.end(Err(error.to_string())),
    };
    // the conversation answers, and shows again what it asks
    let mut server = ServerConfig {
        are_you_there: Vec::new(),
        ..ServerConfig::default()
    };
    if logs {
        server.environment = EnvironmentPolicy::allow(VARIABLES);
    }
    let config = DriverConfig {
        receive: RECEIVE,
        high: UNSENT,
        low: UNSENT / 4,
        stall: Some(house.options.telnet_stall),
        ..DriverConfig::default()
    };
    let mut session = Session {
        house,
        driver: Driver::new(Server::new(server), stream, &config).with_urgent(),
        talk: Conversation::new(),
        ear: Ear::new(logs),
        visit,
        logs,
        begun: Instant::now(),
        active: Instant::now(),
        lines: Lines::new(),
        hiding: false,
    };
    session.begin();
    let ended = loop {
        let deadline = session.deadline();
        let turned = tokio::select! {
            biased;
            () = drain.begun() => Err(End::Drain),
            () = deadline_over(deadline) => Err(End::Late),
            turned = session.turn() => turned,
        };
        if let Err(end) = turned {
            break end;
        }
    };
    session.end(ended).await;
}

async fn deadline_over(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// Why a session is over.
enum End {
    /// The peer said so.
    Left,
    /// It closed the connection.
    Closed,
    /// It typed nothing for too long, or was not done with the login.
    Late,
    /// It did not know a password.
    Wrong,
    /// The server stops.
    Drain,
    Lost(String),
}

struct Session<'h> {
    house: &'h House,
    driver: Driver<Server, UrgentStream>,
    talk: Conversation,
    ear: Ear,
    visit: Visit,
    logs: bool,
    begun: Instant,
    /// When something was typed last.
    active: Instant,
    lines: Lines,
    /// The peer, which echoes by itself, was asked not to, for a password.
    hiding: bool,
}

impl Session<'_> {
    fn begin(&mut self) {
        let log_in = !self.house.telnet().users.is_empty();
        let mut out = String::new();
        self.talk.begin(log_in, &mut out);
        self.say(&out);
    }

    /// When patience ends.
    fn deadline(&self) -> Option<Instant> {
        let options = &self.house.options;
        let idle = self.active.checked_add(options.telnet_idle);
        let login = self.begun.checked_add(options.telnet_login_time);
        match self.talk.logs_in() {
            true => login.into_iter().chain(idle).min(),
            false => idle,
        }
    }

    /// Deals with what was typed, then waits until something more happens.
    async fn turn(&mut self) -> Result<(), End> {
        while let Some(stroke) = self.ear.strokes.pop_front() {
            self.active = Instant::now();
            self.visit.received += 1;
            let has_done = self.stroke(stroke).await?;
            if self.driver.unsent() >= UNSENT {
                self.driver.settle().await.map_err(|error| lost(&error))?;
            }
            // that may have taken a while
            if has_done {
                return Ok(());
            }
        }
        let (ear, visit, logs) = (&mut self.ear, &self.visit, self.logs);
        let mut left = EVENTS;
        let pumped = self.driver.pump(|server, event, out| {
            if let Some(note) = ear.hear(&event) {
                visit.note(note.what, &note.text, false, note.members);
            }
            heed(server, &event, logs, visit, out);
            left -= 1;
            match ear.strokes.is_empty() && left > 0 {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        });
        match pumped.await {
            Ok(Pumped::Break(())) => {}
            Ok(Pumped::Done | Pumped::HungUp) => return Err(End::Closed),
            Err(DriverError::Io(error)) => return Err(lost(&error)),
            Err(error) => return Err(End::Lost(error.to_string())),
        }
        let server = self.driver.machine();
        self.talk.character = server.echoes() && !self.hiding;
        let (columns, rows) = server.window().unwrap_or_default();
        self.talk.window = Window { columns, rows };
        // a pump that is always broken off never waits, and so never finds that the peer has stalled
        self.driver.settle().await.map_err(|error| lost(&error))?;
        // a peer that says a lot is not the only one
        yield_now().await;
        Ok(())
    }

    /// Whether it led to something that had to be done.
    async fn stroke(&mut self, stroke: Stroke) -> Result<bool, End> {
        let mut out = String::new();
        let wish = match stroke {
            Stroke::Octet(octet) => self.talk.octet(octet, &mut out),
            Stroke::Key(key) => self.talk.key(key, &mut out),
            Stroke::Ask => {
                self.talk.be_there(&mut out);
                None
            }
            Stroke::Stop => {
                self.talk.stop(&mut out);
                None
            }
            Stroke::AbortOutput => {
                self.synch();
                self.talk.stop(&mut out);
                None
            }
        };
        self.say(&out);
        let has_wish = wish.is_some();
        match wish {
            None => {}
            Some(Wish::Leave) => return Err(End::Left),
            Some(Wish::Run(line)) => self.command(&line).await?,
            Some(Wish::LogIn { name, password }) => self.log_in(&name, &password).await?,
        }
        self.hide();
        Ok(has_wish)
    }

    async fn command(&mut self, line: &str) -> Result<(), End> {
        self.visit.act();
        self.driver.flush().await.map_err(|error| lost(&error))?;
        self.lines.wait().await;
        let view = self.visit.board().view();
        let context = Context {
            view: &view,
            client: self.visit.client,
        };
        let Answer { lines, end } = console::run(line, &context);
        let mut out = String::new();
        if end {
            lines.iter().for_each(|line| out += &format!("{line}\n"));
            self.say(&out);
            return Err(End::Left);
        }
        self.talk.answer(lines, &mut out);
        self.say(&out);
        Ok(())
    }

    async fn log_in(&mut self, name: &str, password: &str) -> Result<(), End> {
        let telnet = self.house.telnet();
        let known = users::check(&telnet.users, name, password).is_some();
        let shown = escape(name).limit(60).to_string();
        let members = vec![("user", name.into()), ("ok", known.into())];
        let mut out = String::new();
        if known {
            self.visit
                .note("login", &format!("logged in as {shown}"), false, members);
            self.visit.log_in(name);
            self.talk.let_in(&mut out);
            self.say(&out);
            return Ok(());
        }
        let text = format!("could not log in as {shown}");
        self.visit.note("login", &text, true, members);
        self.driver.flush().await.map_err(|error| lost(&error))?;
        sleep(PAUSE * (1 << self.talk.wrong())).await;
        let again = self.talk.refuse(&mut out);
        self.say(&out);
        match again {
            true => Ok(()),
            false => Err(End::Wrong),
        }
    }

    /// Takes the echo away from a peer that has it, as long as a password is typed.
    fn hide(&mut self) {
        let hides = self.talk.hides() && (self.hiding || self.ear.echo_refused);
        if hides != self.hiding {
            self.hiding = hides;
            let _ = self.driver.apply(|server, out| {
                server.set_echo(hides, out);
                Ok::<_, Infallible>(())
            });
        }
    }

    /// It is sent when somebody waits.
    fn say(&mut self, text: &str) {
        self.visit.sent += text.len() as u64;
        let _ = self.driver.apply(|server, out| {
            server.write(text.as_bytes(), out);
            Ok::<_, Infallible>(())
        });
    }

    /// Tells the peer to drop what has not been shown yet: the answer to AO (RFC 1123 section 3.2.4).
    fn synch(&mut self) {
        let mut synch = Vec::new();
        let dm = self.driver.machine_mut().synch(&mut synch);
        // What the system takes for urgent is the octet before the one that the pointer is at.
        let (marked, rest) = synch.split_at(dm);
        let _ = self.driver.apply(|_, out| {
            out.extend_from_slice(marked);
            Ok::<_, Infallible>(())
        });
        self.driver.mark_urgent();
        let _ = self.driver.apply(|_, out| {
            out.extend_from_slice(rest);
            Ok::<_, Infallible>(())
        });
    }

    async fn end(mut self, end: End) {
        let (words, ended) = match end {
            End::Left | End::Closed => ("", Ok(())),
            End::Late if self.talk.logs_in() => (
                "\nThe login took too long. Goodbye.\n",
                Err("the login took too long (--telnet-login-time)".to_owned()),
            ),
            End::Late => (
                "\nNothing was typed for too long. Goodbye.\n",
                Err("nothing was typed (--telnet-idle)".to_owned()),
            ),
            End::Wrong => ("", Err("three wrong passwords".to_owned())),
            End::Drain => ("\nThe server stops. Goodbye.\n", Ok(())),
            End::Lost(why) => ("", Err(why)),
        };
        self.say(words);
        self.visit.end(ended);
        // if it does not take them, it does not
        let _ = self.driver.close(FAREWELL).await;
    }
}

/// Does at once what an event asks for.
fn heed(server: &Server, event: &Event<&[u8]>, logs: bool, visit: &Visit, out: &mut Vec<u8>) {
    match event {
        Event::Learned(Fact::TerminalType { .. }) => {
            if let Some(name) = server.terminal_type() {
                visit.terminal(name);
            }
        }
        // where everything is noted, a peer may tell more than it is asked for by name
        Event::Option {
            side: Side::Him,
            option: OptionCode::NEW_ENVIRON,
            on: true,
        } if logs => {
            let send = [1];
            let receiver = server.receiver();
            receiver.send_subnegotiation(OptionCode::NEW_ENVIRON, &send, out);
        }
        _ => {}
    }
}

fn lost(error: &std::io::Error) -> End {
    End::Lost(format!("the connection was lost: {error}"))
}

/// How many lines may be dealt with at once.
struct Lines {
    left: u32,
    since: Instant,
}

impl Lines {
    fn new() -> Self {
        Self {
            left: BURST,
            since: Instant::now(),
        }
    }

    /// Waits until there may be one more.
    async fn wait(&mut self) {
        let more = self.since.elapsed().as_millis() / LINE.as_millis();
        let more = u32::try_from(more).unwrap_or(BURST).min(BURST);
        if more > 0 {
            self.left = (self.left + more).min(BURST);
            self.since = Instant::now();
        }
        match self.left.checked_sub(1) {
            Some(left) => self.left = left,
            None => {
                sleep(LINE).await;
                self.since = Instant::now();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_lines_is_slowed_down() {
        let mut lines = Lines::new();
        let start = Instant::now();
        for _ in 0..BURST {
            lines.wait().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        for _ in 0..10 {
            lines.wait().await;
        }
        assert!(start.elapsed() >= LINE * 9, "{:?}", start.elapsed());
        sleep(LINE * 1000).await;
        let start = Instant::now();
        for _ in 0..BURST {
            lines.wait().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        lines.wait().await;
        assert!(start.elapsed() >= LINE);
    }
}
