//! Writing fields one after the other into the caller's buffer.

use super::Opcode;

/// Why a packet cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The buffer ends before the packet does.
    BufferTooSmall {
        /// The length of the buffer.
        len: usize,
    },
    /// A string contains a NUL, which would end it early.
    NulInString,
    /// An option has an empty name.
    EmptyOptionName,
    /// The request would be longer than RFC 2347 allows.
    RequestTooLong {
        /// Its length.
        len: usize,
    },
}

impl core::fmt::Display for EncodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::BufferTooSmall { len } => write!(f, "buffer of {len} octets is too small"),
            Self::NulInString => f.write_str("string contains a NUL"),
            Self::EmptyOptionName => f.write_str("option without a name"),
            Self::RequestTooLong { len } => write!(
                f,
                "request of {len} octets, the limit is {}",
                super::MAX_REQUEST
            ),
        }
    }
}

impl core::error::Error for EncodeError {}

/// A packet that grows in a buffer.
pub(crate) struct Encoder<'b> {
    buf: &'b mut [u8],
    len: usize,
}

impl<'b> Encoder<'b> {
    pub(crate) fn new(buf: &'b mut [u8], opcode: Opcode) -> Result<Self, EncodeError> {
        let mut encoder = Self { buf, len: 0 };
        encoder.number16(opcode as u16)?;
        Ok(encoder)
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn number16(&mut self, value: u16) -> Result<(), EncodeError> {
        self.raw(&value.to_be_bytes())
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        let end = self.len + bytes.len();
        match self.buf.get_mut(self.len..end) {
            Some(room) => room.copy_from_slice(bytes),
            None => {
                return Err(EncodeError::BufferTooSmall {
                    len: self.buf.len(),
                });
            }
        }
        self.len = end;
        Ok(())
    }

    /// A string and its NUL.
    pub(crate) fn string(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        if memchr::memchr(0, bytes).is_some() {
            return Err(EncodeError::NulInString);
        }
        self.raw(bytes)?;
        self.raw(&[0])
    }

    /// An option whose value is a number, as decimal text.
    pub(crate) fn number_option(&mut self, name: &[u8], value: u64) -> Result<(), EncodeError> {
        self.string(name)?;
        self.decimal(value)
    }

    fn decimal(&mut self, value: u64) -> Result<(), EncodeError> {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = value;
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.string(&digits[at..])
    }

    pub(crate) fn option(&mut self, name: &[u8], value: &[u8]) -> Result<(), EncodeError> {
        if name.is_empty() {
            return Err(EncodeError::EmptyOptionName);
        }
        self.string(name)?;
        self.string(value)
    }
}
