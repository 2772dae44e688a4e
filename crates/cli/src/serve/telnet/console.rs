//! The commands of the console. They look and change nothing; no shell is behind them.

use super::super::board::{Over, Running, View};
use bytesize::ByteSize;
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use wirelore_core::escape;

/// What a command is given.
pub(super) struct Context<'c> {
    pub(super) view: &'c View,
    /// Who asks.
    pub(super) client: SocketAddr,
}

/// What a command says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) lines: Vec<String>,
    /// The session is over.
    pub(super) end: bool,
}

struct Command {
    words: &'static [&'static str],
    about: &'static str,
    run: fn(&Context<'_>) -> Vec<String>,
    end: bool,
}

const fn command(
    words: &'static [&'static str],
    about: &'static str,
    run: fn(&Context<'_>) -> Vec<String>,
) -> Command {
    Command {
        words,
        about,
        run,
        end: false,
    }
}

const fn farewell(words: &'static [&'static str]) -> Command {
    Command {
        words,
        about: "ends the session",
        run: |_| vec!["Goodbye.".to_owned()],
        end: true,
    }
}

/// All of them, sorted.
const COMMANDS: &[Command] = &[
    farewell(&["exit"]),
    command(&["help"], "the commands; also ?", |_| help(&[])),
    farewell(&["logout"]),
    farewell(&["quit"]),
    command(&["show", "endpoints"], "where what is served", endpoints),
    command(
        &["show", "transfers"],
        "transfers that go on, and the latest that are over",
        transfers,
    ),
    command(
        &["status"],
        "how long it runs, and what was counted",
        status,
    ),
    command(&["who"], "who is connected, and who transfers", who),
];

/// Runs a line that was typed.
pub(super) fn run(line: &str, context: &Context<'_>) -> Answer {
    let words: Vec<&str> = line.split_whitespace().collect();
    let lines = match &words[..] {
        [] => Vec::new(),
        ["?"] => help(&[]),
        [start @ .., "?"] => help(start),
        [first, rest @ ..] if !rest.is_empty() && is_help(first) => help(rest),
        words => match find(words) {
            Ok(command) => {
                return Answer {
                    lines: (command.run)(context),
                    end: command.end,
                };
            }
            Err(complaint) => vec![complaint],
        },
    };
    Answer { lines, end: false }
}

fn is_help(word: &str) -> bool {
    matches!(find(&[word]), Ok(command) if command.words == ["help"])
}

/// The commands that begin like this. A word that is whole counts for itself alone.
fn beginning_with(words: &[&str]) -> Vec<&'static Command> {
    let mut found: Vec<_> = COMMANDS.iter().collect();
    for (place, typed) in words.iter().enumerate() {
        let word = |command: &Command| command.words.get(place).copied();
        let is = |word: &str| word.eq_ignore_ascii_case(typed);
        let begins = |word: &str| {
            let start = word.get(..typed.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(typed))
        };
        match found.iter().any(|command| word(command).is_some_and(is)) {
            true => found.retain(|command| word(command).is_some_and(is)),
            false => found.retain(|command| word(command).is_some_and(begins)),
        }
    }
    found
}

fn find(words: &[&str]) -> Result<&'static Command, String> {
    let found = beginning_with(words);
    let whole = |command: &&&Command| command.words.len() == words.len();
    let names = || {
        let names: Vec<_> = found
            .iter()
            .map(|command| command.words.join(" "))
            .collect();
        names.join(", ")
    };
    match &found[..] {
        [] => {
            let typed = words.join(" ");
            let typed = escape(&typed).limit(60).to_string();
            Err(format!("% There is no command \"{typed}\"; ? lists them."))
        }
        [command] if whole(&command) => Ok(command),
        _ if found
            .iter()
            .all(|command| command.words.len() > words.len()) =>
        {
            Err(format!("% To be continued: {}", names()))
        }
        _ => Err(format!("% Ambiguous: {}", names())),
    }
}

