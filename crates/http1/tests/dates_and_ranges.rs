//! Random dates, ranges and multipart bodies: written and read, and compared with slow models.

use proptest::prelude::*;
use wirelore_http1::value::content_range::ContentRange;
use wirelore_http1::value::date::HttpDate;
use wirelore_http1::value::multipart::{Boundary, Writer, parts};
use wirelore_http1::value::range::{
    ByteRange, ByteRanges, RangeSpec, Resolved, coalesce, is_abusive, write_ranges,
};

/// The last second of the year 9999.
const LAST: u64 = 253_402_300_799;

fn date() -> impl Strategy<Value = HttpDate> {
    (0..=LAST).prop_map(|seconds| HttpDate::from_unix(seconds).expect("before the year 10000"))
}

fn spec(below: u64) -> impl Strategy<Value = RangeSpec> {
    prop_oneof![
        (0..below, 0..below).prop_map(|(one, other)| RangeSpec::FromTo {
            first: one.min(other),
            last: one.max(other),
        }),
        (0..below).prop_map(|first| RangeSpec::From { first }),
        (0..below).prop_map(|length| RangeSpec::Suffix { length }),
    ]
}

fn range(below: u64) -> impl Strategy<Value = ByteRange> {
    (0..below, 0..below).prop_map(|(one, other)| {
        ByteRange::new(one.min(other), one.max(other)).expect("in order and small")
    })
}

/// Which of the positions below `length` are meant, from the words of section 14.1.2.
fn positions(spec: RangeSpec, length: u64) -> Vec<u64> {
    (0..length)
        .filter(|&at| match spec {
            RangeSpec::FromTo { first, last } => first <= at && at <= last,
            RangeSpec::From { first } => first <= at,
            RangeSpec::Suffix { length: suffix } => length - at <= suffix,
        })
        .collect()
}

fn octets_of(ranges: &[ByteRange]) -> Vec<u64> {
    let all = ranges.iter().flat_map(|it| it.first()..=it.last());
    let mut octets: Vec<u64> = all.collect();
    octets.sort_unstable();
    octets.dedup();
    octets
}

