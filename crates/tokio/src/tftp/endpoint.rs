//! What both kinds of transfer have in common for a driver.

use std::net::{IpAddr, SocketAddr};
use wirelore_tftp::{
    Address, Client, DatagramMachine, ErrorCode, Event, Instant, Misuse, Parameters, Transfer,
};

/// A peer, and the address of this host that it knows us by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) peer: SocketAddr,
    pub(super) local: Option<IpAddr>,
}

impl Route {
    /// A peer that only one socket of ours has to do with.
    pub(super) const fn peer(peer: SocketAddr) -> Self {
        Self { peer, local: None }
    }
}

impl Address for Route {
    fn same_host(self, other: Self) -> bool {
        self.peer.same_host(other.peer)
    }
}

/// A transfer with a socket of its own.
pub(super) trait Endpoint: for<'d> DatagramMachine<Route, Event<'d> = Event<'d>> {
    /// Where the transfer goes on, once the peer is known.
    fn route(&self) -> Option<Route>;
    fn parameters(&self) -> Option<Parameters>;
    fn retransmissions(&self) -> u64;
    fn is_over(&self) -> bool;
    fn block(
        &mut self,
        now: Instant,
        offset: u64,
        data: &[u8],
        last: bool,
        buf: &mut [u8],
    ) -> Result<usize, Misuse>;
    fn header(
        &mut self,
        now: Instant,
        offset: u64,
        len: usize,
        last: bool,
    ) -> Result<Option<[u8; 4]>, Misuse>;
    fn written(&mut self, now: Instant) -> Result<(), Misuse>;
    fn refuse(&mut self, code: ErrorCode, text: &str);
    fn request_repeated(&mut self, _now: Instant) {}
}

macro_rules! delegate {
    () => {
        fn retransmissions(&self) -> u64 {
            self.retransmissions()
        }
        fn is_over(&self) -> bool {
            self.is_over()
        }
        fn block(
            &mut self,
            now: Instant,
            offset: u64,
            data: &[u8],
            last: bool,
            buf: &mut [u8],
        ) -> Result<usize, Misuse> {
            self.block(now, offset, data, last, buf)
        }
        fn header(
            &mut self,
            now: Instant,
            offset: u64,
            len: usize,
            last: bool,
        ) -> Result<Option<[u8; 4]>, Misuse> {
            self.header(now, offset, len, last)
        }
        fn written(&mut self, now: Instant) -> Result<(), Misuse> {
            self.written(now)
        }
        fn refuse(&mut self, code: ErrorCode, text: &str) {
            self.refuse(code, text);
        }
    };
}

impl Endpoint for Transfer<Route> {
    delegate!();

    fn route(&self) -> Option<Route> {
        Some(self.peer())
    }

    fn parameters(&self) -> Option<Parameters> {
        Some(*self.parameters())
    }

    fn request_repeated(&mut self, now: Instant) {
        self.request_repeated(now);
    }
}

impl Endpoint for Client<'_, Route> {
    delegate!();

    fn route(&self) -> Option<Route> {
        self.peer()
    }

    fn parameters(&self) -> Option<Parameters> {
        self.parameters().copied()
    }
}
