//! Words that crates below the adapter do not say, outside comments, strings and attributes.

use crate::source::{self, Lexed, attribute, is_punct};
use crate::workspace::Package;
use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use std::fs;
use std::path::Path;

/// Modules of std that do I/O, tell time or start threads.
const STD_MODULES: &[&str] = &["env", "fs", "net", "process", "thread", "time"];

/// Macros that write to the terminal, or pull in text that this check does not see.
const MACROS: &[&str] = &["dbg", "eprint", "eprintln", "include", "print", "println"];

/// Crates that do not even allocate.
const WITHOUT_ALLOC: &[&str] = &["wirelore-bootp", "wirelore-rarp", "wirelore-tftp"];

/// Attributes that the root of each library bears.
const CRATE_ATTRIBUTES: &[&str] = &["no_std", "forbid(unsafe_code)"];

/// Whether a crate below the adapter may need an allocator.
pub(crate) fn allocates(package: &str) -> bool {
    !WITHOUT_ALLOC.contains(&package)
}

/// Every forbidden word in the sources of a package, one line each.
pub(crate) fn check(package: &Package) -> Result<Vec<String>, String> {
    let no_alloc = !allocates(&package.name);
    let mut findings = Vec::new();
    for file in source::rust_files(&package.folder.join("src"))? {
        let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let is_root = file == package.folder.join("src/lib.rs");
        findings.extend(check_file(&file, &text, is_root, no_alloc));
    }
    Ok(findings)
}

fn check_file(file: &Path, text: &str, is_root: bool, no_alloc: bool) -> Vec<String> {
    let lexed = match Lexed::new(text) {
        Ok(lexed) => lexed,
        Err(error) => return vec![format!("{}: {error}", file.display())],
    };
    let mut walk = Walk {
        no_alloc,
        found: Vec::new(),
    };
    walk.stream(lexed.tokens.clone(), false);
    let found = walk.found.into_iter();
    let mut findings: Vec<_> = found
        .map(|(line, what)| format!("{}:{line}: {what}", file.display()))
        .collect();
    if is_root {
        let present = crate_attributes(&lexed.tokens);
        for wanted in CRATE_ATTRIBUTES {
            if !present.iter().any(|attribute| attribute == wanted) {
                findings.push(format!("{}: no #![{wanted}]", file.display()));
            }
        }
    }
    findings
}

/// The text of the inner attributes at the start of a file, without blanks.
fn crate_attributes(tokens: &TokenStream) -> Vec<String> {
    let tokens: Vec<_> = tokens.clone().into_iter().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((attribute, len)) = attribute(&tokens[at..]) {
        found.push(attribute);
        at += len;
    }
    found
}

struct Walk {
    no_alloc: bool,
    found: Vec<(usize, String)>,
}

impl Walk {
    /// Looks at every word; `in_test` inside an item that is only compiled for tests.
    fn stream(&mut self, tokens: TokenStream, in_test: bool) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut for_test = in_test; // an item follows that bears #[cfg(test)]
        let mut at = 0;
        while at < tokens.len() {
            if let Some((attribute, len)) = attribute(&tokens[at..]) {
                for_test |= attribute == "cfg(test)";
                at += len;
                continue;
            }
            let rest = &tokens[at + 1..];
            match &tokens[at] {
                TokenTree::Group(group) => {
                    self.stream(group.stream(), for_test);
                    if group.delimiter() == Delimiter::Brace {
                        for_test = in_test;
                    }
                }
                TokenTree::Punct(punct) if punct.as_char() == ';' => for_test = in_test,
                TokenTree::Ident(ident) => self.word(ident, rest, for_test),
                _ => {}
            }
            at += 1;
        }
    }

    fn word(&mut self, ident: &Ident, rest: &[TokenTree], in_test: bool) {
        let name = ident.to_string();
        let name = name.strip_prefix("r#").unwrap_or(&name);
        match name {
            "unsafe" | "tokio" => self.report(ident, name),
            "alloc" if self.no_alloc && !in_test => self.report(ident, name),
            "std" => self.std(ident, rest),
            "extern" if !in_test && names(rest.first(), "crate") && names(rest.get(1), "std") => {
                self.report(ident, "extern crate std");
            }
            _ if MACROS.contains(&name) && is_punct(rest.first(), '!') => {
                self.report(ident, &format!("{name}!"));
            }
            _ => {}
        }
    }

    /// What follows the word `std`: an alias, a path, a group of paths.
    fn std(&mut self, ident: &Ident, rest: &[TokenTree]) {
        if names(rest.first(), "as") {
            return self.report(ident, "std under another name");
        }
        if !(is_punct(rest.first(), ':') && is_punct(rest.get(1), ':')) {
            return;
        }
        match rest.get(2) {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let tokens: Vec<_> = group.stream().into_iter().collect();
                for entry in tokens.split(|token| is_punct(Some(token), ',')) {
                    self.member(ident, entry);
                }
            }
            _ => self.member(ident, &rest[2..]),
        }
    }

    /// One path below `std::`.
    fn member(&mut self, ident: &Ident, path: &[TokenTree]) {
        match path.first() {
            Some(TokenTree::Ident(first)) => {
                let first = first.to_string();
                let first = first.strip_prefix("r#").unwrap_or(&first);
                if STD_MODULES.contains(&first) {
                    self.report(ident, &format!("std::{first}"));
                } else if first == "self" && names(path.get(1), "as") {
                    self.report(ident, "std under another name");
                }
            }
            star if is_punct(star, '*') => self.report(ident, "std::*"),
            _ => {}
        }
    }

    fn report(&mut self, ident: &Ident, what: &str) {
        let line = ident.span().start().line;
        self.found.push((line, format!("says `{what}`")));
    }
}

