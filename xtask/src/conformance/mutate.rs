//! Small lies told to the compiler: every way to change a piece of code by one token or statement.

use crate::source::{Item, Lexed, is_punct};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::ops::Range;

/// One replacement in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mutant {
    pub(crate) range: Range<usize>,
    pub(crate) with: String,
}

/// Operators and what they become. Those that are also brackets or references count only where
/// blanks stand on both sides, as rustfmt puts them.
const OPERATORS: &[(&str, &str)] = &[
    ("==", "!="),
    ("!=", "=="),
    ("<=", ">"),
    (">=", "<"),
    ("<", ">="),
    (">", "<="),
    ("&&", "||"),
    ("||", "&&"),
    ("+", "-"),
    ("-", "+"),
    ("+=", "-="),
    ("-=", "+="),
    ("..=", ".."),
    ("<<", ">>"),
    (">>", "<<"),
    ("&", "|"),
    ("|", "&"),
];

/// Words and what they become.
const WORDS: &[(&str, &str)] = &[
    ("true", "false"),
    ("false", "true"),
    ("min", "max"),
    ("max", "min"),
    ("any", "all"),
    ("all", "any"),
    ("is_some", "is_none"),
    ("is_none", "is_some"),
    ("is_ok", "is_err"),
    ("is_err", "is_ok"),
    ("is_some_and", "is_none_or"),
    ("is_none_or", "is_some_and"),
    ("first", "last"),
    ("last", "first"),
    ("continue", "break"),
    ("break", "continue"),
];

impl Mutant {
    pub(crate) fn apply(&self, text: &str) -> String {
        [
            &text[..self.range.start],
            &self.with,
            &text[self.range.end..],
        ]
        .concat()
    }

    /// `LINE: old -> new`, cut to one short line.
    pub(crate) fn describe(&self, text: &str) -> String {
        let line = text[..self.range.start].lines().count().max(1);
        let old = brief(&text[self.range.clone()]);
        match self.with.trim() {
            "" => format!("{line}: without `{old}`"),
            with => format!("{line}: `{old}` -> `{}`", brief(with)),
        }
    }
}

fn brief(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(60) {
        Some((cut, _)) => format!("{}...", &line[..cut]),
        None => line,
    }
}

/// Every mutant of an item's body. Many do not compile; that is for the compiler to say.
pub(crate) fn mutants(lexed: &Lexed<'_>, item: &Item) -> Vec<Mutant> {
    let Some(body) = item.body.clone() else {
        return Vec::new();
    };
    let mut hunt = Hunt {
        text: lexed.text,
        body,
        mutants: Vec::new(),
    };
    hunt.stream(lexed.tokens.clone(), false);
    hunt.mutants
}

struct Hunt<'t> {
    text: &'t str,
    body: Range<usize>,
    mutants: Vec<Mutant>,
}

