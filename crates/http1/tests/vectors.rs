//! The messages of `data/vectors.txt`, received whole and in pieces. Each test is an area of that file,
//! named after the clause.

#[allow(dead_code, reason = "not every test needs all of it")]
mod vector;

use vector::{End, Role, Told, Vector, check, load, receive};
use wirelore_http1::wire::{Field, parse_request, parse_response};
use wirelore_testkit::{Cutting, Rng};

/// Random cuttings of each message.
const RANDOM: usize = 64;

macro_rules! areas {
    ($($area:ident)*) => {
        const AREAS: &[&str] = &[$(stringify!($area)),*];

        $(
            #[test]
            fn $area() {
                area(stringify!($area));
            }
        )*
    };
}

areas! {
    rfc9112_2_1_grammar
    rfc9112_2_2_octets_not_characters
    rfc9112_2_2_bare_lf
    rfc9112_2_2_bare_cr
    rfc9112_2_2_empty_lines_before_a_request
    rfc9112_2_2_whitespace_before_the_first_field
    rfc9112_2_3_version
    rfc9110_15_6_6_major_versions
    rfc9110_6_2_higher_minor_versions
    rfc9112_3_request_line
    rfc9112_3_lengths
    rfc9112_3_1_method
    rfc9112_3_2_target_forms
    rfc9112_3_2_2_absolute_form
    rfc9110_9_3_6_connect_target
    rfc9112_3_2_host
    rfc9112_4_status_line
    rfc9112_5_field_syntax
    rfc9112_5_1_space_before_colon
    rfc9110_5_5_only_sp_and_htab_are_stripped
    rfc9110_5_5_control_characters
    rfc9112_5_2_obs_fold
    rfc9110_5_4_too_large
    rfc9112_6_body_whatever_the_method
    rfc9112_6_1_transfer_encoding
    rfc9112_6_1_transfer_encoding_in_http10
    rfc9112_6_3_transfer_encoding_and_content_length
    rfc9112_6_3_content_length
    rfc9110_8_6_body_limit
    rfc9112_6_3_responses_without_body
    rfc9112_6_3_connect_makes_a_tunnel
    rfc9112_6_3_until_the_end
    rfc9112_7_1_chunk_size
    rfc9112_7_1_chunk_data
    rfc9112_7_1_1_chunk_extensions
    rfc9112_7_1_2_trailers
    rfc9112_8_incomplete
    rfc9112_9_2_responses_belong_to_requests
    rfc9112_9_3_persistence
    rfc9110_7_8_upgrade
    rfc9110_10_1_1_expect
    rfc1945_4_1_simple_request
    rfc1945_http10
}

#[test]
fn every_area_of_the_file_is_a_test() {
    for vector in load() {
        assert!(AREAS.contains(&vector.area.as_str()), "{}", vector.area);
    }
}

fn area(name: &str) {
    let vectors: Vec<Vector> = load().into_iter().filter(|v| v.area == name).collect();
    assert!(!vectors.is_empty(), "the file has no area {name}");
    let mut wrong = Vec::new();
    for vector in &vectors {
        if let Err(why) = try_out(vector) {
            let octets = vector.octets.escape_ascii().to_string();
            let octets = octets.chars().take(300).collect::<String>();
            wrong.push(format!("line {}: {why}\n    {octets}", vector.line));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn try_out(vector: &Vector) -> Result<(), String> {
    let len = vector.octets.len();
    let whole = receive(vector, &Cutting::whole(len), false);
    check(vector, &whole)?;
    let mut rng = Rng::new(vector.line as u64);
    let random = (0..RANDOM).map(|_| Cutting::random(len, &mut rng));
    let mut cuttings = vec![Cutting::whole(len), Cutting::octets(len)];
    cuttings.extend(random);
    cuttings.extend((0..len.min(200)).map(|at| Cutting::two(len, at)));
    for (n, cutting) in cuttings.iter().enumerate() {
        for end_apart in [n % 2 == 0, n > 1 || n % 2 == 1] {
            let cut = receive(vector, cutting, end_apart);
            if cut != whole {
                return Err(format!("{cutting:?}: {cut:?}\n    whole: {whole:?}"));
            }
        }
    }
    by_value(vector, &whole.told, whole.end)
}

/// What the first head is to the functions that keep no state.
fn by_value(vector: &Vector, told: &[Told], end: End) -> Result<(), String> {
    let bytes = &vector.octets[..];
    let mut table = [Field::default(); 200];
    let config = &vector.config;
    let head = match &vector.role {
        Role::Request if bytes.first().is_some_and(|o| b"\r\n".contains(o)) => return Ok(()),
        Role::Request => {
            let head = parse_request(bytes, &mut table, config);
            head.map(|head| head.map(|head| Told::Request(head.map(<[u8]>::to_vec))))
        }
        Role::Response(methods) => {
            let Some(method) = methods.first() else {
                return Ok(());
            };
            let head = parse_response(bytes, &mut table, *method, config);
            head.map(|head| {
                head.map(|head| match head.map(<[u8]>::to_vec) {
                    head if head.is_informational() => Told::Interim(head),
                    head => Told::Response(head),
                })
            })
        }
    };
    let same = match (&head, told.first(), end) {
        (Ok(Some(head)), Some(first), _) => head == first,
        (Err(error), None, End::Error(other)) => *error == other,
        (Ok(None), None, End::More) => true,
        (Ok(None), None, End::Error(error)) => error.kind.name() == "truncated",
        (Ok(None), None, End::Done) => bytes.is_empty(),
        _ => false,
    };
    if !same {
        return Err(format!("by value {head:?}, received {:?}", told.first()));
    }
    // The table names the same fields as the walk over them.
    let fields = match told.first() {
        Some(Told::Request(head)) => head.fields(),
        Some(Told::Response(head) | Told::Interim(head)) => head.fields(),
        _ => return Ok(()),
    };
    for (n, field) in fields.enumerate() {
        if table[n].name(bytes) != field.name() || table[n].value(bytes) != field.raw_value() {
            return Err(format!("field {n} of the table is another"));
        }
    }
    Ok(())
}
