//! A file as HTTP sees it: its type, its validators, the fields that say so.

use crate::policy::{Identity, Readable};
use bytes::Bytes;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wirelore_http1::encode::{FieldBlock, Misuse};
use wirelore_http1::value::conditional::Selected;
use wirelore_http1::value::date::HttpDate;
use wirelore_http1::value::etag::EntityTag;
use wirelore_tokio::Source;

/// Files up to this length are sent from memory.
pub(super) const SMALL: u64 = 64 << 10;

/// So much of a file is remembered at either end.
const END: usize = 4096;

/// The clock that dates files has ticks of at most this length, on file systems that have nanoseconds.
const TICK: Duration = Duration::from_millis(20);
/// On others.
const COARSE: Duration = Duration::from_secs(3);

pub(super) struct Entity {
    pub(super) path: Vec<u8>,
    pub(super) identity: Identity,
    pub(super) kind: String,
    pub(super) validators: Validators,
    /// Of a whole response.
    pub(super) fields: FieldBlock,
    /// Of one without content.
    pub(super) bare: FieldBlock,
    pub(super) content: Content,
}

/// What tells one state of a file from another.
pub(super) struct Validators {
    /// What is in quotes in the ETag.
    tag: String,
    /// It may have changed without its tag.
    weak: bool,
    modified: Option<HttpDate>,
}

pub(super) enum Content {
    /// A small file.
    Memory(Bytes),
    /// And what is at its ends.
    File(Arc<File>, Ends),
}

/// The first octets of a file and the last ones: an append leaves both alone.
pub(super) struct Ends {
    first: Vec<u8>,
    last: Vec<u8>,
}

impl Entity {
    /// Reads what is small; may block.
    pub(super) fn of(readable: Readable, now: SystemTime) -> io::Result<(Self, bool)> {
        let Readable {
            file,
            path,
            identity,
            for_all,
            ..
        } = readable;
        let guess = mime_guess::from_path(String::from_utf8_lossy(&path).as_ref());
        let validators = Validators::of(&identity, now);
        let content = if identity.len <= SMALL {
            let len = usize::try_from(identity.len).unwrap_or_default();
            let mut octets = vec![0; len];
            let mut file = file;
            if file.read_at(0, &mut octets)? < len {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Content::Memory(octets.into())
        } else {
            let mut file = Arc::new(file);
            let ends = Ends::of(&mut file, identity.len)?;
            Content::File(file, ends)
        };
        let kind = guess.first_raw().unwrap_or("application/octet-stream");
        let keep = for_all && !validators.weak;
        let mut entity = Self {
            path,
            identity,
            kind: with_charset(kind, &content),
            validators,
            fields: FieldBlock::new(),
            bare: FieldBlock::new(),
            content,
        };
        entity.describe().map_err(io::Error::other)?;
        Ok((entity, keep))
    }

    /// Whether a file that is being sent is not what it was any more. That something was added is no harm to
    /// what was announced. May block, for a moment.
    pub(super) fn has_changed(&self) -> bool {
        let Content::File(file, ends) = &self.content else {
            return false;
        };
        let Ok(is) = file.metadata() else {
            return true;
        };
        let dated = |at: SystemTime| {
            let at = at.duration_since(UNIX_EPOCH).ok()?;
            Some((i64::try_from(at.as_secs()).ok()?, at.subsec_nanos()))
        };
        let was = &self.identity;
        if is.len() == was.len {
            return is.modified().ok().and_then(dated) != Some(was.modified);
        }
        let now = Ends::of(&mut Arc::clone(file), was.len);
        is.len() < was.len
            || now.map_or(true, |now| now.first != ends.first || now.last != ends.last)
    }

    fn describe(&mut self) -> Result<(), Misuse> {
        self.bare.push("Server", super::SERVER)?;
        if let Some(entity_tag) = self.validators.entity_tag() {
            let mut tag = Vec::new();
            entity_tag.write(&mut tag);
            self.bare.push("ETag", &tag)?;
        }
        if let Some(modified) = self.validators.modified {
            self.bare.push("Last-Modified", modified.to_octets())?;
        }
        self.fields = self.bare.clone();
        self.fields.push("Content-Type", &self.kind)?;
        self.fields.push("Accept-Ranges", "bytes")?;
        // what was uploaded as a text is no page, whatever it looks like
        self.fields.push("X-Content-Type-Options", "nosniff")?;
        Ok(())
    }
}

impl Ends {
    fn of(file: &mut Arc<File>, len: u64) -> io::Result<Self> {
        let mut read = |offset: u64| {
            let mut octets = vec![0; END];
            let count = file.read_at(offset, &mut octets)?;
            octets.truncate(count);
            Ok::<_, io::Error>(octets)
        };
        Ok(Self {
            first: read(0)?,
            last: read(len.saturating_sub(END as u64))?,
        })
    }
}

impl Validators {
    pub(super) fn of(identity: &Identity, now: SystemTime) -> Self {
        let (seconds, nanoseconds) = identity.modified;
        let changed = identity.changed;
        let weak = is_fresh(identity, now);
        // or else what is written in the same tick would have, later, the tag that this has now
        let young = if weak { "-w" } else { "" };
        Self {
            tag: format!(
                "{:x}-{seconds:x}.{nanoseconds:x}-{:x}.{:x}{young}",
                identity.len, changed.0, changed.1
            ),
            weak,
            modified: u64::try_from(seconds).ok().and_then(|seconds| {
                // a date in the future says nothing (RFC 9110 section 8.8.2.1)
                let now = now.duration_since(UNIX_EPOCH);
                HttpDate::from_unix(seconds.min(now.map_or(0, |now| now.as_secs())))
            }),
        }
    }

