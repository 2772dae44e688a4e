//! Serves a folder over TFTP from one thread and one std socket: `Demux` in single-port mode.
//!
//! cargo run --release --example tftpd_blocking -- [--bind ADDRESS:PORT] [--upload] DIR

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::net::{SocketAddr, UdpSocket};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant as Clock};
use wirelore_tftp::{Content, DatagramMachine, Demux, Direction, ErrorCode, Event, Grant};
use wirelore_tftp::{Instant, Mode, Request, ServerConfig, ServerEvent, Slot, netascii};

/// What is kept for a transfer: an open file, and where it goes when it is complete.
struct Open {
    file: File,
    part_and_final: Option<(PathBuf, PathBuf)>,
}

impl Open {
    /// Writes a block; after the last one the file is safe under its final name.
    fn write(&mut self, offset: u64, content: Content<'_>) -> io::Result<()> {
        let last = content.is_last();
        self.file.seek(SeekFrom::Start(offset))?;
        for piece in content {
            self.file.write_all(piece)?;
        }
        if let (true, Some((part, to))) = (last, &self.part_and_final) {
            self.file.sync_all()?;
            fs::rename(part, to)?;
            self.part_and_final = None;
        }
        Ok(())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some((part, _)) = &self.part_and_final {
            let _ = fs::remove_file(part);
        }
    }
}

struct Server {
    demux: Demux<SocketAddr, Open, Vec<Slot<SocketAddr, Open>>>,
    socket: UdpSocket,
    root: PathBuf,
    upload: bool,
    uploads: u64,
    packet: Vec<u8>,
    block: Vec<u8>,
}

fn main() -> io::Result<()> {
    let (mut bind, mut upload, mut root) = ("127.0.0.1:6969".to_owned(), false, None);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--bind" => bind = args.next().unwrap_or_default(),
            "--upload" => upload = true,
            _ => root = Some(fs::canonicalize(arg)?),
        }
    }
    let usage = "usage: tftpd_blocking [--bind ADDRESS:PORT] [--upload] DIR";
    let root = root.ok_or_else(|| io::Error::other(usage))?;
    let socket = UdpSocket::bind(&bind)?;
    let mut files = fs::read_dir(&root)?.flatten().filter(|e| e.path().is_file());
    let some = files.next().map_or("FILE".into(), |e| e.file_name());
    let at = socket.local_addr()?;
    println!("listening on {at}");
    println!("try: curl -o copy 'tftp://{at}/{}'", some.to_string_lossy());
    let slots = (0..100).map(|_| Slot::default()).collect();
    let demux = Demux::new(ServerConfig::default(), slots);
    let packet = vec![0; demux.max_datagram()];
    let block = packet.clone();
    Server { demux, socket, root, upload, uploads: 0, packet, block }.run()
}

impl Server {
    fn run(&mut self) -> io::Result<()> {
        let clock = Clock::now();
        let now = || Instant::from(clock.elapsed());
        let mut received = vec![0; self.demux.receive_buffer()];
        loop {
            self.drain(now());
            let wait = self.demux.poll_timeout().map(|at| at.since(now()));
            let wait = wait.map(|wait| wait.max(Duration::from_millis(1)));
            self.socket.set_read_timeout(wait)?;
            match self.socket.recv_from(&mut received) {
                Ok((len, from)) => {
                    if let Some(event) = self.demux.handle_datagram(now(), from, &received[..len]) {
                        self.handle(now(), event);
                    }
                }
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(e) => eprintln!("{e}"),
            }
            self.demux.handle_timeout(now());
        }
    }

    /// Says and does everything that is due.
    fn drain(&mut self, now: Instant) {
        loop {
            if let Some(event) = self.demux.poll_event() {
                self.handle(now, event);
            } else if let Some(out) = self.demux.poll_transmit(now, &mut self.packet) {
                let _ = self.socket.send_to(&self.packet[..out.len], out.to); // UDP: lost is lost
            } else {
                break;
            }
        }
    }

