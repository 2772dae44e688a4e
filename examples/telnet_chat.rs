//! A room to chat in, on tokio: several users, and what one says never destroys what another types.
//!
//! cargo run --example telnet_chat -- [ADDRESS:PORT]
//!
//! Nobody is waited for: who does not read loses his place, and nothing is kept for him beyond a limit.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};
use wirelore_core::escape;
use wirelore_telnet_nvt::nvt::{Codes, Echo, Edit, EditorConfig, LineEditor};
use wirelore_telnet_nvt::{Command, Event, OptionCode, Server, ServerConfig, Side};
use wirelore_tokio::{AcceptConfig, Acceptor, Connection, Driver, DriverConfig, UrgentStream};

/// How many users there may be.
const USERS: usize = 100;
/// How many octets may wait for one of them, and how many messages besides.
const UNSENT: usize = 64 * 1024;
const MESSAGES: usize = 64;
/// How long a visitor may take to say who he is.
const LOGIN: Duration = Duration::from_secs(60);
const LONGEST_LINE: usize = 400;
const LONGEST_NICK: usize = 16;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:2323")).await?;
    println!("listening on {}", listener.local_addr()?);
    serve(listener, async { drop(tokio::signal::ctrl_c().await) }).await;
    Ok(())
}

/// Serves until `shutdown` is ready, and then a little longer.
pub(crate) async fn serve(listener: TcpListener, shutdown: impl Future<Output = ()>) {
    let room = Arc::new(Room::default());
    let service = move |connection| visit(room.clone(), connection);
    let config =
        AcceptConfig { connections: USERS, drain: Duration::from_secs(10), ..Default::default() };
    println!("{:?}", Acceptor::new(listener, Arc::new(service), config).run(shutdown).await);
}

/// Who is there, and how to reach them.
#[derive(Default)]
struct Room(Mutex<Vec<(String, Sender<Arc<str>>)>>);

impl Room {
    fn users(&self) -> MutexGuard<'_, Vec<(String, Sender<Arc<str>>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells everybody but `from`. Whose messages pile up is thrown out: his channel closes.
    fn say(&self, from: &str, text: &str) {
        let text: Arc<str> = text.into();
        self.users().retain(|(nick, to)| nick == from || to.try_send(text.clone()).is_ok());
    }

    fn enter(&self, nick: &str) -> Result<Receiver<Arc<str>>, &'static str> {
        let is_part = |o: u8| o.is_ascii_alphanumeric() || o == b'_' || o == b'-';
        if nick.is_empty() || nick.len() > LONGEST_NICK || !nick.bytes().all(is_part) {
            return Err("A name is 1 to 16 letters and digits.");
        }
        let mut users = self.users();
        if users.iter().any(|(user, _)| user.eq_ignore_ascii_case(nick)) {
            return Err("That name is taken.");
        }
        let (to, messages) = channel(MESSAGES);
        users.push((nick.to_owned(), to));
        drop(users);
        self.say(nick, &format!("* {nick} is here"));
        Ok(messages)
    }

    fn who(&self) -> String {
        let nicks: Vec<String> = self.users().iter().map(|(nick, _)| nick.clone()).collect();
        format!("* here: {}", nicks.join(", "))
    }
}

/// A visitor with a name, in the room until this is dropped.
struct User {
    nick: String,
    messages: Receiver<Arc<str>>,
    room: Arc<Room>,
}

impl Drop for User {
    fn drop(&mut self) {
        self.room.users().retain(|(nick, _)| *nick != self.nick);
        self.room.say(&self.nick, &format!("* {} has left", self.nick));
    }
}

/// One connection, from its first octet to its last.
async fn visit(room: Arc<Room>, mut connection: Connection) {
    // A Synch comes with an urgent mark: text before it is dropped, even if we look at it late.
    let Ok(stream) = UrgentStream::new(connection.stream) else { return };
    let config = DriverConfig { stall: Some(Duration::from_secs(20)), ..Default::default() };
    let server = Server::new(ServerConfig::default());
    let mut driver = Driver::new(server, stream, &config).with_urgent();
    let mut visitor = Visitor { screen: Screen::new(), user: None, room, over: false };
    driver_say(&mut driver, |server, out| visitor.screen.tell(server, "Who are you?", out));
    let deadline = Instant::now() + LOGIN;
    while !visitor.over && driver.unsent() <= UNSENT {
        tokio::select! {
            event = driver.next() => match event {
                Ok(Some(Event::Data(data))) => {
                    if type_in(&mut visitor, &mut driver, &data).await.is_err() {
                        return;
                    }
                }
                Ok(Some(event)) => driver_say(&mut driver, |server, out| {
                    visitor.heard(event, server, out);
                }),
                _ => return,
            },
            message = next(&mut visitor.user) => match message {
                Some(text) => driver_say(&mut driver, |server, out| {
                    visitor.screen.tell(server, &text, out);
                }),
                None => return, // thrown out
            },
            () = sleep_until(deadline), if visitor.user.is_none() => visitor.over = true,
            () = connection.drain.begun() => visitor.over = true,
        }
    }
    drop(visitor);
    if driver.unsent() <= UNSENT {
        driver_say(&mut driver, |server, out| server.write(b"\nGoodbye.\n", out));
        let _ = driver.close(Duration::from_secs(5)).await;
    }
}

