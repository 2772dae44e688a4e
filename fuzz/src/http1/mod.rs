//! HTTP/1: heads, bodies, both ends of a connection, and the values of fields.

mod exchange;
mod httparse;
mod request;
mod response;
mod roundtrip;
mod values;

pub use exchange::http1_exchange;
pub use httparse::http1_httparse;
pub use request::http1_request;
pub use response::http1_response;
pub use roundtrip::http1_roundtrip;
pub use values::http1_values;

use wirelore_http1::wire::{Field, Fields, MethodKind};
use wirelore_http1::{Config, Lenient, Limits};

/// Leniency and limits out of two octets: a bit for each flag, one for simple requests, and two for the
/// limits. Two zeros are the default.
fn config([low, high]: [u8; 2]) -> Config {
    let bits = u16::from_le_bytes([low, high]);
    let mut lenient = Lenient::default();
    for (n, (name, default)) in Lenient::NAMES.iter().enumerate() {
        assert!(lenient.set(name, *default != (bits >> n & 1 != 0)));
    }
    assert!(!lenient.set("bare", true));
    let limits = match bits >> 14 {
        0 | 1 => Limits::default(),
        2 => Limits {
            max_body: Some(40),
            max_chunk_ext: 3,
            max_chunk_ext_total: 8,
            max_headers: 3,
            ..Limits::default()
        },
        _ => Limits {
            max_request_line: 24,
            max_method: 4,
            max_field_line: 20,
            max_head: 60,
            ..Limits::default()
        },
    };
    Config {
        limits,
        lenient,
        http09: bits >> 13 & 1 != 0,
    }
}

const METHODS: [&[u8]; 8] = [
    b"GET", b"HEAD", b"POST", b"CONNECT", b"OPTIONS", b"PUT", b"TRACE", b"BREW",
];

/// Three methods out of an octet.
fn methods(octet: u8) -> [MethodKind; 3] {
    [octet & 7, octet >> 3 & 7, octet >> 6].map(|n| MethodKind::of(METHODS[usize::from(n)]))
}

/// Names and values.
type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

fn pairs(fields: Fields<'_>) -> Pairs {
    fields
        .map(|field| (field.name().to_vec(), field.value().into_owned()))
        .collect()
}

/// The table of the value level is the list of the machines.
fn compare_table(bytes: &[u8], table: &[Field], fields: Fields<'_>) {
    assert_eq!(table.len(), fields.count());
    for (place, field) in table.iter().zip(fields) {
        assert_eq!(place.name(bytes), field.name());
        assert_eq!(place.value(bytes), field.raw_value());
        assert!(field.is(&String::from_utf8_lossy(field.name())));
        assert!(!field.value().contains(&b'\n'));
        assert!(!format!("{field:?}").contains('\n'));
    }
}
