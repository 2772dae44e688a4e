//! The receivers, writers and codecs of `wirelore-core`. Each function panics when something is
//! wrong, on any input.

use std::fmt::Debug;

use wirelore_core::bits::{Packer, Unpacker, Width};
use wirelore_core::dot::{DotConfig, DotEvent, DotReceiver, DotStuffer, StrayPolicy};
use wirelore_core::lines::{LineConfig, LineEnd, LineEvent, LineReceiver, stray, write_line};
use wirelore_core::reply::{self, ReplyConfig, ReplyForm, ReplyReader};
use wirelore_core::{Input, Machine, Misuse, Next};

/// Lines: the cutting does not show, a plain split finds the same, and what was read can be
/// written and read again.
///
/// Octet 0 is the limit and, in its top bit, whether a bare LF ends a line; octet 1 the cutting.
pub fn core_lines(data: &[u8]) {
    let [first, cutting, stream @ ..] = data else {
        return;
    };
    let config = LineConfig {
        max_line: usize::from(first & 0x7f),
        accept_bare_lf: first & 0x80 != 0,
    };
    let read = |stream: &[u8], cutting| {
        let machine = LineReceiver::new(config);
        drive(machine, stream, cutting, |log, _, event| {
            log.push(event.map(<[u8]>::to_vec));
        })
    };
    let whole = same_in_any_cutting(*cutting, |cutting| read(stream, cutting));
    assert_eq!(whole.log, split_lines(config, stream));
    let mut again = Vec::new();
    for event in &whole.log {
        if let LineEvent::Line { content, .. } = event {
            let written = write_line(&[content], &mut again);
            assert_eq!(written.is_err(), stray(content).is_some());
        }
    }
    for event in read(&again, Cutting::WHOLE).log {
        let LineEvent::Line { content, end } = event else {
            panic!("{event:?}");
        };
        assert_eq!((end, stray(&content)), (LineEnd::CrLf, None));
    }
}

/// Replies: the cutting does not show, and what was read can be written and read again.
///
/// Octet 0 chooses form, strictness and limits, octet 1 is the cutting.
pub fn core_reply(data: &[u8]) {
    let [first, cutting, stream @ ..] = data else {
        return;
    };
    let form = if first & 1 == 0 {
        ReplyForm::FreeMiddle
    } else {
        ReplyForm::EveryLine
    };
    let config = ReplyConfig {
        form,
        strict: first & 2 != 0,
        max_line: usize::from(first >> 2) + 4,
        max_reply: usize::from(first >> 2) * 3 + 8,
    };
    let read = |config, stream: &[u8], cutting| {
        let machine = ReplyReader::new(config);
        drive(machine, stream, cutting, |log, _, reply| {
            let lines: Vec<_> = reply.lines().map(<[u8]>::to_vec).collect();
            assert_eq!(lines.len(), reply.raw_lines().count());
            assert!(reply.raw().len() <= config.max_reply);
            log.push((reply.code(), lines));
        })
    };
    let whole = same_in_any_cutting(*cutting, |cutting| read(config, stream, cutting));
    let mut written = Vec::new();
    let mut want = Vec::new();
    for (code, lines) in &whole.log {
        let has_stray = lines.iter().any(|line| stray(line).is_some());
        let result = reply::write(ReplyForm::EveryLine, *code, lines, &mut written);
        assert_eq!(result.is_err(), has_stray);
        if !has_stray {
            want.push((*code, lines.clone()));
        }
    }
    let config = ReplyConfig {
        max_line: stream.len() + 4,
        max_reply: written.len() + 1,
        ..ReplyConfig::smtp()
    };
    let again = read(config, &written, Cutting::WHOLE);
    assert_eq!((again.log, again.error), (want, None));
}

