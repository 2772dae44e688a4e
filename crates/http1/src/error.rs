//! What can be wrong with a peer's octets.

use core::fmt;

/// Why a message cannot be read any further.
///
/// `offset` counts octets: from the first octet of the slice for the functions of [`wire`](crate::wire),
/// from the first octet the machine was ever given for the machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// What is wrong.
    pub kind: ErrorKind,
    /// Where. For a limit, the first octet that is too many or the start of what is too large; for a
    /// field that contradicts another, the later one.
    pub offset: u64,
}

impl Error {
    #[cold]
    pub(crate) const fn new(kind: ErrorKind, offset: usize) -> Self {
        Self {
            kind,
            offset: offset as u64,
        }
    }

    /// The same error in a slice that begins `base` octets later.
    pub(crate) const fn behind(self, base: u64) -> Self {
        Self {
            kind: self.kind,
            offset: self.offset.saturating_add(base),
        }
    }

    /// The status code of the response that a server should give.
    #[must_use]
    pub const fn reply_hint(&self) -> u16 {
        self.kind.reply_hint()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at octet {}", self.kind, self.offset)
    }
}

impl core::error::Error for Error {}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $({ $field:ident: $type:ty })? = $reply:literal, $name:literal, $text:literal;)*) => {
        /// What is wrong, in one word for each thing that a reader would treat differently.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[$doc])* $kind $({
                /// The limit that was exceeded, or the octet that may not stand there.
                $field: $type,
            })?,)*
        }

        impl ErrorKind {
            /// The status code of the response that a server should give (400, 408, 413, 414, 431,
            /// 501 or 505).
            #[must_use]
            pub const fn reply_hint(&self) -> u16 {
                match self {
                    $(Self::$kind { .. } => $reply,)*
                }
            }

            /// The kind in kebab-case, for logs and programs.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$kind { .. } => $name,)*
                }
            }

            /// Every name there is, with the status code that goes with it.
            pub const NAMES: &'static [(&'static str, u16)] = &[$(($name, $reply),)*];
        }

        impl fmt::Display for ErrorKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$kind $({ $field })? => write!(f, $text $(, $field)?),)*
                }
            }
        }
    };
}

