//! The gate, with clients as the specifications have them.

use super::*;
use crate::policy::{DigestAlgorithm, Secret, User};
use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};
use wirelore_http1::value::authorization::challenges;
use wirelore_http1::value::digest::{HashName, Request};

const SECOND: Duration = Duration::from_secs(1);

fn options() -> Options {
    Options {
        http_users: None,
        http_auth: Vec::new(),
        http_protect: None,
        http_nonce_time: 300 * SECOND,
        http_nonces: 8,
    }
}

fn user(name: &str, password: &str) -> User {
    User {
        name: name.to_owned(),
        password: Secret(password.to_owned()),
    }
}

/// With ann and bob, who took the same password, and one whose name is not ASCII.
fn configured() -> HttpUsers {
    HttpUsers {
        users: vec![
            user("ann", "one"),
            user("bob", "one"),
            user("J\u{e4}s\u{f8}n \"Doe\"", "a:b \\ \u{a3}"),
        ],
        ..HttpUsers::default()
    }
}

fn gate(change: impl FnOnce(&mut Options, &mut HttpUsers)) -> Gate {
    let (mut options, mut configured) = (options(), configured());
    change(&mut options, &mut configured);
    Gate::new(&options, &configured).expect("is sound")
}

/// A GET of `/x` over http.
fn asked(authorization: Option<&[u8]>) -> Asked<'_> {
    Asked {
        method: b"GET",
        target: b"/x",
        authorization,
        secure: false,
    }
}

fn check(gate: &Gate, authorization: &[u8]) -> Verdict {
    gate.check(&asked(Some(authorization)), Instant::now())
}

fn values(verdict: Verdict) -> Vec<String> {
    match verdict {
        Verdict::Challenge(values, _) => values
            .into_iter()
            .map(|value| String::from_utf8(value).expect("is text"))
            .collect(),
        other => panic!("no challenge: {other:?}"),
    }
}

/// Why a challenge comes again.
fn why(verdict: &Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Challenge(_, failed) => failed.as_ref().map(|failed| failed.why),
        other => panic!("no challenge: {other:?}"),
    }
}

fn is_stale(verdict: Verdict) -> bool {
    let values = values(verdict);
    assert!(!values.is_empty());
    let stale = |value: &&String| value.contains(", stale=true");
    let all = values.iter().filter(stale).count();
    assert!(all == 0 || all == values.len(), "{values:?}");
    all > 0
}

fn hash_of(algorithm: HashName) -> fn(&[&[u8]]) -> Vec<u8> {
    fn of<H: Digest>(parts: &[&[u8]]) -> Vec<u8> {
        let mut hash = H::new();
        parts.iter().for_each(|part| hash.update(part));
        hash.finalize().to_vec()
    }
    match algorithm {
        HashName::Md5 => of::<Md5>,
        HashName::Sha256 => of::<Sha256>,
        _ => of::<Sha512_256>,
    }
}

/// A client that answers one challenge again and again.
struct Client {
    challenge: String,
    count: u32,
}

impl Client {
    /// One that takes the challenge of this number.
    fn of(gate: &Gate, number: usize) -> Self {
        let verdict = gate.check(&asked(None), Instant::now());
        Self {
            challenge: values(verdict).swap_remove(number),
            count: 0,
        }
    }

    fn answer(&mut self, name: &str, password: &str) -> String {
        self.answer_for(name, password, "GET", "/x")
    }

    fn answer_for(&mut self, name: &str, password: &str, method: &str, uri: &str) -> String {
        self.count += 1;
        let it = challenges(self.challenge.as_bytes())
            .next()
            .expect("is one");
        let challenge = DigestChallenge::parse(&it).expect("is one of digest");
        let request = Request {
            method: method.as_bytes(),
            uri: uri.as_bytes(),
            content: None,
            cnonce: b"cn \"once\"",
            nc: self.count,
        };
        let hash = hash_of(challenge.algorithm.hash);
        let mut value = Vec::new();
        challenge
            .answer(hash, name, password.as_bytes(), &request)
            .write(&mut value)
            .expect("can be sent");
        String::from_utf8(value).expect("is text")
    }
}

fn is_user(verdict: &Verdict, name: &str) -> bool {
    matches!(verdict, Verdict::User(user) if **user == *name)
}

#[test]
fn without_users_everything_is_open() {
    let gate = gate(|_, configured| configured.users.clear());
    assert!(!gate.has_users());
    assert_eq!(check(&gate, b"Basic YTpi"), Verdict::Open);
}

