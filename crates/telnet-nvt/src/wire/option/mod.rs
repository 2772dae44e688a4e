//! What the subnegotiations of the options say.
//!
//! A payload is what stands between `IAC SB option` and `IAC SE`, with every 255 once:
//! [`Payload::to_cow`](crate::Payload::to_cow) gives it, and
//! [`write_subnegotiation`](super::payload::write_subnegotiation) takes it. Each option has a type
//! that borrows from the payload, with `parse` and `encode`; [`Subnegotiation`] unites them.
//!
//! ```
//! use wirelore_telnet_nvt::OptionCode;
//! use wirelore_telnet_nvt::wire::option::{Environ, Subnegotiation, TerminalType, Variable};
//! use wirelore_telnet_nvt::wire::payload::write_subnegotiation;
//!
//! let Ok(Some(said)) = Subnegotiation::parse(OptionCode::TTYPE, b"\x00xterm") else {
//!     panic!("no terminal type");
//! };
//! assert_eq!(said, Subnegotiation::TerminalType(TerminalType::Is(b"xterm")));
//!
//! let variables = [Variable::var("USER", Some("bob")), Variable::user_var("EDITOR", None)];
//! let (mut payload, mut out) = (Vec::new(), Vec::new());
//! Environ::is(&variables).encode(&mut payload)?;
//! write_subnegotiation(OptionCode::NEW_ENVIRON, &payload, &mut out);
//! assert_eq!(out, b"\xff\xfa\x27\x00\x00USER\x01bob\x03EDITOR\xff\xf0");
//! # Ok::<_, wirelore_telnet_nvt::wire::option::EncodeError>(())
//! ```
//!
//! `parse` takes what peers send: a name may hold any octet. It checks the whole payload, so that
//! the iterators that it gives cannot fail; they allocate nothing and take time in proportion to the
//! payload. `encode` sends what the RFCs allow, and appends nothing when it refuses.

mod charset;
mod environ;
mod error;
mod flow_control;
mod forward_mask;
mod gmcp;
mod linemode;
mod msdp;
mod mssp;
mod name;
mod naws;
mod quoted;
mod slc;
mod slc_table;
mod status;
mod terminal_speed;
mod terminal_type;
mod x_display_location;

use alloc::vec::Vec;

use crate::OptionCode;

pub use charset::{Charset, CharsetNames, CharsetRequest, Ttable};
pub use environ::{Environ, EnvironCodes, EnvironVerb, Variable, VariableKind, Variables};
pub use error::{EncodeError, OptionError};
pub use flow_control::FlowControl;
pub use forward_mask::{CharacterMask, ForwardMask};
pub use gmcp::Gmcp;
pub use linemode::{Linemode, Mode};
pub use msdp::{Msdp, MsdpEvent};
pub use mssp::{Mssp, MsspValues, MsspVariable};
pub use naws::Naws;
pub use quoted::Quoted;
pub use slc::{SlcFunction, SlcLevel, SlcModifiers, SlcTriplet, SlcTriplets};
pub use slc_table::{SlcReplies, SlcRole, SlcSetting, SlcTable};
pub use status::{Status, StatusEntries, StatusEntry};
pub use terminal_speed::TerminalSpeed;
pub use terminal_type::TerminalType;
pub use x_display_location::XDisplayLocation;

