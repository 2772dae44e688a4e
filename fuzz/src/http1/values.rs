//! The values of fields.

use wirelore_http1::encode::{FieldBlock, may_be_trailer};
use wirelore_http1::method;
use wirelore_http1::status::Status;
use wirelore_http1::value::accept::{self, coding, language, media};
use wirelore_http1::value::authorization::{
    Challenge, Credentials, auth_parameters, challenges, is_token68,
};
use wirelore_http1::value::basic::{BasicChallenge, UserPass};
use wirelore_http1::value::conditional::{Preconditions, Recipient, Selected};
use wirelore_http1::value::content_disposition::{self, ContentDisposition};
use wirelore_http1::value::content_range::ContentRange;
use wirelore_http1::value::content_type::MediaType;
use wirelore_http1::value::cookie::{self, SetCookie, cookies, write_cookies};
use wirelore_http1::value::date::HttpDate;
use wirelore_http1::value::digest::{
    Algorithm, AuthenticationInfo, DigestChallenge, DigestResponse, NonceCount, Qop,
};
use wirelore_http1::value::etag::{EntityTag, tags};
use wirelore_http1::value::multipart::{Boundary, Writer, parts};
use wirelore_http1::value::parameters::{Parameters, split_item, write_parameter};
use wirelore_http1::value::path::{Path, Rules};
use wirelore_http1::value::percent::{self, Place};
use wirelore_http1::value::range::{
    ByteRange, ByteRanges, Resolved, accept_ranges, coalesce, is_abusive, write_ranges,
};
use wirelore_http1::value::{ext_value, file_name, list, quoted};
use wirelore_http1::wire::octet::{is_field_value, is_token};

/// Any octets as any value: no panic; what was read and can be written is read as the same; and what
/// is written may stand in a field.
///
/// Octet 0 says as what, octet 1 how, and where the rest is cut into two.
pub fn http1_values(data: &[u8]) {
    let [what, how, value @ ..] = data else {
        return;
    };
    let (first, second) = value.split_at(value.len() * usize::from(*how) / 256);
    match what % 14 {
        0 => dates(value),
        1 => ranges(*how, value),
        2 => tags_and_conditions(*how, first, second),
        3 => lists(first, second),
        4 => quoting(value),
        5 => percents(value),
        6 => paths(*how, value),
        7 => media_types(first, second),
        8 => dispositions(first, second),
        9 => cookie_values(first, second),
        10 => credentials(value),
        11 => digests(value),
        12 => multiparts(first, second),
        _ => registries(first, second),
    }
}

/// What a writer has appended, if it did not refuse; then it has appended nothing.
fn written<E>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Option<Vec<u8>> {
    let mut out = b"before".to_vec();
    let result = write(&mut out);
    let written = out.split_off(6);
    assert_eq!(out, b"before");
    match result {
        Ok(()) => {
            assert!(
                written
                    .iter()
                    .all(|&octet| octet == b'\t' || octet >= b' ' && octet != 127)
            );
            Some(written)
        }
        Err(_) => {
            assert_eq!(written, []);
            None
        }
    }
}

fn dates(value: &[u8]) {
    let now = HttpDate::from_unix(1_800_000_000).expect("a date");
    let strict = HttpDate::parse(value, now);
    let any_case = HttpDate::parse_any_case(value, now);
    if strict.is_ok() {
        assert_eq!(strict, any_case);
    }
    for date in [any_case.ok(), cookie::parse_date(value)]
        .into_iter()
        .flatten()
    {
        let octets = date.to_octets();
        assert_eq!(HttpDate::parse(&octets, now), Ok(date));
        assert_eq!(date.to_string().as_bytes(), octets);
        assert!(date.weekday() < 8);
    }
    if let Some(seconds) = value.first_chunk() {
        let seconds = u64::from_le_bytes(*seconds) >> 16;
        if let Some(date) = HttpDate::from_unix(seconds) {
            assert_eq!(date.to_unix(), seconds);
            assert_eq!(HttpDate::parse(&date.to_octets(), now), Ok(date));
        }
    }
}

