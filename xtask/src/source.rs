//! Rust sources as tokens: without comments, with places, without a grammar.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A file as tokens. Their byte ranges are those of the text.
#[derive(Debug)]
pub(crate) struct Lexed<'t> {
    pub(crate) text: &'t str,
    pub(crate) tokens: TokenStream,
}

/// A function, constant or type, wherever it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// Enclosing modules and `impl` types, then its own name.
    pub(crate) path: Vec<String>,
    /// From its keyword to its end.
    pub(crate) range: Range<usize>,
    /// What stands between the braces of a function, or after the name of a constant.
    pub(crate) body: Option<Range<usize>>,
}

impl<'t> Lexed<'t> {
    pub(crate) fn new(text: &'t str) -> Result<Self, String> {
        let tokens = text.parse().map_err(|e| format!("cannot be lexed: {e}"))?;
        Ok(Self { text, tokens })
    }

    /// The items whose path ends with `path` (segments joined by `::`).
    pub(crate) fn items(&self, path: &str) -> Vec<Item> {
        let wanted: Vec<_> = path.split("::").collect();
        let mut items = Vec::new();
        collect(self.tokens.clone(), &mut Vec::new(), &mut items);
        items.retain(|item: &Item| {
            let from = item.path.len().checked_sub(wanted.len());
            from.is_some_and(|from| item.path[from..] == wanted)
        });
        items
    }

    /// The comments and attributes right above an item.
    pub(crate) fn above(&self, item: &Item) -> String {
        let before = &self.text[..item.range.start];
        let before = before.rfind('\n').map_or("", |end| &before[..end]);
        let lines = before.lines().rev().map(str::trim);
        let mut lines: Vec<_> = lines
            .take_while(|line| line.starts_with("//") || line.starts_with("#["))
            .collect();
        lines.reverse();
        lines.join("\n")
    }

    /// The first line of a function's body that is not empty.
    pub(crate) fn first_line(&self, item: &Item) -> &'t str {
        let body = item.body.clone().map_or("", |body| &self.text[body]);
        body.lines()
            .map(str::trim)
            .find(|line| !line.is_empty())
            .unwrap_or("")
    }
}

/// Adds the items of a token stream, those within blocks and macro calls too.
fn collect(tokens: TokenStream, context: &mut Vec<String>, items: &mut Vec<Item>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if let Some((_, len)) = attribute(&tokens[at..]) {
            at += len;
            continue;
        }
        let rest = &tokens[at + 1..];
        let head = Head::of(&tokens[at], rest);
        if let Some(Head::Item { name, is_value }) = &head {
            let (end, body) = extent(rest, *is_value);
            let mut path = context.clone();
            path.push(name.clone());
            let range = tokens[at].span().byte_range().start..end;
            items.push(Item { path, range, body });
        }
        let inside = match head {
            Some(Head::Item { name, .. } | Head::Module { name }) => Some(name),
            Some(Head::Impl { name }) => Some(name),
            None => None,
        };
        if let Some(name) = inside {
            // everything up to the end of the item belongs to it
            let len = 1 + rest.iter().take_while(|token| !ends_item(token)).count();
            context.push(name);
            for token in tokens[at..].iter().take(len + 1) {
                if let TokenTree::Group(group) = token {
                    collect(group.stream(), context, items);
                }
            }
            context.pop();
            at += len;
        } else if let TokenTree::Group(group) = &tokens[at] {
            collect(group.stream(), context, items);
        }
        at += 1;
    }
}

/// What begins at a keyword.
enum Head {
    Item { name: String, is_value: bool },
    Module { name: String },
    Impl { name: String },
}

impl Head {
    fn of(token: &TokenTree, rest: &[TokenTree]) -> Option<Self> {
        let TokenTree::Ident(keyword) = token else {
            return None;
        };
        let keyword = keyword.to_string();
        if keyword == "impl" {
            // the last type name before the braces; `impl Trait` in a signature has none
            let until = rest.iter().position(ends_item)?;
            matches!(&rest[until], TokenTree::Group(_)).then_some(())?;
            return Some(Self::Impl {
                name: impl_type(&rest[..until])?,
            });
        }
        let Some(TokenTree::Ident(name)) = rest.first() else {
            return None;
        };
        let name = name.to_string();
        match &*keyword {
            "fn" | "struct" | "enum" | "trait" | "union" => Some(Self::Item {
                name,
                is_value: false,
            }),
            "const" | "static" if is_punct(rest.get(1), ':') => Some(Self::Item {
                name,
                is_value: true,
            }),
            "mod" => Some(Self::Module { name }),
            _ => None,
        }
    }
}

