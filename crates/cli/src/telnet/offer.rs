//! What the client tells about itself: the terminal, and what was named on the command line.

use super::Arguments;
use super::ends::{Code, Failure};
use super::network::{Port, TELNET};
use super::terminal::Terminal;
use std::env;
use std::os::unix::ffi::OsStringExt;
use wirelore_core::escape;
use wirelore_telnet_nvt::ClientConfig;
use wirelore_telnet_nvt::environment::{is_display, is_terminal_name};

/// Of a terminal, its kind, size and speed; of the environment, what was named.
pub(crate) fn config(
    arguments: &Arguments,
    port: Port,
    terminal: Option<&Terminal>,
) -> Result<ClientConfig, Failure> {
    let environment = environment(arguments)?;
    let display = environment
        .iter()
        .find(|(name, value)| name == b"DISPLAY" && is_display(value));
    let mut config = ClientConfig {
        speaks_first: port == TELNET || arguments.user.is_some(),
        x_display: display.map(|(_, value)| value.clone()),
        environment,
        binary: arguments.binary,
        // what comes out of a pipe is what the server has to say, not what went in
        remote_echo: terminal.is_some(),
        ..ClientConfig::default()
    };
    if let Some(terminal) = terminal {
        config.terminal_types = terminal_type()
            .into_iter()
            .map(String::into_bytes)
            .collect();
        config.window = Some(terminal.window().unwrap_or_default());
        config.terminal_speed = Some(terminal.speed());
        config.linemode = true;
        config.special_characters = terminal.characters();
    }
    Ok(config)
}

/// `TERM` in capital letters, as servers expect it, if it is a name.
pub(crate) fn terminal_type() -> Option<String> {
    let name = env::var("TERM").ok()?.to_ascii_uppercase();
    is_terminal_name(name.as_bytes()).then_some(name)
}

type Variable = (Vec<u8>, Vec<u8>);

fn environment(arguments: &Arguments) -> Result<Vec<Variable>, Failure> {
    let wrong = |text: String| Failure::new(Code::USAGE, text);
    let mut variables: Vec<Variable> = Vec::new();
    for named in &arguments.env {
        let (name, value) = match named.split_once('=') {
            Some((name, value)) => (name, value.as_bytes().to_vec()),
            None => match env::var_os(named) {
                Some(value) => (named.as_str(), value.into_vec()),
                None => return Err(wrong(format!("--env {}: it is not set", escape(named)))),
            },
        };
        let is_part = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'_';
        if name.is_empty() || !name.bytes().all(is_part) {
            return Err(wrong(format!("--env {}: not a name", escape(name))));
        }
        variables.push((name.into(), value));
    }
    if let Some(user) = &arguments.user {
        variables.push((b"USER".to_vec(), user.clone().into_bytes()));
    }
    let octets: usize = variables.iter().map(|(n, v)| n.len() + v.len() + 2).sum();
    if octets > ClientConfig::default().max_environment {
        return Err(wrong("the variables are too long".into()));
    }
    for (at, (name, _)) in variables.iter().enumerate() {
        if variables[..at].iter().any(|(before, _)| before == name) {
            return Err(wrong(format!("{} is given twice", escape(name))));
        }
    }
    Ok(variables)
}