    fn handle(&mut self, now: Instant, event: ServerEvent<'_, SocketAddr>) {
        let (id, event) = match event {
            ServerEvent::Request { id, peer, request } => {
                let name = String::from_utf8_lossy(request.filename);
                println!("{peer} asks: {:?} {name:?}", request.direction);
                let answered = match self.open(&request) {
                    Ok((open, grant)) => self.demux.accept(id, open, grant).map(drop),
                    Err(e) => self.demux.deny(id, code(&e), code(&e).meaning()),
                };
                return answered.expect("the request was reported just now");
            }
            ServerEvent::Transfer { id, event } => (id, event),
            other => return println!("{other:?}"),
        };
        let (Some(peer), Some(open)) = (self.demux.peer(id), self.demux.file(id)) else { return };
        let done = match event {
            Event::ReadBlock { offset, max } => {
                read(&mut open.file, offset, &mut self.block[..max]).map(|len| {
                    let data = &self.block[..len];
                    let len = self.demux.block(now, id, offset, data, len < max, &mut self.packet);
                    let _ = self.socket.send_to(&self.packet[..len.unwrap_or(0)], peer);
                })
            }
            Event::Write { offset, content } => open
                .write(offset, content)
                .map(|()| self.demux.written(now, id).expect("a block was to be written")),
            Event::Complete { octets } => return println!("{peer} complete: {octets} octets"),
            other => return println!("{peer} {other:?}"),
        };
        if let Err(e) = done {
            let _ = self.demux.refuse(id, code(&e), code(&e).meaning());
        }
    }

    /// The file a request is about, if it is beneath the root.
    fn open(&mut self, request: &Request<'_>) -> io::Result<(Open, Grant)> {
        let name = std::str::from_utf8(request.filename).map_err(io::Error::other)?;
        let name = Path::new(name.trim_start_matches('/'));
        let beneath = |path: PathBuf| path.starts_with(&self.root).then_some(path);
        let path = self.root.join(name);
        let plain = name.components().all(|c| matches!(c, Component::Normal(_)));
        if request.direction == Direction::Write && self.upload && plain {
            let folder = path.parent().map(fs::canonicalize).transpose()?.and_then(beneath);
            if let (Some(folder), Some(name)) = (folder, path.file_name()) {
                self.uploads += 1;
                let part = format!(".{}-{}.part", std::process::id(), self.uploads);
                let part = folder.join(part);
                let file = File::create_new(&part)?;
                let part_and_final = Some((part, folder.join(name)));
                return Ok((Open { file, part_and_final }, Grant::write(None)));
            }
        }
        let reads = plain && request.direction == Direction::Read;
        let Some(path) = (if reads { beneath(fs::canonicalize(path)?) } else { None }) else {
            return Err(ErrorKind::PermissionDenied.into());
        };
        let mut file = File::open(path)?;
        if !file.metadata()?.is_file() {
            return Err(ErrorKind::IsADirectory.into());
        }
        let mut size = file.metadata()?.len();
        if request.mode() == Mode::Netascii {
            let (mut at, mut piece) = (0, [0; 8192]);
            size = 0;
            while let len @ 1.. = read(&mut file, at, &mut piece)? {
                at += len as u64;
                size += netascii::encoded_len(&piece[..len]);
            }
        }
        // curl takes an announced size of 0 for a failure; without the announcement it is content
        let size = (size > 0).then_some(size);
        Ok((Open { file, part_and_final: None }, Grant::read(size)))
    }
}

/// Fills `block` from `offset` on, less only at the end of the file.
fn read(file: &mut File, offset: u64, block: &mut [u8]) -> io::Result<usize> {
    file.seek(SeekFrom::Start(offset))?;
    let mut len = 0;
    while len < block.len() {
        match file.read(&mut block[len..])? {
            0 => break,
            n => len += n,
        }
    }
    Ok(len)
}

fn code(e: &io::Error) -> ErrorCode {
    match e.kind() {
        ErrorKind::NotFound => ErrorCode::FILE_NOT_FOUND,
        ErrorKind::PermissionDenied | ErrorKind::IsADirectory => ErrorCode::ACCESS_VIOLATION,
        ErrorKind::StorageFull => ErrorCode::DISK_FULL,
        ErrorKind::AlreadyExists => ErrorCode::FILE_EXISTS,
        _ => ErrorCode::NOT_DEFINED,
    }
}