/// What can be put in at the end of `before`, or else what could follow.
pub(super) fn complete(before: &str) -> Result<String, Vec<&'static str>> {
    let mut words: Vec<&str> = before.split_whitespace().collect();
    let last = match before.ends_with(char::is_whitespace) || words.is_empty() {
        true => "",
        false => words.pop().unwrap_or_default(),
    };
    let place = words.len();
    let begins = |word: &&str| {
        let start = word.get(..last.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(last))
    };
    let commands = beginning_with(&words);
    let next = commands
        .iter()
        .filter_map(|command| command.words.get(place));
    let mut next: Vec<&'static str> = next.copied().filter(begins).collect();
    next.dedup();
    match &next[..] {
        [word] => Ok(format!("{} ", &word[last.len()..])),
        _ => Err(next),
    }
}

fn help(start: &[&str]) -> Vec<String> {
    let found = beginning_with(start);
    if found.is_empty() {
        let typed = start.join(" ");
        return vec![format!(
            "% Nothing begins with \"{}\".",
            escape(&typed).limit(60)
        )];
    }
    let rows = found
        .iter()
        .map(|command| vec![command.words.join(" "), command.about.to_owned()]);
    let mut lines = table(rows.collect());
    if start.is_empty() {
        lines.push("Words may be cut short: sh tr. Tab completes them.".to_owned());
    }
    lines
}

fn status(context: &Context<'_>) -> Vec<String> {
    let View {
        up,
        sessions,
        running,
        counts,
        endpoints,
        ..
    } = context.view;
    let size = ByteSize(counts.octets).display().iec().to_string();
    let rows = [
        ("version", format!("wirelore {}", env!("CARGO_PKG_VERSION"))),
        ("up", clock(*up)),
        ("endpoints", endpoints.len().to_string()),
        (
            "transfers",
            format!(
                "{} good, {} failed, {} now, {size} in all",
                counts.transfers,
                counts.failed,
                running.len()
            ),
        ),
        (
            "sessions",
            format!(
                "{} so far, {} now, {} refused",
                counts.sessions,
                sessions.len(),
                counts.refused
            ),
        ),
        ("errors", counts.errors.to_string()),
    ];
    let rows = rows.map(|(name, value)| vec![name.to_owned(), value]);
    table(rows.to_vec())
}

fn who(context: &Context<'_>) -> Vec<String> {
    let View {
        sessions, running, ..
    } = context.view;
    let mut rows = vec![heads(["protocol", "from", "since", "idle", "who or what"])];
    for session in sessions {
        let own = session.protocol == "telnet" && session.client == context.client;
        let user = session.user.as_deref().unwrap_or("-");
        let mut who = escape(user).limit(60).to_string();
        if let Some(terminal) = &session.terminal {
            who += &format!(", {}", escape(terminal).limit(40));
        }
        if own {
            who += " (you)";
        }
        rows.push(vec![
            session.protocol.to_owned(),
            session.client.to_string(),
            clock(session.since.elapsed()),
            clock(session.active.elapsed()),
            who,
        ]);
    }
    for running in running {
        rows.push(vec![
            running.protocol.to_owned(),
            running.client.to_string(),
            clock(running.since.elapsed()),
            "-".to_owned(),
            format!("{} {}", running.direction, escape(&running.file).limit(60)),
        ]);
    }
    table(rows)
}

