//! A small protocol to be driven, and what the tests do with it.

use bytes::Bytes;
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use wirelore_core::lines::{LineConfig, LineEvent, LineFramer, write_line};
use wirelore_core::{Detach, Input, Machine, Next, Patience, Step};
use wirelore_tokio::{Driver, DriverConfig, DriverError, Pumped};

/// How long a command may take to come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// The most octets that BIG sends.
const MAX_BIG: usize = 1 << 20;

/// Answers lines:
///
/// ```text
/// ECHO text     text
/// UPPER text    TEXT
/// BIG n         n times x
/// PAUSE text    whatever the application says
/// FAIL          bye, and the stream cannot be read any further
/// QUIT          BYE, and the conversation is over
/// ```
#[derive(Clone, Debug)]
pub(crate) struct Server {
    lines: LineFramer,
    state: State,
    /// Steps that were made.
    pub(crate) steps: usize,
    /// How often [`Machine::start`] was called.
    pub(crate) starts: usize,
    pub(crate) impatient: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Commands,
    Paused,
    Over,
    Failed(Failure),
}

/// What was said. `D` is a slice of the input, or its owned counterpart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said<D> {
    Echo(D),
    Upper(D),
    Big(usize),
    Pause(D),
    Quit,
    Unknown(D),
    TooLong,
    Unfinished(D),
}

impl<D> Said<D> {
    pub(crate) fn map<E>(self, change: impl FnOnce(D) -> E) -> Said<E> {
        match self {
            Self::Echo(text) => Said::Echo(change(text)),
            Self::Upper(text) => Said::Upper(change(text)),
            Self::Big(count) => Said::Big(count),
            Self::Pause(text) => Said::Pause(change(text)),
            Self::Quit => Said::Quit,
            Self::Unknown(text) => Said::Unknown(change(text)),
            Self::TooLong => Said::TooLong,
            Self::Unfinished(text) => Said::Unfinished(change(text)),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the peer said FAIL")]
    Asked,
    #[error("no command came")]
    TooLate,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody waits for an answer")]
pub(crate) struct NotPaused;

impl Server {
    pub(crate) fn new() -> Self {
        Self {
            lines: LineFramer::new(LineConfig {
                max_line: 100,
                accept_bare_lf: true,
            }),
            state: State::Commands,
            steps: 0,
            starts: 0,
            impatient: false,
        }
    }

    pub(crate) fn impatient() -> Self {
        Self {
            impatient: true,
            ..Self::new()
        }
    }

    /// Answers PAUSE.
    pub(crate) fn resume(&mut self, text: &[u8], out: &mut Vec<u8>) -> Result<(), NotPaused> {
        if self.state != State::Paused {
            return Err(NotPaused);
        }
        write_line(&[b"after ", text], out).unwrap();
        self.state = State::Commands;
        Ok(())
    }
}

impl Machine for Server {
    type Event<'i> = Said<&'i [u8]>;
    type Error = Failure;

    fn start(&mut self, out: &mut Vec<u8>) {
        self.starts += 1;
        out.extend_from_slice(b"ready\r\n");
    }

    fn step<'i>(
        &mut self,
        input: Input<'i>,
        out: &mut Vec<u8>,
    ) -> Result<Step<Said<&'i [u8]>>, Failure> {
        self.steps += 1;
        match self.state {
            State::Commands => {}
            State::Paused => return Ok(Step::paused()),
            State::Over => return Ok(Step::done(0)),
            State::Failed(failure) => return Err(failure),
        }
        let Step { consumed, next } = self.lines.frame(input);
        let line = match next {
            Next::Event(LineEvent::Line { content, .. }) => content,
            Next::Event(LineEvent::TooLong { .. }) => {
                out.extend_from_slice(b"too long\r\n");
                return Ok(Step::event(consumed, Said::TooLong));
            }
            Next::Event(LineEvent::Unfinished { content }) => {
                return Ok(Step::event(consumed, Said::Unfinished(content)));
            }
            Next::Event(_) | Next::Paused => unreachable!(),
            Next::NeedMore => return Ok(Step::need_more(consumed)),
            Next::Done => return Ok(Step::done(consumed)),
        };
        let (verb, text) = match line.iter().position(|octet| *octet == b' ') {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, &line[line.len()..]),
        };
        let said = match verb {
            b"ECHO" => {
                write_line(&[text], out).unwrap();
                Said::Echo(text)
            }
            b"UPPER" => {
                write_line(&[&text.to_ascii_uppercase()], out).unwrap();
                Said::Upper(text)
            }
            b"BIG" => {
                let count = std::str::from_utf8(text).ok().and_then(|t| t.parse().ok());
                let count = count.unwrap_or(0).min(MAX_BIG);
                out.resize(out.len() + count, b'x');
                out.extend_from_slice(b"\r\n");
                Said::Big(count)
            }
            b"PAUSE" => {
                self.state = State::Paused;
                Said::Pause(text)
            }
            b"FAIL" => {
                self.state = State::Failed(Failure::Asked);
                out.extend_from_slice(b"bye\r\n");
                // An error consumes nothing.
                return Err(Failure::Asked);
            }
            b"QUIT" => {
                self.state = State::Over;
                out.extend_from_slice(b"BYE\r\n");
                Said::Quit
            }
            _ => {
                out.extend_from_slice(b"what?\r\n");
                Said::Unknown(line)
            }
        };
        Ok(Step::event(consumed, said))
    }