    fn entity_tag(&self) -> Option<EntityTag<'_>> {
        let opaque = self.tag.as_bytes();
        let tag = match self.weak {
            true => EntityTag::weak(opaque),
            false => EntityTag::strong(opaque),
        };
        tag.ok()
    }

    /// What conditions are about.
    pub(super) fn selected(&self, now: HttpDate) -> Selected<'_> {
        let mut selected = Selected::new();
        if let Some(tag) = self.entity_tag() {
            selected = selected.with_tag(tag);
        }
        if let Some(modified) = self.modified {
            selected = selected.with_last_modified(modified);
            // it did not change twice in a second that is long over
            if !self.weak && modified.to_unix() + 60 < now.to_unix() {
                selected = selected.with_strong_date();
            }
        }
        selected
    }
}

/// Browsers guess at the charset of a text; where it is known, they need not.
fn with_charset(kind: &str, content: &Content) -> String {
    match content {
        Content::Memory(octets)
            if kind.starts_with("text/") && std::str::from_utf8(octets).is_ok() =>
        {
            format!("{kind}; charset=utf-8")
        }
        _ => kind.to_owned(),
    }
}

/// Whether the file was changed so lately that it could change again without another date.
fn is_fresh(identity: &Identity, now: SystemTime) -> bool {
    let (seconds, nanoseconds) = identity.changed.max(identity.modified);
    let tick = if identity.changed.1 == 0 && identity.modified.1 == 0 {
        COARSE
    } else {
        TICK
    };
    let changed = u64::try_from(seconds)
        .ok()
        .and_then(|seconds| UNIX_EPOCH.checked_add(Duration::new(seconds, nanoseconds)));
    // what was changed in the future has changed just now
    changed.is_none_or(|changed| now.duration_since(changed).map_or(true, |age| age < tick))
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: Identity = Identity {
        device: 1,
        inode: 2,
        len: 3,
        modified: (1_000, 5),
        changed: (1_000, 5),
    };

    fn tag(identity: &Identity, now: (u64, u32)) -> (bool, String) {
        let now = UNIX_EPOCH + Duration::new(now.0, now.1);
        let validators = Validators::of(identity, now);
        (validators.weak, validators.tag)
    }

    /// RFC 9110 §8.8.3: what was written in this tick may be written again in it, without another time. What
    /// is asked for meanwhile has a tag that does not match later.
    #[test]
    fn what_may_change_unseen_has_a_weak_tag_of_its_own() {
        let tick = TICK.subsec_nanos();
        let (young, young_tag) = tag(&IDENTITY, (1_000, 5 + tick - 1));
        let (old, old_tag) = tag(&IDENTITY, (1_000, 5 + tick));
        assert_eq!((young, old), (true, false));
        assert_ne!(young_tag, old_tag);
        // in whole seconds ticks are longer
        let coarse = Identity {
            modified: (1_000, 0),
            changed: (1_000, 0),
            ..IDENTITY
        };
        assert!(tag(&coarse, (1_002, 999_999_999)).0);
        assert!(!tag(&coarse, (1_003, 0)).0);
        // the time of a file may be set back, that of its change not
        let touched = Identity {
            modified: (1, 0),
            ..IDENTITY
        };
        assert!(tag(&touched, (1_000, 6)).0);
        // and a clock may be
        assert!(tag(&IDENTITY, (999, 0)).0);
    }

    #[test]
    fn an_append_is_no_change_and_all_else_is() {
        use std::fs;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("f");
        let whole = vec![b'a'; 100_000];
        let opened = |path: &std::path::Path| {
            let file = File::open(path).expect("opens");
            let meta = file.metadata().expect("is there");
            let at = meta.modified().expect("has a time");
            let at = at.duration_since(UNIX_EPOCH).expect("is after 1970");
            let mut file = Arc::new(file);
            let ends = Ends::of(&mut file, meta.len()).expect("reads");
            Entity {
                path: Vec::new(),
                identity: Identity {
                    len: meta.len(),
                    modified: (at.as_secs() as i64, at.subsec_nanos()),
                    ..IDENTITY
                },
                kind: String::new(),
                validators: Validators::of(&IDENTITY, SystemTime::now()),
                fields: FieldBlock::new(),
                bare: FieldBlock::new(),
                content: Content::File(file, ends),
            }
        };
        let changed = |new: &dyn Fn()| {
            fs::write(&path, &whole).expect("writes");
            let entity = opened(&path);
            // so that the time is another one
            std::thread::sleep(TICK);
            new();
            entity.has_changed()
        };
        assert!(!changed(&|| {}));
        assert!(!changed(&|| fs::write(
            &path,
            [&whole[..], b"more"].concat()
        )
        .expect("writes")));
        assert!(changed(
            &|| fs::write(&path, &whole[..99_999]).expect("writes")
        ));
        assert!(changed(
            &|| fs::write(&path, vec![b'b'; 100_000]).expect("writes")
        ));
        assert!(changed(
            &|| fs::write(&path, vec![b'b'; 120_000]).expect("writes")
        ));
    }
}
