//! Lines, and that they arrive.

use super::*;
use std::fs;
use std::sync::mpsc::{Receiver, channel};
use std::time::UNIX_EPOCH;

/// Lines wait no longer than this.
const LONG: Duration = Duration::from_secs(20);

fn entry() -> Entry<'static> {
    Entry {
        client: SocketAddr::from(([192, 0, 2, 7], 40000)),
        user: None,
        method: b"GET",
        target: b"/a%20b?x=1",
        version: Version::Http11,
        status: 200,
        octets: 2326,
        elapsed: Duration::from_micros(1_000_042),
        referer: None,
        user_agent: None,
        secure: false,
    }
}

fn combined(entry: &Entry<'_>) -> String {
    let mut out = Vec::new();
    format::combined(entry, "10/Oct/2000:13:55:36 -0700", &mut out);
    String::from_utf8(out).expect("is ASCII")
}

fn json(entry: &Entry<'_>) -> String {
    let mut out = Vec::new();
    let mut clock = Clock::default();
    let now = UNIX_EPOCH + Duration::from_millis(971_211_336_007);
    format::json(entry, clock.utc(now), &mut out);
    String::from_utf8(out).expect("is UTF-8")
}

#[test]
fn combined_lines() {
    assert_eq!(
        combined(&entry()),
        "192.0.2.7 - - [10/Oct/2000:13:55:36 -0700] \"GET /a%20b?x=1 HTTP/1.1\" 200 2326 \"-\" \"-\"\n"
    );
    let other = Entry {
        client: "[::ffff:192.0.2.7]:1".parse().expect("is an address"),
        user: Some("frank o'hara"),
        version: Version::Http09,
        status: 304,
        octets: 0,
        referer: Some(b"http://www.example.com/start.html"),
        user_agent: Some(b"Mozilla/4.08 [en] (Win98; I ;Nav)"),
        ..entry()
    };
    assert_eq!(
        combined(&other),
        "192.0.2.7 - frank\\x20o'hara [10/Oct/2000:13:55:36 -0700] \"GET /a%20b?x=1\" 304 - \
         \"http://www.example.com/start.html\" \"Mozilla/4.08 [en] (Win98; I ;Nav)\"\n"
    );
    let nothing = Entry {
        client: "[2001:db8::1]:1".parse().expect("is an address"),
        method: b"",
        status: 400,
        ..entry()
    };
    assert!(combined(&nothing).starts_with("2001:db8::1 - - ["));
    assert!(combined(&nothing).contains("] \"-\" 400 "));
}

#[test]
fn hostile_octets_stay_in_their_field() {
    let hostile = b"/\" 200 1 \"\\\x1b[31m\r\n\t\x0b\x08\x0c\x00\x7f\xc3\xa9\xff";
    let entry = Entry {
        user: Some("a\"\n\u{e9}"),
        method: b"G\"T",
        target: hostile,
        user_agent: Some(hostile),
        referer: Some(b"\\"),
        ..entry()
    };
    let shown = r#"/\" 200 1 \"\\\x1b[31m\r\n\t\v\b\x0c\x00\x7f\xc3\xa9\xff"#;
    assert_eq!(
        combined(&entry),
        format!(
            "192.0.2.7 - a\\\"\\n\\xc3\\xa9 [10/Oct/2000:13:55:36 -0700] \"G\\\"T {shown} \
             HTTP/1.1\" 200 2326 \"\\\\\" \"{shown}\"\n"
        )
    );
    let line = json(&entry);
    assert_eq!(line.matches('\n').count(), 1);
    let value: serde_json::Value = serde_json::from_str(&line).expect("is JSON");
    assert_eq!(value["target"], String::from_utf8_lossy(hostile).as_ref());
    assert_eq!(value["user"], "a\"\n\u{e9}");
}

#[test]
fn long_fields_are_cut() {
    let long = vec![b'a'; 70_000];
    let entry = Entry {
        user_agent: Some(&long),
        referer: Some(&long[..2048]),
        ..entry()
    };
    let [whole, cut] = [&"a".repeat(2048), &("a".repeat(2048) + "...")];
    assert!(combined(&entry).ends_with(&format!(" \"{whole}\" \"{cut}\"\n")));
    let value: serde_json::Value = serde_json::from_str(&json(&entry)).expect("is JSON");
    assert_eq!(value["user_agent"], **cut);
}

#[test]
fn json_lines() {
    assert_eq!(
        json(&entry()),
        "{\"time\":\"2000-10-10T20:55:36.007Z\",\"client\":\"192.0.2.7:40000\",\"user\":null,\
         \"method\":\"GET\",\"target\":\"/a%20b?x=1\",\"version\":\"HTTP/1.1\",\"status\":200,\
         \"bytes\":2326,\"seconds\":1.000042,\"tls\":false,\"referer\":null,\
         \"user_agent\":null}\n"
    );
    let other = Entry {
        user: Some("ann"),
        method: b"",
        referer: Some(b""),
        user_agent: Some(b"curl/8"),
        secure: true,
        ..entry()
    };
    let value: serde_json::Value = serde_json::from_str(&json(&other)).expect("is JSON");
    assert_eq!(value["method"], serde_json::Value::Null);
    assert_eq!(value["referer"], "");
    assert_eq!(value["version"], serde_json::Value::Null);
    assert_eq!(value["tls"], true);
}

