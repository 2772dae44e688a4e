//! The machine of a session: a TELNET client, or no protocol at all.

use std::convert::Infallible;
use wirelore_telnet_nvt::nvt::{Keyboard, ReturnKey};
use wirelore_telnet_nvt::{Client, Event, Input, Machine, Next, OptionCode, Side, Step};

pub(crate) struct Talker {
    role: Role,
    /// Our sending direction is closed: what the client would answer is dropped.
    mute: bool,
    dropped: Vec<u8>,
    /// A mark was seen, and its DM was not told of yet.
    synch: bool,
}

enum Role {
    Telnet(Box<Client>),
    Raw,
}

impl Talker {
    pub(crate) fn telnet(client: Client) -> Self {
        Self::new(Role::Telnet(Box::new(client)))
    }

    /// Octets go to and fro as they are.
    pub(crate) const fn raw() -> Self {
        Self::new(Role::Raw)
    }

    const fn new(role: Role) -> Self {
        Self {
            role,
            mute: false,
            dropped: Vec::new(),
            synch: false,
        }
    }

    /// The client, unless there is no protocol.
    pub(crate) fn client(&self) -> Option<&Client> {
        match &self.role {
            Role::Telnet(client) => Some(client),
            Role::Raw => None,
        }
    }

    /// The same, to talk with.
    pub(crate) fn client_mut(&mut self) -> Option<&mut Client> {
        match &mut self.role {
            Role::Telnet(client) => Some(client),
            Role::Raw => None,
        }
    }

    /// Whether the DM that has come belongs to a Synch.
    pub(crate) const fn synch_is_over(&mut self) -> bool {
        std::mem::replace(&mut self.synch, false)
    }

    /// Nothing is sent from now on.
    pub(crate) const fn mute(&mut self) {
        self.mute = true;
    }

    /// Sends text: lines end with LF, or CR LF.
    pub(crate) fn text(&mut self, text: &[u8], out: &mut Vec<u8>) {
        match &mut self.role {
            Role::Telnet(client) => client.write(text, out),
            Role::Raw => out.extend_from_slice(text),
        }
    }

    /// The text is over: what a last CR still owes is sent.
    pub(crate) fn text_ends(&mut self, out: &mut Vec<u8>) {
        if let Role::Telnet(client) = &mut self.role {
            client.write_raw(b"", out);
        }
    }

    /// Sends what was typed; `return_code` is what the terminal gives for the Return key.
    pub(crate) fn typed(
        &mut self,
        octets: &[u8],
        return_code: u8,
        return_key: ReturnKey,
        out: &mut Vec<u8>,
    ) {
        match &mut self.role {
            Role::Telnet(client) if client.receiver().is_on(Side::Us, OptionCode::BINARY) => {
                client.write_raw(octets, out);
            }
            Role::Telnet(_) => {
                let keyboard = Keyboard {
                    return_code,
                    return_key,
                };
                keyboard.encode(octets, out);
            }
            Role::Raw => out.extend_from_slice(octets),
        }
    }
}

impl Machine for Talker {
    type Event<'i> = Event<&'i [u8]>;
    type Error = Infallible;

    fn start(&mut self, out: &mut Vec<u8>) {
        if let Role::Telnet(client) = &mut self.role {
            client.start(out);
        }
    }

    fn step<'i>(
        &mut self,
        input: Input<'i>,
        out: &mut Vec<u8>,
    ) -> Result<Step<Event<&'i [u8]>>, Infallible> {
        self.dropped.clear();
        let out = if self.mute { &mut self.dropped } else { out };
        match &mut self.role {
            Role::Telnet(client) => client.step(input, out),
            Role::Raw => Ok(match input.bytes() {
                [] if input.is_last() => Step::done(0),
                [] => Step::need_more(0),
                octets => Step {
                    consumed: octets.len(),
                    next: Next::Event(Event::Data(octets)),
                },
            }),
        }
    }

    fn max_unconsumed(&self) -> usize {
        match &self.role {
            Role::Telnet(client) => client.max_unconsumed(),
            Role::Raw => 1,
        }
    }

    fn urgent(&mut self) {
        self.synch = true;
        if let Role::Telnet(client) = &mut self.role {
            client.urgent();
        }
    }
}