fn ranges(how: u8, value: &[u8]) {
    let _ = accept_ranges(value);
    let length = match how {
        255 => u64::MAX,
        how => u64::from(how) << (how & 7),
    };
    if let Ok(set) = ByteRanges::parse(value, usize::from(how)) {
        assert!(set.len() <= usize::from(how));
        let specs: Vec<_> = set.specs().collect();
        assert_eq!(specs.len(), set.len());
        let mut out = Vec::new();
        write_ranges(&specs, &mut out);
        let again = ByteRanges::parse(&out, usize::from(how)).expect("it was written");
        assert_eq!(again.specs().collect::<Vec<_>>(), specs);
        if let Resolved::Partial(mut all) = set.resolve(length) {
            assert!(!all.is_empty() && all.len() <= specs.len());
            assert!(all.iter().all(|range| range.first() <= range.last()));
            assert!(all.iter().all(|range| range.last() < length));
            let _ = is_abusive(&all, 80, 3);
            let before: Vec<ByteRange> = all.clone();
            coalesce(&mut all, length >> 3);
            assert!(!all.is_empty() && all.len() <= before.len());
            for range in before {
                assert!(
                    all.iter()
                        .any(|it| it.first() <= range.first() && range.last() <= it.last())
                );
            }
        }
    }
    if let Ok(range) = ContentRange::parse(value) {
        let out = written(|out| {
            range.write(out);
            Ok::<_, ()>(())
        });
        let out = out.expect("it cannot fail");
        assert_eq!(out.len(), range.encoded_len());
        assert_eq!(ContentRange::parse(&out), Ok(range));
    }
}

fn tags_and_conditions(how: u8, first: &[u8], second: &[u8]) {
    if let Ok(tag) = EntityTag::parse(first) {
        let mut out = Vec::new();
        tag.write(&mut out);
        let again = EntityTag::parse(&out).expect("it was written");
        assert_eq!(
            (again.is_weak(), again.opaque()),
            (tag.is_weak(), tag.opaque())
        );
        assert!(tag.matches_weakly(&tag));
        assert_eq!(tag.matches_strongly(&tag), !tag.is_weak());
    }
    for opaque in [first, second] {
        let both = (EntityTag::strong(opaque), EntityTag::weak(opaque));
        assert_eq!(both.0.is_ok(), both.1.is_ok());
        if let (Ok(strong), Ok(weak)) = both {
            assert!(strong.matches_weakly(&weak) && !strong.matches_strongly(&weak));
        }
    }
    assert!(tags(first).count() <= first.len() + 1);
    let names: [&[u8]; 6] = [
        b"If-Match",
        b"If-None-Match",
        b"If-Modified-Since",
        b"if-unmodified-since",
        b"If-Range",
        b"Range",
    ];
    let fields = names.iter().enumerate().filter(|(n, _)| how >> n & 1 != 0);
    let fields = fields.map(|(n, name)| (*name, if n % 2 == 0 { first } else { second }));
    let fields: Vec<_> = fields.chain([(names[0], second)]).collect();
    let conditions = Preconditions::from_fields(fields);
    let date = HttpDate::from_unix(1_700_000_000).expect("a date");
    for selected in [
        Selected::new(),
        Selected::new().with_last_modified(date),
        Selected::new()
            .with_tag(EntityTag::strong(b"a").expect("a tag"))
            .with_last_modified(date)
            .with_strong_date(),
    ] {
        for method in [&b"GET"[..], b"HEAD", b"PUT"] {
            for recipient in [Recipient::Origin, Recipient::Cache] {
                for selected in [Some(selected), None] {
                    let _ = conditions.evaluate(method, selected.as_ref(), recipient, date);
                }
            }
        }
    }
}