#[test]
fn json_strings_are_those_of_serde_json() {
    let mut all: Vec<Vec<u8>> = (0..=255).map(|octet| vec![b'a', octet, b'b']).collect();
    all.push("\u{e9}\u{20ac}\u{1f600}\u{7f}\u{80}\u{2028}".into());
    all.push(b"\xf0\x9f\x98".to_vec());
    all.push(b"\xe2\x82\"\xac\xff\xfe\\".to_vec());
    for octets in all {
        let line = json(&Entry {
            target: &octets,
            ..entry()
        });
        // the same string, if not the same letters
        let line: serde_json::Value = serde_json::from_str(&line).expect("is JSON");
        assert_eq!(line["target"], String::from_utf8_lossy(&octets).as_ref());
    }
    let deceptive = "\u{7f}\u{9b}\u{202e}\u{feff}";
    let line = json(&Entry {
        target: deceptive.as_bytes(),
        ..entry()
    });
    assert!(
        line.contains(r#""target":"\u007f\u009b\u202e\ufeff","#),
        "{line}"
    );
    for octets in [&b"a\"\\\n\t\x00b"[..], b"plain"] {
        let line = json(&Entry {
            target: octets,
            ..entry()
        });
        let wanted = serde_json::to_string(&String::from_utf8_lossy(octets)).expect("is a string");
        assert!(line.contains(&format!("\"target\":{wanted},")), "{line}");
    }
}

#[test]
fn the_time_is_made_anew_every_second() {
    let mut clock = Clock::default();
    let at = |millis| UNIX_EPOCH + Duration::from_millis(971_211_336_000 + millis);
    let local = |clock: &mut Clock, now| clock.local(now).to_owned();
    for millis in [0, 999, 1000, 500, 60_000] {
        let shown = local(&mut clock, at(millis));
        let parsed = jiff::Zoned::strptime("%d/%b/%Y:%H:%M:%S %z", &shown).expect("is a date");
        let wanted = (971_211_336_000 + millis) / 1000;
        assert_eq!(parsed.timestamp().as_second() as u64, wanted, "{shown}");
        assert_eq!(shown.len(), 26);
    }
    assert_eq!(local(&mut clock, at(0)), local(&mut clock, at(999)));
    // before the epoch, and far behind it, there is some time
    let before = UNIX_EPOCH - Duration::from_secs(1);
    assert!(local(&mut clock, before).contains("19"));
    let _ = clock.utc(UNIX_EPOCH + Duration::from_secs(1 << 40));
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("access.log")
    }

    fn open(&self, format: Format) -> (AccessLog, Writer, Receiver<String>) {
        let (told, heard) = channel();
        let report = move |text: &str| _ = told.send(text.to_owned());
        let (log, writer) = AccessLog::open(&self.path(), format, report).expect("opens");
        (log, writer, heard)
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join(name)).expect("reads");
        assert!(text.is_empty() || text.ends_with('\n'));
        text.lines().map(str::to_owned).collect()
    }
}

/// Waits for something that takes a while.
fn until(what: impl Fn() -> bool) {
    for _ in 0..2000 {
        if what() {
            return;
        }
        std::thread::sleep(LONG / 2000);
    }
    panic!("it did not come");
}

#[test]
fn lines_of_many_threads_are_all_there_and_whole() {
    let place = Place::new();
    let (log, writer, heard) = place.open(Format::Combined);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let log = log.clone();
            scope.spawn(move || {
                for line in 0..1000 {
                    let target = format!("/{thread}/{line}");
                    log.line(&Entry {
                        target: target.as_bytes(),
                        ..entry()
                    });
                }
            });
        }
    });
    writer.finish();
    let lines = place.lines("access.log");
    assert_eq!(lines.len(), 4000);
    for thread in 0..4 {
        let of: Vec<&String> = lines
            .iter()
            .filter(|line| line.contains(&format!("GET /{thread}/")))
            .collect();
        assert_eq!(of.len(), 1000);
        for (at, line) in of.iter().enumerate() {
            let wanted = format!("\"GET /{thread}/{at} HTTP/1.1\" 200 2326 \"-\" \"-\"");
            assert!(line.starts_with("192.0.2.7 - - [") && line.ends_with(&wanted));
        }
    }
    // it is over: this goes nowhere
    log.line(&entry());
    log.reopen();
    assert_eq!(place.lines("access.log").len(), 4000);
    assert_eq!(heard.try_iter().count(), 0);
}

