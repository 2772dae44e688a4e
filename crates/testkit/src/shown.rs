//! Octets as a person can read them.

use std::fmt;

/// Escaped octets in quotation marks; a long repetition of one octet is counted: `"ab{\\x00 * 3000}"`.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'o>(pub(crate) &'o [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for run in self.0.chunk_by(|a, b| a == b) {
            if run.len() > 16 {
                write!(f, "{{{} * {}}}", run[..1].escape_ascii(), run.len())?;
            } else {
                write!(f, "{}", run.escape_ascii())?;
            }
        }
        f.write_str("\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_counted() {
        let octets = [b"a\r\n".as_slice(), &[0; 300], b"zz\""].concat();
        let shown = Shown(&octets).to_string();
        assert_eq!(shown, r#""a\r\n{\x00 * 300}zz\"""#);
    }
}