type Line = Driver<Server, UrgentStream>;

/// What a user has typed, or pasted: one line after the other, and between them everybody has a turn,
/// or a hundred lines would fill the channels of those who read all the time.
async fn type_in(visitor: &mut Visitor, driver: &mut Line, mut data: &[u8]) -> io::Result<()> {
    while !data.is_empty() && !visitor.over {
        driver_say(driver, |server, out| {
            let (used, edit) = visitor.screen.editor.feed(data, out);
            data = &data[used..];
            visitor.edited(edit, server, out);
            while let Some(text) = visitor.user.as_mut().and_then(|u| u.messages.try_recv().ok()) {
                visitor.screen.tell(server, &text, out);
            }
        });
        driver.settle().await?;
        yield_now().await;
    }
    Ok(())
}

/// A call that cannot fail and does not wait.
fn driver_say(driver: &mut Line, call: impl FnOnce(&mut Server, &mut Vec<u8>)) {
    let Ok(()) = driver.apply(|server, out| {
        call(server, out);
        Ok::<_, core::convert::Infallible>(())
    });
}

/// The next message; never, for who has no name yet.
async fn next(user: &mut Option<User>) -> Option<Arc<str>> {
    match user {
        Some(user) => user.messages.recv().await,
        None => core::future::pending().await,
    }
}

struct Visitor {
    screen: Screen,
    user: Option<User>,
    room: Arc<Room>,
    over: bool,
}

impl Visitor {
    fn heard<D>(&mut self, event: Event<D>, server: &mut Server, out: &mut Vec<u8>) {
        match event {
            Event::Command(Command::IP) => self.edited(Some(Edit::Interrupt), server, out),
            Event::Command(command) => _ = self.screen.editor.command(command, out),
            Event::Option { side: Side::Us, option: OptionCode::ECHO, on } => {
                self.screen.editor.set_echo(if on { Echo::On } else { Echo::Off });
            }
            _ => {}
        }
    }

    fn edited(&mut self, edit: Option<Edit>, server: &mut Server, out: &mut Vec<u8>) {
        match edit {
            Some(Edit::Line) => {
                let line = self.screen.editor.line().to_vec();
                self.screen.editor.clear();
                match self.line(&line) {
                    Some(answer) => self.screen.tell(server, &answer, out),
                    None => self.screen.prompt(server, out),
                }
            }
            Some(Edit::TooLong) => self.screen.tell(server, "* that is too long", out),
            Some(Edit::Interrupt) => {
                self.screen.editor.clear();
                self.screen.prompt(server, out);
            }
            Some(Edit::Redraw) => self.screen.prompt(server, out),
            Some(Edit::EndOfFile) => self.over = true,
            _ => {}
        }
    }

    /// A whole line; what there is to say to it.
    fn line(&mut self, line: &[u8]) -> Option<String> {
        let text = line.trim_ascii();
        let Some(user) = &self.user else {
            let nick = String::from_utf8_lossy(text).into_owned();
            return Some(match self.room.enter(&nick) {
                Ok(messages) => {
                    let room = self.room.clone();
                    let welcome = format!("* welcome, {nick}; there are /who and /quit");
                    self.user = Some(User { nick, messages, room });
                    welcome
                }
                Err(why) => why.to_owned(),
            });
        };
        match text {
            b"" => return None,
            b"/who" => return Some(self.room.who()),
            b"/quit" => self.over = true,
            [b'/', ..] => return Some("* there are /who and /quit".to_owned()),
            // what others see has no control codes in it
            text => {
                let text = escape(text).limit(LONGEST_LINE);
                self.room.say(&user.nick, &format!("<{}> {text}", user.nick));
            }
        }
        None
    }
}

/// The lower end of a user's screen: a prompt, and the line that he types.
struct Screen {
    editor: LineEditor,
}

const PROMPT: &str = "> ";

impl Screen {
    fn new() -> Self {
        let codes = Codes::Utf8;
        let config =
            EditorConfig { max_line: LONGEST_LINE, codes, controls: false, ..Default::default() };
        Self { editor: LineEditor::new(config) }
    }

    /// Puts `text` above the line that is being typed.
    fn tell(&mut self, server: &mut Server, text: &str, out: &mut Vec<u8>) {
        if server.echoes() {
            // Up to the row in which the prompt stands, and clear from there on. A user who edits his
            // own lines has to live with what this cannot know.
            let columns = server.window().map_or(80, |(columns, _)| columns).max(20);
            let rows = self.typed() / usize::from(columns);
            if rows > 0 {
                server.write(format!("\x1b[{rows}A").as_bytes(), out);
            }
            server.write_raw(b"\r\0\x1b[J", out);
        } else {
            server.write(b"\n", out);
        }
        server.write(text.as_bytes(), out);
        server.write(b"\n", out);
        self.prompt(server, out);
    }

    fn prompt(&self, server: &mut Server, out: &mut Vec<u8>) {
        server.write(PROMPT.as_bytes(), out);
        server.prompt_ends(out);
        self.editor.redraw(out);
    }

    /// How many columns prompt and line take, if each character takes one.
    fn typed(&self) -> usize {
        PROMPT.len() + String::from_utf8_lossy(self.editor.line()).chars().count()
    }
}
