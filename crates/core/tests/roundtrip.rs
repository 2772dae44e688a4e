//! What is written can be read, in any cutting.

use proptest::collection::vec;
use proptest::prelude::*;
use wirelore_core::dot::{DotConfig, DotEvent, DotReceiver, DotReport, DotStuffer, StrayPolicy};
use wirelore_core::lines::{LineConfig, LineEvent, LineReceiver, write_line};
use wirelore_core::reply::{self, Code, ReplyConfig, ReplyForm, ReplyReader};
use wirelore_core::{Input, Machine, Misuse, Next};

/// Runs `machine` over `stream`, shown in pieces of these lengths, over and over. Returns how many
/// octets were consumed when it was done.
fn drive<M: Machine>(
    machine: &mut M,
    stream: &[u8],
    pieces: &[usize],
    mut event: impl FnMut(M::Event<'_>),
) -> Result<usize, M::Error> {
    let mut pieces = pieces.iter().cycle();
    let (mut at, mut end) = (0, 0);
    loop {
        let shown = &stream[at..end];
        let step = machine.step(
            if end == stream.len() {
                Input::last(shown)
            } else {
                Input::more(shown)
            },
            &mut Vec::new(),
        )?;
        at += step.consumed;
        match step.next {
            Next::Event(e) => event(e),
            Next::NeedMore => end = stream.len().min(end + pieces.next().unwrap()),
            Next::Done => return Ok(at),
            Next::Paused => unreachable!(),
        }
    }
}

/// Octets of which many mean something to somebody.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        4 => Just(&b"\r\n"[..]),
        4 => Just(&b"."[..]),
        1 => Just(&b"\r"[..]),
        1 => Just(&b"\n"[..]),
        1 => Just(&b"\0"[..]),
        4 => Just(&b"text"[..]),
        1 => Just(&[b'x'; 150][..]),
    ];
    vec(word, 0..60).prop_map(|words| words.concat())
}

fn pieces() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![vec(1_usize..4, 1..9), vec(1_usize..300, 1..9)]
}

fn stuff(policy: StrayPolicy, text: &[u8], pieces: &[usize]) -> Result<Vec<u8>, Misuse> {
    let mut stuffer = DotStuffer::new(policy);
    let mut out = Vec::new();
    let mut rest = text;
    for &len in pieces.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at(len.min(rest.len()));
        stuffer.push(piece, &mut out)?;
        rest = after;
    }
    stuffer.end_line(&mut out)?;
    stuffer.finish(&mut out)?;
    Ok(out)
}

/// The text, the report, and what is left behind the end.
fn unstuff(stream: &[u8], pieces: &[usize]) -> (Vec<u8>, DotReport, usize) {
    let mut receiver = DotReceiver::new(DotConfig::default());
    let mut text = Vec::new();
    let consumed = drive(&mut receiver, stream, pieces, |event| {
        if let DotEvent::Data(data) = event {
            text.extend_from_slice(data);
        }
    });
    (text, receiver.report(), stream.len() - consumed.unwrap())
}

