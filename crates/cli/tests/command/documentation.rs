//! The examples in the documentation print what it says they print.

use super::{data, run};
use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Commands and their output in the ```` ```console ```` blocks of a text.
fn examples(text: &str) -> Vec<(String, String)> {
    let mut examples: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            _ if !inside => {}
            _ if line.starts_with("$ ") => examples.push((line[2..].into(), String::new())),
            _ => {
                let (_, output) = examples.last_mut().expect("a block begins with a command");
                output.push_str(line);
                output.push('\n');
            }
        }
    }
    examples
}

#[test]
fn console_blocks_are_true() {
    let binary = Path::new(env!("CARGO_BIN_EXE_wirelore"));
    let folder = binary.parent().expect("a binary has a folder").to_owned();
    let others = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([folder].into_iter().chain(env::split_paths(&others)))
        .expect("folders without colons");
    for (file, least) in [("README.md", 2), ("../../docs/decode.md", 5)] {
        let text = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text = fs::read_to_string(&text).expect("the documentation is there");
        let examples = examples(&text);
        assert!(
            examples.len() >= least,
            "{file} has {} examples",
            examples.len()
        );
        for (command, wanted) in examples {
            let mut shell = Command::new("sh");
            shell
                .args(["-c", &format!("{command} 2>&1")])
                .env("PATH", &path)
                .env_remove("CLICOLOR_FORCE")
                .current_dir(data(""))
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            let ended = run(&mut shell, b"");
            assert_eq!(ended.text(), wanted, "{file}: {command}");
        }
    }
}
