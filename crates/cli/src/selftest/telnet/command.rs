//! What people do with the console, by `wirelore telnet` in a pipe.

use super::super::judge::Fault;
use super::super::stage::{Server, Stage};
use super::super::{Tell, Trouble};
use super::dialogue::Dialogue;
use super::{After, Case, PROMPT, cases, judge_status, judge_who, play, row, welcome};
use serde_json::Value;
use std::io;
use std::net::SocketAddr;

const USER: &str = "ann";
const PASSWORD: &str = "correct horse";
const WRONG: &str = "battery staple";
const TRIES: usize = 3;

/// The commands that the console has.
const COMMANDS: &[&str] = &[
    "exit",
    "help",
    "logout",
    "quit",
    "show endpoints",
    "show transfers",
    "status",
    "who",
];

pub(super) fn visits<'s>() -> [Case<Visit<'s>>; 8] {
    cases! {
        "the first words" "its version, and a prompt" first_words;
        "help" "every command, each on a line" help;
        "status" "nothing yet but this session" status;
        "show endpoints" "the address that is served" endpoints;
        "show transfers" "there were none yet" transfers;
        "who" "this session, marked as ours" who;
        "a command that there is not" "refused in words, and asked again" unknown;
        "logout" "exit code 0, and a good end in the log" logout;
    }
}

/// A conversation with the console.
pub(super) struct Visit<'s> {
    server: &'s mut Server,
    dialogue: Dialogue,
    /// The one that talks, as the server sees it.
    client: SocketAddr,
}

impl<'s> Visit<'s> {
    async fn begin(stage: &Stage, name: &str, server: &'s mut Server) -> Result<Self, Trouble> {
        let dialogue = Dialogue::begin(stage, name, server.address)?;
        let client = client(server).await?;
        Ok(Self {
            server,
            dialogue,
            client,
        })
    }

    /// What the log has of this kind.
    async fn told(&mut self, what: &str, members: &[(&str, Value)]) -> Result<(), Fault> {
        told(self.server, self.client, what, members).await
    }
}

/// Who has come just now.
async fn client(server: &mut Server) -> io::Result<SocketAddr> {
    let opened = server.session("telnet", "opened", None).await;
    let client = opened.as_ref().and_then(|opened| opened["client"].as_str());
    let client = client.and_then(|client| client.parse().ok());
    client.ok_or_else(|| io::Error::other("wirelore telnet does not come to wirelore serve"))
}

async fn told(
    server: &mut Server,
    client: SocketAddr,
    what: &str,
    members: &[(&str, Value)],
) -> Result<(), Fault> {
    let said = server.session("telnet", what, Some(client)).await;
    let said = said.unwrap_or_default();
    match members.iter().all(|(name, value)| said[name] == *value) && said.is_object() {
        true => Ok(()),
        false => {
            let wanted: Vec<_> = members.iter().map(|(n, v)| format!("{n} {v}")).collect();
            let expected = format!("{what} in the log, with {}", wanted.join(", "));
            Err(Fault::new(expected, said.to_string()))
        }
    }
}

pub(super) async fn run(stage: &Stage, server: &mut Server, tell: Tell<'_>) -> Result<(), Trouble> {
    let mut visit = Visit::begin(stage, "visit", server).await?;
    let command = visit.dialogue.command.clone();
    let (group, cases) = ("wirelore telnet in a pipe", visits());
    play(
        group,
        &cases,
        &mut visit,
        After::LeaveOut,
        Some(&command),
        tell,
    )
    .await
}

fn same(expected: &str, came: &str) -> Result<(), Fault> {
    match expected == came {
        true => Ok(()),
        false => Err(Fault::new(
            expected.escape_debug().to_string(),
            came.escape_debug().to_string(),
        )),
    }
}

async fn first_words(visit: &mut Visit<'_>) -> Result<(), Fault> {
    same(&welcome(), &visit.dialogue.sees(PROMPT).await?)
}

async fn help(visit: &mut Visit<'_>) -> Result<(), Fault> {
    let text = visit.dialogue.asks("help").await?;
    let lines = text.split_terminator("\r\n");
    // two blanks are between a command and what it is for
    let commands = lines.filter_map(|line| Some(line.split_once("  ")?.0));
    let commands: Vec<_> = commands.collect();
    same(&COMMANDS.join(", "), &commands.join(", "))
}

async fn status(visit: &mut Visit<'_>) -> Result<(), Fault> {
    let text = visit.dialogue.asks("status").await?;
    judge_status(&text, "1 so far, 1 now, 0 refused")
}

async fn endpoints(visit: &mut Visit<'_>) -> Result<(), Fault> {
    let text = visit.dialogue.asks("show endpoints").await?;
    same(&format!("telnet  {}/tcp\r\n", visit.server.address), &text)
}

async fn transfers(visit: &mut Visit<'_>) -> Result<(), Fault> {
    let text = visit.dialogue.asks("sh tr").await?;
    same("There were none yet.\r\n", &text)
}

