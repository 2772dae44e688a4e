//! `Authentication-Info` and `Proxy-Authentication-Info` (RFC 7616 section 3.5).

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use super::super::authorization::auth_parameters;
use super::super::unfit::Unfit;
use super::{DigestError, NonceCount, Protection, Qop, Writer, collect};

/// What a server says after it has accepted credentials.
#[derive(Clone, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct AuthenticationInfo<'v> {
    /// The nonce for the next request.
    pub nextnonce: Option<Cow<'v, [u8]>>,
    /// The server's proof, in hexadecimal.
    pub rspauth: Option<Cow<'v, [u8]>>,
    /// `qop`, `nc` and `cnonce`, which are those of the request.
    pub protection: Option<Protection<'v>>,
}

impl fmt::Debug for AuthenticationInfo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticationInfo")
            .field("protection", &self.protection)
            .finish_non_exhaustive()
    }
}

impl<'v> AuthenticationInfo<'v> {
    /// Reads the value of the field.
    ///
    /// # Errors
    /// [`DigestError`], also where there is a `qop` and one of `rspauth`, `nc` and `cnonce` is missing.
    pub fn parse(value: &'v [u8]) -> Result<Self, DigestError> {
        let [nextnonce, rspauth, qop, nc, cnonce] = collect(
            auth_parameters(value),
            ["nextnonce", "rspauth", "qop", "nc", "cnonce"],
        )?;
        let protection = match qop {
            None => None,
            Some(_) if rspauth.is_none() => return Err(DigestError::Missing("rspauth")),
            Some(qop) => Some(Protection {
                qop: Qop::of(&qop.value()).ok_or(DigestError::Malformed("qop"))?,
                nc: NonceCount::parse(&nc.ok_or(DigestError::Missing("nc"))?.value())
                    .ok_or(DigestError::Malformed("nc"))?,
                cnonce: cnonce.ok_or(DigestError::Missing("cnonce"))?.value(),
            }),
        };
        Ok(Self {
            nextnonce: nextnonce.map(|it| it.value()),
            rspauth: rspauth.map(|it| it.value()),
            protection,
        })
    }

    /// Appends the value of the field. `nextnonce`, `rspauth` and `cnonce` are quoted, `qop` and `nc`
    /// are not.
    ///
    /// # Errors
    /// [`Unfit::Octet`] for a control character; [`Unfit::Missing`] if there is nothing to say, or a
    /// `protection` without `rspauth`. Nothing is appended then.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), Unfit> {
        if self.rspauth.is_none() && (self.protection.is_some() || self.nextnonce.is_none()) {
            let part = "rspauth";
            return Err(Unfit::Missing { part });
        }
        let mut it = Writer::new(b"", out);
        if let Some(nextnonce) = &self.nextnonce {
            it.quoted("nextnonce", nextnonce);
        }
        if let Some(rspauth) = &self.rspauth {
            it.quoted("rspauth", rspauth);
        }
        if let Some(protection) = &self.protection {
            it.plain("qop", protection.qop.as_str().as_bytes());
            it.quoted("cnonce", &protection.cnonce);
            it.plain("nc", protection.nc.as_octets());
        }
        it.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[u8] =
        b"nextnonce=\"n2\", rspauth=\"6629fae4\", qop=auth, cnonce=\"c\", nc=0000000A";

    /// RFC 7616 §3.5.
    #[test]
    fn rfc7616_3_5_is_read_and_written() {
        let it = AuthenticationInfo::parse(ALL).unwrap();
        assert_eq!(it.nextnonce.as_deref(), Some(&b"n2"[..]));
        assert_eq!(it.rspauth.as_deref(), Some(&b"6629fae4"[..]));
        assert_eq!(it.protection.as_ref().unwrap().nc.count(), 10);
        let mut out = Vec::new();
        it.write(&mut out).unwrap();
        assert_eq!(out, ALL);
        assert!(!alloc::format!("{it:?}").contains("6629"));
    }

    /// RFC 7616 §3.5.
    #[test]
    fn rfc7616_3_5_with_qop_the_others_must_be_there() {
        for (value, error) in [
            (
                &b"qop=auth, cnonce=c, nc=00000001"[..],
                DigestError::Missing("rspauth"),
            ),
            (
                b"rspauth=a, qop=auth, nc=00000001",
                DigestError::Missing("cnonce"),
            ),
            (b"rspauth=a, qop=auth, cnonce=c", DigestError::Missing("nc")),
            (
                b"rspauth=a, qop=auth, cnonce=c, nc=1",
                DigestError::Malformed("nc"),
            ),
            (b"rspauth=a, rspauth=b", DigestError::Repeated("rspauth")),
        ] {
            assert_eq!(AuthenticationInfo::parse(value).err(), Some(error));
        }
        assert!(AuthenticationInfo::parse(b"") == Ok(AuthenticationInfo::default()));
        let mut it = AuthenticationInfo::parse(ALL).unwrap();
        it.rspauth = None;
        assert!(it.write(&mut Vec::new()).is_err());
        assert!(
            AuthenticationInfo::default()
                .write(&mut Vec::new())
                .is_err()
        );
    }
}
