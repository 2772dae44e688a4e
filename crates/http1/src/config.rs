//! Limits and leniency.

/// How messages are read. The default is strict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// How large things may be.
    pub limits: Limits,
    /// Which deviations are accepted.
    pub lenient: Lenient,
    /// Whether a server accepts the simple request of RFC 1945 section 4.1 (`GET SP path CRLF`).
    pub http09: bool,
}

/// How large things may be, in octets where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The request line, or status line, without its line end: 8192. Beyond it 414.
    pub max_request_line: usize,
    /// The method: 64. Beyond it 501.
    pub max_method: usize,
    /// One field line without its line end: 65536. Beyond it 431.
    pub max_field_line: usize,
    /// The whole head with all line ends, and likewise a trailer section: 65536. Beyond it 431. More than
    /// 2^32 - 1 is as much as that.
    pub max_head: usize,
    /// Field lines in a head or trailer section: 100. Beyond it 431.
    pub max_headers: usize,
    /// The extensions of one chunk, from the first octet behind the size to the line end: 1024.
    pub max_chunk_ext: usize,
    /// All chunk extensions of a body: 16384.
    pub max_chunk_ext_total: u64,
    /// The body: unlimited (`None`). Beyond it 413.
    pub max_body: Option<u64>,
}

impl Limits {
    /// `max_head`, such that places in a head fit into 32 bits.
    #[inline]
    pub(crate) const fn head(&self) -> usize {
        if self.max_head > u32::MAX as usize {
            u32::MAX as usize
        } else {
            self.max_head
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_request_line: 8192,
            max_method: 64,
            max_field_line: 65536,
            max_head: 65536,
            max_headers: 100,
            max_chunk_ext: 1024,
            max_chunk_ext_total: 16384,
            max_body: None,
        }
    }
}

macro_rules! flags {
    ($($(#[$doc:meta])* $flag:ident = $default:literal;)*) => {
        /// Deviations that may be accepted. Each is named after what the peer does wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Lenient {
            $($(#[$doc])* pub $flag: bool,)*
        }

        impl Default for Lenient {
            fn default() -> Self {
                Self { $($flag: $default,)* }
            }
        }

        impl Lenient {
            /// The names of all flags with their defaults.
            pub const NAMES: &'static [(&'static str, bool)] = &[$((stringify!($flag), $default),)*];

            /// Sets a flag by its name; false when there is none of that name.
            #[must_use]
            pub fn set(&mut self, name: &str, on: bool) -> bool {
                match name {
                    $(stringify!($flag) => self.$flag = on,)*
                    _ => return false,
                }
                true
            }
        }
    };
}

flags! {
    /// An LF without CR ends a line of the head or of the trailers, never one of a chunk (RFC 9112
    /// section 2.2). Re-encoding makes it CR LF.
    bare_lf = false;
    /// A CR without LF in a field value or reason phrase is read as SP (RFC 9112 section 2.2).
    bare_cr_as_sp = false;
    /// Folded field lines in requests and trailers are joined with SP (RFC 9112 section 5.2). In
    /// responses they always are.
    obs_fold = false;
    /// Whitespace between a field name and the colon of a response is ignored (RFC 9112 section 5.1).
    space_before_colon_in_response = false;
    /// Equal Content-Length values count as one (RFC 9110 section 8.6). On by default.
    duplicate_content_length_equal = true;
    /// With Transfer-Encoding and Content-Length the former frames the message, and the connection
    /// closes behind it (RFC 9112 section 6.3).
    te_and_cl_te_wins = false;
    /// The parts of the request line, or status line, are separated by any run of SP and HTAB, and
    /// whitespace before the line end is ignored (RFC 9112 section 3).
    multiple_spaces_in_request_line = false;
    /// Control characters other than NUL, CR and LF stay in field values and reason phrases (RFC 9110
    /// section 5.5).
    other_ctl_in_value = false;
    /// Empty members of Transfer-Encoding and Content-Length lists are ignored (RFC 9110 section
    /// 5.6.1).
    empty_list_members = false;
    /// HTTP/1.1 requests need no Host field.
    missing_host = false;
    /// Octets above 0x7F may stand in a request-target.
    obs_text_in_target = false;
    /// SP and HTAB may stand between a chunk size and its line end.
    space_after_chunk_size = false;
    /// A server accepts transfer codings that it does not know, if chunked is the final one: the
    /// application reads the field and decodes them.
    other_transfer_codings = false;
}
