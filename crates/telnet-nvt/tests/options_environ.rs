//! NEW-ENVIRON (RFC 1572) and OLD-ENVIRON (RFC 1408).

use wirelore_telnet_nvt::OptionCode;
use wirelore_telnet_nvt::wire::option::*;

fn var<'p>(name: &'p str, value: Option<&'p str>) -> Variable<'p> {
    Variable::var(name, value)
}

fn user_var<'p>(name: &'p str, value: Option<&'p str>) -> Variable<'p> {
    Variable::user_var(name, value)
}

/// Both ways: the payload says this, and this is written so.
fn says(payload: &[u8], environ: Environ<'_>) {
    assert_eq!(Environ::parse(payload, environ.codes), Ok(environ));
    let mut written = Vec::new();
    environ.encode(&mut written).expect("can be sent");
    assert_eq!(written, payload);
}

fn wrong(payload: &[u8]) -> (&'static str, usize) {
    let error = Environ::parse(payload, EnvironCodes::Rfc).expect_err("malformed");
    (error.kind(), error.offset())
}

/// RFC 1572 §6 example; RFC 1572 §2 send-types: a name, or none for all of a type.
#[test]
fn the_example() {
    says(
        b"\x01\x00USER\x00ACCT\x00\x03",
        Environ::send(&[
            var("USER", None),
            var("ACCT", None),
            var("", None),
            user_var("", None),
        ]),
    );
    says(
        b"\x00\x00USER\x01joe\x00ACCT\x01kernel\x00USER\x01joe\x00DISPLAY\x01foo:0.0\x03SHELL\x01/bin/csh",
        Environ::is(&[
            var("USER", Some("joe")),
            var("ACCT", Some("kernel")),
            var("USER", Some("joe")),
            var("DISPLAY", Some("foo:0.0")),
            user_var("SHELL", Some("/bin/csh")),
        ]),
    );
    says(b"\x00", Environ::is(&[]));
    says(b"\x01", Environ::send(&[]));
    says(
        b"\x02\x03EDITOR\x01vi",
        Environ::info(&[user_var("EDITOR", Some("vi"))]),
    );
}

/// RFC 1572 §2 undefined: "If a "type" is not followed by a VALUE ... then that variable is
/// undefined"; RFC 1572 §2 no-value: "the variable is defined, but has no value".
#[test]
fn undefined_is_not_empty() {
    says(
        b"\x00\x00A\x00B\x01\x03C\x01\x03D",
        Environ::is(&[
            var("A", None),
            var("B", Some("")),
            user_var("C", Some("")),
            user_var("D", None),
        ]),
    );
    assert_ne!(
        Environ::parse(b"\x00\x00A", EnvironCodes::Rfc),
        Environ::parse(b"\x00\x00A\x01", EnvironCodes::Rfc)
    );
}

/// RFC 1572 §2 esc: VAR, VALUE, ESC and USERVAR in a name or a value are sent after an ESC.
#[test]
fn escapes() {
    let all = Quoted::plain(&[0, 1, 2, 3, 4, 255]);
    let variable = Variable {
        kind: VariableKind::UserVar,
        name: all,
        value: Some(all),
    };
    says(
        b"\x00\x03\x02\x00\x02\x01\x02\x02\x02\x03\x04\xff\x01\x02\x00\x02\x01\x02\x02\x02\x03\x04\xff",
        Environ::is(&[variable]),
    );
    let needless = Environ::parse(b"\x00\x00\x02A\x01\x02b", EnvironCodes::Rfc);
    assert_eq!(needless, Ok(Environ::is(&[var("A", Some("b"))])));
    for (payload, offset) in [
        (&b"\x00\x00A\x02"[..], 3),
        (b"\x00\x00A\x01b\x02", 5),
        (b"\x00\x00A\x01b\x02\x02\x02", 7),
    ] {
        assert_eq!(wrong(payload), ("unfinished-escape", offset));
    }
}

