//! Which server it pretends to be. Scanners tell them apart by their first octets.

use std::str::FromStr;
use wirelore_telnet_nvt::wire::items::{Item, items};
use wirelore_telnet_nvt::{OptionCode, OptionSet, Policy, Receiver, Side, Verb};

/// What is said first, and how offers are answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// The word that it was asked for with.
    pub(crate) name: String,
    /// The first octets, exactly.
    pub(crate) opening: Vec<u8>,
    /// Whether another word is said about options after the opening. BusyBox skips what clients say
    /// about them, and a server that knows no TELNET says nothing either.
    pub(crate) negotiates: bool,
}

impl Fingerprint {
    /// GNU inetutils, built with Kerberos.
    pub(crate) fn inetutils() -> Self {
        // WILL AUTHENTICATION, WILL ENCRYPT, DO TTYPE, TSPEED, XDISPLOC, NEW-ENVIRON and OLD-ENVIRON
        let opening =
            b"\xff\xfb\x25\xff\xfb\x26\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23\xff\xfd\x27\xff\xfd\x24";
        Self { name: "inetutils".to_owned(), opening: opening.to_vec(), negotiates: true }
    }

    /// BusyBox.
    pub(crate) fn busybox() -> Self {
        // DO ECHO, DO NAWS, DO LFLOW, WILL ECHO, WILL SGA: yes, it really asks the client to echo
        let opening = b"\xff\xfd\x01\xff\xfd\x1f\xff\xfd\x21\xff\xfb\x01\xff\xfb\x03";
        Self { name: "busybox".to_owned(), opening: opening.to_vec(), negotiates: false }
    }

    /// Something that is no TELNET at all.
    pub(crate) fn none() -> Self {
        Self { name: "none".to_owned(), opening: Vec::new(), negotiates: false }
    }

    /// What may be agreed to, when the guest asks. All of it is harmless: what his terminal is, and
    /// who echoes. AUTHENTICATION, ENCRYPT and everything else is refused, unless the opening itself
    /// offered it; then it is on, and nothing comes of it, see `session.rs`.
    pub(crate) fn policy(&self) -> Policy {
        if !self.negotiates {
            return Policy::default();
        }
        use OptionCode as O;
        const HIS: &[O] =
            &[O::SGA, O::TTYPE, O::NAWS, O::TSPEED, O::XDISPLOC, O::NEW_ENVIRON, O::OLD_ENVIRON];
        Policy {
            us: OptionSet::of(&[O::ECHO, O::SGA]),
            him: OptionSet::of(HIS),
            ..Policy::default()
        }
    }

    /// Lets the receiver know what the opening asks for, so that it takes the answers for answers.
    pub(crate) fn tell(&self, receiver: &mut Receiver) {
        for item in items(&self.opening) {
            let Item::Negotiation { verb, option } = item else { continue };
            let side = match verb {
                Verb::Will => Side::Us,
                Verb::Do => Side::Him,
                Verb::Wont | Verb::Dont => continue,
            };
            // it was sent already, in the opening's own octets
            receiver.request(side, option, true, &mut Vec::new());
        }
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Ok(match word {
            "inetutils" => Self::inetutils(),
            "busybox" => Self::busybox(),
            "none" => Self::none(),
            digits => {
                let opening = hex::decode(digits)
                    .map_err(|e| format!("neither a known name nor hexadecimal: {e}"))?;
                Self { name: digits.to_owned(), opening, negotiates: true }
            }
        })
    }
}
