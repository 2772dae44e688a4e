//! A body as it arrives, whatever its framing.

use memchr::memchr;
use wirelore_core::{Input, Step};

use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::event::Trailers;
use crate::wire::Framing;
use crate::wire::chunk::{self, MAX_SIZE_DIGITS};
use crate::wire::section::{self, Nowhere, Progress, Section};

/// What is still to come of a body.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body {
    Length(u64),
    UntilEof { total: u64 },
    Chunked(Chunks),
}

/// Where a chunked body is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunks {
    place: Place,
    /// Octets of data, and of extensions, that all chunks so far were announced with.
    total: u64,
    extensions: u64,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    /// The line with the size; before it the line end of the chunk before. Up to `scanned` it has no
    /// end.
    Line {
        after_data: bool,
        scanned: usize,
    },
    Data {
        left: u64,
    },
    Trailers(Progress),
}

/// What a body says.
pub(crate) enum BodyEvent<'i> {
    Data(&'i [u8]),
    End(Trailers<&'i [u8]>),
}

impl Body {
    pub(crate) const fn new(framing: Framing) -> Self {
        match framing {
            Framing::Length(length) => Self::Length(length),
            Framing::UntilEof => Self::UntilEof { total: 0 },
            Framing::Chunked => Self::Chunked(Chunks {
                place: Place::Line {
                    after_data: false,
                    scanned: 0,
                },
                total: 0,
                extensions: 0,
            }),
            Framing::None | Framing::Tunnel => Self::Length(0),
        }
    }

    /// Offsets in errors count from the start of `input`.
    #[inline]
    pub(crate) fn step<'i>(
        &mut self,
        input: Input<'i>,
        config: &Config,
    ) -> Result<Step<BodyEvent<'i>>, Error> {
        let bytes = input.bytes();
        match self {
            Self::Length(0) => Ok(end(0, bytes)),
            Self::Length(left) => data(left, 0, input),
            Self::UntilEof { .. } if bytes.is_empty() => {
                if input.is_last() {
                    return Ok(end(0, bytes));
                }
                Ok(Step::need_more(0))
            }
            Self::UntilEof { total } => {
                let limit = config.limits.max_body.unwrap_or(u64::MAX);
                let room = usize::try_from(limit - *total).unwrap_or(usize::MAX);
                if room == 0 {
                    return Err(Error::new(ErrorKind::BodyTooLarge { limit }, 0));
                }
                let bytes = &bytes[..bytes.len().min(room)];
                *total = total.saturating_add(bytes.len() as u64);
                Ok(Step::event(bytes.len(), BodyEvent::Data(bytes)))
            }
            Self::Chunked(chunks) => chunks.step(input, config),
        }
    }

    /// Octets that arrived but were not shown to `step`: false when they cannot be of this body.
    pub(crate) fn pass(&mut self, octets: u64, config: &Config) -> bool {
        let (count, left) = match self {
            Self::Length(left) => (left, None),
            Self::UntilEof { total } => {
                let limit = config.limits.max_body.unwrap_or(u64::MAX);
                let left = limit - *total;
                (total, Some(left))
            }
            Self::Chunked(Chunks {
                place: Place::Data { left },
                ..
            }) => (left, None),
            Self::Chunked(_) => return octets == 0,
        };
        if octets > left.unwrap_or(*count) {
            return false;
        }
        if left.is_some() {
            *count += octets;
        } else {
            *count -= octets;
        }
        true
    }

    /// How many octets may be passed by without being shown to `step`: the rest of a body of known
    /// length, or of a chunk.
    pub(crate) const fn passable(&self, config: &Config) -> u64 {
        match self {
            Self::Length(left)
            | Self::Chunked(Chunks {
                place: Place::Data { left },
                ..
            }) => *left,
            Self::UntilEof { total } => match config.limits.max_body {
                Some(limit) => limit - *total,
                None => u64::MAX - *total,
            },
            Self::Chunked(_) => 0,
        }
    }
}

fn end<'i>(consumed: usize, bytes: &'i [u8]) -> Step<BodyEvent<'i>> {
    Step::event(consumed, BodyEvent::End(Trailers::none(&bytes[..0])))
}

/// What is there of `left` octets, `skipped` octets further on.
#[inline]
fn data<'i>(
    left: &mut u64,
    skipped: usize,
    input: Input<'i>,
) -> Result<Step<BodyEvent<'i>>, Error> {
    let rest = &input.bytes()[skipped..];
    if rest.is_empty() {
        return more(skipped, input);
    }
    let len = usize::try_from(*left).map_or(rest.len(), |left| left.min(rest.len()));
    *left -= len as u64;
    Ok(Step::event(skipped + len, BodyEvent::Data(&rest[..len])))
}

/// The message is not over, and nothing more can be said about it.
fn more<'i>(consumed: usize, input: Input<'i>) -> Result<Step<BodyEvent<'i>>, Error> {
    if input.is_last() && consumed == 0 {
        return Err(Error::new(ErrorKind::Truncated, input.bytes().len()));
    }
    Ok(Step::need_more(consumed))
}