fn with_end(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    if !text.is_empty() && !text.ends_with(b"\r\n") {
        text.extend_from_slice(b"\r\n");
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn stuffed_text_comes_back(text in text(), cut in pieces(), shown in pieces()) {
        let mut stream = stuff(StrayPolicy::Keep, &text, &cut).unwrap();
        stream.extend_from_slice(b"QUIT\r\n");
        let (back, report, rest) = unstuff(&stream, &shown);
        let want = with_end(&text);
        prop_assert_eq!(rest, 6);
        prop_assert_eq!(report.octets, want.len() as u64);
        prop_assert_eq!(back, want);
    }

    #[test]
    fn refusing_means_that_a_receiver_has_nothing_to_report(
        text in text(), cut in pieces(), shown in pieces(),
    ) {
        let kept = stuff(StrayPolicy::Keep, &text, &cut).unwrap();
        let (_, report, _) = unstuff(&kept, &shown);
        // `end_line` makes a CR at the end of the text a bare one.
        let bare = report.bare_cr.or(report.bare_lf).or(report.nul);
        match stuff(StrayPolicy::Refuse, &text, &cut) {
            Ok(stream) => {
                prop_assert_eq!(bare, None);
                prop_assert_eq!(stream, kept);
            }
            Err(misuse) => {
                prop_assert!(bare.is_some());
                let is_stray = matches!(misuse, Misuse::Stray { .. });
                prop_assert!(is_stray);
            }
        }
    }

    #[test]
    fn normalized_text_has_cr_lf_only(text in text(), cut in pieces(), shown in pieces()) {
        let stream = stuff(StrayPolicy::Normalize, &text, &cut).unwrap();
        let (back, report, _) = unstuff(&stream, &shown);
        prop_assert_eq!((report.bare_cr, report.bare_lf), (None, None));
        let mut want = Vec::new();
        let mut octets = text.iter().peekable();
        while let Some(&octet) = octets.next() {
            match octet {
                b'\r' => {
                    octets.next_if_eq(&&b'\n');
                    want.extend_from_slice(b"\r\n");
                }
                b'\n' => want.extend_from_slice(b"\r\n"),
                other => want.push(other),
            }
        }
        prop_assert_eq!(back, with_end(&want));
    }

    /// The octets CR LF . CR LF (or . CR LF at the start), and no others, end a text.
    #[test]
    fn text_ends_where_it_says(stream in text(), shown in pieces()) {
        let mut stream = stream;
        stream.extend_from_slice(b"\r\n.\r\n");
        let end = if stream.starts_with(b".\r\n") {
            3
        } else {
            stream.windows(5).position(|five| five == b"\r\n.\r\n").unwrap() + 5
        };
        let (_, _, rest) = unstuff(&stream, &shown);
        prop_assert_eq!(rest, stream.len() - end);
    }

    #[test]
    fn replies_come_back(
        replies in vec(
            (200_u16..=559, vec("[ -~é]{0,20}|[0-9]{3}[- ]?[a-z]{0,3}", 1..6)),
            1..5,
        ),
        every_line: bool,
        strict: bool,
        shown in pieces(),
    ) {
        let form = if every_line { ReplyForm::EveryLine } else { ReplyForm::FreeMiddle };
        let mut stream = Vec::new();
        let mut want = Vec::new();
        for (code, lines) in replies {
            let code = Code::new(code).filter(|c| c.value() / 10 % 10 < 6).unwrap_or(Code::new(250).unwrap());
            reply::write(form, code, &lines, &mut stream).unwrap();
            let last = lines.len() - 1;
            let lines: Vec<_> = lines.iter().enumerate().map(|(n, line)| {
                let is_padded = !every_line
                    && n > 0
                    && n < last
                    && Code::parse(line.as_bytes()).is_some();
                let padding = if is_padded { " " } else { "" };
                format!("{padding}{line}").into_bytes()
            }).collect();
            want.push((code, lines));
        }
        let mut reader = ReplyReader::new(ReplyConfig { form, strict, ..ReplyConfig::ftp() });
        let mut back = Vec::new();
        let consumed = drive(&mut reader, &stream, &shown, |reply| {
            back.push((reply.code(), reply.lines().map(<[u8]>::to_vec).collect()));
        });
        prop_assert_eq!(consumed, Ok(stream.len()));
        prop_assert_eq!(back, want);
    }

    #[test]
    fn lines_come_back(lines in vec(vec(any::<u8>(), 0..40), 0..9), shown in pieces()) {
        let mut stream = Vec::new();
        let mut want = Vec::new();
        for line in lines {
            if write_line(&[&line], &mut stream).is_ok() {
                want.push(line);
            } else {
                prop_assert!(line.iter().any(|octet| b"\r\n\0".contains(octet)));
            }
        }
        let mut back = Vec::new();
        let mut receiver = LineReceiver::new(LineConfig { max_line: 40, accept_bare_lf: false });
        let consumed = drive(&mut receiver, &stream, &shown, |event| match event {
            LineEvent::Line { content, .. } => back.push(content.to_vec()),
            other => panic!("{other:?}"),
        });
        prop_assert_eq!(consumed, Ok(stream.len()));
        prop_assert_eq!(back, want);
    }
}
