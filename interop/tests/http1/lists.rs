//! Fields as lists of names and values.

use wirelore_http1::Trailers;
use wirelore_http1::encode::FieldBlock;

/// Names and values, for people and for comparison: octets above 0x7F are Latin-1 here.
pub(crate) type List = Vec<(String, String)>;

/// The first value with this name.
pub(crate) fn value<'l>(list: &'l List, name: &str) -> Option<&'l str> {
    let found = list.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

pub(crate) fn latin(octets: &[u8]) -> String {
    octets.iter().map(|&octet| char::from(octet)).collect()
}

fn unlatin(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(letter).expect("Latin-1")).collect()
}

/// The fields of a trailer section.
pub(crate) fn section(trailers: &Trailers<&[u8]>) -> List {
    trailers.fields().map(|field| (latin(field.name()), latin(&field.value()))).collect()
}

/// The same fields, to be sent.
pub(crate) fn block(list: &List) -> FieldBlock {
    let list = list.iter().map(|(name, value)| (unlatin(name), unlatin(value)));
    FieldBlock::of(list).expect("good fields")
}