impl Chunks {
    fn step<'i>(
        &mut self,
        input: Input<'i>,
        config: &Config,
    ) -> Result<Step<BodyEvent<'i>>, Error> {
        let bytes = input.bytes();
        match &mut self.place {
            Place::Data { left: 0 } => {
                self.place = Place::Line {
                    after_data: true,
                    scanned: 0,
                };
                self.line(true, 0, input, config)
            }
            Place::Data { left } => data(left, 0, input),
            Place::Line {
                after_data,
                scanned,
            } => {
                let (after_data, scanned) = (*after_data, *scanned);
                self.line(after_data, scanned, input, config)
            }
            Place::Trailers(progress) => {
                let limits = &config.limits;
                if progress.scanned > 0
                    && !input.is_last()
                    && progress.still_waits(bytes, limits.max_field_line, limits.head())
                {
                    return Ok(Step::need_more(0));
                }
                match section::read(bytes, progress, Nowhere, Section::Trailers, config)? {
                    Some(last) if progress.fields == 0 => Ok(end(last, bytes)),
                    Some(last) => Ok(Step::event(
                        last,
                        BodyEvent::End(Trailers::new(&bytes[..last], progress.rewritten)),
                    )),
                    None => more(0, input),
                }
            }
        }
    }

    /// The line with the size, and the line end before it, are consumed together once they are all
    /// there.
    fn line<'i>(
        &mut self,
        after_data: bool,
        scanned: usize,
        input: Input<'i>,
        config: &Config,
    ) -> Result<Step<BodyEvent<'i>>, Error> {
        let bytes = input.bytes();
        let start = if after_data { 2 } else { 0 };
        if after_data {
            for (at, expected) in [b'\r', b'\n'].into_iter().enumerate() {
                match bytes.get(at) {
                    Some(&octet) if octet == expected => {}
                    Some(_) => return Err(Error::new(ErrorKind::ChunkNotTerminated, at)),
                    None => return more(0, input),
                }
            }
        }
        let limit = config.limits.max_chunk_ext;
        let rest = &bytes[start..];
        if rest.first().is_some_and(|octet| !octet.is_ascii_hexdigit()) {
            return Err(Error::new(ErrorKind::BadChunkSize, start));
        }
        let from = scanned.saturating_sub(start);
        let lf = memchr(b'\n', rest.get(from..).unwrap_or_default()).map(|lf| from + lf);
        // Only a line without an end needs to be looked at again as a whole, and then only to see
        // whether it is too long already.
        if lf.is_none() && rest.len() <= MAX_SIZE_DIGITS.min(limit) {
            return self.wait(after_data, input);
        }
        let digits = chunk::size_digits(&rest[..rest.len().min(MAX_SIZE_DIGITS + 1)]);
        if digits > MAX_SIZE_DIGITS {
            return Err(Error::new(ErrorKind::ChunkSizeOverflow, start));
        }
        let too_long = Error::new(
            ErrorKind::ChunkExtensionTooLong { limit },
            (start + digits).saturating_add(limit),
        );
        let Some(lf) = lf else {
            if rest.len() - digits > limit.saturating_add(1) {
                return Err(too_long);
            }
            return self.wait(after_data, input);
        };
        let bare_lf = lf == 0 || rest[lf - 1] != b'\r';
        let line = &rest[..if bare_lf { lf } else { lf - 1 }];
        if line.len() - digits > limit {
            return Err(too_long);
        }
        let place = |error: Error| error.behind(start as u64);
        let size = chunk::size(line, digits).map_err(place)?;
        chunk::check_extensions(line, digits, &config.lenient).map_err(place)?;
        if bare_lf {
            return Err(Error::new(ErrorKind::BareLf, start + lf));
        }
        self.extensions += (line.len() - digits) as u64;
        if self.extensions > config.limits.max_chunk_ext_total {
            let limit = config.limits.max_chunk_ext_total;
            let kind = ErrorKind::ChunkExtensionsTooLong { limit };
            return Err(Error::new(kind, start + digits));
        }
        self.total = self.total.saturating_add(size);
        if let Some(limit) = config.limits.max_body
            && self.total > limit
        {
            return Err(Error::new(ErrorKind::BodyTooLarge { limit }, start));
        }
        let consumed = start + lf + 1;
        if size == 0 {
            if let Some([b'\r', b'\n']) = bytes[consumed..].first_chunk()
                && config.limits.head() >= 2
            {
                return Ok(end(consumed + 2, bytes));
            }
            self.place = Place::Trailers(Progress::default());
            return Ok(Step::need_more(consumed));
        }
        let mut left = size;
        let step = data(&mut left, consumed, input)?;
        self.place = Place::Data { left };
        Ok(step)
    }

    fn wait<'i>(
        &mut self,
        after_data: bool,
        input: Input<'i>,
    ) -> Result<Step<BodyEvent<'i>>, Error> {
        self.place = Place::Line {
            after_data,
            scanned: input.bytes().len(),
        };
        more(0, input)
    }
}

/// How much of a chunked body has to be there before it can be judged.
pub(crate) fn max_unconsumed(config: &Config) -> usize {
    config
        .limits
        .max_chunk_ext
        .saturating_add(MAX_SIZE_DIGITS + 4)
}