fn names(token: Option<&TokenTree>, word: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if ident == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        check_file(Path::new("x.rs"), text, false, true)
    }

    #[test]
    fn forbidden_words_are_found_with_their_line() {
        for bad in [
            "use std::net;",
            "use ::std::net::UdpSocket;",
            "use std::{fmt, net};",
            "use std::{net::{self, UdpSocket}, fmt};",
            "use std::{vec::Vec, thread as t};",
            "use std :: /* really */ time :: Instant;",
            "use std as s;",
            "use std::{self as s};",
            "use std::*;",
            "use r#std::net;",
            "extern crate std;",
            "extern crate std as s;",
            "fn f() { let _ = std::fs::read(p); }",
            "fn f() { std::thread::spawn(g) }",
            "macro_rules! m { () => { std::time::Instant::now() } }",
            "fn f() { println!(); }",
            "fn f() { std::eprintln! {} }",
            "fn f() { unsafe { g() } }",
            "unsafe fn f() {}",
            "use tokio::net::UdpSocket;",
            "use crate::tokio;",
            "include!(\"other.rs\");",
            "extern crate alloc;",
            "use alloc::vec::Vec;",
            "#[cfg(test)] mod tests {} fn f() { extern crate std; }",
            "#[cfg(test)] mod tests { use std::net::UdpSocket; }",
            "let x = 'unterminated;\"",
        ] {
            let text = format!("\n{bad}");
            let found = said(&text);
            assert_eq!(
                found.len(),
                1 + usize::from(bad.contains("crate std as")),
                "{bad}: {found:?}"
            );
            assert!(
                found[0].starts_with("x.rs:2: says `") || bad.contains("unterminated"),
                "{found:?}"
            );
        }
    }

    #[test]
    fn other_words_are_not() {
        for good in [
            "// std::net, unsafe, println!()",
            "/* tokio */ /// std::fs\nfn f() {}",
            "//! ```\n//! use std::net::UdpSocket;\n//! println!();\n//! ```",
            "const A: &str = \"std::net unsafe tokio println!\";",
            "const A: &str = r#\"unsafe\"#; const B: &[u8] = b\"tokio\";",
            "#![forbid(unsafe_code)] #[deprecated(note = \"x\")] #[doc(alias = \"tokio\")] fn f() {}",
            "#[cfg_attr(feature = \"std\", doc = include_str!(\"x\"))] fn f() {}",
            "use core::{fmt, net::IpAddr, time::Duration};",
            "use std::{collections::HashMap, fmt};",
            "fn std(net: u8) { net; print(net) }",
            "struct S { time: u8, fs: u8 } fn f(s: S) { s.time; s.fs }",
            "mod unsafety {} fn tokio_like() {} use crate::net;",
            "#[cfg(test)] extern crate std;",
            "#[cfg(test)] mod tests { extern crate std; extern crate alloc; use alloc::vec::Vec; }",
        ] {
            assert_eq!(said(good), [""; 0], "{good}");
        }
    }

    #[test]
    fn crates_with_memory_may_name_alloc() {
        let found = check_file(Path::new("x.rs"), "extern crate alloc;", false, false);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn the_root_bears_its_attributes() {
        let root = |text| check_file(Path::new("lib.rs"), text, true, false).len();
        assert_eq!(
            root("//! Docs\n#![no_std]\n#![forbid(unsafe_code)]\nmod a;"),
            0
        );
        assert_eq!(
            root("#![doc = include_str!(\"../README.md\")]\n#![no_std]\n#![forbid(unsafe_code)]"),
            0
        );
        assert_eq!(root("#![forbid(unsafe_code)]"), 1);
        assert_eq!(
            root("#![cfg_attr(not(test), no_std)]\n#![deny(unsafe_code)]"),
            2
        );
        assert_eq!(root("mod a { #![no_std] #![forbid(unsafe_code)] }"), 2);
        assert_eq!(root("// #![no_std] #![forbid(unsafe_code)]"), 2);
    }
}