/// Dot-stuffed text: the cutting does not show, the text ends where it should and nowhere else, and
/// stuffing undoes what receiving did.
///
/// Octet 0 is the limit for lines (0: none) and, in its top bit, whether they are measured; octet 1
/// the cutting.
pub fn core_dot(data: &[u8]) {
    let [first, cutting, stream @ ..] = data else {
        return;
    };
    let config = DotConfig {
        max_line: Some(usize::from(first & 0x7f)).filter(|&max| max > 0),
        measure: first & 0x80 != 0,
    };
    let receive = |stream: &[u8], cutting| {
        let mut text = Vec::new();
        let mut report = None;
        let run = drive(
            DotReceiver::new(config),
            stream,
            cutting,
            |log, machine, event| {
                match event {
                    DotEvent::Data(data) => text.extend_from_slice(data),
                    flaw => log.push((text.len(), flaw.map(drop))),
                }
                report = Some(machine.report());
            },
        );
        (run, text, report)
    };
    let (run, text, report) = same_in_any_cutting(*cutting, |cutting| receive(stream, cutting));
    let end = if stream.starts_with(b".\r\n") {
        Some(3)
    } else {
        let end = stream.windows(5).position(|five| five == b"\r\n.\r\n");
        end.map(|at| at + 5)
    };
    assert_eq!(run.error.is_none(), end.is_some());
    if let Some(end) = end {
        assert_eq!(run.consumed, end);
        let stuffed = stuff(StrayPolicy::Keep, &text, *cutting);
        // Only dots that need not be stuffed can be missing now.
        let (back, same, _) = receive(&stuffed.unwrap_or_default(), Cutting::WHOLE);
        assert_eq!((back.error, &same), (None, &text));
        if let Some(report) = report {
            assert_eq!(report.octets, text.len() as u64);
            let longest = text
                .split_inclusive(|&o| o == b'\n')
                .fold((0, 0), |(max, len), part| {
                    match part.strip_suffix(b"\r\n") {
                        Some(line) => (max.max(len + line.len()), 0),
                        None => (max, len + part.len()),
                    }
                });
            if let Some(measured) = report.longest_line {
                assert_eq!((measured, 0), longest);
            }
            if let Some(max) = config.max_line {
                assert_eq!(report.long_line.is_some(), longest.0 > max);
            }
        }
    }
    for policy in [
        StrayPolicy::Refuse,
        StrayPolicy::Normalize,
        StrayPolicy::Keep,
    ] {
        match stuff(policy, stream, *cutting) {
            Ok(stuffed) => {
                let (run, _, report) = receive(&stuffed, Cutting::WHOLE);
                assert_eq!((run.consumed, run.error), (stuffed.len(), None));
                if let Some(report) = report.filter(|_| policy != StrayPolicy::Keep) {
                    assert_eq!((report.bare_cr, report.bare_lf), (None, None));
                }
            }
            Err(misuse) => {
                assert_eq!(policy, StrayPolicy::Refuse);
                assert!(matches!(misuse, Misuse::Stray { .. }), "{misuse}");
            }
        }
    }
}

/// Bytes of b bits: pieces and limits do not show, and packing undoes unpacking.
///
/// Octet 0 is b, octet 1 the cutting, octet 2 the most bytes taken at once.
pub fn core_bits(data: &[u8]) {
    let [bits, cutting, max, octets @ ..] = data else {
        return;
    };
    let Some(width) = Width::new(*bits) else {
        return;
    };
    let mut whole = Vec::new();
    let mut unpacker = Unpacker::new(width);
    let all = unpacker.unpack(octets, usize::MAX, &mut whole);
    assert_eq!(all.consumed, octets.len());
    assert_eq!(all.bytes, octets.len() * 8 / usize::from(*bits));
    assert_eq!(whole.len(), all.bytes * width.octets());
    let leftover = unpacker.align();
    assert_eq!(
        usize::from(leftover.bits()),
        octets.len() * 8 % usize::from(*bits)
    );

    let mut cut = Vec::new();
    let mut unpacker = Unpacker::new(width);
    for piece in pieces(octets, *cutting) {
        let mut rest = piece;
        loop {
            let max = usize::from(*max) + 1;
            let done = unpacker.unpack(rest, max, &mut cut);
            rest = &rest[done.consumed..];
            assert!(done.bytes <= max);
            if done.bytes < max {
                assert!(rest.is_empty());
                break;
            }
        }
    }
    assert_eq!((&cut, unpacker.align()), (&whole, leftover));

    let mut rest = octets;
    let mut unpacker = Unpacker::new(width);
    for byte in whole.chunks(width.octets()) {
        let low = byte.iter().fold(0, |n: u64, &o| n << 8 | u64::from(o));
        assert_eq!(unpacker.next_low_u64(&mut rest), Some(low));
    }
    assert_eq!(unpacker.next_low_u64(&mut rest), None);

    let mut packed = Vec::new();
    let mut packer = Packer::new(width);
    for piece in pieces(&whole, *cutting) {
        packer.pack(piece, &mut packed).unwrap();
    }
    // What did not make a byte follows as bytes of one bit.
    let padding = packer.align(&mut packed).unwrap();
    let bits = all.bytes * usize::from(*bits);
    assert_eq!(packed.len() * 8, bits + usize::from(padding));
    assert_eq!(packed[..bits / 8], octets[..bits / 8]);
    if !bits.is_multiple_of(8) {
        let mask = 0xff << padding;
        assert_eq!(packed[bits / 8], octets[bits / 8] & mask as u8);
    }
    // Any octets at all: either they are bytes of this width, or they are refused whole.
    let mut out = Vec::new();
    if Packer::new(width).pack(octets, &mut out).is_err() {
        assert_eq!(out, []);
    }
}

