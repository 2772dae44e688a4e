//! From the command line and the configuration to what holds for each protocol and each file.

use super::access::{Access, Lists, Who};
use super::config::{File, Items, ListedFile, LoadError, Secret, Section, Source, TelnetSection};
use super::http_users::HttpUsers;
use super::name::{Tolerance, fold, join};
use super::options::{Options, Size, Uploads};
use super::upload::Limits;
use bytesize::ByteSize;
use std::net::IpAddr;
use toml::Spanned;

const MAX_UPLOAD: u64 = 100 << 20;
const MAX_NAME: usize = 1024;
const MAX_SCAN: usize = 65_536;
const MAX_LIST: usize = 10_000;

/// All that was decided beforehand.
#[derive(Debug)]
pub(super) struct Rules {
    /// Holds for every protocol, beside its own.
    pub(super) everyone: Access,
    general: Settings,
    sections: Vec<(&'static str, Settings)>,
    pub(super) files: Vec<Listed>,
    /// How many entries are looked at, where a folder has to be searched.
    pub(super) max_scan: usize,
    /// How many entries of a folder are shown.
    pub(super) max_list: usize,
    pub(super) telnet: Telnet,
    pub(super) http_users: HttpUsers,
}

/// What holds for the console.
#[derive(Clone, Debug, Default)]
pub(crate) struct Telnet {
    /// Whether every option, terminal type and variable of a peer is in the log.
    pub(crate) log_options: bool,
    /// Who may log in; without any, nobody has to.
    pub(crate) users: Vec<User>,
}

/// A user of the console, or over HTTP.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) password: Secret,
}

/// What holds for a protocol.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) access: Access,
    pub(super) limits: Limits,
    pub(super) upload_from: Access,
    /// Uploads go here or below; empty: everywhere.
    pub(super) upload_folder: Vec<u8>,
    pub(super) only_listed: bool,
    pub(super) hidden: bool,
    pub(super) tolerance: Tolerance,
}

/// A `[[file]]`.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) path: Vec<u8>,
    /// The path and the aliases, and the same folded.
    names: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) access: Access,
}

impl Listed {
    fn has(&self, name: &[u8], folded: Option<&[u8]>) -> bool {
        self.names
            .iter()
            .any(|(exact, fold)| exact == name || folded == Some(fold))
    }
}

/// What the list of files says about a name.
pub(super) enum Listing<'r> {
    /// It is this file's.
    File(&'r Listed),
    /// It is in the list, but not for this peer.
    Closed,
    /// It is not in the list.
    Unlisted,
}

impl Rules {
    pub(super) fn new(options: &Options) -> Result<Self, LoadError> {
        let (source, mut file) = match &options.config {
            Some(path) => {
                let source = Source::read(path)?;
                let file = source.parse()?;
                (source, file)
            }
            None => (Source::default(), File::default()),
        };
        let general = file.take_general();
        let sections = file.take_sections();
        let telnet = file.take_telnet();
        let http = file.take_http();
        let reading = Reading {
            lists: lists(&source, &file)?,
            max_name: limit(&source, &file.max_name, MAX_NAME, 4095)?,
            source,
            options,
        };
        let everyone = reading.everyone(&general)?;
        let mut settings = Vec::new();
        for (name, section) in sections {
            settings.push((name, reading.settings(&general, &section)?));
        }
        let access = Section {
            allow: telnet.allow.clone(),
            deny: telnet.deny.clone(),
            ..Section::default()
        };
        settings.push(("telnet", reading.settings(&general, &access)?));
        let files = file
            .file
            .iter()
            .map(|file| reading.listed(file))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            everyone,
            general: reading.settings(&general, &Section::default())?,
            sections: settings,
            files,
            max_scan: limit(&reading.source, &file.max_scan, MAX_SCAN, usize::MAX)?,
            max_list: limit(&reading.source, &file.max_list, MAX_LIST, 1_000_000)?,
            telnet: reading.telnet(telnet)?,
            http_users: HttpUsers::new(http, &reading.source)?,
        })
    }

    /// Whether there are passwords in the configuration.
    pub(super) const fn has_passwords(&self) -> bool {
        !self.telnet.users.is_empty() || !self.http_users.users.is_empty()
    }

    /// What holds for a protocol; for one without a section, what holds for all.
    pub(super) fn of(&self, protocol: &str) -> &Settings {
        let section = self.sections.iter().find(|(name, _)| *name == protocol);
        section.map_or(&self.general, |(_, settings)| settings)
    }

    /// All settings with uploads that are not off.
    pub(super) fn with_uploads(&self) -> impl Iterator<Item = &Settings> {
        let all = self
            .sections
            .iter()
            .map(|(_, settings)| settings)
            .chain([&self.general]);
        all.filter(|settings| settings.limits.uploads != Uploads::Off)
    }

    /// The file that the list has for `name` and `peer`: of those with the name, the first that
    /// lets the peer in.
    pub(super) fn listing(&self, name: &[u8], peer: IpAddr, ignore_case: bool) -> Listing<'_> {
        let folded = ignore_case.then(|| fold(name));
        let mut found = Listing::Unlisted;
        for listed in self
            .files
            .iter()
            .filter(|listed| listed.has(name, folded.as_deref()))
        {
            if listed.access.lets_in(peer) {
                return Listing::File(listed);
            }
            found = Listing::Closed;
        }
        found
    }

    /// Whether [`listing`](Self::listing) says the same to every peer, of a name that is listed.
    pub(super) fn is_for_all(&self, name: &[u8], ignore_case: bool) -> bool {
        let folded = ignore_case.then(|| fold(name));
        let mut files = self.files.iter();
        let first = files.find(|listed| listed.has(name, folded.as_deref()));
        first.is_some_and(|listed| listed.access.is_open())
    }

    /// Whether any file is for some peers only.
    pub(super) fn has_lists(&self) -> bool {
        self.files.iter().any(|listed| !listed.access.is_open())
    }
}

