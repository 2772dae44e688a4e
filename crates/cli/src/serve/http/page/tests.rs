//! Pages as they come out, and what must hold for all of them.

use super::error::{error_html, error_text};
use super::html::{STYLE, html};
use super::json::json;
use super::order::By;
use super::{Kind, Order, View, choose, error, folder};
use crate::policy::{Entry, EntryKind};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wirelore_http1::value::percent;

fn at(seconds: u64) -> Option<SystemTime> {
    Some(UNIX_EPOCH + Duration::from_secs(seconds))
}

fn file(name: impl AsRef<[u8]>, len: u64, seconds: u64) -> Entry {
    Entry {
        name: name.as_ref().to_vec(),
        kind: EntryKind::File,
        len,
        modified: at(seconds),
    }
}

fn sub(name: impl AsRef<[u8]>) -> Entry {
    Entry {
        name: name.as_ref().to_vec(),
        kind: EntryKind::Folder,
        len: 0,
        modified: at(1_700_000_000),
    }
}

fn view<'v>(path: &'v [u8], entries: &'v [Entry]) -> View<'v> {
    View {
        path,
        entries,
        cut: false,
        order: Order::default(),
        upload: None,
    }
}

/// The page, which is one.
fn page(view: &View<'_>) -> String {
    let page = String::from_utf8(html(view)).expect("UTF-8");
    if let Err(wrong) = check(&page) {
        panic!("{wrong}\n{page}");
    }
    page
}

