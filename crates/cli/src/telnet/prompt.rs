//! The prompt behind the escape character: what can be said there.

use super::manner::Manner;
use super::send;
use super::session::Session;
use super::settings::{NAMES, Settings, pick, shown};
use std::fmt::Write as _;
use wirelore_core::escape;
use wirelore_telnet_nvt::{OptionCode, OptionSet, Side};

pub(crate) const PROMPT: &str = "wirelore telnet> ";

/// What follows a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Back to the session.
    Session,
    /// Another command.
    Prompt,
    Suspend,
    Quit,
}

/// What a prompt works on.
pub(crate) struct Scene<'s> {
    pub(crate) session: &'s mut Session,
    pub(crate) settings: &'s mut Settings,
    pub(crate) facts: &'s Facts,
}

/// What does not change in a session.
pub(crate) struct Facts {
    /// As the user wrote it, and where that is.
    pub(crate) peer: String,
    pub(crate) terminal_type: Option<String>,
    pub(crate) window: Option<(u16, u16)>,
}

const COMMANDS: &[(&str, &str)] = &[
    ("close", "close the connection"),
    ("display", "show settings: display [NAME...]"),
    ("help", "this list; help send, help set"),
    (
        "mode",
        "ask for a way to work: mode character|line|linemode",
    ),
    ("quit", "close the connection and end"),
    ("send", "send something that no key sends: send ayt"),
    ("set", "change a setting: set NAME [VALUE]"),
    ("status", "show where this session stands"),
    ("toggle", "switch settings: toggle NAME..."),
    ("unset", "switch settings off: unset NAME..."),
    ("z", "suspend"),
    ("?", "the same as help"),
];

/// Does what a line says. An empty one goes back to the session.
pub(crate) fn obey(line: &str, scene: &mut Scene<'_>) -> Then {
    let mut words = line.split_ascii_whitespace();
    let Some(word) = words.next() else {
        return Then::Session;
    };
    let words: Vec<&str> = words.collect();
    let console = scene.session.console.clone();
    let done = pick(word, COMMANDS.iter().map(|(name, _)| *name))
        .and_then(|command| carry_out(command, &words, scene));
    done.unwrap_or_else(|why| {
        console.say(&why);
        Then::Prompt
    })
}

fn carry_out(command: &str, words: &[&str], scene: &mut Scene<'_>) -> Result<Then, String> {
    let Scene {
        session, settings, ..
    } = scene;
    let setting = |word: &str| pick(word, NAMES.iter().map(|(name, _)| *name));
    match (command, words) {
        ("close" | "quit", []) => return Ok(Then::Quit),
        ("z", []) => return Ok(Then::Suspend),
        ("status", []) => {
            let text = status(scene);
            scene.session.console.say(&text);
        }
        ("send", words) => send::send(words, session, settings)?,
        ("mode", [word]) => mode(word, session)?,
        ("set", [name]) => settings.set(setting(name)?, None, session)?,
        ("set", [name, value]) => settings.set(setting(name)?, Some(value), session)?,
        ("unset", [_, ..]) => {
            for name in words {
                settings.set(setting(name)?, Some("off"), session)?;
            }
        }
        ("toggle", [_, ..]) => {
            for name in words {
                settings.toggle(setting(name)?, session)?;
            }
        }
        ("display", []) => {
            let lines = NAMES.iter().map(|(name, _)| settings.line(name, session));
            session.console.say(&lines.collect::<Vec<_>>().join("\n"));
            return Ok(Then::Prompt);
        }
        ("display", words) => {
            for word in words {
                session.console.say(&settings.line(setting(word)?, session));
            }
            return Ok(Then::Prompt);
        }
        ("help" | "?", words) => {
            session.console.say(&help(words.first().copied()));
            return Ok(Then::Prompt);
        }
        _ => return Err(about(command)),
    }
    Ok(Then::Session)
}

fn about(command: &str) -> String {
    let known = COMMANDS.iter().find(|(name, _)| *name == command);
    known.map_or("", |(_, meaning)| meaning).into()
}

fn help(topic: Option<&str>) -> String {
    let table = |rows: &[(&str, &str)]| {
        let rows = rows
            .iter()
            .map(|(name, meaning)| format!("{name:<12}{meaning}"));
        rows.collect::<Vec<_>>().join("\n")
    };
    match topic {
        Some("send") => {
            let words: Vec<&str> = send::words().collect();
            format!(
                "send WORD...: {}\ndo, dont, will and wont want an option",
                words.join(" ")
            )
        }
        Some("set") => table(NAMES),
        _ => table(COMMANDS),
    }
}

/// Asks the server to work like that. It may refuse.
fn mode(word: &str, session: &mut Session) -> Result<(), String> {
    let (linemode, far) = match pick(word, ["character", "line", "linemode"].into_iter())? {
        "character" => (false, true),
        "line" => (false, false),
        _ => (true, false),
    };
    if linemode || session.is_on(Side::Us, OptionCode::LINEMODE) {
        session.request(Side::Us, OptionCode::LINEMODE, linemode)?;
    }
    if !linemode {
        for option in [OptionCode::SGA, OptionCode::ECHO] {
            session.request(Side::Him, option, far)?;
        }
    }
    Ok(())
}

fn status(scene: &Scene<'_>) -> String {
    let Scene {
        session,
        settings,
        facts,
    } = scene;
    let wire = session.driver.stream();
    let manner = Manner::of(session.driver.machine(), settings);
    let mut text = format!("Connected to {}.\n", escape(&facts.peer));
    let _ = writeln!(text, "Mode: {}.", manner.words());
    match session.client() {
        None => text.push_str("No TELNET.\n"),
        Some(client) => {
            let negotiation = client.receiver().negotiation();
            let _ = writeln!(text, "Options here: {}.", list(negotiation.on(Side::Us)));
            let _ = writeln!(text, "Options there: {}.", list(negotiation.on(Side::Him)));
        }
    }
    if let Some((columns, rows)) = facts.window {
        let _ = writeln!(text, "Window: {columns} columns, {rows} rows.");
    }
    if let Some(name) = &facts.terminal_type {
        let _ = writeln!(text, "Terminal type: {}.", escape(name));
    }
    let _ = writeln!(
        text,
        "Octets: {} received, {} sent.",
        wire.received, wire.sent
    );
    match settings.escape {
        Some(octet) => text + &format!("Escape character is '{}'.", shown(octet)),
        None => text + "No escape character.",
    }
}

fn list(options: OptionSet) -> String {
    let names: Vec<String> = options.iter().map(|option| option.to_string()).collect();
    match names.is_empty() {
        true => "none".into(),
        false => names.join(" "),
    }
}
