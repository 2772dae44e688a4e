//! The Date field, made once a second.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};
use wirelore_http1::encode::FieldBlock;
use wirelore_http1::value::date::HttpDate;

struct Made {
    second: u64,
    fields: FieldBlock,
}

thread_local! {
    static MADE: RefCell<Made> = const {
        RefCell::new(Made { second: u64::MAX, fields: FieldBlock::new() })
    };
}

/// Calls `with` with a block that has the Date of now.
pub(super) fn with<R>(with: impl FnOnce(&FieldBlock) -> R) -> R {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let second = now.map_or(0, |now| now.as_secs());
    MADE.with_borrow_mut(|made| {
        if made.second != second {
            made.second = second;
            made.fields.clear();
            if let Some(date) = HttpDate::from_unix(second) {
                let _ = made.fields.push("Date", date.to_octets());
            }
        }
        with(&made.fields)
    })
}

#[cfg(test)]
mod tests {
    /// RFC 9110 §6.6.1.
    #[test]
    fn it_is_the_time_of_now() {
        let fields = super::with(Clone::clone);
        let (name, value) = fields.iter().next().unwrap();
        assert_eq!((name, value.len()), (&b"Date"[..], 29));
        assert!(value.ends_with(b" GMT"));
    }
}