async fn who(visit: &mut Visit<'_>) -> Result<(), Fault> {
    let text = visit.dialogue.asks("who").await?;
    judge_who(&text, visit.client, "-")
}

async fn unknown(visit: &mut Visit<'_>) -> Result<(), Fault> {
    let text = visit.dialogue.asks("reboot now").await?;
    same(
        "% There is no command \"reboot now\"; ? lists them.\r\n",
        &text,
    )
}

async fn logout(visit: &mut Visit<'_>) -> Result<(), Fault> {
    visit.dialogue.types("logout").await?;
    visit.dialogue.sees("Goodbye.\r\n").await?;
    same("", &visit.dialogue.ends().await?)?;
    visit.told("closed", &[("ok", true.into())]).await
}

/// A server with a user. Others may not read the file with the password.
pub(super) async fn guarded(stage: &Stage) -> io::Result<Server> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let text = format!("[[telnet.user]]\nname = \"{USER}\"\npassword = \"{PASSWORD}\"\n");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(stage.path("users.toml"))?;
    file.write_all(text.as_bytes())?;
    stage
        .serve("telnet", "guarded", &["--config=users.toml"])
        .await
}

/// Somebody who does not know the password.
pub(super) struct Intruder {
    dialogue: Dialogue,
    client: SocketAddr,
}

impl Intruder {
    pub(super) async fn come(stage: &Stage, server: &mut Server) -> io::Result<Self> {
        let dialogue = Dialogue::begin(stage, "intruder", server.address)?;
        let client = client(server).await?;
        Ok(Self { dialogue, client })
    }

    /// Guesses, until it is sent away.
    pub(super) async fn guess(&mut self) -> Result<(), Fault> {
        let Self { dialogue, .. } = self;
        same(&welcome(), &dialogue.sees("Username: ").await?)?;
        for guess in 1..=TRIES {
            dialogue.types(USER).await?;
            dialogue.sees("Password: ").await?;
            dialogue.types(WRONG).await?;
            same("\r\n", &dialogue.sees("Login incorrect\r\n").await?)?;
            if guess < TRIES {
                same("", &dialogue.sees("Username: ").await?)?;
            }
        }
        same("", &dialogue.ends().await?)?;
        shows_no_secret(dialogue, WRONG)
    }
}

fn shows_no_secret(dialogue: &Dialogue, password: &str) -> Result<(), Fault> {
    match dialogue.has_seen(password) {
        true => Err(Fault::new("a password that is not shown", password)),
        false => Ok(()),
    }
}

/// Both kinds of logins; `guessed` is how it went for the intruder.
pub(super) async fn logins(
    stage: &Stage,
    server: &mut Server,
    intruder: &Intruder,
    guessed: Result<(), Fault>,
    tell: Tell<'_>,
) -> Result<(), Trouble> {
    let group = "login";
    let mut visit = Visit::begin(stage, "login", server).await?;
    let verdict = log_in(&mut visit).await.into();
    let command = Some(visit.dialogue.command.clone());
    let (what, answer) = ("the right password", "let in by that name, and never shown");
    tell(row(group, what, answer, verdict, command))?;

    let noted = async {
        guessed?;
        let members = [("user", USER.into()), ("ok", false.into())];
        for _ in 0..TRIES {
            told(server, intruder.client, "login", &members).await?;
        }
        let members = [("ok", false.into()), ("user", Value::Null)];
        told(server, intruder.client, "closed", &members).await
    };
    let verdict = noted.await.into();
    let command = Some(intruder.dialogue.command.clone());
    let (what, answer) = (
        "a wrong password, three times",
        "sent away, and all of it in the log",
    );
    Ok(tell(row(group, what, answer, verdict, command))?)
}

async fn log_in(visit: &mut Visit<'_>) -> Result<(), Fault> {
    let dialogue = &mut visit.dialogue;
    same(&welcome(), &dialogue.sees("Username: ").await?)?;
    dialogue.types(USER).await?;
    dialogue.sees("Password: ").await?;
    dialogue.types(PASSWORD).await?;
    same("\r\n\r\n", &dialogue.sees(PROMPT).await?)?;
    let text = dialogue.asks("who").await?;
    judge_who(&text, visit.client, USER)?;
    logout_of(visit).await?;
    shows_no_secret(&visit.dialogue, PASSWORD)
}

async fn logout_of(visit: &mut Visit<'_>) -> Result<(), Fault> {
    let user = || ("user", USER.into());
    visit.told("login", &[user(), ("ok", true.into())]).await?;
    visit.dialogue.types("exit").await?;
    visit.dialogue.sees("Goodbye.\r\n").await?;
    same("", &visit.dialogue.ends().await?)?;
    visit.told("closed", &[user(), ("ok", true.into())]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_text_is_found() {
        assert_eq!(same("a\r\n", "a\r\n"), Ok(()));
        let fault = same("a\r\n", "a\n\x1b").expect_err("it is another");
        assert_eq!((&*fault.expected, &*fault.came), (r"a\r\n", r"a\n\u{1b}"));
    }
}
