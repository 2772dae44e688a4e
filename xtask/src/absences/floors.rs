//! Which package may depend on which: arrows point down, and below the adapter few of them leave
//! the workspace.

use crate::workspace::{Package, Target};

/// Where a package stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The floors of ARCHITECTURE.md.
    Floor(u8),
    /// The facade: re-exports floors 0 to 3.
    Facade,
    /// The test kit, which stands on floor 0 and is a dev-dependency of the others.
    Testkit,
    /// Never published; may use whatever it likes, and nothing on a floor may use it.
    Workshop,
}

/// Every package there is or will be. A member that is missing here is a finding.
const PLACES: &[(&str, Place)] = &[
    ("wirelore-core", Place::Floor(0)),
    ("wirelore-pcapng", Place::Floor(0)),
    ("wirelore-sasl", Place::Floor(0)),
    ("wirelore-bootp", Place::Floor(1)),
    ("wirelore-http-cache", Place::Floor(1)),
    ("wirelore-http1", Place::Floor(1)),
    ("wirelore-mime", Place::Floor(1)),
    ("wirelore-pop3", Place::Floor(1)),
    ("wirelore-rarp", Place::Floor(1)),
    ("wirelore-rcmd", Place::Floor(1)),
    ("wirelore-smtp", Place::Floor(1)),
    ("wirelore-telnet-nvt", Place::Floor(1)),
    ("wirelore-tftp", Place::Floor(1)),
    ("wirelore-ftp", Place::Floor(2)),
    ("wirelore-ftp-454", Place::Floor(2)),
    ("wirelore-tokio", Place::Floor(3)),
    ("wirelore-cli", Place::Floor(4)),
    ("wirelore-examples", Place::Floor(4)),
    ("wirelore", Place::Facade),
    ("wirelore-testkit", Place::Testkit),
    ("wirelore-benches", Place::Workshop),
    ("wirelore-fuzz", Place::Workshop),
    ("wirelore-interop", Place::Workshop),
    ("xtask", Place::Workshop),
];

/// The first floor that may name sockets, clocks and tasks.
const ADAPTER: u8 = 3;

/// The only arrows between protocols.
const PROTOCOL_ON_PROTOCOL: &[(&str, &str)] = &[
    ("wirelore-ftp-454", "wirelore-telnet-nvt"),
    ("wirelore-ftp", "wirelore-ftp-454"),
];

/// What crates below the adapter may take from outside.
const ALLOWED_BELOW_ADAPTER: &[&str] = &[
    "base64",
    "bytes",
    "digest",
    "http",
    "encoding_rs",
    "hmac",
    "md-5",
    "memchr",
    "nom",
    "pbkdf2",
    "sha1",
    "sha2",
    "subtle",
    "thiserror",
];

pub(crate) fn is_below_adapter(name: &str) -> bool {
    matches!(place(name), Some(Place::Floor(floor)) if floor < ADAPTER)
}

fn place(name: &str) -> Option<Place> {
    let found = PLACES.iter().find(|(package, _)| *package == name);
    found.map(|&(_, place)| place)
}

/// Every arrow that points the wrong way, one line each.
pub(crate) fn check(packages: &[Package]) -> Vec<String> {
    let mut findings = Vec::new();
    for package in packages {
        let name = &package.name;
        let Some(from) = place(name) else {
            findings.push(format!("{name}: on no floor; add it to the table in xtask"));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|d| d.kind != "dev") {
            let to = &dependency.name;
            let why = if dependency.ours {
                ours(name, from, to)
            } else {
                foreign(from, to)
            };
            findings.extend(why.map(|why| format!("{name} -> {to}: {why}")));
        }
        if is_below_adapter(name) {
            findings.extend(
                package
                    .targets
                    .iter()
                    .filter_map(|t| odd_target(package, t)),
            );
        }
    }
    findings
}

/// Why a package may not depend on another one of this workspace.
fn ours(name: &str, from: Place, to: &str) -> Option<String> {
    let allowed = match (from, place(to)?) {
        (Place::Workshop, _) => true,
        (_, Place::Workshop | Place::Testkit) => false,
        (Place::Testkit, to) => to == Place::Floor(0),
        (Place::Facade, to) => matches!(to, Place::Floor(floor) if floor <= ADAPTER),
        (Place::Floor(from), Place::Facade) => from > ADAPTER,
        (Place::Floor(from), Place::Floor(below)) if from < ADAPTER => {
            (below == 0 && from > 0) || PROTOCOL_ON_PROTOCOL.contains(&(name, to))
        }
        (Place::Floor(from), Place::Floor(below)) => below < from,
    };
    (!allowed).then(|| "this arrow does not point down".to_owned())
}