/// The name of the type that an `impl` is for: the first one outside angle brackets after `for`,
/// or after the generics.
fn impl_type(head: &[TokenTree]) -> Option<String> {
    let mut depth = 0;
    let mut name = None;
    for (at, token) in head.iter().enumerate() {
        match token {
            TokenTree::Punct(p) if p.as_char() == '<' => depth += 1,
            TokenTree::Punct(p) if p.as_char() == '>' && !is_arrow(head, at) => depth -= 1,
            TokenTree::Ident(ident) if depth == 0 => match &*ident.to_string() {
                "for" => name = None,
                "where" => break,
                "dyn" | "mut" | "const" => {}
                word => name = Some(word.to_owned()), // the last segment of a path counts
            },
            _ => {}
        }
    }
    name
}

fn is_arrow(tokens: &[TokenTree], at: usize) -> bool {
    at > 0 && is_punct(tokens.get(at - 1), '-')
}

fn ends_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        token => is_punct(Some(token), ';'),
    }
}

/// Where an item ends, and its body: `rest` follows the keyword.
fn extent(rest: &[TokenTree], is_value: bool) -> (usize, Option<Range<usize>>) {
    let last = rest.iter().find(|token| match is_value {
        true => is_punct(Some(token), ';'),
        false => ends_item(token),
    });
    let end = |token: &TokenTree| token.span().byte_range().end;
    match last.or(rest.last()) {
        Some(TokenTree::Group(group)) => {
            (end(&TokenTree::Group(group.clone())), Some(inside(group)))
        }
        Some(token) if is_value => {
            let start = rest.first().map_or(0, end);
            (end(token), Some(start..end(token)))
        }
        token => (token.map_or(0, end), None),
    }
}

/// What stands between the delimiters of a group.
fn inside(group: &Group) -> Range<usize> {
    group.span_open().byte_range().end..group.span_close().byte_range().start
}

/// The attribute that `tokens` begin with, as text without blanks, and how many tokens it is.
pub(crate) fn attribute(tokens: &[TokenTree]) -> Option<(String, usize)> {
    is_punct(tokens.first(), '#').then_some(())?;
    let at = 1 + usize::from(is_punct(tokens.get(1), '!'));
    match tokens.get(at) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
            let text = group.stream().to_string();
            Some((text.split_whitespace().collect(), at + 1))
        }
        _ => None,
    }
}

pub(crate) fn is_punct(token: Option<&TokenTree>, character: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}

/// All `.rs` files below a folder, sorted.
pub(crate) fn rust_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |e| format!("{}: {e}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
use std::fmt;

/// Bakes.
pub const LIMIT: usize = 64;

impl<T: Fn(u8) -> u8> fmt::Display for Cake<'_, T> where T: Copy {
    fn fmt(&self) -> impl Iterator<Item = u8> { slice() }
}

impl Cake<'_, ()> {
    const fn slice<const N: usize>(&self) -> u8 { 1 }
}

fn slice() {
    fn inner() {}
}

mod tests {
    proptest! {
        // 1-2 cut: once
        #[test]
        fn cuts(x in 0..3u8) {
            // 1-2 eat: twice
            let f = |x: fn(u8)| x;
        }
    }
}
struct Crumb;
trait Eat { fn eat(&self); }
"#;

    fn texts(path: &str) -> Vec<&'static str> {
        let lexed = Lexed::new(TEXT).unwrap();
        let items = lexed.items(path);
        items.into_iter().map(|item| &TEXT[item.range]).collect()
    }

    #[test]
    fn items_are_found_by_the_end_of_their_path() {
        assert_eq!(texts("slice").len(), 2);
        assert_eq!(
            texts("Cake::slice"),
            ["fn slice<const N: usize>(&self) -> u8 { 1 }"]
        );
        assert_eq!(texts("Cake::fmt").len(), 1);
        assert_eq!(texts("slice::inner"), ["fn inner() {}"]);
        assert_eq!(texts("tests::cuts").len(), 1);
        assert_eq!(texts("LIMIT"), ["const LIMIT: usize = 64;"]);
        assert_eq!(texts("Crumb"), ["struct Crumb;"]);
        assert_eq!(texts("Eat::eat"), ["fn eat(&self);"]);
        assert_eq!(texts("Iterator"), [""; 0]);
        assert_eq!(texts("N"), [""; 0]);
        assert_eq!(texts("mod::cuts"), [""; 0]);
    }

    #[test]
    fn bodies_and_comments_are_found() {
        let lexed = Lexed::new(TEXT).unwrap();
        let item = &lexed.items("cuts")[0];
        assert_eq!(lexed.above(item), "// 1-2 cut: once\n#[test]");
        assert_eq!(lexed.first_line(item), "// 1-2 eat: twice");
        let limit = &lexed.items("LIMIT")[0];
        assert_eq!(&TEXT[limit.body.clone().unwrap()], ": usize = 64;");
        assert_eq!(lexed.above(limit), "/// Bakes.");
        assert_eq!(lexed.items("Crumb")[0].body, None);
    }

    #[test]
    fn byte_ranges_hold_behind_letters_outside_ascii() {
        let text = "// größer\nconst A: &str = \"ß\"; fn after() {}";
        let lexed = Lexed::new(text).unwrap();
        assert_eq!(
            &text[lexed.items("after")[0].range.clone()],
            "fn after() {}"
        );
    }
}