impl Hunt<'_> {
    fn stream(&mut self, tokens: TokenStream, is_block: bool) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let is_ours = |token: &&TokenTree| {
            let range = token.span().byte_range();
            self.body.start <= range.start && range.end <= self.body.end
        };
        if is_block && tokens.first().as_ref().is_some_and(is_ours) {
            self.statements(&tokens);
        }
        let mut at = 0;
        while at < tokens.len() {
            let range = tokens[at].span().byte_range();
            if range.end <= self.body.start || range.start >= self.body.end {
                at += 1;
                continue;
            }
            let within = self.body.start <= range.start && range.end <= self.body.end;
            match &tokens[at] {
                TokenTree::Group(group) => {
                    self.stream(group.stream(), group.delimiter() == Delimiter::Brace);
                }
                TokenTree::Punct(_) if within => {
                    at += self.operator(&tokens[at..]);
                    continue;
                }
                TokenTree::Ident(word) if within => {
                    let word = word.to_string();
                    self.word(&word, range, &tokens[at + 1..]);
                }
                TokenTree::Literal(literal) if within => self.literal(&literal.to_string(), range),
                _ => {}
            }
            at += 1;
        }
    }

    /// Changes the operator that `tokens` begin with; returns how many tokens it is.
    fn operator(&mut self, tokens: &[TokenTree]) -> usize {
        let start = tokens[0].span().byte_range().start;
        let mut end = start;
        let adjacent = tokens.iter().take_while(|token| {
            let range = token.span().byte_range();
            let joined = matches!(token, TokenTree::Punct(_)) && range.start == end.max(start);
            end = if joined { range.end } else { end };
            joined
        });
        let len = adjacent.count();
        let operator = &self.text[start..end];
        let alone =
            self.text[..start].ends_with([' ', '\n']) && self.text[end..].starts_with([' ', '\n']);
        if let Some((_, with)) = OPERATORS.iter().find(|(old, _)| *old == operator)
            && (alone || operator == "..=")
        {
            self.push(start..end, (*with).to_owned());
        } else if operator == "!" && !matches!(tokens.get(1), Some(TokenTree::Punct(_)) | None) {
            // a negation; behind the name of a macro this does not compile
            self.push(start..end, String::new());
        }
        len.max(1)
    }

    fn word(&mut self, word: &str, range: Range<usize>, rest: &[TokenTree]) {
        if let Some((_, with)) = WORDS.iter().find(|(old, _)| *old == word) {
            self.push(range, (*with).to_owned());
        } else if word == "Some"
            && let Some(TokenTree::Group(value)) = rest.first()
        {
            self.push(
                range.start..value.span().byte_range().end,
                "None".to_owned(),
            );
        } else if word == "if" {
            // up to the block, or to the arrow of a match arm
            let until = rest.iter().position(|token| match token {
                TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                token => is_punct(Some(token), '='),
            });
            let until = match until {
                // `==` and `>=` are part of the condition
                Some(at) if is_punct(rest.get(at), '=') => rest.windows(2).position(|two| {
                    is_punct(two.first(), '=') && is_punct(two.get(1), '>')
                        || matches!(&two[0], TokenTree::Group(g) if g.delimiter() == Delimiter::Brace)
                }),
                until => until,
            };
            let condition = until.map_or(rest, |until| &rest[..until]);
            let is_let = condition
                .iter()
                .any(|t| matches!(t, TokenTree::Ident(i) if i == "let"));
            if let (Some(first), Some(last), false) = (condition.first(), condition.last(), is_let)
            {
                let range = first.span().byte_range().start..last.span().byte_range().end;
                let with = format!("!({})", &self.text[range.clone()]);
                self.push(range, with);
            }
        }
    }

    fn literal(&mut self, literal: &str, range: Range<usize>) {
        if self.text[..range.start].ends_with('.') {
            return; // the field of a tuple
        }
        if literal.ends_with('"') && !literal.contains('#') {
            let end = range.end - 1;
            self.push(end..end, "x".to_owned());
            return;
        }
        let digits = literal.replace('_', "");
        let (digits, radix) = match digits.strip_prefix("0x") {
            Some(digits) => (digits, 16),
            None => (&*digits, 10),
        };
        let len = digits
            .find(|c: char| !c.is_digit(radix))
            .unwrap_or(digits.len());
        let (digits, suffix) = digits.split_at(len);
        let is_integer = suffix.is_empty() || suffix.starts_with(['u', 'i']);
        if let (Ok(number), true) = (u128::from_str_radix(digits, radix), is_integer) {
            self.push(
                range.clone(),
                format!("{}{suffix}", number.saturating_add(1)),
            );
            if number > 1 {
                self.push(range, format!("0{suffix}"));
            }
        }
    }

    /// Leaves out one statement of a block.
    fn statements(&mut self, tokens: &[TokenTree]) {
        let mut start = 0;
        for at in 0..tokens.len() {
            let ends = is_punct(Some(&tokens[at]), ';')
                || ends_block_statement(&tokens[start..], at - start);
            if ends {
                let first = &tokens[start];
                let binds =
                    matches!(first, TokenTree::Ident(word) if is_binding(&word.to_string()));
                if !binds && !is_punct(Some(first), '#') {
                    let range = first.span().byte_range().start..tokens[at].span().byte_range().end;
                    self.push(range, String::new());
                }
                start = at + 1;
            }
        }
    }

    fn push(&mut self, range: Range<usize>, with: String) {
        self.mutants.push(Mutant { range, with });
    }
}

/// Whether the statement that `tokens` begin with ends with the block at `at`, without a semicolon.
fn ends_block_statement(tokens: &[TokenTree], at: usize) -> bool {
    let opens = matches!(tokens.first(), Some(TokenTree::Ident(word))
        if ["if", "match", "for", "while", "loop"].contains(&&*word.to_string()));
    let is_block =
        matches!(tokens.get(at), Some(TokenTree::Group(g)) if g.delimiter() == Delimiter::Brace);
    // at the end of the block around it, it is that block's value
    let goes_on = match tokens.get(at + 1) {
        Some(TokenTree::Ident(word)) => word == "else",
        Some(TokenTree::Punct(punct)) => !['#', '*', '&'].contains(&punct.as_char()),
        Some(_) => false,
        None => false,
    };
    opens && is_block && !goes_on
}