/// What stands escaped is read without copies where nothing is escaped, and shown so that it can do
/// no harm.
#[test]
fn octets_of_names() {
    let payload = b"\x00\x00USER\x01a\x02\x03b\x1b";
    let said = Environ::parse(payload, EnvironCodes::Rfc).expect("well-formed");
    let user = said.variables.iter().next().expect("a variable");
    let value = user.value.expect("a value");
    assert!(matches!(user.name.to_cow(), std::borrow::Cow::Borrowed(_)));
    assert_eq!(value.to_cow(), &b"a\x03b\x1b"[..]);
    assert_eq!(value, b"a\x03b\x1b");
    assert_ne!(value, b"a\x02\x03b\x1b");
    assert!(!value.is_empty());
    assert_eq!(format!("{value:?}"), r#""a\x03b\x1b""#);
}

/// RFC 1572 §2 types: "The "type" will be VAR or USERVAR", then names and values in turn.
#[test]
fn malformed() {
    for (payload, kind, offset) in [
        (&b""[..], "truncated", 0),
        (b"\x03", "unknown-command", 0),
        (b"\x00USER", "misplaced", 1),
        (b"\x00\x01joe", "misplaced", 1),
        (b"\x00\x00A\x01b\x01c", "misplaced", 5),
        (b"\x01\x00A\x01b", "misplaced", 3),
        (b"\x01\x00\x00AB\x01", "misplaced", 5),
    ] {
        assert_eq!(wrong(payload), (kind, offset), "{payload:02x?}");
    }
    // nobody is hurt by a variable without a name
    let nameless = Environ::parse(b"\x00\x00\x03", EnvironCodes::Rfc).expect("well-formed");
    assert_eq!(nameless.variables.iter().count(), 2);
}

/// RFC 1572 §2 send-without-values: a question has names only, and an answer names.
#[test]
fn lists_that_are_not_sent() {
    let (valued, nameless) = ([var("A", Some("b"))], [var("A", None), var("", None)]);
    let mut payload = b"before".to_vec();
    for (environ, error) in [
        (Environ::send(&valued), EncodeError::Structure),
        (Environ::is(&nameless), EncodeError::Empty),
        (Environ::info(&nameless), EncodeError::Empty),
    ] {
        assert_eq!(environ.encode(&mut payload), Err(error));
        assert_eq!(payload, b"before");
    }
    assert_eq!(Environ::send(&nameless).encode(&mut payload), Ok(()));
}

/// RFC 1572 §6 reversed: OLD-ENVIRON exists with both readings of VAR and VALUE.
#[test]
fn both_readings_of_the_old_option() {
    let variables = [var("USER", Some("joe")), user_var("X", None)];
    let bsd = Environ::is(&variables).with_codes(EnvironCodes::Bsd);
    let rfc = Environ::is(&variables);
    says(b"\x00\x01USER\x00joe\x03X", bsd);
    says(b"\x00\x00USER\x01joe\x03X", rfc);
    let parse = |payload| Subnegotiation::parse(OptionCode::OLD_ENVIRON, payload);
    let said = Subnegotiation::OldEnviron;
    assert_eq!(parse(b"\x00\x01USER\x00joe\x03X"), Ok(Some(said(bsd))));
    assert_eq!(parse(b"\x00\x00USER\x01joe\x03X"), Ok(Some(said(rfc))));
    // the new one has but one
    let new = Subnegotiation::parse(OptionCode::NEW_ENVIRON, b"\x00\x01USER\x00joe");
    assert_eq!(new.map_err(|e| e.kind()), Err("misplaced"));
}

/// RFC 1572 §6 reversed: which of the two it is.
#[test]
fn detection() {
    use EnvironCodes::{Bsd, Rfc};
    for (payload, codes) in [
        (&b"\x00\x00USER\x01joe"[..], Some(Rfc)),
        (b"\x00\x01USER\x00joe", Some(Bsd)),
        (b"\x01\x00USER", Some(Rfc)),
        (b"\x01\x01USER", Some(Bsd)),
        (b"\x01\x03\x00", Some(Rfc)),
        (b"\x01\x03\x01", Some(Bsd)),
        // an empty value, which would be a name
        (b"\x00\x03A\x01\x03B\x01", Some(Rfc)),
        (b"\x00\x03A\x00\x03B", Some(Bsd)),
        // two values in a row would be
        (b"\x00\x03A\x00USER\x00HOME", Some(Rfc)),
        (b"\x00\x03A\x01USER\x01HOME", Some(Bsd)),
        // all have values
        (b"\x00\x03A\x01b\x03C\x01d", Some(Rfc)),
        (b"\x00\x03A\x00b\x03C\x00d", Some(Bsd)),
        // an ESC hides it
        (b"\x00\x03A\x02\x01b", None),
        (b"\x00\x03A", None),
        (b"\x00", None),
        (b"\x01", None),
        (b"\x00rubbish", None),
        (b"", None),
    ] {
        assert_eq!(EnvironCodes::detect(payload), codes, "{payload:02x?}");
    }
}