fn lists(first: &[u8], second: &[u8]) {
    let members: Vec<_> = list::members(first).collect();
    assert!(members.iter().all(|member| !member.is_empty()));
    assert!(list::members_and_gaps(first).count() >= members.len());
    assert!(list::members(first).with_comments().count() <= first.len() + 1);
    for token in list::tokens(first).flatten() {
        assert!(is_token(token));
        assert!(list::contains_token(first, token));
    }
    let _ = list::contains_token(first, second);
    for parameters in [
        Parameters::new(first),
        Parameters::new(first).with_bad_whitespace(),
        split_item(first).1,
    ] {
        assert!(parameters.count() <= first.len() + 1);
        for parameter in parameters.flatten() {
            let value = parameter.value();
            let out = written(|out| write_parameter(parameter.name, &value, out));
            let out = out.expect("it was read");
            let mut again = split_item(&out).1;
            let again = again.next().expect("a parameter").expect("a good one");
            assert_eq!((again.name, again.value()), (parameter.name, value));
        }
    }
    written(|out| write_parameter(first, second, out));
}

fn quoting(value: &[u8]) {
    if let Some(text) = quoted::unquote(value) {
        let out = written(|out| quoted::quote(&text, out)).expect("it was read");
        assert_eq!(quoted::unquote(&out).as_deref(), Some(&*text));
    }
    if let Some(out) = written(|out| quoted::quote(value, out)) {
        assert_eq!(quoted::unquote(&out).as_deref(), Some(value));
        assert_eq!(quoted::quoted_len(&out), Some(out.len()));
    }
    if let Some(out) = written(|out| quoted::quote_unless_token(value, out)) {
        assert_eq!(out == value, is_token(value));
    }
    if let Some((text, rest)) = quoted::split_quoted(value) {
        assert!(text.len() + rest.len() <= value.len());
    }
    assert!(quoted::comment_len(value).is_none_or(|len| len <= value.len()));
}

fn percents(value: &[u8]) {
    for place in [Place::Segment, Place::Query, Place::ExtendedValue] {
        let out = percent::encode(value, place);
        assert_eq!(percent::decode(&out).as_deref(), Ok(value));
    }
    let _ = percent::decode(value);
    if let Some(decoded) = ext_value::decode(value) {
        let mut out = Vec::new();
        ext_value::encode(&decoded.text, &mut out);
        let again = ext_value::decode(&out).expect("it was written");
        assert_eq!(again.text, decoded.text);
    }
}

fn paths(how: u8, value: &[u8]) {
    let mut rules = Rules::default();
    rules.allow_control_octets = how & 1 != 0;
    rules.max_segments = usize::from(how >> 1);
    if let Ok(path) = Path::parse(value, &rules) {
        assert!(path.segments.len() <= rules.max_segments);
        for segment in &path.segments {
            assert!(!segment.is_empty() && **segment != *b"." && **segment != *b"..");
            assert!(!segment.contains(&b'/') && !segment.contains(&0));
        }
        let mut out = Vec::new();
        path.write(&mut out);
        let again = Path::parse(&out, &rules).expect("it was written");
        assert_eq!(again.segments, path.segments);
        assert_eq!(again.directory, path.directory);
        assert_eq!(again.query, path.query);
    }
    let text = String::from_utf8_lossy(value);
    if let Some(safe) = file_name::safe(&text) {
        assert!(!safe.is_empty() && safe.len() <= file_name::MAX_LEN);
        assert!(!safe.contains(['/', '\\', '\0']) && safe != "." && safe != "..");
        assert_eq!(file_name::safe(&safe).as_deref(), Some(&*safe));
    }
}

