//! Functions on values: the name, and the arguments with ` ~ ` between. Dates are read in 2024.

use std::fmt::Write;

use wirelore_http1::Config;
use wirelore_http1::method::{is_idempotent, is_safe};
use wirelore_http1::status::Status;
use wirelore_http1::value::accept::{coding, media, qvalue, weighted, write_qvalue};
use wirelore_http1::value::authorization::{Credentials, challenges};
use wirelore_http1::value::basic::{BasicChallenge, UserPass};
use wirelore_http1::value::conditional::{Outcome, Preconditions, Recipient, Selected};
use wirelore_http1::value::connection::protocols;
use wirelore_http1::value::content_range::ContentRange;
use wirelore_http1::value::content_type::MediaType;
use wirelore_http1::value::date::HttpDate;
use wirelore_http1::value::etag::EntityTag;
use wirelore_http1::value::list::members;
use wirelore_http1::value::multipart::{Boundary, Writer};
use wirelore_http1::value::parameters::{Parameters, write_parameter};
use wirelore_http1::value::path::{Path, Rules};
use wirelore_http1::value::percent;
use wirelore_http1::value::quoted::{comment_len, quote, unquote};
use wirelore_http1::value::range::{ByteRange, ByteRanges, Resolved, coalesce, is_abusive};
use wirelore_http1::value::retry_after::RetryAfter;
use wirelore_http1::value::transfer::{accepted, accepts_trailers};
use wirelore_http1::wire::octet::{is_tchar, is_token};
use wirelore_http1::wire::{Field, parse_request};

use super::notation::{fields, plain, show};

/// The modification date where there is one.
const MODIFIED: u64 = 784_111_777;

pub(super) fn run(input: &str) -> String {
    match result(input) {
        text if text.is_empty() => "nothing".into(),
        text => text,
    }
}

