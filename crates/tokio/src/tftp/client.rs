//! One transfer of a client.

use super::endpoint::Route;
use super::run::{End, Run};
use super::{Summary, Unfinished};
use crate::udp::Port;
use crate::{Source, Target, Watch};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use wirelore_tftp::{Client, ClientConfig, Misuse, Mode};

/// What a client wants, and from whom.
#[derive(Clone, Copy, Debug)]
pub struct Request<'n> {
    /// The address that the server listens at.
    pub server: SocketAddr,
    /// What the server calls the file: at most about 500 octets, none of them NUL.
    pub name: &'n [u8],
    /// Octet or netascii.
    pub mode: Mode,
    /// Options to ask for, waits and tries. With
    /// [`Timing::dally`](wirelore_tftp::Timing::dally) of zero nobody stays to repeat the last ACK,
    /// which RFC 1350 section 6 allows and does not encourage.
    pub config: ClientConfig,
}

/// Fetches a file into `target`.
///
/// `socket` is bound to the local address and port that the transfer is to use. The future is ready
/// when the file is finished and the time to dally is over. Dropping it gives the transfer up without
/// a word to the server.
pub async fn get(
    socket: UdpSocket,
    request: Request<'_>,
    target: Box<dyn Target>,
    watch: &mut dyn Watch,
) -> Summary {
    let Request {
        server,
        name,
        mode,
        config,
    } = request;
    let client = Client::get(Route::peer(server), name, mode, config);
    transfer(socket, client, End::target(target), mode, watch).await
}

/// Sends `source`. `size` is its size on the wire, if known. Otherwise as [`get`].
pub async fn put(
    socket: UdpSocket,
    request: Request<'_>,
    size: Option<u64>,
    source: Box<dyn Source>,
    watch: &mut dyn Watch,
) -> Summary {
    let Request {
        server,
        name,
        mode,
        config,
    } = request;
    let client = Client::put(Route::peer(server), name, mode, size, config);
    transfer(socket, client, End::source(source), mode, watch).await
}

/// Asks for the size of a file, which is in the [`Summary`]. Otherwise as [`get`].
pub async fn size(socket: UdpSocket, request: Request<'_>, watch: &mut dyn Watch) -> Summary {
    let Request {
        server,
        name,
        mode,
        config,
    } = request;
    let client = Client::size(Route::peer(server), name, mode, config);
    transfer(socket, client, End::Nothing, mode, watch).await
}

async fn transfer(
    socket: UdpSocket,
    client: Result<Client<'_, Route>, Misuse>,
    end: End,
    mode: Mode,
    watch: &mut dyn Watch,
) -> Summary {
    let failed = |why| Summary::without(None, why);
    let Ok(client) = client else {
        return failed(Unfinished::BadRequest);
    };
    match port(socket, watch) {
        Ok(port) => {
            let mut run = Run::new(client, port, end, mode == Mode::Netascii, None);
            let summary = run.run().await;
            run.linger().await;
            summary
        }
        Err(error) => failed(Unfinished::Socket(error)),
    }
}

fn port(socket: UdpSocket, watch: &mut dyn Watch) -> io::Result<Port<'_>> {
    socket.set_nonblocking(true)?;
    Port::new(tokio::net::UdpSocket::from_std(socket)?, watch)
}