/// RFC 7616 §3.2, RFC 7616 §3.7, RFC 7617 §4.
#[test]
fn what_is_offered_depends_on_the_connection_unless_it_is_said() {
    let schemes = |gate: &Gate, secure| {
        let asked = Asked {
            secure,
            ..asked(None)
        };
        let values = values(gate.check(&asked, Instant::now()));
        let words = values.iter().map(|value| {
            let algorithm = value.split("algorithm=").nth(1);
            let algorithm = algorithm.and_then(|it| it.split(',').next());
            algorithm.unwrap_or_else(|| &value[..5]).to_owned()
        });
        words.collect::<Vec<_>>()
    };
    let plain = gate(|_, _| {});
    assert_eq!(schemes(&plain, false), ["SHA-256", "MD5"]);
    assert_eq!(schemes(&plain, true), ["SHA-256", "MD5", "Basic"]);
    let named = gate(|_, configured| {
        configured.auth = Some(vec![Scheme::Basic, Scheme::Digest]);
        configured.algorithms = vec![DigestAlgorithm::Md5, DigestAlgorithm::Sha512_256];
    });
    for secure in [false, true] {
        assert_eq!(schemes(&named, secure), ["Basic", "MD5", "SHA-512-256"]);
    }
    let command_line = gate(|options, configured| {
        options.http_auth = vec![Scheme::Basic];
        configured.auth = Some(vec![Scheme::Digest]);
    });
    assert_eq!(schemes(&command_line, false), ["Basic"]);
}

/// RFC 7616 §3.3, RFC 7617 §2, RFC 7617 §2.1.
#[test]
fn rfc7616_3_3_what_is_quoted_and_what_is_not() {
    let gate = gate(|_, configured| {
        configured.realm = "a \"b\"".to_owned();
        configured.userhash = true;
    });
    let secure = Asked {
        secure: true,
        ..asked(None)
    };
    let values = values(gate.check(&secure, Instant::now()));
    let nonce = values[0].split("nonce=\"").nth(1).expect("has a nonce");
    let nonce = nonce.split('"').next().expect("ends");
    assert!(nonce.len() == 96 && nonce.bytes().all(|it| it.is_ascii_hexdigit()));
    let opaque = gate.nonces.opaque();
    for (value, algorithm) in values.iter().zip(["SHA-256", "MD5"]) {
        let wanted = format!(
            "Digest realm=\"a \\\"b\\\"\", qop=\"auth\", algorithm={algorithm}, nonce=\"{nonce}\", \
             opaque=\"{opaque}\", charset=UTF-8, userhash=true"
        );
        assert_eq!(*value, wanted);
    }
    let wanted = "Basic realm=\"a \\\"b\\\"\", charset=\"UTF-8\"";
    assert_eq!(values[2], wanted);
}

/// RFC 7616 §4.
#[test]
fn the_encoding_is_said_only_where_it_matters() {
    let gate = gate(|_, configured| configured.users.truncate(2));
    let values = values(gate.check(&asked(None), Instant::now()));
    assert!(values.iter().all(|value| !value.contains("charset")));
}

/// RFC 7616 §3.6, RFC 7616 §3.7, RFC 7616 §4.
#[test]
fn digest_lets_users_in_by_each_algorithm_and_under_their_own_names() {
    let gate = gate(|_, configured| {
        configured.algorithms = vec![
            DigestAlgorithm::Sha256,
            DigestAlgorithm::Sha512_256,
            DigestAlgorithm::Md5,
        ];
    });
    for number in 0..3 {
        let mut client = Client::of(&gate, number);
        for user in configured().users {
            let answer = client.answer(&user.name, &user.password.0);
            let verdict = check(&gate, answer.as_bytes());
            assert!(is_user(&verdict, &user.name), "{verdict:?}");
        }
    }
}

/// RFC 7616 §3.6.
#[test]
fn rfc7616_3_4_wrong_users_and_passwords() {
    let gate = gate(|_, _| {});
    let mut client = Client::of(&gate, 0);
    for (name, password) in [
        ("ann", "two"),
        ("ann", ""),
        ("Ann", "one"),
        ("", ""),
        ("", "one"),
        ("eve", "one"),
        ("J\u{e4}s\u{f8}n", "one"),
    ] {
        let verdict = check(&gate, client.answer(name, password).as_bytes());
        let Verdict::Challenge(values, Some(failed)) = verdict else {
            panic!("{verdict:?}");
        };
        assert_eq!(failed.user.as_deref(), Some(name.as_bytes()));
        assert!(failed.pause > Duration::ZERO && failed.why.contains("password"));
        assert!(!is_stale(Verdict::Challenge(values, None)));
    }
    // nothing of it was used up
    client.count = 0;
    assert!(is_user(
        &check(&gate, client.answer("ann", "one").as_bytes()),
        "ann"
    ));
}