#[test]
fn a_line_is_written_soon_without_a_further_one() {
    let place = Place::new();
    let (log, writer, _heard) = place.open(Format::Json);
    for count in 1..=3 {
        log.line(&entry());
        until(|| place.lines("access.log").len() == count);
    }
    writer.finish();
}

#[cfg(unix)]
#[test]
fn the_file_is_appended_to_and_others_cannot_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    for count in 1..=2 {
        let (log, writer, _heard) = place.open(Format::Combined);
        log.line(&entry());
        writer.finish();
        assert_eq!(place.lines("access.log").len(), count);
    }
    let mode = fs::metadata(place.path()).expect("is there").permissions();
    assert_eq!(mode.mode() & 0o137, 0);
    let missing = place.folder.path().join("missing/log");
    assert!(AccessLog::open(&missing, Format::Combined, |_| {}).is_err());
}

#[test]
fn a_file_that_was_moved_away_is_opened_again() {
    let place = Place::new();
    let (log, writer, heard) = place.open(Format::Combined);
    log.line(&entry());
    fs::rename(place.path(), place.folder.path().join("old.log")).expect("moves");
    log.reopen();
    until(|| place.path().exists());
    log.line(&entry());
    // one that cannot be opened: what is written goes where it went
    until(|| place.lines("access.log").len() == 1);
    fs::rename(place.path(), place.folder.path().join("older.log")).expect("moves");
    fs::create_dir(place.path()).expect("makes a folder");
    log.reopen();
    let told = heard.recv_timeout(LONG).expect("is told");
    assert!(told.contains("old file"), "{told}");
    log.line(&entry());
    writer.finish();
    assert_eq!(place.lines("old.log").len(), 1);
    assert_eq!(place.lines("older.log").len(), 2);
}

#[test]
fn a_full_disk_is_told_once_and_stops_nothing() {
    let (told, heard) = channel();
    let report = move |text: &str| _ = told.send(text.to_owned());
    let full = Path::new("/dev/full");
    let (log, writer) = AccessLog::open(full, Format::Combined, report).expect("opens");
    log.line(&entry());
    let text = heard.recv_timeout(LONG).expect("is told");
    assert!(text.contains("No space left"), "{text}");
    for _ in 0..10 {
        log.line(&entry());
    }
    writer.finish();
    let rest: Vec<String> = heard.try_iter().collect();
    assert_eq!(rest, ["/dev/full: 11 lines were lost"]);
}

/// A log whose thread does not run.
fn without_a_thread(format: Format) -> AccessLog {
    AccessLog(Arc::new(Shared {
        format,
        state: Mutex::new(State {
            lines: Vec::new(),
            lost: 0,
            clock: Clock::default(),
            reopen: false,
            stop: false,
        }),
        wake: Condvar::new(),
    }))
}

#[test]
fn what_does_not_fit_is_lost_and_counted() {
    let log = without_a_thread(Format::Json);
    let long = vec![b'a'; 4096];
    let entry = Entry {
        user_agent: Some(&long),
        ..entry()
    };
    for _ in 0..1000 {
        log.line(&entry);
    }
    let state = log.0.state();
    let lines = state.lines.iter().filter(|&&octet| octet == b'\n').count();
    assert!(state.lines.ends_with(b"}\n") && state.lines.len() <= WAITING);
    assert!(lines > 400);
    assert_eq!(lines as u64 + state.lost, 1000);
}

#[test]
fn what_was_lost_is_told() {
    let place = Place::new();
    let (log, writer, heard) = place.open(Format::Combined);
    log.0.state().lost = 3;
    log.reopen();
    let told = heard.recv_timeout(LONG).expect("is told");
    assert!(told.starts_with("3 lines of the access log were lost"));
    writer.finish();
}

#[test]
fn a_buffer_that_has_grown_stays() {
    for format in [Format::Combined, Format::Json] {
        let log = without_a_thread(format);
        let now = SystemTime::now();
        let mut place = None;
        for round in 0..10 {
            for _ in 0..100 {
                log.line_at(&entry(), now);
            }
            let mut state = log.0.state();
            let at = (state.lines.as_ptr(), state.lines.capacity());
            assert!(round == 0 || place == Some(at));
            place = Some(at);
            state.lines.clear();
        }
    }
}

#[test]
fn the_command_line_is_sound() {
    use clap::{CommandFactory, Parser};
    #[derive(Parser)]
    struct Serve {
        #[command(flatten)]
        log: Options,
    }
    Serve::command().debug_assert();
    let parse = |arguments: &[&str]| Serve::try_parse_from([&["serve"], arguments].concat());
    let options = parse(&["--access-log", "-"]).expect("parses").log;
    assert_eq!(options.access_log_format, Format::Combined);
    assert_eq!(options.access_log.as_deref(), Some(Path::new("-")));
    let options = parse(&["--access-log-format", "json"]).expect("parses").log;
    assert_eq!(options.access_log_format, Format::Json);
    assert!(parse(&["--access-log-format", "xml"]).is_err());
}