/// What came of a run.
#[derive(Debug, PartialEq)]
pub(crate) struct Run<T, E> {
    pub(crate) log: Vec<T>,
    pub(crate) consumed: usize,
    pub(crate) error: Option<E>,
}

/// How a stream is shown.
#[derive(Clone, Copy)]
pub(crate) struct Cutting {
    /// 0: whole, 1: octet by octet, otherwise pieces of lengths that follow from it.
    pub(crate) seed: u8,
    /// The end is announced after the last octets, not with them.
    pub(crate) end_apart: bool,
}

impl Cutting {
    pub(crate) const WHOLE: Self = Self {
        seed: 0,
        end_apart: false,
    };
}

/// Steps `machine` to its end, with what the contract demands of each step checked.
pub(crate) fn drive<M: Machine, T>(
    mut machine: M,
    stream: &[u8],
    cutting: Cutting,
    mut event: impl FnMut(&mut Vec<T>, &M, M::Event<'_>),
) -> Run<T, M::Error> {
    let mut log = Vec::new();
    let mut out = Vec::new();
    let (mut at, mut end, mut idle) = (0, 0, 0);
    let mut pieces = pieces(stream, cutting.seed).map(<[u8]>::len);
    let mut last = false;
    let error = loop {
        let shown = &stream[at..end];
        let input = if last {
            Input::last(shown)
        } else {
            Input::more(shown)
        };
        let step = match machine.step(input, &mut out) {
            Ok(step) => step,
            Err(error) => {
                assert_eq!(machine.step(input, &mut out).err(), Some(error.clone()));
                break Some(error);
            }
        };
        assert!(step.consumed <= shown.len());
        at += step.consumed;
        idle = if step.consumed == 0 { idle + 1 } else { 0 };
        match step.next {
            Next::Event(e) => {
                assert!(idle <= 4);
                event(&mut log, &machine, e);
                continue;
            }
            Next::NeedMore if step.consumed > 0 => continue,
            Next::NeedMore => {
                assert!(!last);
                assert!(shown.len() < machine.max_unconsumed());
                match pieces.next() {
                    Some(len) => {
                        end += len;
                        last = end == stream.len() && !cutting.end_apart;
                    }
                    None => last = true,
                }
            }
            Next::Done => break None,
            Next::Paused => panic!("paused"),
        }
        idle = 0;
    };
    assert!(out.is_empty());
    Run {
        log,
        consumed: at,
        error,
    }
}

pub(crate) fn same_in_any_cutting<T: Debug + PartialEq>(
    seed: u8,
    mut run: impl FnMut(Cutting) -> T,
) -> T {
    let whole = run(Cutting::WHOLE);
    for (seed, end_apart) in [
        (1, false),
        (1, true),
        (seed, seed.is_multiple_of(2)),
        (0, true),
    ] {
        assert_eq!(run(Cutting { seed, end_apart }), whole);
    }
    whole
}

/// `octets` in pieces of lengths that follow from `seed`: whole for 0, octet by octet for 1.
pub(crate) fn pieces(octets: &[u8], seed: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = octets;
    let mut state = u32::from(seed);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let len = match seed {
            0 => rest.len(),
            1 => 1,
            _ => (state >> 24) as usize % usize::from(seed) + 1,
        };
        let (piece, after) = rest.split_at(len.min(rest.len()));
        rest = after;
        Some(piece)
    })
}

/// What a line receiver must find, octet by octet.
fn split_lines(config: LineConfig, stream: &[u8]) -> Vec<LineEvent<Vec<u8>>> {
    let max = config.max_line;
    let mut events = Vec::new();
    let mut line = Vec::new();
    for &octet in stream {
        line.push(octet);
        let (content, end) = match &line[..] {
            [content @ .., b'\r', b'\n'] => (content, LineEnd::CrLf),
            [content @ .., b'\n'] if config.accept_bare_lf => (content, LineEnd::Lf),
            _ => continue,
        };
        events.push(if content.len() > max {
            LineEvent::TooLong {
                start: content[..max].to_vec(),
            }
        } else {
            LineEvent::Line {
                content: content.to_vec(),
                end,
            }
        });
        line.clear();
    }
    if line
        .get(max..)
        .is_some_and(|over| !matches!(over, [] | [b'\r']))
    {
        line.truncate(max);
        events.push(LineEvent::TooLong { start: line });
    } else if !line.is_empty() {
        events.push(LineEvent::Unfinished { content: line });
    }
    events
}

fn stuff(policy: StrayPolicy, text: &[u8], cutting: u8) -> Result<Vec<u8>, Misuse> {
    let mut stuffer = DotStuffer::new(policy);
    let mut out = Vec::new();
    for piece in pieces(text, cutting) {
        stuffer.push(piece, &mut out)?;
    }
    stuffer.end_line(&mut out)?;
    stuffer.finish(&mut out)?;
    Ok(out)
}
