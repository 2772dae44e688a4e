//! The configuration key `server`: a server of files that exist only in the case.

use super::super::Key;
use super::super::json::{BadCase, Config, octets_of_text, unhex};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use wirelore_tftp::{
    DatagramMachine, Demux, Direction, ErrorCode, Event, Grant, Instant, Mode, Request,
    ServerConfig, ServerEvent, Slot, TransferId, netascii,
};

pub(crate) const KEYS: &[Key] = &[
    Key {
        name: "server",
        default: "null",
        meaning: "answer the datagrams like a server: an object with the keys below",
    },
    Key {
        name: "server.files",
        default: "{}",
        meaning: "what can be read: names to content in hex",
    },
    Key {
        name: "server.writable",
        default: "[]",
        meaning: "names that can be written",
    },
    Key {
        name: "server.max_blksize",
        default: "65464",
        meaning: "the largest block size that is granted",
    },
    Key {
        name: "server.max_windowsize",
        default: "64",
        meaning: "the largest window size that is granted",
    },
];

/// The value of the key; null means the default.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServerKeys {
    files: Option<BTreeMap<String, String>>,
    writable: Option<BTreeSet<String>>,
    max_blksize: Option<u16>,
    max_windowsize: Option<u16>,
}

type Table = [Slot<(), Vec<u8>>; 1];

/// A server with a single client.
pub(super) struct Server {
    demux: Demux<(), Vec<u8>, Table>,
    files: BTreeMap<Vec<u8>, Vec<u8>>,
    writable: BTreeSet<Vec<u8>>,
    buf: Vec<u8>,
}

impl Server {
    /// The server that the configuration asks for, if it does.
    pub(super) fn from_config(config: &Config) -> Result<Option<Self>, BadCase> {
        if let Some(key) = config.keys().find(|key| *key != "server") {
            return Err(format!("config: unknown key {key:?}"));
        }
        match config.get("server") {
            None | Some(Value::Null) => Ok(None),
            Some(keys @ Value::Object(_)) => match ServerKeys::deserialize(keys) {
                Ok(keys) => Self::new(keys).map(Some),
                Err(error) => Err(format!("config: server: {error}")),
            },
            Some(_) => Err("config: server: not an object".into()),
        }
    }

    fn new(keys: ServerKeys) -> Result<Self, BadCase> {
        let in_key = |key: &'static str| move |why| format!("config: server.{key}: {why}");
        let within = |key, value: u16, range: std::ops::RangeInclusive<u16>| {
            let why = || in_key(key)(format!("not a number from {range:?}").replace("..=", " to "));
            if range.contains(&value) {
                Ok(value)
            } else {
                Err(why())
            }
        };
        let mut config = ServerConfig::default();
        if let Some(max) = keys.max_blksize {
            config.max_blksize = within("max_blksize", max, 8..=65464)?;
        }
        if let Some(max) = keys.max_windowsize {
            config.max_windowsize = within("max_windowsize", max, 1..=65535)?;
        }
        let files = keys
            .files
            .unwrap_or_default()
            .into_iter()
            .map(|(name, content)| {
                let content = unhex(content.as_bytes()).map_err(in_key("files"))?;
                Ok((octets_of_text(&name).map_err(in_key("files"))?, content))
            });
        let writable = keys.writable.unwrap_or_default().into_iter();
        let writable = writable.map(|name| octets_of_text(&name).map_err(in_key("writable")));
        let demux = Demux::new(config, [Slot::default()]);
        Ok(Self {
            files: files.collect::<Result<_, BadCase>>()?,
            writable: writable.collect::<Result<_, BadCase>>()?,
            buf: vec![0; demux.max_datagram()],
            demux,
        })
    }

    /// Takes a datagram of the client and appends the datagrams that answer it to `sent`. No time
    /// passes, so nothing is repeated.
    pub(super) fn answer(&mut self, datagram: &[u8], sent: &mut Vec<u8>) {
        let mut event = self.demux.handle_datagram(Instant::ORIGIN, (), datagram);
        loop {
            if let Some(event) = event.take().or_else(|| self.demux.poll_event()) {
                self.event(event, sent);
            } else if let Some(transmit) = self.demux.poll_transmit(Instant::ORIGIN, &mut self.buf)
            {
                sent.extend_from_slice(&self.buf[..transmit.len]);
            } else {
                return;
            }
        }
    }

    fn event(&mut self, event: ServerEvent<'_, ()>, sent: &mut Vec<u8>) {
        let ServerEvent::Transfer { id, event } = event else {
            if let ServerEvent::Request { id, request, .. } = event {
                self.request(id, &request);
            }
            return;
        };
        match event {
            Event::ReadBlock { offset, max } => {
                let Some(file) = self.demux.file(id) else {
                    return;
                };
                let rest = usize::try_from(offset)
                    .ok()
                    .and_then(|offset| file.get(offset..));
                let rest = rest.unwrap_or_default();
                let block = rest[..max.min(rest.len())].to_vec();
                let last = block.len() == rest.len();
                let len = self
                    .demux
                    .block(Instant::ORIGIN, id, offset, &block, last, &mut self.buf)
                    .expect("it gets what it asked for, and a buffer for its largest datagram");
                sent.extend_from_slice(&self.buf[..len]);
            }
            Event::Write { .. } => self
                .demux
                .written(Instant::ORIGIN, id)
                .expect("a transfer that hands out a block waits for this"),
            _ => {}
        }
    }

    fn request(&mut self, id: TransferId, request: &Request<'_>) {
        let file = self.files.get(request.filename);
        let answered = match (request.direction, file) {
            (Direction::Read, Some(file)) => {
                let size = match request.mode() {
                    Mode::Netascii => netascii::encoded_len(file),
                    _ => file.len() as u64,
                };
                self.demux
                    .accept(id, file.clone(), Grant::read(Some(size)))
                    .map(drop)
            }
            (Direction::Read, None) => {
                self.demux
                    .deny(id, ErrorCode::FILE_NOT_FOUND, "file not found")
            }
            (Direction::Write, _) if self.writable.contains(request.filename) => self
                .demux
                .accept(id, Vec::new(), Grant::write(None))
                .map(drop),
            (Direction::Write, _) => {
                self.demux
                    .deny(id, ErrorCode::ACCESS_VIOLATION, "access violation")
            }
        };
        answered.expect("the request was reported just now");
    }
}
