//! What the fields of a request say to a file server, read once.

use std::borrow::Cow;
use wirelore_http1::value::conditional::Preconditions;
use wirelore_http1::wire::RequestHead;

#[derive(Default)]
pub(super) struct Facts<'h> {
    pub(super) authorization: Option<&'h [u8]>,
    /// All its lines.
    pub(super) accept: Option<Cow<'h, [u8]>>,
    pub(super) referer: Option<&'h [u8]>,
    pub(super) user_agent: Option<&'h [u8]>,
    pub(super) range: Option<&'h [u8]>,
    /// The body is a part of what is to be stored.
    pub(super) content_range: bool,
    /// The body is coded in a way that would be stored with it.
    pub(super) content_encoding: bool,
    pub(super) conditions: Preconditions<'h>,
}

impl<'h> Facts<'h> {
    pub(super) fn of<B: AsRef<[u8]>>(head: &'h RequestHead<B>) -> Self {
        let mut facts = Self::default();
        for field in head.fields() {
            let (name, value) = (field.name(), field.raw_value());
            let slot = match name.len() {
                5 if field.is("Range") => {
                    facts.conditions = facts.conditions.field(name, value);
                    &mut facts.range
                }
                6 if field.is("Accept") => {
                    facts.accept = Some(match facts.accept.take() {
                        None => value.into(),
                        Some(before) => [&before, value].join(&b", "[..]).into(),
                    });
                    continue;
                }
                7 if field.is("Referer") => &mut facts.referer,
                10 if field.is("User-Agent") => &mut facts.user_agent,
                13 if field.is("Authorization") => &mut facts.authorization,
                13 if field.is("Content-Range") => {
                    facts.content_range = true;
                    continue;
                }
                16 if field.is("Content-Encoding") => {
                    facts.content_encoding |= !value.eq_ignore_ascii_case(b"identity");
                    continue;
                }
                _ => {
                    if let [b'i' | b'I', ..] = name {
                        facts.conditions = facts.conditions.field(name, value);
                    }
                    continue;
                }
            };
            // of fields that may stand only once, the first
            slot.get_or_insert(value);
        }
        facts
    }
}