/// RFC 7616 §3.4.4.
#[test]
fn rfc7616_3_4_4_hashed_names() {
    let gate = gate(|_, configured| configured.userhash = true);
    let mut client = Client::of(&gate, 0);
    let answer = client.answer("bob", "one");
    assert!(answer.contains("userhash=true") && !answer.contains("bob"));
    assert!(is_user(&check(&gate, answer.as_bytes()), "bob"));
    let verdict = check(&gate, client.answer("eve", "one").as_bytes());
    let Verdict::Challenge(_, Some(failed)) = verdict else {
        panic!("{verdict:?}");
    };
    assert_eq!(failed.user, None);
}

/// RFC 7616 §3.3, RFC 7616 §3.4.
#[test]
fn rfc7616_3_4_a_request_is_answered_once() {
    let gate = gate(|_, _| {});
    let mut client = Client::of(&gate, 0);
    let first = client.answer("ann", "one");
    assert!(is_user(&check(&gate, first.as_bytes()), "ann"));
    let again = check(&gate, first.as_bytes());
    assert_eq!(why(&again), Some("a request that was seen before"));
    // the client itself, which may not know that its first try arrived, goes on without a question
    assert!(is_stale(again));
    let second = client.answer("ann", "one");
    assert!(is_user(&check(&gate, second.as_bytes()), "ann"));
}

/// RFC 7616 §3.3.
#[test]
fn rfc7616_3_3_a_stale_nonce_is_not_a_wrong_password() {
    let gate = gate(|_, _| {});
    let mut client = Client::of(&gate, 1);
    let later = Instant::now() + 301 * SECOND;
    let (right, wrong) = (client.answer("ann", "one"), client.answer("ann", "two"));
    let verdict = gate.check(&asked(Some(right.as_bytes())), later);
    assert_eq!(why(&verdict), None);
    assert!(is_stale(verdict));
    let verdict = gate.check(&asked(Some(wrong.as_bytes())), later);
    assert!(why(&verdict).is_some() && !is_stale(verdict));
    // another server's, as after a start
    let other = self::gate(|_, _| {});
    assert!(is_stale(check(&other, right.as_bytes())));
    assert!(!is_stale(check(&other, wrong.as_bytes())));
    // what is to be sent back is not
    let opaque = gate.nonces.opaque();
    let changed = client.answer("ann", "one").replace(opaque, "0");
    assert!(is_stale(check(&gate, changed.as_bytes())));
    let without = client.answer("ann", "one");
    let without = without.replace(&format!(", opaque=\"{opaque}\""), "");
    assert!(is_user(&check(&gate, without.as_bytes()), "ann"));
}

/// RFC 7616 §3.4.6.
#[test]
fn rfc7616_3_4_6_the_uri_is_the_target() {
    let gate = gate(|_, _| {});
    let mut client = Client::of(&gate, 0);
    let mut verdict = |method: &str, target: &str, uri: &str| {
        let answer = client.answer_for("ann", "one", method, uri);
        let asked = Asked {
            method: method.as_bytes(),
            target: target.as_bytes(),
            ..asked(Some(answer.as_bytes()))
        };
        gate.check(&asked, Instant::now())
    };
    for (method, target, uri) in [
        ("GET", "/x", "/x"),
        ("GET", "/x?a=\"b\\\"", "/x?a=\"b\\\""),
        ("GET", "http://127.0.0.1:80/x", "/x"),
        ("GET", "/x", "HTTP://other/x"),
        ("GET", "http://a", "/"),
        ("GET", "https://a/x?y", "http://a/x?y"),
        ("OPTIONS", "*", "*"),
        // Internet Explorer
        ("GET", "/x?y", "/x"),
    ] {
        let verdict = verdict(method, target, uri);
        assert!(is_user(&verdict, "ann"), "{target} {uri}: {verdict:?}");
    }
    for (method, target, uri) in [
        ("GET", "/x", "/y"),
        ("GET", "/x", "/x?y"),
        ("GET", "/x?z", "/x?y"),
        ("GET", "/x", "x"),
        ("GET", "/x", "/%78"),
        ("GET", "http://a/x", "http://a"),
        ("GET", "/", "http://a?x"),
        ("PUT", "/x?y", "/x"),
    ] {
        let verdict = verdict(method, target, uri);
        assert!(
            matches!(verdict, Verdict::Malformed(_)),
            "{target} {uri}: {verdict:?}"
        );
    }
    // the method is part of it, too
    let answer = client.answer("ann", "one");
    let put = Asked {
        method: b"PUT",
        ..asked(Some(answer.as_bytes()))
    };
    assert!(why(&gate.check(&put, Instant::now())).is_some());
}

