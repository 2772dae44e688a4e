//! Where each side of an exchange is, as tables.
//!
//! ```text
//! client:  Idle ─Request→ SendBody ─End→ Done ───────────────┐ next cycle: both Idle again,
//!                                         │ (switch offered) │ or MustClose when the connection
//!                                         ▼                  │ does not outlive the exchange
//!                                     MightSwitch ─────→ Switched
//!
//! server:  Idle ─Request→ SendResponse ─Response→ SendBody ─End→ Done
//!                            │  ↺ Interim
//!                            └─Switch→ Switched
//! ```

/// Where the client's side is: what the client may send next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientState {
    /// A request.
    Idle,
    /// The body of the request.
    SendBody,
    /// Nothing before the response is over.
    Done,
    /// Nothing before the server has said whether the connection goes on as HTTP.
    MightSwitch,
    /// Nothing more; the connection is to be closed.
    MustClose,
    /// Nothing: it closed its side.
    Closed,
    /// Something that is not HTTP.
    Switched,
    /// Nothing: what it sent could not be read.
    Failed,
}

/// Where the server's side is: what the server may send next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServerState {
    /// Nothing before there is a request.
    Idle,
    /// An interim or the final response.
    SendResponse,
    /// The body of the response.
    SendBody,
    /// Nothing before the next request.
    Done,
    /// Nothing more; the connection is to be closed.
    MustClose,
    /// Nothing: it closed its side.
    Closed,
    /// Something that is not HTTP.
    Switched,
}

/// What one side did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    /// The head of a request.
    Request,
    /// An interim response.
    Interim,
    /// The head of a final response.
    Response,
    /// 101, or 2xx to CONNECT.
    Switch,
    /// A piece of a body.
    Data,
    /// The end of a message.
    End,
    /// The end of its direction.
    Close,
}

use {ClientState as C, ServerState as S};

/// What a client may do where, and where it is then.
const CLIENT: &[(C, Act, C)] = &[
    (C::Idle, Act::Request, C::SendBody),
    (C::Idle, Act::Close, C::Closed),
    (C::SendBody, Act::Data, C::SendBody),
    (C::SendBody, Act::End, C::Done),
];

/// What a server may do where, and where it is then.
const SERVER: &[(S, Act, S)] = &[
    (S::Idle, Act::Request, S::SendResponse),
    (S::Idle, Act::Close, S::Closed),
    (S::SendResponse, Act::Interim, S::SendResponse),
    (S::SendResponse, Act::Response, S::SendBody),
    (S::SendResponse, Act::Switch, S::Switched),
    (S::SendResponse, Act::Close, S::Closed),
    (S::SendBody, Act::Data, S::SendBody),
    (S::SendBody, Act::End, S::Done),
];

/// Where both sides are taken by where they are, once each did what it did. `offered`: the request asks
/// for a switch. `last`: the connection does not outlive the exchange. Applied until nothing changes.
const SETTLED: &[Settling] = &[
    // A client that offers a switch sends nothing before it knows.
    Settling::of(
        Some(C::Done),
        None,
        Some(true),
        None,
        Some(C::MightSwitch),
        None,
    ),
    Settling::of(
        Some(C::MightSwitch),
        Some(S::Switched),
        None,
        None,
        Some(C::Switched),
        None,
    ),
    // It was refused.
    Settling::of(
        Some(C::MightSwitch),
        None,
        Some(false),
        None,
        Some(C::Done),
        None,
    ),
    Settling::of(
        Some(C::Done),
        None,
        Some(false),
        Some(true),
        Some(C::MustClose),
        None,
    ),
    Settling::of(
        None,
        Some(S::Done),
        None,
        Some(true),
        None,
        Some(S::MustClose),
    ),
    // Nothing is owed to whoever closes between two exchanges.
    Settling::of(
        Some(C::Closed),
        Some(S::Idle),
        None,
        None,
        None,
        Some(S::MustClose),
    ),
];

struct Settling {
    client: Option<C>,
    server: Option<S>,
    offered: Option<bool>,
    last: Option<bool>,
    then_client: Option<C>,
    then_server: Option<S>,
}

impl Settling {
    const fn of(
        client: Option<C>,
        server: Option<S>,
        offered: Option<bool>,
        last: Option<bool>,
        then_client: Option<C>,
        then_server: Option<S>,
    ) -> Self {
        Self {
            client,
            server,
            offered,
            last,
            then_client,
            then_server,
        }
    }

    fn applies(&self, exchange: &Exchange) -> bool {
        self.client.is_none_or(|client| client == exchange.client)
            && self.server.is_none_or(|server| server == exchange.server)
            && self
                .offered
                .is_none_or(|offered| offered == exchange.offered)
            && self.last.is_none_or(|last| last == exchange.last)
    }
}

/// One request and its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exchange {
    client: C,
    server: S,
    offered: bool,
    last: bool,
}

impl Exchange {
    pub(crate) const fn new() -> Self {
        Self {
            client: C::Idle,
            server: S::Idle,
            offered: false,
            last: false,
        }
    }

    pub(crate) const fn client(&self) -> C {
        self.client
    }

    pub(crate) const fn server(&self) -> S {
        self.server
    }

    /// Whether the connection does not outlive this exchange.
    pub(crate) const fn is_last(&self) -> bool {
        self.last
    }

    pub(crate) fn client_may(&self, act: Act) -> bool {
        next(CLIENT, self.client, act).is_some()
    }

    pub(crate) fn server_may(&self, act: Act) -> bool {
        next(SERVER, self.server, act).is_some()
    }

    /// The client did this. Without effect where it may not.
    pub(crate) fn client_did(&mut self, act: Act) {
        if let Some(state) = next(CLIENT, self.client, act) {
            self.client = state;
            if act == Act::Request
                && let Some(state) = next(SERVER, self.server, act)
            {
                self.server = state;
            }
            self.settle();
        }
    }

    /// The server did this. Without effect where it may not.
    pub(crate) fn server_did(&mut self, act: Act) {
        if let Some(state) = next(SERVER, self.server, act) {
            self.server = state;
            if act == Act::Response {
                self.offered = false;
            }
            self.settle();
        }
    }

    /// The request offers a switch of protocols.
    pub(crate) fn offer(&mut self) {
        self.offered = true;
        self.settle();
    }

    /// The connection ends behind this exchange.
    pub(crate) fn end_behind(&mut self) {
        self.last = true;
        self.settle();
    }

    /// What the client sent cannot be read, or does not come. `answered`: and it was told; otherwise
    /// the server may still say so.
    pub(crate) fn client_failed(&mut self, answered: bool) {
        self.client = C::Failed;
        self.server = match self.server {
            S::Idle | S::SendResponse if answered => S::MustClose,
            S::Idle => S::SendResponse,
            other => other,
        };
        self.end_behind();
    }

    /// Both are done and may go on: then both are idle again.
    pub(crate) fn next_cycle(&mut self) -> bool {
        let over = self.client == C::Done && self.server == S::Done;
        if over {
            *self = Self::new();
        }
        over
    }

    fn settle(&mut self) {
        while let Some(rule) = SETTLED.iter().find(|rule| rule.applies(self)) {
            self.client = rule.then_client.unwrap_or(self.client);
            self.server = rule.then_server.unwrap_or(self.server);
        }
    }
}

fn next<T: Copy + PartialEq>(table: &[(T, Act, T)], state: T, act: Act) -> Option<T> {
    table
        .iter()
        .find(|(from, what, _)| *from == state && *what == act)
        .map(|(_, _, to)| *to)
}