fn media_types(first: &[u8], second: &[u8]) {
    if let Some(kind) = MediaType::parse(first) {
        assert!(is_token(kind.kind) && is_token(kind.subtype));
        assert!(kind.is(kind.kind, kind.subtype));
        let _ = (kind.charset(), kind.boundary());
        assert!(media::weight(Some(second), &kind) <= 1000);
        assert!(media::weight(None, &kind) == 1000);
    }
    for value in [Some(first), None] {
        assert!(coding::weight(value, second) <= 1000);
        assert!(language::weight(value, second) <= 1000);
        assert!(language::charset_weight(value, second) <= 1000);
        let available = [second, b"gzip", b"identity"];
        assert!(coding::best_of(value, &available).is_none_or(|n| n < 3));
        assert!(language::best_of(value, &available).is_none_or(|n| n < 3));
        assert!(media::best_of(value, &[second, b"text/html"]).is_none_or(|n| n < 2));
    }
    assert!(media::media_ranges(first).count() <= first.len() + 1);
    assert!(accept::weighted(first).count() <= first.len() + 1);
    if let Some(weight) = accept::qvalue(first) {
        let written = accept::write_qvalue(weight).to_string();
        assert_eq!(accept::qvalue(written.as_bytes()), Some(weight));
    }
}

fn dispositions(first: &[u8], second: &[u8]) {
    if let Some(found) = ContentDisposition::parse(first) {
        let _ = (found.is_attachment(), found.file_name());
    }
    let name = String::from_utf8_lossy(second);
    if let Some(out) = written(|out| content_disposition::write(first, &name, out)) {
        let again = ContentDisposition::parse(&out).expect("it was written");
        assert!(again.kind.eq_ignore_ascii_case(first));
        assert_eq!(again.file_name().as_deref(), Some(&*name));
    }
}

fn cookie_values(first: &[u8], second: &[u8]) {
    let all: Vec<_> = cookies(first).collect();
    if let Some(out) = written(|out| write_cookies(all.iter().copied(), out)) {
        assert_eq!(cookies(&out).collect::<Vec<_>>(), all);
    }
    assert!(cookie::attributes(first).count() <= first.len() + 1);
    let mut cookies = [SetCookie::parse(first), Some(SetCookie::new(first, second))];
    for cookie in cookies.iter_mut().flatten() {
        let _ = format!("{cookie:?}");
        if let Some(out) = written(|out| cookie.write(out)) {
            assert!(is_field_value(&out));
            let again = SetCookie::parse(&out).expect("it was written");
            assert_eq!(again, *cookie, "{}", out.escape_ascii());
        }
    }
    let _ = cookie::scope::domain_match(first, second);
    let path = cookie::scope::default_path(first);
    assert!(first.starts_with(b"/") || path == b"/");
    let _ = cookie::scope::path_match(first, second);
}

fn credentials(value: &[u8]) {
    let all: Vec<_> = challenges(value).collect();
    assert!(all.len() <= value.len() + 1);
    for challenge in &all {
        parts_of(challenge);
        if let Some(basic) = BasicChallenge::parse(challenge)
            && let Some(out) = written(|out| basic.write(out))
        {
            let again = challenges(&out).next().expect("it was written");
            assert_eq!(BasicChallenge::parse(&again), Some(basic));
        }
    }
    let _ = (is_token68(value), auth_parameters(value).count());
    if let Some(found) = Credentials::parse(value) {
        assert!(found.is(found.scheme));
        let _ = (found.token68(), found.parameters().count());
        assert!(!format!("{found:?}").contains('\n'));
        if let Ok(user) = UserPass::parse(&found)
            && let Some(out) = written(|out| user.write(out))
        {
            let again = Credentials::parse(&out).expect("it was written");
            assert_eq!(UserPass::parse(&again), Ok(user));
        }
    }
    let at = value.len() / 2;
    let user = UserPass {
        user_id: value[..at].to_vec(),
        password: value[at..].to_vec(),
    };
    if let Some(out) = written(|out| user.write(out)) {
        let again = Credentials::parse(&out).expect("it was written");
        assert_eq!(UserPass::parse(&again), Ok(user));
    }
}

fn parts_of(challenge: &Challenge<'_>) {
    assert!(challenge.is(challenge.scheme));
    assert!(is_token(challenge.scheme));
    let _ = challenge.token68();
    for parameter in challenge.parameters() {
        assert!(parameter.is(parameter.name));
        assert!(parameter.value().len() <= parameter.raw.len());
    }
    assert!(!format!("{challenge:?}").contains('\n'));
}