/// As in a golden file: without what is the same in all, and what changes with each version.
fn bare(page: &str) -> String {
    let page = page.replace(STYLE, "STYLE\n");
    page.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

/// Names of all the sorts that may do harm.
fn wild() -> Vec<Vec<u8>> {
    let mut names: Vec<Vec<u8>> = [
        &b"<script>alert(1)"[..],
        b"\"onmouseover=\"x",
        b"' onclick='x",
        b"&amp;",
        b"&lt",
        b"a&b=c",
        b"%2e%2e",
        b"100%",
        b"a?b#c",
        b"javascript:alert(1)",
        b"http:",
        b"C:",
        b"a;b",
        b"a\nb\r",
        b"\x1b[31mred",
        b"\x7f\x01",
        b"a\tb",
        b" ",
        b"  a  b  ",
        b"\\..\\",
        b"--><style><b>",
        b"]]>",
        b"\xff\xfe",
        b"caf\xe9",
        b"\xc2\x9b31m",
        b"...",
        b"~",
        b"*",
        b"{a,b}",
        b"[1-9]",
        b"$(reboot)`reboot`",
        "\u{fc}\u{20ac}\u{1f600}".as_bytes(),
        "\u{202e}gpj.exe".as_bytes(),
        "\u{5d0}\u{5d1}.txt".as_bytes(),
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    names.push(vec![b'x'; 255]);
    names.push(vec![b'<'; 255]);
    names.push(vec![0xff; 255]);
    let octets: Vec<u8> = (1..=255).filter(|&octet| octet != b'/').collect();
    names.push(octets);
    names
}

#[test]
fn a_small_folder() {
    let entries = [
        sub("images"),
        file("boot.cfg", 812, 1_714_566_896),
        file("c2500-i-l.bin", 8_108_960, 820_454_400),
    ];
    let page = page(&View {
        upload: Some("http://10.0.0.1:8080"),
        ..view(b"pub/net", &entries)
    });
    assert_eq!(bare(&page), include_str!("golden/small.html"));
}

#[test]
fn an_empty_root() {
    let page = page(&view(b"", &[]));
    assert_eq!(bare(&page), include_str!("golden/empty.html"));
}

#[test]
fn a_folder_that_is_cut_and_in_another_order() {
    let entries = [file("a&b", 1, 3), file("<c>", 2048, 2), sub(b"d\xe9")];
    let page = page(&View {
        cut: true,
        order: Order::from_query(Some(b"sort=size")),
        ..view(b"/x y/", &entries)
    });
    assert_eq!(bare(&page), include_str!("golden/cut.html"));
}

#[test]
fn an_error() {
    let page = error_html(404, "Not Found", "there is no <file> of this name\n");
    let page = String::from_utf8(page).expect("UTF-8");
    check(&page).expect("a page");
    assert_eq!(bare(&page), include_str!("golden/error.html"));
    assert_eq!(error_text(404, "Not Found", "no\x1b"), b"no\\x1b\n");
    assert_eq!(error_text(500, "", ""), b"500 \n");
    check(&String::from_utf8_lossy(&error_html(500, "", ""))).expect("a page");
}

/// RFC 9110 §15.5, RFC 1945 §9.4.
#[test]
fn an_error_is_said_as_it_is_wanted() {
    let kind = |accept: Option<&[u8]>| error(404, "Not Found", "no", accept).0;
    let (html, text) = ("text/html; charset=utf-8", "text/plain; charset=utf-8");
    for (accept, wanted) in [
        (None, text),
        (Some(&b"*/*"[..]), text),
        (Some(b"text/html,*/*;q=0.1"), html),
        (Some(b"text/plain"), text),
        (Some(b"application/json"), text),
        (Some(b"text/html;q=0.1, text/plain"), text),
    ] {
        assert_eq!(kind(accept), wanted, "{accept:?}");
    }
}

#[test]
fn no_name_breaks_out_of_a_page() {
    for name in wild() {
        for entries in [[file(&name, 5, 5)], [sub(&name)]] {
            let page = page(&View {
                upload: Some("http://[::1]:80"),
                ..view(&name, &entries)
            });
            let open = page.matches("<a ").count();
            assert_eq!(open, 3, "the root, the folder above, the entry: {page}");
            assert_eq!(page.matches("<script").count(), 0);
        }
    }
}

/// The references of a page and what they are made of are the octets of the names again.
#[test]
fn references_lead_to_the_exact_names() {
    let mut names = wild();
    names.sort();
    let mut entries: Vec<Entry> = names.iter().map(sub).collect();
    entries.extend(names.iter().map(|name| file(name, 1, 1)));
    let folder = view(b"", &entries);
    let page = page(&folder);
    let in_page: Vec<String> = attributes(&page, "href")
        .into_iter()
        .filter(|href| !href.starts_with("./?"))
        .collect();
    let value: serde_json::Value = serde_json::from_slice(&json(&folder)).expect("JSON");
    let shown = value["entries"].as_array().expect("an array");
    assert_eq!((in_page.len(), shown.len()), (entries.len(), entries.len()));
    for ((href, shown), entry) in in_page.iter().zip(shown).zip(&entries) {
        assert_eq!(shown["href"], **href);
        assert!(
            href.is_ascii() && !href.contains(['<', '>', '"', ' ', '\\', '?', '#', '&'])
                || entry.name.contains(&b'&')
        );
        let first = href.split('/').next().expect("there is one");
        assert!(!first.contains(':'), "{href} has a scheme");
        let slash = if entry.kind == EntryKind::Folder {
            "/"
        } else {
            ""
        };
        let name = href.strip_prefix("./").unwrap_or(href);
        let name = name.strip_suffix(slash).expect("a folder ends with one");
        assert!(!name.contains('/'));
        let octets = percent::decode(name.as_bytes()).expect("is well-formed");
        assert_eq!(octets, &entry.name[..]);
        assert_eq!(shown["name"], *String::from_utf8_lossy(&entry.name));
    }
}

#[test]
fn the_path_leads_upwards() {
    let page = page(&view(b"a/b c/<d>", &[]));
    assert!(
        page.contains("<title>Index of /a/b c/&lt;d&gt;/</title>"),
        "{page}"
    );
    assert_eq!(
        attributes(&page, "href"),
        ["../../../", "../../", "../", "../"]
    );
    let h1 = "<h1>Index of <a href=\"../../../\">/</a><a href=\"../../\">a/</a>\
              <a href=\"../\">b c/</a>&lt;d&gt;/</h1>";
    assert!(page.contains(h1), "{page}");
    let root = html(&view(b"", &[]));
    assert!(!String::from_utf8_lossy(&root).contains("../"));
}

#[test]
fn what_is_said_about_uploads_survives_a_shell() {
    let shown = |server, path: &[u8]| {
        let page = page(&View {
            upload: Some(server),
            ..view(path, &[])
        });
        let (_, rest) = page.split_once("curl -T FILE ").expect("is said");
        rest.split_once("</code>").expect("ends").0.to_owned()
    };
    for (server, path, url) in [
        ("http://10.0.0.1", &b""[..], "http://10.0.0.1/"),
        ("https://h:8443", b"a b/c", "https://h:8443/a%20b/c/"),
        ("http://[::1]:80", b"a", "&#39;http://[::1]:80/a/&#39;"),
        ("http://h", b"$(x)", "&#39;http://h/$(x)/&#39;"),
        (
            "http://h",
            b"a'b;c&d",
            "&#39;http://h/a%27b%3Bc&amp;d/&#39;",
        ),
        (
            "http://h\";<b>'",
            b"",
            "&#39;http://h&quot;;&lt;b&gt;%27/&#39;",
        ),
        ("http://h\n\x1b", b"", "&#39;http://h\\n\\x1b/&#39;"),
    ] {
        assert_eq!(shown(server, path), url);
    }
    let silent = page(&view(b"", &[]));
    assert!(!silent.contains("curl"));
}

#[test]
fn other_orders() {
    let entries = [
        sub("z"),
        sub("y"),
        file("a", 5, 30),
        file("b", 10, 20),
        file("c", 5, 10),
        Entry {
            modified: None,
            ..file("d", 1, 0)
        },
    ];
    for (query, order) in [
        (&b""[..], "y/ z/ a b c d"),
        (b"sort=name&order=asc", "y/ z/ a b c d"),
        (b"order=desc", "z/ y/ d c b a"),
        (b"sort=size", "y/ z/ b a c d"),
        (b"sort=size&order=asc", "y/ z/ d a c b"),
        (b"sort=modified", "y/ z/ a b c d"),
        (b"order=asc&sort=modified", "y/ z/ d c b a"),
        (b"sort=nonsense&order=&&x", "y/ z/ a b c d"),
    ] {
        let view = View {
            order: Order::from_query(Some(query)),
            ..view(b"", &entries)
        };
        let value: serde_json::Value = serde_json::from_slice(&json(&view)).expect("JSON");
        let hrefs = value["entries"].as_array().expect("an array");
        let hrefs: Vec<&str> = hrefs.iter().filter_map(|it| it["href"].as_str()).collect();
        assert_eq!(hrefs.join(" "), order, "{}", query.escape_ascii());
        page(&view);
    }
}

#[test]
fn headings_turn_the_order_round() {
    let entries = [file("a", 1, 1), file("b", 1, 1)];
    let links = |query: &[u8]| {
        let page = page(&View {
            order: Order::from_query(Some(query)),
            ..view(b"", &entries)
        });
        let mut links = attributes(&page, "href");
        links.truncate(3);
        for link in &links {
            let query = link.strip_prefix("./?").expect("a query").as_bytes();
            let order = Order::from_query(Some(query));
            assert_eq!(format!("./{}", order.query()), *link, "it is understood");
        }
        (links, attributes(&page, "aria-sort"))
    };
    assert_eq!(
        links(b""),
        (
            vec![
                "./?sort=name&order=desc".into(),
                "./?sort=size&order=desc".into(),
                "./?sort=modified&order=desc".into()
            ],
            vec!["ascending".to_owned()]
        )
    );
    let (links, now) = links(b"sort=size");
    assert_eq!(links[0], "./?sort=name&order=asc");
    assert_eq!(links[1], "./?sort=size&order=asc");
    assert_eq!(now, ["descending"]);
    assert_eq!(
        Order::from_query(None),
        Order {
            by: By::Name,
            descending: false
        }
    );
}

#[test]
fn json_says_everything() {
    let entries = [
        sub("d"),
        file("a\"\n\x1b\u{9b}\x7f", 12, 1_714_566_896),
        Entry {
            modified: None,
            ..file(b"\xff", u64::MAX, 0)
        },
    ];
    let shown = json(&View {
        cut: true,
        ..view(b"x/<y>", &entries)
    });
    assert!(!shown.trim_ascii_end().iter().any(u8::is_ascii_control));
    let value: serde_json::Value = serde_json::from_slice(&shown).expect("JSON");
    let wanted = serde_json::json!({
        "path": "/x/<y>/",
        "cut": true,
        "entries": [
            {"name": "d", "type": "folder", "size": null, "modified": "2023-11-14T22:13:20Z",
             "href": "d/"},
            {"name": "a\"\n\x1b\u{9b}\x7f", "type": "file", "size": 12,
             "modified": "2024-05-01T12:34:56Z", "href": "a%22%0A%1B%C2%9B%7F"},
            {"name": "\u{fffd}", "type": "file", "size": u64::MAX, "modified": null,
             "href": "%FF"},
        ],
    });
    assert_eq!(value, wanted);
    let empty: serde_json::Value = serde_json::from_slice(&json(&view(b"", &[]))).expect("JSON");
    assert_eq!(
        empty,
        serde_json::json!({"path": "/", "cut": false, "entries": []})
    );
}

#[test]
fn who_wants_json_gets_it() {
    for (accept, query, kind) in [
        (None, None, Kind::Html),
        (Some(&b"*/*"[..]), None, Kind::Html),
        (Some(b"application/json"), None, Kind::Json),
        (
            Some(b"application/*;q=0.9, text/html;q=0.8"),
            None,
            Kind::Json,
        ),
        (Some(b"text/html, application/json"), None, Kind::Html),
        (Some(b"image/png"), None, Kind::Html),
        (Some(b";;;"), None, Kind::Html),
        (Some(b"text/html"), Some(&b"json"[..]), Kind::Json),
        (None, Some(b"sort=size&json"), Kind::Json),
        (None, Some(b"json=1"), Kind::Json),
        (None, Some(b"jsonp&sort=json"), Kind::Html),
    ] {
        assert_eq!(choose(accept, query), kind, "{accept:?} {query:?}");
    }
    let view = view(b"", &[]);
    assert_eq!(folder(&view, Kind::Json).0, "application/json");
    assert_eq!(folder(&view, Kind::Html).0, "text/html; charset=utf-8");
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let good = html(&view(b"a", &[file("b", 2, 3), sub("c")]));
    let good = String::from_utf8(good).expect("UTF-8");
    check(&good).expect("a page");
    for (old, new) in [
        ("</td>", ""),
        ("</table>", "</tbody></table>"),
        ("<p", "<p <"),
        (">b</a>", "><b</a>"),
        (">b</a>", ">b&c</a>"),
        (">b</a>", ">b>c</a>"),
        (">b</a>", ">b\x1b</a>"),
        (">b</a>", ">b\u{9b}</a>"),
        ("href=\"b\"", "href=b"),
        ("href=\"b\"", "href=\"b\" onclick=\"x\""),
        ("href=\"b\"", "href=\"b\"\""),
        ("<tbody>", "<tbody><script>"),
        ("-->", "<b>-->"),
        ("</html>", ""),
    ] {
        let bad = good.replacen(old, new, 1);
        if bad != good {
            assert!(check(&bad).is_err(), "{old} {new}");
        }
    }
}

/// The values of an attribute in the page, with entities undone.
fn attributes(page: &str, name: &str) -> Vec<String> {
    let start = format!(" {name}=\"");
    let values = page.split(&start).skip(1);
    values
        .map(|rest| plain(rest.split('"').next().expect("there is one")))
        .collect()
}

fn plain(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    let text = text.replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&amp;", "&")
}

/// Whether it is HTML as we write it: known elements that end in order, known attributes in quotation
/// marks, nothing that should have been escaped, nothing that cannot be seen.
fn check(page: &str) -> Result<(), String> {
    const ENTITIES: [&str; 5] = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
    const ELEMENTS: [&str; 19] = [
        "html", "head", "meta", "title", "style", "body", "h1", "table", "thead", "tbody", "tr",
        "th", "td", "a", "p", "code", "address", "!DOCTYPE", "br",
    ];
    const ATTRIBUTES: [&str; 11] = [
        "lang",
        "http-equiv",
        "content",
        "name",
        "type",
        "href",
        "title",
        "scope",
        "rel",
        "aria-sort",
        "colspan",
    ];
    if let Some(bad) = page.chars().find(|c| c.is_control() && *c != '\n') {
        return Err(format!("{bad:?} stands there as it is"));
    }
    let text = |text: &str| {
        if text.contains(['>', '<']) {
            return Err(format!("not escaped: {text}"));
        }
        let mut all = text.match_indices('&');
        match all.find(|(at, _)| !ENTITIES.iter().any(|it| text[*at..].starts_with(it))) {
            Some((at, _)) => Err(format!("no entity: {}", &text[at..])),
            None => Ok(()),
        }
    };
    let page = page
        .strip_prefix("<!DOCTYPE html>\n")
        .ok_or("no document type")?;
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        text(&rest[..at])?;
        let inside = &rest[at + 1..];
        let end = inside.find('>').ok_or("a tag does not end")?;
        let tag = &inside[..end];
        rest = &inside[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let last = open.pop();
            if last != Some(name) {
                return Err(format!("</{name}> ends {last:?}"));
            }
            continue;
        }
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        if !ELEMENTS.contains(&name) {
            return Err(format!("unknown: <{tag}>"));
        }
        while !attributes.is_empty() {
            let (attribute, value) = attributes.split_once("=\"").ok_or("no value")?;
            let (value, more) = value.split_once('"').ok_or("no end of a value")?;
            if !ATTRIBUTES.contains(&attribute) {
                return Err(format!("unknown: {attribute} in <{tag}>"));
            }
            text(value)?;
            attributes = match more.strip_prefix(' ') {
                Some(more) if !more.is_empty() => more,
                None if more.is_empty() => more,
                _ => return Err(format!("what is behind a value: <{tag}>")),
            };
        }
        match name {
            "meta" | "br" => {}
            "style" => {
                let (style, behind) = rest.split_once("</style>").ok_or("no end of style")?;
                if style.contains('<') && !style.starts_with("<!--\n") || style[4..].contains('<') {
                    return Err("a tag in the style".into());
                }
                rest = behind;
            }
            name => open.push(name),
        }
    }
    text(rest)?;
    match open[..] {
        [] => Ok(()),
        _ => Err(format!("not ended: {open:?}")),
    }
}

/// Writes pages to look at into the folder that WIRELORE_PAGES names.
#[test]
#[ignore = "for eyes"]
fn pages_to_look_at() {
    let Some(to) = std::env::var_os("WIRELORE_PAGES") else {
        return;
    };
    let to = std::path::Path::new(&to);
    let mut entries = vec![sub("configurations"), sub("images")];
    for (index, name) in [
        "boot.cfg",
        "c2500-i-l.122-15.T17.bin",
        "notes on the lab.txt",
        "README",
    ]
    .iter()
    .enumerate()
    {
        let index = u32::try_from(index).expect("few");
        entries.push(file(name, 37_u64.pow(index + 1), 1_714_566_896 >> index));
    }
    let usual = View {
        upload: Some("http://192.168.7.1:8080"),
        ..view(b"pub/network/lab 3", &entries)
    };
    std::fs::write(to.join("pg-usual.html"), html(&usual)).expect("writes");
    let mut wild: Vec<Entry> = wild().iter().map(|name| file(name, 1 << 40, 1)).collect();
    wild.push(sub("\u{202e}gpj.exe"));
    let wild = View {
        cut: true,
        order: Order::from_query(Some(b"sort=modified")),
        ..view(b"<&>/\x1b[31m", &wild)
    };
    std::fs::write(to.join("pg-wild.html"), html(&wild)).expect("writes");
    std::fs::write(to.join("pg-empty.html"), html(&view(b"", &[]))).expect("writes");
    let error = error_html(404, "Not Found", "there is no such file");
    std::fs::write(to.join("pg-error.html"), error).expect("writes");
}
