//! Which octet may stand where (RFC 9110 section 5.6, RFC 9112 sections 2 and 3, RFC 3986).

/// One bit for each place an octet may stand in.
const TCHAR: u8 = 1;
const TARGET: u8 = 2;
const FIELD: u8 = 4;
const REG_NAME: u8 = 8;

const TABLE: [u8; 256] = {
    let mut table = [0u8; 256];
    let mut octet = 0usize;
    while octet < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let it = octet as u8;
        let alphanumeric = it.is_ascii_alphanumeric();
        if alphanumeric
            || matches!(
                it,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            )
        {
            table[octet] |= TCHAR;
        }
        if it.is_ascii_graphic() && it != b'#' {
            table[octet] |= TARGET;
        }
        if it == b'\t' || it == b' ' || it.is_ascii_graphic() || it >= 0x80 {
            table[octet] |= FIELD;
        }
        if alphanumeric
            || matches!(
                it,
                b'-' | b'.'
                    | b'_'
                    | b'~'
                    | b'!'
                    | b'$'
                    | b'&'
                    | b'\''
                    | b'('
                    | b')'
                    | b'*'
                    | b'+'
                    | b','
                    | b';'
                    | b'='
            )
        {
            table[octet] |= REG_NAME;
        }
        octet += 1;
    }
    table
};

/// Whether `octet` may stand in a token (`tchar`, RFC 9110 section 5.6.2).
#[inline]
#[must_use]
pub const fn is_tchar(octet: u8) -> bool {
    TABLE[octet as usize] & TCHAR != 0
}

/// Whether `octet` may stand in a request-target: a visible US-ASCII character other than `#`.
/// RFC 3986 allows fewer, but browsers send `[`, `]`, `{`, `}`, `|`, `^` and quotes unescaped.
#[inline]
#[must_use]
pub const fn is_target(octet: u8) -> bool {
    TABLE[octet as usize] & TARGET != 0
}

/// Whether `octet` may stand in a field value or reason phrase: HTAB, SP, a visible US-ASCII
/// character or obs-text (RFC 9110 section 5.5).
#[inline]
#[must_use]
pub const fn is_field(octet: u8) -> bool {
    TABLE[octet as usize] & FIELD != 0
}

/// Whether `octet` is unreserved or a sub-delim, which is what a registered name is made of beside
/// `%` escapes (RFC 3986 section 3.2.2).
#[inline]
#[must_use]
pub const fn is_reg_name(octet: u8) -> bool {
    TABLE[octet as usize] & REG_NAME != 0
}

/// Whether all of `octets` may stand in a registered name as they are.
#[inline]
pub(super) fn are_reg_name(octets: &[u8]) -> bool {
    let common = |common, octet: &u8| common & TABLE[*octet as usize];
    octets.iter().fold(REG_NAME, common) != 0
}

/// Whether `octet` is SP or HTAB, of which optional whitespace is made.
#[inline]
#[must_use]
pub const fn is_ows(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
}

/// Whether `octets` are a token: at least one `tchar` and nothing else.
#[must_use]
pub fn is_token(octets: &[u8]) -> bool {
    !octets.is_empty() && octets.iter().all(|&octet| is_tchar(octet))
}

/// Whether `octets` may be sent as a field value: no control character but HTAB, no whitespace at
/// either end.
#[must_use]
pub fn is_field_value(octets: &[u8]) -> bool {
    octets.iter().all(|&octet| is_field(octet)) && trim(octets).len() == octets.len()
}

/// `octets` without SP and HTAB at either end, and without anything else removed.
#[must_use]
pub fn trim(mut octets: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = octets
        && is_ows(*first)
    {
        octets = rest;
    }
    while let [rest @ .., last] = octets
        && is_ows(*last)
    {
        octets = rest;
    }
    octets
}