fn digests(value: &[u8]) {
    for challenge in challenges(value) {
        if let Ok(digest) = DigestChallenge::parse(&challenge)
            && let Some(out) = written(|out| digest.write(out))
        {
            let again = challenges(&out).next().expect("it was written");
            assert_eq!(DigestChallenge::parse(&again).as_ref(), Ok(&digest));
        }
    }
    let found = Credentials::parse(value).map(|found| DigestResponse::parse(&found));
    if let Some(Ok(response)) = found {
        assert!(!format!("{response:?}").contains('\n'));
        if let Some(out) = written(|out| response.write(out)) {
            let again = Credentials::parse(&out).expect("it was written");
            assert_eq!(DigestResponse::parse(&again).as_ref(), Ok(&response));
        }
    }
    if let Ok(info) = AuthenticationInfo::parse(value)
        && let Some(out) = written(|out| info.write(out))
    {
        assert_eq!(AuthenticationInfo::parse(&out).as_ref(), Ok(&info));
    }
    if let Some(algorithm) = Algorithm::of(value) {
        assert_eq!(
            Algorithm::of(algorithm.as_str().as_bytes()),
            Some(algorithm)
        );
    }
    if let Some(qop) = Qop::of(value) {
        assert_eq!(Qop::of(qop.as_str().as_bytes()), Some(qop));
    }
    if let Some(count) = NonceCount::parse(value) {
        assert_eq!(NonceCount::new(count.count()).count(), count.count());
    }
}

fn multiparts(boundary: &[u8], body: &[u8]) {
    let Ok(boundary) = Boundary::new(boundary) else {
        return;
    };
    let found: Vec<_> = parts(body, boundary).collect();
    assert!(found.len() <= body.len() + 1);
    for part in found.iter().flatten() {
        assert!(part.octets.len() <= body.len());
    }
    // what is written is read
    let ranges = [ByteRange::new(0, 2), ByteRange::new(5, 5)].map(|range| range.expect("a range"));
    let octets = [&b"abc"[..], b"\r\n"];
    let writer = Writer::new(boundary, Some(10));
    let mut out = Vec::new();
    for (range, octets) in ranges.iter().zip(octets) {
        writer.part_head(*range, &mut out).expect("it is within 10");
        out.extend_from_slice(&octets[..usize::try_from(range.len()).expect("few")]);
    }
    writer.close(&mut out);
    assert_eq!(writer.encoded_len(&ranges), Some(out.len() as u64));
    let again: Vec<_> = parts(&out, boundary).flatten().collect();
    assert_eq!(again.len(), 2);
    assert_eq!(
        (again[0].octets, again[0].range),
        (&b"abc"[..], Some(ranges[0]))
    );
    assert_eq!(
        (again[1].octets, again[1].range),
        (&b"\r"[..], Some(ranges[1]))
    );
}

fn registries(name: &[u8], value: &[u8]) {
    if let Some(found) = method::lookup(name) {
        assert!(found.idempotent || !found.safe);
    }
    if let Some(code) = value.first_chunk() {
        let code = u16::from_le_bytes(*code);
        let _ = Status::new(code).and_then(Status::reason);
    }
    let mut block = FieldBlock::new();
    let pushed = block.push(name, value).is_ok();
    assert_eq!(block.is_empty(), !pushed);
    if pushed {
        let found: Vec<_> = block.iter().collect();
        let trimmed = wirelore_http1::wire::octet::trim(value);
        assert_eq!(found, [(name, trimmed)]);
        assert_eq!(block.may_be_trailers(), may_be_trailer(name));
        assert_eq!(
            block
                .as_bytes()
                .iter()
                .filter(|&&octet| octet == b'\n')
                .count(),
            1
        );
        assert_eq!(block.first(name), Some(trimmed));
        block.set(name, "x").expect("a good name");
        block.remove(name);
        assert!(block.is_empty());
    }
}