/// RFC 7616 §3.4.
#[test]
fn rfc7616_3_4_what_is_improper_is_a_bad_request() {
    let gate = gate(|_, _| {});
    let mut client = Client::of(&gate, 0);
    let mut verdict = |from: &str, to: &str| {
        let answer = client.answer("ann", "one");
        let changed = answer.replacen(from, to, 1);
        assert_ne!(changed, answer);
        check(&gate, changed.as_bytes())
    };
    for (from, to) in [
        ("qop=auth", "qop=auth-int"),
        ("qop=auth", "qop=other"),
        (" nc=", " nx="),
        (" nc=0", " nc="),
        ("cnonce=", "cnonc="),
        ("username=", "user="),
        ("uri=", "url="),
        ("response=\"", "response=\"0"),
        ("realm=", "realm=\"\", realm="),
    ] {
        let verdict = verdict(from, to);
        assert!(
            matches!(&verdict, Verdict::Malformed(_)),
            "{to}: {verdict:?}"
        );
    }
    for (from, to, word) in [
        ("algorithm=SHA-256", "algorithm=SHA-1", "known"),
        ("algorithm=SHA-256", "algorithm=SHA-256-sess", "offered"),
        ("algorithm=SHA-256", "algorithm=SHA-512-256", "offered"),
        ("realm=\"wirelore\"", "realm=\"other\"", "realm"),
    ] {
        let verdict = verdict(from, to);
        let why = why(&verdict).expect("failed");
        assert!(why.contains(word), "{to}: {why}");
    }
}

/// RFC 7616 §3.4.
#[test]
fn digest_of_clients_that_quote_otherwise() {
    let gate = gate(|_, _| {});
    let mut client = Client::of(&gate, 1);
    for change in [
        (|it| it) as fn(String) -> String,
        // wget and others
        |it| it.replace("algorithm=MD5", "algorithm=\"MD5\""),
        |it| it.replace("algorithm=MD5, ", ""),
        |it| it.replace("qop=auth", "qop=\"auth\""),
        |it| {
            it.replace(" nc=", " nc=\"")
                .replace(", cnonce", "\", cnonce")
        },
        |it| it.replace(", ", ","),
        |it| it.replace(", ", " ,\t").replace("uri=", "uri = "),
        |it| it.replace("username=\"ann\"", "username=ann"),
        |it| it.replace("username=\"ann\"", "username=\"a\\nn\""),
        |it| it.replace("username=\"ann\"", "username*=utf-8'en'a%6En"),
        |it| it.replace("Digest ", "dIGEST   "),
        |it| it.replace("realm=", "REALM="),
        |it| {
            let at = it.find("response=\"").expect("is there") + 10;
            it[..at].to_owned() + &it[at..at + 32].to_uppercase() + &it[at + 32..]
        },
        |it| it + ", more=\"a, b\"",
    ] {
        let changed = change(client.answer("ann", "one"));
        let verdict = check(&gate, changed.as_bytes());
        assert!(is_user(&verdict, "ann"), "{changed}: {verdict:?}");
    }
}

/// RFC 7616 §3.3.
#[test]
fn rfc2069_clients_know_no_qop_and_use_a_nonce_once() {
    let gate = gate(|_, _| {});
    let mut client = Client::of(&gate, 1);
    client.challenge = client.challenge.replace(" qop=\"auth\",", "");
    let answer = client.answer("ann", "one");
    assert!(!answer.contains("qop") && !answer.contains("nc="));
    assert!(is_user(&check(&gate, answer.as_bytes()), "ann"));
    assert!(is_stale(check(&gate, answer.as_bytes())));
}