fn transfers(context: &Context<'_>) -> Vec<String> {
    let View {
        running, recent, ..
    } = context.view;
    if running.is_empty() && recent.is_empty() {
        return vec!["There were none yet.".to_owned()];
    }
    let mut rows = vec![heads(["when", "from", "what", "size", "rate", "name"])];
    for running in running {
        let Running {
            protocol,
            client,
            direction,
            file,
            octets,
            size,
            since,
        } = running;
        let octets = octets.load(Relaxed);
        let mut amount = ByteSize(octets).display().iec().to_string();
        if let Some(size) = size {
            amount += &format!(" of {}", ByteSize(*size).display().iec());
        }
        rows.push(vec![
            "now".to_owned(),
            client.to_string(),
            format!("{protocol} {direction}"),
            amount,
            rate(octets, since.elapsed()),
            escape(file).limit(60).to_string(),
        ]);
    }
    let now = Instant::now();
    for over in recent {
        let Over {
            protocol,
            client,
            direction,
            file,
            octets,
            elapsed,
            at,
            error,
        } = over;
        let mut name = escape(file).limit(60).to_string();
        if let Some(error) = error {
            name += &format!(": failed, {}", printable(error));
        }
        rows.push(vec![
            format!("{} ago", clock(now.saturating_duration_since(*at))),
            client.to_string(),
            format!("{protocol} {direction}"),
            ByteSize(*octets).display().iec().to_string(),
            rate(*octets, *elapsed),
            name,
        ]);
    }
    table(rows)
}

fn endpoints(context: &Context<'_>) -> Vec<String> {
    let rows = context.view.endpoints.iter().map(|place| {
        vec![
            place.protocol.to_owned(),
            format!("{}/{}", place.address, place.transport),
        ]
    });
    table(rows.collect())
}

/// Words of a log line, in which what came from a peer is escaped already.
fn printable(text: &str) -> String {
    let printable = |c: &char| !c.is_control();
    text.chars().filter(printable).take(120).collect()
}

fn rate(octets: u64, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    if seconds < 0.001 {
        return "-".to_owned();
    }
    let rate = ByteSize((octets as f64 / seconds) as u64);
    format!("{}/s", rate.display().iec())
}

/// How long, in a form that is quick to read.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m{:02}s", seconds % 60),
        (0, _, _) => format!("{hours}h{:02}m", minutes % 60),
        _ => format!("{days}d{:02}h", hours % 24),
    }
}

fn heads<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_uppercase).to_vec()
}

