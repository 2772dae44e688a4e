//! A session without a terminal: stdin is sent as text, stdout is what the peer said.

use super::ends::{Code, Failure};
use super::input::Input;
use super::session::{Session, Turn};
use super::signals::Signals;
use std::future::pending;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use wirelore_telnet_nvt::{OptionCode, Side};

/// So long the answer about BINARY is waited for before anything is sent.
const BINARY: Duration = Duration::from_secs(2);

/// What is done at the end of stdin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtEnd {
    /// Our direction is closed.
    Shutdown,
    /// Nothing.
    Stay,
    /// Nothing, and the connection is closed so long after.
    Leave(Duration),
}

/// Until the peer closes.
pub(crate) async fn run(
    session: &mut Session,
    input: &mut Input,
    signals: &mut Signals,
    at_end: AtEnd,
) -> Result<(), Failure> {
    let mut text = Vec::new();
    let mut open = true;
    let mut leave = None;
    let binary = Instant::now() + BINARY;
    loop {
        let asked = asks_for_binary(session) && Instant::now() < binary;
        let reads = open && !asked && !session.is_clogged();
        let alarm = if asked { Some(binary) } else { leave };
        tokio::select! {
            turn = session.turn() => if turn? == Turn::Closed {
                return Ok(());
            },
            read = input.read(&mut text), if reads => {
                let count = read.map_err(|e| Failure::of(&e, Code::READING, "cannot read stdin"))?;
                session.call(|talker, out| talker.text(&text, out));
                text.clear();
                if count == 0 {
                    open = false;
                    session.call(|talker, out| talker.text_ends(out));
                    match at_end {
                        AtEnd::Shutdown => session.shut_down(),
                        AtEnd::Stay => {}
                        AtEnd::Leave(after) => leave = Some(Instant::now() + after),
                    }
                }
            }
            () = alarmed(alarm) => if !asked {
                session.hang_up().await;
                return Ok(());
            },
            signal = signals.next() => if let Some(failure) = signal.ends() {
                return Err(failure);
            },
        }
    }
}

/// We have asked whether we may send BINARY, and have no answer.
fn asks_for_binary(session: &Session) -> bool {
    session.client().is_some_and(|client| {
        let negotiation = client.receiver().negotiation();
        negotiation
            .state(Side::Us, OptionCode::BINARY)
            .is_asked_for()
    })
}

async fn alarmed(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}