/// RFC 7616 §3.4.1, RFC 7616 §3.4.5.
#[test]
fn rfc7616_3_9_1_and_3_9_2_examples() {
    let response = |text: &'static str| {
        let it = Credentials::parse(text.as_bytes()).expect("are credentials");
        DigestResponse::parse(&it).expect("are of digest")
    };
    let other = user("other", "other");
    let proof = |realm: &str, user: User, text| {
        let configured = HttpUsers {
            realm: realm.to_owned(),
            algorithms: vec![
                DigestAlgorithm::Md5,
                DigestAlgorithm::Sha256,
                DigestAlgorithm::Sha512_256,
            ],
            users: vec![other.clone(), user],
            ..HttpUsers::default()
        };
        let roll = Roll::new(&options(), &configured).expect("is sound");
        match roll.proof(&response(text), b"GET") {
            Proof::Right(name) => Some(name.to_string()),
            _ => None,
        }
    };
    let mufasa = || user("Mufasa", "Circle of Life");
    let realm = "http-auth@example.org";
    assert_eq!(
        proof(
            realm,
            mufasa(),
            "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", \
             algorithm=SHA-256, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
             nc=00000001, cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, \
             response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        ),
        Some("Mufasa".to_owned())
    );
    let md5 = "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", \
               uri=\"/dir/index.html\", algorithm=MD5, \
               nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
               cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, \
               response=\"8ca523f5e9506fed4657c9700eebdbec\", \
               opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
    assert_eq!(proof(realm, mufasa(), md5), Some("Mufasa".to_owned()));
    assert_eq!(proof(realm, user("Mufasa", "Circle Of Life"), md5), None);
    assert_eq!(proof(realm, user("mufasa", "Circle of Life"), md5), None);
    // the figures that are printed in 3.9.2 are not of SHA-512/256; these are
    let jason = || user("J\u{e4}s\u{f8}n Doe", "Secret, or not?");
    for text in [
        "Digest username=\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b\", \
         realm=\"api@example.org\", uri=\"/doe.json\", algorithm=SHA-512-256, \
         nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", nc=00000001, \
         cnonce=\"NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v\", qop=auth, \
         response=\"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5\", \
         opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", userhash=true",
        "Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, \
         realm=\"api@example.org\", uri=\"/doe.json\", algorithm=SHA-512-256, \
         nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", nc=00000001, \
         cnonce=\"NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v\", qop=auth, \
         response=\"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5\", \
         opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", userhash=false",
    ] {
        let found = proof("api@example.org", jason(), text);
        assert_eq!(found, Some("J\u{e4}s\u{f8}n Doe".to_owned()));
    }
}

/// A gate that has Basic over http.
fn basic_gate(users: Vec<User>) -> Gate {
    gate(|options, configured| {
        options.http_auth = vec![Scheme::Basic];
        configured.users = users;
    })
}

fn credentials(user_id: &[u8], password: &[u8]) -> Vec<u8> {
    let (user_id, password) = (user_id.to_vec(), password.to_vec());
    let mut value = Vec::new();
    let it = UserPass { user_id, password };
    it.write(&mut value).expect("can be sent");
    value
}