/// What reading a configuration needs at every place.
struct Reading<'o> {
    source: Source,
    lists: Lists,
    max_name: usize,
    options: &'o Options,
}

impl Reading<'_> {
    /// The command line's `--allow` stands for the configuration's, its `--deny` beside it.
    fn everyone(&self, general: &Section) -> Result<Access, LoadError> {
        let mut access = self.access(&general.allow, &general.deny)?;
        if let Some(allow) = self.flag("--allow", &self.options.allow)? {
            access.allow = Some(allow);
        }
        if let Some(deny) = self.flag("--deny", &self.options.deny)? {
            access.deny.extend(deny);
        }
        Ok(access)
    }

    fn settings(&self, general: &Section, section: &Section) -> Result<Settings, LoadError> {
        let options = self.options;
        // what holds for all stands in `everyone`
        let access = self.access(&section.allow, &section.deny)?;
        let Size(max_size) = options
            .max_upload
            .or(section.max_upload)
            .or(general.max_upload)
            .unwrap_or(Size(Some(MAX_UPLOAD)));
        let ByteSize(keep_free) = options
            .keep_free
            .or(section.keep_free)
            .or(general.keep_free)
            .unwrap_or_default();
        let limits = Limits {
            uploads: options
                .upload
                .or(section.upload)
                .or(general.upload)
                .unwrap_or_default(),
            max_size,
            keep_free,
        };
        let from = section
            .upload_from
            .as_ref()
            .or(general.upload_from.as_ref());
        let upload_from = match self.flag("--upload-from", &options.upload_from)? {
            Some(from) => Some(from),
            None => from.map(|from| self.items(from)).transpose()?,
        };
        let switch = |option: Option<bool>, section: Option<bool>, general: Option<bool>| {
            option.or(section).or(general).unwrap_or(false)
        };
        let backslash = switch(options.backslash, section.backslash, general.backslash);
        let prefixes = match &options.strip_prefix[..] {
            [] => section
                .strip_prefix
                .as_ref()
                .or(general.strip_prefix.as_ref()),
            _ => Some(&options.strip_prefix),
        };
        let prefixes = prefixes
            .into_iter()
            .flatten()
            .map(|text| prefix(text, backslash));
        Ok(Settings {
            access,
            limits,
            upload_from: Access {
                allow: upload_from,
                deny: Vec::new(),
            },
            upload_folder: self.upload_folder(general, section)?,
            only_listed: switch(
                options.only_listed,
                section.only_listed,
                general.only_listed,
            ),
            hidden: switch(options.hidden, section.hidden, general.hidden),
            tolerance: Tolerance {
                backslash,
                ignore_case: switch(
                    options.ignore_case,
                    section.ignore_case,
                    general.ignore_case,
                ),
                strip_prefix: prefixes.filter(|prefix| !prefix.is_empty()).collect(),
                max_name: self.max_name,
            },
        })
    }

    fn telnet(&self, section: TelnetSection) -> Result<Telnet, LoadError> {
        let mut users: Vec<User> = Vec::new();
        for user in section.user {
            let error = |text: &str| Err(self.source.error(user.name.span(), text));
            let name = user.name.get_ref();
            if name.trim() != name || name.is_empty() || name.chars().any(char::is_control) {
                return error("name: it cannot be typed, for it is empty, or has blanks around it");
            }
            if users.iter().any(|known| known.name == *name) {
                return error("name: two users have the same");
            }
            if user.password.get_ref().0.is_empty() {
                return error("password: it is empty");
            }
            if self.source.is_open_to_others() {
                return error("others can read the passwords in this file: chmod o= FILE");
            }
            users.push(User {
                name: user.name.into_inner(),
                password: user.password.into_inner(),
            });
        }
        Ok(Telnet {
            log_options: section.log_options.unwrap_or(false),
            users,
        })
    }

    fn upload_folder(&self, general: &Section, section: &Section) -> Result<Vec<u8>, LoadError> {
        const WRONG: &str = "`..` leads out of what is served";
        if let Some(folder) = &self.options.upload_folder {
            return join(folder.as_bytes()).ok_or_else(|| LoadError::Option {
                name: "--upload-folder",
                text: WRONG.into(),
            });
        }
        match section
            .upload_folder
            .as_ref()
            .or(general.upload_folder.as_ref())
        {
            Some(folder) => join(folder.get_ref().as_bytes()).ok_or_else(|| {
                self.source
                    .error(folder.span(), format!("upload-folder: {WRONG}"))
            }),
            None => Ok(Vec::new()),
        }
    }

    fn listed(&self, file: &ListedFile) -> Result<Listed, LoadError> {
        let clean = |name: &Spanned<String>, key: &str| {
            let text = match join(name.get_ref().as_bytes()) {
                _ if name.get_ref().contains('\0') => "a NUL cannot be in it",
                Some(path) if path.is_empty() => "the name of a file is missing",
                Some(path) => return Ok(path),
                None => "`..` leads out of what is served",
            };
            Err(self.source.error(name.span(), format!("{key}: {text}")))
        };
        let path = clean(&file.path, "path")?;
        let mut names = vec![path.clone()];
        for alias in &file.alias {
            names.push(clean(alias, "alias")?);
        }
        Ok(Listed {
            path,
            names: names
                .into_iter()
                .map(|name| (name.clone(), fold(&name)))
                .collect(),
            access: self.access(&file.allow, &file.deny)?,
        })
    }

    fn access(&self, allow: &Option<Items>, deny: &Option<Items>) -> Result<Access, LoadError> {
        Ok(Access {
            allow: allow.as_ref().map(|items| self.items(items)).transpose()?,
            deny: match deny {
                Some(items) => self.whos(items.get_ref())?,
                None => Vec::new(),
            },
        })
    }

    /// A list that lets in; nobody means one that is empty.
    fn items(&self, items: &Items) -> Result<Vec<Who>, LoadError> {
        if items.get_ref().is_empty() {
            let text = "an empty list lets nobody in: leave it out to let everybody in, or write \
                        deny = [\"any\"]";
            return Err(self.source.error(items.span(), text));
        }
        self.whos(items.get_ref())
    }

    fn whos(&self, items: &[Spanned<String>]) -> Result<Vec<Who>, LoadError> {
        let who = |item: &Spanned<String>| {
            self.lists
                .who(item.get_ref())
                .map_err(|text| self.source.error(item.span(), text))
        };
        items.iter().map(who).collect()
    }

    fn flag(&self, name: &'static str, items: &[String]) -> Result<Option<Vec<Who>>, LoadError> {
        if items.is_empty() {
            return Ok(None);
        }
        let who = |item: &String| {
            self.lists
                .who(item)
                .map_err(|text| LoadError::Option { name, text })
        };
        items.iter().map(who).collect::<Result<_, _>>().map(Some)
    }
}

fn lists(source: &Source, file: &File) -> Result<Lists, LoadError> {
    let mut lists = Lists::default();
    for (name, entries) in &file.access_list {
        let error = |text| source.error(name.span(), text);
        Lists::check_name(name.get_ref()).map_err(error)?;
        lists.add(name.get_ref());
        for entry in entries {
            lists
                .push(name.get_ref(), entry.get_ref())
                .map_err(|text| source.error(entry.span(), text))?;
        }
    }
    Ok(lists)
}

fn limit(
    source: &Source,
    value: &Option<Spanned<usize>>,
    default: usize,
    most: usize,
) -> Result<usize, LoadError> {
    match value {
        None => Ok(default),
        Some(value) if (1..=most).contains(value.get_ref()) => Ok(*value.get_ref()),
        Some(value) => Err(source.error(value.span(), format!("must be from 1 to {most}"))),
    }
}

fn prefix(text: &str, backslash: bool) -> Vec<u8> {
    let text = if backslash {
        text.replace('\\', "/")
    } else {
        text.to_owned()
    };
    text.trim_start_matches('/').as_bytes().to_vec()
}
