//! What the machines tell the application.

use core::fmt;

use wirelore_core::escape::escape;

use crate::wire::{Fields, RequestHead, ResponseHead};

/// What a client says. `B` is a slice of the input, or octets of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestEvent<B> {
    /// A request begins.
    Request(RequestHead<B>),
    /// A piece of its body. Where one piece ends and the next begins means nothing.
    Data(B),
    /// The request is complete.
    End {
        /// What came behind the last chunk; empty with every other framing.
        trailers: Trailers<B>,
    },
}

/// What a server says. `B` is a slice of the input, or octets of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseEvent<B> {
    /// An interim response (1xx, but not 101): the response itself is still to come.
    Informational(ResponseHead<B>),
    /// The final response begins. 101 (Switching Protocols) is one, too.
    Response(ResponseHead<B>),
    /// A piece of its body. Where one piece ends and the next begins means nothing.
    Data(B),
    /// The response is complete.
    End {
        /// What came behind the last chunk; empty with every other framing.
        trailers: Trailers<B>,
    },
}

/// The trailer section of a chunked message (RFC 9112 section 7.1.2). Nothing in it changes framing,
/// routing or anything else that the head said: it is never merged into the head (RFC 9110 section
/// 6.5.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Trailers<B> {
    raw: B,
    rewritten: bool,
}

impl<B> Trailers<B> {
    pub(crate) const fn new(raw: B, rewritten: bool) -> Self {
        Self { raw, rewritten }
    }

    pub(crate) const fn none(raw: B) -> Self {
        Self::new(raw, false)
    }

    /// The same trailers with their octets changed into others by `change`, which must keep them as
    /// they are.
    pub fn map<C>(self, change: impl FnOnce(B) -> C) -> Trailers<C> {
        Trailers::new(change(self.raw), self.rewritten)
    }
}

impl<B: AsRef<[u8]>> Trailers<B> {
    /// The section as it was sent, with the empty line that ends it; empty when there is none.
    pub fn raw(&self) -> &[u8] {
        self.raw.as_ref()
    }

    /// The field lines.
    pub fn fields(&self) -> Fields<'_> {
        Fields::new(self.raw(), self.rewritten)
    }
}

impl<B: AsRef<[u8]>> fmt::Debug for Trailers<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fields().fmt(f)
    }
}

impl<B> RequestEvent<B> {
    /// The same event with its octets changed into others by `change`, which must keep them as they
    /// are.
    pub fn map<C>(self, change: impl FnOnce(B) -> C) -> RequestEvent<C> {
        match self {
            Self::Request(head) => RequestEvent::Request(head.map(change)),
            Self::Data(data) => RequestEvent::Data(change(data)),
            Self::End { trailers } => RequestEvent::End {
                trailers: trailers.map(change),
            },
        }
    }
}

impl<B> ResponseEvent<B> {
    /// The same event with its octets changed into others by `change`, which must keep them as they
    /// are.
    pub fn map<C>(self, change: impl FnOnce(B) -> C) -> ResponseEvent<C> {
        match self {
            Self::Informational(head) => ResponseEvent::Informational(head.map(change)),
            Self::Response(head) => ResponseEvent::Response(head.map(change)),
            Self::Data(data) => ResponseEvent::Data(change(data)),
            Self::End { trailers } => ResponseEvent::End {
                trailers: trailers.map(change),
            },
        }
    }
}

impl<B: AsRef<[u8]>> fmt::Debug for RequestEvent<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(head) => f.debug_tuple("Request").field(head).finish(),
            Self::Data(data) => write!(f, "Data({})", escape(data)),
            Self::End { trailers } => f.debug_tuple("End").field(trailers).finish(),
        }
    }
}

impl<B: AsRef<[u8]>> fmt::Debug for ResponseEvent<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Informational(head) => f.debug_tuple("Informational").field(head).finish(),
            Self::Response(head) => f.debug_tuple("Response").field(head).finish(),
            Self::Data(data) => write!(f, "Data({})", escape(data)),
            Self::End { trailers } => f.debug_tuple("End").field(trailers).finish(),
        }
    }
}