/// The payload of any option that has a type here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subnegotiation<'p> {
    /// Which options are in force (RFC 859).
    Status(Status<'p>),
    /// The kind of terminal (RFC 1091).
    TerminalType(TerminalType<'p>),
    /// The size of the window (RFC 1073).
    Naws(Naws),
    /// The speed of the terminal (RFC 1079).
    TerminalSpeed(TerminalSpeed),
    /// What XON and XOFF do (RFC 1372).
    FlowControl(FlowControl),
    /// Who edits lines, and with which characters (RFC 1184).
    Linemode(Linemode<'p>),
    /// Where the X server is (RFC 1096).
    XDisplayLocation(XDisplayLocation<'p>),
    /// Variables, with numbers that implementations disagree about (RFC 1408).
    OldEnviron(Environ<'p>),
    /// Variables (RFC 1572).
    NewEnviron(Environ<'p>),
    /// The character set (RFC 2066).
    Charset(Charset<'p>),
    /// Mud Server Data Protocol.
    Msdp(Msdp<'p>),
    /// Mud Server Status Protocol.
    Mssp(Mssp<'p>),
    /// Generic Mud Communication Protocol.
    Gmcp(Gmcp<'p>),
}

impl<'p> Subnegotiation<'p> {
    /// What a payload of `option` says; `None` for an option that has no type here.
    ///
    /// The numbers of OLD-ENVIRON are detected ([`EnvironCodes::detect`]), and those of the RFC
    /// where the payload does not tell; [`Environ::parse`] is for who knows them.
    ///
    /// # Errors
    /// The payload is not what the option says it must be.
    pub fn parse(option: OptionCode, payload: &'p [u8]) -> Result<Option<Self>, OptionError> {
        let said = match option {
            OptionCode::STATUS => Status::parse(payload).map(Self::Status),
            OptionCode::TTYPE => TerminalType::parse(payload).map(Self::TerminalType),
            OptionCode::NAWS => Naws::parse(payload).map(Self::Naws),
            OptionCode::TSPEED => TerminalSpeed::parse(payload).map(Self::TerminalSpeed),
            OptionCode::LFLOW => FlowControl::parse(payload).map(Self::FlowControl),
            OptionCode::LINEMODE => Linemode::parse(payload).map(Self::Linemode),
            OptionCode::XDISPLOC => XDisplayLocation::parse(payload).map(Self::XDisplayLocation),
            OptionCode::OLD_ENVIRON => {
                let codes = EnvironCodes::detect(payload).unwrap_or_default();
                Environ::parse(payload, codes).map(Self::OldEnviron)
            }
            OptionCode::NEW_ENVIRON => {
                Environ::parse(payload, EnvironCodes::Rfc).map(Self::NewEnviron)
            }
            OptionCode::CHARSET => Charset::parse(payload).map(Self::Charset),
            OptionCode::MSDP => Msdp::parse(payload).map(Self::Msdp),
            OptionCode::MSSP => Mssp::parse(payload).map(Self::Mssp),
            OptionCode::GMCP => Gmcp::parse(payload).map(Self::Gmcp),
            _ => return Ok(None),
        };
        said.map(Some)
    }

    /// The option it belongs to.
    #[must_use]
    pub const fn option(&self) -> OptionCode {
        match self {
            Self::Status(_) => OptionCode::STATUS,
            Self::TerminalType(_) => OptionCode::TTYPE,
            Self::Naws(_) => OptionCode::NAWS,
            Self::TerminalSpeed(_) => OptionCode::TSPEED,
            Self::FlowControl(_) => OptionCode::LFLOW,
            Self::Linemode(_) => OptionCode::LINEMODE,
            Self::XDisplayLocation(_) => OptionCode::XDISPLOC,
            Self::OldEnviron(_) => OptionCode::OLD_ENVIRON,
            Self::NewEnviron(_) => OptionCode::NEW_ENVIRON,
            Self::Charset(_) => OptionCode::CHARSET,
            Self::Msdp(_) => OptionCode::MSDP,
            Self::Mssp(_) => OptionCode::MSSP,
            Self::Gmcp(_) => OptionCode::GMCP,
        }
    }

    /// Appends the payload.
    ///
    /// # Errors
    /// The value cannot be sent like this.
    pub fn encode(&self, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Self::Status(said) => said.encode(payload),
            Self::TerminalType(said) => said.encode(payload),
            Self::Naws(said) => said.encode(payload),
            Self::TerminalSpeed(said) => said.encode(payload),
            Self::FlowControl(said) => said.encode(payload),
            Self::Linemode(said) => said.encode(payload),
            Self::XDisplayLocation(said) => said.encode(payload),
            Self::OldEnviron(said) | Self::NewEnviron(said) => said.encode(payload),
            Self::Charset(said) => said.encode(payload),
            Self::Msdp(said) => said.encode(payload),
            Self::Mssp(said) => said.encode(payload),
            Self::Gmcp(said) => said.encode(payload),
        }
    }
}

/// The command a payload begins with, and what follows it.
fn split_command(payload: &[u8]) -> Result<(u8, &[u8]), OptionError> {
    match payload {
        [command, rest @ ..] => Ok((*command, rest)),
        [] => Err(OptionError::Truncated { offset: 0 }),
    }
}

/// Refuses what follows the first `len` octets of a payload.
fn ends_at(payload: &[u8], len: usize) -> Result<(), OptionError> {
    match payload.len() > len {
        true => Err(OptionError::TrailingOctets { offset: len }),
        false => Ok(()),
    }
}

/// Lets `write` append to `payload`, and takes back what it appended when it fails.
fn all_or_nothing(
    payload: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>,
) -> Result<(), EncodeError> {
    let before = payload.len();
    let written = write(payload);
    if written.is_err() {
        payload.truncate(before);
    }
    written
}
