//! The policy over real folders.

mod changing;
mod configuration;
mod http_users;
mod lists;
mod looking;
mod names;
mod reading;
mod still;
mod uploading;

use super::{Asker, Denied, DeniedKind, LoadError, Options, Policy, Uploads};
use std::fs;
use std::io::Read;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder that is served, and another one beside it that is not.
struct Place {
    top: TempDir,
}

impl Place {
    /// With some files; a name that ends in a slash makes a folder. Each file contains its name.
    fn new(files: &[&str]) -> Self {
        let top = tempfile::tempdir().expect("a folder");
        let place = Self { top };
        fs::create_dir_all(place.root()).expect("makes the root");
        fs::create_dir(place.top.path().join("outside")).expect("makes the other one");
        fs::write(place.top.path().join("outside/secret"), "secret").expect("writes");
        for file in files {
            let path = place.root().join(file);
            match file.strip_suffix('/') {
                Some(_) => fs::create_dir_all(path).expect("makes a folder"),
                None => {
                    fs::create_dir_all(path.parent().expect("has a folder")).expect("makes it");
                    fs::write(path, file).expect("writes");
                }
            }
        }
        place
    }

    fn root(&self) -> PathBuf {
        self.top.path().join("root")
    }

    fn outside(&self) -> PathBuf {
        self.top.path().join("outside")
    }

    fn policy(&self, change: impl FnOnce(&mut Options)) -> Policy {
        let mut options = Options::default();
        change(&mut options);
        Policy::load(&self.root(), &options).expect("loads")
    }

    fn plain(&self) -> Policy {
        self.policy(|_| {})
    }

    fn uploading(&self, uploads: Uploads) -> Policy {
        self.policy(|options| options.upload = Some(uploads))
    }

    /// With a configuration.
    fn configured(&self, toml: &str) -> Policy {
        match self.configure(toml, |_| {}) {
            Ok(policy) => policy,
            Err(error) => panic!("{error}"),
        }
    }

    fn configure(
        &self,
        toml: &str,
        change: impl FnOnce(&mut Options),
    ) -> Result<Policy, LoadError> {
        let file = self.top.path().join("serve.toml");
        fs::write(&file, toml).expect("writes");
        // there may be passwords in it
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("is ours");
        let mut options = Options {
            config: Some(file),
            ..Options::default()
        };
        change(&mut options);
        Policy::load(&self.root(), &options)
    }

    /// All there is beneath the root, sorted.
    fn names(&self) -> Vec<String> {
        fn collect(folder: &Path, prefix: &str, names: &mut Vec<String>) {
            for entry in fs::read_dir(folder).expect("a folder") {
                let entry = entry.expect("an entry");
                let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
                if entry.file_type().expect("a type").is_dir() {
                    collect(&entry.path(), &format!("{name}/"), names);
                } else {
                    names.push(name);
                }
            }
        }
        let mut names = Vec::new();
        collect(&self.root(), "", &mut names);
        names.sort();
        names
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.root().join(name)).expect("reads")
    }
}

fn peer(address: &str) -> Asker {
    on("tftp", address)
}

fn on(protocol: &'static str, address: &str) -> Asker {
    Asker {
        protocol,
        peer: address.parse::<IpAddr>().expect("an address"),
    }
}

fn anybody() -> Asker {
    peer("192.0.2.1")
}

/// The contents of a file that may be read.
fn content(policy: &Policy, asker: &Asker, name: impl AsRef<[u8]>) -> Result<String, DeniedKind> {
    let readable = policy.read(asker, name.as_ref()).map_err(kind)?;
    let mut text = String::new();
    let mut file = readable.file;
    file.read_to_string(&mut text).expect("reads");
    assert_eq!(readable.len, text.len() as u64);
    Ok(text)
}

fn read(policy: &Policy, name: impl AsRef<[u8]>) -> Result<String, DeniedKind> {
    content(policy, &anybody(), name)
}

/// Uploads a file as a whole.
fn put(
    policy: &Policy,
    asker: &Asker,
    name: impl AsRef<[u8]>,
    text: &str,
) -> Result<(), DeniedKind> {
    let mut upload = policy.write(asker, name.as_ref()).map_err(kind)?;
    let failed = |error| Denied::from_io(&error, "").kind;
    upload.write_at(0, text.as_bytes()).map_err(failed)?;
    upload.finish().map_err(failed)
}

/// The kind of a refusal; its texts are checked on the way.
fn kind(denied: Denied) -> DeniedKind {
    assert!(!denied.why.is_empty());
    assert!(!denied.why.contains(char::is_control), "{}", denied.why);
    assert!(!denied.for_peer().contains('/'));
    denied.kind
}

#[test]
fn a_policy_goes_between_threads() {
    fn check<T: Send + Sync>() {}
    check::<Policy>();
    fn moves<T: Send + 'static>() {}
    moves::<super::Upload>();
}