kinds! {
    /// The method is not a token (RFC 9112 section 3.1).
    BadMethod { octet: u8 } = 400, "bad-method", "octet {:#04x} in the method";
    /// The method is longer than the server knows any (RFC 9112 section 3).
    MethodTooLong { limit: usize } = 501, "method-too-long", "the method is longer than {} octets";
    /// More or other whitespace than one SP between the parts of the request line (RFC 9112 section 3).
    BadRequestLine = 400, "bad-request-line", "stray whitespace in the request line";
    /// An octet that no request-target has (RFC 9112 section 3.2).
    BadTarget { octet: u8 } = 400, "bad-target", "octet {:#04x} in the request target";
    /// The request-target has none of the four forms, or not the one that its method needs.
    BadTargetForm = 400, "bad-target-form", "the request target has no form that the method allows";
    /// The authority of a CONNECT or of an absolute URI is not a host with an optional port; CONNECT
    /// needs the port (RFC 9110 section 9.3.6).
    BadAuthority = 400, "bad-authority", "the authority of the request target is wrong";
    /// A request line without a version, and simple requests are not enabled.
    MissingVersion = 400, "missing-version", "the request line has no version";
    /// Not `HTTP/` DIGIT `.` DIGIT (RFC 9112 section 2.3).
    BadVersion = 400, "bad-version", "this is not an HTTP version";
    /// A major version other than 1.
    UnsupportedVersion { major: u8 } = 505, "unsupported-version", "major version {} is not supported";
    /// The status code is not three digits.
    BadStatus = 400, "bad-status", "the status code is not three digits";
    /// The request line is longer than [`Limits::max_request_line`](crate::Limits).
    RequestLineTooLong { limit: usize } = 414, "request-line-too-long", "the request line is longer than {} octets";
    /// The status line is longer than [`Limits::max_request_line`](crate::Limits).
    StatusLineTooLong { limit: usize } = 400, "status-line-too-long", "the status line is longer than {} octets";
    /// A field line is longer than [`Limits::max_field_line`](crate::Limits).
    FieldLineTooLong { limit: usize } = 431, "field-line-too-long", "a field line is longer than {} octets";
    /// The head, or the trailer section, is longer than [`Limits::max_head`](crate::Limits).
    HeadTooLarge { limit: usize } = 431, "head-too-large", "the head is longer than {} octets";
    /// More field lines than [`Limits::max_headers`](crate::Limits), or than the table has room for.
    TooManyFields { limit: usize } = 431, "too-many-fields", "more than {} field lines";
    /// A CR that no LF follows (RFC 9112 section 2.2).
    BareCr = 400, "bare-cr", "CR without LF";
    /// An LF that no CR precedes (RFC 9112 section 2.2).
    BareLf = 400, "bare-lf", "LF without CR";
    /// A NUL (RFC 9110 section 5.5).
    Nul = 400, "nul", "NUL";
    /// Another control character in a value or reason (RFC 9110 section 5.5).
    ControlCharacter { octet: u8 } = 400, "control-character", "control character {:#04x}";
    /// An octet in a field name that no token has (RFC 9110 section 5.1).
    BadFieldName { octet: u8 } = 400, "bad-field-name", "octet {:#04x} in a field name";
    /// A field line that begins with the colon.
    EmptyFieldName = 400, "empty-field-name", "a field without a name";
    /// A line without a colon.
    MissingColon = 400, "missing-colon", "a field line without a colon";
    /// Whitespace between field name and colon (RFC 9112 section 5.1).
    SpaceBeforeColon = 400, "space-before-colon", "whitespace before the colon";
    /// Whitespace before the first field line (RFC 9112 section 2.2).
    LeadingWhitespace = 400, "leading-whitespace", "whitespace before the first field";
    /// A line folding (RFC 9112 section 5.2).
    ObsFold = 400, "obs-fold", "a folded field line";
    /// An HTTP/1.1 request without Host (RFC 9112 section 3.2).
    MissingHost = 400, "missing-host", "no Host field";
    /// More than one Host field line.
    DuplicateHost = 400, "duplicate-host", "a second Host field";
    /// A Host field that is not a host with an optional port.
    BadHost = 400, "bad-host", "the Host field has no valid value";
    /// Content-Length is not a number (RFC 9112 section 6.3).
    BadContentLength = 400, "bad-content-length", "Content-Length is not a decimal number";
    /// Content-Length needs more than 64 bits (RFC 9110 section 8.6).
    ContentLengthOverflow = 400, "content-length-overflow", "Content-Length is beyond 64 bits";
    /// Two Content-Length values that differ.
    ContentLengthMismatch = 400, "content-length-mismatch", "two different Content-Length values";
    /// Two equal Content-Length values, where that is not tolerated.
    ContentLengthRepeated = 400, "content-length-repeated", "Content-Length is given twice";
    /// Transfer-Encoding and Content-Length in one message (RFC 9112 section 6.3).
    TransferEncodingAndContentLength = 400, "transfer-encoding-and-content-length", "both Transfer-Encoding and Content-Length";
    /// Transfer-Encoding in an HTTP/1.0 message (RFC 9112 section 6.1).
    TransferEncodingInHttp10 = 400, "transfer-encoding-in-http10", "Transfer-Encoding in HTTP/1.0";
    /// Transfer-Encoding is not a list of codings.
    BadTransferEncoding = 400, "bad-transfer-encoding", "Transfer-Encoding is not a list of codings";
    /// The final transfer coding of a request is not chunked.
    ChunkedNotFinal = 400, "chunked-not-final", "the final transfer coding is not chunked";
    /// Chunked is applied more than once (RFC 9112 section 6.1).
    ChunkedTwice = 400, "chunked-twice", "chunked is applied twice";
    /// An empty member in a list that decides about framing.
    EmptyListMember = 400, "empty-list-member", "an empty member in a list that frames the message";
    /// A transfer coding before chunked that the server does not know (RFC 9112 section 6.1).
    UnknownTransferCoding = 501, "unknown-transfer-coding", "a transfer coding that is not implemented";
    /// The body is longer than [`Limits::max_body`](crate::Limits).
    BodyTooLarge { limit: u64 } = 413, "body-too-large", "the body is longer than {} octets";
    /// The chunk size is not a hexadecimal number (RFC 9112 section 7.1).
    BadChunkSize = 400, "bad-chunk-size", "the chunk size is not a hexadecimal number";
    /// The chunk size needs more than 64 bits.
    ChunkSizeOverflow = 400, "chunk-size-overflow", "the chunk size is beyond 64 bits";
    /// A chunk extension that does not follow the grammar (RFC 9112 section 7.1.1).
    BadChunkExtension = 400, "bad-chunk-extension", "a malformed chunk extension";
    /// The extensions of one chunk are longer than [`Limits::max_chunk_ext`](crate::Limits).
    ChunkExtensionTooLong { limit: usize } = 400, "chunk-extension-too-long", "the extensions of a chunk are longer than {} octets";
    /// All extensions of a body are longer than [`Limits::max_chunk_ext_total`](crate::Limits).
    ChunkExtensionsTooLong { limit: u64 } = 400, "chunk-extensions-too-long", "the chunk extensions of the body are longer than {} octets";
    /// The data of a chunk is not followed by CR LF.
    ChunkNotTerminated = 400, "chunk-not-terminated", "no line end behind the data of a chunk";
    /// The stream ended inside a message (RFC 9112 section 8).
    Truncated = 400, "truncated", "the message ends too early";
    /// The message did not come, or not to its end, in the time it was given: see
    /// [`Machine::patience`](crate::Machine::patience).
    TimedOut = 408, "timed-out", "the message did not come in time";
    /// 101 (Switching Protocols) that nobody asked for (RFC 9110 section 7.8).
    UnexpectedSwitch = 502, "unexpected-switch", "a switch of protocols that was not asked for";
}