proptest! {
    #[test]
    fn rfc9110_5_6_7_dates_come_back_in_every_format(date in date(), later in 0u64..50 * 365) {
        prop_assert_eq!(HttpDate::from_unix(date.to_unix()), Some(date));
        let fixdate = date.to_octets();
        prop_assert_eq!(HttpDate::parse(&fixdate, date), Ok(date));
        let text = std::str::from_utf8(&fixdate).unwrap();
        let (weekday, day, month) = (&text[..3], &text[5..7], &text[8..11]);
        let (year, time) = (&text[12..16], &text[17..25]);
        let asctime = format!("{weekday} {month} {:>2} {time} {year}", day.trim_start_matches('0'));
        prop_assert_eq!(HttpDate::parse(asctime.as_bytes(), date), Ok(date));
        let whole = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
            [usize::from(date.weekday())];
        prop_assert!(whole.starts_with(weekday));
        // Some time after the date, or before it, but less than 50 years.
        let rfc850 = format!("{whole}, {day}-{month}-{} {time} GMT", &year[2..]);
        let seconds = later * 86_400;
        for now in [date.to_unix().checked_sub(seconds), date.to_unix().checked_add(seconds)] {
            if let Some(now) = now.and_then(HttpDate::from_unix) {
                prop_assert_eq!(HttpDate::parse(rfc850.as_bytes(), now), Ok(date));
            }
        }
    }

    #[test]
    fn dates_are_ordered_as_their_seconds(one in date(), other in date()) {
        prop_assert_eq!(one.cmp(&other), one.to_unix().cmp(&other.to_unix()));
    }

    #[test]
    fn a_damaged_date_is_never_out_of_range(
        date in date(),
        at in 0usize..29,
        octet: u8,
        cut in 0usize..=29,
    ) {
        let mut octets = date.to_octets();
        octets[at] = octet;
        for octets in [&octets[..], &octets[..cut]] {
            if let Ok(read) = HttpDate::parse(octets, date) {
                prop_assert!((1900..=9999).contains(&read.year()));
                prop_assert_eq!(HttpDate::parse(&read.to_octets(), date), Ok(read));
            }
        }
    }

    #[test]
    fn any_octets_are_no_panic(octets: Vec<u8>, now in date()) {
        let _ = HttpDate::parse_any_case(&octets, now);
        let _ = ByteRanges::parse(&octets, 4).map(|it| it.resolve(100));
        let _ = ContentRange::parse(&octets);
    }

    #[test]
    fn rfc9110_14_1_2_resolved_as_the_words_say(
        specs in prop::collection::vec(spec(40), 1..6),
        length in 0u64..40,
    ) {
        let mut value = Vec::new();
        write_ranges(&specs, &mut value);
        let ranges = ByteRanges::parse(&value, 6).unwrap();
        prop_assert_eq!(ranges.specs().collect::<Vec<_>>(), specs.clone());
        prop_assert_eq!(ranges.len(), specs.len());
        let expected: Vec<_> = specs
            .iter()
            .map(|&spec| positions(spec, length))
            .filter(|it| !it.is_empty())
            .collect();
        match ranges.resolve(length) {
            Resolved::Partial(resolved) => {
                let resolved: Vec<Vec<u64>> =
                    resolved.iter().map(|it| (it.first()..=it.last()).collect()).collect();
                prop_assert_eq!(resolved, expected);
            }
            Resolved::Unsatisfiable | Resolved::Empty => prop_assert!(expected.is_empty()),
        }
    }

    #[test]
    fn rfc9110_14_1_2_no_number_wraps(digits in "[0-9]{1,60}", length: u64) {
        let value = format!("bytes={digits}-");
        let expected = digits.parse::<u128>().ok().filter(|&first| first < u128::from(length));
        match ByteRanges::parse(value.as_bytes(), 1).unwrap().resolve(length) {
            Resolved::Partial(ranges) => {
                prop_assert_eq!(Some(u128::from(ranges[0].first())), expected);
                prop_assert_eq!(ranges[0].last(), length - 1);
            }
            _ => prop_assert_eq!(expected, None),
        }
    }

    #[test]
    fn rfc9110_14_1_1_order_is_checked_at_any_length(first in "[0-9]{1,40}", last in "[0-9]{1,40}") {
        let value = format!("bytes={first}-{last}");
        let number = |digits: &str| -> Vec<u8> { format!("{digits:0>40}").into_bytes() };
        let valid = number(&first) <= number(&last);
        prop_assert_eq!(ByteRanges::parse(value.as_bytes(), 1).is_ok(), valid);
    }

    #[test]
    fn rfc9110_15_3_7_2_coalescing_loses_nothing(
        ranges in prop::collection::vec(range(60), 0..8),
        gap in 0u64..6,
    ) {
        let mut joined = ranges.clone();
        coalesce(&mut joined, gap);
        let (before, after) = (octets_of(&ranges), octets_of(&joined));
        prop_assert!(before.iter().all(|at| after.binary_search(at).is_ok()));
        // What was added is holes that are smaller than the gap.
        for hole in after.chunk_by(|one, next| one + 1 == *next) {
            let missing: Vec<_> =
                hole.iter().filter(|at| before.binary_search(at).is_err()).copied().collect();
            for run in missing.chunk_by(|one, next| one + 1 == *next) {
                prop_assert!((run.len() as u64) < gap);
            }
        }
        // No two that remain are close, and each stands where its first part stood.
        let mut sorted = joined.clone();
        sorted.sort_unstable();
        for pair in sorted.windows(2) {
            prop_assert!(pair[1].first() > pair[0].last() + gap.max(1));
        }
        let place = |it: &ByteRange| {
            ranges.iter().position(|part| it.first() <= part.first() && part.last() <= it.last())
        };
        let places: Vec<_> = joined.iter().map(|it| place(it).unwrap()).collect();
        prop_assert!(places.is_sorted());
    }

    #[test]
    fn rfc9110_17_15_more_than_two_overlap(ranges in prop::collection::vec(range(60), 0..8)) {
        let overlap = |one: &ByteRange, other: &ByteRange| {
            one.first() <= other.last() && other.first() <= one.last()
        };
        let count = (0..ranges.len())
            .filter(|&one| {
                (0..ranges.len()).any(|other| other != one && overlap(&ranges[one], &ranges[other]))
            })
            .count();
        prop_assert_eq!(is_abusive(&ranges, 0, 0), count > 2);
    }

    #[test]
    fn rfc9110_14_4_content_range_comes_back(
        one: u64,
        other: u64,
        complete in prop::option::of(any::<u64>()),
    ) {
        let range = ByteRange::new(one.min(other), one.max(other).min(u64::MAX - 1));
        let Some(it) = range.and_then(|range| ContentRange::new(range, complete)) else {
            return Ok(());
        };
        for it in [it, ContentRange::Unsatisfied { complete_length: other }] {
            let mut value = Vec::new();
            it.write(&mut value);
            prop_assert_eq!(value.len(), it.encoded_len());
            prop_assert_eq!(ContentRange::parse(&value), Ok(it));
        }
    }

    #[test]
    fn rfc9110_14_6_multipart_comes_back_and_its_length_is_known(
        data in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'-'), Just(b'b'), any::<u8>()], 1..80),
        ends in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..5),
        content_type in prop::option::of("[a-z]{1,8}/[a-z]{1,8}"),
        boundary in "b|[A-Za-z0-9'()+_,./:=? -]{0,69}[A-Za-z0-9'()+_,./:=?-]",
        known: bool,
    ) {
        let boundary = Boundary::new(boundary.as_bytes()).unwrap();
        let mut writer = Writer::new(boundary, known.then_some(data.len() as u64));
        if let Some(content_type) = &content_type {
            writer = writer.with_content_type(content_type.as_bytes()).unwrap();
        }
        let ranges: Vec<_> = ends
            .iter()
            .map(|(one, other)| (one.index(data.len()), other.index(data.len())))
            .map(|(one, other)| ByteRange::new(one.min(other) as u64, one.max(other) as u64))
            .map(Option::unwrap)
            .collect();
        let slice = |it: &ByteRange| &data[it.first() as usize..=it.last() as usize];
        let mut body = Vec::new();
        for range in &ranges {
            writer.part_head(*range, &mut body).unwrap();
            body.extend_from_slice(slice(range));
        }
        writer.close(&mut body);
        prop_assert_eq!(writer.encoded_len(&ranges), Some(body.len() as u64));
        let read: Vec<_> = parts(&body, boundary).collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(read.len(), ranges.len());
        for (part, range) in read.iter().zip(&ranges) {
            prop_assert_eq!(part.range, Some(*range));
            prop_assert_eq!(part.octets, slice(range));
            prop_assert_eq!(part.content_type, content_type.as_deref().map(str::as_bytes));
            prop_assert_eq!(part.complete_length, known.then_some(data.len() as u64));
        }
        // Cut anywhere, it gives fewer parts and an error, and never one that is cut.
        for end in 0..body.len().saturating_sub(2) {
            let whole = parts(&body[..end], boundary).take_while(Result::is_ok).flatten();
            for (part, range) in whole.zip(&ranges) {
                prop_assert_eq!(part.octets, slice(range));
            }
            let whole = parts(&body[..end], boundary).take_while(Result::is_ok).count();
            prop_assert!(whole <= ranges.len());
            prop_assert!(parts(&body[..end], boundary).any(|it| it.is_err()));
        }
    }

    #[test]
    fn any_body_is_no_panic(
        body in "(--|\r\n|b|Content-Range: |bytes |0-1/2|\\*/1|: | |x){0,24}",
    ) {
        let all = parts(body.as_bytes(), Boundary::new(b"b").unwrap());
        prop_assert!(all.count() <= body.len() + 1);
    }
}
