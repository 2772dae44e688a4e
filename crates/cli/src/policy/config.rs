//! The configuration file: its keys, and errors that say where they are.

use super::http_users::{DigestAlgorithm, Protect, Scheme};
use super::options::{Size, Uploads};
use bytesize::ByteSize;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// What keeps a policy from being made: one line, for the operator.
#[derive(Debug)]
pub(crate) enum LoadError {
    /// The folder to serve cannot be opened.
    Root { path: PathBuf, error: io::Error },
    /// The configuration cannot be read.
    Unreadable { path: PathBuf, error: io::Error },
    /// Something in it is wrong.
    Config {
        path: PathBuf,
        line: usize,
        text: String,
    },
    /// Something on the command line is wrong.
    Option { name: &'static str, text: String },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root { path, error } | Self::Unreadable { path, error } => {
                write!(f, "{}: {error}", path.display())
            }
            Self::Config { path, line, text } => write!(f, "{}:{line}: {text}", path.display()),
            Self::Option { name, text } => write!(f, "{name}: {text}"),
        }
    }
}

impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Root { error, .. } | Self::Unreadable { error, .. } => Some(error),
            Self::Config { .. } | Self::Option { .. } => None,
        }
    }
}

/// Values in a row, with the places of all and of each.
pub(super) type Items = Spanned<Vec<Spanned<String>>>;

/// The whole file. What stands in front of the first table is for every protocol.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct File {
    allow: Option<Items>,
    deny: Option<Items>,
    upload: Option<Uploads>,
    upload_from: Option<Items>,
    upload_folder: Option<Spanned<String>>,
    max_upload: Option<Size>,
    keep_free: Option<ByteSize>,
    only_listed: Option<bool>,
    hidden: Option<bool>,
    ignore_case: Option<bool>,
    backslash: Option<bool>,
    strip_prefix: Option<Vec<String>>,

    pub(super) max_name: Option<Spanned<usize>>,
    pub(super) max_scan: Option<Spanned<usize>>,
    pub(super) max_list: Option<Spanned<usize>>,
    pub(super) access_list: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    pub(super) file: Vec<ListedFile>,

    tftp: Option<Section>,
    http: Option<HttpSection>,
    ftp: Option<Section>,
    ftp454: Option<Section>,
    rcp: Option<Section>,
    telnet: Option<TelnetSection>,
}

/// `[telnet]`: the console, which has no files.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct TelnetSection {
    pub(super) allow: Option<Items>,
    pub(super) deny: Option<Items>,
    pub(super) log_options: Option<bool>,
    pub(super) user: Vec<ConfiguredUser>,
}

/// `[http]`: files, and who may come in.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct HttpSection {
    allow: Option<Items>,
    deny: Option<Items>,
    upload: Option<Uploads>,
    upload_from: Option<Items>,
    upload_folder: Option<Spanned<String>>,
    max_upload: Option<Size>,
    keep_free: Option<ByteSize>,
    only_listed: Option<bool>,
    hidden: Option<bool>,
    ignore_case: Option<bool>,
    backslash: Option<bool>,
    strip_prefix: Option<Vec<String>>,

    pub(super) realm: Option<Spanned<String>>,
    pub(super) auth: Option<Spanned<Vec<Scheme>>>,
    pub(super) protect: Option<Protect>,
    pub(super) digest_algorithms: Option<Spanned<Vec<DigestAlgorithm>>>,
    pub(super) digest_userhash: Option<bool>,
    pub(super) user: Vec<ConfiguredUser>,
}

/// `[[telnet.user]]`, `[[http.user]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfiguredUser {
    pub(super) name: Spanned<String>,
    pub(super) password: Spanned<Secret>,
}

/// A password. Never shown.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// What can be set for all protocols, and again for one.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Section {
    pub(super) allow: Option<Items>,
    pub(super) deny: Option<Items>,
    pub(super) upload: Option<Uploads>,
    pub(super) upload_from: Option<Items>,
    pub(super) upload_folder: Option<Spanned<String>>,
    pub(super) max_upload: Option<Size>,
    pub(super) keep_free: Option<ByteSize>,
    pub(super) only_listed: Option<bool>,
    pub(super) hidden: Option<bool>,
    pub(super) ignore_case: Option<bool>,
    pub(super) backslash: Option<bool>,
    pub(super) strip_prefix: Option<Vec<String>>,
}