/// Words that begin a statement whose absence nothing compiles without.
fn is_binding(word: &str) -> bool {
    [
        "let", "use", "fn", "const", "static", "struct", "enum", "impl", "mod", "type",
    ]
    .contains(&word)
}

#[cfg(test)]
fn mutated(text: &str, item: &str) -> Vec<String> {
    let lexed = Lexed::new(text).unwrap();
    let items = lexed.items(item);
    let mutants = mutants(&lexed, &items[0]);
    mutants.iter().map(|mutant| mutant.apply(text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(body: &str) -> Vec<String> {
        let text = format!("fn before() {{ 1 == 1 }}\nfn f() {{ {body} }}\nfn after() {{ true }}");
        let all = mutated(&text, "f");
        let cut = |text: String| {
            let inner = text
                .strip_prefix("fn before() { 1 == 1 }\nfn f() { ")
                .map(str::to_owned);
            let inner = inner.expect("nothing before the function changes");
            let inner = inner
                .strip_suffix(" }\nfn after() { true }")
                .map(str::to_owned);
            inner.expect("nothing after the function changes")
        };
        all.into_iter().map(cut).collect()
    }

    #[test]
    fn operators_and_words_are_changed() {
        assert_eq!(bodies("a == b"), ["a != b"]);
        assert_eq!(bodies("a <= b && c"), ["a > b && c", "a <= b || c"]);
        assert_eq!(bodies("Vec::<u8>::new()"), [""; 0]);
        assert_eq!(bodies("x.min(y)"), ["x.max(y)"]);
        assert_eq!(bodies("!true"), ["true", "!false"]);
        assert_eq!(bodies("|x: &u8| -> u8 { *x }"), [""; 0]);
        assert_eq!(bodies("Some(x)"), ["None"]);
        assert_eq!(bodies("a..=b"), ["a..b"]);
        assert_eq!(bodies("a -= b"), ["a += b"]);
    }

    #[test]
    fn literals_are_changed() {
        assert_eq!(bodies("8"), ["9", "0"]);
        assert_eq!(bodies("0u8"), ["1u8"]);
        assert_eq!(bodies("0x1F_u16"), ["32u16", "0u16"]);
        assert_eq!(bodies("x.0"), [""; 0]);
        assert_eq!(bodies("b\"ab\""), ["b\"abx\""]);
        assert_eq!(bodies("1.5"), [""; 0]);
    }

    #[test]
    fn conditions_are_negated() {
        assert_eq!(bodies("if a(b) { c }"), ["", "if !(a(b)) { c }"]);
        assert_eq!(bodies("if let A = b { c }"), [""]);
        assert_eq!(
            bodies("match x { A if b => c, D if e == f => g }")
                .last()
                .unwrap(),
            "match x { A if b => c, D if e != f => g }"
        );
        assert!(
            bodies("match x { A if b => c }").contains(&"match x { A if !(b) => c }".to_owned())
        );
    }

    #[test]
    fn statements_are_left_out() {
        assert_eq!(bodies("a(); let b = c; d"), [" let b = c; d"]);
        assert_eq!(bodies("return a; if b { c } else { d } e").len(), 3);
        assert!(bodies("a; for b in c { d(); } e").contains(&"a;  e".to_owned()));
        assert!(bodies("a; for b in c { d(); } e").contains(&"a; for b in c {  } e".to_owned()));
    }

    #[test]
    fn constants_have_mutants_and_types_have_none() {
        let text = "const A: [u8; 2] = [1, 2];";
        assert_eq!(mutated(text, "A").len(), 5);
        assert_eq!(mutated("struct A { b: u8 }", "A"), [""; 0]);
    }

    #[test]
    fn a_mutant_is_described_in_one_line() {
        let text = "fn f() {\n    a(\n        b,\n    );\n}";
        let lexed = Lexed::new(text).unwrap();
        let mutant = &mutants(&lexed, &lexed.items("f")[0])[0];
        assert_eq!(mutant.describe(text), "2: without `a( b, );`");
    }
}
