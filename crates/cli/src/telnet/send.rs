//! What `send` sends.

use super::session::Session;
use super::settings::{Settings, pick};
use wirelore_telnet_nvt::{Command, OptionCode, Requested, Verb};

/// The words that stand for a command of two octets.
const COMMANDS: &[(&str, Command)] = &[
    ("abort", Command::ABORT),
    ("ao", Command::AO),
    ("ayt", Command::AYT),
    ("brk", Command::BRK),
    ("ec", Command::EC),
    ("el", Command::EL),
    ("eof", Command::EOF),
    ("eor", Command::EOR),
    ("ga", Command::GA),
    ("ip", Command::IP),
    ("nop", Command::NOP),
    ("susp", Command::SUSP),
];

/// The other words.
const OTHERS: &[&str] = &["escape", "synch", "do", "dont", "will", "wont"];

/// One thing to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thing {
    Command(Command),
    Synch,
    Escape,
    Say(Verb, OptionCode),
}

/// All the words there are.
pub(crate) fn words() -> impl Iterator<Item = &'static str> + Clone {
    let commands = COMMANDS.iter().map(|(word, _)| *word);
    commands.chain(OTHERS.iter().copied())
}

/// Sends everything that the words name, or nothing at all.
pub(crate) fn send(
    words: &[&str],
    session: &mut Session,
    settings: &Settings,
) -> Result<(), String> {
    if words.is_empty() {
        return Err("what? see: help send".into());
    }
    for thing in things(words)? {
        match thing {
            Thing::Command(command) => session.command(command)?,
            Thing::Synch => session.synch()?,
            Thing::Escape => {
                let escape = settings.escape.ok_or("there is no escape character")?;
                session.typed(&[escape], b'\r', settings.return_key);
            }
            Thing::Say(verb, option) => {
                let (side, on) = meant(verb);
                if session.request(side, option, on)? == Requested::Already {
                    let text = format!("{verb} {option}: nothing sent, it is so already");
                    session.console.say(&text);
                }
            }
        }
    }
    Ok(())
}

fn things(words: &[&str]) -> Result<Vec<Thing>, String> {
    let mut things = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let name = pick(word, self::words())?;
        let command = COMMANDS.iter().find(|(known, _)| *known == name);
        let verb = match name {
            "synch" => {
                things.push(Thing::Synch);
                continue;
            }
            "escape" => {
                things.push(Thing::Escape);
                continue;
            }
            "do" => Verb::Do,
            "dont" => Verb::Dont,
            "will" => Verb::Will,
            "wont" => Verb::Wont,
            _ => {
                things.extend(command.map(|(_, command)| Thing::Command(*command)));
                continue;
            }
        };
        let option = rest.next().ok_or_else(|| format!("{name} what?"))?;
        let code = option.parse().ok().map(OptionCode);
        let option = OptionCode::from_name(option).or(code);
        things.push(Thing::Say(
            verb,
            option.ok_or("an option has a name, or a number up to 255")?,
        ));
    }
    Ok(things)
}

/// Whose option a verb that we say is about, and whether it is to be on.
const fn meant(verb: Verb) -> (wirelore_telnet_nvt::Side, bool) {
    use wirelore_telnet_nvt::Side::{Him, Us};
    match verb {
        Verb::Will => (Us, true),
        Verb::Wont => (Us, false),
        Verb::Do => (Him, true),
        Verb::Dont => (Him, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_things_are_sent_at_once_or_none() {
        let wanted = [
            Thing::Command(Command::AYT),
            Thing::Say(Verb::Do, OptionCode::ECHO),
            Thing::Synch,
            Thing::Say(Verb::Wont, OptionCode(200)),
            Thing::Escape,
        ];
        let words = ["ay", "do", "echo", "SYNCH", "wont", "200", "escape"];
        assert_eq!(things(&words), Ok(wanted.to_vec()));
        for bad in [
            &["ip", "do"][..],
            &["do", "no-such"],
            &["will", "256"],
            &["e"],
            &["x"],
        ] {
            assert!(things(bad).is_err(), "{bad:?}");
        }
    }
}