    fn max_unconsumed(&self) -> usize {
        self.lines.max_unconsumed()
    }

    fn patience(&self) -> Option<Patience> {
        (self.impatient && self.state == State::Commands)
            .then(|| Patience::new("command", PATIENCE))
    }

    fn expired(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"too late\r\n");
        self.state = State::Failed(Failure::TooLate);
    }
}

impl Detach for Server {
    type Owned = Said<Bytes>;

    fn detach(event: Said<&[u8]>, slice: &mut dyn FnMut(&[u8]) -> Bytes) -> Said<Bytes> {
        event.map(slice)
    }
}

/// Small buffers, so that every limit is met.
pub(crate) fn tight() -> DriverConfig {
    DriverConfig {
        receive: 0,
        high: 64,
        low: 16,
        ..DriverConfig::default()
    }
}

/// The events of a conversation, each as text.
pub(crate) type Log = Vec<String>;

pub(crate) fn shown<D: AsRef<[u8]>>(said: Said<D>) -> String {
    format!(
        "{:?}",
        said.map(|text| text.as_ref().escape_ascii().to_string())
    )
}

/// How a conversation ended.
pub(crate) type End = Result<(), String>;

/// Pumps to the end and answers every PAUSE with its text.
pub(crate) async fn serve<S>(driver: &mut Driver<Server, S>) -> (Log, End)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut log = Log::new();
    loop {
        let ended = driver
            .pump(|_, said, _| {
                log.push(shown(said));
                match said {
                    Said::Pause(text) => ControlFlow::Break(text.to_vec()),
                    _ => ControlFlow::Continue(()),
                }
            })
            .await;
        match ended {
            Ok(Pumped::Break(text)) => {
                let acted = driver.act(|server, out| server.resume(&text, out)).await;
                if let Err(error) = acted {
                    return (log, Err(error.to_string()));
                }
            }
            Ok(Pumped::Done) => return (log, Ok(())),
            Ok(Pumped::HungUp) => unreachable!("every PAUSE is answered at once"),
            Err(error) => return (log, Err(error.to_string())),
        }
    }
}

/// The same with owned events.
pub(crate) async fn serve_owned<S>(driver: &mut Driver<Server, S>) -> (Log, End)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut log = Log::new();
    loop {
        match driver.next().await {
            Ok(Some(said)) => {
                log.push(shown(said.clone()));
                if let Said::Pause(text) = said {
                    driver
                        .act(|server, out| server.resume(&text, out))
                        .await
                        .unwrap();
                }
            }
            Ok(None) => return (log, Ok(())),
            Err(error) => return (log, Err(error.to_string())),
        }
    }
}

/// Sends `pieces`, closes, and returns all that comes back.
pub(crate) async fn talk<S>(stream: S, pieces: Vec<Vec<u8>>) -> Vec<u8>
where
    S: AsyncRead + AsyncWrite,
{
    let (mut read, mut write) = tokio::io::split(stream);
    let mut said = Vec::new();
    let send = async {
        for piece in pieces {
            // The server may have closed: then the rest concerns nobody.
            if write.write_all(&piece).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
        let _ = write.shutdown().await;
    };
    let (_, read) = tokio::join!(send, read.read_to_end(&mut said));
    read.unwrap();
    said
}

#[track_caller]
pub(crate) fn machine_error<T: std::fmt::Debug>(
    result: Result<T, DriverError<Failure>>,
) -> Failure {
    match result {
        Err(DriverError::Machine(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(crate) fn io_error<T: std::fmt::Debug>(
    result: Result<T, DriverError<Failure>>,
) -> std::io::ErrorKind {
    match result {
        Err(DriverError::Io(error)) => error.kind(),
        other => panic!("{other:?}"),
    }
}
