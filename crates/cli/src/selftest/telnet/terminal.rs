//! A well-behaved client: the machine of `wirelore-telnet-nvt` over a connection of this process.

use super::super::judge::Fault;
use super::super::wire::{Wire, patient, shown};
use std::net::SocketAddr;
use wirelore_telnet_nvt::wire::code::IAC;
use wirelore_telnet_nvt::{Client, ClientConfig, Command, Event, Input, Machine, Next};

/// What the console says when it is asked whether it is there, and shows again.
pub(super) const YES: &[u8] = b"\r\n[Yes]\r\nwirelore> ";
/// More exchanges no negotiation takes.
const ROUNDS: usize = 20;

pub(super) struct Terminal {
    pub(super) wire: Wire,
    client: Client,
}

impl Terminal {
    pub(super) async fn open(server: SocketAddr, config: ClientConfig) -> Result<Self, Fault> {
        let (mut wire, mut client) = (Wire::open(server).await?, Client::new(config));
        let mut out = Vec::new();
        client.start(&mut out);
        wire.sends(&out).await?;
        Ok(Self { wire, client })
    }

    /// What is shown up to this text, and the text. The client answers what there is to answer.
    pub(super) async fn sees(&mut self, text: &str) -> Result<String, Fault> {
        let raw = self.wire.up_to(text.as_bytes()).await?;
        Ok(String::from_utf8_lossy(&self.hears(&raw).await?).into_owned())
    }

    /// Asks AYT until nothing comes but the answer to that: both have agreed on everything.
    pub(super) async fn settles(&mut self) -> Result<(), Fault> {
        for _ in 0..ROUNDS {
            if self.is_there().await? == YES {
                return Ok(());
            }
        }
        let expected = "an end of the negotiation";
        Err(Fault::new(expected, format!("more, after {ROUNDS} rounds")))
    }

    /// Asks AYT. All that comes up to the answer, and the answer.
    pub(super) async fn is_there(&mut self) -> Result<Vec<u8>, Fault> {
        self.wire.sends(&[IAC, Command::AYT.0]).await?;
        let raw = self.wire.up_to(YES).await?;
        self.hears(&raw).await?;
        Ok(raw)
    }

    pub(super) async fn types(&mut self, text: &str) -> Result<(), Fault> {
        self.does(|client, out| client.write(text.as_bytes(), out))
            .await
    }

    /// Has the client do something, and sends what comes of it.
    pub(super) async fn does<R>(
        &mut self,
        act: impl FnOnce(&mut Client, &mut Vec<u8>) -> R,
    ) -> Result<R, Fault> {
        let mut out = Vec::new();
        let done = act(&mut self.client, &mut out);
        self.wire.sends(&out).await?;
        Ok(done)
    }

    /// Types this text, then IP, then a Synch, all of it at once. A single segment carries it, so that
    /// the text cannot be dealt with before the mark is seen.
    #[cfg(target_os = "linux")]
    pub(super) async fn types_and_synchs(&mut self, text: &str) -> Result<(), Fault> {
        let mut out = Vec::new();
        self.client.write(text.as_bytes(), &mut out);
        let sent = self.client.command(Command::IP, &mut out);
        sent.map_err(|misuse| Fault::new("IP", misuse.to_string()))?;
        let marked = self.client.synch(&mut out);
        let (urgent, after) = out.split_at(marked);
        let stream = &self.wire.stream;
        let sent = patient("that the server takes it", async {
            stream.writable().await?;
            socket2::SockRef::from(stream).send_out_of_band(urgent)
        });
        match sent.await? {
            all if all == urgent.len() => self.wire.sends(after).await,
            part => Err(Fault::new(
                format!("{} octets sent", urgent.len()),
                part.to_string(),
            )),
        }
    }

    /// What octets show. They end with text, and so with no half of a command.
    async fn hears(&mut self, raw: &[u8]) -> Result<Vec<u8>, Fault> {
        let (mut text, mut out, mut at) = (Vec::new(), Vec::new(), 0);
        while at < raw.len() {
            let Ok(step) = self.client.step(Input::more(&raw[at..]), &mut out);
            at += step.consumed;
            match step.next {
                Next::Event(Event::Data(data)) => text.extend(data),
                Next::Event(Event::Violation { .. }) => {
                    return Err(Fault::new("nothing that breaks the rules", shown(raw)));
                }
                Next::Event(_) => {}
                _ if step.consumed == 0 => return Err(Fault::new("whole commands", shown(raw))),
                _ => {}
            }
        }
        self.wire.sends(&out).await?;
        Ok(text)
    }
}