/// Rows in columns; the last one is as wide as it is.
fn table(rows: Vec<Vec<String>>) -> Vec<String> {
    let mut widths: Vec<usize> = Vec::new();
    for row in &rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        let line: String = cells
            .map(|(cell, &width)| format!("{cell:<width$}  "))
            .collect();
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::board::{Board, Place};
    use super::*;
    use std::sync::Arc;

    fn client() -> SocketAddr {
        SocketAddr::from(([10, 0, 0, 1], 4000))
    }

    fn said(board: &Board, line: &str) -> Answer {
        let view = &board.view();
        let client = client();
        run(line, &Context { view, client })
    }

    fn text(board: &Board, line: &str) -> String {
        said(board, line).lines.join("\n")
    }

    #[test]
    fn commands_are_sorted() {
        assert!(COMMANDS.is_sorted_by_key(|command| command.words));
    }

    #[test]
    fn words_may_be_cut_short_as_long_as_they_are_clear() {
        let full = |words: &str| {
            let words: Vec<_> = words.split(' ').collect();
            find(&words).map(|command| command.words.join(" "))
        };
        for (typed, meant) in [
            ("sh tr", "show transfers"),
            ("SHOW E", "show endpoints"),
            ("st", "status"),
            ("w", "who"),
            ("h", "help"),
            ("e", "exit"),
            ("q", "quit"),
            ("lo", "logout"),
        ] {
            assert_eq!(full(typed).as_deref(), Ok(meant), "{typed}");
        }
        for (typed, complaint) in [
            ("s", "Ambiguous: show endpoints, show transfers, status"),
            ("show", "To be continued: show endpoints, show transfers"),
            ("sh", "To be continued: show endpoints, show transfers"),
            ("who is", "no command \"who is\""),
            ("whoa", "no command"),
            ("sh\u{1b}[31m", r#"no command "sh\x1b[31m""#),
            ("ä", "no command"),
            ("wäää", "no command"),
        ] {
            let said = full(typed).expect_err(typed);
            assert!(said.contains(complaint), "{typed}: {said}");
        }
    }

    #[test]
    fn words_are_completed() {
        assert_eq!(complete("st"), Ok("atus ".into()));
        assert_eq!(complete("SH"), Ok("ow ".into()));
        assert_eq!(complete("show t"), Ok("ransfers ".into()));
        assert_eq!(complete("sh  e"), Ok("ndpoints ".into()));
        assert_eq!(complete("s"), Err(vec!["show", "status"]));
        assert_eq!(complete("show "), Err(vec!["endpoints", "transfers"]));
        assert_eq!(complete("who "), Err(Vec::new()));
        assert_eq!(complete("x"), Err(Vec::new()));
        assert_eq!(complete("é"), Err(Vec::new()));
        let all = complete("").expect_err("several");
        assert_eq!(all.len(), 7);
    }

    #[test]
    fn help_is_about_what_begins_like_this() {
        let board = Board::new();
        let all = text(&board, "?");
        assert_eq!(all, text(&board, "help"));
        for command in COMMANDS {
            assert!(all.contains(command.about), "{}", command.about);
        }
        let show = text(&board, "show ?");
        assert_eq!(show, text(&board, "help sh"));
        assert_eq!(show.lines().count(), 2);
        assert!(text(&board, "help \x07").contains(r"\x07"));
        assert_eq!(said(&board, "  "), Answer::default());
    }

    #[test]
    fn every_synonym_ends_the_session_and_nothing_else_does() {
        let board = Board::new();
        for command in COMMANDS {
            let end = ["exit", "quit", "logout"].contains(&command.words[0]);
            assert_eq!(said(&board, &command.words.join(" ")).end, end);
        }
    }

    #[test]
    fn what_goes_on_is_shown_and_nothing_in_it_acts_on_a_terminal() {
        let board = Board::new();
        board.serves(Place {
            protocol: "tftp",
            transport: "udp",
            address: client(),
        });
        let own = board.session("telnet", client());
        own.log_in("ann\x1b[2J");
        own.terminal(b"vt\x07");
        let running = board.transfer(Running {
            protocol: "tftp",
            client: client(),
            direction: "read",
            file: b"evil\x1b]0;title\x07\xff".to_vec(),
            octets: Arc::default(),
            size: Some(4096),
            since: Instant::now(),
        });
        running.progress(1024);
        for (octets, error) in [(2048, None), (512, Some("gave\x1b up".to_owned()))] {
            board.over(Over {
                protocol: "tftp",
                client: client(),
                direction: "write",
                file: b"\r\nfile".to_vec(),
                octets,
                elapsed: Duration::from_secs(2),
                at: Instant::now(),
                error,
            });
        }
        let shown = text(&board, "show transfers");
        for words in [
            "1.0 KiB of 4.0 KiB",
            "1.0 KiB/s",
            "tftp read",
            r"evil\x1b]0;title\x07\xff",
            r"\r\nfile",
            "failed, gave up",
        ] {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        let who = text(&board, "who");
        assert!(who.contains(r"ann\x1b[2J, vt\x07 (you)"), "{who}");
        assert!(who.contains("read evil"), "{who}");
        assert!(text(&board, "show endpoints").contains("10.0.0.1:4000/udp"));
        let status = text(&board, "status");
        assert!(status.contains("1 good, 1 failed, 1 now"), "{status}");
        for line in [shown, who, status] {
            assert!(
                !line.contains(|c: char| c.is_control() && c != '\n'),
                "{line:?}"
            );
        }
    }

    #[test]
    fn times_are_short() {
        for (seconds, shown) in [
            (0, "0s"),
            (59, "59s"),
            (61, "1m01s"),
            (3600, "1h00m"),
            (86_400 * 3 + 7200, "3d02h"),
        ] {
            assert_eq!(clock(Duration::from_secs(seconds)), shown);
        }
    }
}
