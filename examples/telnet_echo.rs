//! Says every line back, with std sockets and a thread for each connection.
//!
//! cargo run --example telnet_echo -- [ADDRESS:PORT]
//!
//! std sockets know nothing of urgent data. Of a Synch they leave at most a lone 242 in the stream,
//! which the editor drops, because it is set to seven bits.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use wirelore_core::{RecvBuf, escape};
use wirelore_telnet_nvt::nvt::{Echo, Edit, EditorConfig, LineEditor};
use wirelore_telnet_nvt::{Command, Event, Fact, Input, Machine, Next, OptionCode, Server};
use wirelore_telnet_nvt::{ServerConfig, Side};

/// Connections at a time; further ones are closed at once.
const GUESTS: usize = 32;
/// How long a guest may say nothing, and how long his system may take nothing.
const PATIENCE: Duration = Duration::from_secs(300);
const PROMPT: &[u8] = b"> ";

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:2323"))?;
    println!("listening on {}", listener.local_addr()?);
    serve(&listener)
}

/// Serves for ever.
pub(crate) fn serve(listener: &TcpListener) -> io::Result<()> {
    let guests = Arc::new(());
    loop {
        let (stream, peer) = listener.accept()?;
        let guest = guests.clone();
        if Arc::strong_count(&guests) > GUESTS + 1 {
            continue;
        }
        thread::spawn(move || {
            let outcome = Session::new().run(stream);
            println!("{peer} left: {outcome:?}");
            drop(guest);
        });
    }
}

struct Session {
    server: Server,
    editor: LineEditor,
    out: Vec<u8>,
    over: bool,
}

impl Session {
    fn new() -> Self {
        let editor = EditorConfig { max_line: 200, controls: false, ..Default::default() };
        let server = Server::new(ServerConfig::default());
        Self { server, editor: LineEditor::new(editor), out: Vec::new(), over: false }
    }

    fn run(mut self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut received = RecvBuf::new(self.server.max_unconsumed().max(4096));
        self.server.start(&mut self.out);
        self.server.write(b"Whatever you say comes back. To leave, say quit.\n", &mut self.out);
        self.prompt();
        let mut closed = false;
        while !self.over {
            let bytes = received.bytes();
            let input = if closed { Input::last(bytes) } else { Input::more(bytes) };
            let Ok(step) = self.server.step(input, &mut self.out);
            let consumed = step.consumed;
            let waits = matches!(step.next, Next::NeedMore if consumed == 0);
            match step.next {
                Next::Event(event) => self.heard(event),
                Next::Done => break,
                _ => {}
            }
            received.consume(consumed);
            // what was said is sent before anything is waited for, and before it becomes much
            if waits || self.over || self.out.len() > 16_384 {
                stream.write_all(&self.out)?;
                self.out.clear();
            }
            if waits {
                let count = stream.read(received.spare())?;
                received.fill(count);
                closed = count == 0;
            }
        }
        leave(&mut stream)
    }

    fn heard(&mut self, event: Event<&[u8]>) {
        match event {
            Event::Data(mut data) => {
                while !data.is_empty() && !self.over {
                    let (used, edit) = self.editor.feed(data, &mut self.out);
                    data = &data[used..];
                    self.edited(edit);
                }
            }
            Event::Command(Command::IP) => self.edited(Some(Edit::Interrupt)),
            Event::Command(command) => _ = self.editor.command(command, &mut self.out),
            Event::Option { side: Side::Us, option: OptionCode::ECHO, on } => {
                self.editor.set_echo(if on { Echo::On } else { Echo::Off });
            }
            Event::Learned(Fact::Window { columns, rows }) => {
                self.tell(format!("Your window has {columns} columns and {rows} rows."));
            }
            Event::Learned(Fact::TerminalType { complete: true }) => {
                let name = self.server.terminal_type().unwrap_or(b"without a name");
                self.tell(format!("Your terminal is {}.", escape(name)));
            }
            _ => {}
        }
    }

    fn edited(&mut self, edit: Option<Edit>) {
        match edit {
            Some(Edit::Line) if self.editor.line() == b"quit" => self.over = true,
            Some(Edit::Line) => {
                // no control code is in it, see `controls` above
                self.server.write(self.editor.line(), &mut self.out);
                self.server.write(b"\n", &mut self.out);
                self.prompt();
            }
            Some(Edit::TooLong) => self.tell("That line is too long.".into()),
            Some(Edit::Interrupt) => {
                self.editor.clear();
                self.prompt();
            }
            Some(Edit::EndOfFile) => self.over = true,
            Some(Edit::Redraw) => self.prompt(),
            _ => {}
        }
        if self.over {
            self.server.write(b"Goodbye.\n", &mut self.out);
        }
    }

    /// Says something in the middle of a line, and shows the line again.
    fn tell(&mut self, text: String) {
        self.server.write(format!("\n{text}\n").as_bytes(), &mut self.out);
        self.prompt();
    }

    fn prompt(&mut self) {
        self.server.write(PROMPT, &mut self.out);
        self.server.prompt_ends(&mut self.out);
        self.editor.redraw(&mut self.out);
    }
}

/// Closes so that the last words arrive: a socket with unread octets would be reset.
fn leave(stream: &mut TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let until = Instant::now() + Duration::from_secs(5);
    while Instant::now() < until && stream.read(&mut [0; 1024])? > 0 {}
    Ok(())
}