/// Why a package may not depend on something from outside.
fn foreign(from: Place, to: &str) -> Option<String> {
    match from {
        Place::Floor(floor) if floor < ADAPTER && !ALLOWED_BELOW_ADAPTER.contains(&to) => {
            Some("not on the list of what crates below the adapter may use".to_owned())
        }
        Place::Facade | Place::Testkit if to == "tokio" => {
            Some("only the adapter names tokio".to_owned())
        }
        _ => None,
    }
}

/// Below the adapter there is a library at the usual place, and nothing that runs while building.
fn odd_target(package: &Package, target: &Target) -> Option<String> {
    let name = &package.name;
    match &*target.kind {
        "lib" if target.source != package.folder.join("src/lib.rs") => {
            Some(format!("{name}: its library is not src/lib.rs"))
        }
        "custom-build" | "proc-macro" | "bin" => {
            Some(format!("{name}: has a {} target", target.kind))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Dependency;

    fn package(name: &str, dependencies: &[(&str, &str)]) -> Package {
        let dependency = |&(name, kind): &(&str, &str)| Dependency {
            name: name.to_owned(),
            kind: kind.to_owned(),
            ours: name.starts_with("wirelore") || name == "xtask",
        };
        Package {
            name: name.to_owned(),
            folder: "/w".into(),
            dependencies: dependencies.iter().map(dependency).collect(),
            targets: Vec::new(),
            features: Vec::new(),
        }
    }

    fn findings(name: &str, dependencies: &[&str]) -> usize {
        let normal: Vec<_> = dependencies.iter().map(|&d| (d, "normal")).collect();
        check(&[package(name, &normal)]).len()
    }

    #[test]
    fn arrows_down_are_fine() {
        assert_eq!(findings("wirelore-tftp", &["wirelore-core", "memchr"]), 0);
        assert_eq!(
            findings(
                "wirelore-ftp-454",
                &["wirelore-telnet-nvt", "wirelore-core"]
            ),
            0
        );
        assert_eq!(findings("wirelore-ftp", &["wirelore-ftp-454"]), 0);
        assert_eq!(findings("wirelore-tokio", &["wirelore-tftp", "tokio"]), 0);
        assert_eq!(
            findings("wirelore-cli", &["wirelore-tokio", "wirelore", "clap"]),
            0
        );
        assert_eq!(
            findings("wirelore", &["wirelore-tftp", "wirelore-tokio"]),
            0
        );
        assert_eq!(
            findings("wirelore-testkit", &["wirelore-core", "cpu-time"]),
            0
        );
        assert_eq!(
            findings("wirelore-fuzz", &["wirelore-testkit", "arbitrary"]),
            0
        );
    }

    #[test]
    fn other_arrows_are_not() {
        for (from, to) in [
            ("wirelore-core", "wirelore-tftp"),
            ("wirelore-core", "wirelore-pcapng"),
            ("wirelore-tftp", "wirelore-rarp"),
            ("wirelore-ftp", "wirelore-telnet-nvt"),
            ("wirelore-ftp-454", "wirelore-ftp"),
            ("wirelore-tftp", "wirelore-tokio"),
            ("wirelore-tftp", "wirelore"),
            ("wirelore-tokio", "wirelore"),
            ("wirelore-tokio", "wirelore-cli"),
            ("wirelore-cli", "wirelore-testkit"),
            ("wirelore-tftp", "wirelore-testkit"),
            ("wirelore-testkit", "wirelore-tftp"),
            ("wirelore-cli", "wirelore-examples"),
            ("wirelore", "wirelore-cli"),
            ("wirelore-cli", "xtask"),
            ("wirelore-tftp", "tokio"),
            ("wirelore-tftp", "serde_json"),
            ("wirelore-testkit", "tokio"),
            ("wirelore", "tokio"),
        ] {
            assert_eq!(findings(from, &[to]), 1, "{from} -> {to}");
        }
    }

    #[test]
    fn only_dev_dependencies_are_free() {
        let dev = package(
            "wirelore-tftp",
            &[("wirelore-testkit", "dev"), ("proptest", "dev")],
        );
        assert_eq!(check(&[dev]), [""; 0]);
        let build = package("wirelore-tftp", &[("cc", "build")]);
        assert_eq!(check(&[build]).len(), 1);
    }

    #[test]
    fn an_unknown_member_and_a_build_script_are_findings() {
        assert_eq!(findings("wirelore-gopher", &[]), 1);
        let mut odd = package("wirelore-tftp", &[]);
        for (kind, source) in [("custom-build", "/w/build.rs"), ("lib", "/w/lib.rs")] {
            odd.targets = vec![Target {
                name: "x".to_owned(),
                kind: kind.to_owned(),
                source: source.into(),
            }];
            assert_eq!(check(std::slice::from_ref(&odd)).len(), 1, "{kind}");
        }
    }
}