fn result(input: &str) -> String {
    let (function, rest) = input.split_once(' ').unwrap_or((input, ""));
    let texts: Vec<&str> = rest.split(" ~ ").collect();
    let octets: Vec<Vec<u8>> = match function {
        "if" => Vec::new(),
        _ => texts.iter().map(|it| plain(it)).collect(),
    };
    let argument = |at: usize| octets.get(at).map_or(&b""[..], |it| it);
    let (one, two) = (argument(0), argument(1));
    let number = |at: usize| texts[at].parse::<u64>().expect("a number");
    match function {
        "token" => yes(is_token(one)),
        "tchars" => show(&(0..=255).filter(|&it| is_tchar(it)).collect::<Vec<u8>>()),
        "list" => octets.iter().flat_map(|it| members(it)).map(item).collect(),
        "field" => field(two, texts[0]),
        "unquote" => or_none(unquote(one).map(|it| show(&it))),
        "quote" => appended(|out| quote(one, out).is_ok()),
        "comment" => or_none(comment_len(one).map(|it| it.to_string())),
        "type" => or_none(MediaType::parse(one).map(|it| {
            let name = [it.kind, b"/", it.subtype].concat().to_ascii_lowercase();
            show(&name) + &parameters(it.parameters)
        })),
        "parameter" => appended(|out| write_parameter(one, two, out).is_ok()),
        "date" => {
            let now = if texts.len() > 1 {
                number(1)
            } else {
                1_704_067_200
            };
            let date = HttpDate::parse(one, time(now));
            or_none(date.ok().map(|it| it.to_unix().to_string()))
        }
        "write-date" => show(&time(number(0)).to_octets()),
        "dates-return" => dates_return(),
        "weight" => coding::weight((texts[0] != "-").then_some(one), two).to_string(),
        "media" => {
            let available = MediaType::parse(two).expect("a type");
            media::weight(Some(one), &available).to_string()
        }
        "qvalue" => or_none(qvalue(one).map(|it| it.to_string())),
        "write-qvalue" => {
            let weight = u16::try_from(number(0)).expect("a weight");
            write_qvalue(weight).to_string()
        }
        "weighted" => weighted(one)
            .map(|(it, weight)| format!("[{} {weight}]", show(it)))
            .collect(),
        "te" => {
            let codings = accepted(one).map(|(it, weight)| format!("[{} {weight}]", show(it.name)));
            let trailers = if accepts_trailers(one) {
                "[trailers]"
            } else {
                ""
            };
            trailers.to_string() + &codings.collect::<String>()
        }
        "protocols" => protocols(one)
            .map(|it| format!("[{}{}]", show(it.name), after(" ", it.version)))
            .collect(),
        "safe" => yes(is_safe(one)),
        "idempotent" => yes(is_idempotent(one)),
        "class" => or_none(Status::parse(one).map(|it| {
            let valid = if it.is_valid() { "" } else { " invalid" };
            format!("{:?} {}{valid}", it.class(), it.understood().code())
        })),
        "tag" => or_none(EntityTag::parse(one).ok().map(|it| {
            let kind = if it.is_weak() { "weak" } else { "strong" };
            format!("{kind} {}", show(it.opaque()))
        })),
        "strong" => yes(tag(one).matches_strongly(&tag(two))),
        "weak" => yes(tag(one).matches_weakly(&tag(two))),
        "if" => condition(&texts),
        "range" => range(one, number(1)),
        "abusive" => yes(is_abusive(&ranges(one, number(1)), 80, 8)),
        "coalesce" => {
            let mut it = ranges(one, number(1));
            coalesce(&mut it, 80);
            positions(&it)
        }
        "content-range" => match ContentRange::parse(one) {
            Ok(it) => format!("{it:?}"),
            Err(error) => format!("{error:?}"),
        },
        "write-content-range" => {
            let range = one_range(texts[0]);
            let complete = (texts[1] != "*").then(|| number(1));
            or_none(ContentRange::new(range, complete).map(|it| written(|out| it.write(out))))
        }
        "write-unsatisfied" => {
            let it = ContentRange::Unsatisfied {
                complete_length: number(0),
            };
            written(|out| it.write(out))
        }
        "multipart" => multipart(one, texts[1], number(2)),
        "challenges" => challenges(one)
            .map(|it| {
                let token = it
                    .token68()
                    .map_or(String::new(), |it| " ".to_string() + &show(it));
                let pairs: String = if token.is_empty() {
                    it.parameters()
                        .map(|it| format!(" {}={}", show(it.name), show(&it.value())))
                        .collect()
                } else {
                    token
                };
                format!("[{}{pairs}]", show(it.scheme))
            })
            .collect(),
        "basic-challenge" => {
            let it = challenges(one).next();
            or_none(
                it.and_then(|it| BasicChallenge::parse(&it))
                    .map(|it| show(&it.realm)),
            )
        }
        "write-basic-challenge" => {
            let it = BasicChallenge {
                realm: one.into(),
                utf8: false,
            };
            appended(|out| it.write(out).is_ok())
        }
        "basic" => match Credentials::parse(one).map(|it| UserPass::parse(&it)) {
            None => "none".into(),
            Some(Err(error)) => format!("{error:?}"),
            Some(Ok(it)) => format!("[{}][{}]", show(&it.user_id), show(&it.password)),
        },
        "write-basic" => {
            let it = UserPass {
                user_id: one.to_vec(),
                password: two.to_vec(),
            };
            appended(|out| it.write(out).is_ok())
        }
        "retry-after" => match RetryAfter::parse(one, time(1_704_067_200)) {
            Ok(RetryAfter::Seconds(it)) => format!("{it} s"),
            Ok(RetryAfter::At(it)) => it.to_unix().to_string(),
            Err(_) => "none".into(),
        },
        "path" => match Path::parse(one, &Rules::default()) {
            Ok(path) => written(|out| path.write(out)),
            Err(error) => format!("{error:?}"),
        },
        "percent" => or_none(percent::decode(one).ok().map(|it| show(&it))),
        _ => panic!("{function} is no function"),
    }
}

fn yes(it: bool) -> String {
    if it { "yes" } else { "no" }.into()
}

fn or_none(it: Option<String>) -> String {
    it.unwrap_or_else(|| "none".into())
}

fn item(member: &[u8]) -> String {
    format!("[{}]", show(member))
}

fn after(mark: &str, text: Option<&[u8]>) -> String {
    text.map_or(String::new(), |it| mark.to_string() + &show(it))
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    show(&out)
}

/// What is appended; nothing on an error.
fn appended(write: impl FnOnce(&mut Vec<u8>) -> bool) -> String {
    let mut out = Vec::new();
    if write(&mut out) {
        return show(&out);
    }
    assert!(out.is_empty(), "wrote something");
    "error".into()
}

/// The combined value of a field of a request.
fn field(head: &[u8], name: &str) -> String {
    let mut table = [Field::default(); 16];
    let head = parse_request(head, &mut table, &Config::default());
    let head = head.expect("a request").expect("a whole one");
    or_none(head.fields().value(name).map(|it| show(&it)))
}