/// `[[file]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ListedFile {
    pub(super) path: Spanned<String>,
    #[serde(default)]
    pub(super) alias: Vec<Spanned<String>>,
    pub(super) allow: Option<Items>,
    pub(super) deny: Option<Items>,
}

impl File {
    /// Takes out what is for every protocol.
    pub(super) fn take_general(&mut self) -> Section {
        Section {
            allow: self.allow.take(),
            deny: self.deny.take(),
            upload: self.upload.take(),
            upload_from: self.upload_from.take(),
            upload_folder: self.upload_folder.take(),
            max_upload: self.max_upload.take(),
            keep_free: self.keep_free.take(),
            only_listed: self.only_listed.take(),
            hidden: self.hidden.take(),
            ignore_case: self.ignore_case.take(),
            backslash: self.backslash.take(),
            strip_prefix: self.strip_prefix.take(),
        }
    }

    /// Takes out what is for the console.
    pub(super) fn take_telnet(&mut self) -> TelnetSection {
        self.telnet.take().unwrap_or_default()
    }

    /// Takes out what is for HTTP and is not in other sections.
    pub(super) fn take_http(&mut self) -> HttpSection {
        self.http.take().unwrap_or_default()
    }

    /// Takes out what is for one protocol.
    pub(super) fn take_sections(&mut self) -> [(&'static str, Section); 5] {
        [
            ("tftp", self.tftp.take()),
            ("http", self.http.as_mut().map(HttpSection::take_section)),
            ("ftp", self.ftp.take()),
            ("ftp454", self.ftp454.take()),
            ("rcp", self.rcp.take()),
        ]
        .map(|(name, section)| (name, section.unwrap_or_default()))
    }
}

impl HttpSection {
    /// Takes out what is in other sections too.
    fn take_section(&mut self) -> Section {
        Section {
            allow: self.allow.take(),
            deny: self.deny.take(),
            upload: self.upload.take(),
            upload_from: self.upload_from.take(),
            upload_folder: self.upload_folder.take(),
            max_upload: self.max_upload.take(),
            keep_free: self.keep_free.take(),
            only_listed: self.only_listed.take(),
            hidden: self.hidden.take(),
            ignore_case: self.ignore_case.take(),
            backslash: self.backslash.take(),
            strip_prefix: self.strip_prefix.take(),
        }
    }
}

/// The text of a configuration, for finding lines.
#[derive(Debug, Default)]
pub(super) struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    pub(super) fn read(path: &Path) -> Result<Self, LoadError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self {
                path: path.to_owned(),
                text,
            }),
            Err(error) => Err(LoadError::Unreadable {
                path: path.to_owned(),
                error,
            }),
        }
    }

    pub(super) fn parse(&self) -> Result<File, LoadError> {
        toml::from_str(&self.text).map_err(|error| {
            let mut words: Vec<&str> = error.message().lines().map(str::trim).collect();
            words.retain(|line| !line.is_empty());
            self.error(error.span().unwrap_or(0..0), words.join("; "))
        })
    }

    /// Whether others than the owner and the group may read it, or change it.
    #[cfg(unix)]
    pub(super) fn is_open_to_others(&self) -> bool {
        use std::os::unix::fs::PermissionsExt;
        // of one that has gone away meanwhile, nobody knows: take it for open
        std::fs::metadata(&self.path).map_or(true, |file| file.permissions().mode() & 0o006 != 0)
    }

    #[cfg(not(unix))]
    pub(super) fn is_open_to_others(&self) -> bool {
        false
    }

    /// Something is wrong at `span`.
    pub(super) fn error(&self, span: Range<usize>, text: impl Into<String>) -> LoadError {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        LoadError::Config {
            path: self.path.clone(),
            line: 1 + before.iter().filter(|&&octet| octet == b'\n').count(),
            text: text.into(),
        }
    }
}