/// RFC 7617 §2.
#[test]
fn rfc7617_2_and_2_1_examples() {
    let gate = basic_gate(vec![
        user("Aladdin", "open sesame"),
        user("test", "123\u{a3}"),
    ]);
    let verdict = check(&gate, b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert!(is_user(&verdict, "Aladdin"));
    assert!(is_user(&check(&gate, b"Basic dGVzdDoxMjPCow=="), "test"));
    assert!(is_user(&check(&gate, b"basic  dGVzdDoxMjPCow"), "test"));
}

/// RFC 7617 §2, RFC 7617 §2.1.
#[test]
fn basic_lets_in_by_name_and_password_together() {
    let gate = basic_gate(configured().users);
    let jason = "J\u{e4}s\u{f8}n \"Doe\"";
    for (name, password) in [("ann", "one"), ("bob", "one"), (jason, "a:b \\ \u{a3}")] {
        let value = credentials(name.as_bytes(), password.as_bytes());
        assert!(is_user(&check(&gate, &value), name));
    }
    // ISO 8859-1, as old browsers send it
    let value = credentials(b"J\xe4s\xf8n \"Doe\"", b"a:b \\ \xa3");
    assert!(is_user(&check(&gate, &value), jason));
    for (name, password) in [
        (&b"ann"[..], &b"two"[..]),
        (b"ann", b""),
        (b"", b""),
        (b"eve", b"one"),
        (b"ANN", b"one"),
        (b"ann", b"one "),
        (b"ann\xff", b"one"),
    ] {
        let verdict = check(&gate, &credentials(name, password));
        let Verdict::Challenge(_, Some(failed)) = verdict else {
            panic!("{verdict:?}");
        };
        assert_eq!(failed.user.as_deref(), Some(name));
        assert!(failed.pause > Duration::ZERO);
    }
    for (value, word) in [
        (&b"Basic"[..], "malformed basic"),
        (b"Basic YW5u", "malformed basic"),
        (b"Basic ?", "malformed basic"),
        (b"Bearer YW5uOm9uZQ==", "not offered"),
        (b"", "malformed cred"),
        (b"=", "malformed cred"),
        (b"Digest username=\"ann\"", "not offered"),
    ] {
        let why = why(&check(&gate, value)).expect("failed");
        assert!(why.contains(word), "{why}");
    }
}

/// RFC 7617 §4.
#[test]
fn basic_over_http_counts_only_where_it_is_offered() {
    let gate = gate(|_, _| {});
    let value = credentials(b"ann", b"one");
    assert!(why(&check(&gate, &value)).is_some());
    let secure = Asked {
        secure: true,
        ..asked(Some(&value))
    };
    assert!(is_user(&gate.check(&secure, Instant::now()), "ann"));
}

#[test]
fn uploads_alone_can_be_protected() {
    let gate = gate(|options, _| options.http_protect = Some(Protect::Uploads));
    let verdict = |method: &[u8]| {
        let asked = Asked {
            method,
            ..asked(None)
        };
        gate.check(&asked, Instant::now())
    };
    for open in [&b"GET"[..], b"HEAD", b"OPTIONS"] {
        assert_eq!(verdict(open), Verdict::Open);
    }
    for protected in [&b"PUT"[..], b"DELETE", b"POST", b"get", b""] {
        assert_eq!(values(verdict(protected)).len(), 2);
    }
}

#[test]
fn protection_without_users_is_a_mistake() {
    let mut nobody = HttpUsers::default();
    assert!(Gate::new(&options(), &nobody).is_ok());
    nobody.protect = Some(Protect::Uploads);
    let error = Gate::new(&options(), &nobody).err().expect("is refused");
    assert!(error.contains("no users"), "{error}");
}

#[test]
fn a_file_adds_users_and_is_read_again() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("users");
    let write = |text: &str| {
        std::fs::write(&path, text).expect("writes");
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&path, mode).expect("is ours");
    };
    write("eve:three\n");
    let gate = gate(|options, _| options.http_users = Some(path.clone()));
    let (mut eve, mut ann) = (Client::of(&gate, 0), Client::of(&gate, 0));
    let lets_in = |gate: &Gate, client: &mut Client, name, password| {
        let answer = client.answer(name, password);
        is_user(&check(gate, answer.as_bytes()), name)
    };
    assert!(lets_in(&gate, &mut eve, "eve", "three"));
    assert!(lets_in(&gate, &mut ann, "ann", "one"));
    write("eve:four\n");
    gate.reload(&configured()).expect("is sound");
    assert!(!lets_in(&gate, &mut eve, "eve", "three"));
    assert!(lets_in(&gate, &mut eve, "eve", "four"));
    assert!(lets_in(&gate, &mut ann, "ann", "one"));
    for wrong in ["ann:again\n", "", "eve\n"] {
        write(wrong);
        assert!(gate.reload(&configured()).is_err(), "{wrong:?}");
        assert!(lets_in(&gate, &mut eve, "eve", "four"));
    }
}

#[test]
fn the_command_line_is_sound() {
    use clap::{CommandFactory, Parser};
    #[derive(Parser)]
    struct Serve {
        #[command(flatten)]
        users: Options,
    }
    Serve::command().debug_assert();
    let serve = Serve::parse_from([
        "serve",
        "--http-auth",
        "basic,digest",
        "--http-protect",
        "uploads",
    ]);
    assert_eq!(serve.users.http_auth, [Scheme::Basic, Scheme::Digest]);
    assert_eq!(serve.users.http_protect, Some(Protect::Uploads));
    assert_eq!(serve.users.http_nonce_time, 300 * SECOND);
    assert!(Serve::try_parse_from(["serve", "--http-auth", "ntlm"]).is_err());
    assert!(Serve::try_parse_from(["serve", "--http-nonces", "0"]).is_err());
}