fn parameters(parameters: Parameters<'_>) -> String {
    let mut text = String::new();
    for parameter in parameters {
        match parameter {
            Ok(it) => {
                let name = it.name.to_ascii_lowercase();
                write!(text, " [{} {}]", show(&name), show(&it.value()))
            }
            Err(error) => write!(text, " {:?}", error.flaw),
        }
        .expect("memory");
    }
    text
}

fn time(seconds: u64) -> HttpDate {
    HttpDate::from_unix(seconds).expect("a date")
}

/// Dates over ten thousand years, each written and read again.
fn dates_return() -> String {
    let times = (0..253_402_300_799).step_by(86_400 * 97 + 3_607);
    for seconds in times {
        let date = time(seconds);
        let octets = date.to_octets();
        assert_eq!(octets.len(), 29);
        assert_eq!(HttpDate::parse(&octets, date), Ok(date), "{seconds}");
    }
    "all".into()
}

fn tag(octets: &[u8]) -> EntityTag<'_> {
    EntityTag::parse(octets).expect("a tag")
}

/// `METHOD ~ SELECTED ~ [Name value]`; SELECTED is `none`, or a tag (`-` for none) and `modified`, and
/// `strong` when that date is a strong validator.
fn condition(texts: &[&str]) -> String {
    let list = texts.get(2).map_or(Vec::new(), |it| fields(it));
    let list = list.iter().map(|(name, value)| (&name[..], &value[..]));
    let conditions = Preconditions::from_fields(list);
    let mut words = texts[1].split(' ');
    let octets = plain(words.next().unwrap_or_default());
    let selected = (octets != b"none").then(|| {
        let mut selected = Selected::new();
        if octets != b"-" {
            selected = selected.with_tag(tag(&octets));
        }
        for word in words {
            selected = match word {
                "modified" => selected.with_last_modified(time(MODIFIED)),
                "strong" => selected.with_strong_date(),
                _ => panic!("{word}"),
            };
        }
        selected
    });
    let method = texts[0].as_bytes();
    let now = time(1_704_067_200);
    let outcome = conditions.evaluate(method, selected.as_ref(), Recipient::Origin, now);
    match outcome {
        Outcome::Proceed => "proceed",
        Outcome::IgnoreRange => "ignore-range",
        Outcome::NotModified => "304",
        Outcome::PreconditionFailed => "412",
    }
    .into()
}

fn range(value: &[u8], length: u64) -> String {
    match ByteRanges::parse(value, 16).map(|it| it.resolve(length)) {
        Ok(Resolved::Partial(it)) => positions(&it),
        Ok(Resolved::Empty) => "empty".into(),
        Ok(Resolved::Unsatisfiable) => "unsatisfiable".into(),
        Err(error) => format!("{error:?}"),
    }
}

fn ranges(value: &[u8], length: u64) -> Vec<ByteRange> {
    match ByteRanges::parse(value, 1000).map(|it| it.resolve(length)) {
        Ok(Resolved::Partial(it)) => it,
        other => panic!("{other:?}"),
    }
}

fn positions(ranges: &[ByteRange]) -> String {
    let text = ranges
        .iter()
        .map(|it| format!("{}-{}", it.first(), it.last()));
    text.collect::<Vec<_>>().join(",")
}

fn one_range(text: &str) -> ByteRange {
    let (first, last) = text.split_once('-').expect("first and last");
    let number = |it: &str| it.parse().expect("a number");
    ByteRange::new(number(first), number(last)).expect("a range")
}

/// These ranges of so many digits, with the length that was said before.
fn multipart(kind: &[u8], ranges: &str, length: u64) -> String {
    let ranges: Vec<ByteRange> = ranges.split(',').map(one_range).collect();
    let boundary = Boundary::new(b"THIS_STRING_SEPARATES").expect("a boundary");
    let writer = Writer::new(boundary, Some(length));
    let writer = writer.with_content_type(kind).expect("a type");
    let digits: Vec<u8> = (b'0'..=b'9').cycle().take(length as usize).collect();
    let mut body = Vec::new();
    for range in &ranges {
        writer
            .part_head(*range, &mut body)
            .expect("within the length");
        body.extend_from_slice(&digits[range.first() as usize..=range.last() as usize]);
    }
    writer.close(&mut body);
    assert_eq!(writer.encoded_len(&ranges), Some(body.len() as u64));
    show(&body)
}
